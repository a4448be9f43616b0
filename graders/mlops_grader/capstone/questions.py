"""A question about a team's own repository, and how its files are read for questions: as data, by line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.workflow.document import Document, WorkflowError, parse
from mlops_grader.submission import Submission

LONGEST = 12  # lines that are shown of a place


@dataclass(frozen=True)
class Question:
    """One question. file, first, last: the place that it is about, lines from 1; file is "" for what the grader found."""

    kind: str
    area: str
    ask: str
    good: tuple[str, ...]
    file: str = ""
    first: int = 0
    last: int = 0
    shown: str = ""


def text_of(submission: Submission, name: str) -> str:
    """The text of a file; "" for one that is missing or cannot be read."""
    try:
        return submission.read(name) if name in submission.files else ""
    except (Fail, OSError, ValueError):
        return ""


def cut(text: str, first: int, last: int) -> str:
    """Some lines of a text, counted from 1, and no more of them than are shown."""
    return "\n".join(text.splitlines()[first - 1 : min(last, first + LONGEST - 1)])


def yaml_of(submission: Submission, name: str) -> Document | None:
    """The values of a YAML file and their lines; None for one that cannot be read."""
    try:
        return parse(name, text_of(submission, name))
    except (WorkflowError, ValueError, RecursionError):
        return None


def until(text: str, first: int) -> int:
    """The last line of what begins at a line of YAML: before the next line that is not indented deeper."""
    lines = text.splitlines()
    depth = len(lines[first - 1]) - len(lines[first - 1].lstrip(" "))
    for number, line in enumerate(lines[first:], first + 1):
        if line.strip() and len(line) - len(line.lstrip(" ")) <= depth:
            return number - 1
    return len(lines)


def get(value: Any, key: str) -> Any:
    """The value of a key, None where there is none or nothing that has keys."""
    return value.get(key) if isinstance(value, Mapping) else None


def listed(value: Any) -> list[Any]:
    """A list as it is, an empty one for anything else."""
    return value if isinstance(value, list) else []


def matching(text: str, pattern: str) -> Iterator[int]:
    """The numbers of the lines that begin with what a pattern matches."""
    return (number for number, line in enumerate(text.splitlines(), 1) if re.match(pattern, line))
