"""What starting MLflow and logging a model cost, as MLflow comes and as the course asks for it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from mlops_grader.instruments.client import free_port
from mlops_grader.instruments.tracking.server import QUIET, started

PATIENCE = 120.0  # seconds
LOGS = """
import logging, sys, time, warnings
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import mlflow, numpy, sklearn
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
rows = numpy.random.default_rng(1).normal(size=(200, 4))
model = LogisticRegression().fit(rows, rows[:, 0] > 0)
stated = {"pip_requirements": [f"scikit-learn=={sklearn.__version__}"]} if sys.argv[2] == "stated" else {}
mlflow.set_tracking_uri(sys.argv[1])
with mlflow.start_run():
    begun = time.perf_counter()
    mlflow.sklearn.log_model(model, name="model", signature=infer_signature(rows, model.predict(rows)), **stated)
    taken = time.perf_counter() - begun
print(taken)
"""


def measure(folder: Path, say: Callable[[str, float], None]) -> None:
    """Start a server and log a model in both ways, and print the figures."""
    plain, quiet = (
        _until_it_answers(folder / f"mlflow-{name}", extra) for name, extra in (("plain", {}), ("quiet", QUIET))
    )
    say("MLflow server until it answers, as it comes, s", plain)
    say("without telemetry and jobs, s", quiet)
    say("ratio", quiet / plain)
    with started(folder / "mlflow-server") as server:
        server.wait()
        inferred, stated = (_logged(server.url, how, extra) for how, extra in (("inferred", {}), ("stated", QUIET)))
    say("logging a model, requirements inferred, s", inferred)
    say("requirements stated and no telemetry, s", stated)
    say("ratio", stated / inferred)


def _until_it_answers(folder: Path, extra: Mapping[str, str]) -> float:
    folder.mkdir()
    port = free_port()
    store = f"--backend-store-uri=sqlite:///{(folder / 'mlflow.db').as_posix()}"
    command = [sys.executable, "-m", "mlflow", "server", store, "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    begun = time.perf_counter()
    with subprocess.Popen(
        command,
        env={**os.environ, **extra},
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            while not _answers(port):
                if time.perf_counter() - begun > PATIENCE:
                    raise TimeoutError("the MLflow server did not answer")
                time.sleep(0.05)
            return time.perf_counter() - begun
        finally:
            os.killpg(process.pid, 15)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _logged(url: str, how: str, extra: Mapping[str, str]) -> float:
    """Seconds that logging takes in a program of its own, without its imports."""
    command = [sys.executable, "-c", LOGS, url, how]
    done = subprocess.run(command, env={**os.environ, **extra}, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
