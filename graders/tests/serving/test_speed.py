"""Speed is told as ratios: to a bare endpoint that really runs, and of a batch to a single one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.service import started
from mlops_grader.instruments.serving import speed

# sleeps so long for a request, and so long for each row of a batch
SCRIPT = """
import json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Page(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        rows = asked if isinstance(asked, list) else []
        time.sleep({each} + {row} * len(rows))
        said = [{{"no_show_probability": 0.5}} for _ in rows] if rows else {{"no_show_probability": 0.5}}
        body = json.dumps(said).encode()
        self.send_response({status})
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
"""


@pytest.fixture
def measured(
    product: Callable[..., Product], patient: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., speed.Speed]:
    """What is measured of a service that is as slow as that."""
    for name, number in (("ROUNDS", 2), ("EACH", 10), ("BATCHES", 3)):
        monkeypatch.setattr(speed, name, number)

    def measure(each: float = 0.0, row: float = 0.0, status: int = 200) -> speed.Speed:
        script = SCRIPT.format(each=each, row=row, status=status)
        made = product({"serve.py": script}, serve=f'"{sys.executable}" serve.py')
        with started(made) as service:
            if status == 200:
                service.client.wait_until_ready(patient, 20)
            return speed.measure(made, service.client, [patient] * 3)

    return measure


def test_a_slow_service_is_slow_beside_the_bare_one(measured: Callable[..., speed.Speed]) -> None:
    found = measured(each=0.25)
    assert found.p95 > 0.25
    assert found.bare_p95 < 0.25
    assert found.beside_bare > 1
    assert found.batch_beside_single < 3


def test_a_batch_that_is_worked_off_row_by_row_shows(measured: Callable[..., speed.Speed]) -> None:
    found = measured(each=0.02, row=0.01)
    assert found.batch > 1.0
    assert found.batch_beside_single > 10


def test_what_is_not_answered_is_told(measured: Callable[..., speed.Speed]) -> None:
    with pytest.raises(Fail, match="under load, POST /predict is answered with 5") as failed:
        measured(status=503)
    assert "503" in failed.value.found
