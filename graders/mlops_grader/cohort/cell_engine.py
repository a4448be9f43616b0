"""What a cell gets whose grader builds images: a container engine of its own, in a container beside it that has limits too."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from mlops_grader import grading
from mlops_grader.cohort.own_engine import CHECKS, DATA, PLACE, READY, SOCKET
from mlops_grader.cohort.records import CellOrder
from mlops_grader.instruments.docker_engine import IMAGES, LIMITS, NETWORK, SHELF, Engine
from mlops_grader.instruments.environment import cache_folder
from mlops_grader.submission import UsageError

GRADERS_ENGINE = "grader's engine"  # what a module's `INSIDE` says
BASES = ("python:3.13-slim", "python:3.13", "debian:trixie-slim")
SHELF_PLACE = "/grader/images"
START_SECONDS = 90.0
# beyond the rights of every container: to mount layers, to make networks and groups, to enter a container whose user is
# not root. What it starts gets none of them.
RIGHTS = ["SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE"]
TASKS = 1024  # of all that the engine starts
OWN_TASKS = 512  # of the engine itself
OWN_MEMORY = 512 * 2**20  # likewise
ENVIRONMENT: Mapping[str, str] = {
    "DOCKER_HOST": f"unix://{PLACE / SOCKET}",
    NETWORK: CHECKS,
    SHELF: SHELF_PLACE,
}  # what only the grader is told; its sandbox passes none of these on


def is_needed(module: str) -> bool:
    """Whether the checks of a module use the engine although no submission does. Raises UsageError for an unknown module."""
    return getattr(grading.module_named(module), "INSIDE", "") == GRADERS_ENGINE


def memory(module: str, each: int) -> int:
    """The bytes that one grade may use on a worker: those of the cell, and as many for the engine beside it."""
    return each * 2 if is_needed(module) else each


def prepare(engine: Engine, image: str, order: CellOrder, folder: Path, labels: Mapping[str, str]) -> None:
    """Fill the shelf and start an engine once. Raises UsageError where this machine cannot run one."""
    shelve(engine)
    with beside(engine, image, order, folder, labels, network="none"):
        pass


@contextmanager
def beside(
    engine: Engine, image: str, order: CellOrder, folder: Path, labels: Mapping[str, str], network: str
) -> Iterator[str]:
    """A running engine, with the network that it has and a cell shares; the name of its container.

    Its socket is in `folder`/engine. What it builds and starts is gone with it. Raises UsageError with its last words
    when it cannot start.
    """
    from docker.errors import APIError

    place = folder / "engine"
    place.mkdir(mode=0o700)
    name = f"{folder.name}-engine"
    binds = {str(place): {"bind": str(PLACE), "mode": "rw"}}
    handle = engine.api.containers.create(
        image, ["python", "-I", "-m", "mlops_grader.cohort.own_engine", *_options(engine, image, order)],
        name=name, hostname="cell", labels=dict(labels), network=network, volumes=binds, **_walls(order),
    )  # fmt: skip
    try:
        handle.start()
        _wait(handle, place / READY)
        yield name
    finally:
        with suppress(APIError):
            handle.remove(force=True, v=True)


def volumes(folder: Path) -> dict[str, dict[str, str]]:
    """What a cell sees of the engine beside it, and of the base images on this machine's shelf."""
    return {
        str(folder / "engine"): {"bind": str(PLACE), "mode": "rw"},
        str(shelf()): {"bind": SHELF_PLACE, "mode": "ro"},
    }


def shelf() -> Path:
    """The folder with the base images that cells may use."""
    return cache_folder() / "cell" / "images"


def shelve(engine: Engine) -> None:
    """Put the base images that this machine has on the shelf, as the archives that an engine loads."""
    from docker.errors import ImageNotFound

    place = shelf()
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(place.with_suffix(".lock")):
        kept = set()
        for reference in (*BASES, *_more()):
            with suppress(ImageNotFound):
                kept.add(_shelved(engine, reference, place))
        for left in set(place.iterdir()) - kept:
            left.unlink()


def _shelved(engine: Engine, reference: str, place: Path) -> Path:
    image = engine.api.images.get(reference)
    target = place / f"{reference.replace('/', '~')}@{str(image.id).removeprefix('sha256:')[:16]}.tar"
    if not target.exists():
        part = target.with_suffix(".part")
        with part.open("wb") as archive:
            archive.writelines(image.save(named=reference))
        part.rename(target)
    return target


def _more() -> Sequence[str]:
    return [each.strip() for each in os.environ.get(IMAGES, "").split(",") if each.strip()]


def _options(engine: Engine, image: str, order: CellOrder) -> list[str]:
    words = [f"--memory={_jail(order)}", f"--tasks={TASKS}"]
    words += [f"--dns={each}" for each in _name_servers(engine, image)]
    mirrors = (engine.api.info().get("RegistryConfig") or {}).get("Mirrors") or ()
    return words + [f"--mirror={each}" for each in mirrors]


def _jail(order: CellOrder) -> int:
    """Bytes of all that the engine starts, and of what it keeps."""
    return order.memory - OWN_MEMORY


@cache
def _name_servers(engine: Engine, image: str) -> Sequence[str]:
    """Those that the engine of this machine gives to a container: the one of a network of its own answers nobody further in."""
    said = engine.api.containers.run(image, ["cat", "/etc/resolv.conf"], network_mode="bridge", remove=True)
    return re.findall(r"^nameserver\s+(\S+)", bytes(said).decode(), re.MULTILINE)


def _walls(order: CellOrder) -> dict[str, Any]:
    """What an engine may do and use. It runs nothing of a student's itself, and what it starts has the walls of every container."""
    from docker.types import LogConfig

    return {
        "init": True,
        "read_only": True,
        "cap_add": RIGHTS,
        "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
        "pids_limit": TASKS + OWN_TASKS,
        "mem_limit": order.memory,
        "memswap_limit": order.memory,
        "nano_cpus": max(round(order.cpus * 1e9), LIMITS["nano_cpus"]),  # no group in it may be given more
        "tmpfs": {
            DATA: f"exec,mode=0710,size={_jail(order) * 3 // 4}",  # full before the memory is
            "/tmp": "mode=1777,size=64m",  # noqa: S108  # in that container
            "/run": "exec,mode=0755,size=64m",
            "/etc/docker": "mode=0700,size=1m",
        },
        "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
    }


def _wait(handle: Any, ready: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not ready.exists():
        handle.reload()
        if handle.status not in ("created", "running") or time.monotonic() > until:
            words = "\n".join(handle.logs(tail=8).decode("utf-8", errors="replace").splitlines())
            raise UsageError(
                f"the engine of a cell cannot start on this machine:\n{words}\n"
                "this module needs workers that allow it (docs/cell.md), or machines that are thrown away: --disposable"
            )
        time.sleep(0.1)
