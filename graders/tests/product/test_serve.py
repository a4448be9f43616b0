"""The service answers what the contract promises, refuses the rest, and stops in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_grader.instruments.world import requests

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def service(exported: Path, serve: Any) -> Iterator[Any]:
    with serve(exported) as running:
        yield running


@pytest.fixture(scope="module")
def client(service: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, trust_env=False) as client:
        yield client


@pytest.fixture
def example(exported: Path) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((exported / "examples/request.json").read_text(encoding="utf-8"))
    return body


def test_says_that_it_lives_and_is_ready(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready"}


def test_version_is_the_provenance(client: httpx.Client, exported: Path) -> None:
    assert client.get("/version").json() == json.loads((exported / "model/model.json").read_text(encoding="utf-8"))


def test_predicts_for_patients_of_the_world(client: httpx.Client) -> None:
    answers = [client.post("/predict", json=body) for body in requests(50, seed=5)]
    assert {answer.status_code for answer in answers} == {200}
    assert {tuple(answer.json()) for answer in answers} == {("no_show_probability",)}
    probabilities = [answer.json()["no_show_probability"] for answer in answers]
    assert all(0 < probability < 1 for probability in probabilities)
    assert len(set(probabilities)) > 40


def test_a_longer_wait_makes_a_no_show_likelier(client: httpx.Client, example: dict[str, Any]) -> None:
    def probability(booked_at: str) -> float:
        return float(client.post("/predict", json=example | {"booked_at": booked_at}).json()["no_show_probability"])

    assert probability("2026-01-16T10:30") > probability("2026-03-15T10:30")


@pytest.mark.parametrize(
    "change",
    [
        {"clinic": "North"},
        {"reminder": None},
        {"age": -1},
        {"age": 121},
        {"age": "47"},
        {"age": 47.0},
        {"age": True},
        {"distance_km": -0.1},
        {"distance_km": "3.4"},
        {"distance_km": 1000.1},
        {"previous_appointments": 0},
        {"booked_at": "2026-03-16T10:30"},
        {"booked_at": "2026-03-02"},
        {"booked_at": "2026-03-02T09:15:00"},
        {"booked_at": "2026-03-02T09:15Z"},
        {"booked_at": 1772442900},
        {"starts_at": "2026-02-30T10:30"},
        {"name": "Zebulon Quill"},
        {"starts_at": "Zebulon Quill"},
    ],
    ids=json.dumps,
)
def test_refuses_what_is_not_in_the_contract(
    client: httpx.Client, example: dict[str, Any], change: dict[str, Any]
) -> None:
    answer = client.post("/predict", json=example | change)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"]
    assert "Quill" not in answer.text


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"distance_km": NaN}', b'{"\\ud800": 1}', b'"\xff"', b"[" * 5000], ids=repr
)
def test_survives_broken_bodies(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/predict", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_each_field_is_needed(client: httpx.Client, example: dict[str, Any]) -> None:
    for field in example:
        body = {name: value for name, value in example.items() if name != field}
        assert client.post("/predict", json=body).json()["errors"] == [
            {"field": f"body.{field}", "fact": "Field required"}
        ]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("GET", "/predict", 405)])
def test_other_errors_are_problems_too(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert answer.headers["content-type"] == "application/problem+json"


def test_logs_one_json_line_per_request_without_the_body(
    exported: Path, serve: Any, example: dict[str, Any], wait_for: Callable[..., None]
) -> None:
    with serve(exported) as service:
        answer = httpx.post(f"{service.url}/predict?name=Quill", json=example, trust_env=False)
        wait_for(lambda: any(line.get("path") == "/predict" for line in service.log_lines))
        httpx.get(f"{service.url}/health", trust_env=False)
        lines = [line for line in service.log_lines if line.get("path") == "/predict"]
    assert len(lines) == 1
    [line] = lines
    assert (line["level"], line["method"], line["status"]) == ("INFO", "POST", 200)
    assert line["request_id"] == answer.headers["x-request-id"]
    assert float(line["milliseconds"]) > 0
    assert "Quill" not in service.log.read_text(encoding="utf-8")
    assert not [line for line in service.log_lines if line["level"] in ("WARNING", "ERROR", "CRITICAL")]


def test_a_higher_log_level_is_quiet(exported: Path, serve: Any) -> None:
    with serve(exported, LOG_LEVEL="warning") as service:
        httpx.get(f"{service.url}/health", trust_env=False)
        assert service.log_lines == []


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught on Windows")
def test_finishes_a_request_whose_body_still_arrives(exported: Path, serve: Any, example: dict[str, Any]) -> None:
    body = json.dumps(example).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with serve(exported) as service:
        with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), timeout=20) as connection:
            connection.sendall(head.encode() + body[:20])
            time.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            time.sleep(0.7)
            connection.sendall(body[20:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert service.process.wait(timeout=10) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM cannot be caught on Windows")
def test_stops_when_a_body_never_arrives(exported: Path, serve: Any) -> None:
    with serve(exported) as service:
        port = int(service.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            time.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            assert service.process.wait(timeout=60) == 0


def test_writes_nothing_and_needs_no_training_libraries(exported: Path, python: str, tmp_path: Path) -> None:
    for name in ("noshow", "model"):
        shutil.copytree(exported / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    before = sorted(tmp_path.rglob("*"))
    code = """
import sys
for name in ("mlflow", "pandas", "pyarrow"):
    sys.modules[name] = None
from pathlib import Path
import noshow.serve
from noshow.bundle import load_bundle
load_bundle(Path("model"))
"""
    subprocess.run([python, "-B", "-c", code], cwd=tmp_path, check=True, timeout=60)
    assert sorted(tmp_path.rglob("*")) == before


def test_is_not_ready_before_the_model_is_loaded(exported: Path, python: str) -> None:
    code = """
import asyncio, json
from noshow.service import create_app
from noshow.settings import Settings

async def get(app, path):
    sent = []
    async def receive(): return {"type": "http.request", "body": b""}
    async def send(message): sent.append(message)
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    await app(scope, receive, send)
    return [sent[0]["status"], json.loads(sent[1]["body"])]

app = create_app(Settings())
print(json.dumps([asyncio.run(get(app, path)) for path in ("/health", "/ready")]))
"""
    done = subprocess.run([python, "-c", code], cwd=exported, capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stdout) == [
        [200, {"status": "ok"}],
        [503, {"title": "Service Unavailable", "status": 503, "detail": "the model is not loaded"}],
    ]


def test_a_missing_model_ends_with_one_line(exported: Path, run: Run) -> None:
    done = run(exported, "serve", MODEL_DIR="nowhere")
    assert done.returncode == 1
    missing = Path("nowhere/model.json")
    expected = f"error: `{missing}` does not exist; make it with `python -m noshow export`, or set MODEL_DIR\n"
    assert done.stderr == expected


@pytest.mark.parametrize(
    ("file", "pattern", "replacement", "fact"),
    [
        ("model.skops", rb"^PK", b"pk", "is not the file that model.json describes"),
        ("model.json", rb'"age"', b'"height"', "made for other features"),
        ("model.json", rb"}\s*$", b"", "is not the record of a model"),
    ],
)
def test_a_damaged_model_is_refused(
    exported: Path, run: Run, tmp_path: Path, file: str, pattern: bytes, replacement: bytes, fact: str
) -> None:
    model = shutil.copytree(exported / "model", tmp_path / "model")
    (model / file).write_bytes(re.sub(pattern, replacement, (model / file).read_bytes()))
    done = run(exported, "serve", MODEL_DIR=os.fspath(model))
    assert done.returncode == 1
    assert fact in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({"PORT": "70000"}, "PORT is '70000'; set it to a whole number from 1 to 65535"),
        ({"PORT": "8e3"}, "PORT is '8e3'; set it to a whole number from 1 to 65535"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is 'loud'; set it to one of DEBUG, INFO, WARNING, ERROR"),
    ],
)
def test_a_bad_setting_is_named(exported: Path, run: Run, variables: dict[str, str], error: str) -> None:
    done = run(exported, "serve", **variables)
    assert (done.returncode, done.stderr) == (1, f"error: {error}\n")
