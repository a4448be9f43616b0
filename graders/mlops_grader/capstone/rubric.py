"""The rubric of the capstone: one file of lines, each a claim that passes or fails, loaded strictly."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import pydantic

from mlops_grader.capstone.misread import broken, explained, meant
from mlops_grader.submission import UsageError

FILE = "rubric.toml"
AREAS = ("product", "data", "model", "service", "operations")
PARTS = ("training", "serving", "containers", "ci", "delivery", "monitoring")
TOTAL = 100  # points of the must lines of all phases
_STRICT = pydantic.ConfigDict(extra="forbid", strict=True)

Key = Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")]
Words = Annotated[str, pydantic.Field(pattern=r"^\S(.*\S)?$")]  # one line, and not only blanks
CheckId = Annotated[str, pydantic.Field(pattern=r"^m\d\d_[a-z0-9_]+/test_[a-z0-9_]+$")]
Count = Annotated[int, pydantic.Field(ge=0)]


class RubricError(UsageError):
    """The rubric cannot be used: one sentence that names the file, the line and the way out."""


class Judge(StrEnum):
    """Who decides whether a line is earned."""

    CHECK = "check"
    STAFF = "staff"
    PEER = "peer"
    EXPO = "judge"


@dataclass(frozen=True)
class Line:
    """One claim that passes or fails.

    owner: the area of the team that answers for it. checks: all must pass. bonus: a difficulty line, beyond the must lines.
    individual: scored for each person. part: of the contract; without that part a check line is not earned.
    """

    __pydantic_config__ = _STRICT

    id: Key
    phase: str
    points: Annotated[int, pydantic.Field(ge=1, le=4)]
    claim: Words
    judge: Judge
    evidence: Words
    owner: str
    checks: tuple[CheckId, ...] = ()
    bonus: bool = False
    individual: bool = False
    part: str = ""


@dataclass(frozen=True)
class Phase:
    """A part of the work and its lines; `points` is the sum of its must lines."""

    __pydantic_config__ = _STRICT

    key: Key
    title: Words
    points: Annotated[int, pydantic.Field(ge=1, le=TOTAL)]
    lines: Annotated[tuple[Line, ...], pydantic.Field(min_length=1)]


@dataclass(frozen=True)
class Gate:
    """The line without which no line of the phases that it closes is earned."""

    __pydantic_config__ = _STRICT

    line: str
    closes: Annotated[tuple[str, ...], pydantic.Field(min_length=1)]
    reason: Words


@dataclass(frozen=True)
class PeerRules:
    """How many reviews each person hands in, and the highest multiplier that team-mates can give."""

    __pydantic_config__ = _STRICT

    reviews: Count
    ceiling: Annotated[Fraction, pydantic.Field(ge=1, le=2)]


@dataclass(frozen=True)
class LateRules:
    """Each token buys so many hours; a day without one costs `percent` of the points, at most `most` percent."""

    __pydantic_config__ = _STRICT

    tokens: Count
    hours: Annotated[int, pydantic.Field(ge=1)]
    percent: Annotated[int, pydantic.Field(ge=0, le=100)]
    most: Annotated[int, pydantic.Field(ge=0, le=100)]


@dataclass(frozen=True)
class Question:
    """What staff asks in a debrief about an individual line, in one area of the work, and what earns the line."""

    __pydantic_config__ = _STRICT

    line: str
    area: str
    ask: Words
    listen: Words


@dataclass(frozen=True)
class Rubric:
    """The whole file."""

    __pydantic_config__ = _STRICT

    title: Words
    version: Annotated[str, pydantic.Field(pattern=r"^\d+(\.\d+)*$")]
    phases: Annotated[tuple[Phase, ...], pydantic.Field(min_length=1)]
    bonus_cap: Count
    gate: Gate
    peers: PeerRules
    late: LateRules
    questions: tuple[Question, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, in the order of the file."""
        return tuple(chain.from_iterable(phase.lines for phase in self.phases))

    @property
    def must(self) -> tuple[Line, ...]:
        """The lines that make up the 100 points."""
        return tuple(line for line in self.lines if not line.bonus)

    @property
    def bonus(self) -> tuple[Line, ...]:
        """The difficulty lines."""
        return tuple(line for line in self.lines if line.bonus)

    def line(self, id: str) -> Line:  # noqa: A002  # it is the line's id
        """The line of that id. Raises RubricError that guesses which one was meant."""
        known = {line.id: line for line in self.lines}
        if id not in known:
            raise RubricError(f"the rubric has no line `{id}`: {meant(id, known)}")
        return known[id]


def load(path: Path | None = None) -> Rubric:
    """The rubric in a file, or the course's own. Raises RubricError that names the file, the key and the way out."""
    place = path or own()
    try:
        text = place.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise RubricError(f"there is no rubric `{place}`: name the file of one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"`{place}` cannot be read: {error}; save it as UTF-8 text") from None
    try:
        return read(text)
    except RubricError as error:
        raise RubricError(f"`{place}`: {error}") from None


def own() -> Path:
    """Where the course's own rubric lies: in the installed package, or in a clone beside the lessons."""
    installed = Path(__file__).with_name(FILE)
    return installed if installed.is_file() else Path(__file__).parents[3] / "modules" / "m14_capstone" / FILE


def read(text: str) -> Rubric:
    """The rubric that a text describes. Raises RubricError."""
    from mlops_grader.capstone.sound import problems  # it speaks of what is defined here

    try:
        document = tomllib.loads(text, parse_float=Decimal)
        # as JSON, because there strict means strict about values and lists may still become tuples
        rubric = pydantic.TypeAdapter(Rubric).validate_json(json.dumps(_placed(document), default=str))
    except tomllib.TOMLDecodeError as error:
        raise RubricError(broken(error, text, Rubric)) from None
    except RecursionError:
        raise RubricError("it is not valid TOML: it is nested too deep; write it flat") from None
    except pydantic.ValidationError as error:
        raise RubricError(explained(error, document, Rubric)) from None
    for problem in problems(rubric):
        raise RubricError(problem)
    return rubric


def _placed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the key of its phase in each line; what is no table is left for the validation to name."""
    phases = document.get("phases")
    if not isinstance(phases, list):
        return document
    return {**document, "phases": [_phase(phase) for phase in phases]}


def _phase(phase: Any) -> Any:
    lines = phase.get("lines") if isinstance(phase, dict) else None
    if not isinstance(lines, list):
        return phase
    for line in lines:
        if isinstance(line, dict) and "phase" in line:
            raise RubricError(
                f"line `{line.get('id', '')}` has the key `phase`: leave it out, the line stands below its phase"
            )
    return {
        **phase,
        "lines": [{**line, "phase": phase.get("key", "")} if isinstance(line, dict) else line for line in lines],
    }
