"""Limits: how much a caller may send, of what kind, and how long that may take.

TODO(m05): a caller can send as much as it likes, for as long as it likes.
"""

from starlette.types import ASGIApp, Receive, Scope, Send


class Limits:
    """Reads the body before anybody works with it, and refuses what is too large, too slow, or no JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its body is there."""
        await self.app(scope, receive, send)
