"""Tokens and percent for late work, from recorded instants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capstone.rubrics import CLASS, LATE, PROPERTY, RUBRIC, put
from mlops_grader.capstone.lateness import Account, Record, accounts, read
from mlops_grader.capstone.rows import TableError
from mlops_grader.capstone.rubric import LateRules
from mlops_grader.capstone.steps import Operation

HEAD = "team_or_person,milestone,due,handed_in,resubmission\n"
DUE = datetime(2026, 11, 2, 18, tzinfo=UTC)


def late(milestone: str, hours: float, due: datetime = DUE, *, again: bool = False, owner: str = "Larch") -> Record:
    """A hand-in so many hours after it was due."""
    return Record(owner, milestone, due, due + timedelta(hours=hours), again)


def account(*records: Record, rules: LateRules = LATE, **changes: int) -> Account:
    """What lateness costs Larch."""
    return accounts(records, replace(rules, **changes))["Larch"]


def costs(found: Account) -> list[tuple[int, int, int]]:
    """Tokens, tokens left and percent of each hand-in."""
    return [(one.tokens, one.left, one.percent) for one in found.hand_ins]


@pytest.mark.parametrize(
    ("hours", "tokens"), [(-5, 0), (0, 0), (1 / 3600, 1), (23.9, 1), (24, 1), (24 + 1 / 3600, 2), (192, 8)]
)
def test_each_started_day_spends_a_token(hours: float, tokens: int) -> None:
    assert costs(account(late("data", hours))) == [(tokens, 8 - tokens, 0)]


@pytest.mark.parametrize(
    ("hours", "percent"), [(24, 0), (24.01, 10), (48, 10), (48.01, 20), (24 * 6, 50), (24 * 6.01, 50), (24 * 90, 50)]
)
def test_without_tokens_each_started_day_costs_percent_up_to_the_most(hours: float, percent: int) -> None:
    assert costs(account(late("data", hours), tokens=1)) == [(1, 0, percent)]


def test_a_token_buys_the_hours_of_the_rules() -> None:
    """30 hours: two tokens of 12 hours buy 24, the other 6 are a started day."""
    assert costs(account(late("data", 30), tokens=2, hours=12)) == [(2, 0, 10)]
    assert costs(account(late("data", 24), tokens=8, hours=12)) == [(2, 6, 0)]
    assert costs(account(late("data", 49), tokens=8, hours=48)) == [(2, 6, 0)]


def test_tokens_are_spent_in_the_order_of_the_hand_ins() -> None:
    first, second = late("model", 24, DUE), late("data", 24, DUE + timedelta(days=9))
    for records in ((first, second), (second, first)):
        found = account(*records, tokens=1)
        assert [one.record.milestone for one in found.hand_ins] == ["model", "data"]
        assert costs(found) == [(1, 0, 0), (0, 0, 10)]


def test_what_counts_is_when_it_came_and_not_when_it_was_due() -> None:
    due_first, came_first = late("data", 72), late("model", 2, DUE + timedelta(days=1))
    assert [one.record.milestone for one in account(due_first, came_first).hand_ins] == ["model", "data"]


def test_teams_and_people_have_tokens_of_their_own() -> None:
    found = accounts([late("data", 30), late("data", 30, owner="ada")], LATE)
    assert {owner: one.left for owner, one in found.items()} == {"Larch": 6, "ada": 6}


def test_percents_are_told_for_each_milestone_that_loses() -> None:
    found = account(late("data", 1), late("model", 50, DUE + timedelta(days=9)), tokens=1)
    assert found.percents == {"model": 30}


def test_a_resubmission_costs_a_token() -> None:
    assert costs(account(late("data", 0), late("data", -1, DUE + timedelta(days=9), again=True))) == [
        (0, 8, 0),
        (1, 7, 0),
    ]


def test_a_late_resubmission_costs_more_tokens_and_never_percent() -> None:
    found = account(late("data", 0), late("data", 25, DUE + timedelta(days=9), again=True), tokens=3)
    assert (costs(found)[1], found.hand_ins[1].counts) == ((3, 0, 0), True)


@pytest.mark.parametrize(("hours", "price"), [(-1, "1 token and 0 are left"), (1, "2 tokens and 0 are left")])
def test_a_resubmission_that_cannot_be_paid_does_not_count_and_costs_nothing(hours: float, price: str) -> None:
    found = account(late("data", 0), late("data", hours, DUE + timedelta(days=9), again=True), tokens=0)
    last = found.hand_ins[1]
    assert (costs(found)[1], last.counts, price in last.words) == ((0, 0, 0), False, True)


def test_a_resubmission_unpaid_leaves_its_tokens_for_what_comes_later() -> None:
    again = late("data", 30, DUE + timedelta(days=2), again=True)
    found = account(late("data", 0), again, late("model", 1, DUE + timedelta(days=9)), tokens=2)
    assert costs(found) == [(0, 2, 0), (0, 2, 0), (1, 1, 0)]


def test_every_step_is_a_row() -> None:
    rows = [(s.words, s.left, s.operation, s.right, s.result) for s in account(late("data", 24 * 8), tokens=2).steps]
    assert rows == [
        ("data: tokens left", 2, Operation.LESS, 2, 0),
        ("data: percent for 6 days", 6, Operation.TIMES, 10, 60),
        ("and not more than", 60, Operation.AT_MOST, 50, 50),
    ]


def test_steps_of_a_resubmission_say_so() -> None:
    found = account(late("data", 0), late("data", 0, DUE + timedelta(days=9), again=True))
    assert [(s.words, s.result) for s in found.steps] == [("data, resubmitted: tokens left", Fraction(7))]


@pytest.mark.parametrize(
    ("hours", "tokens", "words"),
    [
        (0, 8, "data came in time"),
        (1 / 3600, 8, "data came 0 h 01 min late: 1 token"),
        (26.5, 8, "data came 26 h 30 min late: 2 tokens"),
        (26.5, 1, "data came 26 h 30 min late: 1 token and 10 % of the milestone"),
        (26.5, 0, "data came 26 h 30 min late: 20 % of the milestone"),
    ],
)
def test_what_it_cost_is_said_in_words(hours: float, tokens: int, words: str) -> None:
    assert account(late("data", hours), tokens=tokens).hand_ins[0].words == words


# reading


def refused(folder: Path, text: str) -> tuple[str, ...]:
    """All that is wrong with these rows."""
    with pytest.raises(TableError) as raised:
        read([put(folder, "l.csv", HEAD + text)], RUBRIC, CLASS)
    return raised.value.problems


def test_offsets_of_all_kinds_are_understood(tmp_path: Path) -> None:
    """Seven in the evening in Paris is six in London: an hour after it was due."""
    path = put(tmp_path, "l.csv", HEAD + "Larch,data,2026-11-02T18:00:00+01:00,2026-11-02 18:00Z,no\n")
    found = account(*read([path], RUBRIC, CLASS))
    assert found.hand_ins[0].late == timedelta(hours=1)


def test_toml_has_times_of_its_own(tmp_path: Path) -> None:
    entry = "[[records]]\nteam_or_person = 'ada'\nmilestone = 'data'\ndue = 2026-11-02T18:00:00Z\nhanded_in = 2026-11-02T18:00:00-01:00\n"
    again = entry.replace("-01:00", "-02:00") + "resubmission = true\n"
    first, second = read([put(tmp_path, "l.toml", entry + again)], RUBRIC, CLASS)
    assert (first.owner, first.due, first.handed_in - first.due) == ("ada", DUE, timedelta(hours=1))
    assert (first.resubmission, second.resubmission) == (False, True)


GOOD = "2026-11-02T18:00Z"
EXAMPLE = "write it as in `2026-11-29T18:00:00+01:00`"
NAIVE = f"does not say in which time zone: {EXAMPLE}, or with Z at its end for UTC"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"Larch,data,{GOOD},2026-11-02T18:00,\n", f"`handed_in`: `2026-11-02T18:00` {NAIVE}"),
        (f"Larch,data,2026-11-02,{GOOD},\n", f"`due`: `2026-11-02` {NAIVE}"),
        (f"Larch,data,yesterday,{GOOD},\n", f"`due`: `yesterday` is no date and time: {EXAMPLE}"),
        (f"Larch,data,{GOOD},,\n", "`handed_in` is empty"),
        (f"Lerch,data,{GOOD},{GOOD},\n", "there is no team or person `Lerch`: did you mean `Larch`?"),
        (f"Larch,date,{GOOD},{GOOD},\n", "there is no phase `date`: did you mean `data`?"),
        (f"Larch,data,{GOOD},{GOOD},maybe\n", "resubmission is `maybe`: write `yes` or `no`"),
        (f"Larch,data,{GOOD},{GOOD},yes\n", "Larch resubmits data, and no row says that it was handed in before that"),
    ],
)
def test_each_fault_of_a_record_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert refused(tmp_path, text) == (f"`l.csv`, row 2: {words}",)


def test_a_first_hand_in_comes_once(tmp_path: Path) -> None:
    assert refused(
        tmp_path, f"Larch,data,{GOOD},{GOOD},\nLarch,model,{GOOD},{GOOD},\nLarch,data,{GOOD},{GOOD},no\n"
    ) == ("`l.csv`, row 4: Larch handed in data already, see `l.csv`, row 2: keep one, or mark a resubmission",)


def test_the_same_resubmission_comes_once(tmp_path: Path) -> None:
    again = f"Larch,data,{GOOD},2026-11-05T18:00Z,yes\n"
    assert refused(tmp_path, f"Larch,data,{GOOD},{GOOD},\n{again}{again}")[0].startswith(
        "`l.csv`, row 4: Larch handed in data already"
    )


def test_a_resubmission_comes_after_the_first_hand_in(tmp_path: Path) -> None:
    early = f"Larch,data,{GOOD},2026-11-05T18:00Z,yes\nLarch,data,{GOOD},2026-11-05T18:00Z,\n"
    assert "no row says that it was handed in before that" in refused(tmp_path, early)[0]


def test_several_resubmissions_are_fine_in_any_order_of_rows(tmp_path: Path) -> None:
    rows = (
        f"Larch,data,{GOOD},2026-11-07T18:00Z,Yes\nLarch,data,{GOOD},2026-11-05T18:00Z,yes\nLarch,data,{GOOD},{GOOD},\n"
    )
    assert len(read([put(tmp_path, "l.csv", HEAD + rows)], RUBRIC, CLASS)) == 3


def test_files_of_the_same_name_are_both_read(tmp_path: Path) -> None:
    paths = []
    for folder, owner in (("a", "Larch"), ("b", "Oak")):
        (tmp_path / folder).mkdir()
        paths.append(put(tmp_path / folder, "l.csv", HEAD + f"{owner},data,{GOOD},{GOOD},\n"))
    assert [one.owner for one in read(paths, RUBRIC, CLASS)] == ["Larch", "Oak"]


# properties

RECORDS = st.lists(
    st.builds(
        late,
        st.sampled_from(["scoping", "data", "model", "deployment", "expo"]),
        st.integers(-50, 400),
        st.datetimes(datetime(2026, 9, 1), datetime(2026, 12, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # it gets the zone
        again=st.booleans(),
    ),
    min_size=1,
    max_size=12,
    unique_by=(lambda one: one.handed_in,),
)
RULES = st.builds(LateRules, st.integers(0, 9), st.integers(1, 72), st.integers(0, 100), st.integers(0, 100))


@PROPERTY
@given(RECORDS, RULES, st.randoms(use_true_random=False))
def test_tokens_are_never_negative_and_percent_never_more_than_the_most(
    records: list[Record], rules: LateRules, random: object
) -> None:
    found = account(*records, rules=rules)
    random.shuffle(records)  # type: ignore[attr-defined]
    assert account(*records, rules=rules) == found
    assert 0 <= found.left <= rules.tokens
    assert found.left == rules.tokens - sum(one.tokens for one in found.hand_ins)
    assert all(one.tokens >= 0 and one.left >= 0 and 0 <= one.percent <= rules.most for one in found.hand_ins)
    assert all(one.percent == 0 or one.left == 0 for one in found.hand_ins), "percent while tokens were left"


@PROPERTY
@given(st.integers(0, 1000), st.integers(0, 1000), RULES)
def test_who_is_later_never_pays_less(one: int, other: int, rules: LateRules) -> None:
    sooner, later = (account(late("data", hours), rules=rules).hand_ins[0] for hours in sorted((one, other)))
    assert (sooner.tokens, sooner.percent) <= (later.tokens, later.percent)
