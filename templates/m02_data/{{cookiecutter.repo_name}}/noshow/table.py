"""The clean data as tables: what their columns are, and how training reads them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from noshow.appointment import Appointment
from noshow.errors import ProductError
from noshow.manifest import MAKE_IT, load_manifest, part_path

SCHEMA = pa.schema(
    [
        pa.field("appointment_id", pa.string(), nullable=False),
        pa.field("patient", pa.string(), nullable=False),
        pa.field("sex", pa.string(), nullable=False),
        pa.field("clinic", pa.string(), nullable=False),
        pa.field("age", pa.int16(), nullable=False),
        pa.field("booked_at", pa.timestamp("s"), nullable=False),
        pa.field("starts_at", pa.timestamp("s"), nullable=False),
        pa.field("distance_km", pa.float64(), nullable=False),
        pa.field("previous_appointments", pa.int16(), nullable=False),
        pa.field("previous_no_shows", pa.int16(), nullable=False),
        pa.field("reminder", pa.string(), nullable=False),
        pa.field("no_show", pa.bool_(), nullable=True),
        pa.field("outcome_recorded_at", pa.timestamp("s"), nullable=True),
    ]
)
"""A partition: the appointments of one day, in order of `starts_at` and then of `appointment_id`.

`patient` is a pseudonym, `age` is in whole years on the day, `distance_km` in kilometres. `no_show` and
`outcome_recorded_at` are empty until the outcome is known.
"""

QUARANTINE = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("row", pa.int32(), nullable=False),
        pa.field("column", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
"""What was left out, and why. `file` is the name of the daily file and `row` the number of the row in it: the first one
after the header is 1, and 0 means the whole file. `column` is empty when no single one is to blame."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the clean data as training sees it; `no_show` is None until the outcome is known."""

    appointment_id: str
    sex: str
    appointment: Appointment
    no_show: bool | None


def read_table(clean_dir: Path) -> list[Row]:
    """The rows of all partitions in their order.

    Raises ProductError when data are missing, damaged or of another schema.
    """
    paths = [part_path(partition, clean_dir) for partition in load_manifest(clean_dir).partitions]
    columns = [*_COLUMNS, "no_show"]
    try:
        # each file for itself: a name like `day=2026-01-05` would add a column
        tables = [parquet.ParquetFile(path).read(columns=columns).cast(_schema(columns)) for path in paths]
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise ProductError(f"`{clean_dir}` cannot be read: {error}; {MAKE_IT}") from error
    return [_row(values) for table in tables for values in table.to_pylist()]


def fingerprint(rows: Sequence[Row]) -> str:
    """SHA-256 of the content of rows: the same data give the same fingerprint, however they are stored."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(_flat(row), default=str).encode())
    return digest.hexdigest()


_COLUMNS = ["appointment_id", "sex", *(field.name for field in fields(Appointment))]


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([SCHEMA.field(name) for name in columns])


def _flat(row: Row) -> dict[str, object]:
    ends = {"appointment_id": row.appointment_id, "sex": row.sex, "no_show": row.no_show}
    return asdict(row.appointment) | ends


def _row(values: dict[str, Any]) -> Row:
    appointment = Appointment(**{field.name: values[field.name] for field in fields(Appointment)})
    return Row(values["appointment_id"], values["sex"], appointment, values["no_show"])
