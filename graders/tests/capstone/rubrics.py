"""A small rubric and a small class for the tests of the capstone's arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from hypothesis import settings

from mlops_grader.capstone.peers import Rating
from mlops_grader.capstone.roster import Roster, roster
from mlops_grader.capstone.rubric import Gate, Judge, LateRules, Line, PeerRules, Phase, Rubric
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.state import State
from mlops_grader.team import AREAS, Member, Team

# for @given: no limit of time, the machine may be busy; the same examples each time; and no files left behind
PROPERTY = settings(deadline=None, derandomize=True, database=None, max_examples=60)

POINTS = {"scoping": 10, "data": 20, "model": 25, "deployment": 25, "expo": 20}
LATE = LateRules(tokens=8, hours=24, percent=10, most=50)
PEERS = PeerRules(reviews=3, ceiling=Fraction(21, 20))


def line(id: str, phase: str, points: int, judge: Judge, **more: bool) -> Line:  # noqa: A002
    """A line of the rubric."""
    checks = ("m06_containers/test_image_builds",) if judge is Judge.CHECK else ()
    return Line(id, phase, points, f"{id} is so", judge, "a link", "product", checks, **more)


LINES = (
    line("value", "scoping", 6, Judge.STAFF),
    line("owners", "scoping", 4, Judge.CHECK),
    line("data-card", "data", 10, Judge.STAFF),
    line("data-valid", "data", 10, Judge.CHECK),
    line("bias", "model", 10, Judge.PEER),
    line("repeatable", "model", 15, Judge.CHECK),
    line("clean-machine", "deployment", 5, Judge.CHECK),
    line("stops", "deployment", 12, Judge.CHECK),
    line("runbook", "deployment", 8, Judge.PEER),
    line("demo", "expo", 12, Judge.EXPO),
    line("oral", "expo", 8, Judge.STAFF, individual=True),
    line("canary", "deployment", 8, Judge.STAFF, bonus=True),
    line("drift", "model", 4, Judge.CHECK, bonus=True),
    line("talk", "expo", 3, Judge.STAFF, bonus=True, individual=True),
)


def rubric_of(lines: Iterable[Line], late: LateRules = LATE, peers: PeerRules = PEERS, bonus_cap: int = 10) -> Rubric:
    """A rubric of these lines, with the course's phases and the gate `clean-machine`."""
    found = tuple(lines)
    phases = tuple(
        Phase(key, key.capitalize(), points, tuple(one for one in found if one.phase == key))
        for key, points in POINTS.items()
    )
    gate = Gate("clean-machine", ("deployment",), "what nobody else can run is not deployed")
    return Rubric("Capstone", "1.0", phases, bonus_cap, gate, peers, late)


RUBRIC = rubric_of(LINES)


def team(name: str, *people: str) -> Team:
    """A team whose first member owns everything."""
    members = tuple(Member(person, person.capitalize(), (f"{person}@example.org",)) for person in people)
    return Team(name, "It sorts letters, for clerks.", members, dict.fromkeys(AREAS, people[0]))


LARCH = team("Larch", "ada", "ben", "cy")
CLASS: Roster = roster(
    [LARCH, team("Oak", "dee", "eve", "fay"), team("Pine", "gus", "hal", "ivy"), team("Elm", "jo", "kim", "lou")]
)

ALIKE = tuple(Rating(one, two, 4) for one in LARCH.ids for two in LARCH.ids if one != two)


def score(line: str, judge: str, mark: str = "pass", person: str = "", team: str = "Larch") -> Score:
    """A judge's mark, for Larch unless another team is named."""
    return Score(line, judge, team, person, Mark(mark))


def review(reviewer: str, team: str, mark: str = "pass") -> list[Score]:
    """A complete review."""
    return [score(one, reviewer, mark, team=team) for one in ("bias", "runbook")]


FULL_STATES = {one.id: State.EARNED for one in LINES if one.judge is Judge.CHECK}


def full_scores(people: Sequence[str] = LARCH.ids, mark: str = "pass") -> list[Score]:
    """One mark for every line of people, for Larch."""
    judges = {Judge.STAFF: "roe", Judge.PEER: "dee", Judge.EXPO: "vip"}
    return [
        score(one.id, judges[one.judge], mark, person)
        for one in LINES
        if one.judge is not Judge.CHECK
        for person in (people if one.individual else ("",))
    ]


def put(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file, text as UTF-8 with its line ends kept."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
