"""What happened to a grade, and what differs from one to the next."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cohort.booked import ADA, KEY, grade, result, run, submission
from mlops_grader.__main__ import main
from mlops_grader.cohort.history import Difference, difference, of_attempts
from mlops_grader.cohort.records import Override, Why
from mlops_grader.result import Result


def test_the_same_grade_differs_in_nothing() -> None:
    assert difference(result(), result()) == Difference(0, (), ())
    assert difference(result(), result(seconds=99.0)).words == ("no check differs",)


def test_checks_that_ended_differently_are_named_with_points_and_finding() -> None:
    found = difference(result(stops=0), result(builds=0, stops=50, found="a line\nmore", seed=12))
    assert (found.points, found.decided, found.steady) == (0, ("seed",), False)
    assert found.words == (
        "+0 points; what changed: seed",
        "  Image builds: passed 50/50 -> failed 0/1 (a line more)",
        "  Stops when asked: failed 0/1 -> passed 50/50 (a line more)",
    )


def test_what_decides_a_grade_is_named() -> None:
    old = result()
    graded = replace(old.submission, commit="1" * 40, tree="2" * 40)
    new = replace(result(stops=0), seed=99, grader="0.2.0+def", submission=graded)
    assert difference(old, new).decided == ("commit", "files", "seed", "grader")


def test_a_check_that_changes_by_itself_is_called_unsteady() -> None:
    found = difference(result(), result(stops=0))
    assert "such a check is unsteady" in found.words[0]
    assert found.points == -50


def test_other_words_alone_are_no_other_verdict() -> None:
    found = difference(result(found="12 s"), result(found="13 s"))
    assert found.steady
    assert found.words[1] == "  Image builds: passed 50/50, in other words: 13 s"


def test_a_check_that_is_new_or_gone_is_named() -> None:
    whole, short = result(), replace(result(), checks=result().checks[:1])
    assert difference(short, whole).words[1] == "  Stops when asked: not there -> passed 50/50"
    assert difference(whole, short).words[1] == "  Stops when asked: passed 50/50 -> not there"


def test_points_are_the_difference_of_the_scores() -> None:
    for old, new in ((result(10, 20), result(30, 1)), (result(50, 50), result(0, 0))):
        assert difference(old, new).points == new.score - old.score


def attempts(folder: Path, *grades: tuple[Result | str, str, str]) -> None:
    """A run with attempts of Ada: what came out, of which commit, under which key."""
    with run(folder, [ADA]) as log:
        for number, (came, commit, key) in enumerate(grades):
            mine = submission(ADA, commit=commit)
            log.take_in([mine])
            grade(log, mine, came, Why.REGRADE if number else Why.FIRST, key)


def test_of_attempts_the_students_own_commits_are_compared(tmp_path: Path) -> None:
    """The result names the commit of the copy that was graded."""
    attempts(tmp_path, (result(), "1" * 40, "a"), (result(stops=0), "2" * 40, "b"), (result(), "2" * 40, "c"))
    with run(tmp_path, [ADA]) as log:
        first, second, third = log.attempts("ada")
    newer, regraded = of_attempts(first, second), of_attempts(second, third)
    assert newer
    assert newer.decided == ("commit",)
    assert regraded
    assert regraded.decided == ("image",)


def test_everything_is_told_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    attempts(
        tmp_path, (result(stops=0), "1" * 40, "a"), ("no \x1b[31mengine", "2" * 40, "b"), (result(), "2" * 40, "b")
    )
    with run(tmp_path, [ADA]) as log:
        log.add_override(
            Override("ada", KEY, 90, "[red]an[/red] oral", "Prof. Stein", datetime.now(UTC) + timedelta(hours=1))
        )
    assert main(["cohort", "history", str(tmp_path), "ada"]) == 0
    lines = [line.strip().partition(" UTC  ")[2] or line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "ada (Ada Lovelace)",
        "attempt 1 (first): 50 of 100, commit 1111111111, seed 11, grader 0.1.0+abc",
        "attempt 2 (regrade): error, no engine",
        "attempt 3 (regrade): 100 of 100, commit 2222222222, seed 11, grader 0.1.0+abc",
        "+50 points; what changed: commit",
        "Stops when asked: failed 0/1 -> passed 50/50",
        "Becomes ready: failed 0/49 -> not there",
        "Prof. Stein decides 90 points: [red]an[/red] oral",
    ]


def test_without_a_name_everybody_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run(tmp_path):
        pass
    assert main(["cohort", "history", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split("\n")[:2] == ["ada (Ada Lovelace)", "  nothing yet"]


def test_a_misspelt_student_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with run(tmp_path):
        pass
    assert main(["cohort", "history", str(tmp_path), "adda"]) == 2
    assert "did you mean `ada`" in capsys.readouterr().err
