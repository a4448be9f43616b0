"""The clean data of a product, read as data: manifest, partitions and quarantine, each file by its fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import pandas as pd
import pyarrow as pa
import pydantic
from pyarrow import parquet

from mlops_grader.check import Fail
from mlops_grader.instruments.data.sheet import Spot
from mlops_grader.instruments.data.truth import COLUMNS

LARGEST = 64 * 2**20  # bytes of a manifest or of one Parquet file
HALF_A_DIGIT = 0.05  # kilometres come with one decimal
Hex = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, pydantic.Field(ge=0)]

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("appointment_id", "patient", "sex", "clinic", "reminder"), "text"),
    **dict.fromkeys(("age", "previous_appointments", "previous_no_shows"), "whole numbers"),
    **dict.fromkeys(("booked_at", "starts_at", "outcome_recorded_at"), "moments without a time zone"),
    "distance_km": "numbers with fractions",
    "no_show": "true and false",
}


class _Written(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True)


class Source(_Written):
    """A daily file that was read."""

    file: str
    rows: Count
    sha256: Hex


class Part(_Written):
    """A Parquet file, by its path from the folder of the manifest."""

    file: str
    rows: Count
    sha256: Hex


class Partition(Part):
    """The appointments of one day."""

    day: date


class Manifest(_Written):
    """What belongs to the clean data."""

    name: Annotated[str, pydantic.Field(min_length=8, max_length=200)]
    sources: list[Source]
    partitions: list[Partition]
    quarantine: Part


@dataclass(frozen=True)
class Dataset:
    """The clean data. rows: by `appointment_id`, with COLUMNS and `patient`. quarantine: file, row, column, reason."""

    manifest: Manifest
    rows: pd.DataFrame
    quarantine: pd.DataFrame

    @property
    def name(self) -> str:
        """By which it is called."""
        return self.manifest.name

    def left_out(self) -> set[Spot]:
        """The rows in quarantine, each once."""
        return {
            Spot(str(file), int(row)) for file, row in zip(self.quarantine["file"], self.quarantine["row"], strict=True)
        }


def load_manifest(path: Path, shown: str) -> Manifest:
    """Read a manifest. Raises Fail that names the file and the fact."""
    try:
        if path.stat().st_size > LARGEST:
            raise Fail(f"`{shown}` has more than {LARGEST // 2**20} MiB", fix="name files there, not rows")
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError:
        raise Fail(f"there is no `{shown}`", fix="`save_manifest`, when all that it names is written") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise Fail(f"`{shown}`: `{where}`: {first['msg']}", fix="the form is in `noshow/manifest.py`") from None
    except (ValueError, RecursionError) as error:
        raise Fail(f"`{shown}` is no JSON: {error}", fix="write it beside, then rename") from None


def load_dataset(path: Path, shown: str) -> Dataset:
    """Read what a manifest names. Raises Fail when a file is missing, is another one, or has another schema."""
    manifest = load_manifest(path, shown)
    tables = [_partition(path.parent, partition) for partition in manifest.partitions]
    if not tables:
        raise Fail(f"`{shown}` names no partition", fix="one for each day with appointments")
    rows = pd.concat(tables)
    if rows.index.has_duplicates:
        twice = rows.index[rows.index.duplicated()][0]
        raise Fail(f"appointment {twice} is in the data twice", fix="one row for each `appointment_id`")
    return Dataset(manifest, rows, _quarantine(path.parent, manifest.quarantine))


def _partition(folder: Path, partition: Partition) -> pd.DataFrame:
    table = read_part(folder, partition)
    _must_have(table, KINDS, partition.file)
    try:
        frame: pd.DataFrame = table.select([*KINDS]).to_pandas(date_as_object=False)
        for column in ("booked_at", "starts_at", "outcome_recorded_at"):
            frame[column] = frame[column].astype("datetime64[s]")
        days = frame["starts_at"].dt.date
    except (ValueError, OverflowError) as error:
        raise Fail(
            f"`{partition.file}` holds moments that no calendar has: {error}", fix="quarantine such rows"
        ) from None
    frame["no_show"] = frame["no_show"].astype("boolean")
    if len(frame) and set(days) != {partition.day}:
        other = next(day for day in days if day != partition.day)
        raise Fail(f"`{partition.file}` of {partition.day} holds {other}", fix="partition by the day of `starts_at`")
    for column in KINDS:
        if column not in ("no_show", "outcome_recorded_at") and frame[column].isna().any():
            raise Fail(f"`{partition.file}` has empty cells in `{column}`", fix="such rows belong into the quarantine")
    return frame.set_index("appointment_id")[["patient", *COLUMNS]]


def _quarantine(folder: Path, part: Part) -> pd.DataFrame:
    table = read_part(folder, part)
    kinds = {"file": "text", "row": "whole numbers", "column": "text", "reason": "text"}
    _must_have(table, kinds, part.file)
    frame: pd.DataFrame = table.select([*kinds]).to_pandas()
    if frame[["file", "row", "reason"]].isna().any(axis=None) or not frame["reason"].str.strip().all():
        raise Fail(f"`{part.file}` has rows without file, row or reason", fix="say of each what is wrong with it")
    frame["column"] = frame["column"].astype(object).fillna("")
    return frame


def read_part(folder: Path, part: Part) -> pa.Table:
    """The table in a file that a manifest names. Raises Fail when it is not that file."""
    path = _place(folder, part.file)
    if path is None:
        raise Fail(f"the manifest names `{part.file}`, which is not there", fix="write it before the manifest")
    if path.stat().st_size > LARGEST:
        raise Fail(f"`{part.file}` has more than {LARGEST // 2**20} MiB", fix="one day in one file")
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise Fail(
            f"`{part.file}` is another file than the manifest says", fix="a file that counts is never changed: new name"
        )
    try:
        table = parquet.ParquetFile(pa.BufferReader(content)).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Fail(
            f"`{part.file}` is no Parquet file: {error}", fix="write it with pyarrow, pandas or polars"
        ) from None
    if table.num_rows != part.rows:
        raise Fail(f"`{part.file}` has {table.num_rows} rows, and the manifest says {part.rows}", fix="count them")
    return table


def rewrite(path: Path, shown: str, change: Callable[[pa.Table], pa.Table]) -> None:
    """Put other tables in the place of the partitions, and into the manifest what they are now.

    Raises Fail when the clean data cannot be read.
    """
    manifest = load_manifest(path, shown)
    partitions = []
    for partition in manifest.partitions:
        sink = pa.BufferOutputStream()
        parquet.write_table(change(read_part(path.parent, partition)), sink)
        content = sink.getvalue().to_pybytes()
        (path.parent / partition.file).write_bytes(content)
        partitions.append(partition.model_copy(update={"sha256": hashlib.sha256(content).hexdigest()}))
    name = hashlib.sha256("".join(partition.sha256 for partition in partitions).encode()).hexdigest()[:16]
    said = manifest.model_copy(update={"name": name, "partitions": partitions})
    path.write_text(said.model_dump_json(indent=1), encoding="utf-8")


def _place(folder: Path, name: str) -> Path | None:
    """The file of that name below a folder, None when there is none or the name is none."""
    try:
        path = (folder / PurePosixPath(name)).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):  # null characters, halves of characters, and names that are too long
        return None


def _must_have(table: pa.Table, kinds: Mapping[str, str], shown: str) -> None:
    for column, kind in kinds.items():
        if (times := table.column_names.count(column)) != 1:
            raise Fail(
                f"`{shown}` has {times or 'no'} column{'s' * (times > 1)} `{column}`",
                fix="the schema is in `noshow/table.py`",
            )
        if not _is(table.schema.field(column).type, kind):
            raise Fail(
                f"`{column}` in `{shown}` is {table.schema.field(column).type}, wanted {kind}",
                fix="the schema is in `noshow/table.py`",
            )


def _is(found: Any, kind: str) -> bool:
    if pa.types.is_dictionary(found):
        found = found.value_type
    return bool(
        {
            "text": pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found),
            "whole numbers": pa.types.is_integer(found),
            "moments without a time zone": pa.types.is_timestamp(found) and found.tz is None,
            "numbers with fractions": pa.types.is_floating(found),
            "true and false": pa.types.is_boolean(found),
        }[kind]
    )


def differs(found: pd.DataFrame, truth: pd.DataFrame, columns: Sequence[str] = COLUMNS) -> str:
    """The first difference between clean data and the truth, as a phrase; empty when there is none."""
    if missing := truth.index.difference(found.index).tolist():
        return f"appointment {missing[0]} is not in the data ({len(missing)} are missing)"
    if more := found.index.difference(truth.index).tolist():
        return f"appointment {more[0]} is in the data and cannot be used ({len(more)} such rows)"
    ordered = found.loc[truth.index]
    for column in columns:
        same = _same(ordered[column], truth[column])
        wrong = same.index[~same]
        if len(wrong):
            name = wrong[0]
            is_there, wanted = _plain(ordered[column][name]), _plain(truth[column][name])
            return f"appointment {name}: `{column}` is {is_there} in the data, and the daily files say {wanted}"
    return ""


def _same(left: pd.Series, right: pd.Series) -> pd.Series:
    if left.dtype.kind == "f":
        return (left - right).abs() < HALF_A_DIGIT
    return (left == right).fillna(False).astype(bool) | (left.isna() & right.isna())


def _plain(value: Any) -> str:
    return "empty" if pd.isna(value) else f"{value}"
