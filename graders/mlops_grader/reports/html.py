"""The report as one self-contained page: no scripts, nothing loaded, nothing of a submission unescaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from itertools import chain
from string import Template

from mlops_grader.check import Verdict
from mlops_grader.reports import lessons as markdown
from mlops_grader.reports.cards import card, duration, entry, line, prose, text, word
from mlops_grader.reports.lessons import Lesson
from mlops_grader.reports.plot import plot
from mlops_grader.result import Graded, Outcome, Result

AUTHORITIES = {
    "advisory": ("advisory grade", "made on the machine of whoever did the work"),
    "record": ("grade of record", "made by the instructor from a clean clone"),
}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
$style</style>
</head>
<body>
<main>
$body
</main>
</body>
</html>
""")


@dataclass(frozen=True)
class Opening:
    """What stands above the report of a page: its title as text, HTML that is escaped already, and the style of that."""

    title: str
    body: str
    style: str = ""


def page(results: Sequence[Result], lessons: Mapping[str, str], opening: Opening | None = None) -> str:
    """The page of one or several grades. `lessons` holds the Markdown of each module's lesson, by module key."""
    names = [f"grade-{number}" for number in range(1, len(results) + 1)]
    read = {result.submission.module: markdown.read(lessons.get(result.submission.module, "")) for result in results}
    alone = len(results) == 1
    modules = [
        _module(result, read[result.submission.module], name, _heading(result, name, alone=alone))
        for result, name in zip(results, names, strict=True)
    ]
    contents = "" if alone else _contents(results, names)
    above = opening or Opening(f"{_subject(results)}: {_score(results)}", "")
    body = "\n".join([above.body, _header(results), _next(results, names), contents, *modules])
    return framed(text(above.title) if opening else above.title, body, above.style)


def framed(title: str, body: str, more_style: str = "") -> str:
    """A whole page around a body, both already escaped: with the style of all reports, and nothing that could run."""
    style = files("mlops_grader.reports").joinpath("page.css").read_text(encoding="utf-8")
    return _PAGE.substitute(title=title, style=style + more_style, body=body)


def _header(results: Sequence[Result]) -> str:
    outcomes = list(chain.from_iterable(result.checks for result in results))
    facts = f" · {_facts(results[0])}" if len(results) == 1 else ""
    return f"""<header>
<p class="facts">Grade report{facts}</p>
<h1><span class="subject">{_subject(results)}</span> <span class="score">{_score(results)}</span></h1>
{_bar(outcomes, _score(results))}
{_legend(outcomes)}
</header>"""


def _subject(results: Sequence[Result]) -> str:
    return text(results[0].submission.module) if len(results) == 1 else f"{len(results)} modules"


def _score(results: Sequence[Result]) -> str:
    return f"{sum(result.score for result in results)} of {sum(result.max_score for result in results)} points"


def _bar(outcomes: Iterable[Outcome], label: str) -> str:
    """A bar as long as the points that there are, in parts for the verdicts that they got."""
    parts = (f'<span class="{verdict}" style="flex-grow:{points}"></span>' for verdict, points in _shares(outcomes))
    return f'<div class="bar" role="img" aria-label="{label}">{"".join(parts)}</div>'


def _legend(outcomes: Iterable[Outcome]) -> str:
    items = (f'<li class="{verdict}">{points} {word(verdict)}</li>' for verdict, points in _shares(outcomes))
    return f'<ul class="legend" aria-label="Points by verdict">{"".join(items)}</ul>'


def _shares(outcomes: Iterable[Outcome]) -> list[tuple[Verdict, int]]:
    """The points that each verdict decided on, without those that decided on none."""
    known = list(outcomes)
    shares = ((verdict, sum(each.max_points for each in known if each.verdict is verdict)) for verdict in Verdict)
    return [(verdict, points) for verdict, points in shares if points]


def _next(results: Sequence[Result], names: Sequence[str]) -> str:
    """The one thing to do now, first of all modules."""
    steps = ((result.next_step, name) for result, name in zip(results, names, strict=True))
    step, name = next(((step, name) for step, name in steps if step), (None, ""))
    if step is None:
        return _box("<p>Nothing is left to do here.</p>")
    place = f'<a href="#{name}-{text(step.id)}">{prose(step.title)}</a>'
    return _box(f'<p class="do">{prose(step.fix or step.found)}</p>\n<p class="for">So that this holds: {place}</p>')


def _box(content: str) -> str:
    return f'<section class="next" aria-labelledby="next">\n<h2 id="next">Next step</h2>\n{content}\n</section>'


def _contents(results: Sequence[Result], names: Sequence[str]) -> str:
    rows = "\n".join(
        f'<li><a href="#{name}">{text(result.submission.module)}</a> <span>{_score([result])}</span>'
        f"{_bar(result.checks, _score([result]))}</li>"
        for result, name in zip(results, names, strict=True)
    )
    return f'<nav aria-label="Modules">\n<ol class="contents">\n{rows}\n</ol>\n</nav>'


def _heading(result: Result, name: str, *, alone: bool) -> str:
    """What a module's part begins with; the head of the page says it already for a module that is alone there."""
    if alone:
        return f'<h2 id="{name}">Checks</h2>'
    key = text(result.submission.module)
    return f'<h2 id="{name}">{key}</h2>\n<p class="facts">{_score([result])} · {_facts(result)}</p>'


def _module(result: Result, lesson: Lesson, name: str, heading: str) -> str:
    largest = max(1, *(outcome.max_points for outcome in result.checks))
    passed = [outcome for outcome in result.checks if outcome.verdict is Verdict.PASSED]
    left = [outcome for outcome in result.checks if outcome.verdict is not Verdict.PASSED]
    cards = [card(outcome, result, lesson, name, largest) for outcome in left]
    lines = [line(outcome, lesson, name, largest) for outcome in passed]
    return f"""<section class="module" aria-labelledby="{name}">
{heading}
{_group("Not passed yet", cards)}
{_group("Passed", lines)}
{plot(result.timeline) if result.timeline else ""}
{_about(result)}
</section>"""


def _group(heading: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    listed = "\n".join(items)
    return f'<h3>{heading} <span class="count">({len(items)})</span></h3>\n<ul class="checks">\n{listed}\n</ul>'


def _facts(result: Result) -> str:
    authority, _ = AUTHORITIES[result.authority]
    return " · ".join((_what(result.submission), authority, moment(result.started_at), duration(result.seconds)))


def _what(graded: Graded) -> str:
    if graded.commit and graded.clean:
        return f"commit <code>{text(graded.commit[:10])}</code>"
    return "working tree as if committed"


def _about(result: Result) -> str:
    """All that is needed to repeat the grade."""
    graded = result.submission
    base = f"<code>{text(graded.commit)}</code>" if graded.commit else "none yet"
    state = "" if graded.clean else ", and changes that are not committed"
    entries = (
        ("Graded", _what(graded)),
        ("Commit", base + state),
        ("Tree", f"<code>{text(graded.tree)}</code>"),
        ("Authority", ", ".join(AUTHORITIES[result.authority])),
        ("Seed", f"<code>{result.seed}</code>"),
        ("Started", moment(result.started_at)),
        ("Took", duration(result.seconds)),
        ("Grader", f"<code>{text(result.grader)}</code>"),
    )
    listed = "\n".join(entry(term, description) for term, description in entries)
    return f'<h3>About this grade</h3>\n<dl class="about">\n{listed}\n</dl>'


def moment(started_at: str) -> str:
    """An instant in UTC as people write it."""
    at = datetime.fromisoformat(started_at)
    return f'<time datetime="{text(started_at)}">{at.day} {at:%B %Y, %H:%M} UTC</time>'
