"""Limits: how much a caller may send, of what kind, and how long that may take."""

import asyncio

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from noshow.problems import problem

MAX_BODY = 65_536
"""Bytes of a body: a full batch has some 25,000."""

BODY_SECONDS = 5.0
"""How long a whole body may take to arrive. A limit for each piece would let a caller send one byte at a time."""

CLOSE = {"Connection": "close"}
"""The rest of such a body is still to come: the connection cannot be used for another request."""


class TooLarge(Exception):
    """The body is larger than the limit."""


class Limits:
    """Reads the body before anybody works with it, and refuses what is too large, too slow, or no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its body is there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await _body(Headers(scope=scope), receive)
        except TooLarge:
            await problem(413, f"a body may have {MAX_BODY} bytes", CLOSE)(scope, receive, send)
        except TimeoutError:
            await problem(408, f"the body was not there after {BODY_SECONDS:g} s", CLOSE)(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to hear an answer
        else:
            if body and not _is_json(Headers(scope=scope)):
                await problem(415, "a body must be application/json")(scope, receive, send)
            else:
                await self.app(scope, _again(body, receive), send)


async def _body(headers: Headers, receive: Receive) -> bytes:
    if int(headers.get("Content-Length", "0")) > MAX_BODY:  # the server has looked that it is a number
        raise TooLarge
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise TooLarge
    return body


def _is_json(headers: Headers) -> bool:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower() == "application/json"


def _again(body: bytes, receive: Receive) -> Receive:
    """What the application receives: the body that was read, and then what comes after it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again
