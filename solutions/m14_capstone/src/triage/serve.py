"""`python -m triage serve`: run the service until it is asked to stop."""

import asyncio
import signal
import socket

from aiohttp import web

from triage.doorway import VISITORS
from triage.limits import IDLE_SECONDS, LINGER_SECONDS
from triage.logs import configure, log
from triage.service import create_app
from triage.settings import Settings

FINISH_SECONDS = 8.0
"""How long requests in flight may take after SIGTERM; most platforms kill after 10 s."""


RECEIVE_BYTES = 32_768
"""What the system takes in of a connection before we read it; left alone it would be megabytes that nobody wants."""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; it returns when requests in flight are answered."""
    configure(settings.log_level)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    runner = web.AppRunner(
        app := create_app(settings),
        access_log=None,
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=LINGER_SECONDS,
        shutdown_timeout=1,
    )
    await runner.setup()
    asked = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, asked.set)
    try:
        await web.SockSite(runner, _listening(settings.host, settings.port)).start()
        log.warning("serving", extra={"fields": {"port": settings.port}})
        await asked.wait()
        log.warning("stopping")
        for site in runner.sites:  # no new connections
            await site.stop()
        # aiohttp reads nothing any more once it cleans up, so a body that is still on its way has to arrive before
        await app[VISITORS].leave(FINISH_SECONDS)
    finally:
        await runner.cleanup()


def _listening(host: str, port: int) -> socket.socket:
    """A socket on that address; connections inherit its buffer."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    made.bind(address)
    return made
