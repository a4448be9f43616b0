"""Late policies: exact, bounded, and installable by anybody."""

from __future__ import annotations

import sys
import tomllib
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_grader.capstone.rows import TableError
from mlops_grader.cohort import late
from mlops_grader.cohort.late import Cost, accepts_late, cost, policy
from mlops_grader.submission import UsageError

SPECS = ("none", "flag", "percent:10", "percent:10:50", "percent:0", "tokens:3:24", "tokens:3:24:10", "tokens:0:1:7:30")


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def points(spec: str, late: timedelta, measured: int = 80) -> int:
    """Whole points that lateness takes."""
    return cost(policy(spec), "ada", late, measured).points


@pytest.mark.parametrize("spec", SPECS)
def test_what_came_in_time_costs_nothing(spec: str) -> None:
    assert [cost(policy(spec), "ada", hours(late), 80) for late in (0, -5)] == [Cost(), Cost()]


@pytest.mark.parametrize(("late", "taken"), [(1 / 3600, 8), (24, 8), (24.001, 16), (240, 80), (2400, 80)])
def test_percent_of_the_measured_score_for_each_started_day(late: float, taken: int) -> None:
    assert points("percent:10", hours(late)) == taken


def test_percent_has_a_most() -> None:
    assert points("percent:10:50", hours(24 * 9)) == 40


def test_parts_of_a_point_are_left_to_the_student() -> None:
    told = cost(policy("percent:10"), "ada", hours(1), 87)
    assert (told.deduction, told.points) == (Fraction(87, 10), 8)
    assert told.words == "1 h 00 min late: 10 % of 87 points: 8.7"


def test_a_flag_costs_nothing_and_is_said() -> None:
    assert cost(policy("flag"), "ada", hours(30), 80) == Cost(words="1 d 6 h 00 min late: that costs nothing here")


def test_without_a_policy_late_work_is_not_accepted() -> None:
    assert (accepts_late("none"), accepts_late("flag"), accepts_late("percent:10")) == (False, True, True)
    assert points("none", timedelta(seconds=1)) == 80


@pytest.mark.parametrize(
    ("late", "taken", "spent"), [(1, 0, 1), (24, 0, 1), (24.1, 0, 2), (72, 0, 3), (72.1, 80, 3), (999, 80, 3)]
)
def test_tokens_buy_their_hours_and_what_they_do_not_buy_does_not_count(late: float, taken: int, spent: int) -> None:
    told = cost(policy("tokens:3:24"), "ada", hours(late), 80)
    assert (told.points, told.tokens) == (taken, spent)


def test_tokens_first_then_percent() -> None:
    told = cost(policy("tokens:3:24:10"), "ada", hours(72 + 25), 80)
    assert (told.points, told.tokens) == (16, 3)
    assert told.words == "4 d 1 h 00 min late: 3 of 3 tokens and 20 % of 80 points: 16.0"


def test_tokens_that_were_spent_before_are_gone(tmp_path: Path) -> None:
    (tmp_path / late.SPENT).write_text("student,spent\nAda,2\nbob,9\n")
    mine = policy("tokens:3:24", tmp_path)
    assert [cost(mine, name, hours(25), 80).points for name in ("ada", "bob", "eve")] == [80, 80, 0]


def test_a_file_of_spent_tokens_is_read_row_by_row(tmp_path: Path) -> None:
    (tmp_path / late.SPENT).write_text("student,spent\nada,-1\nbob,one\nada,2\neve,\n")
    with pytest.raises(TableError) as told:
        policy("tokens:3:24", tmp_path)
    assert [text.split(":")[0] for text in told.value.problems] == [
        "`tokens-spent.csv`, row 5", "`tokens-spent.csv`, row 2", "`tokens-spent.csv`, row 3", "`tokens-spent.csv`, row 4",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("percnt:10", "did you mean `percent`"),
        ("", "known here: flag, none, percent, tokens"),
        ("percent", "write percent:10"),
        ("percent:ten", "write percent:10"),
        ("percent:-5", "write percent:10"),
        ("percent:1:2:3", "write percent:10"),
        ("tokens:3", "write tokens:3:24"),
        ("tokens:3:0", "buys nothing"),
        ("none:1", "write none"),
        ("flag:x", "write flag"),
    ],
)
def test_a_policy_that_is_not_there_or_misspelt_is_told(spec: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        policy(spec)


@given(st.sampled_from(SPECS), st.timedeltas(), st.integers(0, 100))
@settings(deadline=None)  # a busy machine is no finding
def test_lateness_takes_no_less_than_nothing_and_no_more_than_all(spec: str, late: timedelta, measured: int) -> None:
    told = cost(policy(spec), "ada", late, measured)
    assert 0 <= told.deduction <= measured
    assert told == cost(policy(spec), "ada", late, measured)


@given(
    st.sampled_from(SPECS),
    st.timedeltas(timedelta(), timedelta(days=60)),
    st.timedeltas(timedelta(), timedelta(days=9)),
)
@settings(deadline=None)
def test_later_is_never_cheaper(spec: str, late: timedelta, more: timedelta) -> None:
    assert points(spec, late) <= points(spec, late + more)


PLUGIN = """
from mlops_grader.cohort.late import Cost

def make(arguments, run):
    return lambda student, late, measured: Cost(int(arguments), f"{student} pays {arguments}")
"""


def installed(folder: Path, names: str) -> None:
    """A package with entry points, as an installer leaves it."""
    (folder / "grace.py").write_text(PLUGIN)
    facts = folder / "grace-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: grace\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{late.GROUP}]\n{names}\n")


def test_another_package_brings_a_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "grace = grace:make")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert cost(policy("grace:5"), "ada", hours(1), 80) == Cost(Fraction(5), "ada pays 5")
        assert [points(f"grace:{asked}", hours(1)) for asked in (-3, 500)] == [0, 80]
        with pytest.raises(UsageError, match="did you mean `grace`"):
            policy("grcae:5")
    finally:
        sys.modules.pop("grace", None)


def test_two_packages_with_one_name_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, "percent = grace:make")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UsageError, match="two packages offer a late policy `percent`"):
        policy("percent:10")


def test_the_policy_of_the_documentation_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (Path(__file__).parents[3] / "docs" / "gradebook.md").read_text(encoding="utf-8")
    code, entry = (text.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "toml"))
    installed(tmp_path, "\n".join(tomllib.loads(entry)["project"]["entry-points"][late.GROUP]) + " = our_policies:make")
    (tmp_path / "our_policies.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert [points("grace:15", timedelta(minutes=minutes)) for minutes in (15, 16)] == [0, 5]
    finally:
        sys.modules.pop("our_policies", None)
