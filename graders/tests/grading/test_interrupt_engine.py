"""Ctrl-C and a request to terminate leave no container and no image behind, in a build or beside a running service."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.docker_engine import LABEL, Engine

Grader = Callable[..., subprocess.Popen[str]]
WaitFor = Callable[[Callable[[], object]], None]

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals"),
    pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "terminate"]),
]

SOURCE = """
from mlops_grader.contract import Service

def built(engine, *lines):
    folder = HERE / "context"
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text("\\n".join(["FROM python:3.13-slim", f"RUN echo {HERE.name}", *lines]))
    return engine.build(folder, folder / "Dockerfile", "stopped")

@check(points=5)
def test_one(engine):
    "One."
    image = built(engine)
    note("built")
    %s
"""
MOMENTS = {
    "in a build": "built(engine, 'RUN sleep 90')",
    "beside a container": (
        "with engine.start(image, Service(), command=['sleep', '90']):\n        note('started')\n        time.sleep(90)"
    ),
}


def labels(engine: Engine, kind: Any) -> list[str]:
    """The runs that have containers or images on the engine."""
    found = kind.list(all=True, filters={"label": LABEL})
    return [entry.labels[LABEL] for entry in found if LABEL in entry.labels]


def of(pid: int, runs: list[str]) -> list[str]:
    """Those that the process with that number made."""
    return [run for run in runs if run.rsplit("-", 2)[1:2] == [str(pid)]]


@pytest.mark.parametrize("moment", MOMENTS)
def test_nothing_is_left_on_the_engine(
    engine: Engine,
    grader: Grader,
    notes: Callable[[], str],
    wait_for: WaitFor,
    temporary: Path,
    number: signal.Signals,
    moment: str,
) -> None:
    process = grader(SOURCE % MOMENTS[moment])
    reached = "started" if moment == "beside a container" else "built"
    wait_for(lambda: reached in notes() or process.poll() is not None)
    before = of(process.pid, labels(engine, engine.api.images))
    process.send_signal(number)
    process.communicate(timeout=60)
    left = [of(process.pid, labels(engine, kind)) for kind in (engine.api.images, engine.api.containers)]
    assert (process.returncode, len(before) > 0, left, list(temporary.iterdir())) == (130, True, [[], []], [])
