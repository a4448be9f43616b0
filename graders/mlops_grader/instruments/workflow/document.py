"""A YAML file as GitHub reads it: plain values, the line of each of them, and what is wrong in plain words."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Key = tuple[str | int, ...]
"""The way to a value: keys of mappings, and positions in lists from 0."""

LARGEST = 50_000  # values in one file once its aliases are unfolded
DEEPEST = 100
_TEXT_ON_GITHUB = "tag:yaml.org,2002:timestamp"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a file, in plain words."""

    file: str
    line: int | None
    words: str


class WorkflowError(Exception):
    """A file that GitHub would not run as it is; `problems` says why."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{place(each)}: {each.words}" for each in self.problems))


def place(problem: Problem) -> str:
    """The file and, when it is known, the line."""
    return f"{problem.file}:{problem.line}" if problem.line else problem.file


@dataclass(frozen=True)
class Document:
    """The values of a file and the line, from 1, at which each of them begins."""

    file: str
    data: Any
    lines: Mapping[Key, int]

    def line(self, key: Iterable[str | int]) -> int | None:
        """The line of a value, or of the nearest thing around it."""
        way = tuple(key)
        while way and way not in self.lines:
            way = way[:-1]
        return self.lines.get(way)

    def problem(self, key: Iterable[str | int], words: str) -> Problem:
        """A problem with the value at that key, which its words begin with."""
        way = tuple(key)
        return Problem(self.file, self.line(way), f"`{written(way)}`: {words}" if way else words)


def written(key: Key) -> str:
    """A key as people write it, with the steps counted from 1: `jobs.test.steps[2]` is the second step."""
    words = ""
    for part in key:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if words else part
    return words


def read(root: Path, file: str) -> str:
    """The text of a file without a byte-order mark. Raises WorkflowError."""
    try:
        return (root / file).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise WorkflowError([Problem(file, None, "is not UTF-8 text; save it as UTF-8")]) from None
    except OSError as error:
        raise WorkflowError([Problem(file, None, f"cannot be read: {error.strerror}")]) from None


def parse(file: str, text: str) -> Document:
    """The values of a YAML 1.2 file. Raises WorkflowError."""
    yaml = YAML(typ="safe", pure=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)
            node = yaml.compose(text)
    except YAMLError as error:
        raise WorkflowError([_syntax_problem(file, error)]) from None
    except RecursionError:
        raise WorkflowError([Problem(file, None, "is nested too deeply")]) from None
    reader = _Reader(file, yaml)
    data = None if node is None else reader.value(node, ())
    if reader.problems:
        raise WorkflowError(reader.problems)
    return Document(file, data, reader.lines)


def _syntax_problem(file: str, error: YAMLError) -> Problem:
    if not isinstance(error, MarkedYAMLError):
        return Problem(file, None, f"is not valid YAML: {str(error).splitlines()[0]}")
    mark = error.problem_mark or error.context_mark
    what = " ".join(str(part) for part in (error.context, error.problem) if part)
    return Problem(file, mark.line + 1 if mark else None, f"is not valid YAML: {what}{_hint(what)}")


def _hint(what: str) -> str:
    if "'\\t'" in what or "tab" in what:
        return "; indent with spaces, not with tabs"
    if "alias" in what:
        return "; put quotes around what begins with `*`"
    if "mapping values are not allowed" in what:
        return "; check the indentation, and put quotes around text that holds `: `"
    if "single document" in what:
        return "; a workflow is one document, without a second `---`"
    return ""


@dataclass
class _Reader:
    """Unfolds the nodes of one file."""

    file: str
    yaml: YAML
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: Node, key: Key) -> Any:
        self.lines.setdefault(key, node.start_mark.line + 1)
        if len(self.lines) > LARGEST or len(key) > DEEPEST:
            raise WorkflowError(
                [Problem(self.file, None, "unfolds to more than any workflow needs; check its aliases")]
            )
        if isinstance(node, MappingNode):
            return self._mapping(node, key)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*key, position)) for position, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        found: dict[str, Any] = {}
        seen: dict[str, str] = {}
        for name_node, value_node in node.value:
            name = self._name(name_node)
            if name is None:
                continue
            if name.casefold() in seen:
                self._refuse(name_node, _twice(seen[name.casefold()], name))
            seen.setdefault(name.casefold(), name)
            self.lines.setdefault((*key, name), name_node.start_mark.line + 1)
            found[name] = self.value(value_node, (*key, name))
        return found

    def _name(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self._refuse(node, "a list or a mapping cannot be a key; put quotes around `{{ }}` and `[ ]`")
            return None
        if node.tag == _MERGE:
            self._refuse(node, "GitHub does not merge with `<<`; write the keys out")
            return None
        return str(node.value)

    def _scalar(self, node: Node) -> Any:
        if node.tag == _TEXT_ON_GITHUB or (node.tag in _NUMBERS and "_" in node.value):
            return node.value
        try:
            return self.yaml.constructor.construct_object(node)
        except (YAMLError, ValueError):
            self._refuse(node, f"`{node.value}` cannot be read as `{node.tag}`")
            return None

    def _refuse(self, node: Node, words: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, words))


def _twice(first: str, second: str) -> str:
    if first == second:
        return f"the key `{first}` is there twice"
    return f"the keys `{first}` and `{second}` differ only in case, and GitHub takes them for the same"
