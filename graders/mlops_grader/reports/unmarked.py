"""Text that people wrote, made safe to stand in Markdown: no markup, no links, no HTML of theirs."""

from __future__ import annotations

import re

from mlops_grader.plain import plain

_MARKUP = re.compile(r"([\\`*_\[\]<>&|~#!$])")
_FIRST = re.compile(r"^(\d+)([.)])|^([-+=])")
_SPANS = re.compile(r"`([^`\n]+)`")
_LINKS = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def inline(raw: str) -> str:
    """One line of text that shows as it was written."""
    words = _MARKUP.sub(r"\\\1", " ".join(plain(raw).split()))
    words = _FIRST.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", words)
    return _LINKS.sub(r"\1\\\2", words)


def prose(raw: str) -> str:
    """One line of text in which `words` between backticks are code."""
    words, *rest = _SPANS.split(" ".join(raw.split()))
    spans = [code(part) if number % 2 == 0 else _between(part) for number, part in enumerate(rest)]
    return inline(words) + (" " if words.endswith(" ") and rest else "") + "".join(spans)


def _between(words: str) -> str:
    """Text between two spans keeps the blanks at its ends."""
    start, end = (" " if words[:1] == " " else ""), (" " if words[-1:] == " " and words.strip() else "")
    return f"{start}{inline(words)}{end}"


def code(raw: str) -> str:
    """A code span on one line, whatever backticks it holds."""
    words = " ".join(plain(raw).split()).replace("|", "\u2758")  # a bar would end the cell of a table
    fence = "`" * (_longest(words) + 1)
    return f"{fence} {words} {fence}" if "`" in words else f"{fence}{words}{fence}" if words else ""


def fenced(raw: str) -> str:
    """A block of code, as it was written."""
    words = plain(raw).strip("\n")
    fence = "`" * max(3, _longest(words) + 1)
    return f"{fence}text\n{words}\n{fence}"


def _longest(words: str) -> int:
    return max(map(len, re.findall("`+", words)), default=0)
