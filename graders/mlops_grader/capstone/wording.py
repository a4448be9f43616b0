"""Figures, moments and authority in the words of pages: exactly what stands in the document, spelt for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from mlops_grader.figure import Figure

AUTHORITIES = {
    "advisory": "advisory: measured on the machine of whoever did the work",
    "record": "of record: measured by the instructor from a clean clone",
}


def number(value: float) -> str:
    """A number with its thousands apart and at most three decimals; one that these would make 0 as Python writes it."""
    if float(value).is_integer():
        return f"{int(value):,}"
    shown = f"{value:,.3f}".rstrip("0").rstrip(".")
    return shown if float(shown.replace(",", "")) else repr(float(value))


def amount(figure: Figure) -> str:
    """The value of a figure with its unit."""
    return f"{number(figure.value)} {figure.unit}".rstrip()


def moment(started_at: str) -> str:
    """An instant of a document: "29 November 2026, 12:00 UTC"."""
    at = datetime.fromisoformat(started_at)
    return f"{day(at.date())}, {at:%H:%M} UTC"


def day(when: date) -> str:
    """A day: "29 November 2026"."""
    return f"{when.day} {when:%B %Y}"


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: "data, model and service"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
