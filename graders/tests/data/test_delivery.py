"""Deliveries to order: what is said to be true of them is what their files say, read with the csv module alone."""

from __future__ import annotations

import copy
import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data.accounts import unaccounted
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet, Spot, sheets
from mlops_grader.instruments.data.truth import COLUMNS
from mlops_grader.instruments.world import World, daily_files

Chance = Callable[[int | str], Random]
Blame = Callable[[str, list[str], date], set[str]]

SEEDS = range(20, 28)


@dataclass(frozen=True)
class Line:
    """A row of a daily file that can be used."""

    spot: Spot
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Reading:
    """What files say. rows: by id, a value for each column. left_out: with 0 for a whole file. blamed: of each bad row."""

    rows: dict[str, dict[str, Any]]
    left_out: set[Spot]
    blamed: dict[Spot, set[str]]


@pytest.fixture(scope="session")
def read(blame: Blame, columns: Mapping[str, list[str]]) -> Callable[[Path], Reading]:
    """Read a folder of daily files as their README has it."""

    def lines(folder: Path, kind: str, blamed: dict[Spot, set[str]]) -> Iterator[Line]:
        for path in sorted(folder.glob(f"{kind}_*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = list(csv.reader(file)) or [[]]
            if header != columns[kind]:
                blamed[Spot(path.name, 0)] = {""}
                continue
            for number, cells in enumerate(rows, start=1):
                bad = blame(kind, cells, date.fromisoformat(path.stem[-10:]))
                if bad:
                    blamed[Spot(path.name, number)] = bad
                else:
                    yield Line(Spot(path.name, number), dict(zip(header, cells, strict=True)))

    def reading(folder: Path) -> Reading:
        blamed: dict[Spot, set[str]] = {}
        appointments, outcomes = (list(lines(folder, kind, blamed)) for kind in ("appointments", "outcomes"))
        newest = {line.cells["appointment_id"]: line for line in appointments}
        known: dict[str, Line] = {}
        for line in sorted(outcomes, key=lambda line: line.cells["recorded_at"]):
            known[line.cells["appointment_id"]] = line
        counted = {line.spot for line in newest.values()}
        counted |= {line.spot for name, line in known.items() if name in newest}
        left_out = {line.spot for line in (*appointments, *outcomes)} - counted | blamed.keys()
        rows = {name: values(line.cells, known[name].cells if name in known else None) for name, line in newest.items()}
        return Reading(rows, left_out, blamed)

    return reading


def values(cells: Mapping[str, str], outcome: Mapping[str, str] | None) -> dict[str, Any]:
    """A row of the clean data; None where nothing is known."""
    born, starts = date.fromisoformat(cells["birth_date"]), datetime.fromisoformat(cells["starts_at"])
    birthdays = sum(starts.date() >= _birthday(born, born.year + age) for age in range(1, 125))
    return {
        **{column: cells[column] for column in ("patient_id", "sex", "clinic", "reminder")},
        **{column: int(cells[column]) for column in ("previous_appointments", "previous_no_shows")},
        "age": birthdays,
        "booked_at": datetime.fromisoformat(cells["booked_at"]),
        "starts_at": starts,
        "distance_km": float(cells["distance_km"]),
        "no_show": outcome and outcome["outcome"] == "no_show",
        "outcome_recorded_at": outcome and datetime.fromisoformat(outcome["recorded_at"]),
    }


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def said(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """The clean data that a delivery says to hold, in the same form."""
    return {
        str(name): {str(column): None if pd.isna(value) else value for column, value in row.items()}
        for name, row in table.to_dict("index").items()
    }


def written(delivery: Delivery, folder: Path) -> Path:
    """A folder with its files."""
    deliveries.write(delivery.contents(), folder)
    return folder


# The truth


def test_the_truth_of_a_plain_delivery_is_that_of_its_files(read: Callable[[Path], Reading], tmp_path: Path) -> None:
    """All outcomes are there, and nothing is left out."""
    for seed in SEEDS:
        delivery = deliveries.plain(seed)
        reading = read(written(delivery, tmp_path / str(seed)))
        assert said(delivery.clean) == reading.rows
        assert reading.left_out == set()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_of_a_damaged_delivery_is_that_of_its_files(
    read: Callable[[Path], Reading], tmp_path: Path, seed: int, chance: Chance
) -> None:
    """Rows that cannot be used, files that cannot be read, and outcomes whose appointment is among them."""
    delivery = deliveries.damaged(seed, chance(seed))
    reading = read(written(delivery, tmp_path))
    assert said(delivery.clean) == reading.rows
    assert reading.left_out == delivery.left_out | {Spot(name, 0) for name in delivery.unreadable}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_truth_of_a_corrected_delivery_is_that_of_its_files(
    read: Callable[[Path], Reading], tmp_path: Path, seed: int, chance: Chance
) -> None:
    """The later row counts, of outcomes the one recorded later, and of a repetition one."""
    delivery = deliveries.corrected(seed, chance(seed))
    reading = read(written(delivery, tmp_path))
    assert said(delivery.clean) == reading.rows
    assert reading.left_out == delivery.left_out | {first for first, _ in delivery.groups}


def test_columns_of_the_truth_are_those_of_the_data(plain: Delivery) -> None:
    """And the patient's number, to compare pseudonyms with."""
    assert list(plain.clean.columns) == ["patient_id", *COLUMNS]


# The accounts of these deliveries


@pytest.mark.parametrize("order", [deliveries.damaged, deliveries.corrected], ids=["damaged", "corrected"])
@pytest.mark.parametrize("seed", SEEDS)
def test_the_accounts_accept_what_is_left_out_of_a_delivery(
    read: Callable[[Path], Reading], tmp_path: Path, order: Callable[[int, Random], Delivery], seed: int, chance: Chance
) -> None:
    """And nothing else: no row less, no row more."""
    delivery = order(seed, chance(seed))
    left_out = read(written(delivery, tmp_path)).left_out
    assert unaccounted(delivery, left_out) == ""
    every = {Spot(name, row) for name, sheet in delivery.sheets.items() for row in range(len(sheet.rows) + 1)}
    of_unreadable = {spot for spot in every if spot.file in delivery.unreadable}
    refused = {spot for spot in every - of_unreadable if unaccounted(delivery, left_out ^ {spot})}
    assert refused == every - of_unreadable
    assert all(unaccounted(delivery, left_out - {Spot(name, 0)}) for name in delivery.unreadable)


# Damages


@pytest.mark.parametrize("seed", SEEDS)
def test_each_bad_row_is_refused_for_what_was_spoilt(
    read: Callable[[Path], Reading], tmp_path: Path, seed: int, chance: Chance
) -> None:
    """In the file as it is written, and for no other column."""
    delivery = deliveries.damaged(seed, chance(seed))
    blamed = read(written(delivery, tmp_path)).blamed
    expected = {bad.spot: set(bad.kind.columns) or {""} for bad in delivery.bad}
    assert {spot for spot in blamed if spot.row} == expected.keys()
    assert {spot: columns for spot, columns in expected.items() if not blamed[spot] <= columns} == {}


def test_four_files_of_a_damaged_delivery_cannot_be_read(
    plain: Delivery, columns: Mapping[str, list[str]], chance: Chance
) -> None:
    """One lacks a column, in one a column has another name, one has no header, one is empty; others for each seed."""
    seen: set[str] = set()
    for seed in range(40):
        delivery = copy.deepcopy(plain)
        deliveries._make_unreadable(delivery, chance(seed))
        headers = [next(csv.reader(content.decode().splitlines()), []) for content in delivery.unreadable.values()]
        assert [header[:1] for header in headers[:2]] == [["appointment_id"]] * 2
        assert [len(header) for header in headers] == [13, 14, 14, 0]
        assert headers[2][0].startswith("A0000")
        seen |= {column for header in headers[:2] for column in {*header} ^ {*columns["appointments"]}}
    lacking, other = {"reminder", "distance_km", "previous_no_shows"}, {"starts_at", "clinic", "birth_date"}
    assert seen == lacking | other | {"Starts At", "Clinic", "Birth Date"}


def test_a_file_without_a_header_begins_with_a_marked_patient(plain: Delivery, chance: Chance) -> None:
    """Who repeats that line in a reason tells of a patient."""
    delivery = copy.deepcopy(plain)
    deliveries._make_unreadable(delivery, chance(1))
    first = [*delivery.unreadable.values()][2].decode().partition("\n")[0].lower()
    assert [mark.what for mark in delivery.marks] == ["name", "name", "phone", "reply", "birth_date", "patient_id"]
    assert [mark for mark in delivery.marks if not mark.is_in(first)] == []


def test_a_file_without_a_column_is_otherwise_whole() -> None:
    """Its cells are gone with their name."""
    sheet = Sheet("appointments", "2026-01-05", ["a", "b", "c"], [["1", "2", "3"], ["4", "5", "6"]])
    assert deliveries._without(sheet, "b") == b"a,c\n1,3\n4,6\n"


def test_personal_data_are_marked(plain: Delivery, chance: Chance) -> None:
    """Those of patients of the delivery: hardly any is lost where a row was spoilt or marked twice."""
    delivery = deliveries.damaged(3, chance(3))
    texts = b"\n".join([*delivery.contents().values(), *plain.contents().values()]).decode().lower()
    assert {mark.what for mark in delivery.marks} == {"name", "phone", "reply", "birth_date", "patient_id"}
    assert len([mark for mark in delivery.marks if not mark.is_in(texts)]) < 0.05 * len(delivery.marks)


def test_birth_dates_that_were_written_wrong_are_marked(chance: Chance) -> None:
    """But for those that were left out: an empty text is in every file."""
    written = set()
    for seed in SEEDS:
        delivery = deliveries.damaged(seed, chance(seed))
        births = [bad.spot for bad in delivery.bad if bad.kind.columns == ("birth_date",)]
        texts = {delivery.sheets[spot.file].cell(spot.row, "birth_date") for spot in births}
        assert texts - {""} <= {mark.word for mark in delivery.marks} - {""} == {mark.word for mark in delivery.marks}
        written |= texts
    assert written > {"", "1979-02-30"}


# Corrections


def corrections(kind: str, chance: Chance) -> list[tuple[Delivery, list[Spot]]]:
    """For each delivery and each appointment with several rows of a kind that are not all the same: these rows."""
    found = []
    for seed in SEEDS:
        delivery = deliveries.corrected(seed, chance(seed))
        places: dict[str, list[Spot]] = {}
        for sheet in delivery.of(kind):
            for row, name in enumerate(delivery.ids(sheet.name), start=1):
                places.setdefault(name, []).append(Spot(sheet.name, row))
        repeated = {spot for group in delivery.groups for spot in group}
        found += [(delivery, spots) for spots in places.values() if len(spots) > 1 and spots[0] not in repeated]
    return found


def test_appointments_are_corrected_once_or_twice(chance: Chance) -> None:
    """Three of each in every delivery, in the same file or in a later one."""
    found = corrections("appointments", chance)
    assert sorted(len(spots) for _, spots in found) == [2] * 3 * len(SEEDS) + [3] * 3 * len(SEEDS)
    same = [{spot.file for spot in spots} for _, spots in found if spots[-1].file == spots[0].file]
    assert 5 < len(same) < len(found) / 2
    assert all(spots[:-1] == [spot for spot in spots if spot in delivery.left_out] for delivery, spots in found)


def test_outcomes_are_corrected_by_their_time(chance: Chance) -> None:
    """In half of them the row that comes later was recorded earlier, and does not count."""
    found = corrections("outcomes", chance)
    times = [[delivery.sheets[spot.file].cell(spot.row, "recorded_at") for spot in spots] for delivery, spots in found]
    assert sorted(before < after for before, after in times) == [False] * 3 * len(SEEDS) + [True] * 3 * len(SEEDS)
    left = [[spot in delivery.left_out for spot in spots] for delivery, spots in found]
    assert left == [[before < after, before > after] for before, after in times]
    outcomes = [{delivery.sheets[spot.file].cell(spot.row, "outcome") for spot in spots} for delivery, spots in found]
    assert all(both == {"attended", "no_show"} for both in outcomes)


def test_repetitions_are_the_same_word_for_word(chance: Chance) -> None:
    """Six appointments and six outcomes in every delivery, in the same file or in a later one."""
    for seed in SEEDS:
        delivery = deliveries.corrected(seed, chance(seed))
        rows = [[delivery.sheets[spot.file].rows[spot.row - 1] for spot in group] for group in delivery.groups]
        assert all(first == again for first, again in rows)
        assert all(first < again for first, again in delivery.groups)
        kinds = sorted(first.file.partition("_")[0] for first, _ in delivery.groups)
        assert kinds == ["appointments"] * 6 + ["outcomes"] * 6


# What a delivery can be asked


def test_a_seed_gives_the_same_delivery(chance: Chance) -> None:
    """And another seed another one."""
    contents = [deliveries.damaged(seed, chance(seed)).contents() for seed in (4, 4, 5)]
    assert contents[0] == contents[1]
    assert contents[0] != contents[2]


def test_sizes_can_be_ordered() -> None:
    """Days, and appointments of a day; a large day has patients enough."""
    delivery = deliveries.plain(1, days=2, per_day=300)
    assert [len(sheet.rows) for sheet in delivery.of("appointments")] == [300, 300]


def test_contents_are_what_can_be_read_and_what_cannot() -> None:
    """Where a file cannot be read, its bytes are others than its rows."""
    sheet = Sheet("appointments", "2026-01-05", ["appointment_id"], [["é"]])
    delivery = Delivery({sheet.name: sheet}, pd.DataFrame())
    assert delivery.contents() == {sheet.name: "appointment_id\né\n".encode()}
    delivery.unreadable = {sheet.name: b""}
    assert delivery.contents() == {sheet.name: b""}


def test_a_delivery_lists_its_readable_files_by_day(plain: Delivery) -> None:
    """Of one kind."""
    days = [f"appointments_2026-01-{day:02d}.csv" for day in (5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 19, 20)]
    assert [sheet.name for sheet in plain.of("appointments")] == days
    without = Delivery(plain.sheets, plain.clean, unreadable={days[3]: b""})
    assert [sheet.name for sheet in without.of("appointments")] == days[:3] + days[4:]
    assert {sheet.kind for sheet in plain.of("outcomes")} == {"outcomes"}


def test_without_a_file_of_appointments_its_rows_are_not_in_the_truth(plain: Delivery) -> None:
    """Others keep their outcomes."""
    name = plain.of("appointments")[2].name
    clean = plain.clean_without([name])
    assert set(plain.clean.index) - set(clean.index) == set(plain.ids(name))
    assert clean["no_show"].notna().all()


def test_without_a_file_of_outcomes_they_are_not_known(plain: Delivery) -> None:
    """The appointments stay, also where those of another file are gone."""
    outcomes, appointments = plain.of("outcomes")[1].name, plain.of("appointments")[0].name
    clean = plain.clean_without([outcomes, appointments])
    unknown = clean.index[clean["no_show"].isna()]
    assert set(unknown) == set(plain.ids(outcomes)) - set(plain.ids(appointments)) != set()
    assert clean.index[clean["outcome_recorded_at"].isna()].equals(unknown)
    assert plain.clean["no_show"].notna().all(), "the delivery itself stays as it was"


# Sheets


def test_sheets_are_the_daily_files_of_a_world() -> None:
    """Byte for byte."""
    frame = World(2, patients=400).days(days=4, per_day=30)
    assert {name: sheet.text().encode() for name, sheet in sheets(frame).items()} == {
        file.name: file.content for file in daily_files(frame)
    }


def test_rows_are_counted_from_one() -> None:
    """A cell is read and put by the name of its column, and a row is added at the end."""
    sheet = Sheet("outcomes", "2026-01-05", ["a", "b"], [["1", "2"], ["3", "4"]])
    assert sheet.cell(2, "a") == "3"
    assert sheet.put(2, "a", "x,y") == Spot("outcomes_2026-01-05.csv", 2)
    cells = ["5", "6"]
    assert sheet.add(cells) == Spot("outcomes_2026-01-05.csv", 3)
    cells[0] = "other"
    assert sheet.text() == 'a,b\n1,2\n"x,y",4\n5,6\n'
    assert sheet.text("\r\n") == 'a,b\r\n1,2\r\n"x,y",4\r\n5,6\r\n'
