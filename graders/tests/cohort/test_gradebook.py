"""The gradebook: everybody is in it, nothing is measured anew, and both of its files say the same."""

from __future__ import annotations

import argparse
import csv
import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.booked import ADA, BOB, DEADLINE, EVE, HOSTILE, KEY, SETTINGS, entries, grade, result, run, submission
from mlops_grader.__main__ import main
from mlops_grader.cohort import exports, feedback, gradebook, ledger
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Change, Override, Student, Why
from mlops_grader.submission import UsageError

LATE = timedelta(hours=30)


def decided(student: Student, score: int | None, reason: str = "an oral examination", minute: int = 0) -> Override:
    return Override(student.id, KEY, score, reason, "Prof. Stein", datetime(2026, 11, 22, 9, minute, tzinfo=UTC))


def table(log: JobLog) -> list[dict[str, object]]:
    """The rows of all attempts."""
    return ledger.table(log.settings(), gradebook.rows(log)).to_pylist()


def test_everybody_is_there_in_the_order_of_the_roster(tmp_path: Path) -> None:
    mine = submission(ADA)
    with run(tmp_path, found=[mine, submission(BOB), submission(EVE, problem="no repository", commit="")]) as log:
        grade(log, mine, result(stops=0))
        found = gradebook.rows(log)
    told = [(each.student, each.status, each.measured, each.final, each.max_score) for each in found]
    assert told == [
        (ADA, "graded", 50, 50, 100),
        (BOB, "waiting", None, None, 100),
        (EVE, "not handed in", None, None, 100),
    ]
    assert found[2].look == ("no repository",)


def test_the_last_graded_attempt_counts_and_a_later_error_is_told(tmp_path: Path) -> None:
    mine = submission(ADA)
    with run(tmp_path, found=[mine]) as log:
        grade(log, mine, result(stops=0))
        grade(log, mine, result(), Why.REGRADE)
        grade(log, mine, "the engine went away", Why.REGRADE)
        found = entries(log)["ada"]
    assert (found.status, found.final, found.attempt and found.attempt.number) == ("error", 100, 2)
    assert found.look == ("attempt 3 ended in an error: the engine went away",)


def test_an_error_alone_is_no_zero(tmp_path: Path) -> None:
    mine = submission(ADA)
    with run(tmp_path, found=[mine]) as log:
        grade(log, mine, "the engine went away")
        found = entries(log)["ada"]
    assert (found.status, found.measured, found.final) == ("error", None, None)


def test_lateness_costs_what_the_policy_of_the_run_says(tmp_path: Path) -> None:
    mine = submission(ADA, late=LATE)
    with run(tmp_path, found=[mine], late="percent:10") as log:
        grade(log, mine, result(stops=27))
        found = entries(log)["ada"]
    assert (found.measured, found.deduction, found.final, found.late) == (77, 15, 62, LATE)
    assert found.words == "1 d 6 h 00 min late: 20 % of 77 points: 15.4"


def test_the_lateness_of_a_newer_commit_is_not_that_of_the_graded_one(tmp_path: Path) -> None:
    first = submission(ADA)
    with run(tmp_path, found=[first], late="percent:10") as log:
        grade(log, first, result())
        log.take_in([submission(ADA, commit="9" * 40, late=LATE)])
        found = entries(log)["ada"]
    assert (found.final, found.look) == (100, ("commit cccccccccc counts, and 9999999999 was handed in since",))


def test_a_decision_stands_beside_what_was_measured(tmp_path: Path) -> None:
    mine = submission(ADA, late=LATE)
    with run(tmp_path, found=[mine], late="percent:10") as log:
        grade(log, mine, result())
        log.add_override(decided(ADA, 95))
        first = entries(log)["ada"]
        log.add_override(decided(ADA, 60, minute=1))
        second = entries(log)["ada"]
        log.add_override(decided(ADA, None, minute=2))
        third = entries(log)["ada"]
    assert [(each.measured, each.deduction, each.final) for each in (first, second, third)] == [
        (100, 20, 95), (100, 20, 60), (100, 20, 80),
    ]  # fmt: skip
    assert third.override is None


def test_who_handed_in_nothing_can_be_given_points(tmp_path: Path) -> None:
    with run(tmp_path) as log:
        log.add_override(decided(EVE, 40))
        found = entries(log)["row-4"]
    assert (found.status, found.measured, found.final) == ("not handed in", None, 40)


def test_a_product_that_was_asked_less_is_measured_against_all(tmp_path: Path) -> None:
    """A project that passes for a product of its own has fewer checks: its denominator is still the grader's."""
    mine, short = submission(ADA), result()
    with run(tmp_path, found=[mine]) as log:
        grade(log, mine, result(checks=short.checks[:1]))
        found = entries(log)["ada"]
    assert (found.final, found.max_score) == (50, 100)
    assert found.look == ("only checks worth 50 of 100 points were asked of this product",)


@given(
    builds=st.integers(0, 50),
    stops=st.integers(0, 50),
    late=st.timedeltas(-timedelta(days=2), timedelta(days=40)),
    score=st.none() | st.integers(0, 100),
    policy=st.sampled_from(["none", "flag", "percent:7", "percent:10:50", "tokens:2:12", "tokens:1:24:13"]),
)
@settings(max_examples=30, deadline=None)
def test_final_scores_stay_between_nothing_and_all(
    builds: int, stops: int, late: timedelta, score: int | None, policy: str
) -> None:
    mine = submission(ADA, late=late)
    with TemporaryDirectory() as name, run(Path(name), [ADA], [mine], late=policy) as log:
        grade(log, mine, result(builds, stops))
        before = entries(log)["ada"]
        if score is not None:
            log.add_override(decided(ADA, score))
        after = entries(log)["ada"]
        assert after == entries(log)["ada"]
    assert before.measured == after.measured == builds + stops
    assert before.final is not None
    assert 0 <= before.final <= builds + stops
    assert after.final == (before.final if score is None else score)


# the two files


def crowd() -> list[Student]:
    """A student for each hostile name, who is hostile everywhere."""
    return [
        Student(f"s{number}", name, name, name, name, number, {"note": name}) for number, name in enumerate(HOSTILE)
    ]


def hostile(folder: Path) -> None:
    """A run of them with every kind of row."""
    them = crowd()
    found = [
        submission(
            each, late=LATE, changes=(Change(each.name, "edited"),), notes=(each.name,), problem=each.name if each.row % 5 == 4 else ""
        )
        for each in them
    ]  # fmt: skip
    with run(folder, them, found, late="tokens:1:24:10") as log:
        for each, one in zip(found, them, strict=True):
            for _ in range(one.row % 3):
                grade(log, each, result(stops=one.row))
            if one.row % 4 == 3:
                grade(log, each, one.name)
            if one.row % 2:
                log.add_override(decided(one, one.row, reason=one.name))


def test_both_files_say_the_same(tmp_path: Path) -> None:
    hostile(tmp_path)
    assert main(["cohort", "gradebook", str(tmp_path)]) == 0
    kept = pq.read_table(tmp_path / ledger.PARQUET)
    text = (tmp_path / ledger.CSV).read_bytes().decode()
    assert ledger.csv(kept) == text
    cells = list(csv.reader(io.StringIO(text, newline="")))
    assert (len(cells) - 1, len(cells[0])) == (kept.num_rows, kept.num_columns)
    assert {row[cells[0].index("student")] for row in cells[1:]} == {each.id for each in crowd()}


def test_no_cell_can_pass_for_a_formula_and_parquet_holds_the_text_itself(tmp_path: Path) -> None:
    hostile(tmp_path)
    main(["cohort", "gradebook", str(tmp_path)])
    rows = list(csv.reader(io.StringIO((tmp_path / ledger.CSV).read_bytes().decode(), newline="")))
    assert not [cell for row in rows for cell in row if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert pq.read_table(tmp_path / ledger.PARQUET)["name"][0].as_py() == HOSTILE[0]
    assert not re.findall("[\x00\x1b\u202e]", (tmp_path / ledger.CSV).read_bytes().decode())


def test_every_attempt_is_a_row_and_one_stands_for_the_student(tmp_path: Path) -> None:
    mine, his = submission(ADA), submission(BOB, late=LATE, changes=(Change("noshow/features.py", "edited"),))
    with run(tmp_path, found=[mine, his], late="percent:10") as log:
        grade(log, mine, result(stops=0))
        grade(log, mine, result())
        grade(log, mine, "the engine went away")
        grade(log, his, result(stops=0))
        log.add_override(decided(BOB, 70))
        found = table(log)
    assert [
        (row["student"], row["attempt"], row["state"], row["measured"], row["final"], row["current"]) for row in found
    ] == [
        ("ada", 1, "graded", 50, None, False),
        ("ada", 2, "graded", 100, 100, True),
        ("ada", 3, "error", None, None, False),
        ("bob", 4, "graded", 50, 70, True),
        ("row-4", None, None, None, None, True),
    ]
    bob = found[3]
    assert (bob["late_seconds"], bob["deduction"], bob["override_score"], bob["override_author"]) == (
        108000,
        10,
        70,
        "Prof. Stein",
    )
    assert (bob["verdict_image_builds"], bob["verdict_stops_when_asked"], bob["verdict_image_is_small"]) == (
        "passed",
        "failed",
        None,
    )
    assert bob["given_changed"] == '[{"path": "noshow/features.py", "how": "edited"}]'
    assert (bob["committed_at"], bob["graded_tree"]) == (DEADLINE - timedelta(hours=1), "e" * 40)


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    hostile(tmp_path)
    written = []
    for _ in range(2):
        main(["cohort", "gradebook", str(tmp_path)])
        written.append([(tmp_path / name).read_bytes() for name in (ledger.CSV, ledger.PARQUET)])
    assert written[0] == written[1]
    assert not list(tmp_path.glob(".gradebook*"))


def test_a_run_that_was_cut_off_has_the_same_stable_view(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    views = []
    for name, cut in (("whole", False), ("cut", True)):
        mine, his = submission(ADA), submission(BOB)
        with run(tmp_path / name, found=[mine, his]) as log:
            if cut:  # the process dies while the first attempt runs, and another one takes over
                log.queue([(mine, "key", Why.FIRST)], KEY)
                log.start(1, "a worker that is gone")
                log.recover()
                log.start(1, "worker")
                log._data.execute("UPDATE attempt SET state = 'queued'")
            grade(log, mine, result())
            grade(log, his, result(stops=3))
        assert main(["cohort", "gradebook", str(tmp_path / name), "--as", "stable"]) == 0
        views.append(capsys.readouterr().out)
    assert views[0] == views[1]
    assert "worker" not in views[0]


def test_the_stable_view_sees_another_grade(tmp_path: Path) -> None:
    views = []
    for name, points in (("one", 3), ("two", 4)):
        mine = submission(ADA)
        with run(tmp_path / name, found=[mine]) as log:
            grade(log, mine, result(stops=points))
            views.append(ledger.csv(ledger.comparable(ledger.table(SETTINGS, gradebook.rows(log)))))
    assert views[0] != views[1]


def test_the_step_says_how_many_stand_where_and_what_to_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, his = submission(ADA), submission(BOB)
    with run(tmp_path, found=[mine, his]) as log:
        grade(log, mine, result(stops=20))
        grade(log, his, "no \x1b[31mengine")
    assert main(["cohort", "gradebook", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "3 students: 1 graded, 0 waiting, 1 error, 1 not handed in" in told
    assert "Scores: 70 to 70 of 100, median 70" in told
    assert "bob: attempt 2 ended in an error: no engine" in told


def test_no_run_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cohort", "gradebook", str(tmp_path / "nowhere")]) == 2
    assert "there is no run in" in capsys.readouterr().err


def test_tokens_of_one_run_are_handed_to_the_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number, spent in ((1, 2), (2, 3)):
        folder, mine = tmp_path / str(number), submission(ADA, late=LATE)
        with run(folder, found=[mine], late="tokens:3:24") as log:
            if number == 2:
                (folder / "tokens-spent.csv").write_bytes((tmp_path / "spent.csv").read_bytes())
            grade(log, mine, result())
            assert entries(log)["ada"].final == (100 if number == 1 else 0)
        assert main(["cohort", "gradebook", str(folder), "--as", "tokens", "--to", str(tmp_path / "spent.csv")]) == 0
        assert (tmp_path / "spent.csv").read_text() == f"student,spent\nada,{spent}\nbob,0\nrow-4,0\n"


def test_a_policy_that_is_gone_is_told(tmp_path: Path) -> None:
    with run(tmp_path, late="grace:5") as log, pytest.raises(UsageError, match="there is no late policy `grace`"):
        gradebook.rows(log)


def test_the_documentation_names_every_column_format_and_option() -> None:
    text = (Path(__file__).parents[3] / "docs" / "gradebook.md").read_text(encoding="utf-8")
    options: list[str] = []
    for step in (gradebook, feedback):
        step.arguments(parser := argparse.ArgumentParser(add_help=False))
        options += [name for action in parser._actions for name in action.option_strings]
    wanted = [f"`{name}`" for name in (*ledger.COLUMNS, *exports.FORMATS)]
    assert [name for name in (*wanted, *options) if name not in text] == []
