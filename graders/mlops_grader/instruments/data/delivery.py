"""Daily files of a practice, and all that is true of them: what the clean data must hold and what the quarantine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pandas as pd

from mlops_grader.instruments.data import truth
from mlops_grader.instruments.data.damages import Bad, spoil
from mlops_grader.instruments.data.sheet import Sheet, Spot, sheets
from mlops_grader.instruments.data.traces import Mark, mark, plant
from mlops_grader.instruments.world import World

PATIENTS, DAYS, PER_DAY = 900, 12, 40
OTHER = {"clinic": ("north", "harbour", "hill", "station"), "reminder": ("none", "sms", "call")}


@dataclass
class Delivery:
    """Daily files, and the truth about them.

    sheets: by name. clean: what the clean data must hold. bad: spoilt rows. left_out: rows that cannot count, the spoilt ones
    among them. groups: rows that are the same word for word, of which all but one are left out. unreadable: files of which
    nothing can be used. marks: personal data in it that are found nowhere else.
    """

    sheets: dict[str, Sheet]
    clean: pd.DataFrame
    bad: list[Bad] = field(default_factory=list)
    left_out: set[Spot] = field(default_factory=set)
    groups: list[tuple[Spot, ...]] = field(default_factory=list)
    unreadable: dict[str, bytes] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def contents(self) -> dict[str, bytes]:
        """The bytes of each file by its name."""
        return {name: sheet.text().encode() for name, sheet in self.sheets.items()} | self.unreadable

    def ids(self, name: str) -> list[str]:
        """The appointments that a file is about, row by row."""
        sheet = self.sheets[name]
        return [sheet.cell(row, "appointment_id") for row in range(1, len(sheet.rows) + 1)]

    def clean_without(self, files: Collection[str]) -> pd.DataFrame:
        """What the clean data must hold when these files are not used."""
        gone = [each for name in files if name.startswith("appointments") for each in self.ids(name)]
        untold = [each for name in files if name.startswith("outcomes") for each in self.ids(name)]
        here = self.clean.index
        return truth.without_outcomes(self.clean, here.intersection(untold)).drop(here.intersection(gone))

    def of(self, kind: str) -> list[Sheet]:
        """The files of one kind that can be read, in the order of their days."""
        return sorted(
            (s for s in self.sheets.values() if s.kind == kind and s.name not in self.unreadable), key=lambda s: s.day
        )


def write(contents: Mapping[str, bytes], folder: Path) -> None:
    """Write files into a folder, made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def plain(seed: int, days: int = DAYS, per_day: int = PER_DAY) -> Delivery:
    """Files with which nothing is wrong, all outcomes there."""
    frame = World(seed, patients=max(PATIENTS, per_day * 10)).days(days=days, per_day=per_day)
    return Delivery(sheets(frame), truth.clean(frame))


def damaged(seed: int, random: Random) -> Delivery:
    """Files with spoilt rows of every kind, and some that cannot be read at all."""
    delivery = plain(seed)
    delivery.marks = plant(delivery.sheets.values(), random)
    ids = {Spot(name, row): each for name in delivery.sheets for row, each in enumerate(delivery.ids(name), start=1)}
    _make_unreadable(delivery, random)
    readable = {sheet.name: sheet for kind in ("appointments", "outcomes") for sheet in delivery.of(kind)}
    delivery.bad = spoil(readable, random)
    births = (
        readable[bad.spot.file].cell(bad.spot.row, "birth_date")
        for bad in delivery.bad
        if "birth_date" in bad.kind.columns
    )
    delivery.marks += [Mark("birth_date", birth) for birth in births if birth]
    spots = {bad.spot for bad in delivery.bad} | {spot for spot in ids if spot.file in delivery.unreadable}
    gone = {ids[spot] for spot in spots if spot.file.startswith("appointments")}
    untold = {ids[spot] for spot in spots if spot.file.startswith("outcomes")}
    orphans = {spot for spot in ids if spot.file.startswith("outcomes") and ids[spot] in gone}
    delivery.left_out = {spot for spot in spots | orphans if spot.file not in delivery.unreadable}
    delivery.clean = truth.without_outcomes(delivery.clean, pd.Index(sorted(untold))).drop(sorted(gone))
    return delivery


def corrected(seed: int, random: Random) -> Delivery:
    """Files in which rows come twice, and rows and outcomes are corrected, in the same file and in later ones."""
    delivery = plain(seed)
    names = iter(random.sample(sorted(delivery.clean.index), 30))
    for number in range(6):
        _correct(delivery, next(names), random, times=1 + number % 2)
        _correct_outcome(delivery, next(names), random, older=number % 2 == 1)
        for kind in ("appointments", "outcomes"):
            _repeat(delivery, kind, next(names), random)
    return delivery


def _make_unreadable(delivery: Delivery, random: Random) -> None:
    """Files of which no row can be used: a column is missing, one has another name, the header is missing, one is empty."""
    first, second, third = random.sample(delivery.of("appointments")[2:-2], 3)
    outcomes = random.choice(delivery.of("outcomes")[2:-4])
    delivery.marks += mark(third, 1, random)
    text = second.text()
    renamed = random.choice(("starts_at", "clinic", "birth_date"))
    delivery.unreadable = {
        first.name: _without(first, random.choice(("reminder", "distance_km", "previous_no_shows"))),
        second.name: text.replace(renamed, renamed.replace("_", " ").title(), 1).encode(),
        third.name: third.text().partition("\n")[2].encode(),
        outcomes.name: b"",
    }


def _without(sheet: Sheet, column: str) -> bytes:
    place = sheet.header.index(column)
    header, *rows = ([*cells[:place], *cells[place + 1 :]] for cells in (sheet.header, *sheet.rows))
    return Sheet(sheet.kind, sheet.day, header, rows).text().encode()


def _find(delivery: Delivery, kind: str, name: str) -> tuple[Sheet, int]:
    """The first row about an appointment in the files of a kind."""
    return next(
        (sheet, row)
        for sheet in delivery.of(kind)
        for row in range(1, len(sheet.rows) + 1)
        if sheet.cell(row, "appointment_id") == name
    )


def _correct(delivery: Delivery, name: str, random: Random, times: int) -> None:
    """Write an appointment again, changed, at the end of its own file or of later ones; the last one counts."""
    sheet, row = _find(delivery, "appointments", name)
    left, spot = delivery.of("appointments"), Spot(sheet.name, row)
    for _ in range(times):
        left = left[left.index(sheet) :]
        cells = list(sheet.rows[spot.row - 1])
        column = random.choice(sorted(OTHER))
        value = random.choice([each for each in OTHER[column] if each != cells[sheet.header.index(column)]])
        cells[sheet.header.index(column)] = value
        delivery.left_out.add(spot)
        sheet = random.choice(left[:4])
        spot = sheet.add(cells)
        delivery.clean.loc[name, column] = value


def _repeat(delivery: Delivery, kind: str, name: str, random: Random) -> None:
    """Write a row again, word for word, at the end of its own file or of a later one."""
    sheet, row = _find(delivery, kind, name)
    files = delivery.of(kind)
    after = random.choice(files[files.index(sheet) :][:3])
    delivery.groups.append((Spot(sheet.name, row), after.add(sheet.rows[row - 1])))


def _correct_outcome(delivery: Delivery, name: str, random: Random, *, older: bool) -> None:
    """Write another outcome into the same or a later file, recorded later than the first, or before it."""
    sheet, row = _find(delivery, "outcomes", name)
    files = delivery.of("outcomes")
    recorded = datetime.fromisoformat(sheet.cell(row, "recorded_at"))
    other = recorded + timedelta(minutes=random.randint(1, 60) * (-1 if older else 1))
    came = sheet.cell(row, "outcome") == "attended"
    after = random.choice(files[files.index(sheet) :][:3])
    spot = after.add([name, "no_show" if came else "attended", other.isoformat(timespec="minutes")])
    delivery.left_out.add(spot if older else Spot(sheet.name, row))
    if not older:
        delivery.clean.loc[name, "no_show"] = came
        delivery.clean.loc[name, "outcome_recorded_at"] = pd.Timestamp(other)
