"""Decisions of people: with reason, author and time, beside the measured grade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cohort.booked import ADA, KEY, entries, grade, result, run, submission
from mlops_grader.__main__ import main
from mlops_grader.cohort import ledger
from mlops_grader.cohort.joblog import JobLog

WHO = ("--reason", "an oral examination", "--author", "Prof. Stein")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run in which Ada earned 50 points."""
    mine = submission(ADA)
    with run(tmp_path / "run", found=[mine]) as log:
        grade(log, mine, result(stops=0))
    return tmp_path / "run"


def decide(folder: Path, *words: str) -> int:
    return main(["cohort", "override", str(folder), *words])


def test_a_decision_is_kept_with_reason_author_and_time(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert decide(folder, "ADA", "95", *WHO) == 0
    with JobLog(folder) as log:
        (kept,) = log.overrides()
        found = entries(log)["ada"]
    assert (kept.student, kept.module, kept.score, kept.reason, kept.author) == (
        "ada",
        KEY,
        95,
        "an oral examination",
        "Prof. Stein",
    )
    assert timedelta() <= datetime.now(UTC) - kept.at < timedelta(minutes=1)
    assert (found.measured, found.final, found.attempt and found.attempt.result and found.attempt.result.score) == (
        50,
        95,
        50,
    )
    assert (
        "ada (Ada Lovelace): 95 of 100 (50 measured; 95 decided by Prof. Stein: an oral examination)"
        in capsys.readouterr().out
    )
    assert ",95," in (folder / ledger.CSV).read_text()


def test_a_decision_can_be_taken_back_and_stays_on_record(folder: Path) -> None:
    decide(folder, "ada", "95", *WHO)
    assert decide(folder, "ada", "none", "--reason", "it was the other Ada", "--author", "Prof. Stein") == 0
    with JobLog(folder) as log:
        assert [each.score for each in log.overrides()] == [95, None]
        assert entries(log)["ada"].final == 50


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("adda", "5", *WHO), "did you mean `ada`"),
        (("Lovelace", "5", *WHO), "did you mean `ada`"),
        (("nobody", "5", *WHO), "known here: ada, bob, row-4"),
        (("ada", "101", *WHO), "101 is no score here: write whole points from 0 to 100"),
        (("ada", "-1", *WHO), "-1 is no score here"),
        (("ada", "9.5", *WHO), "`9.5` is no score"),
        (("ada", "none", *WHO), "there is no decision about ada to take back"),
        (("ada", "5", "--reason", " \n", "--author", "x"), "--reason is empty"),
        (("ada", "5", "--reason", "x", "--author", "\x00"), "--author is empty"),
    ],
)
def test_what_is_no_decision_is_told_and_not_kept(
    folder: Path, words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert decide(folder, *words) == 2
    assert told in capsys.readouterr().err
    with JobLog(folder) as log:
        assert log.overrides() == ()


@pytest.mark.parametrize("left_out", [0, 2])
def test_reason_and_author_are_asked_for(folder: Path, left_out: int) -> None:
    with pytest.raises(SystemExit):
        decide(folder, "ada", "5", *WHO[:left_out], *WHO[left_out + 2 :])


def test_points_0_and_all_are_scores(folder: Path) -> None:
    for points in (0, 100):
        assert decide(folder, "ada", str(points), *WHO) == 0
        with JobLog(folder) as log:
            assert entries(log)["ada"].final == points
