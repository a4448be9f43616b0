"""The door of the service: each request gets an id and one line in the log, and no error gets out as it is."""

import logging
import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noshow.problems import problem

log = logging.getLogger(__name__)

HEADER = "X-Request-ID"


class AccessLog:
    """Logs method, path, status and duration of each request under an id that the answer carries as `X-Request-ID`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log it when it is done; an error that nobody expected is logged and answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        fields = {"method": scope["method"], "path": scope["path"], "status": 0, "request_id": request_id}
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields["status"] = message["status"]
                MutableHeaders(scope=message)[HEADER] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("unexpected error", extra={"fields": {"request_id": request_id}})
            if fields["status"]:
                raise  # the answer has begun: all that is left is to end the connection
            await problem(500, "the service failed; its log says why under the request id")(
                scope, receive, send_with_id
            )
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 3)
            log.info("request", extra={"fields": fields | {"milliseconds": milliseconds}})


def _request_id(headers: Headers) -> str:
    """The caller's id, which one search finds in every service that the request went through.

    A new one where there is none, or where it could be anything, as long as a book.
    """
    given = headers.get(HEADER, "")
    return given if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", given) else uuid.uuid4().hex
