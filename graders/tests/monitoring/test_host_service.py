"""A service as processes of this machine: its log is read, and it can be hung, let go and killed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Commands, Contract
from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.service import HostService, on_host, started

WaitFor = Callable[[Callable[[], object]], None]

# answers with what it was started with; a worker of its own writes its process id down
SERVICE = """
import json, os, pathlib, subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({"word": os.environ.get("WORD"), "level": os.environ.get("LOG_LEVEL")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        print(json.dumps({"path": self.path}), flush=True)

print("starting", flush=True)
print("", flush=True)
print('{"event": "started", "number": 1}', flush=True)
print('[1, 2]\\n"text"\\n5\\n{"half": ', flush=True)
print('  {"event": "indented"}', flush=True)
if "WORKER" in os.environ:
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
    pathlib.Path("worker.pid").write_text(str(worker.pid))
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def service(product: Callable[..., Product], wait_for: WaitFor) -> Iterator[HostService]:
    """The service with a worker, once it answers."""
    with started(product(SERVICE), {"WORKER": "1", "WORD": "hello"}) as service:
        wait_for(lambda: answers(service))
        yield service


def answers(service: HostService, timeout: float = 5) -> dict[str, Any] | None:
    """What it says, None when it says nothing."""
    try:
        said: dict[str, Any] = service.client.get("/", timeout).json()
    except httpx.HTTPError:
        return None
    return said


def test_variables_reach_it(service: HostService) -> None:
    """Those that the check gives."""
    assert answers(service) == {"word": "hello", "level": None}


def test_it_listens_where_it_is_told(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """On the port that is given, so that a second one can take the place of the first."""
    port = free_port()
    for _ in range(2):
        with started(product(SERVICE), port=port) as service:
            wait_for(partial(answers, service))
            assert service.client.port == port


def test_without_a_port_it_gets_a_free_one(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """Two services live beside each other."""
    with started(product(SERVICE)) as one, started(product(SERVICE)) as other:
        wait_for(lambda: answers(one) and answers(other))
        assert one.client.port != other.client.port


def test_lines_are_what_it_logged(service: HostService) -> None:
    """So far, without those that are empty."""
    assert service.lines()[:6] == [
        "starting",
        '{"event": "started", "number": 1}',
        "[1, 2]",
        '"text"',
        "5",
        '{"half": ',
    ]


def test_events_are_objects(service: HostService) -> None:
    """Lines that are other JSON, or none, are no events."""
    assert service.events()[:2] == [{"event": "started", "number": 1}, {"event": "indented"}]


def test_events_grow(service: HostService, wait_for: WaitFor) -> None:
    """What happens later is seen later."""
    assert {"path": "/later"} not in service.events()
    service.client.get("/later")
    wait_for(lambda: {"path": "/later"} in service.events())


def test_its_python_processes_are_counted(service: HostService) -> None:
    """The server and its worker, but no shell before them."""
    assert service.processes() == 2


def test_one_process_is_one(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """Without a worker."""
    with started(product(SERVICE)) as service:
        wait_for(lambda: answers(service))
        assert service.processes() == 1


def test_who_hangs_says_nothing_and_goes_on(service: HostService) -> None:
    """No answer while it hangs, though it lives; then the next."""
    service.hang()
    hanging = (answers(service, 0.5), service.client.alive())
    service.go_on()
    assert (hanging, answers(service) is not None) == ((None, None), True)


def test_all_its_processes_hang(service: HostService, wait_for: WaitFor) -> None:
    """The worker too, and it goes on too."""
    worker = psutil.Process(int((root(service) / "worker.pid").read_text()))
    service.hang()
    wait_for(lambda: worker.status() == psutil.STATUS_STOPPED)
    service.go_on()
    wait_for(lambda: worker.status() != psutil.STATUS_STOPPED)


def root(service: HostService) -> Path:
    """The folder in which it runs."""
    return Path(psutil.Process(service.running.pid).cwd())


def lives(process: psutil.Process) -> bool:
    """Whether it runs; what only waits for its parent to look does not."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_who_is_killed_is_gone(service: HostService, wait_for: WaitFor) -> None:
    """With its worker, at once; its log stays."""
    worker = psutil.Process(int((root(service) / "worker.pid").read_text()))
    service.kill()
    assert (answers(service), service.processes()) == (None, 0)
    wait_for(lambda: not lives(worker))
    assert service.lines()[0] == "starting"


def test_who_hangs_can_be_killed(service: HostService) -> None:
    """No signal waits for it to go on."""
    service.hang()
    service.kill()
    assert "on the host" in (service.client.alive() or "")


def test_who_is_gone_bears_every_order(service: HostService) -> None:
    """An episode may begin when the service is already dead."""
    service.kill()
    service.hang()
    service.go_on()
    service.kill()
    assert service.processes() == 0


def test_a_service_that_ends_says_how(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """Its exit code and its last words."""
    with started(product("print('no model'); raise SystemExit(3)")) as service:
        wait_for(lambda: service.client.alive())
        gone = service.client.alive() or ""
    assert (gone.startswith("on the host, "), "exit code 3\nno model" in gone) == (True, True)


def test_nothing_is_left_of_it(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """The context ends it with its worker."""
    with started(product(SERVICE), {"WORKER": "1"}) as service:
        wait_for(lambda: answers(service))
        processes = service._processes()
    assert (len(processes) >= 2, [process for process in processes if lives(process)]) == (True, [])


def test_its_client_alone_can_be_had(product: Callable[..., Product], wait_for: WaitFor) -> None:
    """For checks that only ask."""
    with on_host(product(SERVICE), {"WORD": "hello"}) as client:
        wait_for(lambda: client.alive() or _word(client.address) == "hello")
        assert client.alive() is None


def _word(address: str) -> str | None:
    try:
        word: str | None = httpx.get(address, trust_env=False).json()["word"]
    except httpx.HTTPError:
        return None
    return word


def test_without_a_command_the_student_reads_so(product: Callable[..., Product]) -> None:
    """The contract names no `serve`."""
    made = product(SERVICE)
    empty = Product(made.submission, made.environment, made.sandbox, Contract(commands=Commands()))
    with pytest.raises(Fail, match="names no `serve` command"), started(empty):
        pass
