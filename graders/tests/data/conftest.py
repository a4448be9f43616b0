"""Rows read by the README of the data alone, clean data written by hand, and a product of a few lines."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_grader.check import Fail
from mlops_grader.contract import Commands, Contract
from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

COLUMNS = {
    "appointments": "appointment_id patient_id name phone birth_date sex clinic booked_at starts_at distance_km "
    "previous_appointments previous_no_shows reminder reply".split(),
    "outcomes": "appointment_id outcome recorded_at".split(),
}
MINUTE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"
WRITTEN = {
    "appointment_id": "A[0-9]{7}",
    "patient_id": "P[0-9]{6}",
    "birth_date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "sex": "f|m",
    "clinic": "north|harbour|hill|station",
    "booked_at": MINUTE,
    "starts_at": MINUTE,
    "distance_km": r"[0-9]+(\.[0-9]+)?",
    "previous_appointments": "[0-9]{1,4}",
    "previous_no_shows": "[0-9]{1,4}",
    "reminder": "none|sms|call",
    "outcome": "attended|no_show",
    "recorded_at": MINUTE,
}
MOMENTS = ("birth_date", "booked_at", "starts_at", "recorded_at")

Blame = Callable[[str, list[str], date], set[str]]
Write = Callable[[Path, Mapping[str, str | bytes]], None]


@pytest.fixture(scope="session")
def told() -> Callable[[Callable[[], object]], str]:
    """What a student is told when this is tried, empty when nothing is. Any other exception is a test that fails."""

    def words(act: Callable[[], object]) -> str:
        try:
            act()
        except Fail as failure:
            said = failure
        else:
            return ""
        assert said.fix, "what to do about it is said too"
        return said.found

    return words


@pytest.fixture(scope="session")
def chance() -> Callable[[int | str], Random]:
    """Chance that is the same for the same seed."""
    return lambda seed: Random(seed)  # noqa: S311  # reproducible on purpose


# Rows


@pytest.fixture(scope="session")
def columns() -> Mapping[str, list[str]]:
    """The columns of each kind of file."""
    return COLUMNS


@pytest.fixture(scope="session")
def blame() -> Blame:
    """The columns for which a row cannot be used, {""} for its shape, none for a good one; as mild as the README allows."""

    def columns_of(kind: str, cells: list[str], day: date) -> set[str]:
        if len(cells) != len(COLUMNS[kind]):
            return {""}
        row = dict(zip(COLUMNS[kind], cells, strict=True))
        bad = {column for column in WRITTEN.keys() & row.keys() if not re.fullmatch(WRITTEN[column], row[column])}
        bad |= {column for column in row.keys() & {*MOMENTS} - bad if not _is_moment(row[column])}
        return bad or (_impossible(row, day) if kind == "appointments" else set())

    return columns_of


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _impossible(row: Mapping[str, str], day: date) -> set[str]:
    booked, starts = (datetime.fromisoformat(row[column]) for column in ("booked_at", "starts_at"))
    born = date.fromisoformat(row["birth_date"])
    bad: set[str] = set()
    if float(row["distance_km"]) > 1000:
        bad.add("distance_km")
    if booked >= starts:
        bad |= {"booked_at", "starts_at"}
    if starts.date() > day:
        bad.add("starts_at")
    if int(row["previous_no_shows"]) > int(row["previous_appointments"]):
        bad |= {"previous_no_shows", "previous_appointments"}
    if not 0 <= (starts.date() - born).days / 365.2425 < 121:
        bad.add("birth_date")
    return bad


@pytest.fixture(scope="session")
def plain() -> Delivery:
    """A delivery with which nothing is wrong; tests only read it, or a deep copy."""
    return deliveries.plain(3)


# Clean data


def _moments(*texts: str | None) -> Any:
    return pa.array(texts).cast(pa.timestamp("s"))


@pytest.fixture(scope="session")
def rows() -> Callable[..., dict[str, Any]]:
    """The columns of two clean appointments of 5 January, one with its outcome; some of them in another way."""

    def made(**changes: Any) -> dict[str, Any]:
        return {
            "appointment_id": pa.array(["A0000001", "A0000002"]),
            "patient": pa.array(["p1", "p2"]),
            "sex": pa.array(["f", "m"]),
            "clinic": pa.array(["hill", "north"]),
            "age": pa.array([46, 7], pa.int16()),
            "booked_at": _moments("2026-01-02T09:15:00", "2025-12-24T18:00:00"),
            "starts_at": _moments("2026-01-05T08:00:00", "2026-01-05T16:30:00"),
            "distance_km": pa.array([3.4, 12.0]),
            "previous_appointments": pa.array([5, 0], pa.int16()),
            "previous_no_shows": pa.array([1, 0], pa.int16()),
            "reminder": pa.array(["sms", "none"]),
            "no_show": pa.array([True, None]),
            "outcome_recorded_at": _moments("2026-01-07T11:00:00", None),
            **changes,
        }

    return made


@pytest.fixture(scope="session")
def later(rows: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Two others, of 6 January."""

    def made(**changes: Any) -> dict[str, Any]:
        starts = _moments("2026-01-06T08:00:00", "2026-01-06T16:30:00")
        return rows(**{"appointment_id": pa.array(["A0000003", "A0000004"]), "starts_at": starts, **changes})

    return made


@pytest.fixture(scope="session")
def left() -> Callable[..., dict[str, Any]]:
    """The columns of a quarantine with two rows, some of them in another way."""

    def made(**changes: Any) -> dict[str, Any]:
        return {
            "file": pa.array(["appointments_2026-01-05.csv", "outcomes_2026-01-07.csv"]),
            "row": pa.array([3, 0], pa.int32()),
            "column": pa.array(["clinic", ""]),
            "reason": pa.array(["clinic is none", "the file is empty"]),
            **changes,
        }

    return made


@pytest.fixture(scope="session")
def publish(left: Callable[..., dict[str, Any]]) -> Callable[..., Path]:
    """Write clean data and their manifest into a folder: partitions by their days, a quarantine, and changed keys."""

    def write(
        folder: Path, partitions: Mapping[str, dict[str, Any]], quarantine: dict[str, Any] | None = None, /, **keys: Any
    ) -> Path:
        said = {
            "name": "0123456789abcdef",
            "sources": [],
            "partitions": [
                {**_part(folder, f"day={day}/rows.parquet", table), "day": day} for day, table in partitions.items()
            ],
            "quarantine": _part(folder, "quarantine.parquet", left() if quarantine is None else quarantine),
        }
        path = folder / "_manifest.json"
        path.write_text(json.dumps(said | keys), encoding="utf-8")
        return path

    return write


def _part(folder: Path, name: str, table: dict[str, Any]) -> dict[str, Any]:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    made = pa.table(table)
    parquet.write_table(made, path)
    return {"file": name, "rows": made.num_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


# Products


@pytest.fixture
def product(tmp_path: Path, write: Write) -> Callable[..., Product]:
    """A product in a folder of the test, whose commands run the Python scripts that are given by their names."""

    def make(files: Mapping[str, str | bytes] | None = None, **scripts: str) -> Product:
        held = {**(files or {}), **{f"{name}.py": script for name, script in scripts.items()}}
        root = tmp_path / "clone"
        root.mkdir(exist_ok=True)
        write(root, held)
        submission = Submission(root, root, None, "", clean=True, files=tuple(held))
        commands = Commands(**{name: f'"{sys.executable}" {name}.py' for name in scripts})
        environment = cast("Any", SimpleNamespace(variables=lambda: {"OF_THE_ENVIRONMENT": "yes"}))
        return Product(
            submission, environment, HostSandbox(tmp_path / "home"), Contract(name="noshow", commands=commands)
        )

    return make


@pytest.fixture(scope="session")
def script() -> str:
    """An `ingest` command that believes everything: no checks, no quarantine; `PSEUDONYM_KEY` goes before the number."""
    return SCRIPT


SCRIPT = """
import csv, hashlib, json, os
from datetime import date, datetime
from pathlib import Path
import pyarrow as pa
from pyarrow import parquet

RAW, CLEAN = Path("data/raw"), Path("data/clean")

def cells(kind):
    for path in sorted(RAW.glob(kind + "_*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file)

def keep(name, table):
    path = CLEAN / name
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)
    return {"file": name, "rows": table.num_rows, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}

outcomes = {row["appointment_id"]: row for row in cells("outcomes")}
days = {}
key = os.environ.get("PSEUDONYM_KEY", "")
for row in cells("appointments"):
    born, starts = date.fromisoformat(row["birth_date"]), datetime.fromisoformat(row["starts_at"])
    known = outcomes.get(row["appointment_id"])
    days.setdefault(str(starts.date()), {})[row["appointment_id"]] = {
        **{name: row[name] for name in ("appointment_id", "sex", "clinic", "reminder")},
        "patient": hashlib.sha256((key + row["patient_id"]).encode()).hexdigest(),
        "age": starts.year - born.year - ((starts.month, starts.day) < (born.month, born.day)),
        "booked_at": datetime.fromisoformat(row["booked_at"]),
        "starts_at": starts,
        "distance_km": float(row["distance_km"]),
        **{name: int(row[name]) for name in ("previous_appointments", "previous_no_shows")},
        "no_show": known and known["outcome"] == "no_show",
        "outcome_recorded_at": known and datetime.fromisoformat(known["recorded_at"]),
    }
day_files = [{**keep(day + ".parquet", pa.Table.from_pylist([rows[name] for name in sorted(rows)])), "day": day}
             for day, rows in sorted(days.items())]
empty = pa.schema([("file", pa.string()), ("row", pa.int32()), ("column", pa.string()), ("reason", pa.string())])
said = {
    "name": hashlib.sha256(json.dumps(day_files).encode()).hexdigest()[:16],
    "sources": [{"file": path.name, "rows": len(list(csv.DictReader(path.open(encoding="utf-8-sig", newline="")))),
                 "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in sorted(RAW.iterdir())],
    "partitions": day_files,
    "quarantine": keep("quarantine.parquet", empty.empty_table()),
}
(CLEAN / "_manifest.json").write_text(json.dumps(said))
print("done with", len(day_files), "days")
"""
