"""The access log: one line per request, without personal data.

TODO(m09): who calls has an id for the request already, and the service does not know the one that stands here.
"""

import logging
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)


class AccessLog:
    """Logs method, path, status and duration of each request under an id that the answer carries as `X-Request-ID`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and log it when it is done."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        fields = {"method": scope["method"], "path": scope["path"], "status": 500, "request_id": uuid.uuid4().hex}
        started = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields["status"] = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = fields["request_id"]
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        finally:
            milliseconds = round((time.perf_counter() - started) * 1000, 3)
            log.info("request", extra={"fields": fields | {"milliseconds": milliseconds}})
