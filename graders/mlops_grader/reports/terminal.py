"""The report that a person reads in the terminal: what happened, and the one next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from mlops_grader.check import Check, Verdict, heading
from mlops_grader.grading import CUT_OFF, LEFT_OUT, Watcher
from mlops_grader.plugin import Verdicts
from mlops_grader.result import Outcome, Result

SHOWN = 14  # lines of a finding in the terminal; the page has them all

EXPLAINED = (Verdict.FAILED, Verdict.NOT_RUN, Verdict.ERROR)
SILENT = (LEFT_OUT.found, CUT_OFF.found)  # nothing to explain: nobody asked, or somebody stopped it

STYLES = {
    Verdict.PASSED: ("✓", "passed", "green"),
    Verdict.FAILED: ("✗", "failed", "red"),
    Verdict.BLOCKED: ("·", "blocked", "dim"),
    Verdict.NOT_RUN: ("?", "not run", "yellow"),
    Verdict.ERROR: ("!", "error", "magenta"),
}


@contextmanager
def progress(console: Console) -> Iterator[Watcher]:
    """Tell who watches which check runs and for how long, and each verdict as it comes."""
    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    )

    last = ["making a clean clone"]

    def started(check: Check) -> None:
        for task in bar.task_ids:
            bar.remove_task(task)
        bar.add_task(f"{last[0]}[dim], then:[/] {check.heading}")

    def ended(check: Check, verdict: Verdicts) -> None:
        sign, word, style = STYLES[verdict.verdict]
        last[0] = f"[{style}]{_sign(console, sign, word)}[/] {check.heading}"

    if not console.is_terminal:
        yield Watcher(ended=lambda check, verdict: console.print(f"{STYLES[verdict.verdict][1]}: {check.heading}"))
        return
    with bar:
        bar.add_task(last[0])
        yield Watcher(started, ended)


def show(result: Result, console: Console) -> None:
    """Print the whole report: a line a check, the failing ones at length, the score, and the next step."""
    console.print(_table(result, console))
    for outcome in result.asked:
        if (outcome.verdict in EXPLAINED and outcome.found not in SILENT) or outcome is result.next_step:
            _explain(outcome, console)
    _show_score(result, console)
    _show_next(result, console)


def _table(result: Result, console: Console) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for outcome in result.asked:
        sign, word, style = STYLES[outcome.verdict]
        note = f", needs: {heading(outcome.blocked_by)}" if outcome.blocked_by else ""
        words = Text(heading(outcome.id) + note, style="dim" if note else "")
        table.add_row(Text(_sign(console, sign, word), style=style), f"{outcome.points}/{outcome.max_points}", words)
    return table


def _explain(outcome: Outcome, console: Console) -> None:
    _, word, style = STYLES[outcome.verdict]
    lines = outcome.found.splitlines()
    if len(lines) > SHOWN:
        lines = [lines[0], f"[... {len(lines) - SHOWN + 1} lines left out ...]", *lines[2 - SHOWN :]]
    console.print()
    console.print(f"[{style} bold]{word}[/] {escape(outcome.title)}", highlight=False, emoji=False)
    _field(console, "found", "\n".join(lines))
    _field(console, "why", outcome.why)
    _field(console, "do next", outcome.fix)
    _field(console, "read", outcome.lesson)


def _field(console: Console, name: str, text: str) -> None:
    if text:
        grid = Table.grid(padding=(0, 1, 0, 2))
        grid.add_column(width=8, style="dim")
        grid.add_column(overflow="fold")
        grid.add_row(name, Text(text, style="bold" if name == "do next" else ""))
        console.print(grid)


def _show_score(result: Result, console: Console) -> None:
    graded = result.submission
    what = f"commit {graded.commit[:10]}" if graded.commit and graded.clean else "your working tree, as if committed"
    style = "green" if result.score == result.max_score else "bold"
    console.print()
    console.print(
        f"[{style}]{result.score} of {result.max_score} points[/] for {graded.module}, {what}", highlight=False
    )
    console.print(f"[dim]{result.authority} grade, seed {result.seed}, {result.seconds:.0f} s[/]", highlight=False)


def _show_next(result: Result, console: Console) -> None:
    step = result.next_step
    if step is None:
        console.print("Nothing is left to do in this module.")
    else:
        first = (step.fix or step.found).splitlines()[0]
        console.print(
            f"[bold]Next:[/] {escape(first)} [dim]({escape(step.lesson)})[/]",
            highlight=False,
            emoji=False,
            soft_wrap=True,
        )


def _sign(console: Console, sign: str, word: str) -> str:
    """A sign where the terminal can show it, a word in plain text."""
    return sign if console.is_terminal and not console.legacy_windows else f"{word:8}"
