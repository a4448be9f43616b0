"""Deliveries that a team must hear of, to order: something is wrong with one file, or files are missing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet

Contents = dict[str, bytes]
Spoil = Callable[[Delivery, Contents, Random], str]


def _some_day(delivery: Delivery, random: Random) -> Sheet:
    """A file of appointments of the middle of the delivery."""
    files = delivery.of("appointments")
    return random.choice(files[len(files) // 2 : -3])


def _rewritten(sheet: Sheet, column: str, change: Callable[[str], str]) -> bytes:
    place = sheet.header.index(column)
    rows = [[*row[:place], change(row[place]), *row[place + 1 :]] for row in sheet.rows]
    return Sheet(sheet.kind, sheet.day, sheet.header, rows).text().encode()


def _in_metres(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = _rewritten(sheet, "distance_km", lambda km: f"{float(km) * 1000 + 2000:.0f}")
    return f"in `{sheet.name}` the distances are in metres"


def _in_capitals(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = _rewritten(sheet, "reminder", str.upper)
    return f"in `{sheet.name}` the reminders are in capitals"


def _all_called(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = _rewritten(sheet, "reminder", lambda _: "call")
    return f"in `{sheet.name}` every patient was called"


def _a_day_is_missing(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    del contents[sheet.name]
    return f"`{sheet.name}` has not come"


def _cut_off(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = contents[sheet.name][: len(contents[sheet.name]) * random.randint(15, 35) // 100]
    return f"`{sheet.name}` is cut off"


def _without_a_column(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = contents[sheet.name].replace(b"previous_no_shows", b"missed", 1)
    return f"in `{sheet.name}` the column `previous_no_shows` is called `missed`"


def _empty(delivery: Delivery, contents: Contents, random: Random) -> str:
    sheet = _some_day(delivery, random)
    contents[sheet.name] = b""
    return f"`{sheet.name}` is empty"


def _no_outcomes(delivery: Delivery, contents: Contents, random: Random) -> str:
    names = [sheet.name for sheet in delivery.of("outcomes")]
    first = random.randint(5, 12)
    for name in names[first : first + 15]:
        del contents[name]
    return f"the outcomes of three weeks have not come, from `{names[first]}` on"


SPOILS: tuple[Spoil, ...] = (
    _in_metres,
    _in_capitals,
    _all_called,
    _a_day_is_missing,
    _cut_off,
    _without_a_column,
    _empty,
    _no_outcomes,
)
