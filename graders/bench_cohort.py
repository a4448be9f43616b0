"""Measures how a class scales with workers, on grades that only wait, and what a submission costs beside its grade."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from fake_class import Class
from mlops_grader.cohort.joblog import JobLog

SECONDS, ROUNDS = 2.0, 4  # each grade waits so long, and each worker has so many
Say = Callable[[str, float], None]


def measure(folder: Path, say: Say) -> None:
    """Print the figures: the whole pipeline in a process of its own, with roster, intake, log and workers."""
    alone = _going(folder / "1", 1)
    for workers in (1, 2, 4, 8):
        wall = alone if workers == 1 else _going(folder / str(workers), workers)
        say(f"class of waiting grades, {workers} workers, times as fast as 1", alone / wall * workers)
        say(f"  overhead per submission, s ({workers} workers)", (wall - ROUNDS * SECONDS) / (ROUNDS * workers))


def _going(folder: Path, workers: int) -> float:
    """Seconds from the first grade given to a worker to the last document written down, for ROUNDS grades each."""
    its = Class(folder)
    its.hand_in(**{f"s{n:03}": {"seconds": SECONDS} for n in range(ROUNDS * workers)})
    program = Path(__file__).parent / "tests" / "fake_class.py"
    command = [sys.executable, str(program), str(folder), "--workers", str(workers)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    with JobLog(its.run) as log:
        attempts = log.outline()
    begun = min(each.started_at for each in attempts if each.started_at)
    ended = max(each.ended_at for each in attempts if each.ended_at)
    return (ended - begun).total_seconds()
