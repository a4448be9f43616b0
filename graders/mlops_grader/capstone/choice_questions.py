"""Questions about what a team chose: its decisions, its dependencies, its metric and its baseline."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping

from markdown_it import MarkdownIt

from mlops_grader.capstone.questions import Question, cut, get, listed, matching, text_of
from mlops_grader.submission import Submission

SCOPING = "docs/scoping.toml"
SCOPING_WORDS = "docs/scoping.md"
LONGEST = 200_000  # characters of a page that are read


_DECISION = (
    "the strongest reason for the way that was not taken",
    "what it cost, and who pays for it",
    "the fact that would change the decision today, and how they would learn of it",
)


_NUMBER = re.compile(r"^\d+\s*[:.-]?\s+")


def decisions(submission: Submission) -> Iterator[Question]:
    """One about each decision record; a template and a table of contents are none."""
    for file in sorted(submission.files):
        if re.fullmatch(r"(docs/)?(decisions|adrs?)/(?!0000|README).+\.md", file, re.IGNORECASE):
            text = text_of(submission, file)
            for title, first, last in _titles(text)[:1]:
                ask = f"You decided: {_NUMBER.sub('', title)}. Defend the other way, then tell me what would make you go it today."
                yield Question("decision", "product", ask, _DECISION, file, first, last, cut(text, first, last))


def _titles(text: str) -> list[tuple[str, int, int]]:
    """The headings of a Markdown text: their words, their line, and the last line before the next one."""
    tokens = MarkdownIt("commonmark").parse(text[:LONGEST])
    found = [
        (tokens[place + 1].content, token.map[0] + 1)
        for place, token in enumerate(tokens)
        if token.type == "heading_open" and token.map and token.level == 0
    ]
    ends = [*(line - 1 for _, line in found[1:]), len(text.splitlines())]
    return [(words, first, last) for (words, first), last in zip(found, ends, strict=False)]


# --- dependencies ---

_DEPENDENCY = (
    "what it does for the product that is not worth writing oneself",
    "what would break first without it",
    "how they would hear of a vulnerability in it, and the commands that bring a new version into service",
    "what comes with it: the licence, the packages that it brings",
)
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*==\s*\S+")
_REQUIREMENTS = re.compile(r"requirements[^/]*\.(txt|in|lock)")


def dependencies(submission: Submission) -> Iterator[Question]:
    """Of what the team itself chose; of a lock only when nothing else says it."""
    declared = [*_declared(submission)]
    for name, file, line, text in declared or _locked(submission):
        ask = f'Why is "{name}" in your product? How would you learn that it has a hole, and what would you type then?'
        yield Question("dependency", "service", ask, _DEPENDENCY, file, line, line, cut(text, line, line))


def _declared(submission: Submission) -> Iterator[tuple[str, str, int, str]]:
    for file, read in (("pyproject.toml", _pyproject), ("package.json", _package)):
        text = text_of(submission, file)
        for name in read(text):
            line = next((n for n, row in enumerate(text.splitlines(), 1) if f'"{name}' in row or f"'{name}" in row), 0)
            if line:
                yield name, file, line, text


def _pyproject(text: str) -> list[str]:
    try:
        wanted = listed(get(get(tomllib.loads(text), "project"), "dependencies"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return []
    matches = (re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", str(each)) for each in wanted)
    return [match[0] for match in matches if match]


def _package(text: str) -> list[str]:
    try:
        wanted = get(json.loads(text), "dependencies")
    except (ValueError, RecursionError):
        return []
    return [str(name) for name in wanted] if isinstance(wanted, Mapping) else []


def _locked(submission: Submission) -> Iterator[tuple[str, str, int, str]]:
    for file in sorted(filter(_REQUIREMENTS.fullmatch, submission.files)):
        text = text_of(submission, file)
        for number, line in enumerate(text.splitlines(), 1):
            if match := _PINNED.match(line):
                yield match[1], file, number, text


# --- what they promised ---

_PROMISES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "metric": (
        "model",
        'You promised to improve "{name}". Who is better off when it gets better, and how can it do so while users are worse off?',
        (
            "a user and a decision of theirs",
            "a case in which the figure is good and the product is not",
            "on which data it is measured, and why those were never seen in training",
            "the slice in which it is worst",
        ),
    ),
    "baseline": (
        "product",
        'Your baseline is "{name}". Convince me that the model is worth its trouble; then convince me of the opposite.',
        (
            "both by the same metric on the same data",
            "how sure the difference is",
            "what the model costs that the baseline does not",
            "when the product falls back on the baseline",
        ),
    ),
}


def promises(submission: Submission) -> Iterator[Question]:
    """About the metric and the baseline of the scoping figures."""
    text = text_of(submission, SCOPING)
    try:
        told = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return
    for table, (area, ask, good) in _PROMISES.items():
        name = get(told.get(table), "name")
        first = next(matching(text, rf"\s*\[\s*{table}\s*\]"), 0)
        if isinstance(name, str) and name and first:
            after = (number - 1 for number in matching(text, r"\s*\[") if number > first)
            last = next(after, len(text.splitlines()))
            yield Question("promise", area, ask.format(name=name), good, SCOPING, first, last, cut(text, first, last))


_SECTIONS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "data card": (
        "data",
        "Who or what is hardly in your data, and what does the product do to them? Show me where that would be seen.",
        (
            "a group or a kind of case by name, with its number",
            "how the data came to be without it",
            "the figure for it beside the figure for all, or that there is none",
            "who may use these data, until when, and what is deleted",
        ),
    ),
    "risks": (
        "product",
        "Take the worst risk of your list. Tell me how it happens on an ordinary Tuesday, and how you hear of it.",
        (
            "a person, what they do, and what goes wrong for them",
            "the first sign of it, and who sees that sign",
            "what is in the product against it, by file, and what is left",
        ),
    ),
    "budget": (
        "operations",
        "Ten times as many requests come from tomorrow on. What does it cost, what breaks first, and what do you switch off?",
        (
            "what one answer and one training cost, and where those figures are from",
            "the part that is full first, and how that was measured",
            "what users lose when something is switched off",
        ),
    ),
}


def sections(submission: Submission) -> Iterator[Question]:
    """About the data card, the risks and the budget of the scoping."""
    text = text_of(submission, SCOPING_WORDS)
    for title, first, last in _titles(text):
        area, ask, good = _SECTIONS.get(title.strip().lower(), ("", "", ()))
        if ask:
            yield Question("scoping", area, ask, good, SCOPING_WORDS, first, last, cut(text, first, last))
