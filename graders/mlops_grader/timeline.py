"""What happened in the course of a grade, step by step: curves, and spans in which something was so."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Curve:
    """A number over time. Each point is a moment from the start, and a value of that unit."""

    name: str
    unit: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Span:
    """A time in which something was so, from the start on. Spans of one lane are of one kind."""

    lane: str
    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """All of it; `note` says what a step stands for. Moments and the length `seconds` are in `unit`."""

    note: str
    seconds: float
    curves: tuple[Curve, ...]
    spans: tuple[Span, ...]
    unit: str = "s"

    def document(self) -> dict[str, Any]:
        """As plain data, for the result document."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))  # lists, not tuples
        return plain


def from_document(document: Mapping[str, Any]) -> Timeline:
    """The timeline of a valid result document."""
    curves = tuple(
        Curve(entry["name"], entry["unit"], tuple((at, value) for at, value in entry["points"]))
        for entry in document["curves"]
    )
    spans = tuple(Span(**entry) for entry in document["spans"])
    return Timeline(document["note"], document["seconds"], curves, spans, document.get("unit", "s"))
