"""The report in the terminal: short for a good submission, plain text elsewhere, never somebody else's markup."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import pytest
from rich.console import Console

from mlops_grader.check import Check, Verdict
from mlops_grader.grading import CUT_OFF, LEFT_OUT
from mlops_grader.plugin import Verdicts
from mlops_grader.reports import terminal
from mlops_grader.result import Graded, Outcome, Result


def outcome(
    number: int = 1, verdict: Verdict = Verdict.PASSED, found: str = "", fix: str = "", blocked_by: str = ""
) -> Outcome:
    """The end of an invented check worth ten points, with words of the usual length."""
    title = f"Requirement {number} of the product holds on every machine, also on a slow one."
    why = "Orchestrators restart what does not answer. " * 3
    points = 10 if verdict is Verdict.PASSED else 0
    name = f"test_number_{number}"
    lesson = f"lessons/m99_invented.md#number-{number}"
    return Outcome(name, title, points, 10, verdict, found, fix, why, lesson, blocked_by or None, 3.25)


def shown(*outcomes: Outcome, commit: str | None = "c" * 40, clean: bool = True, colours: bool = False) -> str:
    """The report as it is printed."""
    output = io.StringIO()
    console = Console(file=output, width=100, force_terminal=colours, color_system="standard" if colours else None)
    graded = Graded(commit, "a" * 40, clean, "m99_invented")
    terminal.show(Result("0.1.0", graded, "advisory", 7, "2026-01-05T10:00:00Z", 61.5, outcomes), console)
    return output.getvalue()


def test_a_good_result_fits_on_a_screen() -> None:
    report = shown(*(outcome(number) for number in range(14)))
    assert len(report.splitlines()) <= 24


def test_a_result_with_two_failures_fits_on_a_large_screen() -> None:
    good = [outcome(number) for number in range(12)]
    bad = [outcome(number, Verdict.FAILED, "it ran on\nand on", "stop it") for number in (12, 13)]
    assert len(shown(*good, *bad).splitlines()) <= 40


def test_every_check_has_a_line_with_its_verdict_and_points() -> None:
    report = shown(
        outcome(1), outcome(2, Verdict.FAILED, "x"), outcome(3, Verdict.NOT_RUN, "x"), outcome(4, Verdict.ERROR, "x")
    )
    assert [" ".join(line.split()[:3]) for line in report.splitlines()[:4]] == [
        "passed 10/10 Number", "failed 0/10 Number", "not run 0/10", "error 0/10 Number",
    ]  # fmt: skip


def test_a_failure_says_what_was_found_why_it_matters_and_what_to_do() -> None:
    report = shown(outcome(1, Verdict.FAILED, "it ran on", "stop it"))
    rows = {line[:10].strip(): line[10:].strip() for line in report.splitlines()[3:]}
    assert (rows["found"], rows["do next"], rows["read"]) == (
        "it ran on",
        "stop it",
        "lessons/m99_invented.md#number-1",
    )
    assert rows["why"].startswith("Orchestrators restart what does not answer.")


def test_a_blocked_check_names_what_blocks_it() -> None:
    report = shown(outcome(1, Verdict.FAILED, "x"), outcome(2, Verdict.BLOCKED, "x", blocked_by="test_number_1"))
    assert "needs: Number 1" in " ".join(report.split())


def test_the_score_is_told() -> None:
    assert "10 of 20 points for m99_invented, commit cccccccccc" in shown(outcome(1), outcome(2, Verdict.FAILED, "x"))


@pytest.mark.parametrize(("commit", "clean"), [("c" * 40, False), (None, False)])
def test_work_that_is_not_committed_is_told(commit: str | None, clean: bool) -> None:
    assert "for m99_invented, your working tree, as if committed" in shown(outcome(1), commit=commit, clean=clean)


def test_the_authority_and_the_seed_are_told() -> None:
    assert "advisory grade, seed 7, 62 s" in shown(outcome(1))


def test_the_one_next_step_comes_last() -> None:
    report = shown(outcome(1, Verdict.FAILED, "x", "stop it\nat once"), outcome(2, Verdict.FAILED, "y", "no"))
    assert report.splitlines()[-1] == "Next: stop it (lessons/m99_invented.md#number-1)"


def test_without_advice_the_next_step_is_what_was_found() -> None:
    assert shown(outcome(1, Verdict.ERROR, "it broke")).splitlines()[-1].startswith("Next: it broke ")


def test_full_marks_leave_nothing_to_do() -> None:
    assert shown(outcome(1)).splitlines()[-1] == "Nothing is left to do in this module."


def test_checks_that_nobody_asked_for_are_not_explained() -> None:
    report = shown(outcome(1), *(outcome(n, Verdict.NOT_RUN, LEFT_OUT.found, LEFT_OUT.fix) for n in range(2, 9)))
    assert report.count("it was not asked for") == 0


def test_of_checks_that_were_cut_off_only_the_next_step_is_explained() -> None:
    report = shown(outcome(1), *(outcome(n, Verdict.NOT_RUN, CUT_OFF.found, CUT_OFF.fix) for n in range(2, 9)))
    assert report.count(CUT_OFF.found) == 1


def test_a_long_finding_is_shortened_in_its_middle() -> None:
    report = shown(outcome(1, Verdict.FAILED, "\n".join(f"line {number}" for number in range(100))))
    found = [line[10:].strip() for line in report.splitlines() if line[10:].startswith(("line ", "[..."))]
    last = [f"line {number}" for number in range(88, 100)]
    assert found == ["line 0", "[... 87 lines left out ...]", *last]


def test_a_finding_that_just_fits_is_whole() -> None:
    lines = [f"line {number}" for number in range(terminal.SHOWN)]
    report = shown(outcome(1, Verdict.FAILED, "\n".join(lines), "mend it"))
    assert [line[10:].strip() for line in report.splitlines() if line[10:].startswith(("line ", "[..."))] == lines


@pytest.mark.parametrize(
    "text", ["[red]x[/red]", "[/]", "[bold", "[link=http://x]y[/link]", ":smile:", "[@click=a]b[/]"]
)
def test_markup_in_what_was_found_is_text(text: str) -> None:
    report = shown(outcome(1, Verdict.FAILED, f"it says {text}", f"remove {text}"), colours=True)
    assert (f"it says {text}" in report, report.count(f"remove {text}")) == (True, 2)


def test_markup_in_words_of_the_check_is_text() -> None:
    whole = outcome(1, Verdict.FAILED, "x")
    title = Outcome(**{**vars(whole), "title": "CMD [/red] works"})
    assert shown(title).count("CMD [/red] works") == 1


def test_away_from_a_terminal_it_is_plain_text() -> None:
    report = shown(outcome(1), outcome(2, Verdict.FAILED, "x", "y"), outcome(3, Verdict.NOT_RUN, "x"))
    assert report.isascii()
    assert report.isprintable() or set(report) - set(map(chr, range(32, 127))) == {"\n"}


def test_on_a_terminal_verdicts_are_signs() -> None:
    lines = shown(outcome(1), outcome(2, Verdict.FAILED, "x"), colours=True).splitlines()[:2]
    assert [line.split("\x1b[0m")[0][-1] for line in lines] == ["✓", "✗"]


def watched(verdicts: Sequence[Verdict], colours: bool) -> str:
    """What is printed while checks run."""
    output = io.StringIO()
    with terminal.progress(Console(file=output, width=100, force_terminal=colours)) as watcher:
        for verdict in verdicts:
            check = Check("test_stops_when_asked", "It stops.", "", 5, ())
            watcher.started(check)
            watcher.ended(check, Verdicts(verdict, seconds=1.25))
    return output.getvalue()


def test_away_from_a_terminal_progress_is_a_line_for_each_check() -> None:
    assert (
        watched([Verdict.PASSED, Verdict.NOT_RUN], colours=False)
        == "passed: Stops when asked\nnot run: Stops when asked\n"
    )


def test_on_a_terminal_progress_says_what_came_out_and_which_check_runs() -> None:
    report = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", watched([Verdict.FAILED, Verdict.PASSED], colours=True))
    assert "✗ Stops when asked, then: Stops when asked 0:00:00" in report
