"""One check on the page: a card for one that did not pass, a line for one that did, and the words for both."""

from __future__ import annotations

import re
from html import escape

from mlops_grader.check import Check, Verdict
from mlops_grader.plain import plain
from mlops_grader.reports.lessons import Lesson
from mlops_grader.result import Outcome, Result

LONG = 24  # lines of a finding above which it scrolls in a box of its own

MEANINGS = {
    Verdict.BLOCKED: "another check comes first",
    Verdict.NOT_RUN: "nothing is known about it yet",
    Verdict.ERROR: "the grader broke, not your project",
}


def card(outcome: Outcome, result: Result, lesson: Lesson, name: str, largest: int) -> str:
    """A check that did not pass: everything there is to say."""
    blocker = next((each for each in result.checks if each.id == outcome.blocked_by), None)
    after = f'<a href="#{name}-{text(blocker.id)}">{prose(blocker.title)}</a>' if blocker else ""
    return f"""<li class="check card {outcome.verdict}" id="{name}-{text(outcome.id)}">
<h4>{prose(outcome.title)}</h4>
{_verdict(outcome, largest)}
<dl>
{entry("Found", _found(outcome.found))}
{entry("Waits for", after)}
{entry("Why it matters at work", prose(outcome.why))}
{entry("Do next", f'<span class="do">{prose(outcome.fix)}</span>' if outcome.fix else "")}
</dl>
{_taught(outcome, lesson)}
</li>"""


def line(outcome: Outcome, lesson: Lesson, name: str, largest: int) -> str:
    """A check that passed: one line, and what it was about in its fold."""
    why = f"<p>{prose(outcome.why)}</p>" if outcome.why else ""
    return f"""<li class="check {outcome.verdict}" id="{name}-{text(outcome.id)}">
<details>
<summary>{_verdict(outcome, largest)} <span class="title">{prose(outcome.title)}</span></summary>
<div class="lesson">{why}
{_section(outcome, lesson)}
<p class="path">{_path(outcome)}</p></div>
</details>
</li>"""


def _verdict(outcome: Outcome, largest: int) -> str:
    """The verdict in a word, the points in numbers and as a bar whose length is their weight, and the time."""
    meaning = f' <span class="meaning">{MEANINGS[outcome.verdict]}</span>' if outcome.verdict in MEANINGS else ""
    share = f"--share:{outcome.max_points / largest:.2f}"
    bar = f'<span class="weight" aria-hidden="true"><span style="{share}"></span></span>'
    points = f'<span class="points">{outcome.points}/{outcome.max_points}<span class="unit"> points</span></span>'
    seconds = f'<span class="seconds">{duration(outcome.seconds)}</span>'
    return f'<span class="verdict"><strong>{word(outcome.verdict)}</strong>{meaning} {bar} {points} {seconds}</span>'


def entry(term: str, description: str) -> str:
    """One entry of a description list, from HTML; none for what there is nothing to say about."""
    return f"<div><dt>{term}</dt><dd>{description}</dd></div>" if description else ""


def _found(found: str) -> str:
    """What was found, line by line. A long text scrolls, so the keyboard must be able to reach it."""
    shown = plain(found).strip("\n")
    reach = ' class="long" tabindex="0" role="region" aria-label="Found, scrolls"' if shown.count("\n") >= LONG else ""
    return f"<pre{reach}>{escape(shown)}</pre>"


def _taught(outcome: Outcome, lesson: Lesson) -> str:
    section = _section(outcome, lesson)
    if not section:
        return f'<p class="path">Taught in {_path(outcome)}</p>'
    heading = text(Check(outcome.id, "", "", 0, ()).heading)
    return f"""<details>
<summary>From the lesson: {heading}</summary>
<div class="lesson">
{section}
<p class="path">{_path(outcome)}</p></div>
</details>"""


def _section(outcome: Outcome, lesson: Lesson) -> str:
    return lesson.section(outcome.lesson.partition("#")[2])


def _path(outcome: Outcome) -> str:
    return f"<code>{text(outcome.lesson)}</code>"


def duration(seconds: float) -> str:
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


def word(verdict: Verdict) -> str:
    return verdict.replace("_", " ")


def text(raw: str) -> str:
    """Any text, cleaned and escaped: the only way into the page."""
    return escape(plain(raw))


def prose(raw: str) -> str:
    """Text with `code` between backticks."""
    return re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text(raw))
