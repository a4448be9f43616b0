"""Scores of teams and grades of people: exact, bounded, never lower for more, and open about what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from capstone.rubrics import (
    CLASS,
    FULL_STATES,
    LARCH,
    LATE,
    LINES,
    PEERS,
    POINTS,
    PROPERTY,
    RUBRIC,
    full_scores,
    line,
    review,
    rubric_of,
    score,
)
from hypothesis import given
from hypothesis import strategies as st

from mlops_grader.capstone.lateness import Record
from mlops_grader.capstone.peers import Rating
from mlops_grader.capstone.rubric import Judge, LateRules, Line, PeerRules, Rubric
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.state import State
from mlops_grader.capstone.steps import Operation
from mlops_grader.capstone.totals import Grades, Recorded, Total, grades

DUE = datetime(2026, 11, 2, 18, tzinfo=UTC)
ALIKE = tuple(Rating(one, two, 4) for one in LARCH.ids for two in LARCH.ids if one != two)
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
    assert [(one.of, one.points, one.possible) for one in found.people] == [("ada", 100, 100), ("ben", 100, 100), ("cy", 100, 100)]


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
    assert (found.team.provisional, found.team.points, found.team.missing) == (True, None, ("`data-card`: no score by staff",))
    assert (found.team.least.points, found.team.most.points) == (82, 92)
    assert all(one.missing == ("`data-card`: no score by staff",) for one in found.people)


@pytest.mark.parametrize(
    ("line", "words"), [("bias", "`bias`: no score by peers"), ("demo", "`demo`: no score by judges")]
)
def test_it_is_told_whose_score_is_missing(line: str, words: str) -> None:
    assert graded(without(line, plain())).team.missing == (words,)


@pytest.mark.parametrize("states", [{**NO_BONUS, "stops": State.UNKNOWN}, {k: v for k, v in NO_BONUS.items() if k != "stops"}])
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
    rows = [(row.words, row.left, row.right, row.result) for row in of(graded(records=both), "ada").least.phases[1].steps[2:]]
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


# properties: any rubric, any scores


@dataclass(frozen=True)
class World:
    """A rubric with everything that was recorded about Larch."""

    rubric: Rubric
    states: Mapping[str, State]
    scores: tuple[Score, ...]
    ratings: tuple[Rating, ...]
    records: tuple[Record, ...]

    def grades(self) -> Grades:
        """The grades of Larch."""
        return grades(self.rubric, CLASS, "Larch", self.states, Recorded(self.scores, self.ratings, self.records))

    def totals(self) -> list[Total]:
        """The team's score and the grades of its people."""
        found = self.grades()
        return [found.team, *found.people]


JUDGES = {Judge.STAFF: ("roe", "poe"), Judge.PEER: ("dee", "gus", "jo"), Judge.EXPO: ("vip", "zoe")}


@st.composite
def rubrics(draw: st.DrawFn) -> Rubric:
    """Phases with the course's points in one to four lines each, some bonus lines, the gate among the deployment's."""
    lines: list[Line] = [line("clean-machine", "deployment", 5, Judge.CHECK)]
    for phase, points in POINTS.items():
        left = points - (5 if phase == "deployment" else 0)
        cuts = sorted(draw(st.sets(st.integers(1, left - 1), max_size=3)))
        for number, (begin, end) in enumerate(zip([0, *cuts], [*cuts, left], strict=True)):
            lines.append(_line(draw, f"{phase}-{number}", phase, end - begin))
    for number in range(draw(st.integers(0, 3))):
        phase = draw(st.sampled_from(list(POINTS)))
        lines.append(replace(_line(draw, f"bonus-{number}", phase, draw(st.integers(1, 9))), bonus=True))
    late_rules = LateRules(draw(st.integers(0, 3)), 24, draw(st.integers(0, 30)), draw(st.integers(0, 100)))
    return rubric_of(lines, late_rules, PeerRules(3, PEERS.ceiling), bonus_cap=10)


def _line(draw: st.DrawFn, name: str, phase: str, points: int) -> Line:
    judge = draw(st.sampled_from(Judge))
    return line(name, phase, points, judge, individual=judge is Judge.STAFF and draw(st.booleans()))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A rubric, and scores, ratings and records, of which some may be missing."""
    rubric = draw(rubrics())
    states = {one.id: draw(st.sampled_from(State)) for one in rubric.lines if one.judge is Judge.CHECK}
    scores = [
        score(one.id, judge, mark, person)
        for one in rubric.lines
        if one.judge is not Judge.CHECK
        for person in (LARCH.ids if one.individual else ("",))
        for judge in JUDGES[one.judge]
        if (mark := draw(st.sampled_from(["pass", "fail", ""])))
    ]
    ratings = [replace(one, rating=rating) for one in ALIKE if (rating := draw(st.integers(0, 5)))]
    records = [
        Record(owner, phase, DUE, DUE + timedelta(hours=hours))
        for owner in ("Larch", "ada")
        for phase in POINTS
        if (hours := draw(st.sampled_from([0, 0, 0, 5, 50, 150])))
    ]
    return World(rubric, states, tuple(scores), tuple(ratings), tuple(records))


@PROPERTY
@given(worlds())
def test_totals_stay_between_0_and_100(world: World) -> None:
    for total in world.totals():
        assert 0 <= total.least.points <= total.most.points <= 100


@PROPERTY
@given(worlds(), st.data())
def test_one_thing_more_that_passes_lowers_nobody(world: World, data: st.DataObject) -> None:
    lost = [one for one in world.scores if one.mark is Mark.FAIL]
    unearned = [line for line, state in world.states.items() if state is State.NOT_EARNED]
    if not lost + unearned:
        return
    chosen = data.draw(st.sampled_from([*lost, *unearned]))
    if isinstance(chosen, Score):
        scores = tuple(replace(one, mark=Mark.PASS) if one is chosen else one for one in world.scores)
        better = replace(world, scores=scores)
    else:
        better = replace(world, states={**world.states, chosen: State.EARNED})
    for before, after in zip(world.totals(), better.totals(), strict=True):
        assert before.least.points <= after.least.points
        assert before.most.points <= after.most.points


@PROPERTY
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_judges_and_rows_does_not_matter(world: World, random: object) -> None:
    shuffled = {name: list(getattr(world, name)) for name in ("scores", "ratings", "records")}
    for rows in shuffled.values():
        random.shuffle(rows)  # type: ignore[attr-defined]
    states = dict(sorted(world.states.items(), reverse=True))
    other = replace(world, states=states, **{name: tuple(rows) for name, rows in shuffled.items()})
    assert other.grades() == world.grades()


@PROPERTY
@given(worlds())
def test_names_of_judges_do_not_matter(world: World) -> None:
    swapped = {"roe": "poe", "poe": "roe", "vip": "zoe", "zoe": "vip"}
    scores = tuple(replace(one, judge=swapped.get(one.judge, one.judge)) for one in world.scores)
    assert replace(world, scores=scores).grades() == world.grades()


@PROPERTY
@given(worlds())
def test_the_least_and_the_most_are_one_unless_something_is_missing(world: World) -> None:
    for total in world.totals():
        assert total.missing or total.least.points == total.most.points
        assert (total.points is None) == bool(total.missing)


@PROPERTY
@given(worlds())
def test_everything_without_a_score_is_told_unless_the_gate_is_shut(world: World) -> None:
    shut = world.states["clean-machine"] is State.NOT_EARNED
    scored = {(one.line, one.person) for one in world.scores}
    for total in world.totals():
        person = "" if total.of == "Larch" else total.of
        for one in world.rubric.lines:
            if (one.individual and not person) or (shut and one.phase == "deployment"):
                continue
            known = (one.id, person if one.individual else "") in scored
            if one.judge is Judge.CHECK:
                known = world.states[one.id] is not State.UNKNOWN
            told = any(words.startswith((f"`{one.id}`:", f"`{one.id}` of {person}:")) for words in total.missing)
            assert told is not known


@PROPERTY
@given(worlds(), st.data())
def test_however_the_missing_is_filled_in_the_total_was_in_the_range(world: World, data: st.DataObject) -> None:
    either = st.sampled_from([State.EARNED, State.NOT_EARNED])
    states = {one: data.draw(either) if state is State.UNKNOWN else state for one, state in world.states.items()}
    scored = {one.item for one in world.scores}
    rated = {one.ratee for one in world.ratings}
    new_scores = tuple(
        score(one.id, judge, data.draw(st.sampled_from(["pass", "fail"])), person)
        for one in world.rubric.lines
        if one.judge is not Judge.CHECK
        for person in (LARCH.ids if one.individual else ("",))
        if (one.id, "Larch", person) not in scored
        for judge in JUDGES[one.judge]
    )
    new_ratings = tuple(replace(one, rating=data.draw(st.integers(1, 5))) for one in ALIKE if one.ratee not in rated)
    filled = replace(world, states=states, scores=world.scores + new_scores, ratings=world.ratings + new_ratings)
    for before, after in zip(world.totals(), filled.totals(), strict=True):
        assert not after.missing
        assert after.points is not None
        assert before.least.points <= after.points <= before.most.points


@PROPERTY
@given(worlds())
def test_the_rows_add_up(world: World) -> None:
    """Each phase is the sum of its lines' rows, and each row begins with what it says it begins with."""
    for total in world.totals():
        for bound in (total.least, total.most):
            assert bound.steps[0].left == 0
            for phase in bound.phases:
                added = [step for step in phase.steps if step.operation is Operation.PLUS and "late" not in step.words]
                assert sum(step.right for step in added) == sum(one.step.result for one in phase.lines)
            assert sum(step.right for step in bound.steps[:5]) == sum(phase.points for phase in bound.phases)


def test_tokens_keep_a_small_lateness_free() -> None:
    assert [one.points for one in graded(records=[late(24 * 8)]).people] == [100, 100, 100]
    assert LATE.tokens == 8
