"""Short codes that people can type and cameras can read, each of which leads to the page of a team."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import segno
from markupsafe import Markup

LETTERS = "23456789CDFGHJKMNPQRTVWXY"  # none that looks like another, and no vowels, so that no code is a word
LENGTH = 4
SHAPE = {"scale": 1, "border": 2, "dark": "#000", "light": "#fff", "omitsize": True}


def codes(names: Iterable[str], seed: int) -> dict[str, str]:
    """A code for each name, no two alike, and the same for the same names and seed."""
    made: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(set(names)):
        code = next(code for attempt in range(10_000) if (code := _code(f"{seed}/{name}/{attempt}")) not in taken)
        made[name] = code
        taken.add(code)
    return made


def drawing(address: str) -> Markup:
    """The QR code of an address as an SVG element."""
    code = segno.make(address, error="m", micro=False).svg_inline(**SHAPE)
    return Markup(code)  # noqa: S704  # it consists of numbers


def _code(text: str) -> str:
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(LENGTH))
