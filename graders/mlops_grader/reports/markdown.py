"""A result as Markdown: for the page of a release, the summary of a job, and the feedback to a student."""

from __future__ import annotations

from collections.abc import Iterator

from mlops_grader.check import Verdict, heading
from mlops_grader.reports.unmarked import fenced, inline
from mlops_grader.result import Outcome, Result

LONGEST = 4000  # characters of one finding; pages of code hosts have an end
WORDS = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failed",
    Verdict.BLOCKED: "blocked",
    Verdict.NOT_RUN: "not run",
    Verdict.ERROR: "grader error",
}
AUTHORITIES = {"advisory": "advisory grade", "record": "grade of record"}


def document(result: Result) -> str:
    """The whole report: score, next step, one line for each check, and each finding."""
    return "\n".join(_lines(result)) + "\n"


def _shortened(found: str) -> str:
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}\n[... the rest stands in the report ...]"


def _lines(result: Result) -> Iterator[str]:
    graded = result.submission
    yield f"# {graded.module}: {result.score} of {result.max_score} points"
    yield ""
    commit = f"commit `{graded.commit[:10]}`" if graded.commit else "no commit"
    yield f"{AUTHORITIES[result.authority]}, {commit}, seed {result.seed}, grader `{result.grader}`"
    if step := result.next_step:
        yield ""
        yield f"**Next:** {inline(step.fix or step.found)}"
    yield ""
    yield "| check | verdict | points |"
    yield "|---|---|---:|"
    for each in result.checks:
        yield f"| {inline(heading(each.id))} | {WORDS[each.verdict]} | {each.points}/{each.max_points} |"
    for each in result.checks:
        if each.verdict not in (Verdict.PASSED, Verdict.BLOCKED):
            yield from _finding(each)


def _finding(outcome: Outcome) -> Iterator[str]:
    yield ""
    yield f"## {inline(heading(outcome.id))}: {WORDS[outcome.verdict]}"
    yield ""
    yield inline(outcome.title)
    yield ""
    yield fenced(_shortened(outcome.found))
    for name, text in (("Why it matters at work", outcome.why), ("Do next", outcome.fix)):
        if text:
            yield ""
            yield f"**{name}:** {inline(text)}"
    yield ""
    yield f"Taught in `{outcome.lesson}`"
