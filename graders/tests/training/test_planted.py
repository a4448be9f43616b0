"""Columns and outcomes that are written into the clean data, row by row, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_grader.instruments.data.dataset import load_manifest, read_part
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training.planted import rewrite, tempting, turned

CLEAN = "data/clean"
Told = Callable[[Callable[[], object]], str]
SCHEMA = pa.schema([pa.field("appointment_id", pa.string(), nullable=False), pa.field("no_show", pa.bool_())])
PAST = pd.DataFrame(
    {
        "appointment_id": ["A1", "A2", "A3"],
        "no_show": [True, False, True],
        "starts_at": pd.to_datetime(["2026-05-04T09:00", "2026-05-05T00:00", "2026-05-05T10:00"]),
    }
)


def publish(folder: Path, **tables: pa.Table) -> None:
    """Write tables as clean data under a manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, (name, table) in enumerate(
        {**tables, "quarantine": pa.table({"file": pa.array([], pa.string())})}.items()
    ):
        path = folder / f"{name}.parquet"
        parquet.write_table(table, path)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        parts.append({"file": path.name, "rows": len(table), "sha256": digest, "day": f"2026-05-{number + 1:02d}"})
    said = {"name": "12345678", "sources": [], "partitions": parts[:-1], "quarantine": parts[-1]}
    (folder / "_manifest.json").write_text(json.dumps(said), encoding="utf-8")


@pytest.fixture
def clean(product: Callable[..., Product]) -> Product:
    """Clean data in two files, with one appointment whose outcome is not known."""
    found = product()
    held = {"a": (["A2", "A1"], [False, True]), "b": (["A3", "B1"], [True, None])}
    tables = {
        name: pa.table({"appointment_id": ids, "no_show": missed}, schema=SCHEMA)
        for name, (ids, missed) in held.items()
    }
    publish(found.root / CLEAN, **tables)
    return found


def rows(product: Product) -> list[dict[str, object]]:
    """All rows of both files, as the manifest names them."""
    manifest = load_manifest(product.root / CLEAN / "_manifest.json", "the manifest")
    return [row for part in manifest.partitions for row in read_part(product.root / CLEAN, part).to_pylist()]


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
    """So is a table without ids, and a file that is another one."""
    there = product({"x": ""})
    assert told(lambda: rewrite(there, {})) == "there is no `data/clean/_manifest.json`"
    publish(there.root / CLEAN, a=pa.table({"id": ["A1"]}))
    assert told(lambda: rewrite(there, {})).endswith("have no column `appointment_id`")
    (there.root / CLEAN / "a.parquet").write_bytes(b"id,no_show\n")
    assert told(lambda: rewrite(there, {})) == "`a.parquet` is another file than the manifest says"


def test_other_data_have_another_name(clean: Product) -> None:
    """Whoever goes by the name learns anew."""
    rewrite(clean, turned(PAST, "2026-05-05"))
    assert load_manifest(clean.root / CLEAN / "_manifest.json", "the manifest").name != "12345678"
