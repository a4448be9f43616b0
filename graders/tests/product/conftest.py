"""The given product in a folder of its own, with data of the world, and the ways to run it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from uv import find_uv_bin

from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.world import World, write_days

TEMPLATE = Path(__file__).parents[3] / "templates" / "m01_environment" / "{{cookiecutter.repo_name}}"
SOLUTION = Path(__file__).parents[3] / "solutions" / "m01_environment"

Run = Callable[..., subprocess.CompletedProcess[str]]
Ask = Callable[[str], object]


@dataclass(frozen=True)
class Service:
    """A running service: its address, its process and the file of its log."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def log_lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines()]


Serve = Callable[..., AbstractContextManager[Service]]


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, registry: None) -> str:
    """An interpreter with the product's dependencies, as the reference locks them."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    lock = SOLUTION / "requirements.lock"
    subprocess.run([find_uv_bin(), "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    subprocess.run([find_uv_bin(), "pip", "sync", "--quiet", "--python", str(folder), str(lock)], check=True)
    return str(Environment(folder).python)


@pytest.fixture(scope="session")
def run(python: str) -> Run:
    """Run `python -m noshow ARGUMENTS` in a folder, with further environment variables."""

    def run_in(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command = [python, "-m", "noshow", *arguments]
        return subprocess.run(
            command, cwd=root, env=_environment(variables), capture_output=True, text=True, timeout=180, check=False
        )

    return run_in


@pytest.fixture(scope="session")
def product_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the template's folder with 40 days of the world in `data/raw`; tests do not change it."""
    root = tmp_path_factory.mktemp("product") / "noshow"
    shutil.copytree(TEMPLATE, root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(root / "data" / "raw", ignore_errors=True)
    frame = World(seed=11).days(days=40, per_day=150)
    write_days(frame, root / "data" / "raw")
    return root


@pytest.fixture(scope="session")
def exported(product_root: Path, run: Run) -> Path:
    """The product after ingest, train and export."""
    for command in ("ingest", "train", "export"):
        done = run(product_root, command)
        assert (done.returncode, done.stderr) == (0, ""), command
    return product_root


@pytest.fixture
def small_root(product_root: Path, tmp_path: Path) -> Path:
    """A copy of the code with the first two days of appointments, free to be changed."""
    root = tmp_path / "small"
    shutil.copytree(product_root / "noshow", root / "noshow")
    raw = root / "data" / "raw"
    raw.mkdir(parents=True)
    for path in sorted((product_root / "data" / "raw").glob("appointments_*.csv"))[:2]:
        shutil.copy(path, raw)
    return root


@pytest.fixture(scope="session")
def ask(python: str, product_root: Path) -> Iterator[Ask]:
    """Evaluate an expression with the product's names; an exception comes back as its class and text."""
    command = [python, "-c", _ANSWERER]
    with subprocess.Popen(
        command, cwd=product_root, env=_environment({}), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        questions, answers = process.stdin, process.stdout

        def ask_process(expression: str) -> object:
            questions.write(json.dumps(expression) + "\n")
            questions.flush()
            return json.loads(answers.readline())

        yield ask_process
        questions.close()


_ANSWERER = """
import json, sys
from datetime import *
from noshow.appointment import *
from noshow.cleaning import *
from noshow.features import *
for line in sys.stdin:
    try:
        answer = eval(json.loads(line))
    except Exception as error:
        answer = f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
"""


@pytest.fixture(scope="session")
def serve(python: str, tmp_path_factory: pytest.TempPathFactory) -> Serve:
    """Run the service of a folder on a free port for the length of a block."""

    @contextmanager
    def serve_in(root: Path, **variables: str) -> Iterator[Service]:
        port = _free_port()
        log = tmp_path_factory.mktemp("serve") / "log"
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [python, "-m", "noshow", "serve"],
                cwd=root,
                env=_environment({"PORT": str(port), **variables}),
                stdout=subprocess.DEVNULL,
                stderr=stream,
            )
        try:
            yield _wait_until_ready(Service(f"http://127.0.0.1:{port}", process, log))
        finally:
            process.kill()
            process.wait()

    return serve_in


def _wait_until_ready(service: Service) -> Service:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and service.process.poll() is None:
        try:
            if httpx.get(f"{service.url}/ready", trust_env=False).status_code == 200:
                return service
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"not ready: {service.log.read_text(encoding='utf-8')}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process without what would change the product's settings or keep bytecode from it."""
    unwanted = ("HOST", "PORT", "LOG_LEVEL", "MODEL_DIR", "RAW_DIR", "CLEAN_DIR", "TRACKING_DIR")
    kept = {name: value for name, value in os.environ.items() if name not in (*unwanted, "PYTHONDONTWRITEBYTECODE")}
    return {**kept, **variables}
