"""Module 6 in a cell: the grader builds and starts containers, and a submission reaches neither the engine nor a neighbour."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from docker.errors import ContainerError

import submissions
from cells import PRELUDE, graded, order, parcel_of
from cells import seen as said_in
from mlops_grader.check import Fail
from mlops_grader.cohort import cell, cell_engine, cell_image
from mlops_grader.cohort.own_engine import CHECKS, SOCKET
from mlops_grader.cohort.records import Returned
from mlops_grader.instruments import docker_engine
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.waiting import wait_until
from mlops_grader.owner import hand_over
from mlops_grader.submission import UsageError

pytestmark = [pytest.mark.engine, pytest.mark.network, pytest.mark.slow]

KEY = "m06_containers"
BASE = "python:3.13-slim"
CONTRACT = """
name = "noshow"
[service]
port = 8000
predict = "/predict"
example = "examples/request.json"
[commands]
setup = "uv pip install --quiet iniconfig"
ingest = "true"
train = "true"
export = "true"
serve = "python probe.py serve"
"""
PROBE = """
DEVICES = ("", *os.listdir("/sys/class/net"))
def bound(address, device, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as way:
        way.settimeout(2)
        if device:
            way.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        way.connect(address)
        if kind == socket.SOCK_DGRAM:
            way.send(bytes.fromhex("abcd01000001000000000000076578616d706c6503636f6d0000010001"))
            if way.recv(512)[3] & 15 == 2:
                raise OSError('a server that could ask nobody')
        return "reached"
def all_ways(address, kind=socket.SOCK_STREAM):
    return sorted({attempt(lambda: bound(address, device, kind)) for device in DEVICES} & {"reached"})
def gateway(name):
    import fcntl, struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        word = struct.pack("256s", name.encode())
        own, mask = (struct.unpack("!I", fcntl.ioctl(way.fileno(), code, word)[20:24])[0] for code in (0x8915, 0x891B))
    return socket.inet_ntoa(struct.pack("!I", (own & mask) + 1))
def out():
    from concurrent.futures import ThreadPoolExecutor
    machine = ADDRESSES + [attempt(lambda: gateway(device)) for device in DEVICES if device]
    with ThreadPoolExecutor(20) as pool:
        asked = {
            "neighbour": [pool.submit(all_ways, ("NEIGHBOUR", 8000))],
            "names": [pool.submit(all_ways, ("127.0.0.11", 53), socket.SOCK_DGRAM)],
            "outside": [pool.submit(all_ways, ("1.1.1.1", 53))],
            "metadata": [pool.submit(all_ways, ("169.254.169.254", 80))],
            "machine": [pool.submit(all_ways, (name, LISTENING)) for name in machine if name[0].isdigit()],
        }
        return {name: sum((each.result() for each in waited), []) for name, waited in asked.items()}
def engine():
    reached = []
    for path in ("/grader/engine/docker.sock", "/var/run/docker.sock", "/run/docker.sock"):
        with socket.socket(socket.AF_UNIX) as way:
            reached += [path] if attempt(lambda: way.connect(path)) == "None" else []
    return reached
def listing(path):
    return attempt(lambda: os.listdir(path))
"""
ON_THE_HOST = """
see(
    engine=engine(), folder=listing("/grader/engine"), grader=listing("/grader"), groups=os.getgroups(),
    told=[k for k in os.environ if k.startswith(("DOCKER", "MLOPS_GRADER_ENGINE", "BUILDKIT"))],
    environ=attempt(lambda: open("/proc/1/environ", "rb").read(1)),
    docker=subprocess.run(["docker", "version"], capture_output=True).returncode != 0, **out(),
)
"""
# answers as a service does, and says in its log what it reaches; it heeds no setting of its port, so that this is shown
IN_THE_IMAGE = """
from http.server import BaseHTTPRequestHandler, HTTPServer
import threading
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"no_show_probability": 0.5}')
    def log_message(self, *_):
        return None
if "PORT" in os.environ:
    privileges = next(l.split()[1] for l in open("/proc/self/status") if l.startswith("NoNewPrivs"))
    print("SEEN " + json.dumps({"engine": engine(), "privileges": privileges, **out()}), flush=True)
    sys.exit(3)
HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""
DOCKERFILE = f"""
FROM {BASE}
COPY *.py examples/request.json /
CMD ["python", "/inside.py", "container"]
"""


@pytest.fixture(scope="module")
def listening() -> Iterator[int]:
    """A port of this machine on which all its addresses answer."""
    with socket.create_server(("0.0.0.0", 0)) as server:  # noqa: S104  # to be reached from containers

        def take() -> None:
            try:
                while True:
                    server.accept()[0].close()
            except OSError:
                return

        threading.Thread(target=take, daemon=True).start()
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def neighbour(engine: Engine) -> Iterator[tuple[str, str]]:
    """Address and network of what stands for another cell, and answers."""
    labels = {LABEL: engine.run}
    network = engine.api.networks.create(f"neighbour-{engine.run}", labels=labels)
    other = engine.api.containers.run(
        BASE, ["python", "-m", "http.server", "8000"], network=network.name, labels=labels, detach=True
    )
    try:
        other.reload()
        yield other.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"], str(network.name)
    finally:
        other.remove(force=True)
        network.remove()


def made(folder: Path, *edits: submissions.Edit, solved: bool = False) -> bytes:
    """The parcel of a project of module 6."""
    return parcel_of(submissions.make(KEY, folder / "project", edits, solved=solved))


@pytest.fixture(scope="module")
def hostile(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, listening: int, neighbour: tuple[str, str]
) -> Returned:
    """A submission that looks for ways out as a command in the cell and as a container of its own image."""
    known = ["172.17.0.1", *_own_addresses()]
    probe = PROBE.replace("NEIGHBOUR", neighbour[0]).replace("LISTENING", str(listening))
    probe = PRELUDE + f"ADDRESSES = {known!r}\n" + probe
    parcel = made(
        tmp_path_factory.mktemp("hostile"),
        submissions.write("product.toml", CONTRACT),
        submissions.write("probe.py", probe + ON_THE_HOST),
        submissions.write("inside.py", probe + IN_THE_IMAGE),
        submissions.write("Dockerfile", DOCKERFILE),
    )
    return cell.grade(parcel, order("hostile", module=KEY, run="hostile"))


def _own_addresses() -> list[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        way.connect(("1.1.1.1", 53))  # nothing is sent: it tells the address that would be used
        return [way.getsockname()[0]]


def seen(returned: Returned, check: str) -> Mapping[str, Any]:
    """What a probe said, in the words with which a check failed."""
    assert returned.document, f"{returned.error}\n{returned.log}"
    outcome = next(each for each in returned.document["checks"] if each["id"] == f"test_{check}")
    found = re.search(r"SEEN (\{.*\})", outcome["found"])
    assert found, f"{outcome}\n{returned.log}"
    told: dict[str, Any] = json.loads(found[1])
    return told


NOWHERE: Mapping[str, Any] = {"engine": [], "neighbour": [], "names": [], "outside": [], "metadata": [], "machine": []}


def test_a_command_in_the_cell_reaches_no_engine_no_neighbour_and_not_this_machine(hostile: Returned) -> None:
    expected = {
        **NOWHERE, "folder": "PermissionError", "grader": "PermissionError", "groups": [], "told": [],
        "environ": "PermissionError", "docker": True,
    }  # fmt: skip
    assert seen(hostile, "predicts_the_same_as_on_the_host") == expected


def test_a_container_of_the_image_reaches_no_engine_no_neighbour_and_not_this_machine(hostile: Returned) -> None:
    assert seen(hostile, "settings_come_from_the_environment") == {**NOWHERE, "privileges": "1"}


def test_what_the_probes_look_for_is_there(neighbour: tuple[str, str], listening: int, engine: Engine) -> None:
    address, network = neighbour
    for known, where in (((address, 8000), network), (("172.17.0.1", listening), "bridge")):
        asked = f"import socket; socket.create_connection({known!r}, timeout=5); print('reached')"
        said = engine.api.containers.run(BASE, ["python", "-c", asked], network=where, remove=True)
        assert bytes(said) == b"reached\n"


@pytest.mark.parametrize(("solved", "score"), [(False, 0), (True, 100)])
def test_a_reference_earns_all_a_starter_nothing_and_nothing_is_left(
    tmp_path: Path, engine: Engine, solved: bool, score: int
) -> None:
    run = f"honest-{score}-{engine.run}"
    returned = cell.grade(made(tmp_path, solved=solved), order("honest", module=KEY, run=run, seconds=1500.0))
    assert returned.document, f"{returned.error}\n{returned.log}"
    assert (returned.document["score"], returned.document["authority"]) == (score, "record"), returned.log
    assert left(engine, run) == set()


LEADS = "ip route add 198.51.100.0/24 dev inner0"
LOOSE = "ip link add loose0 type dummy; ip link set loose0 up"


@pytest.mark.parametrize(
    ("more", "says"),
    [(LEADS, "inner0 leads to 198.51.100.0/24 too"), (LOOSE, "inner0 end0 lo"), ("true", "inner0 end0 lo")],
)
def test_a_cell_is_sealed_when_the_engine_s_devices_lead_to_its_containers_alone(
    engine: Engine, more: str, says: str
) -> None:
    """What is up after it: the network of containers, with the plugs of those, and nothing else."""
    made = (
        "ip link add inner0 type bridge; ip address add 10.9.8.1/24 dev inner0; ip link set inner0 up;"
        "ip link add end0 type veth peer name other0; ip link set end0 master inner0; ip link set end0 up;"
    )
    script = f"""
import os, pathlib
from mlops_grader.cohort.link import Link
os.system({made + more!r})
try:
    Link(("inner0",)).down()
    flags = {{place.name: int((place / "flags").read_text(), 16) for place in pathlib.Path("/sys/class/net").iterdir()}}
    print(*sorted((name for name, each in flags.items() if each & 1), key=["inner0", "end0", "lo"].index))
except Exception as error:
    print(error)
"""
    image = cell_image.ensure(engine)
    said = engine.api.containers.run(image, ["python", "-I", "-c", script], cap_add=["NET_ADMIN"], remove=True)
    assert says in bytes(said).decode()


def left(engine: Engine, run: str) -> set[str]:
    """What the cells of a run have made that is there: containers, volumes, networks."""
    api, labelled = engine.api, {"label": f"{LABEL}={run}"}
    kinds = (api.containers.list(all=True, filters=labelled), api.networks.list(filters=labelled))
    return {str(each.name) for kind in (*kinds, api.volumes.list(filters=labelled)) for each in kind}


@contextmanager
def own(engine: Engine, folder: Path, run: str = "own", **more: Any) -> Iterator[Engine]:
    """The engine of a cell, as its grader has it. `network` is that of its container, as outside it."""
    asked, labels = order("ada", module=KEY, run=run, **more), {LABEL: run, cell.STUDENT: "ada"}
    folder.mkdir(exist_ok=True)
    cell_engine.shelve(engine)
    with (
        cell._network(engine, f"mlops-grader-cell-{run}", labels) as network,
        cell_engine.beside(engine, cell_image.ensure(engine), asked, folder, labels, network),
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setenv("DOCKER_HOST", f"unix://{folder / 'engine' / SOCKET}")
        inner = docker_engine.connect(docker_engine.run_label())
        try:
            yield replace(inner, network=CHECKS, shelf=cell_engine.shelf())
        finally:
            inner.api.close()


def test_what_a_killed_worker_left_of_an_engine_is_forgotten(tmp_path: Path, engine: Engine) -> None:
    labels = {LABEL: "lost", cell.STUDENT: "ada"}
    lost = cell_engine.beside(engine, cell_image.ensure(engine), order("ada", run="lost"), tmp_path, labels, "bridge")
    lost.__enter__()
    engine.forget_the_dead()  # as every grader does that comes to this engine
    assert left(engine, "lost") == {f"{tmp_path.name}-engine"}
    cell.forget_one("lost", "ada")
    assert left(engine, "lost") == set()


def test_a_machine_that_cannot_run_an_engine_beside_a_cell_says_so(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cell_engine, "RIGHTS", [])
    with (
        pytest.raises(UsageError, match=r"cannot start on this machine:\n(.*\n)+.*--disposable"),
        cell_engine.beside(engine, cell_image.ensure(engine), order("ada"), tmp_path, {}, "bridge"),
    ):
        raise AssertionError("it started")
    assert not list(engine.api.containers.list(all=True, filters={"name": tmp_path.name}))


STUDENT = 60600
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only a grader that is root can be led by a link")


@needs_root
def test_a_build_takes_nothing_from_where_a_link_of_the_student_s_leads(tmp_path: Path, engine: Engine) -> None:
    """A service of theirs that goes on can put one in the place of the build context after all looks at it."""
    secret, project = tmp_path / "graders" / "order.json", tmp_path / "project"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("4711", encoding="utf-8")
    project.mkdir()
    (project / "context").symlink_to(secret.parent)
    (project / "Dockerfile").write_text(f"FROM {BASE}\nCOPY . /taken\nRUN cat /taken/*; exit 1\n", encoding="utf-8")
    hand_over(project, STUDENT)
    with own(engine, tmp_path) as inner, pytest.raises(Fail) as failed:
        inner.build(project / "context", project / "Dockerfile", "taken")
    assert str(failed.value).startswith("`context` is no file that a command could have written")


def test_a_build_without_its_dockerfile_is_the_submission_s_fault(tmp_path: Path, engine: Engine) -> None:
    with own(engine, tmp_path) as inner, pytest.raises(Fail, match="failed to read dockerfile"):
        inner.build(tmp_path, tmp_path / "Dockerfile", "nothing")


def test_an_engine_that_ends_in_a_build_is_no_fault_of_the_submission(tmp_path: Path, engine: Engine) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN sleep 4711\n", encoding="utf-8")
    with own(engine, tmp_path) as inner, ThreadPoolExecutor(1) as pool:
        building = pool.submit(inner.build, tmp_path, tmp_path / "Dockerfile", "product")
        beside = engine.api.containers.get(f"{tmp_path.name}-engine")
        assert wait_until(lambda: "sleep 4711" in str(beside.top()), 60)
        beside.exec_run(["pkill", "-KILL", "dockerd"])
        with pytest.raises(UsageError, match="the container engine ended"):
            building.result()


def test_where_memory_ends_the_engine_outlives_a_step_of_a_build(tmp_path: Path, engine: Engine) -> None:
    with own(engine, tmp_path) as inner:
        assert build(inner, tmp_path / "step", "RUN cat /proc/self/oom_score_adj > /word") == "500"
        beside = engine.api.containers.get(f"{tmp_path.name}-engine")
        assert beside.exec_run(["sh", "-c", "cat /proc/$(pgrep dockerd)/oom_score_adj"]).output == b"0\n"


REACHES = "import socket, sys; print(socket.socket().connect_ex((sys.argv[1], int(sys.argv[2]))))"


def test_a_build_reaches_the_network_and_a_container_of_a_check_does_not(
    tmp_path: Path, engine: Engine, listening: int
) -> None:
    with own(engine, tmp_path) as inner:
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\n", encoding="utf-8")
        inner.build(tmp_path, tmp_path / "Dockerfile", "product")
        command = ["timeout", "5", "python", "-c", REACHES, *("172.17.0.1", str(listening))]
        command[-2] = _own_addresses()[0]
        said = inner.api.containers.run(BASE, command, network="bridge", remove=True)
        assert bytes(said) == b"0\n"
        with pytest.raises(ContainerError, match="exit status 124"):
            inner.api.containers.run(BASE, command, network=CHECKS, remove=True)


@pytest.mark.parametrize("network", [CHECKS, "bridge"])
def test_no_container_reaches_what_listens_in_the_cell(tmp_path: Path, engine: Engine, network: str) -> None:
    """A container that asked the service beside it for each answer would agree with it."""
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\n", encoding="utf-8")
    with own(engine, tmp_path) as inner:
        inner.build(tmp_path, tmp_path / "Dockerfile", "product")
        beside = engine.api.containers.get(f"{tmp_path.name}-engine")
        beside.exec_run(["python", "-m", "http.server", "9999"], detach=True)
        gateway = inner.api.networks.get(network).attrs["IPAM"]["Config"][0]["Gateway"]
        command = ["python", "-c", REACHES, gateway, "9999"]
        assert wait_until(lambda: beside.exec_run(command).output == b"0\n", 30)
        with pytest.raises(ContainerError, match="exit status 124"):
            inner.api.containers.run(BASE, ["timeout", "5", *command], network=network, remove=True)


HOG = """
import os, subprocess, sys
def tasks():
    started = []
    try:
        while len(started) < 20000:
            started.append(subprocess.Popen(["sleep", "60"]))
    except OSError:
        return len(started)
    finally:
        for each in started:
            each.kill()
def memory():
    code = "held = []\\nwhile True: held.append(b'x' * 2**26); print(len(held) * 64, flush=True)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return int(ended.stdout.split()[-1]), ended.returncode
def disk():
    size = 0
    try:
        with open("/full", "wb") as file:
            while size < 2**14:
                size += file.write(bytes(2**20)) // 2**20
                file.flush()
    except OSError as error:
        return size, error.errno
found = {"memory": memory(), "disk": disk()}
os.remove("/full")
print("SEEN", found | {"tasks": tasks()}, flush=True)
sys.exit(1)
"""


def test_a_build_takes_no_more_than_its_cell_may_and_the_engine_goes_on(tmp_path: Path, engine: Engine) -> None:
    """The fork bomb, the full memory and the full disk of a RUN step: limits of this one cell, not of the machine."""
    (tmp_path / "hog.py").write_text(HOG, encoding="utf-8")
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nCOPY hog.py /\nRUN python /hog.py\n", encoding="utf-8")
    with own(engine, tmp_path, memory=2 * 2**30) as inner:
        with pytest.raises(Fail) as failed:
            inner.build(tmp_path, tmp_path / "Dockerfile", "hog")
        said = re.search(r"SEEN (\{.*\})", str(failed.value))
        assert said, failed.value
        told = eval(said[1])  # noqa: S307  # what the script above prints
        assert (512 < told["memory"][0] < 1536, told["memory"][1]) == (True, -9)
        assert (512 < told["disk"][0] < 1536, told["disk"][1]) == (True, 28)
        assert 100 < told["tasks"] < cell_engine.TASKS
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nRUN true\n", encoding="utf-8")
        assert inner.build(tmp_path, tmp_path / "Dockerfile", "next").facts


def test_a_build_that_fills_the_disk_of_its_cell_is_the_submission_s_fault(tmp_path: Path, engine: Engine) -> None:
    text = f"FROM {BASE}\nRUN dd if=/dev/zero of=/full bs=1M count=20000\n"
    (tmp_path / "Dockerfile").write_text(text, encoding="utf-8")
    with own(engine, tmp_path, memory=2**30) as inner, pytest.raises(Fail, match="filled the disk of its cell"):
        inner.build(tmp_path, tmp_path / "Dockerfile", "full")


def test_a_bomb_in_a_build_costs_its_author_and_no_neighbour(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graded at the same time: a Dockerfile that forks without end, and a command that starts 200 processes.

    It has half a processor, so that other tests of a small machine do not wait for theirs.
    """
    monkeypatch.setattr(cell_engine, "LIMITS", {"nano_cpus": 0})
    bomb = f"FROM {BASE}\nRUN bomb() {{ bomb | bomb & }}; bomb; sleep 30; exit 1\n"
    written = (submissions.write("product.toml", CONTRACT), submissions.write("Dockerfile", bomb))
    script = "see(ran=[subprocess.run(['true']).returncode for _ in range(200)].count(0))"
    with ThreadPoolExecutor(2) as pool:
        hostile = made(tmp_path / "hostile", *written)
        bombing = pool.submit(cell.grade, hostile, order("bomb", module=KEY, run="bomb", seconds=1500.0, cpus=0.5))
        beside = pool.submit(graded, tmp_path / "honest", script, run="bomb").result()
    document = bombing.result().document
    assert document, f"{bombing.result().error}\n{bombing.result().log}"
    assert {each["verdict"] for each in document["checks"]} <= {"failed", "blocked", "passed"}
    assert (document["score"] <= 10, said_in(beside)) == (True, {"ran": 200})


SHARED = "RUN --mount=type=cache,id=packages,target=/packages cp /packages/word /word 2>/dev/null || echo clean > /word"


def build(engine: Engine, folder: Path, instructions: str) -> str:
    """What the file /word of an image holds."""
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\n{instructions}\n", encoding="utf-8")
    image = engine.build(folder, folder / "Dockerfile", folder.name)
    return bytes(engine.api.containers.run(image.tag, ["cat", "/word"], remove=True)).decode().strip()


def test_what_a_build_leaves_in_a_cache_mount_another_one_finds_only_in_the_same_engine(
    tmp_path: Path, engine: Engine
) -> None:
    """The attack works where builds share an engine, as on a person's own machine, and fails between cells."""
    mount = SHARED.replace("id=packages", f"id={tmp_path.name}-{engine.run}")
    poison = mount.split(" cp ")[0] + " echo poisoned > /packages/word && cp /packages/word /word"
    with own(engine, tmp_path / "first") as first:
        assert build(first, tmp_path / "poison", poison) == "poisoned"
        assert build(first, tmp_path / "again", mount) == "poisoned"
    with own(engine, tmp_path / "second") as second:
        assert build(second, tmp_path / "victim", mount) == "clean"


@pytest.mark.parametrize(
    ("dockerfile", "loads"),
    [
        ("FROM python:3.13-slim AS build", True),
        ("ARG TAG=3.13-slim\nFROM python:$TAG", True),
        ("FROM docker.io/library/python:3.13-slim", True),
        ("FROM python:3.13", False),
        ("FROM python:3.13-slim-bookworm", False),
        ("FROM my-python:3.13-slim", False),
    ],
)
def test_a_base_image_is_taken_from_the_shelf_where_the_dockerfile_names_it(dockerfile: str, loads: bool) -> None:
    assert docker_engine._names(dockerfile, "python:3.13-slim") is loads
