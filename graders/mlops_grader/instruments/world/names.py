"""Invented names, and phone numbers from the range that is reserved for fiction."""

from __future__ import annotations

import numpy as np

from mlops_grader.instruments.world.chance import Integers, Texts, uniform

_STARTS = ("Ba", "Chi", "Do", "É", "Fa", "Gö", "Ha", "Ili", "Jo", "Ka", "Lu", "Mi", "Na", "Ola", "Pe", "Ro", "Sü", "Ta")
_MIDDLES = ("", "la", "ri", "mo", "né", "su", "va", "di")
_GIVEN_ENDS = ("na", "mir", "lo", "ra", "sh", "tín", "bo", "ja")
_FAMILY_ENDS = ("berg", "ford", "ková", "mann", "sen", "tello", "wick", "yama", "zade", "ño")
_AREA_CODES = 800
_LINES = 100


def _join(seed: int, stream: str, size: int, parts: tuple[tuple[str, ...], ...]) -> list[str]:
    draws = uniform(seed, stream, size, len(parts))
    columns = [(draws[:, i] * len(options)).astype(np.int64) for i, options in enumerate(parts)]
    return ["".join(options[k] for options, k in zip(parts, row, strict=True)) for row in zip(*columns, strict=True)]


def given_names(seed: int, size: int) -> Texts:
    """Make given names of two or three syllables. Every letter exists in Latin-1."""
    return np.array(_join(seed, "given name", size, (_STARTS, _MIDDLES, _GIVEN_ENDS)), dtype=object)


def family_names(seed: int, size: int) -> Texts:
    """Make family names of two or three syllables. Every letter exists in Latin-1."""
    return np.array(_join(seed, "family name", size, (_STARTS, _MIDDLES, _FAMILY_ENDS)), dtype=object)


def phone_numbers(seed: int, size: int) -> Texts:
    """Make numbers +1-AAA-555-01NN: in every area the lines 555-0100 to 555-0199 are kept for fiction.

    There are 80,000 of them, so no two patients share one as long as there are no more patients than that.
    """
    first = int(uniform(seed, "phone", 1)[0] * _AREA_CODES * _LINES)
    numbers: Integers = (first + np.arange(size, dtype=np.int64) * 50_021) % (_AREA_CODES * _LINES)
    return np.array([f"+1-{200 + n // _LINES}-555-01{n % _LINES:02d}" for n in numbers.tolist()], dtype=object)
