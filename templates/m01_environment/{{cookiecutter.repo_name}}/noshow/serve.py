"""`python -m noshow serve`: run the service until it is asked to stop."""

import signal
import sys

import uvicorn

from noshow.bundle import check_bundle
from noshow.service import create_app
from noshow.settings import Settings

SECONDS_TO_FINISH = 7
"""How long requests in flight may take after SIGTERM; most platforms kill after 10 s."""


def run(settings: Settings) -> str:
    """Serve on `settings.host` and `settings.port`; SIGTERM ends it with code 0 when requests in flight are answered.

    Raises ProductError at once when there is no usable model: a service that can never become ready should not start.
    """
    check_bundle(settings.model_dir)
    # uvicorn raises the signal once more when it has stopped: by then all is done.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
    return "stopped"
