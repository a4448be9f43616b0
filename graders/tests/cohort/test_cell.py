"""What a submission can reach from its cell, and how a cell ends."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import submissions
from cells import KEY, graded, order, parcel, parcel_of, seen
from mlops_grader.cohort import cell
from mlops_grader.cohort.inside import WORK
from mlops_grader.cohort.records import Returned
from mlops_grader.instruments import docker_engine
from mlops_grader.instruments.docker_engine import Engine

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

WALLS = """
import ctypes
graders = [int(n) for n in os.listdir("/proc") if n.isdigit() and os.stat(f"/proc/{n}").st_uid == 0]
def status(word):
    return next(l.split()[1:] for l in open("/proc/self/status") if l.startswith(word))
def first(paths):
    for path in paths:
        try:
            open(path, "rb").read(10)
        except OSError:
            continue
        return path
    return "none"
def write(path):
    with open(path, "a") as file:
        file.write("mine")
    return "written"
def kill():
    for number in graders:
        try:
            os.kill(number, 9)
        except PermissionError:
            continue
        return f"killed {number}"
    return "none"
def trace():
    libc = ctypes.CDLL(None, use_errno=True)
    return [n for n in graders if libc.ptrace(16, n, 0, 0) == 0] or "none"
def ask(server):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.settimeout(3)
        way.sendto(bytes.fromhex("abcd01000001000000000000076578616d706c6503636f6d0000010001"), (server, 53))
        return "answered" if way.recv(512) else "silent"
def docker():
    return [p for p in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(p)] or "none"
if phase == "setup":
    see(online=attempt(reach), metadata=attempt(lambda: reach(("169.254.169.254", 80))))
if phase == "test":
    see(
        uid=os.getuid() >= 60600, groups=os.getgroups(), caps=status("CapEff")[0], permitted=status("CapPrm")[0],
        noprivs=status("NoNewPrivs")[0], secret=[k for k in os.environ if "CANARY" in k or "TOKEN" in k],
        graders=len(graders) > 0, environ=first(f"/proc/{n}/environ" for n in graders),
        memory=first(f"/proc/{n}/mem" for n in graders),
        own=first(["/proc/self/environ"]),
        order=first(["/grader/in/order.json", "/grader/in/parcel.bundle"]), listing=attempt(lambda: os.listdir("/grader")),
        host=first(["CANARY_FILE"]), docker=docker(), out=attempt(lambda: write("/grader/out/result.json")),
        code=attempt(lambda: write("/opt/grader/mlops_grader/check.py")), etc=attempt(lambda: write("/etc/passwd")),
        killed=kill(), traced=trace(), alive=len(graders) == sum(os.path.exists(f"/proc/{n}") for n in graders),
    )
if phase == "lint":
    see(
        offline=attempt(reach), names=attempt(lambda: ask("127.0.0.11")), other=attempt(lambda: ask("1.1.1.1")),
        link=subprocess.run(["ip", "link", "set", "eth0", "up"], capture_output=True).returncode != 0,
        unshare=subprocess.run(["unshare", "--user", "--map-root-user", "true"], capture_output=True).returncode != 0,
        mount=subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], capture_output=True).returncode != 0,
        raw=attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
        local=attempt(lambda: socket.create_server(("127.0.0.1", 0)).getsockname()[0]),
    )
"""


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[Returned]:
    """A submission that tries the walls; the machine holds a secret in a variable and one in a file."""
    folder = tmp_path_factory.mktemp("walls")
    (folder / "canary").write_text("canary", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CANARY_TOKEN", "canary")
        yield graded(folder, WALLS.replace("CANARY_FILE", str(folder / "canary")))


def test_a_students_command_has_no_rights_and_reaches_nothing_of_the_grader(walled: Returned) -> None:
    expected = {
        "uid": True, "groups": [], "caps": "0" * 16, "permitted": "0" * 16, "noprivs": "1", "secret": [],
        "graders": True, "environ": "none", "memory": "none", "own": "/proc/self/environ",
        "order": "none", "listing": "PermissionError", "host": "none", "docker": "none", "out": "PermissionError",
        "code": "PermissionError", "etc": "PermissionError", "killed": "none", "traced": "none", "alive": True,
    }  # fmt: skip
    found = seen(walled)
    assert {name: found[name] for name in expected} == expected


def test_a_command_that_installs_has_the_network_and_never_the_clouds_own_address(walled: Returned) -> None:
    found = seen(walled)
    assert (found["online"], found["metadata"]) == ("reached", "OSError")


def test_a_command_that_does_not_install_has_no_network_and_no_way_to_get_one(walled: Returned) -> None:
    found = seen(walled, "lint_tells_good_from_bad")
    expected = {
        "offline": "OSError", "names": "OSError", "other": "OSError", "link": True, "unshare": True, "mount": True,
        "raw": "PermissionError", "local": "127.0.0.1",
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


DAEMON = """
BEAT = pathlib.Path("/tmp/beat")
HOME = pathlib.Path(__file__).parent
if phase == "test":
    if not os.fork():
        os.setsid()
        if not os.fork():
            code = "import pathlib, time\\nwhile True: pathlib.Path('/tmp/beat').write_text(str(time.time())); time.sleep(0.05)"
            null = os.open(os.devnull, os.O_RDWR)
            for number in (0, 1, 2):
                os.dup2(null, number)
            os.execve(sys.executable, [sys.executable, "-c", code], {})
        os._exit(0)
    time.sleep(1)
    see(beats=time.time() - float(BEAT.read_text()) < 0.5)
if phase == "setup":
    places = {"passwd": "/etc/passwd", "submission": SUBMISSION, "out": "/grader/out"}
    for name, there in places.items():
        (HOME / name).symlink_to(there)
    see(hard=attempt(lambda: os.link(SUBMISSION + "/product.toml", HOME / "hard")))
if phase == "lint":
    time.sleep(0.3)
    places = ("passwd", "submission", "submission/product.toml")
    see(
        silent=BEAT.exists() and time.time() - float(BEAT.read_text()) > 0.2,
        owners=[os.stat(HOME / name).st_uid for name in places], own=os.stat(HOME / "noshow").st_uid == os.getuid(),
    )
"""


def test_nothing_lives_on_after_a_command_and_links_give_nothing_away(tmp_path: Path, engine: Engine) -> None:
    returned = graded(tmp_path, f"SUBMISSION = '{WORK}/submission'{DAEMON}")
    assert seen(returned)["beats"], "the daemon lived while its command ran"
    after = seen(returned, "lint_tells_good_from_bad")
    assert (after["silent"], after["hard"], after["owners"], after["own"]) == (True, "PermissionError", [0, 0, 0], True)


def test_a_late_cell_is_ended_and_leaves_nothing(tmp_path: Path, engine: Engine) -> None:
    returned = graded(tmp_path, "time.sleep(1000)", seconds=15, run="late")
    assert (returned.document, returned.retry, "after 15 s" in returned.error) == (None, True, True)
    assert leavings(engine, "late") == []


def leavings(engine: Engine, run: str) -> list[Any]:
    """Containers, volumes, networks of a run."""
    label = {"label": f"{docker_engine.LABEL}={run}"}
    api = engine.api
    return [
        *api.containers.list(all=True, filters=label),
        *api.volumes.list(filters=label),
        *api.networks.list(filters=label),
    ]


@pytest.fixture
def worker(tmp_path: Path, engine: Engine, wait_for: Callable[..., None]) -> Iterator[Callable[[str], int]]:
    """Start a worker of a run that never ends by itself; its process, when its cell is there."""
    pids: list[int] = []

    def start(run: str) -> int:
        made = parcel(tmp_path / "made", "time.sleep(1000)")
        cell.prepare(KEY)
        if not (pid := os.fork()):
            signal.signal(signal.SIGINT, signal.default_int_handler)
            with contextlib.suppress(KeyboardInterrupt):
                cell.grade(made, order("left", run=run))
            os._exit(0)
        pids.append(pid)
        wait_for(lambda: engine.api.containers.list(filters={"label": f"{docker_engine.LABEL}={run}"}))
        return pid

    yield start
    for pid in pids:
        os.waitpid(pid, 0)


def test_what_a_killed_worker_left_is_forgotten(worker: Callable[[str], int], engine: Engine) -> None:
    os.kill(worker("killed"), signal.SIGKILL)
    assert leavings(engine, "killed")
    cell.forget("killed")
    assert (leavings(engine, "killed"), folders("killed")) == ([], [])


def test_a_worker_that_is_interrupted_leaves_nothing(
    worker: Callable[[str], int], engine: Engine, wait_for: Callable[..., None]
) -> None:
    os.kill(worker("interrupted"), signal.SIGINT)
    wait_for(lambda: not leavings(engine, "interrupted") and not folders("interrupted"))


def folders(run: str) -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{cell.FOLDER}-{run}-*"))


def scores(returned: Returned) -> Mapping[str, Any]:
    assert returned.document, f"{returned.error}\n{returned.log}"
    return {name: returned.document[name] for name in ("score", "authority", "seed")}


@pytest.mark.parametrize(("solved", "score"), [(False, 0), (True, 100)])
def test_a_reference_earns_all_and_a_starter_nothing(tmp_path: Path, engine: Engine, solved: bool, score: int) -> None:
    made = parcel_of(submissions.make(KEY, tmp_path / "project", solved=solved))
    returned = cell.grade(made, order("honest", seconds=1200.0))
    assert scores(returned) == {"score": score, "authority": "record", "seed": 7}, returned.log
    assert set(returned.phases) == {"start", "grade", "end"}
