"""What stands on each sheet of paper that is made from the rubric."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mlops_grader.capstone.rubric import AREAS, Judge, Line, Phase, Question, Rubric

PASS_OR_FAIL = ("pass", "fail")
EACH_PERSON = "each person"
JUDGES = {
    Judge.CHECK: "the grader's checks",
    Judge.STAFF: "staff",
    Judge.PEER: "people of other teams",
    Judge.EXPO: "guests of the expo",
}
HOW_TO_SCORE = (
    "A line passes when its claim is true as it stands, and fails otherwise; there are no half points. What the team could not "
    "show fails. What you did not get to see has no score: leave both boxes empty, and the line is reported as missing."
)


@dataclass(frozen=True)
class Row:
    """Something to tick: words, what they are worth, and what somebody has to know for it."""

    words: str
    points: int
    label: str
    bonus: bool = False
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """Rows under a heading. `apart`: on a page of its own. `most`: the points that its must rows add up to."""

    title: str
    rows: tuple[Row, ...]
    apart: bool = False

    @property
    def most(self) -> int:
        """The points of the rows that are no bonus."""
        return sum(row.points for row in self.rows if not row.bonus)


@dataclass(frozen=True)
class Table:
    """Numbers and words in columns."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Sheet:
    """One document. fields: filled in by hand on every page. boxes: what each row can be ticked for. notes: asked at the end."""

    name: str
    title: str
    words: tuple[str, ...]
    fields: tuple[str, ...] = ()
    boxes: tuple[str, ...] = PASS_OR_FAIL
    sections: tuple[Section, ...] = ()
    table: Table | None = None
    notes: tuple[str, ...] = ()


def checklist(rubric: Rubric) -> Sheet:
    """For the team: every line, who answers for it, what is asked for and who judges."""
    return Sheet(
        name="checklist",
        title="Student checklist",
        words=(
            (
                "Tick a line when you have seen it hold yourselves, with the evidence in your hands. What is judged by checks you "
                "can run as often as you like."
            ),
            gate(rubric),
        ),
        fields=("Team", "Date"),
        boxes=("done",),
        sections=_sections(rubric, lambda _: True, _all_about),
    )


def score_sheet(rubric: Rubric) -> Sheet:
    """For staff: the lines of a team that staff judges."""
    return Sheet(
        name="score-sheet",
        title="Staff score sheet",
        words=(HOW_TO_SCORE, "The lines that checks judge are measured, and those of each person are on the debrief."),
        fields=("Team", "Judge", "Date"),
        sections=_sections(rubric, lambda line: line.judge is Judge.STAFF and not line.individual, _evidence),
    )


def expo_sheet(rubric: Rubric) -> Sheet:
    """For the guests of the expo."""
    return Sheet(
        name="expo-sheet",
        title="Judge's sheet for the expo",
        words=(
            "Thank you for judging. Take about ten minutes with the team; everything below can be seen at its table.",
            HOW_TO_SCORE,
        ),
        fields=("Team", "Judge", "Date"),
        sections=_sections(rubric, lambda line: line.judge is Judge.EXPO, _evidence),
        notes=("What convinced you most?", "What should the team do next?"),
    )


def peer_form(rubric: Rubric) -> Sheet:
    """For people of other teams."""
    return Sheet(
        name="peer-review",
        title="Peer review",
        words=(
            (
                f"Each of you reviews {rubric.peers.reviews} other teams. Work alone, with the team's repository and nothing else; "
                "ask the team only after you have filled this in."
            ),
            HOW_TO_SCORE,
        ),
        fields=("Team reviewed", "Reviewer", "Date"),
        sections=_sections(rubric, lambda line: line.judge is Judge.PEER, _evidence),
        notes=("What helped you most?", "Where were you stuck, and which words would have helped?"),
    )


def debrief(rubric: Rubric) -> Sheet:
    """For staff: the questions of the oral, a page for each area, to be scored for one person."""
    asked = [line for line in rubric.lines if line.individual]
    sections = (_questions(rubric.questions, asked, area) for area in AREAS)
    return Sheet(
        name="debrief",
        title="Debrief: question bank",
        words=(
            (
                "Take the page of the area that the person owns or worked in, and one page for each person. Ask for things to be "
                "opened and typed, not told. Questions from the team's own repository take the place of these where there are some."
            ),
            HOW_TO_SCORE,
        ),
        fields=("Team", "Person", "Judge", "Date"),
        sections=tuple(section for section in sections if section.rows),
    )


def counted(number: int, word: str) -> str:
    """A number and its word: "1 point", "2 points"."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def gate(rubric: Rubric) -> str:
    """What the gate is, and what it closes."""
    titles = {phase.key: phase.title for phase in rubric.phases}
    closed = " and ".join(titles[key] for key in rubric.gate.closes)
    return f"The gate is the line `{rubric.gate.line}`: while it fails, no line of {closed} is earned. {rubric.gate.reason}"


def _sections(
    rubric: Rubric, wanted: Callable[[Line], bool], about: Callable[[Line], tuple[tuple[str, str], ...]]
) -> tuple[Section, ...]:
    sections = (Section(phase.title, _rows(phase, wanted, about)) for phase in rubric.phases)
    return tuple(section for section in sections if section.rows)


def _rows(
    phase: Phase, wanted: Callable[[Line], bool], about: Callable[[Line], tuple[tuple[str, str], ...]]
) -> tuple[Row, ...]:
    """The lines of a phase: those that everybody needs, then the difficult ones."""
    lines = sorted((line for line in phase.lines if wanted(line)), key=lambda line: line.bonus)
    return tuple(Row(line.claim, line.points, line.id, line.bonus, about(line)) for line in lines)


def _evidence(line: Line) -> tuple[tuple[str, str], ...]:
    return (("Evidence", line.evidence),)


def _all_about(line: Line) -> tuple[tuple[str, str], ...]:
    checks = ", ".join(f"`{check}`" for check in line.checks)
    judged = f"{JUDGES[line.judge]}: {checks}" if checks else JUDGES[line.judge]
    owner = f"{EACH_PERSON}; {line.owner} has the evidence at hand" if line.individual else line.owner
    part = (("Only with the part", line.part),) if line.part else ()
    return (("Evidence", line.evidence), ("Answers for it", owner), *part, ("Judged by", judged))


def _questions(questions: Iterable[Question], lines: Iterable[Line], area: str) -> Section:
    known = [question for question in questions if question.area == area]
    rows = tuple(
        Row(line.claim, line.points, line.id, details=_asked(question))
        for line in lines
        for question in known
        if question.line == line.id
    )
    return Section(f"Area: {area}", rows, apart=True)


def _asked(question: Question) -> tuple[tuple[str, str], ...]:
    return (("Ask", question.ask), ("Listen for", question.listen))
