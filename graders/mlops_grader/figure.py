"""A figure that a check measured, worth showing beside the verdict."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """A number with its name in words, and its unit; the unit is empty for a plain count."""

    name: str
    value: float
    unit: str = ""
