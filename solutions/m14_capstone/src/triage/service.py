"""The service: its routes, and what each of them answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NoReturn

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from triage import openapi
from triage.doorway import CORRELATION, doorway
from triage.letters import UnfitError, read_letter
from triage.limits import BODY, limits
from triage.loading import Shelf
from triage.logs import log
from triage.metrics import Metrics
from triage.problems import problem
from triage.settings import Settings
from triage.storage import Release

LIVE, READY, ABOUT = "/livez", "/readyz", "/v1/about"
CLASSIFY, METRICS, DOCUMENT = "/v1/letters/classify", "/internal/metrics", "/v1/openapi.json"
ROUTES = frozenset({LIVE, READY, ABOUT, CLASSIFY, METRICS, DOCUMENT})


class Desk:
    """Answers requests with the model that is on the shelf at that moment."""

    def __init__(self, settings: Settings) -> None:
        self.metrics = Metrics() if settings.metrics else None
        self.shelf = Shelf(settings.model, self._show)

    async def classify(self, request: web.Request) -> web.Response:
        """Sort one letter."""
        release = self.shelf.release
        if release is None:
            return problem(503)
        try:
            letter = read_letter(parsed(request[BODY]))
        except UnfitError as error:
            if self.metrics:
                self.metrics.refused.labels(error.field or "body", error.reason).inc()
            return problem(422, str(error))
        opinion = release.sorter.sort(letter)
        if self.metrics:
            self.metrics.took(opinion)
        answer = opinion.answer()
        origin = {
            "correlation_id": request[CORRELATION],
            **{k: release.origin[k] for k in ("run_id", "model_sha256")},
        }
        log.info("sorted", extra={"fields": {**origin, **answer}})
        return web.json_response(answer)

    async def live(self, _: web.Request) -> web.Response:
        """The process can answer."""
        return web.json_response({"state": "alive"})

    async def ready(self, _: web.Request) -> web.Response:
        """A letter would be sorted."""
        if self.shelf.release is None:
            return problem(503)
        return web.json_response({"state": self.shelf.refused or "ready"})

    async def about(self, _: web.Request) -> web.Response:
        """Which commit, data and model answer."""
        if self.shelf.release is None:
            return problem(503)
        return web.json_response({**self.shelf.release.origin, "refused": self.shelf.refused})

    async def tell(self, _: web.Request) -> web.Response:
        """What Prometheus reads."""
        if not self.metrics:
            return problem(404)
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def watching(self, _: web.Application) -> AsyncIterator[None]:
        """Look for models as long as the service runs; the first look is before the first request."""
        self.shelf.look()
        task = asyncio.create_task(self.shelf.watch())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def _show(self, release: Release) -> None:
        if self.metrics:
            self.metrics.show(release)


def create_app(settings: Settings) -> web.Application:
    """The application; nothing is loaded and no port is opened before it is started."""
    desk = Desk(settings)
    app = web.Application(middlewares=[doorway(desk.metrics, ROUTES), limits], client_max_size=0)
    document = openapi.document(live=LIVE, ready=READY, about=ABOUT, classify=CLASSIFY)

    async def describe(_: web.Request) -> web.Response:
        return web.json_response(document)

    app.router.add_post(CLASSIFY, desk.classify)
    for path, answer in ((LIVE, desk.live), (READY, desk.ready), (ABOUT, desk.about), (METRICS, desk.tell)):
        app.router.add_get(path, answer)
    app.router.add_get(DOCUMENT, describe)
    app.cleanup_ctx.append(desk.watching)
    app.on_response_prepare.append(_say_nothing_of_the_server)
    return app


def parsed(body: bytes) -> Any:
    """The JSON value of a body. Raises UnfitError when it is none; what JSON does not know, such as NaN, is none."""
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise UnfitError("", "no_json", "the body is not JSON in UTF-8") from None


def _no_number(_: str) -> NoReturn:
    raise ValueError("JSON knows no such number")


async def _say_nothing_of_the_server(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.popall("Server", None)
