"""Text that people wrote, made safe to stand in Markdown: no markup, no links, no HTML of theirs."""

from __future__ import annotations

import re

from mlops_grader.plain import plain

_MARKUP = re.compile(r"([\\`*_\[\]<>&|~#!$])")
_FIRST = re.compile(r"^(\d+)([.)])|^([-+=:])")
_LINKS = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def inline(raw: str) -> str:
    """One line of text that shows as it was written."""
    words = _MARKUP.sub(r"\\\1", " ".join(plain(raw).split()))
    words = _FIRST.sub(lambda match: f"{match[1]}\\{match[2]}" if match[1] else f"\\{match[3]}", words)
    return _LINKS.sub(r"\1\\\2", words)


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
