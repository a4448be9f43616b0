"""An invented server that keeps aliases, versions and runs in memory, and invented products beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from mlops_grader.contract import Commands, Contract, Training
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.instruments.tracking.place import Place
from mlops_grader.instruments.tracking.registry import Registry
from mlops_grader.submission import Submission

Files = Mapping[str, str | bytes]
CALL = """
import json, os, sys, urllib.request
def call(path, **body):
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + path
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request, timeout=float(os.environ.get("PATIENCE", "5"))))
"""


@dataclass
class Shelf:
    """What the invented server holds, and what it was asked."""

    url: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    versions: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    asked: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What MLflow would say to the few requests that are known here."""
        missing = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such thing"})
        model = [each for each in self.versions if each["name"] == body.get("name", "m")]
        match path:
            case "set-alias":
                time.sleep(self.seconds.get(body["version"], 0))
                self.aliases[body["name"]] = body["version"]
                return 200, {}
            case "registered-models/alias":
                number = self.aliases.get(body["name"])
                return (200, {"model_version": {"version": number}}) if number else missing
            case "model-versions/get":
                found = [each for each in model if each["version"] == body["version"]]
                return (200, {"model_version": found[0]}) if found else missing
            case "model-versions/search":
                return 200, {"model_versions": [e for e in self.versions if f"'{e['name']}'" in body["filter"]]}
            case "model-versions/create":
                made = {**body, "version": str(len(model) + 1), "tags": body.get("tags", [])}
                self.versions.append(made)
                return 200, {"model_version": made}
            case "registered-models/create":
                return 200, {}
            case "experiments/get-by-name":
                return (200, {"experiment": {"experiment_id": "1"}}) if self.runs else missing
            case "runs/search":
                return 200, {"runs": self.runs}
            case "runs/create":
                info = {"run_id": f"r{len(self.runs)}", "status": body["status"], "artifact_uri": "mlflow-artifacts:/x"}
                self.runs.append({"info": info, "data": {}})
                return 200, {"run": {"info": info}}
        return 500, {"message": f"{path} is not invented"}


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """The invented server, running."""
    held = Shelf()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            words = {key: value[0] for key, value in parse_qs(urlsplit(self.path).query).items()}
            self._answer(words, b"")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer(json.loads(body), body)

        def _answer(self, words: dict[str, Any], body: bytes) -> None:
            path = urlsplit(self.path).path.removeprefix("/api/2.0/mlflow/")
            held.asked.append((self.command, self.path, body, dict(self.headers)))
            name = "set-alias" if path == "registered-models/alias" and self.command == "POST" else path
            status, said = held.answer(name, words)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("X-Said-By", "the server")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    held.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield held
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def place(tmp_path: Path, shelf: Shelf, write: Callable[[Path, Files], None]) -> Callable[..., Place]:
    """A committed product beside the invented server; its commands are Python scripts, given by their names."""

    def make(name: str = "m", files: Files | None = None, **scripts: str) -> Place:
        root = tmp_path / f"clone-{name}-{len(list(tmp_path.iterdir()))}"
        root.mkdir()
        held = {**(files or {}), **{f"{script}.py": CALL + text for script, text in scripts.items()}}
        write(root, {"learning.py": "def fit():\n    return 1\n", ".gitignore": "__pycache__/\n", **held})
        person = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgSign=false")
        for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "first")):
            subprocess.run(["git", *person, "-C", str(root), *words], check=True)
        commands = {script: f'"{sys.executable}" {script}.py' for script in scripts}
        contract = Contract(commands=Commands(**commands), training=Training(code="learning.py"))
        submission = Submission(root, root, None, "", clean=True, files=tuple(held))
        environment = cast("Any", SimpleNamespace(variables=dict, local=frozenset))
        product = Product(submission, environment, HostSandbox(tmp_path / "home"), contract)
        return Place(product, Registry(shelf.url, tmp_path / "artifacts"), shelf.url, name, name, "0" * 32)

    return make


def run_of(number: str, **more: Any) -> dict[str, Any]:
    """A run as MLflow would write it."""
    info = {"run_id": number, "status": "FINISHED", "artifact_uri": f"mlflow-artifacts:/1/{number}/artifacts"}
    return {"info": info, "data": more}
