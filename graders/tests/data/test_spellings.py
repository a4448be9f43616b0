"""Other spellings of a daily file: to a CSV reader they mean the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from random import Random

import pytest

from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet
from mlops_grader.instruments.data.spellings import SPELLINGS, Spelling, respell

Chance = Callable[[int | str], Random]

SHEET = Sheet(
    "appointments",
    "2026-01-05",
    ["appointment_id", "name", "reply"],
    [["A0000001", "Éna Götín", "Yes, thanks"], ["A0000002", "Bana", 'it says "fasting"'], ["A0000003", "Ñadi", ""]],
)
WORDS = {spelling.words: spelling for spelling in SPELLINGS}
ENCODINGS = {"UTF-16 with a byte order mark": "utf-16", "Latin-1": "latin-1"}


def read(spelling: Spelling, sheet: Sheet = SHEET) -> list[dict[str, str]]:
    """The rows by their columns, as a reader who knows the encoding has them."""
    text = spelling.write(sheet).decode(ENCODINGS.get(spelling.words, "utf-8-sig"))
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return [dict(zip(header, cells, strict=True)) for cells in rows]


@pytest.mark.parametrize(
    "words", [words for words in WORDS if words not in ("line breaks within quotes", "one column more")]
)
def test_a_spelling_means_the_same(plain: Delivery, words: str) -> None:
    """Column by column, in every row of every file."""
    for sheet in (SHEET, *plain.of("appointments")):
        expected = [dict(zip(sheet.header, cells, strict=True)) for cells in sheet.rows]
        assert read(WORDS[words], sheet) == expected


def test_a_line_break_is_part_of_a_reply() -> None:
    """All else is the same."""
    rows = read(WORDS["line breaks within quotes"])
    replies = [row.pop("reply") for row in rows]
    assert rows == [{"appointment_id": cells[0], "name": cells[1]} for cells in SHEET.rows]
    assert replies == ["Yes,\nI will come"] * 3


def test_a_further_column_comes_last() -> None:
    """All else is the same."""
    rows = read(WORDS["one column more"])
    assert [row.pop("room") for row in rows] == ["7"] * 3
    assert [[*row] for row in rows] == [SHEET.header] * 3
    assert [[*row.values()] for row in rows] == SHEET.rows


@pytest.mark.parametrize(
    ("words", "content"),
    [
        ("UTF-8 with a byte order mark", b"\xef\xbb\xbfa,b\n1,\xc3\xa9\n"),
        ("lines that end with CR and LF", b"a,b\r\n1,\xc3\xa9\r\n"),
        ("every cell in quotes", b'"a","b"\n"1","\xc3\xa9"\n'),
        ("no line end after the last row", b"a,b\n1,\xc3\xa9"),
        ("UTF-16 with a byte order mark", "a,b\n1,é\n".encode("utf-16")),
        ("Latin-1", b"a,b\n1,\xe9\n"),
        ("columns in another order", b"b,a\n\xc3\xa9,1\n"),
        ("one column more", b"a,b,room\n1,\xc3\xa9,7\n"),
    ],
)
def test_a_spelling_is_what_it_is_called(words: str, content: bytes) -> None:
    """Byte for byte."""
    assert WORDS[words].write(Sheet("appointments", "2026-01-05", ["a", "b"], [["1", "é"]])) == content


def test_what_the_agreement_does_not_name_is_doubtful() -> None:
    """It may be refused; the others may not."""
    assert [spelling.words for spelling in SPELLINGS if spelling.doubtful] == [
        "UTF-16 with a byte order mark",
        "Latin-1",
        "columns in another order",
        "one column more",
    ]


def test_each_way_is_used_once(plain: Delivery, chance: Chance) -> None:
    """For files of appointments, another for each seed."""
    appointments = {sheet.name for sheet in plain.of("appointments")}
    seen: set[str] = set()
    for seed in range(60):
        found = respell(plain, chance(seed))
        assert sorted(spelling.words for spelling in found.values()) == sorted(WORDS)
        seen |= found.keys()
    assert seen == appointments
    assert respell(plain, chance(1)) == respell(plain, chance(1))


def test_latin_1_cannot_be_read_as_utf_8(plain: Delivery) -> None:
    """There are names with other letters in every file, so it matters how it is read."""
    for sheet in plain.of("appointments"):
        with pytest.raises(UnicodeDecodeError):
            WORDS["Latin-1"].write(sheet).decode()
