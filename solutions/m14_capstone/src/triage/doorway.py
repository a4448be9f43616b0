"""The door of the service: every request gets an id, a line in the log and a count, and no error leaves as it is."""

import re
import time
import uuid

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from triage.logs import log
from triage.metrics import OTHER, Metrics
from triage.problems import problem

HEADER = "X-Correlation-ID"
CORRELATION = web.RequestKey("correlation", str)


def doorway(metrics: Metrics | None, routes: frozenset[str]) -> Middleware:
    """The outermost middleware. routes: the paths that the service knows; all others are one."""

    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        started, route = time.perf_counter(), request.path if request.path in routes else OTHER
        request[CORRELATION] = correlation(request.headers.get(HEADER, ""))
        if metrics:
            metrics.under_way.inc()
        response = await _answer(request, handler)
        response.headers[HEADER] = request[CORRELATION]
        seconds = time.perf_counter() - started
        if metrics:
            metrics.under_way.dec()
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
