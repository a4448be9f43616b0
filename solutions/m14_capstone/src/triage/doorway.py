"""The door of the service: every request gets an id, a line in the log and a count, and no error leaves as it is."""

import asyncio
import re
import time
import uuid
from contextlib import suppress

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from triage.logs import log
from triage.metrics import OTHER, Metrics
from triage.problems import problem

HEADER = "X-Correlation-ID"
WAIT_SECONDS = 0.05
CORRELATION = web.RequestKey("correlation", str)


class Visitors:
    """How many requests are under way, and whether the service is about to close."""

    def __init__(self) -> None:
        self.inside, self.closing = 0, False

    async def leave(self, seconds: float) -> None:
        """Wait until all have their answer, for so long at most; who is answered meanwhile cannot ask again."""
        self.closing = True
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self.inside:
                    await asyncio.sleep(WAIT_SECONDS)


VISITORS = web.AppKey("visitors", Visitors)


def doorway(metrics: Metrics | None, routes: frozenset[str]) -> Middleware:
    """The outermost middleware. routes: the paths that the service knows; all others are one."""

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, route = time.perf_counter(), request.path if request.path in routes else OTHER
        request[CORRELATION] = correlation(request.headers.get(HEADER, ""))
        visitors = request.app[VISITORS]
        visitors.inside += 1
        if metrics:
            metrics.under_way.inc()
        try:
            response = await _answer(request, handler)
        finally:
            visitors.inside -= 1
            if metrics:
                metrics.under_way.dec()
        if visitors.closing:
            response.force_close()
        response.headers[HEADER] = request[CORRELATION]
        seconds = time.perf_counter() - started
        if metrics:
            metrics.answered(route, request.method, response.status, seconds)
        fields = {"correlation_id": request[CORRELATION], "method": request.method, "route": route}
        log.info("request", extra={"fields": {**fields, "status": response.status, "seconds": round(seconds, 6)}})
        return response

    return door


def correlation(given: str) -> str:
    """The caller's id, which one search finds in every service; a new one where it is no id."""
    return given if re.fullmatch(r"[A-Za-z0-9._-]{8,64}", given, re.ASCII) else uuid.uuid4().hex


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        allow = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
        return problem(error.status, headers=allow)
    except Exception:
        log.exception("unexpected error", extra={"fields": {"correlation_id": request[CORRELATION]}})
        return problem(500)
