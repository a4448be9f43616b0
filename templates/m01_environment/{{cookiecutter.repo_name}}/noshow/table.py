"""The clean data: one Parquet table, one row per appointment."""

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
from noshow.replacing import replacing_file

SCHEMA = pa.schema(
    [
        pa.field("appointment_id", pa.string(), nullable=False),
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
    ]
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table; `no_show` is None until the outcome is known."""

    appointment_id: str
    sex: str
    appointment: Appointment
    no_show: bool | None


def table_path(clean_dir: Path) -> Path:
    """Where the table is in the folder of clean data."""
    return clean_dir / "appointments.parquet"


def write_table(clean_dir: Path, rows: Sequence[Row]) -> Path:
    """Write the rows, in the given order, in place of an earlier table; the same rows give the same bytes."""
    table = pa.Table.from_pylist([_flat(row) for row in rows], schema=SCHEMA)
    path = table_path(clean_dir)
    with replacing_file(path) as new:
        parquet.write_table(table, new)
    return path


def read_table(clean_dir: Path) -> list[Row]:
    """The rows in their order. Raises ProductError when there is no table or it has another schema."""
    path = table_path(clean_dir)
    if not path.is_file():
        raise ProductError(f"`{path}` does not exist; make it with `python -m noshow ingest`")
    try:
        return [_row(values) for values in parquet.read_table(path, schema=SCHEMA).to_pylist()]
    except (pa.ArrowException, OSError) as error:
        raise ProductError(f"`{path}` cannot be read: {error}; make it anew with `python -m noshow ingest`") from error


def fingerprint(rows: Sequence[Row]) -> str:
    """SHA-256 of the content of rows: the same data give the same fingerprint, however they are stored."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(_flat(row), default=str).encode())
    return digest.hexdigest()


def _flat(row: Row) -> dict[str, object]:
    ends = {"appointment_id": row.appointment_id, "sex": row.sex, "no_show": row.no_show}
    return asdict(row.appointment) | ends


def _row(values: dict[str, Any]) -> Row:
    appointment = Appointment(**{field.name: values[field.name] for field in fields(Appointment)})
    return Row(values["appointment_id"], values["sex"], appointment, values["no_show"])
