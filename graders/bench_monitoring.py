"""How long the grades of the modules that watch take, and how much of that is waiting for alerts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mlops_grader.result import Result
from submissions import grade, make


def measure(folder: Path, say: Callable[[str, float], None]) -> None:
    """Print the figures of one grade of each reference."""
    for key, waiting in (("m09_monitoring", _watching), ("m10_drift", _listening)):
        project = make(key, folder / key)
        started = time.perf_counter()
        result = grade(project, folder / f"{key}.json", "--fresh")
        seconds = time.perf_counter() - started
        say(f"{key[:3]} reference, whole grade, s (aim 240)", seconds)
        say("of these waiting for alerts, s", waiting(result))
        say("ratio", waiting(result) / seconds)


def _watching(result: Result) -> float:
    return result.timeline.seconds if result.timeline else 0.0


def _listening(result: Result) -> float:
    return sum(outcome.seconds for outcome in result.checks if outcome.id == "test_alert_fires")
