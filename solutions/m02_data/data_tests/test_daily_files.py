"""Tests of the data in `data/raw`, not of the code: they go red when the clinics deliver what cannot be right."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pyarrow import parquet

from noshow import ingest, profiling
from noshow.daily import Day
from noshow.manifest import Manifest, load_manifest, part_path
from noshow.settings import Settings

MOST_BAD = 0.02
OPEN_DAYS = 5
LABELLED = 0.9


@dataclass(frozen=True)
class Ingested:
    """What ingestion makes of the daily files, in a folder of the tests."""

    settings: Settings
    manifest: Manifest
    days: Sequence[Day]


@pytest.fixture(scope="session")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Ingested:
    """The daily files, ingested once."""
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(
        clean_dir=folder / "clean", reports_dir=folder / "reports", pseudonym_key="only for these tests"
    )
    ingest.run(settings)
    manifest = load_manifest(settings.clean_dir)
    return Ingested(settings, manifest, profiling.report(manifest, settings))


def left_out(ingested: Ingested) -> list[dict[str, object]]:
    """The quarantine."""
    path = part_path(ingested.manifest.quarantine, ingested.settings.clean_dir)
    rows: list[dict[str, object]] = parquet.ParquetFile(path).read().to_pylist()
    return rows


def test_every_file_can_be_read(ingested: Ingested) -> None:
    """No file is left out as a whole: each has the agreed columns and encoding, and holds rows."""
    assert [row["reason"] for row in left_out(ingested) if row["row"] == 0] == []
    assert [source.file for source in ingested.manifest.sources if source.rows == 0] == []


def test_hardly_any_row_is_bad(ingested: Ingested) -> None:
    """In no file more than two rows in a hundred are left out: that would be no slip of the pen."""
    rows = {source.file: source.rows for source in ingested.manifest.sources}
    bad = Counter(str(row["file"]) for row in left_out(ingested))
    assert {file: count for file, count in bad.items() if count > max(1, MOST_BAD * rows[file])} == {}


def test_no_day_is_unusual(ingested: Ingested) -> None:
    """No day stands out from the days before it."""
    assert [(str(day.day), anomaly) for day in ingested.days for anomaly in day.anomalies] == []


def test_no_opening_day_is_missing(ingested: Ingested) -> None:
    """From the first day to the last there are appointments on every day from Monday to Friday."""
    days = {partition.day for partition in ingested.manifest.partitions}
    first, last = min(days), max(days)
    between = [first + timedelta(days=number) for number in range((last - first).days)]
    assert [str(day) for day in between if day.weekday() < OPEN_DAYS and day not in days] == []


def test_outcomes_have_come(ingested: Ingested) -> None:
    """Of all but the last two weeks nearly every appointment has an outcome."""
    until = max(day.day for day in ingested.days) - timedelta(days=14)
    old = [day for day in ingested.days if day.day <= until]
    assert [str(day.day) for day in old if day.outcomes < LABELLED * day.appointments] == []
