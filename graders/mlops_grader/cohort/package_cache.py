"""Downloaded packages that all cells of a worker start from, and that none of them can change.

The base is filled by the grader alone, from the course's own locks, with nothing built: no student's code has run there.
Each cell sees it through a layer of its own (an overlay), which is thrown away with the cell.
"""

from __future__ import annotations

import hashlib
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from filelock import FileLock

from mlops_grader.cohort import cell_image
from mlops_grader.grading import PACKAGE
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.environment import cache_folder

KIT = PACKAGE.parents[1] / "solutions"  # where the grader is installed from a clone of the kit
LOCKS = PACKAGE / "cohort" / "locks"  # where it is installed from a wheel
PLACE = "/cache"
READY, FAILED = "filled", "failed"
AGAIN_SECONDS = 1800
FILL = (
    "uv venv --quiet --seed /tmp/filling && uv pip sync --quiet --python /tmp/filling --no-build /grader/in/lock"
    f" && chmod -R a+rwX {PLACE}"
)
LABEL_HERE = "packages"  # of what is made while a base is filled


def lock_of(module: str) -> Path | None:
    """The course's lock that a module's reference installs: its own, or the latest of the modules before it."""
    found = {path.parent.name: path for path in KIT.glob("m*/requirements.lock")}
    found |= {path.stem: path for path in LOCKS.glob("m*.lock")}
    return next((found[key] for key in sorted(found, reverse=True) if key <= module), None)


def prepare(engine: Engine, image: str, module: str) -> Path | None:
    """The base of a module, filled when it is not there yet. None where there is no lock, no network or no overlay."""
    lock = lock_of(module)
    if lock is None:
        return None
    name = hashlib.sha256(f"{cell_image.base()}\n{lock.read_text(encoding='utf-8')}".encode()).hexdigest()[:16]
    place = cache_folder() / "cell" / "packages" / name
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.parent.chmod(0o700)  # what lies below may be written by any user: nobody comes there but through a cell
    with FileLock(place / "lock"):
        if not (place / READY).exists() and (_failed_lately(place) or not _fill(engine, image, lock, place)):
            return None
    return place / "base" if _overlays(engine, image) else None


def _failed_lately(place: Path) -> bool:
    """Whether it could not be filled a short while ago: not every grade is to wait for a network that is not there."""
    mark = place / FAILED
    return mark.exists() and time.time() - mark.stat().st_mtime < AGAIN_SECONDS


def _fill(engine: Engine, image: str, lock: Path, place: Path) -> bool:
    from docker.errors import ContainerError

    base, asked = place / "base", place / "asked"
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir()
    asked.mkdir(exist_ok=True)
    shutil.copyfile(lock, asked / "lock")
    binds = {str(base): {"bind": PLACE, "mode": "rw"}, str(asked): {"bind": "/grader/in", "mode": "ro"}}
    try:
        engine.api.containers.run(
            image, ["/bin/sh", "-c", FILL], volumes=binds, environment={"UV_CACHE_DIR": PLACE, "UV_LINK_MODE": "copy"},
            remove=True, labels={LABEL: LABEL_HERE}, security_opt=["no-new-privileges:true"], init=True,
            cap_drop=["ALL"], cap_add=["DAC_OVERRIDE"],
            tmpfs={"/tmp": "exec,size=6g"},  # noqa: S108  # in that container
        )  # fmt: skip
    except ContainerError:
        (place / FAILED).touch()
        return False
    (place / READY).touch()
    return True


@cache
def _overlays(engine: Engine, image: str) -> bool:
    """Whether this engine can lay one folder over another; those of other systems and rootless ones cannot."""
    from docker.errors import APIError, ContainerError

    folder = cache_folder() / "cell" / f"probe-{uuid.uuid4().hex}"
    (folder / "base").mkdir(parents=True)
    (folder / "base" / "seen").touch()
    try:
        with layered(engine, folder / "base", folder, LABEL_HERE, "probe") as volume:
            engine.api.containers.run(
                image, ["test", "-e", f"{PLACE}/seen"], volumes={volume: {"bind": PLACE, "mode": "rw"}}, remove=True,
                labels={LABEL: LABEL_HERE}, network_mode="none",
            )  # fmt: skip
    except (APIError, ContainerError):
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


@contextmanager
def layered(engine: Engine, base: Path, folder: Path, run: str, student: str) -> Iterator[str]:
    """A volume that shows the base and keeps what is written in `folder`, as long as the context."""
    from docker.errors import APIError

    upper, work = folder / "layer", folder / "layer-work"
    upper.mkdir()
    upper.chmod(0o777)  # the folder above is the worker's alone
    work.mkdir()
    volume = f"mlops-grader-cell-{uuid.uuid4().hex}"
    options = {"type": "overlay", "device": "overlay", "o": f"lowerdir={base},upperdir={upper},workdir={work}"}
    labels = {LABEL: run, "mlops-grader.student": student}
    engine.api.volumes.create(volume, driver="local", driver_opts=options, labels=labels)
    try:
        yield volume
    finally:
        with suppress(APIError):
            engine.api.volumes.get(volume).remove(force=True)
