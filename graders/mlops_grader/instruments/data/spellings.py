"""Daily files written in other ways that mean the same, or nearly: what spreadsheets and other systems make of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet


@dataclass(frozen=True)
class Spelling:
    """A way to write a file. doubtful: it may be refused, but not be misread."""

    words: str
    write: Callable[[Sheet], bytes]
    doubtful: bool = False


def _quoted(sheet: Sheet) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([sheet.header, *sheet.rows])
    return out.getvalue().encode()


def _with_line_breaks(sheet: Sheet) -> bytes:
    place = sheet.header.index("reply")
    rows = [[*row[:place], "Yes,\nI will come", *row[place + 1 :]] for row in sheet.rows]
    return Sheet(sheet.kind, sheet.day, sheet.header, rows).text().encode()


def _turned(sheet: Sheet) -> bytes:
    header, *rows = ([*row[1:], row[0]] for row in (sheet.header, *sheet.rows))
    return Sheet(sheet.kind, sheet.day, header, rows).text().encode()


def _wider(sheet: Sheet) -> bytes:
    header, *rows = (
        [*row, cell] for row, cell in zip((sheet.header, *sheet.rows), ("room", *"7" * len(sheet.rows)), strict=True)
    )
    return Sheet(sheet.kind, sheet.day, header, rows).text().encode()


SPELLINGS = (
    Spelling("UTF-8 with a byte order mark", lambda sheet: sheet.text().encode("utf-8-sig")),
    Spelling("lines that end with CR and LF", lambda sheet: sheet.text("\r\n").encode()),
    Spelling("every cell in quotes", _quoted),
    Spelling("line breaks within quotes", _with_line_breaks),
    Spelling("no line end after the last row", lambda sheet: sheet.text().rstrip("\n").encode()),
    Spelling("UTF-16 with a byte order mark", lambda sheet: sheet.text().encode("utf-16"), doubtful=True),
    Spelling("Latin-1", lambda sheet: sheet.text().encode("latin-1", errors="replace"), doubtful=True),
    Spelling("columns in another order", _turned, doubtful=True),
    Spelling("one column more", _wider, doubtful=True),
)


def respell(delivery: Delivery, random: Random) -> dict[str, Spelling]:
    """Which file of appointments is written in which way, each way once."""
    names = [sheet.name for sheet in delivery.of("appointments")]
    return dict(zip(random.sample(names, len(SPELLINGS)), SPELLINGS, strict=True))
