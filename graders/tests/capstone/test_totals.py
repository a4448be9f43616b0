"""Scores of teams and grades of people: exact, bounded, never lower for more, and open about what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from capstone.rubrics import (
    ALIKE,
    CLASS,
    FULL_STATES,
    LATE,
    LINES,
    POINTS,
    RUBRIC,
    full_scores,
    review,
    rubric_of,
    score,
)
from mlops_grader.capstone.lateness import Record
from mlops_grader.capstone.peers import Rating
from mlops_grader.capstone.rubric import Judge, Rubric
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.state import State
from mlops_grader.capstone.totals import Grades, Recorded, Total, grades

DUE = datetime(2026, 11, 2, 18, tzinfo=UTC)
NO_BONUS = {**FULL_STATES, "drift": State.NOT_EARNED}


def without(line: str, scores: Sequence[Score] | None = None) -> list[Score]:
    """All scores but those of a line."""
    return [one for one in scores or full_scores() if one.line != line]


def plain(*more: Score) -> list[Score]:
    """Every must line passed and every bonus line failed by one judge; these instead of the ones of their lines."""
    bonus = {one.id for one in LINES if one.bonus}
    scores = [replace(one, mark=Mark.FAIL) if one.line in bonus else one for one in full_scores()]
    return [one for one in scores if one.line not in {new.line for new in more}] + list(more)


def graded(
    scores: Sequence[Score] | None = None,
    states: Mapping[str, State] = NO_BONUS,
    ratings: Sequence[Rating] = ALIKE,
    records: Sequence[Record] = (),
    rubric: Rubric = RUBRIC,
) -> Grades:
    """The grades of Larch."""
    return grades(rubric, CLASS, "Larch", states, Recorded(plain() if scores is None else scores, ratings, records))


def of(found: Grades, person: str) -> Total:
    """The grade of one person."""
    return next(one for one in found.people if one.of == person)


def late(hours: float, milestone: str = "data", owner: str = "Larch") -> Record:
    """A hand-in so many hours after it was due."""
    return Record(owner, milestone, DUE, DUE + timedelta(hours=hours))


# what lines are worth


def test_everything_earned_is_all_that_is_possible() -> None:
    found = graded()
    assert (found.team.points, found.team.possible) == (92, 92)
    assert [(one.of, one.points, one.possible) for one in found.people] == [
        ("ada", 100, 100),
        ("ben", 100, 100),
        ("cy", 100, 100),
    ]


def test_nothing_earned_is_nothing() -> None:
    found = graded(full_scores(mark="fail"), dict.fromkeys(FULL_STATES, State.NOT_EARNED))
    assert (found.team.points, [one.points for one in found.people]) == (0, [0, 0, 0])


def test_a_line_of_people_is_worth_the_share_of_its_judges() -> None:
    marks = [score("value", "roe"), score("value", "poe", "fail"), score("value", "zoe")]
    found = graded(plain(*marks)).team
    assert found.points == 92 - 6 + Fraction(6 * 2, 3)
    assert found.least.rows[0].words == "`value`: 2 of 3 pass it"
    assert (found.least.rows[0].left, found.least.rows[0].right, found.least.rows[0].result) == (6, Fraction(2, 3), 4)


def test_a_line_of_checks_is_worth_all_or_nothing() -> None:
    found = graded(states={**NO_BONUS, "repeatable": State.NOT_EARNED}).team
    assert found.points == 92 - 15


def test_scores_of_another_team_do_not_count() -> None:
    theirs = replace(score("value", "poe", "fail"), team="Oak")
    assert graded([*plain(), theirs]) == graded()


def test_a_line_for_each_person_counts_for_that_person_alone() -> None:
    oral = [score("oral", "roe", mark, person) for person, mark in (("ada", "pass"), ("ben", "fail"), ("cy", "pass"))]
    found = graded(plain(*oral))
    assert [one.points for one in found.people] == [100, 92, 100]
    assert found.team.points == 92


def test_phases_have_their_own_sums() -> None:
    found = graded(states={**NO_BONUS, "repeatable": State.NOT_EARNED})
    assert {one.phase.key: one.points for one in found.team.least.phases} == {
        "scoping": 10, "data": 20, "model": 10, "deployment": 25, "expo": 12,
    }  # fmt: skip


# the gate


def test_a_failed_gate_closes_its_phases_and_no_other() -> None:
    found = graded(plain(score("canary", "roe")), {**FULL_STATES, "clean-machine": State.NOT_EARNED}).team
    assert {one.phase.key: one.points for one in found.least.phases} == {**POINTS, "deployment": 0, "expo": 12}
    assert [one.step.result for one in found.least.bonus] == [4, 0]
    assert "`stops`: not earned, `clean-machine` is the gate" in [row.words for row in found.least.rows]


def test_what_a_failed_gate_closes_is_not_missing() -> None:
    found = graded(without("runbook", plain()), {**NO_BONUS, "clean-machine": State.NOT_EARNED}).team
    assert (found.missing, found.points) == ((), 67)


def test_an_unknown_gate_makes_its_phases_uncertain() -> None:
    found = graded(states={**NO_BONUS, "clean-machine": State.UNKNOWN}).team
    assert (found.least.points, found.most.points) == (67, 92)
    assert found.missing == ("`clean-machine`: the checks could not tell",)


def test_a_gate_that_people_judge_opens_when_all_pass_it() -> None:
    lines = [replace(one, judge=Judge.STAFF, checks=()) if one.id == "clean-machine" else one for one in LINES]
    two = [score("clean-machine", "roe"), score("clean-machine", "poe", "fail")]
    assert graded([*plain(), *two], rubric=rubric_of(lines)).team.points == 67
    assert graded([*plain(), two[0]], rubric=rubric_of(lines)).team.points == 92


# the bonus


def test_the_bonus_is_capped() -> None:
    found = graded(full_scores(), {**FULL_STATES, "repeatable": State.NOT_EARNED})
    assert found.team.points == 92 - 15 + 10
    assert of(found, "ada").points == 100 - 15 + 10


def test_a_bonus_below_the_cap_counts_in_full() -> None:
    assert graded(states={**FULL_STATES, "repeatable": State.NOT_EARNED}).team.points == 92 - 15 + 4


def test_a_personal_bonus_is_ones_own() -> None:
    talk = [score("talk", "roe", mark, person) for person, mark in (("ada", "pass"), ("ben", "fail"), ("cy", "fail"))]
    found = graded(plain(*talk), {**NO_BONUS, "repeatable": State.NOT_EARNED})
    assert [one.points for one in found.people] == [88, 85, 85]


def test_no_total_is_more_than_100() -> None:
    assert [one.points for one in graded(full_scores(), FULL_STATES).people] == [100, 100, 100]
    assert graded(full_scores(), FULL_STATES).team.points == 100


# what is missing


def test_a_missing_line_of_people_is_told_and_makes_a_range() -> None:
    found = graded(without("data-card", plain()))
    assert (found.team.provisional, found.team.points, found.team.missing) == (
        True,
        None,
        ("`data-card`: no score by staff",),
    )
    assert (found.team.least.points, found.team.most.points) == (82, 92)
    assert all(one.missing == ("`data-card`: no score by staff",) for one in found.people)


@pytest.mark.parametrize(
    ("line", "words"), [("bias", "`bias`: no score by peers"), ("demo", "`demo`: no score by judges")]
)
def test_it_is_told_whose_score_is_missing(line: str, words: str) -> None:
    assert graded(without(line, plain())).team.missing == (words,)


@pytest.mark.parametrize(
    "states", [{**NO_BONUS, "stops": State.UNKNOWN}, {k: v for k, v in NO_BONUS.items() if k != "stops"}]
)
def test_what_checks_could_not_tell_or_did_not_run_is_missing(states: Mapping[str, State]) -> None:
    found = graded(states=states).team
    assert (found.missing, found.least.points, found.most.points) == (("`stops`: the checks could not tell",), 80, 92)


def test_the_oral_of_one_person_is_missing_for_that_person() -> None:
    found = graded([one for one in plain() if (one.line, one.person) != ("oral", "ben")])
    assert [one.missing for one in found.people] == [(), ("`oral` of ben: no score by staff",), ()]
    assert (of(found, "ben").least.points, of(found, "ben").most.points, found.team.missing) == (92, 100, ())


def test_missing_rows_say_what_they_were_taken_for() -> None:
    found = graded(without("value", plain())).team
    assert found.least.rows[0].words == "`value`: missing, the least that it can be"
    assert found.most.rows[0].words == "`value`: missing, the most that it can be"


def test_a_missing_rating_makes_a_range_too() -> None:
    found = of(graded(ratings=[one for one in ALIKE if one.ratee != "ada"]), "ada")
    assert found.missing == ("nobody rated ada's citizenship",)
    assert (found.least.points, found.most.points) == (Fraction(100, 3), 100)


def test_who_did_not_rate_is_noted() -> None:
    found = of(graded(ratings=[one for one in ALIKE if one.rater != "cy"]), "ada")
    assert (found.notes, found.provisional) == (("cy did not rate ada, ben",), False)


def test_who_owes_reviews_is_incomplete() -> None:
    done = [one for name in ("Oak", "Pine", "Elm") for one in review("ada", name)]
    found = graded([*plain(), *done])
    assert [(one.of, one.incomplete) for one in found.people] == [("ada", False), ("ben", True), ("cy", True)]
    assert of(found, "ben").lacks == ("0 of 3 complete peer reviews are in, 3 to go",)


# lateness and citizenship


def test_what_came_late_loses_its_percent_of_the_phase() -> None:
    found = graded(records=[late(24 * 10)])
    assert [one.points for one in found.people] == [96, 96, 96]
    assert found.team.points == 92
    assert found.accounts["Larch"].left == 0


def test_lateness_takes_of_what_the_phase_earned() -> None:
    found = graded(records=[late(24 * 10)], states={**NO_BONUS, "data-valid": State.NOT_EARNED})
    assert of(found, "ada").points == 100 - 10 - 2


def test_own_lateness_is_ones_own() -> None:
    found = graded(records=[late(24 * 9, owner="ada"), late(24 * 13, owner="dee")])
    assert [one.points for one in found.people] == [98, 100, 100]
    assert set(found.accounts) == {"ada"}


def test_team_and_own_lateness_of_a_phase_add_up_to_at_most_the_most() -> None:
    both = [late(24 * 11), late(24 * 12, owner="ada")]
    assert [one.points for one in graded(records=both).people] == [90, 94, 94]
    rows = [
        (row.words, row.left, row.right, row.result)
        for row in of(graded(records=both), "ada").least.phases[1].steps[2:]
    ]
    assert rows == [
        ("late: percent of Larch", 0, 30, 30),
        ("late: percent of ada", 30, 40, 70),
        ("and not more than", 70, 50, 50),
        ("as a share", 50, 100, Fraction(1, 2)),
        ("of what data earned", 20, Fraction(1, 2), 10),
        ("less lateness", 20, 10, 10),
    ]


def test_the_bonus_loses_nothing_to_lateness() -> None:
    found = graded(full_scores(), {**FULL_STATES, "repeatable": State.NOT_EARNED}, records=[late(24 * 10, "model")])
    assert of(found, "ada").points == 85 + 10 - 2


def test_citizenship_multiplies_up_to_100() -> None:
    """Means: ada 5, ben 4, cy 3; the team's 4."""
    uneven = [replace(one, rating={"ada": 5, "ben": 4, "cy": 3}[one.ratee]) for one in ALIKE]
    found = graded(states={**NO_BONUS, "repeatable": State.NOT_EARNED}, ratings=uneven)
    assert [one.points for one in found.people] == [Fraction(85 * 21, 20), 85, Fraction(85 * 3, 4)]
    assert [one.points for one in graded(ratings=uneven).people] == [100, 100, 75]


# every step is a row


def test_the_rows_of_a_grade_lead_from_its_lines_to_its_total() -> None:
    rows = [row.words for row in of(graded(records=[late(24 * 9)]), "ada").least.rows]
    assert rows[:4] == ["`value`: 1 of 1 pass it", "`owners`: its checks pass", "`value`", "`owners`"]
    assert rows[rows.index("Scoping"):] == [
        "Scoping", "Data", "Model", "Deployment", "Expo",
        "bonus `drift`", "bonus `canary`", "bonus `talk`", "the bonus, up to its cap", "with the bonus", "not more than 100",
        "the mean of 3 members' means", "ada's mean by the team's", "and not more than the ceiling",
        "times ada's citizenship", "not more than 100",
    ]  # fmt: skip


def test_the_last_row_is_the_total() -> None:
    found = of(graded(states={**NO_BONUS, "repeatable": State.NOT_EARNED}), "ada")
    assert found.least.rows[-1].result == found.points == 85


def test_tokens_keep_a_small_lateness_free() -> None:
    assert [one.points for one in graded(records=[late(24 * 8)]).people] == [100, 100, 100]
    assert LATE.tokens == 8
