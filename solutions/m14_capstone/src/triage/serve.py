"""`python -m triage serve`: run the service until it is asked to stop."""

import asyncio
import signal

from aiohttp import web

from triage.limits import IDLE_SECONDS
from triage.logs import configure, log
from triage.service import create_app
from triage.settings import Settings

FINISH_SECONDS = 8.0
"""How long requests in flight may take after SIGTERM; most platforms kill after 10 s."""


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; it returns when requests in flight are answered."""
    configure(settings.log_level)
    asyncio.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    runner = web.AppRunner(
        create_app(settings),
        access_log=None,
        keepalive_timeout=IDLE_SECONDS,
        lingering_time=0,
        shutdown_timeout=FINISH_SECONDS,
    )
    await runner.setup()
    asked = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, asked.set)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
        log.warning("serving", extra={"fields": {"port": settings.port}})
        await asked.wait()
        log.warning("stopping")
    finally:
        await runner.cleanup()
