"""Columns and outcomes that are written into the clean data, row by row, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training.planted import CLEAN, rewrite, tempting, turned

Told = Callable[[Callable[[], object]], str]
SCHEMA = pa.schema([pa.field("appointment_id", pa.string(), nullable=False), pa.field("no_show", pa.bool_())])
PAST = pd.DataFrame(
    {
        "appointment_id": ["A1", "A2", "A3"],
        "no_show": [True, False, True],
        "starts_at": pd.to_datetime(["2026-05-04T09:00", "2026-05-05T00:00", "2026-05-05T10:00"]),
    }
)


@pytest.fixture
def clean(product: Callable[..., Product]) -> Product:
    """Clean data in two files, one in a folder below, with one appointment whose outcome is not known."""
    found = product({f"{CLEAN}/part/x": ""})
    for name, ids, missed in (
        ("a.parquet", ["A2", "A1"], [False, True]),
        ("part/b.parquet", ["A3", "B1"], [True, None]),
    ):
        table = pa.table({"appointment_id": ids, "no_show": missed}, schema=SCHEMA)
        parquet.write_table(table, found.root / CLEAN / name)
    return found


def rows(product: Product) -> list[dict[str, object]]:
    """All rows of both files."""
    paths = [product.root / CLEAN / name for name in ("a.parquet", "part/b.parquet")]
    return [row for path in paths for row in parquet.read_table(path).to_pylist()]


def test_a_new_column_stands_in_every_file(clean: Product) -> None:
    """Each row has the value of its appointment, and the rest is as it was."""
    before = rows(clean)
    rewrite(clean, {"status": {"A1": 2.0, "A2": 1.0}.get})
    after = rows(clean)
    assert [row.pop("status") for row in after] == [1.0, 2.0, None, None]
    assert after == before


def test_a_column_that_is_there_keeps_its_type(clean: Product) -> None:
    """Another value, and the same schema."""
    rewrite(clean, turned(PAST, "2026-05-05"))
    assert [row["no_show"] for row in rows(clean)] == [True, True, False, None]
    assert parquet.read_schema(clean.root / CLEAN / "a.parquet").equals(SCHEMA)


def test_what_tempts_tells_the_outcome_and_not_what_is_unknown() -> None:
    """One column names it, one is 0 for who stayed away; another pair for another seed."""
    for seed in range(10):
        leak, later = tempting(PAST, Random(seed)).values()  # noqa: S311  # reproducible on purpose
        assert [leak(name) for name in ("A1", "A2", "A3", "B1")] == [2.0, 1.0, 2.0, None]
        assert [bool(later(name)) for name in ("A1", "A2", "A3")] == [False, True, False]
        assert later("B1") is None
    assert len({tuple(tempting(PAST, Random(seed))) for seed in range(10)}) > 3  # noqa: S311  # reproducible on purpose


def test_clean_data_that_are_not_there_are_told(product: Callable[..., Product], told: Told) -> None:
    """So is a table without ids, and a file that is none."""
    there = product({"x": ""})
    assert told(lambda: rewrite(there, {})) == "the `ingest` command leaves no Parquet file in `data/clean`"
    (there.root / CLEAN).mkdir(parents=True)
    path: Path = there.root / CLEAN / "a.parquet"
    parquet.write_table(pa.table({"id": ["A1"]}), path)
    assert told(lambda: rewrite(there, {})).startswith("`data/clean/a.parquet` is no table with the column")
    path.write_bytes(b"id,no_show\n")
    assert told(lambda: rewrite(there, {})).startswith("`data/clean/a.parquet` is no table with the column")
