"""How the capstone is graded, for the syllabus: what is worth how much, who judges it, and the rules."""

from __future__ import annotations

from collections.abc import Iterable

from mlops_grader.capstone.contents import EACH_PERSON, Sheet, Table, counted, gate
from mlops_grader.capstone.rubric import Judge, Line, Rubric


def syllabus(rubric: Rubric) -> Sheet:
    """For the syllabus: what is worth how much, who judges it, and the rules."""
    return Sheet(
        name="syllabus",
        title="How the capstone is graded",
        words=(
            "Every line is a claim that passes or fails. The grade of a team is the sum of the lines that it earned.",
            gate(rubric),
            (
                f"Difficult lines are worth points beyond the {sum(line.points for line in rubric.must)}: at most "
                f"{rubric.bonus_cap} of them count, and no grade is above 100."
            ),
            _peers(rubric),
            _late(rubric),
        ),
        table=points_by_judge(rubric),
    )


def points_by_judge(rubric: Rubric) -> Table:
    """The points of each phase, and who decides on how many of them."""
    head = ("phase", "points", *(judge.value for judge in Judge), EACH_PERSON, "bonus")
    rows = [(phase.title, str(phase.points), *_shares(phase.lines)) for phase in rubric.phases]
    total = ("all", str(sum(phase.points for phase in rubric.phases)), *_shares(rubric.lines))
    return Table(head, (*rows, total))


def _shares(lines: Iterable[Line]) -> list[str]:
    known = list(lines)
    must = [line for line in known if not line.bonus]
    team = [sum(line.points for line in must if line.judge is judge and not line.individual) for judge in Judge]
    person = sum(line.points for line in must if line.individual)
    bonus = sum(line.points for line in known if line.bonus)
    return [str(points) if points else "" for points in (*team, person, bonus)]


def _peers(rubric: Rubric) -> str:
    return (
        f"Each person reviews {rubric.peers.reviews} other teams; without these reviews a grade is incomplete. Team-mates rate "
        "each other: a person's mean rating over the mean of the team multiplies the person's grade, by at most "
        f"{float(rubric.peers.ceiling):g}."
    )


def _late(rubric: Rubric) -> str:
    late = rubric.late
    return (
        f"There are {counted(late.tokens, 'token')} for late work and for handing in again; each buys "
        f"{counted(late.hours, 'hour')}. A day late without a token costs {late.percent} % of the points, at most {late.most} %."
    )
