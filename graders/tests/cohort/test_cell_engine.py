"""Module 6 in a cell: the grader builds and starts containers, and a submission reaches neither the engine nor a neighbour."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import submissions
from cells import PRELUDE, order, parcel_of
from mlops_grader.cohort import cell, cell_engine, cell_image
from mlops_grader.cohort.records import Returned
from mlops_grader.contract import Service
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.image import Build, Image
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
ON = {"lo": "lo", "inner": "eth1", "outer": "eth0"}
def bound(address, device, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as way:
        way.settimeout(2)
        if device:
            way.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, ON[device].encode())
        way.connect(address)
        if kind == socket.SOCK_DGRAM:
            way.send(bytes.fromhex("abcd01000001000000000000076578616d706c6503636f6d0000010001"))
            way.recv(512)
        return "reached"
def all_ways(address, kind=socket.SOCK_STREAM):
    return sorted({attempt(lambda: bound(address, device, kind)) for device in ("", *ON)} & {"reached"})
def gateway(name):
    import fcntl, struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
        word = struct.pack("256s", name.encode())
        own, mask = (struct.unpack("!I", fcntl.ioctl(way.fileno(), code, word)[20:24])[0] for code in (0x8915, 0x891B))
    return socket.inet_ntoa(struct.pack("!I", (own & mask) + 1))
def out():
    from concurrent.futures import ThreadPoolExecutor
    machine = ADDRESSES + [attempt(lambda: gateway(device)) for device in ("eth0", "eth1")]
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
    """Address and network of a container that another cell's checks have started."""
    with cell_engine.lent(engine, {LABEL: "neighbours"}) as lent:
        command = ["python", "-m", "http.server", "8000"]
        other = replace(engine, run=lent.run, network=lent.run)
        image = Image(engine.api, BASE, Build(()))
        with other.start(image, Service(port=8000), command=command) as container:
            yield container.client.host, lent.run


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


NOWHERE = {"engine": [], "neighbour": [], "names": [], "outside": [], "metadata": [], "machine": []}


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
    run = f"honest-{score}"
    before = left(engine)
    returned = cell.grade(made(tmp_path, solved=solved), order("honest", module=KEY, run=run, seconds=1500.0))
    assert returned.document, f"{returned.error}\n{returned.log}"
    assert (returned.document["score"], returned.document["authority"]) == (score, "record"), returned.log
    assert left(engine) <= before


@pytest.mark.parametrize(
    ("inner", "route", "says"),
    [
        ("203.0.113.0/24", "", "not attached to the network 203.0.113.0/24"),
        ("SUBNET", "198.51.100.0/24", "leads to 198.51.100.0/24 too"),
        ("SUBNET", "", "sealed"),
    ],
)
def test_a_cell_is_not_sealed_while_its_second_network_leads_further(
    engine: Engine, inner: str, route: str, says: str
) -> None:
    with cell_engine.lent(engine, {LABEL: "sealed"}) as lent:
        lines = ["import subprocess, sys", "from mlops_grader.cohort.link import Link"]
        lines += [f"subprocess.run(['ip', 'route', 'add', '{route}', 'dev', 'eth0'], check=True)"] if route else []
        lines += ["try:", f"    Link('{inner.replace('SUBNET', lent.subnet)}').down()", "    print('sealed')"]
        lines += ["except Exception as error:", "    print(error)"]
        command = ["python", "-I", "-c", "\n".join(lines)]
        image = cell_image.ensure(engine)
        said = engine.api.containers.run(image, command, network=lent.run, cap_add=["NET_ADMIN"], remove=True)
        assert says in bytes(said).decode()


def test_a_network_on_which_this_machine_is_too_is_refused() -> None:
    with pytest.raises(UsageError, match="gives the machine the address 127"):
        cell_engine._must_be_without_this_machine("127.0.0.0/8")


def left(engine: Engine) -> set[str]:
    """What cells' engines made that is there: containers, images, networks."""
    api = engine.api.api
    networks = [each["Name"] for each in api.networks() if each["Name"].startswith("graded-in-cell-")]
    images = [str(each["RepoTags"]) for each in api.images(filters={"label": LABEL})]
    containers = [str(each["Names"]) for each in api.containers(all=True, filters={"label": LABEL})]
    return {name for name in (*networks, *images, *containers) if "graded-in-cell-" in name}


def test_what_a_killed_worker_left_of_an_engine_is_forgotten(tmp_path: Path, engine: Engine) -> None:
    lending = cell_engine.lent(engine, {LABEL: "lost", cell.STUDENT: "ada"})
    lent = lending.__enter__()
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nLABEL a=b\n", encoding="utf-8")
    inner = replace(engine, run=lent.run, network=lent.run, builds="lost")
    image = inner.build(tmp_path, tmp_path / "Dockerfile", "product")
    engine.api.containers.run(image.tag, ["sleep", "600"], network=lent.run, labels={LABEL: lent.run}, detach=True)
    engine.forget_the_dead()  # as every grader does that comes to this engine
    assert image.facts
    assert len([each for each in left(engine) if lent.run in each]) >= 2
    cell.forget_one("lost", "ada")
    assert not [each for each in left(engine) if lent.run in each]


SHARED = "RUN --mount=type=cache,id=packages,target=/packages cp /packages/word /word 2>/dev/null || echo clean > /word"


def build(engine: Engine, folder: Path, instructions: str) -> str:
    """What the file /word of an image holds."""
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text(f"FROM {BASE}\n{instructions}\n", encoding="utf-8")
    image = engine.build(folder, folder / "Dockerfile", folder.name)
    return bytes(engine.api.containers.run(image.tag, ["cat", "/word"], remove=True)).decode().strip()


@pytest.mark.parametrize("apart", [False, True])
def test_what_one_submission_leaves_in_a_cache_mount_another_one_finds_only_without_a_place_of_its_own(
    tmp_path: Path, engine: Engine, apart: bool
) -> None:
    """The attack works where builds share their cache mounts, as on a person's own machine, and fails between cells."""
    mount = SHARED.replace("id=packages", f"id={tmp_path.name}-{engine.run}")
    poison = mount.split(" cp ")[0] + " echo poisoned > /packages/word && cp /packages/word /word"
    first, second = (replace(engine, builds=f"{name}-{engine.run}" if apart else "") for name in ("one", "two"))
    assert build(first, tmp_path / "poison", poison) == "poisoned"
    assert build(first, tmp_path / "again", mount) == "poisoned", (
        "the very instruction of the other one, for the cache of layers"
    )
    assert build(second, tmp_path / "victim", mount) == ("clean" if apart else "poisoned")
