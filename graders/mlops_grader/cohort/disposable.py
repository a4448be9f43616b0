"""Modules whose checks need the container engine itself: graded on a worker that is thrown away, else not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mlops_grader import grading
from mlops_grader.check import Verdict
from mlops_grader.cohort import answer, cell_engine
from mlops_grader.cohort.inside import ANSWER, ORDER, PARCEL
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.plugin import Verdicts
from mlops_grader.submission import git, locate

ENGINE = "engine"  # what a module's `INSIDE` says
LOG_BYTES = 64 * 2**10
GRACE = 120.0  # seconds in which a grade that is stopped removes what it made
ADVICE = Verdicts(
    Verdict.NOT_RUN,
    "this module's checks use the container engine itself, which no submission may reach on a machine that holds anything",
    fix="needs a worker declared disposable: cohort grade --disposable on a machine that holds nothing and is thrown away",
)


def is_needed(module: str) -> bool:
    """Whether a module can be graded for the record only on a disposable worker. Raises UsageError for an unknown module."""
    return getattr(grading.module_named(module), "INSIDE", "") == ENGINE


def takes_place_of_a_cell(module: str, thrown_away: bool) -> bool:
    """Whether no cell is used: for a module that needs this, and where the worker was declared disposable for every one with an engine."""
    return is_needed(module) or (thrown_away and cell_engine.is_needed(module))


def grade(parcel: bytes, order: CellOrder, phases: dict[str, float]) -> Returned:
    """Grade on this machine when it was declared disposable, else say of every check that it was not run."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mlops-grader-disposable-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        for each in ("in", "out", "work"):
            (folder / each).mkdir()
        (folder / "in" / PARCEL).write_bytes(parcel)
        phases["start"] = time.monotonic() - began
        returned = _on_this_machine(folder, parcel, order) if order.disposable else _not_run(folder, order)
        phases["grade"] = time.monotonic() - began - phases["start"]
    return returned


def _not_run(folder: Path, order: CellOrder) -> Returned:
    project = folder / "work" / "submission"
    git(folder, "clone", "--quiet", "--branch", "main", "--", str(folder / "in" / PARCEL), str(project))
    module = grading.module_named(order.module)
    asked = grading.Order(locate(project), module, seed=order.seed, commit="HEAD", authority="record")
    document = grading.not_run(asked, ADVICE).document()
    return Returned(json.loads(json.dumps(document)))  # plain data, as a cell gives them


def _on_this_machine(folder: Path, parcel: bytes, order: CellOrder) -> Returned:
    asked = {"module": order.module, "seed": order.seed}
    (folder / "in" / ORDER).write_text(json.dumps(asked), encoding="utf-8")
    command = [sys.executable, "-I", "-m", "mlops_grader.cohort.inside", "--host"]
    command += [f"--{each}={folder / each}" for each in ("in", "out", "work")]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            late = not _ended(process, order.seconds)
        finally:
            _end(process)
    said = (folder / "log").read_bytes()[-LOG_BYTES:].decode("utf-8", errors="replace")
    if late:
        return Returned(None, f"the grade had not ended after {order.seconds:g} s and was ended", retry=True, log=said)
    found = answer.read(folder / "out" / ANSWER, parcel, order)
    found = found or Returned(
        None, f"the grade ended with exit code {process.returncode} and without a result", retry=True
    )
    return Returned(found.document, found.error, found.retry, log=said)


def _ended(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a grade that still runs to stop and clean up, and kill it when it does not."""
    if process.poll() is None:
        process.terminate()
        if not _ended(process, GRACE):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
