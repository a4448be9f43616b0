"""`python -m noshow serve`: run the service until it is asked to stop."""

import signal
import sys

import uvicorn

from noshow.service import create_app
from noshow.settings import Settings

SECONDS_TO_FINISH = 7
"""How long requests in flight may take after SIGTERM; most platforms kill after 10 s."""

SECONDS_IDLE = 5
"""How long a connection may stay open on which nothing is asked."""


def run(settings: Settings) -> str:
    """Serve on `settings.host` and `settings.port`; SIGTERM ends it with code 0 when requests in flight are answered.

    It starts without a model too, and is ready as soon as one is exported.
    """
    # uvicorn raises the signal once more when it has stopped: by then all is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=SECONDS_IDLE,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return "stopped"
