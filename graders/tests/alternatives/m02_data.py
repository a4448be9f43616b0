"""Other honest ways to make data of daily files."""

from __future__ import annotations

from alternatives.m01_environment import uv
from submissions import Alternative, remove, replace, write

PANDERA = '''"""`python -m noshow ingest`: with pandas, and a schema that pandera checks."""

import csv
import hashlib
import io
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from noshow.errors import ProductError
from noshow.manifest import MANIFEST, Manifest, Part, Partition, Source, name_of, save_manifest
from noshow.profiling import report
from noshow.pseudonyms import pseudonym, read_key
from noshow.replacing import replacing_file
from noshow.settings import Settings

MOMENT = "%Y-%m-%dT%H:%M"
TEXT = pd.StringDtype("pyarrow")


def matches(pattern: str) -> pa.Check:
    """Every text is written like this."""
    return pa.Check(lambda texts: texts.str.fullmatch(pattern), name=pattern)


def moments(texts: pd.Series) -> pd.Series:
    """The moments, NaT where the text is none."""
    found = pd.to_datetime(texts, format=MOMENT, errors="coerce")
    return found.where(texts.str.fullmatch(r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d"))


def days(texts: pd.Series) -> pd.Series:
    """The days, NaT where the text is none."""
    return pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")


IS_MOMENT = pa.Check(lambda texts: moments(texts).notna(), name="a moment")
COUNT = matches(r"\\d{1,4}")
APPOINTMENTS = pa.DataFrameSchema(
    {
        "appointment_id": pa.Column(str, matches(r"A\\d{7}")),
        "patient_id": pa.Column(str, matches(r"P\\d{6}")),
        "birth_date": pa.Column(str, pa.Check(lambda texts: days(texts).notna(), name="a day")),
        "sex": pa.Column(str, pa.Check.isin(["f", "m"])),
        "clinic": pa.Column(str, pa.Check.isin(["north", "harbour", "hill", "station"])),
        "booked_at": pa.Column(str, IS_MOMENT),
        "starts_at": pa.Column(str, IS_MOMENT),
        "distance_km": pa.Column(str, matches(r"(\\d{1,3}|1000)(\\.\\d+)?")),
        "previous_appointments": pa.Column(str, COUNT),
        "previous_no_shows": pa.Column(str, COUNT),
        "reminder": pa.Column(str, pa.Check.isin(["none", "sms", "call"])),
    }
)
OUTCOMES = pa.DataFrameSchema(
    {
        "appointment_id": pa.Column(str, matches(r"A\\d{7}")),
        "outcome": pa.Column(str, pa.Check.isin(["attended", "no_show"])),
        "recorded_at": pa.Column(str, IS_MOMENT),
    }
)
WIDTH = {"appointments": 14, "outcomes": 3}
CLEAN = ["appointment_id", "patient", "sex", "clinic", "age", "booked_at", "starts_at", "distance_km"]
CLEAN += ["previous_appointments", "previous_no_shows", "reminder", "no_show", "outcome_recorded_at"]


class Quarantine:
    """What is left out."""

    def __init__(self) -> None:
        self.tables: list[pd.DataFrame] = []

    def add(self, files: pd.Series | str, rows: Iterable[int], column: object, reason: object) -> None:
        """Rows of a file, or of several."""
        rows = list(rows)
        if rows:
            table = {"file": files, "row": rows, "column": column, "reason": reason}
            self.tables.append(pd.DataFrame(table, index=range(len(rows)) if isinstance(files, str) else None))

    def table(self) -> pd.DataFrame:
        """All of it."""
        kinds = {"file": str, "row": "int32", "column": str, "reason": str}
        empty = pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in kinds.items()})
        return pd.concat([empty, *self.tables]).astype({"row": "int32"}).sort_values(["file", "row"])


def run(settings: Settings) -> str:
    """Make the clean data from all daily files that are there; one sentence about what was done.

    The same files give the same data, in whatever order they came. Each row of each file is in the data or in the
    quarantine. Ended at any moment, the data are those of before or the new ones. Raises ProductError when there are no
    daily files, and the earlier data stay.
    """
    key = read_key(settings.pseudonym_key, settings.clean_dir.parent)
    quarantine, sources = Quarantine(), []
    parts: dict[str, list[pd.DataFrame]] = {"appointments": [], "outcomes": []}
    for kind, tables in parts.items():
        for path in sorted(settings.raw_dir.glob(f"{kind}_*.csv")):
            rows, table = read(path, kind, quarantine)
            sources.append(Source(path.name, rows, hashlib.sha256(path.read_bytes()).hexdigest()))
            if table is not None:
                tables.append(appointments(table, path, key, quarantine) if kind == "appointments" else outcomes(table, path))
    if not parts["appointments"]:
        raise ProductError(f"`{settings.raw_dir}` holds no appointments that can be used; put daily files there")
    booked = newest(pd.concat(parts["appointments"], ignore_index=True), ["file", "row"], quarantine)
    told = pd.concat([*parts["outcomes"], outcomes(pd.DataFrame(columns=[*OUTCOMES.columns, "row"]), Path("none"))])
    told = newest(told.reset_index(drop=True), ["outcome_recorded_at", "file", "row"], quarantine)
    stray = told[~told["appointment_id"].isin(booked["appointment_id"])]
    quarantine.add(stray["file"], stray["row"], "appointment_id", "of no appointment that is known")
    clean = booked.merge(told.drop(columns=["file", "row"]), on="appointment_id", how="left")
    clean = clean.sort_values(["starts_at", "appointment_id"])[CLEAN]
    manifest = save(clean, quarantine.table(), sources, settings.clean_dir)
    report(manifest, settings)
    return f"{len(sources)} files, {len(clean)} appointments: {manifest.name}"


def read(path: Path, kind: str, quarantine: Quarantine) -> tuple[int, pd.DataFrame | None]:
    """The rows of a file as texts that fit the schema, with their numbers, and how many there were."""
    schema = APPOINTMENTS if kind == "appointments" else OUTCOMES
    try:
        header, *lines = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error, ValueError):
        header, lines = [], []
    if len(header) != WIDTH[kind] or not set(schema.columns) <= set(header):
        quarantine.add(path.name, [0], "", "this is no CSV in UTF-8 with the agreed columns")
        return 0, None
    numbers = [number for number, line in enumerate(lines, start=1) if len(line) == len(header)]
    odd = [number for number, line in enumerate(lines, start=1) if len(line) != len(header)]
    quarantine.add(path.name, odd, "", "too few or too many cells")
    table = pd.DataFrame([lines[number - 1] for number in numbers], columns=header, dtype=str)[[*schema.columns]]
    table["row"] = numbers
    try:
        schema.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.dropna(subset=["index"]).drop_duplicates("index")
        places = cases["index"].astype(int)
        quarantine.add(path.name, table.loc[places, "row"], cases["column"].tolist(), "not as the schema says")
        table = table.drop(index=places)
    return len(lines), table


def appointments(table: pd.DataFrame, path: Path, key: bytes, quarantine: Quarantine) -> pd.DataFrame:
    """The appointments that can be, with pseudonyms."""
    born, starts = days(table["birth_date"]), moments(table["starts_at"])
    before = (starts.dt.month * 100 + starts.dt.day) < (born.dt.month * 100 + born.dt.day)
    made = pd.DataFrame(
        {
            "appointment_id": table["appointment_id"].astype(TEXT),
            "patient": table["patient_id"].map(lambda patient: pseudonym(patient, key)).astype(TEXT),
            "sex": table["sex"].astype(TEXT),
            "clinic": table["clinic"].astype(TEXT),
            "age": (starts.dt.year - born.dt.year - before).astype("int16"),
            "booked_at": moments(table["booked_at"]),
            "starts_at": starts,
            "distance_km": table["distance_km"].astype(float),
            "previous_appointments": table["previous_appointments"].astype("int16"),
            "previous_no_shows": table["previous_no_shows"].astype("int16"),
            "reminder": table["reminder"].astype(TEXT),
            "file": pd.Series(path.name, index=table.index, dtype=TEXT),
            "row": table["row"].astype("int32"),
        }
    )
    wrong = {
        "booked_at": made["booked_at"] >= made["starts_at"],
        "starts_at": made["starts_at"].dt.date > date.fromisoformat(path.stem[-10:]),
        "birth_date": ~made["age"].between(0, 120),
        "previous_no_shows": made["previous_no_shows"] > made["previous_appointments"],
        "distance_km": made["distance_km"] > 1000,
    }
    for column, rows in wrong.items():
        found = rows[made.index]
        quarantine.add(path.name, made.loc[found, "row"], column, "this cannot be")
        made = made[~found]
    return made


def outcomes(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """The outcomes."""
    return pd.DataFrame(
        {
            "appointment_id": table["appointment_id"].astype(TEXT),
            "no_show": (table["outcome"] == "no_show").astype("boolean"),
            "outcome_recorded_at": moments(table["recorded_at"].astype(TEXT)),
            "file": pd.Series(path.name, index=table.index, dtype=TEXT),
            "row": table["row"].astype("int32"),
        }
    )


def newest(table: pd.DataFrame, order: list[str], quarantine: Quarantine) -> pd.DataFrame:
    """The last row of each appointment; the others are left out."""
    ordered = table.sort_values(order, kind="stable")
    old = ordered["appointment_id"].duplicated(keep="last")
    quarantine.add(ordered.loc[old, "file"], ordered.loc[old, "row"], "appointment_id", "another row counts")
    return ordered[~old]


def save(clean: pd.DataFrame, quarantine: pd.DataFrame, sources: list[Source], folder: Path) -> Manifest:
    """Write everything, then the manifest, then remove the rest."""
    parts = []
    for day, rows in clean.groupby(clean["starts_at"].dt.date, sort=True):
        file, digest = keep(rows, folder, str(day))
        parts.append(Partition(file, len(rows), digest, day))
    file, digest = keep(quarantine, folder, "refused")
    manifest = Manifest(name_of(parts), sources, parts, Part(file, len(quarantine), digest))
    save_manifest(manifest, folder)
    named = {MANIFEST, file, *(part.file for part in parts)}
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in named:
            path.unlink()
    return manifest


def keep(table: pd.DataFrame, folder: Path, word: str) -> tuple[str, str]:
    """Write a table beside and rename it."""
    content = table.to_parquet(index=False)
    digest = hashlib.sha256(content).hexdigest()
    with replacing_file(folder / f"{word}-{digest[:12]}.parquet") as new:
        new.write_bytes(content)
    return f"{word}-{digest[:12]}.parquet", digest
'''

DUCK = '''"""`python -m warehouse`: daily files -> DuckDB -> Parquet, a page of each day."""

import csv
import hashlib
import hmac
import io
import json
import os
import re
import secrets
import sys
import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

RAW, OUT, DAYS = Path("data/raw"), Path("warehouse/out"), Path("warehouse/days")
BOOKED = "id TEXT, patient TEXT, sex TEXT, clinic TEXT, age INT, booked TIMESTAMP, starts TIMESTAMP, km DOUBLE, "
BOOKED += "before INT, missed INT, reminder TEXT, file TEXT, n INT"
LINES = {"appointments": BOOKED, "outcomes": "id TEXT, no_show BOOL, told TIMESTAMP, file TEXT, n INT"}
FORMS = {
    "appointment_id": r"A[0-9]{7}", "patient_id": r"P[0-9]{6}", "sex": "[fm]", "clinic": "north|harbour|hill|station",
    "reminder": "none|sms|call", "distance_km": r"[0-9]{1,4}(\\.[0-9]+)?", "previous_appointments": "[0-9]{1,4}",
    "previous_no_shows": "[0-9]{1,4}", "outcome": "attended|no_show",
}  # fmt: skip
MOMENTS = ("booked_at", "starts_at", "recorded_at")
HEADERS = {
    "appointments": "appointment_id patient_id name phone birth_date sex clinic booked_at starts_at distance_km "
    "previous_appointments previous_no_shows reminder reply".split(),
    "outcomes": ["appointment_id", "outcome", "recorded_at"],
}


class Bad(Exception):
    """A row that cannot be used; the text is the column."""


def key() -> bytes:
    """From the environment, or one of this machine."""
    kept = Path("data/pseudonym.key")
    if not os.environ.get("HASH_KEY") and not kept.exists():
        kept.write_text(secrets.token_urlsafe(32))
    return (os.environ.get("HASH_KEY") or kept.read_text()).encode()


def moment(text: str, column: str) -> datetime:
    """Written as agreed."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}", text):
        raise Bad(column)
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M")
    except ValueError:
        raise Bad(column) from None


def checked(row: dict[str, str], day: date, secret: bytes) -> list[object]:
    """The values of an appointment."""
    booked, starts = moment(row["booked_at"], "booked_at"), moment(row["starts_at"], "starts_at")
    if booked >= starts:
        raise Bad("booked_at")
    if starts.date() > day:
        raise Bad("starts_at")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", row["birth_date"]):
            raise ValueError
        born = date.fromisoformat(row["birth_date"])
    except ValueError:
        raise Bad("birth_date") from None
    age = starts.year - born.year - ((starts.month, starts.day) < (born.month, born.day))
    if not 0 <= age <= 120 or born > starts.date():
        raise Bad("birth_date")
    if int(row["previous_no_shows"]) > int(row["previous_appointments"]):
        raise Bad("previous_no_shows")
    if float(row["distance_km"]) > 1000:
        raise Bad("distance_km")
    who = hmac.digest(secret, row["patient_id"].encode(), "sha512").hex()[:24]
    return [row["appointment_id"], who, row["sex"], row["clinic"], age, booked, starts, float(row["distance_km"]),
            int(row["previous_appointments"]), int(row["previous_no_shows"]), row["reminder"]]  # fmt: skip


def load(base: duckdb.DuckDBPyConnection, path: Path, kind: str, secret: bytes) -> dict[str, object]:
    """Put a file into the tables `appointments` or `outcomes`, and what is wrong with it into `refused`."""
    content, header = path.read_bytes(), HEADERS[kind]
    source = {"file": path.name, "rows": 0, "sha256": hashlib.sha256(content).hexdigest()}
    try:
        found, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        if not set(header) <= set(found):
            raise ValueError("other columns")
    except (UnicodeDecodeError, csv.Error, ValueError):
        base.execute("INSERT INTO refused VALUES (?, 0, '', 'no such CSV as was agreed')", [path.name])
        return source
    good, bad = [], []
    for n, cells in enumerate(rows, start=1):
        try:
            if len(cells) != len(found):
                raise Bad("")
            row = dict(zip(found, cells, strict=True))
            for column in header:
                if column in FORMS and not re.fullmatch(FORMS[column], row[column]):
                    raise Bad(column)
            if kind == "appointments":
                values = checked(row, date.fromisoformat(path.stem[-10:]), secret)
            else:
                values = [row["appointment_id"], row["outcome"] == "no_show", moment(row["recorded_at"], "recorded_at")]
            good.append([*values, path.name, n])
        except Bad as error:
            bad.append([path.name, n, str(error), f"{error or 'the row'} is not as was agreed"])
    insert(base, kind, good)
    insert(base, "refused", bad)
    return source | {"rows": len(rows)}


def insert(base: duckdb.DuckDBPyConnection, table: str, rows: list[list[object]]) -> None:
    """Many rows at once: through a file, which is faster than one by one."""
    if not rows:
        return
    with tempfile.NamedTemporaryFile("w", suffix=".csv", newline="", delete=False) as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    base.execute(f"INSERT INTO {table} SELECT * FROM read_csv('{file.name}', header=false, all_varchar=true, allow_quoted_nulls=false)")
    Path(file.name).unlink()


COUNTS = """
CREATE TABLE ranked AS SELECT *, row_number() OVER (PARTITION BY id ORDER BY file DESC, n DESC) AS place FROM appointments;
CREATE TABLE told AS SELECT *, row_number() OVER (PARTITION BY id ORDER BY told DESC, file DESC, n DESC) AS place FROM outcomes;
INSERT INTO refused SELECT file, n, 'appointment_id', 'replaced' FROM ranked WHERE place > 1;
INSERT INTO refused SELECT file, n, 'appointment_id', 'replaced' FROM told WHERE place > 1;
INSERT INTO refused SELECT file, n, 'appointment_id', 'of nothing that is known' FROM told
  WHERE place = 1 AND id NOT IN (SELECT id FROM ranked);
CREATE TABLE clean AS SELECT a.id AS appointment_id, patient, sex, clinic, age, booked AS booked_at, starts AS starts_at,
  km AS distance_km, before AS previous_appointments, missed AS previous_no_shows, reminder, no_show, t.told AS outcome_recorded_at
  FROM ranked a LEFT JOIN (SELECT * FROM told WHERE place = 1) t ON a.id = t.id WHERE a.place = 1;
"""


def main() -> int:
    """Everything anew, and published at the end."""
    files = sorted(RAW.glob("appointments_*.csv"))
    if not files:
        print("there are no appointments in data/raw: put the daily files there", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        config = {"memory_limit": "500MB", "threads": "1", "temp_directory": scratch, "preserve_insertion_order": "false"}
        base = duckdb.connect(f"{scratch}/stage.db", config=config)
        for table, columns in LINES.items():
            base.execute(f"CREATE TABLE {table} ({columns})")
        base.execute("CREATE TABLE refused (file TEXT, row INT, \\"column\\" TEXT, reason TEXT)")
        secret = key()
        sources = [load(base, path, "appointments", secret) for path in files]
        sources += [load(base, path, "outcomes", secret) for path in sorted(RAW.glob("outcomes_*.csv"))]
        base.execute(COUNTS)
        manifest = publish(base, sources)
        days(base, manifest)
        base.close()
    print(f"{sum(part['rows'] for part in manifest['partitions'])} appointments: {manifest['name']}")
    return 0


def kept(base: duckdb.DuckDBPyConnection, query: str, folder: str) -> dict[str, object]:
    """The result of a query as a file named by its content."""
    (OUT / folder).mkdir(parents=True, exist_ok=True)
    handle, beside = tempfile.mkstemp(dir=OUT / folder, suffix=".new")
    os.close(handle)
    base.execute(f"COPY ({query}) TO '{beside}' (FORMAT parquet, COMPRESSION zstd)")
    digest = hashlib.sha256(Path(beside).read_bytes()).hexdigest()
    os.replace(beside, OUT / folder / f"{digest[:20]}.parquet")
    count = base.execute(f"SELECT count(*) FROM ({query})").fetchone()[0]
    return {"file": f"{folder}/{digest[:20]}.parquet", "rows": count, "sha256": digest}


def publish(base: duckdb.DuckDBPyConnection, sources: list[dict[str, object]]) -> dict:
    """Parts first, the manifest last."""
    parts = []
    for (day,) in base.execute("SELECT DISTINCT starts_at::DATE FROM clean ORDER BY 1").fetchall():
        query = f"SELECT * FROM clean WHERE starts_at::DATE = DATE '{day}' ORDER BY starts_at, appointment_id"
        parts.append(kept(base, query, "days") | {"day": str(day)})
    refused = kept(base, "SELECT * FROM refused ORDER BY file, row", "refused")
    content = hashlib.md5("".join(f"{part['day']}{part['sha256']}" for part in parts).encode()).hexdigest()
    manifest = {"name": f"clinic-{content}", "sources": sources, "partitions": parts, "quarantine": refused}
    beside = OUT / "catalogue.json.new"
    beside.write_text(json.dumps(manifest))
    os.replace(beside, OUT / "catalogue.json")
    wanted = {"catalogue.json", *(str(part["file"]) for part in [*parts, refused])}
    for path in OUT.rglob("*"):
        if path.is_file() and path.relative_to(OUT).as_posix() not in wanted:
            path.unlink()
    return manifest


NUMBERS = {
    "age": "avg(age)", "distance_km": "avg(distance_km)", "booked_at": "avg(date_diff('hour', booked_at, starts_at))",
    "previous_appointments": "avg(previous_appointments)", "reminder": "count(DISTINCT reminder)",
    "clinic": "count(DISTINCT clinic)", "appointments": "count(*)",
}  # fmt: skip


def days(base: duckdb.DuckDBPyConnection, manifest: dict) -> None:
    """Each day against the fortnight before it: more than seven standard deviations are unusual."""
    DAYS.mkdir(parents=True, exist_ok=True)
    refused = dict(base.execute("SELECT file, count(*) FROM refused GROUP BY file").fetchall())
    seen: list[dict[str, float]] = []
    for part in manifest["partitions"]:
        day = part["day"]
        asked = ", ".join(f"{number} AS {name}" for name, number in NUMBERS.items())
        query = f"SELECT {asked}, count(no_show) AS outcomes FROM clean WHERE starts_at::DATE = DATE '{day}'"
        cursor = base.execute(query)
        now = dict(zip([column[0] for column in cursor.description], map(float, cursor.fetchone()), strict=True))
        now["quarantined"] = refused.get(f"appointments_{day}.csv", 0)
        found = [name for name in now if name != "outcomes" and _far(name, now, seen[-14:])]
        strokes = "".join(
            f'<rect x="{20 * n}" y="{-100 * min(value / (max(usual, 1e-9)), 2):.0f}" width="15" height="200"/>'
            for n, (name, value) in enumerate(now.items())
            for usual in [sorted(each[name] for each in [*seen, now])[len(seen) // 2]]
        )
        listed = "".join(f"<li>{name}: {now[name]:g}</li>" for name in found) or "<li>nothing</li>"
        page = f"<html><h1>{day}</h1><ul>{listed}</ul><svg viewBox='0 -200 400 400'>{strokes}</svg></html>"
        (DAYS / f"{day}.html").write_text(page)
        said = {
            "day": day, "appointments": part["rows"], "outcomes": int(now["outcomes"]), "quarantined": now["quarantined"],
            "statistics": now, "anomalies": [{"where": name, "fact": f"it is {now[name]:g}"} for name in found],
        }  # fmt: skip
        (DAYS / f"{day}.json").write_text(json.dumps(said))
        if not found:
            seen.append(now)


def _far(name: str, now: dict[str, float], before: list[dict[str, float]]) -> bool:
    if len(before) < 6:
        return False
    values = [each[name] for each in before]
    mean = sum(values) / len(values)
    spread = (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5
    least = {"appointments": 0.05 * mean, "quarantined": 1.0}.get(name, 0.03 * abs(mean))
    return abs(now[name] - mean) > 7 * max(spread, least)


if __name__ == "__main__":
    sys.exit(main())
'''
DUCK_TESTS = '''"""Are the files of the clinic as they should be?"""

import json
import unittest
from datetime import date, timedelta
from pathlib import Path

from warehouse.__main__ import DAYS, OUT, main


class DailyFiles(unittest.TestCase):
    """The files in data/raw."""

    @classmethod
    def setUpClass(cls) -> None:
        assert main() == 0
        cls.catalogue = json.loads((OUT / "catalogue.json").read_text())
        cls.days = [json.loads(path.read_text()) for path in sorted(DAYS.glob("*.json"))]

    def test_sources(self) -> None:
        self.assertEqual([each for each in self.catalogue["sources"] if not each["rows"]], [])

    def test_refused(self) -> None:
        self.assertLess(self.catalogue["quarantine"]["rows"], 10)

    def test_days(self) -> None:
        self.assertEqual([each["day"] for each in self.days if each["anomalies"]], [])

    def test_calendar(self) -> None:
        there = [date.fromisoformat(part["day"]) for part in self.catalogue["partitions"]]
        day = there[0]
        while day < there[-1]:
            self.assertTrue(day in there or day.weekday() > 4, day)
            day += timedelta(days=1)

    def test_outcomes(self) -> None:
        for each in self.days[:-10]:
            self.assertGreater(each["outcomes"], 0.8 * each["appointments"])


if __name__ == "__main__":
    unittest.main()
'''

POLARS_BATCHES = '''"""One daily file as a batch: polars checks all its rows at once."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import polars as pl
import pyarrow as pa

from noshow.digests import sha256
from noshow.manifest import Source
from noshow.pseudonyms import pseudonym
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, DailyFile
from noshow.table import QUARANTINE, SCHEMA

ORIGIN = [pa.field("day", pa.date32()), pa.field("row", pa.int32())]
OF_OUTCOME = ("no_show", "outcome_recorded_at")
APPOINTMENTS = pa.schema([*(field for field in SCHEMA if field.name not in OF_OUTCOME), *ORIGIN])
OUTCOMES = pa.schema([SCHEMA.field("appointment_id"), *(SCHEMA.field(name) for name in OF_OUTCOME), *ORIGIN])

MOMENT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"
PATTERNS = {
    "appointment_id": "^A[0-9]{7}$", "patient_id": "^P[0-9]{6}$", "birth_date": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "sex": "^[fm]$", "clinic": "^(north|harbour|hill|station)$", "booked_at": MOMENT, "starts_at": MOMENT,
    "distance_km": r"^([0-9]{1,3}(\\.[0-9]+)?|1000(\\.0+)?)$", "previous_appointments": "^[0-9]{1,4}$",
    "previous_no_shows": "^[0-9]{1,4}$", "reminder": "^(none|sms|call)$", "outcome": "^(attended|no_show)$",
    "recorded_at": MOMENT,
}  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """The rows of a daily file that can be used, with their origin, and a table of those that cannot."""

    source: Source
    rows: pa.Table
    left_out: pa.Table


def read_appointments(file: DailyFile, key: bytes) -> Batch:
    """The appointments of a file, with pseudonyms."""
    minute = "%Y-%m-%dT%H:%M"
    booked, starts = (pl.col(name).str.to_datetime(minute, strict=False) for name in ("booked_at", "starts_at"))
    born = pl.col("birth_date").str.to_date("%Y-%m-%d", strict=False)
    turned = _of_year(starts) < _of_year(born)
    age = starts.dt.year() - born.dt.year() - turned.cast(pl.Int32)
    rules = {
        "booked_at": booked.is_not_null() & (booked < starts),
        "starts_at": starts.is_not_null() & (starts.dt.date() <= file.day),
        "birth_date": born.is_not_null() & (age.is_between(0, 120) | starts.is_null()),
        "previous_no_shows": pl.col("previous_no_shows").cast(pl.Int32, strict=False)
        <= pl.col("previous_appointments").cast(pl.Int32, strict=False),
    }
    made = {
        "patient": pl.col("patient_id").map_elements(lambda patient: pseudonym(patient, key), pl.String),
        "age": age.cast(pl.Int16),
        "booked_at": booked.dt.cast_time_unit("ms"),
        "starts_at": starts.dt.cast_time_unit("ms"),
        "distance_km": pl.col("distance_km").cast(pl.Float64),
        "previous_appointments": pl.col("previous_appointments").cast(pl.Int16),
        "previous_no_shows": pl.col("previous_no_shows").cast(pl.Int16),
    }
    return _batch(file, APPOINTMENT_COLUMNS, rules, made, APPOINTMENTS)


def _of_year(day: pl.Expr) -> pl.Expr:
    """A number that grows from day to day of a year."""
    return day.dt.month().cast(pl.Int32) * 100 + day.dt.day().cast(pl.Int32)


def read_outcomes(file: DailyFile) -> Batch:
    """The outcomes of a file."""
    recorded = pl.col("recorded_at").str.to_datetime("%Y-%m-%dT%H:%M", strict=False)
    made = {"no_show": pl.col("outcome") == "no_show", "outcome_recorded_at": recorded.dt.cast_time_unit("ms")}
    return _batch(file, OUTCOME_COLUMNS, {"recorded_at": recorded.is_not_null()}, made, OUTCOMES)


def left_out(file: str, found: Iterable[tuple[int, str, str]]) -> pa.Table:
    """What was left out of a file, as (row, column, reason), in the form of the quarantine."""
    rows = [{"file": file, "row": row, "column": column, "reason": reason} for row, column, reason in found]
    return pa.Table.from_pylist(rows, schema=QUARANTINE)


def _batch(
    file: DailyFile,
    columns: tuple[str, ...],
    rules: dict[str, pl.Expr],
    made: dict[str, pl.Expr],
    schema: pa.Schema,
) -> Batch:
    lines = _lines(file, columns)
    digest = sha256(file.path)
    if lines is None:
        whole = left_out(file.path.name, [(0, "", "not a CSV in UTF-8 or UTF-16 with the agreed columns")])
        return Batch(Source(file.path.name, 0, digest), schema.empty_table(), whole)
    odd = [(n, "", "other columns") for n, line in enumerate(lines, start=1) if len(line) != len(columns)]
    fit = [[*line, n] for n, line in enumerate(lines, start=1) if len(line) == len(columns)]
    table = pl.DataFrame(fit, schema=dict.fromkeys(columns, pl.String) | {"row": pl.Int32}, orient="row")
    judged = {name: pl.col(name).str.contains(PATTERNS[name]) for name in columns if name in PATTERNS}
    for name, rule in rules.items():
        judged[name] = judged[name] & rule.fill_null(value=False)
    marks = table.with_columns(pl.coalesce(pl.when(~rule).then(pl.lit(name)) for name, rule in judged.items()).alias("bad"))
    bad = marks.filter(pl.col("bad").is_not_null())
    odd += [(n, column, f"{column} is not as agreed") for n, column in bad.select("row", "bad").iter_rows()]
    good = marks.filter(pl.col("bad").is_null()).with_columns(**made).with_columns(pl.lit(file.day).alias("day"))
    rows = good.select(schema.names).to_arrow().cast(schema)
    return Batch(Source(file.path.name, len(lines), digest), rows, left_out(file.path.name, odd))


def _lines(file: DailyFile, columns: tuple[str, ...]) -> list[list[str]] | None:
    """The rows, their cells in the agreed order whatever the header's; None when they cannot be read."""
    content = file.path.read_bytes()
    try:
        text = content.decode("utf-16" if content[:2] in (b"\\xff\\xfe", b"\\xfe\\xff") else "utf-8-sig")
        header, *lines = csv.reader(io.StringIO(text, newline=""))
    except (UnicodeDecodeError, csv.Error, ValueError):
        return None
    if not set(columns) <= set(header):
        return None
    places = [header.index(name) for name in columns]
    return [[line[place] for place in places] if len(line) == len(header) else line[:1] for line in lines]
'''

LOCK = (
    "pip",
    "compile",
    "--quiet",
    "--no-header",
    "pyproject.toml",
    "--group",
    "dev",
    "--universal",
    "--generate-hashes",
)
TRAIN = 'train = ["alembic>=1.16", '


ALTERNATIVES = (
    Alternative(
        "polars-checks-all-rows-at-once",
        edits=(
            write("noshow/batches.py", POLARS_BATCHES),
            replace("pyproject.toml", TRAIN, TRAIN + '"polars>=1.30", '),
            uv(*LOCK, "--constraint", "requirements.lock", "--output-file", "requirements.lock"),
        ),
    ),
    Alternative(
        "pandas-and-pandera",
        edits=(
            write("noshow/ingest.py", PANDERA),
            remove("noshow/batches.py"),
            remove("noshow/merging.py"),
            remove("noshow/store.py"),
            replace("pyproject.toml", TRAIN, TRAIN + '"pandas>=2.3", "pandera>=0.26", '),
            uv(*LOCK, "--constraint", "requirements.lock", "--output-file", "requirements.lock"),
        ),
    ),
    Alternative(
        "duckdb-in-a-package-of-its-own",
        edits=(
            write("warehouse/__init__.py", ""),
            write("warehouse/__main__.py", DUCK),
            write("warehouse/test_files.py", DUCK_TESTS),
            write("warehouse/.gitignore", "out/\ndays/\n"),
            remove("data_tests/test_daily_files.py"),
            replace(
                "product.toml",
                'ingest = "python -m noshow ingest"',
                'ingest = "python -m warehouse"\ntest_data = "python -m unittest warehouse/test_files.py"',
            ),
            replace(
                "product.toml",
                "[environment]",
                '[data]\nmanifest = "warehouse/out/catalogue.json"\ndays = "warehouse/days"\nkey = "HASH_KEY"\n\n[environment]',
            ),
            replace("pyproject.toml", TRAIN, TRAIN + '"duckdb>=1.4", '),
            uv(*LOCK, "--constraint", "requirements.lock", "--output-file", "requirements.lock"),
        ),
    ),
)
