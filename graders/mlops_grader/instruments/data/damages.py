"""Rows that cannot be used, to order: fourteen kinds, each written in one of several ways, by seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from mlops_grader.instruments.data.sheet import Sheet, Spot


@dataclass(frozen=True)
class Kind:
    """A kind of bad row. columns: of which the quarantine may name one; empty when it is the whole row's trouble."""

    words: str
    columns: tuple[str, ...]
    spoil: Callable[[Sheet, int, Random], Spot]
    of: str = "appointments"


@dataclass(frozen=True)
class Bad:
    """A row that was spoilt, and how."""

    spot: Spot
    kind: Kind


def _cell(column: str, *texts: str) -> Callable[[Sheet, int, Random], Spot]:
    return lambda sheet, row, random: sheet.put(row, column, random.choice(texts))


def _unit(sheet: Sheet, row: int, random: Random) -> Spot:
    kilometres = float(sheet.cell(row, "distance_km")) + 2
    written = (f"{kilometres * 1000:.0f}", f"{kilometres:.1f} km", f"{kilometres:.1f}".replace(".", ","))
    return sheet.put(row, "distance_km", random.choice(written))


def _moment(sheet: Sheet, row: int, random: Random) -> Spot:
    column = random.choice(("booked_at", "starts_at"))
    moment = datetime.fromisoformat(sheet.cell(row, column))
    return sheet.put(
        row, column, moment.strftime(random.choice(("%d/%m/%Y %H:%M", "%Y-13-%dT%H:%M", "%Y-%m-%dT25:%M", "tomorrow")))
    )


def _order(sheet: Sheet, row: int, random: Random) -> Spot:
    starts = datetime.fromisoformat(sheet.cell(row, "starts_at"))
    later = starts + timedelta(minutes=random.choice((0, 30, 3000)))
    return sheet.put(row, "booked_at", later.isoformat(timespec="minutes"))


def _later_day(sheet: Sheet, row: int, random: Random) -> Spot:
    starts = datetime.fromisoformat(sheet.cell(row, "starts_at")) + timedelta(days=random.choice((1, 7, 365)))
    return sheet.put(row, "starts_at", starts.isoformat(timespec="minutes"))


def _birth(sheet: Sheet, row: int, random: Random) -> Spot:
    return sheet.put(row, "birth_date", random.choice(("1979-02-30", "1871-07-23", "2150-02-09", "02.03.1979", "")))


def _counts(sheet: Sheet, row: int, random: Random) -> Spot:
    return sheet.put(
        row, "previous_no_shows", str(int(sheet.cell(row, "previous_appointments")) + random.randint(1, 4))
    )


def _shape(sheet: Sheet, row: int, random: Random) -> Spot:
    cells = sheet.rows[row - 1]
    sheet.rows[row - 1] = random.choice((cells[:-3], [*cells, "more"], [*cells[:2], *cells[2].split(" "), *cells[3:]]))
    return Spot(sheet.name, row)


def _swapped(sheet: Sheet, row: int, random: Random) -> Spot:
    column = random.choice(("clinic", "sex", "reminder"))
    name, other = sheet.header.index(random.choice(("name", "phone"))), sheet.header.index(column)
    cells = sheet.rows[row - 1]
    cells[name], cells[other] = cells[other], cells[name]
    return Spot(sheet.name, row)


KINDS: tuple[Kind, ...] = (
    Kind("an id that is none", ("appointment_id",), _cell("appointment_id", "A123", "", "B0000123", "A00001234")),
    Kind("`distance_km` in another unit or form", ("distance_km",), _unit),
    Kind("`distance_km` is no distance", ("distance_km",), _cell("distance_km", "-3.0", "nan", "inf", "", "far")),
    Kind("`previous_appointments` is no count", ("previous_appointments",), _cell("previous_appointments", "-1", "2.5", "", "many")),
    Kind("more appointments missed than there were", ("previous_no_shows", "previous_appointments"), _counts),
    Kind("a clinic that there is not", ("clinic",), _cell("clinic", "NORTH", "nord", "", "west")),
    Kind("a reminder that there is not", ("reminder",), _cell("reminder", "SMS", "letter", "", "0")),
    Kind("a moment written in another way", ("booked_at", "starts_at"), _moment),
    Kind("booked at its start or later", ("booked_at", "starts_at"), _order),
    Kind("an appointment of a later day than the file", ("starts_at",), _later_day),
    Kind("a birth date that cannot be", ("birth_date",), _birth),
    Kind("too few or too many cells", (), _shape),
    Kind("cells in each other's place", ("clinic", "sex", "reminder", "name", "phone"), _swapped),
    Kind("an outcome that is none", ("outcome", "recorded_at"), _cell("outcome", "maybe", "", "0", "no-show"), "outcomes"),
)  # fmt: skip


def spoil(sheets: Mapping[str, Sheet], random: Random, each: int = 3) -> list[Bad]:
    """Spoil rows of every kind in these files, no row twice; which they are."""
    bad: list[Bad] = []
    taken: set[Spot] = set()
    for kind in KINDS:
        names = sorted(name for name in sheets if sheets[name].kind == kind.of)
        for _ in range(each):
            free = [
                Spot(name, row)
                for name in names
                for row in range(1, len(sheets[name].rows) + 1)
                if Spot(name, row) not in taken
            ]
            spot = random.choice(free)
            taken.add(spot)
            bad.append(Bad(kind.spoil(sheets[spot.file], spot.row, random), kind))
    return bad
