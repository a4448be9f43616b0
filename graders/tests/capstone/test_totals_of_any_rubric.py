"""Totals of any rubric and any scores: bounded, never lower for more, in any order, and open about what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from capstone.rubrics import ALIKE, CLASS, LARCH, PEERS, POINTS, PROPERTY, line, rubric_of, score
from mlops_grader.capstone.lateness import Record
from mlops_grader.capstone.peers import Rating
from mlops_grader.capstone.rubric import Judge, LateRules, Line, PeerRules, Rubric
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.state import State
from mlops_grader.capstone.steps import Operation
from mlops_grader.capstone.totals import Grades, Recorded, Total, grades

DUE = datetime(2026, 11, 2, 18, tzinfo=UTC)


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
