"""Files as a submission, services of a few lines, and the programs of Prometheus."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Commands, Contract, Service
from mlops_grader.instruments.client import Client
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

Answer = tuple[int, str, bytes]  # status, content type, body
Files = Mapping[str, str | bytes]


@pytest.fixture(scope="session")
def told() -> Callable[[Callable[[], object]], str]:
    """What a student is told when this is tried, empty when nothing is. Any other exception is a test that fails."""

    def words(act: Callable[[], object]) -> str:
        try:
            act()
        except Fail as failure:
            return failure.found
        return ""

    return words


@pytest.fixture
def submit(tmp_path: Path, write: Callable[[Path, Files], None]) -> Callable[[Files], Submission]:
    """A submission that holds these files. Nothing here looks at its git history."""

    def submission(files: Files) -> Submission:
        root = tmp_path / "clone"
        write(root, files)
        return Submission(root, root, None, "", clean=True, files=tuple(files))

    return submission


@pytest.fixture
def product(submit: Callable[[Files], Submission], sandbox: HostSandbox) -> Callable[..., Product]:
    """A product whose `serve` command runs this Python script."""

    def make(script: str, files: Files | None = None) -> Product:
        submission = submit({"serve.py": script, **(files or {})})
        contract = Contract(name="noshow", commands=Commands(serve=f'"{sys.executable}" serve.py'))
        return Product(submission, cast("Any", SimpleNamespace(variables=dict)), sandbox, contract)

    return make


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[BaseHTTPRequestHandler, bytes], Answer]], Client]]:
    """A service that answers each request, of whatever method, with what a function makes of it and its body."""
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(_serving(answer))


@contextmanager
def _serving(answer: Callable[[BaseHTTPRequestHandler, bytes], Answer]) -> Iterator[Client]:
    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, kind, body = answer(self, self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.do_POST()

        def do_PUT(self) -> None:
            self.do_POST()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Client(server.server_port, Service(), lambda: None)
        finally:
            server.shutdown()
            thread.join()
