"""How long the grade of m09_monitoring takes, and how much of that is waiting for alerts."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from submissions import grade, make

KEY = "m09_monitoring"


def measure(folder: Path, say: Callable[[str, float], None]) -> None:
    """Print the figures of one grade of the reference."""
    project = make(KEY, folder / KEY)
    started = time.perf_counter()
    result = grade(project, folder / f"{KEY}.json", "--fresh")
    seconds = time.perf_counter() - started
    watching = result.timeline.seconds if result.timeline else 0.0
    say("m09 reference, whole grade, s (aim 240)", seconds)
    say("of these watching, s", watching)
    say("ratio", watching / seconds)
