"""How long the grade of the module on data takes, and how much of that are its million rows."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from submissions import grade, make


def measure(folder: Path, say: Callable[[str, float], None]) -> None:
    """Print the figures of one grade of the reference."""
    project = make("m02_data", folder / "m02_data")
    started = time.perf_counter()
    result = grade(project, folder / "m02_data.json", "--fresh")
    seconds = time.perf_counter() - started
    million = sum(outcome.seconds for outcome in result.checks if outcome.id == "test_a_million_rows_fit")
    say("m02 reference, whole grade, s (aim 120)", seconds)
    say("of these with a million rows, s", million)
    say("ratio", million / seconds)
