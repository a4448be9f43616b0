"""A real MLflow tracking server on this machine: SQLite and a folder of artifacts."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from mlops_grader.check import NotRun
from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.sandbox import HostSandbox, Limits, Running
from mlops_grader.instruments.tracking.registry import Registry

STARTING_SECONDS = 120
LIFE = Limits(seconds=3600)
QUIET = {
    # telemetry waits for a network; the jobs of the web interface are nine more processes
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}
DATABASE, ARTIFACTS = "mlflow.db", "artifacts"


@dataclass(frozen=True)
class Server:
    """A server that was started; it answers when `wait` has returned."""

    port: int
    folder: Path
    running: Running

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def registry(self) -> Registry:
        """What stands in it."""
        return Registry(self.url, self.folder / ARTIFACTS)

    def wait(self) -> None:
        """Wait until it answers. Raises NotRun with its own words when it does not."""
        end = time.monotonic() + STARTING_SECONDS
        while time.monotonic() < end and not self.running.poll():
            try:
                if httpx.get(f"{self.url}/health", timeout=5, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        words = self.running.output.strip().splitlines()[-1:] or ["it says nothing"]
        raise NotRun(f"the MLflow server does not start: {words[0]}", fix="uv pip install 'mlops-grader[tracking]'")


@contextmanager
def started(folder: Path) -> Iterator[Server]:
    """Start a server with all that it keeps in a new folder, and end it; nothing waits until it answers."""
    folder.mkdir(parents=True)
    port = free_port()
    command = [
        sys.executable, "-m", "mlflow", "server", f"--backend-store-uri=sqlite:///{(folder / DATABASE).as_posix()}",
        f"--artifacts-destination={folder / ARTIFACTS}", "--host=127.0.0.1", f"--port={port}", "--workers=1",
    ]  # fmt: skip
    with HostSandbox(folder / "home").start(command, folder, QUIET, LIFE) as running:
        yield Server(port, folder, running)
