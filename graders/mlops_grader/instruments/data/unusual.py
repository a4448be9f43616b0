"""Days that are unlike the days before them, to order: the files are well-formed, and something happened to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from mlops_grader.instruments.data.sheet import Sheet


@dataclass(frozen=True)
class Event:
    """Something that happened to the file of a day. where: of which words a report must name one."""

    words: str
    where: tuple[str, ...]
    happen: Callable[[Sheet, Random], None]


def _each(column: str, change: Callable[[str], str]) -> Callable[[Sheet, Random], None]:
    def happen(sheet: Sheet, _: Random) -> None:
        for row in range(1, len(sheet.rows) + 1):
            sheet.put(row, column, change(sheet.cell(row, column)))

    return happen


def _lose(sheet: Sheet, random: Random) -> None:
    sheet.rows = sheet.rows[: len(sheet.rows) * random.randint(25, 40) // 100]


def _all_alike(column: str, *choices: str) -> Callable[[Sheet, Random], None]:
    def happen(sheet: Sheet, random: Random) -> None:
        value = random.choice(choices)
        _each(column, lambda _: value)(sheet, random)

    return happen


def _younger(text: str) -> str:
    return f"{min(int(text[:4]) + 25, 2024)}{text[4:].replace('02-29', '02-28')}"


def _long_before(text: str) -> str:
    return (datetime.fromisoformat(text) - timedelta(days=60)).isoformat(timespec="minutes")


def _nothing_known(sheet: Sheet, random: Random) -> None:
    for column in ("previous_no_shows", "previous_appointments"):
        _each(column, lambda _: "0")(sheet, random)


def _spoil_many(sheet: Sheet, random: Random) -> None:
    for row in random.sample(range(1, len(sheet.rows) + 1), len(sheet.rows) // 3):
        sheet.put(row, "reminder", "letter")


EVENTS: tuple[Event, ...] = (
    Event("most of the rows are missing", ("appointments",), _lose),
    Event("every reminder is the same", ("reminder",), _all_alike("reminder", "none", "call")),
    Event("every clinic is the same", ("clinic",), _all_alike("clinic", "harbour", "hill", "station")),
    Event("`distance_km` is a tenth of what it was", ("distance_km",), _each("distance_km", lambda km: f"{float(km) / 10:.1f}")),
    Event("everybody is 25 years younger", ("age",), _each("birth_date", _younger)),
    Event("all were booked two months earlier", ("booked_at", "lead_days"), _each("booked_at", _long_before)),
    Event("nobody was ever here before", ("previous_appointments", "previous_no_shows"), _nothing_known),
    Event("a third of the rows cannot be used", ("quarantined", "reminder", "appointments"), _spoil_many),
)  # fmt: skip


def happen(sheets: Mapping[str, Sheet], random: Random, events: int, first: int) -> dict[str, Event]:
    """Let so many events happen, each on a day of its own, with an ordinary day between; the events by day.

    first: how many days at the beginning are left as they are, to compare with.
    """
    days = sorted(sheet.day for sheet in sheets.values() if sheet.kind == "appointments")[first::2]
    chosen = dict(zip(sorted(random.sample(days, events)), random.sample(EVENTS, events), strict=True))
    for day, event in chosen.items():
        event.happen(sheets[f"appointments_{day}.csv"], random)
    return chosen
