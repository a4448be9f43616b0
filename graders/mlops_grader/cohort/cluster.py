"""Where grades run: processes of this machine, or the workers of a scheduler that an institution has."""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import dask.config
from dask.system import CPU_COUNT
from dask.utils import format_bytes
from distributed import Client, LocalCluster
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

from mlops_grader.grading import identity
from mlops_grader.submission import UsageError

SPARED = 2**30  # bytes for the coordinator and the workers themselves
WORKER = "4GiB"  # a worker carries parcels and documents; the cell that it starts has a limit of its own
REACH = "30s"  # until a scheduler must have answered
WORK = "work"  # the folder in the run's that workers use for what they need in passing
_CONFIG = {
    "distributed.admin.large-graph-warning-threshold": "1GiB",  # a parcel travels with its task, and only with it
    "distributed.scheduler.allowed-failures": 0,  # whether something is tried again is ours to decide, and to write down
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.profile.enabled": False,
}
_OURS = {
    "distributed.deploy.lost-worker-timeout": "1 day",  # by default a worker that is begun anew for 15 s is given up for ever
    "distributed.worker.preload": ["mlops_grader.cohort.unheeding"],
    "distributed.scheduler.http.routes": [],  # pages about the class are none of this machine's other users' business
    "distributed.worker.http.routes": [],
}
_QUIET = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # any free port: another run may be going on beside


def fitting(memory: int, cpus: float) -> int:
    """How many cells this machine can hold at once, of so many bytes and cores each; one at least."""
    return max(1, min(int(CPU_COUNT // max(cpus, 0.01)), int((MEMORY_LIMIT - SPARED) // memory)))


@contextlib.contextmanager
def local(workers: int, run: Path) -> Iterator[Client]:
    """Worker processes of this machine, each with one thread; only this user's processes can talk to them.

    Their folders lie in the run's, and are gone at the end.
    """
    folder = run / WORK
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    options = {"memory_limit": WORKER, "local_directory": str(folder), "silence_logs": logging.CRITICAL}
    try:
        with (
            dask.config.set({**_CONFIG, **_OURS}),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs=_QUIET,
                security=Security.temporary(),
                **options,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def foreign(address: str) -> Iterator[Client]:
    """The workers of a scheduler. Raises UsageError when it does not answer, or when a worker has another grader than this one.

    For tls:// addresses the keys are those that Dask's configuration names (`distributed.comm.tls`).
    """
    with dask.config.set(_CONFIG):
        try:
            client = Client(address, timeout=REACH)
        except (OSError, ValueError, TypeError, ImportError) as error:
            raise UsageError(
                f"no scheduler answers at {address} ({error}): look whether it runs, and give its address"
            ) from None
        with client:
            must_be_like_us(client)
            yield client


def must_be_like_us(client: Client, workers: list[str] | None = None) -> None:
    """Raise UsageError that lists the workers that have another grader, or none."""
    found = client.run(identity, workers=workers, on_error="return")
    if other := {where: told for where, told in found.items() if told != identity()}:
        lines = "\n".join(f"  {where}: {_told(told)}" for where, told in sorted(other.items()))
        raise UsageError(
            f"{len(other)} of {len(found)} workers do not have this grader, {identity()}:\n{lines}\n"
            "install the same release on them, with the extra `cohort`, and restart them"
        )


def _told(found: object) -> str:
    return f"no grader ({type(found).__name__}: {found})" if isinstance(found, BaseException) else f"grader {found}"


def room(workers: int, memory: int) -> str:
    """What speaks against so many workers on this machine; nothing, when nothing does."""
    if workers * memory <= MEMORY_LIMIT:
        return ""
    return (
        f"{workers} cells of {format_bytes(memory)} may need more than the {format_bytes(MEMORY_LIMIT)} of this machine: "
        "give --memory less, or --workers fewer"
    )
