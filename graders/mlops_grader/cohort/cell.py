"""A cell: one container for one grade, in which the grader and the student's code run apart from each other and from all else."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from mlops_grader.check import NotRun
from mlops_grader.cohort import answer, cell_engine, cell_image, disposable, package_cache
from mlops_grader.cohort.inside import ANSWER, IN, LAYER, ORDER, OUT, PARCEL, WORK
from mlops_grader.cohort.own_engine import DEVICES
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.instruments.docker_engine import LABEL, Engine, connect, run_label
from mlops_grader.instruments.environment import cache_folder
from mlops_grader.submission import UsageError

STUDENT = "mlops-grader.student"
FOLDER = "mlops-grader-cell"
LOG_BYTES = 64 * 2**10
TASKS = 2048  # of the whole cell; the user of the student's commands may have half of them
# what the grader needs as root: to start commands as another user, to give files to it and take them back, to end and
# watch its processes, to take the network away. None of it outlives the change to that user.
RIGHTS = ["SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER", "NET_ADMIN", "SYS_PTRACE"]
ENVIRONMENT = {
    "HOME": f"{WORK}/root",
    "MLOPS_GRADER_CACHE": f"{WORK}/ground/cache",
    "PIP_CACHE_DIR": "/tmp/pip",  # noqa: S108  # in the cell, where it belongs to nobody else
    "UV_LINK_MODE": "copy",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONUNBUFFERED": "1",
}


def image_name() -> str:
    """The image of the cells, with the hash of all that is in it."""
    return cell_image.name()


def prepare(module: str, thrown_away: bool = False) -> None:
    """Build the image and fill the package cache, once. Raises UsageError with the way out.

    thrown_away: whether the worker was declared disposable, so that modules with an engine need no cell.
    """
    if disposable.takes_place_of_a_cell(module, thrown_away):
        return
    engine = _engine()
    image = cell_image.ensure(engine)
    package_cache.prepare(engine, image, module)
    if cell_engine.is_needed(module):
        order = CellOrder(engine.run, "nobody", module, seed=0)
        with _folder(order.run) as folder:
            cell_engine.prepare(engine, image, order, folder, _labels(order))


def forget(run: str) -> None:
    """Remove all that the cells of a run left on this machine. Raises UsageError without an engine."""
    replace(_engine(), run=run).forget()
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix(run)}*"):
        _remove(folder)


def forget_one(run: str, student: str) -> None:
    """Remove what the grade of one student in a run left on this machine. Raises UsageError without an engine."""
    from docker.errors import APIError

    api = _engine().api
    labels: dict[str, Any] = {"label": [f"{LABEL}={run}", f"{STUDENT}={student}"]}
    names = set()
    for container in api.containers.list(all=True, filters=labels, ignore_removed=True):
        names.add(str(container.name))
        with suppress(APIError):
            container.remove(force=True, v=True)
    for kind in (api.networks, api.volumes):
        for left in kind.list(filters=labels):
            with suppress(APIError):
                left.remove()
    for name in names:
        _remove(Path(tempfile.gettempdir()) / name)


def grade(parcel: bytes, order: CellOrder) -> Returned:
    """Grade a parcel: in a cell, or, where its module needs the engine itself, on this machine if that is thrown away.

    Never raises but KeyboardInterrupt. Nothing is left behind in any case.
    """
    began = time.monotonic()
    phases: dict[str, float] = {}
    try:
        outside = disposable.takes_place_of_a_cell(order.module, order.disposable)
        way = disposable.grade if outside else _in_a_cell
        returned = way(parcel, order, phases)
    except UsageError as error:
        returned = Returned(None, str(error), retry=True)
    except Exception as error:  # a worker goes on to the next submission whatever happens to this one
        returned = Returned(None, f"the cell could not be run: {type(error).__name__}: {error}", retry=True)
    phases["end"] = time.monotonic() - began - sum(phases.values())
    return replace(returned, phases={name: round(seconds, 3) for name, seconds in phases.items()}, worker=run_label())


@cache
def _engine() -> Engine:
    try:
        return connect(run_label())
    except NotRun as reason:
        raise UsageError(f"{reason.found}: {reason.fix}") from None


def _in_a_cell(parcel: bytes, order: CellOrder, phases: dict[str, float]) -> Returned:
    began = time.monotonic()
    engine = _engine()
    image = cell_image.ensure(engine)
    base = package_cache.prepare(engine, image, order.module)
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(order.run))
        uid = stack.enter_context(_user())
        _write(folder / "in", parcel, order, uid)
        handle = stack.enter_context(_container(engine, image, order, folder, base))
        handle.start()
        phases["start"] = time.monotonic() - began
        late = not _ended(handle, order.seconds)
        phases["grade"] = time.monotonic() - began - phases["start"]
        log = handle.logs(tail=2000)[-LOG_BYTES:].decode("utf-8", errors="replace")
        log += "" if base else "\nno shared package cache on this worker: every setup downloads anew\n"
        if late:
            return Returned(
                None, f"the grade had not ended after {order.seconds:g} s and was ended", retry=True, log=log
            )
        handle.reload()
        state = handle.attrs["State"]
        returned = answer.read(folder / "out" / ANSWER, parcel, order) or _no_answer(state, order)
        return replace(returned, log=log)


def _no_answer(state: Mapping[str, Any], order: CellOrder) -> Returned:
    if state.get("OOMKilled"):
        return Returned(
            None, f"the cell needed more than {order.memory / 2**30:g} GiB of memory and was ended", retry=True
        )
    return Returned(None, f"the cell ended with exit code {state.get('ExitCode')} and without a result", retry=True)


def _labels(order: CellOrder) -> dict[str, str]:
    return {LABEL: order.run, STUDENT: order.student}


def _write(folder: Path, parcel: bytes, order: CellOrder, uid: int) -> None:
    asked = {"module": order.module, "seed": order.seed, "uid": uid, "disk": order.disk, "cpus": order.cpus}
    asked["inner"] = DEVICES if cell_engine.is_needed(order.module) else ()
    (folder / ORDER).write_text(json.dumps(asked), encoding="utf-8")
    (folder / PARCEL).write_bytes(parcel)


@contextmanager
def _container(engine: Engine, image: str, order: CellOrder, folder: Path, base: Path | None) -> Iterator[Any]:
    """A cell that was made and not yet started, and all that belongs to it; removed at the end."""
    from docker.errors import APIError

    labels = _labels(order)
    volumes = {
        str(folder / "in"): {"bind": str(IN), "mode": "ro"},
        str(folder / "out"): {"bind": str(OUT), "mode": "rw"},
    }
    with ExitStack() as stack:
        more: dict[str, str] = {}
        if base:
            volume = stack.enter_context(package_cache.layered(engine, base, folder, order.run, order.student))
            volumes[volume] = {"bind": package_cache.PLACE, "mode": "rw"}
            volumes[str(folder / "layer")] = {"bind": str(LAYER), "mode": "ro"}
            more["UV_CACHE_DIR"] = package_cache.PLACE
        network = stack.enter_context(_network(engine, folder.name, labels))
        place: dict[str, Any] = {"network": network, "hostname": "cell"}
        if cell_engine.is_needed(order.module):
            name = stack.enter_context(cell_engine.beside(engine, image, order, folder, labels, network))
            place = {"network_mode": f"container:{name}"}
            more |= cell_engine.ENVIRONMENT
            volumes |= cell_engine.volumes(folder)
        handle = engine.api.containers.create(
            image, ["python", "-I", "-m", "mlops_grader.cohort.inside"],
            name=folder.name, labels=labels, volumes=volumes, environment={**ENVIRONMENT, **more}, **place, **_walls(order),
        )  # fmt: skip
        try:
            yield handle
        finally:
            with suppress(APIError):
                handle.remove(force=True, v=True)


def _walls(order: CellOrder) -> dict[str, Any]:
    """What a cell may not do, and how much it may use."""
    from docker.types import LogConfig, Ulimit

    return {
        "init": True,
        "user": "0:0",
        "read_only": True,
        "cap_drop": ["ALL"],
        "cap_add": RIGHTS,
        "security_opt": ["no-new-privileges:true"],
        "ipc_mode": "private",
        "pids_limit": TASKS,
        "mem_limit": order.memory,
        "memswap_limit": order.memory,
        "nano_cpus": round(order.cpus * 1e9),
        "shm_size": "256m",
        "tmpfs": {
            str(WORK): f"exec,nosuid,nodev,mode=0711,size={order.disk}",
            "/tmp": f"exec,nosuid,nodev,mode=1777,size={order.disk // 4}",  # noqa: S108
            "/run": "noexec,nosuid,nodev,mode=0755,size=16m",
        },
        "ulimits": [
            Ulimit(name="nofile", soft=4096, hard=4096),
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=order.disk, hard=order.disk),
        ],
        "log_config": LogConfig(type="json-file", config={"max-size": "1m", "max-file": "1"}),
    }


@contextmanager
def _network(engine: Engine, name: str, labels: Mapping[str, str]) -> Iterator[str]:
    """A network of its own: no other cell is on it."""
    from docker.errors import APIError

    options = {"com.docker.network.bridge.enable_icc": "false"}
    network = engine.api.networks.create(name, driver="bridge", options=options, labels=dict(labels))
    try:
        yield name
    finally:
        with suppress(APIError):
            network.remove()


def _ended(handle: Any, seconds: float) -> bool:
    """Wait for the end of a cell; whether it came in time. One that is late is killed."""
    from docker.errors import APIError
    from requests.exceptions import ConnectionError as Lost
    from requests.exceptions import ReadTimeout

    try:
        handle.wait(timeout=seconds)
    except (ReadTimeout, Lost):
        with suppress(APIError):
            handle.kill()
        return False
    return True


@contextmanager
def _folder(run: str) -> Iterator[Path]:
    """A folder that nobody but the worker can open, with what goes in and what comes out."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix(run)))
    try:
        for name in ("in", "out"):
            (folder / name).mkdir()
        yield folder
    finally:
        _remove(folder)


def _prefix(run: str) -> str:
    return f"{FOLDER}-{re.sub(r'[^a-z0-9]+', '-', run.lower())[:40]}-"


def _remove(folder: Path) -> None:
    """Remove a folder with what root wrote there from a cell; a worker that is not root asks the engine to."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        binds = {str(folder): {"bind": "/left", "mode": "rw"}}
        command = ["find", "/left", "-mindepth", "1", "-delete"]
        with suppress(Exception):
            _engine().api.containers.run(cell_image.name(), command, volumes=binds, remove=True, network_mode="none")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _user() -> Iterator[int]:
    """A user id that no other cell of this machine has at the same time. Raises UsageError when all are taken."""
    place = cache_folder() / "cell" / "users"
    place.mkdir(parents=True, exist_ok=True)
    for number in range(cell_image.USERS):
        lock = FileLock(place / f"{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        try:
            yield cell_image.FIRST_UID + number
        finally:
            lock.release()
        return
    raise UsageError(f"{cell_image.USERS} cells run on this machine already: grade with fewer workers")
