"""`nox -s cohort -- grade` in a clone of the kit: the handout that a run is given when none is named."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Settings

KIT = Path(__file__).parents[3]
KEY = "m01_environment"


def graded(run: Path) -> str:
    """What a start says that ends at its roster, which is not there."""
    asked = ["--out", str(run), "--module", KEY, "--roster", str(run / "none.csv"), "--submissions", str(run)]
    command = [sys.executable, str(KIT / "graders" / "kit.py"), "cohort", "grade", *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    return done.stderr


def test_a_new_run_gets_the_handout_of_the_clone(tmp_path: Path) -> None:
    """Given files are restored although nobody exported them."""
    assert "none.csv" in graded(tmp_path / "run")
    assert (tmp_path / "run" / "handout" / KEY / "given.json").is_file()


def test_a_run_keeps_to_the_handout_that_it_was_started_with(tmp_path: Path) -> None:
    """Another one may have other given files: data of one's own for each student, or those of an older release."""
    with JobLog(tmp_path / "run", make=True) as log:
        log.begin(Settings("run", KEY, 1, "r.csv", "in", datetime(2026, 3, 5, tzinfo=UTC), handout="/srv/varied"), ())
    assert "none.csv" in graded(tmp_path / "run")
    assert not (tmp_path / "run" / "handout").exists()
