"""The documents of a run as files, for people and other programs; the job log is what counts, and makes them anew."""

from __future__ import annotations

import json
from pathlib import Path

from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Attempt, State
from mlops_grader.result import write_text

FOLDER = "results"


def path(run: Path, attempt: Attempt) -> Path:
    """Where the document of an attempt lies."""
    return run / FOLDER / attempt.student / f"{attempt.module}-{attempt.number}.json"


def write(run: Path, attempt: Attempt) -> None:
    """Write the document of a graded attempt."""
    write_text(path(run, attempt), json.dumps(attempt.document, indent=2, ensure_ascii=False) + "\n")


def complete(log: JobLog) -> int:
    """Write every document that is missing; how many were."""
    missing = [each for each in log.outline() if each.state is State.GRADED and not path(log.folder, each).is_file()]
    for attempt in missing:
        write(log.folder, log.attempt(attempt.number))
    return len(missing)
