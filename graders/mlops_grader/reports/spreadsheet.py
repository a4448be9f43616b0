"""Tables for spreadsheets: CSV in which no cell can pass for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LONGEST = 255  # characters of an identity
_HARMLESS = re.compile(r"[-+@][\w.@+-]*")  # a spreadsheet may show it oddly, but it calls nothing and leads nowhere


class Exact(str):
    """Text that another program looks up and that must arrive as it is; `exact` says of which text this can be said."""

    __slots__ = ()


def exact(text: str) -> str | None:
    """The text when it may stand in a table as it is; None when a spreadsheet could run it, or a line could not hold it."""
    if any(not character.isprintable() for character in text) or len(text) > LONGEST:
        return None
    return text if _guarded(text) == text or _HARMLESS.fullmatch(text) else None


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV (RFC 4180) below their header."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([cell(name) for name in header])
    writer.writerows([cell(value) for value in row] for row in rows)
    return text.getvalue()


def cell(value: object) -> str:
    """What stands in a cell: text that a spreadsheet would calculate gets an apostrophe before it; numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float | Exact):
        return str(value)
    return _guarded(str(value))


def _guarded(text: str) -> str:
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULA) or text.startswith(_FORMULA) else text
