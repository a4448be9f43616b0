"""`python -m noshow serve`: run the service until it is asked to stop."""

import signal
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from noshow.logs import configure_logs
from noshow.monitoring import shared_metrics
from noshow.service import create_app
from noshow.settings import Settings, read_settings

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
    with shared_metrics(settings.workers):
        _serve(settings)
    return "stopped"


def app_of_a_worker() -> FastAPI:
    """The service in a worker: a process of its own, which inherits the environment and nothing else."""
    settings = read_settings()
    configure_logs(settings.log_level)
    return create_app(settings)


def _serve(settings: Settings) -> None:
    several: dict[str, Any] = {"workers": settings.workers, "factory": True}
    uvicorn.run(
        "noshow.serve:app_of_a_worker" if settings.workers > 1 else create_app(settings),
        **(several if settings.workers > 1 else {}),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=SECONDS_IDLE,
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
    )
