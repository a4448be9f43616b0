"""A result as Classroom 50 reads it: `result.json` of schema classroom50/result/v1.

Source: the page "Advanced Autograding" of the project's documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_grader.check import Verdict, heading
from mlops_grader.result import Outcome, Result
from mlops_grader.submission import UsageError

SCHEMA = "classroom50/result/v1"
LONGEST = 2000  # characters of a finding; the whole document may have 10 MiB


@dataclass(frozen=True)
class Submitted:
    """What the runner says of a submission. `datetime` is the committer's instant of the graded commit, in UTC."""

    classroom: str
    assignment: str
    submission: str
    commit: str
    release: str
    review: str
    datetime: str


def submitted(environment: Mapping[str, str], datetime: str) -> Submitted:
    """What the runner has put into the environment. Raises UsageError that names what is missing."""
    wanted = ("CLASSROOM", "ASSIGNMENT", "SUBMISSION_TAG", "COMMIT_URL", "RELEASE_URL")
    if missing := [name for name in wanted if not environment.get(name)]:
        raise UsageError(f"{', '.join(missing)} are not set: the runner of Classroom 50 sets them for its autograder")
    classroom, assignment, tag, commit, release = (environment[name] for name in wanted)
    return Submitted(classroom, assignment, tag, commit, release, environment.get("REVIEW_URL") or commit, datetime)


def document(result: Result, about: Submitted) -> dict[str, Any]:
    """The document. Owner and type of the assignment are left to the runner, which stamps them."""
    return {
        "schema": SCHEMA,
        "classroom": about.classroom,
        "assignment": about.assignment,
        "submission": about.submission,
        "commit": about.commit,
        "release": about.release,
        "review": about.review,
        "datetime": about.datetime,
        "graded_at": result.started_at,
        "score": result.score,
        "max-score": result.max_score,
        "tests": [_test(outcome) for outcome in result.checks],
    }


def _test(outcome: Outcome) -> dict[str, Any]:
    return {
        "test-name": heading(outcome.id),
        "passed": outcome.verdict is Verdict.PASSED,
        "score": outcome.points,
        "max-score": outcome.max_points,
        "verdict": str(outcome.verdict),
        "found": outcome.found[:LONGEST],
        "fix": outcome.fix[:LONGEST],
    }
