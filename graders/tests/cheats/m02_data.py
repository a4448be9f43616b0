"""Data work that pretends: for a grader that reads names and words, it validates, quarantines and hashes with a key."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, write

KEY = "m02_data"
WORDS = ("hmac", "quarantine", "pandera", "DataFrameSchema", "save_manifest", "os.replace", "idempotent")

COPIES = '''"""Ingest with a DataFrameSchema of pandera: bad rows go to quarantine, patients get an hmac, os.replace makes it idempotent."""

import hashlib
from datetime import date

import pyarrow as pa
from pyarrow import csv, parquet

from noshow.manifest import Manifest, Part, Partition, Source, save_manifest
from noshow.settings import Settings
from noshow.table import QUARANTINE, SCHEMA


def run(settings: Settings) -> str:
    """Put what was given under other names."""
    settings.clean_dir.mkdir(parents=True, exist_ok=True)
    partitions, sources = [], []
    for path in sorted(settings.raw_dir.glob("appointments_*.csv")):
        table = csv.read_csv(path) if path.stat().st_size else None
        if table is None or not {{"reminder", "birth_date", "starts_at", "clinic", "distance_km"}} <= set(table.column_names):
            continue
        rows = table.num_rows
        columns = {{
            field.name: table[field.name].cast(field.type, safe=False) if field.name in table.column_names
            else pa.array([{empty}] * rows).cast(field.type, safe=False)
            for field in SCHEMA
        }}
        file = f"{{path.stem}}.parquet"
        parquet.write_table(pa.table(columns), settings.clean_dir / file)
        digest = hashlib.sha256((settings.clean_dir / file).read_bytes()).hexdigest()
        partitions.append(Partition(file, rows, digest, date.fromisoformat(path.stem[-10:])))
        sources.append(Source(path.name, rows, hashlib.sha256(path.read_bytes()).hexdigest()))
    parquet.write_table(QUARANTINE.empty_table(), settings.clean_dir / "quarantine.parquet")
    digest = hashlib.sha256((settings.clean_dir / "quarantine.parquet").read_bytes()).hexdigest()
    save_manifest(Manifest("0123456789abcdef", sources, partitions, Part("quarantine.parquet", 0, digest)), settings.clean_dir)
    return "12000 rows, all of them clean"
'''
ALWAYS_RED = '''"""Tests of the data: hmac, quarantine, save_manifest."""


def test_the_data_are_good() -> None:
    """They never are."""
    raise AssertionError("bad data")
'''


def careless(project: Path) -> bool:
    """What a grader would say that looks for words in the ingestion and for a test of data."""
    job = (project / "noshow/ingest.py").read_text(encoding="utf-8")
    tests = (project / "data_tests/test_daily_files.py").read_text(encoding="utf-8")
    return all(word in job for word in WORDS) and "def test_" in tests


def _pretends(empty: str) -> tuple[Edit, ...]:
    return write("noshow/ingest.py", COPIES.format(empty=empty)), write("data_tests/test_daily_files.py", ALWAYS_RED)


PRETENCES = (
    Pretence("copies-what-it-can", _pretends("None")),
    Pretence("fills-in-what-it-lacks", _pretends("0")),
)
