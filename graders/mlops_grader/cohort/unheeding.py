"""Loaded into each worker process of this machine: Ctrl-C is left to the coordinator, which ends what runs there in good order."""

from __future__ import annotations

import signal


def dask_setup(_: object) -> None:
    """Ignore Ctrl-C, which a terminal sends to the coordinator and to its workers alike."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
