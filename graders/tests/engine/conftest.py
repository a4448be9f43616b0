"""A small service as an image, and the way to start it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from mlops_grader.contract import Service
from mlops_grader.instruments.container import Container
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image

Start = Callable[..., AbstractContextManager[Container]]

SERVER = """
import http.server, json, os, signal, sys, threading

class Page(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps({"no_show_probability": 0.25}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

server = http.server.ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8000"))), Page)
server.daemon_threads = False
signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
print("serving", os.environ.get("WORD", ""), flush=True)
server.serve_forever()
server.server_close()
"""
PROBE = (
    "import urllib.request as r; "
    "r.urlopen(r.Request('http://127.0.0.1:8000/predict', b'{}', {'Content-Type': 'application/json'}), timeout=1)"
)


@pytest.fixture(scope="module")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """A small service that stops gracefully and has a HEALTHCHECK."""
    folder = tmp_path_factory.mktemp("service")
    lines = (
        "FROM python:3.13-slim", "COPY server.py /server.py", "USER 1000",
        f'HEALTHCHECK CMD ["python", "-c", "{PROBE}"]', 'CMD ["python", "/server.py"]',
    )  # fmt: skip
    (folder / "server.py").write_text(SERVER, "utf-8")
    (folder / "Dockerfile").write_text("\n".join(lines), "utf-8")
    return engine.build(folder, folder / "Dockerfile", "service")


@pytest.fixture
def start(engine: Engine, image: Image) -> Start:
    """Start a container of that image with these variables and options."""

    def start_one(variables: dict[str, str] | None = None, **options: Any) -> AbstractContextManager[Container]:
        return engine.start(image, Service(), variables, **options)

    return start_one
