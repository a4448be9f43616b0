"""What a student is told about the grade, as Markdown and as a page: their own score, how it came about, and nothing of anybody else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import jinja2

from mlops_grader.capstone import rendering
from mlops_grader.capstone.wording import moment
from mlops_grader.cohort.gradebook import ABSENT, ERROR, GRADED, Entry
from mlops_grader.cohort.records import Change
from mlops_grader.reports import html, markdown
from mlops_grader.reports.cards import text
from mlops_grader.reports.unmarked import code, fenced, inline
from mlops_grader.result import Result

PACKAGE = "mlops_grader.cohort"
NOTICES = {
    ABSENT: "Nothing was found that could be graded. If you did hand something in, tell the teaching staff where it is.",
    ERROR: "The last try to grade your work did not come to an end. That is not your fault; the teaching staff looks at it.",
}
WAITING = "Your last work is not graded yet."


@dataclass(frozen=True)
class Sum:
    """A row of the arithmetic of a score: words, and points as they are shown."""

    words: str
    points: str


@dataclass(frozen=True)
class Letter:
    """What one student is told. The override's reason is in it, its author is not; of problems only what concerns the student."""

    module: str
    headline: str
    notice: str
    sums: tuple[Sum, ...]
    commit: str
    committed_at: str
    changes: tuple[Change, ...]
    command: str
    result: Result | None

    @property
    def invitation(self) -> str:
        """What stands before the command."""
        back = ", bring those files back first" if self.changes else ""
        return f"To see the same on your machine{back}"


def letter(entry: Entry, module: str) -> Letter:
    """What is told to the student of an entry."""
    attempt, submission = entry.attempt, entry.submission
    result = attempt.result if attempt else None
    commit = attempt.commit if attempt else ""
    same = submission is not None and attempt is not None and commit in ("", submission.commit)
    if result and commit:  # the grader saw a copy with a commit of its own
        result = replace(result, submission=replace(result.submission, commit=commit))
    committed = submission.committed_at if submission and same else None
    changes = submission.changes if submission and same else ()
    return Letter(
        module=module,
        headline="No score yet" if entry.final is None else f"Your score: {entry.final} of {entry.max_score} points",
        notice="" if entry.status == GRADED or entry.override else NOTICES.get(entry.status, WAITING),
        sums=tuple(_sums(entry)),
        commit=commit,
        committed_at=moment(committed.isoformat()) if committed else "",
        changes=changes,
        command=_command(result, module, commit if not changes else "") if result else "",
        result=result,
    )


def _sums(entry: Entry) -> Iterator[Sum]:
    if entry.measured is None and entry.override is None:
        return
    if entry.measured is not None:
        yield Sum("measured by the checks", str(entry.measured))
    if entry.late and entry.measured is not None:
        yield Sum(entry.words or "late", f"-{entry.deduction}" if entry.deduction else "0")
    if entry.override:
        yield Sum(
            f"decided by the teaching staff, in place of the above: {entry.override.reason}", str(entry.override.score)
        )
    yield Sum("score", str(entry.final))


def _command(result: Result, module: str, commit: str) -> str:
    """What repeats the grade; without a commit, on the working tree."""
    asked = f" --commit {commit}" if commit else ""
    return f"nox -s grade --{asked} --module {module} --seed {result.seed} --fresh"


def as_markdown(told: Letter) -> str:
    """The letter as Markdown, with the whole report below it."""
    report = f"\n---\n\nThe report of the checks:\n\n{markdown.document(told.result)}" if told.result else ""
    return "\n".join(_lines(told)) + "\n" + report


def _lines(told: Letter) -> Iterator[str]:
    yield f"# {inline(told.module)}: {inline(told.headline)}"
    if told.notice:
        yield f"\n{inline(told.notice)}"
    if told.sums:
        yield "\n| how it came about | points |\n|---|---:|"
        yield from (f"| {inline(each.words)} | {inline(each.points)} |" for each in told.sums)
    if told.commit:
        yield f"\nGraded was commit {code(told.commit)}{f' of {inline(told.committed_at)}' if told.committed_at else ''}."
    if told.changes:
        yield "\nThese files belong to the course. They were not as the course gave them, and were brought back before the grade:\n"
        yield from (f"* {code(change.path)} ({inline(change.how)})" for change in told.changes)
    if told.command:
        yield f"\n{told.invitation}:\n\n{fenced(told.command)}"


def as_page(told: Letter, lessons: Mapping[str, str]) -> str:
    """The letter as one self-contained page, with the whole report and the lesson's paragraphs below it."""
    title = f"{told.module}: {told.headline}"
    body = _pages().get_template("decision.html.jinja").render(letter=told)
    if told.result:
        return html.page([told.result], lessons, html.Opening(title, body, _style()))
    return html.framed(text(title), body, _style())


def index(entries: list[Entry], module: str) -> str:
    """A page for staff that leads to every letter."""
    body = _pages().get_template("letters.html.jinja").render(entries=entries, module=module)
    return html.framed(f"Feedback: {text(module)}", body, _style())


@cache
def _pages() -> jinja2.Environment:
    return rendering.environment(PACKAGE)


@cache
def _style() -> str:
    return str(rendering.source(PACKAGE, "decision.css"))
