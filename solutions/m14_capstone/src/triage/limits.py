"""How much a caller may send, of what kind, and how long that may take."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from triage.problems import problem

MAX_BODY = 65_536
BODY_SECONDS = 5.0
"""For the whole of a body: a limit for each piece would let a caller send one byte at a time."""

IDLE_SECONDS = 5.0
LEFTOVER, LEFTOVER_SECONDS = 1_048_576, 0.3
"""Of a body that is too large so much is thrown away: the caller, who still sends, gets to read the answer."""

BODY = web.RequestKey("body", bytes)


class TooLargeError(Exception):
    """The body is larger than the limit."""


@web.middleware
async def limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body before anybody works with it, and refuse what is too large, too slow, or no JSON."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            request[BODY] = await _body(request)
    except TooLargeError:
        await _throw_away(request)
        return _ending(problem(413, f"a body may have {MAX_BODY} bytes"))
    except TimeoutError:
        return _ending(problem(408, f"the body was not there after {BODY_SECONDS:g} s"))
    except (web.RequestPayloadError, ConnectionError, ValueError):
        return _ending(problem(400, "the body is not sent as HTTP wants it"))
    if request[BODY] and (request.content_type != "application/json" or request.headers.get("Content-Encoding")):
        return problem(415)
    return await handler(request)


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise TooLargeError
    body = bytearray()
    async for piece in request.content.iter_any():
        body += piece
        if len(body) > MAX_BODY:
            raise TooLargeError
    return bytes(body)


async def _throw_away(request: web.Request) -> None:
    thrown = 0
    try:
        async with asyncio.timeout(LEFTOVER_SECONDS):
            while thrown < LEFTOVER and not request.content.at_eof():
                thrown += len(await request.content.readany())
    except (TimeoutError, web.RequestPayloadError, ConnectionError):
        return


def _ending(response: web.Response) -> web.Response:
    """The rest of such a body may still come: the connection cannot be used for another request."""
    response.force_close()
    return response
