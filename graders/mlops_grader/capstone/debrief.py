"""The question bank of a debrief: for each member, questions about the team's own repository, the same for the same seed."""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from mlops_grader.capstone import choice_questions, contributions, measured, operation_questions
from mlops_grader.capstone import rubric as rubrics
from mlops_grader.capstone.contributions import UNKNOWN, Contributions
from mlops_grader.capstone.measured import Measured, MeasuredLine, State
from mlops_grader.capstone.questions import Question
from mlops_grader.capstone.rubric import Rubric
from mlops_grader.reports.unmarked import code, fenced, inline
from mlops_grader.result import write_text
from mlops_grader.submission import Submission, locate, snapshot
from mlops_grader.team import FILE, Member, Team, load

EACH = 6  # questions for one person
MOST = 200  # questions of one kind; a file can be made of alerts
_SOURCES: tuple[Callable[[Submission], Iterator[Question]], ...] = (
    operation_questions.alerts, operation_questions.instructions, operation_questions.jobs,
    choice_questions.decisions, choice_questions.dependencies, choice_questions.promises, choice_questions.sections,
)  # fmt: skip
# of six questions: three about what others wrote, two about areas that the person owns, one about their own lines
_TURNS = ("others", "owned", "others", "own", "others", "owned")
_REASONS = {
    "others": "somebody else wrote it: a team shares what it knows",
    "owned": "it is in an area that this person answers for",
    "own": "this person wrote it",
    "": "it is outside of what this person wrote or answers for",
}


@dataclass(frozen=True)
class Asked:
    """A question for one person. reason: `others`, `owned` or `own`. writer: an id, or UNKNOWN."""

    question: Question
    reason: str
    writer: str


def bank(submission: Submission, rubric: Rubric | None = None, found: Measured | None = None) -> tuple[Question, ...]:
    """All questions about a submission: from its files, then from what the grader found, in a fixed order."""
    asked = [q for source in _SOURCES for q, _ in zip(source(submission), range(MOST), strict=False)]
    if rubric and found:
        asked += [*_failures(rubric, found), *_figures(found)]
    return tuple(asked)


_FAILURE = (
    "what exactly was tried, and what came back instead",
    "the cause in their repository, by file and line, and since when",
    "whom it hurts, how often, and how anybody would have noticed",
    "the mend, and the test that would have been red",
)
_FIGURE = (
    "what it means for a user, in a sentence without a technical word",
    "which part of the product sets it",
    "what would make it worse, and what would show that",
    "whether it is good enough, against which figure",
)


def _failures(rubric: Rubric, found: Measured) -> Iterator[Question]:
    for line in found.lines:
        if line.state is State.NOT_EARNED:
            known = rubric.line(line.id)
            ask = f"The grader could not confirm this: {known.claim} Why, what does it do to users, how do you mend it?"
            yield Question("failure", known.owner, ask, _FAILURE, shown=_findings(line))


def _findings(line: MeasuredLine) -> str:
    checks = ", ".join(f"{end.module}/{end.id}" for end in line.checks if end.found)
    return "\n".join(filter(None, [f"line {line.id}", checks, line.because]))


def _figures(found: Measured) -> Iterator[Question]:
    for figure in found.figures:
        value = f"{figure.value:,.10g} {figure.unit}".strip()
        ask = f"The grader measured: {figure.name}: {value}. What does that mean, and what sets it?"
        yield Question("figure", "service", ask, _FIGURE)


def choose(
    questions: Sequence[Question], team: Team, evidence: Contributions, seed: int, each: int = EACH
) -> dict[str, tuple[Asked, ...]]:
    """For each member, what to ask: different kinds first, and what no team-mate is asked before what one is."""
    used: Counter[Question] = Counter()
    chosen = {}
    for member in team.members:
        chosen[member.id] = _for(member.id, _asked(questions, member.id, team, evidence), used, seed, each)
        used.update(asked.question for asked in chosen[member.id])
    return chosen


def _asked(questions: Sequence[Question], person: str, team: Team, evidence: Contributions) -> list[Asked]:
    asked = []
    for question in dict.fromkeys(questions):
        writer = evidence.writer(question.file, question.first, question.last)
        owned = team.owners.get(question.area) == person
        reason = "own" if writer == person else "owned" if owned else "others"
        asked.append(Asked(question, reason, writer))
    return asked


def _for(person: str, pool: Sequence[Asked], used: Counter[Question], seed: int, each: int) -> tuple[Asked, ...]:
    order = random.Random(f"{seed} {person}").sample(list(pool), len(pool))  # noqa: S311  # repeatable, on purpose
    taken: list[Asked] = []
    for turn in range(min(each, len(order))):
        kinds = Counter(asked.question.kind for asked in taken)
        wanted = _TURNS[turn % len(_TURNS)]
        left = [asked for asked in order if asked not in taken]
        taken.append(min(left, key=lambda a: (a.reason != wanted, used[a.question], kinds[a.question.kind])))
    return tuple(taken)


def text(team: Team, chosen: dict[str, tuple[Asked, ...]], seed: int, commit: str) -> str:
    """The question bank as Markdown, for those who ask; nothing that the team wrote is markup in it."""
    names = {member.id: member.name for member in team.members}
    parts = [
        f"# Debrief: {inline(team.name)}",
        f"Commit {code(commit)}, seed {seed}. For those who ask: the answers are in it.",
        "Let the person open the place and talk. Two answers in their own words are worth more than six rehearsed ones.",
    ]
    for member in team.members:
        parts += _person(member, team, chosen[member.id], names)
    return "\n\n".join(parts) + "\n"


def _person(member: Member, team: Team, chosen: Sequence[Asked], names: dict[str, str]) -> Iterator[str]:
    areas = ", ".join(area for area, owner in team.owners.items() if owner == member.id)
    yield f"## {inline(member.name)} ({code(member.id)})"
    yield f"Answers for: {areas or 'no area'}."
    if not chosen:
        yield "The repository gives no question: no alerts, image, workflow, decision, dependency or figure was found in it."
    for number, asked in enumerate(chosen, 1):
        yield f"### {number}. {inline(asked.question.ask)}"
        yield _place(asked, member.id, names)
        if asked.question.shown:
            yield fenced(asked.question.shown)
        yield "A good answer contains:\n\n" + "\n".join(f"- {inline(part)}" for part in asked.question.good)


def _place(asked: Asked, person: str, names: dict[str, str]) -> str:
    question = asked.question
    at = f"In {code(f'{question.file}:{question.first}')}" if question.file else "From the grader's findings"
    others = asked.reason == "others" and asked.writer == UNKNOWN  # nobody of the team wrote it
    written = asked.writer not in (UNKNOWN, person)
    by = f" Written mostly by {inline(names[asked.writer])}." if written else ""
    return f"{at}. Asked because {_REASONS['' if others else asked.reason]}.{by}"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone debrief` takes."""
    parser.add_argument("team", type=Path, help="the folder of the team's repository")
    parser.add_argument(
        "--to", type=Path, required=True, metavar="FILE", help="where the questions are written, as Markdown"
    )
    parser.add_argument(
        "--measured", type=Path, metavar="FILE", help="what `capstone measure` wrote: its findings are asked about"
    )
    parser.add_argument("--seed", type=int, default=1, help="another seed asks other questions (default: %(default)s)")
    parser.add_argument(
        "--each", type=int, default=EACH, metavar="N", help="questions for each person (default: %(default)s)"
    )
    parser.add_argument("--commit", default="HEAD", help="ask about this commit (default: the newest one)")
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="another rubric than the course's own")


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the question bank of a team."""
    project = locate(options.team)
    with TemporaryDirectory(prefix="mlops-grader-", ignore_cleanup_errors=True) as folder:
        submission = snapshot(project, Path(folder).resolve(), options.commit)
        team = load(submission.root / FILE)
        found = measured.read(options.measured) if options.measured else None
        asked = bank(submission, rubrics.load(options.rubric) if found else None, found)
        chosen = choose(asked, team, contributions.evidence(submission, team), options.seed, options.each)
    write_text(options.to, text(team, chosen, options.seed, submission.commit or ""))
    console.print(
        f"{len(asked)} questions found, {options.each} for each of {len(team.members)} people", highlight=False
    )
    console.print(f"Written: {options.to}", style="dim", soft_wrap=True, highlight=False)
    return 0
