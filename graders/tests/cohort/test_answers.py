"""What a worker's document is compared with before it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from distributed import KilledWorker

from cohort.turns import Turn
from fake_class import MODULE
from mlops_grader.check import Verdict
from mlops_grader.cohort import answers
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


def test_another_module_is_no_grade_of_this() -> None:
    """The worker may have mixed up what it was sent."""
    said = judged(returned(TOP), replace(ATTEMPT, module="m05_serving"), SUBMISSION, 7)
    assert said.error.endswith(f"its module is {MODULE} and not m05_serving")
    assert (said.document, said.retry) == (None, True)


def test_what_is_no_result_document_is_no_grade() -> None:
    """A document that has all the facts and breaks the schema."""
    whole = returned(TOP)
    said = judged(replace(whole, document={**(whole.document or {}), "score": "5"}), ATTEMPT, SUBMISSION, 7)
    assert (said.document, said.retry) == (None, True)
    assert "$.score" in said.error


def test_an_answer_without_a_document_stays_what_it_is() -> None:
    """Also whether another try can mend it."""
    said = Returned(None, "a person must look at this")
    assert judged(said, ATTEMPT, SUBMISSION, 7) is said


def turn(said: object, status: str = "finished") -> Turn:
    return Turn("tcp://one:1", print, (), status, said)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (KilledWorker("key", None, 0), "its worker died"),
        (OSError("too large"), "the worker did not answer: OSError: too large"),
        (42, "the worker answered with int"),
    ],
)
def test_what_is_no_answer_is_tried_again(said: object, words: str) -> None:
    """None of these is the student's fault."""
    assert answers.of(turn(said)) == Returned(None, words, retry=True)


@pytest.mark.parametrize(
    ("said", "status", "lost"),
    [
        (None, "cancelled", True),
        (None, "lost", True),
        (KilledWorker("key", None, 0), "error", True),
        (OSError("too large"), "error", False),
        (Returned(None, "x"), "finished", False),
    ],
)
def test_a_worker_is_lost_when_dask_says_so(said: object, status: str, lost: bool) -> None:
    """What a task raised is no loss."""
    assert answers.is_loss(turn(said, status)) is lost


def test_the_way_is_what_the_worker_did_not_need() -> None:
    """Clocks of two machines may disagree: no time is negative."""
    said = Returned(None, "x", phases={"worker": 3.0})
    assert answers.timed(said, 1.0, 5.0).phases == {"queue": 1.0, "worker": 3.0, "way": 2.0}
    assert answers.timed(said, 1.0, 2.0).phases["way"] == 0


def test_words_in_place_of_a_grade_are_a_fault() -> None:
    """A worker that was only made ready answers with words."""
    said = answers.timed("hello", 1.0, 2.0)
    assert (said.error, said.retry) == ("the worker answered with `hello`", True)


def test_what_was_given_up_is_not_tried_again() -> None:
    """And names each place once."""
    said = answers.given_up(Returned(None, "away", retry=True), ["one", "two", "one"])
    assert (said.error, said.retry) == ("failed 3 times, at one, two; at last: away", False)
