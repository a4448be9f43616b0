"""What a worker's document is compared with before it counts."""

from __future__ import annotations

import pytest

from fake_class import MODULE
from mlops_grader.check import Verdict
from mlops_grader.cohort.answers import judged
from mlops_grader.cohort.records import Attempt, Returned, State, Submission, Why
from mlops_grader.result import Graded, Outcome, Result

TOP, BELOW = 40 * "a", 40 * "b"
ATTEMPT = Attempt(1, "ada", MODULE, "key", Why.FIRST, State.RUNNING)
OUTCOME = Outcome("test_one", "One.", 5, 5, Verdict.PASSED, "", "", "", "lessons/m01_environment.md#one", None, 0.1)
SUBMISSION = Submission("ada", "in/ada", graded_tree=TOP)


def returned(tree: str, authority: str = "record", seed: int = 7) -> Returned:
    graded = Graded(None, tree, clean=True, module=MODULE)
    return Returned(Result("0.1.0", graded, authority, seed, "2026-10-01T12:00:00Z", 1.0, (OUTCOME,)).document())


@pytest.mark.parametrize("tree", [TOP, BELOW])
def test_the_tree_is_that_of_the_parcel_or_of_the_folder_that_holds_the_project(tree: str) -> None:
    """A project may lie one folder down."""
    assert judged(returned(tree), ATTEMPT, SUBMISSION, 7, lambda: {BELOW}).document


def test_another_tree_is_no_grade_of_this() -> None:
    """Whatever it is of."""
    said = judged(returned(BELOW), ATTEMPT, SUBMISSION, 7, lambda: {TOP})
    assert said.document is None
    assert said.retry
    assert said.error == f"the grader's document is no grade of this: its tree is {BELOW} and not {TOP}"


@pytest.mark.parametrize(("authority", "seed"), [("advisory", 7), ("record", 8)])
def test_another_authority_or_seed_is_no_grade_of_this(authority: str, seed: int) -> None:
    """Only what was ordered counts."""
    assert judged(returned(TOP, authority, seed), ATTEMPT, SUBMISSION, 7).document is None
