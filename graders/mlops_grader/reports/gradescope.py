"""A result as Gradescope reads it: `results.json`, as its documentation of autograders describes it."""

from __future__ import annotations

from typing import Any

from mlops_grader.check import Verdict, heading
from mlops_grader.result import Outcome, Result


def document(result: Result, visibility: str = "visible") -> dict[str, Any]:
    """The document. visibility: hidden, after_due_date, after_published or visible. All text is shown as text."""
    return {
        "score": result.score,
        "execution_time": round(result.seconds),
        "output": f"{result.submission.module}: {result.score} of {result.max_score} points",
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "extra_data": {"result": result.document()},
        "tests": [_test(number, outcome) for number, outcome in enumerate(result.checks, 1)],
    }


def _test(number: int, outcome: Outcome) -> dict[str, Any]:
    passed = outcome.verdict is Verdict.PASSED
    told = (outcome.title, outcome.found, outcome.why, outcome.fix)
    return {
        "score": outcome.points,
        "max_score": outcome.max_points,
        "status": "passed" if passed else "failed",
        "name": heading(outcome.id),
        "number": str(number),
        "output": outcome.title if passed else "\n\n".join(filter(None, told)),
        "tags": [str(outcome.verdict)],
        "extra_data": {"id": outcome.id},
    }
