"""A result in the protocol of GitHub Classroom's actions, which other tools go on speaking.

A grader step sets the output `result`; the step of `classroom-resources/autograding-grading-reporter` reads it.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from mlops_grader.check import Verdict, heading
from mlops_grader.result import Outcome, Result

LONGEST = 2000  # characters of a finding: an output of a step has an end
STATUS = {Verdict.PASSED: "pass", Verdict.ERROR: "error"}  # all others: fail


def document(result: Result) -> dict[str, Any]:
    """The document; its tests are never empty and each has a number of points, or the reporter fails."""
    verdicts = {outcome.verdict for outcome in result.checks}
    status = "error" if Verdict.ERROR in verdicts else "pass" if verdicts == {Verdict.PASSED} else "fail"
    return {
        "version": 1,
        "status": status,
        "max_score": result.max_score,
        "tests": [_test(outcome) for outcome in result.checks],
    }


def output(result: Result) -> str:
    """The value of the output `result`: the document as base64, in which nothing can pass for another line."""
    return base64.b64encode(json.dumps(document(result), ensure_ascii=False).encode()).decode("ascii")


def _test(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": heading(outcome.id),
        "status": STATUS.get(outcome.verdict, "fail"),
        "score": min(outcome.points, outcome.max_points),
        "message": _message(outcome),
        "test_code": outcome.title,
        "filename": "",
        "line_no": 0,
        "duration": round(1000 * outcome.seconds),
    }


def _message(outcome: Outcome) -> str:
    if outcome.verdict is Verdict.PASSED:
        return ""
    return "\n".join(filter(None, (outcome.found[:LONGEST], outcome.fix[:LONGEST])))
