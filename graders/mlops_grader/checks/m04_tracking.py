"""m04_tracking: TODO what the student builds, and how it is judged."""

from __future__ import annotations

from mlops_grader.check import Fail, check
from mlops_grader.submission import Submission


@check(points=100)
def test_work_begins(submission: Submission) -> None:
    """The work in `begun.txt` is done.

    The first check of a new module: replace it by claims about behaviour.
    """
    if "TODO" in submission.read("begun.txt"):
        raise Fail("`begun.txt` is still to do", fix="write it")
