"""Clean data as a product leaves them: read when they are whole, and told what is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from mlops_grader.instruments.data import dataset
from mlops_grader.instruments.data.dataset import KINDS, Dataset, differs, load_dataset, load_manifest
from mlops_grader.instruments.data.sheet import Spot
from mlops_grader.instruments.data.truth import COLUMNS

Columns = Callable[..., dict[str, Any]]
Told = Callable[[Callable[[], object]], str]

DAY, NEXT = "2026-01-05", "2026-01-06"
SHOWN = "data/clean/_manifest.json"
ROWS = f"day={DAY}/rows.parquet"
TEXTS = [column for column, kind in KINDS.items() if kind == "text"]
MOMENTS = ["booked_at", "starts_at", "outcome_recorded_at"]
LATER, NEXT_DAY = datetime.fromisoformat("2026-01-05T09:00"), datetime.fromisoformat("2026-01-06T09:00")


@pytest.fixture
def load(tmp_path: Path, publish: Callable[..., Path]) -> Callable[..., Dataset]:
    """Write clean data and read them."""
    return lambda *given, **keys: load_dataset(publish(tmp_path, *given, **keys), SHOWN)


@pytest.fixture
def truth(rows: Columns) -> pd.DataFrame:
    """The rows as they should be."""
    cells: dict[str, list[Any]] = {name: values.to_pylist() for name, values in rows().items()}
    table = pd.DataFrame(cells, index=cells["appointment_id"])
    return table.astype({"no_show": "boolean", **dict.fromkeys(MOMENTS, "datetime64[s]")})


def test_data_are_read(load: Callable[..., Dataset], rows: Columns, later: Columns) -> None:
    """The rows of all days, by their ids, and the name of the data set."""
    data = load({DAY: rows(), NEXT: later()})
    assert data.name == "0123456789abcdef"
    assert list(data.rows.index) == ["A0000001", "A0000002", "A0000003", "A0000004"]
    assert list(data.rows.columns) == ["patient", *COLUMNS]
    assert [*data.rows.loc["A0000002"]][:5] == ["p2", "m", "north", 7, pd.Timestamp("2025-12-24T18:00")]


def test_rows_left_out_are_read(load: Callable[..., Dataset], rows: Columns) -> None:
    """Of which file, which row, and why."""
    data = load({DAY: rows()})
    assert data.left_out() == {Spot("appointments_2026-01-05.csv", 3), Spot("outcomes_2026-01-07.csv", 0)}
    assert data.quarantine["column"].tolist() == ["clinic", ""]


def test_a_row_with_two_reasons_is_left_out_once(load: Callable[..., Dataset], rows: Columns, left: Columns) -> None:
    """Each of its columns may have a line of its own."""
    twice = left(file=pa.array(["a.csv", "a.csv"]), row=pa.array([7, 7]), column=pa.array(["age", "sex"]))
    assert load({DAY: rows()}, twice).left_out() == {Spot("a.csv", 7)}


def test_nothing_left_out_is_a_quarantine_too(load: Callable[..., Dataset], rows: Columns, left: Columns) -> None:
    """It has no rows."""
    assert load({DAY: rows()}, {name: values.slice(0, 0) for name, values in left().items()}).left_out() == set()


def test_further_columns_and_their_order_do_not_matter(load: Callable[..., Dataset], rows: Columns) -> None:
    """Who keeps more has done more than was asked."""
    turned = dict(reversed(rows(lead_days=pa.array([1, 2])).items()))
    assert list(load({DAY: turned}).rows.columns) == ["patient", *COLUMNS]


def test_a_day_may_have_no_rows_left(load: Callable[..., Dataset], rows: Columns, later: Columns) -> None:
    """Its partition may be there all the same."""
    data = load({DAY: rows(), NEXT: {name: values.slice(0, 0) for name, values in later().items()}})
    assert len(data.rows) == 2


# Types


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (TEXTS, pa.large_string()),
        (TEXTS, pa.string_view()),
        (TEXTS, pa.dictionary(pa.int8(), pa.string())),
        (TEXTS, pa.dictionary(pa.int32(), pa.large_string())),
        (MOMENTS, pa.timestamp("ms")),
        (MOMENTS, pa.timestamp("us")),
        (MOMENTS, pa.timestamp("ns")),
        (["age", "previous_appointments", "previous_no_shows"], pa.int8()),
        (["age", "previous_appointments", "previous_no_shows"], pa.uint16()),
        (["age", "previous_appointments", "previous_no_shows"], pa.int64()),
        (["distance_km"], pa.float32()),
    ],
    ids=lambda value: str(value) if isinstance(value, pa.DataType) else "",
)
def test_a_value_is_the_same_in_another_type(
    load: Callable[..., Dataset], rows: Columns, truth: pd.DataFrame, columns: list[str], kind: pa.DataType
) -> None:
    """Texts, numbers and moments are what they are, however wide they are stored."""
    cast = {column: values.cast(kind) for column, values in rows().items() if column in columns}
    assert differs(load({DAY: rows(**cast)}).rows, truth) == ""


def test_days_may_have_other_dictionaries(load: Callable[..., Dataset], rows: Columns, later: Columns) -> None:
    """Also for their ids; each file has its own."""
    texts = [{name: table[name].dictionary_encode() for name in TEXTS} for table in (rows(), later())]
    data = load({DAY: rows(**texts[0]), NEXT: later(**texts[1])})
    assert data.rows.loc[["A0000004", "A0000001"], "clinic"].tolist() == ["north", "hill"]


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("age", pa.array(["46", "7"]), "is string, wanted whole numbers"),
        ("age", pa.array([46.0, 7.0]), "is double, wanted whole numbers"),
        ("sex", pa.array([1, 2]), "is int64, wanted text"),
        ("booked_at", pa.array([LATER, LATER], pa.timestamp("s", "UTC")), "is timestamp[ms, tz=UTC], wanted moments without a time zone"),
        ("starts_at", pa.array(["2026-01-05T08:00", "2026-01-05T16:30"]), "is string, wanted moments without a time zone"),
        ("starts_at", pa.array([LATER, LATER], pa.date32()), "is date32[day], wanted moments without a time zone"),
        ("distance_km", pa.array([3, 12]), "is int64, wanted numbers with fractions"),
        ("no_show", pa.array([1, None]), "is int64, wanted true and false"),
        ("no_show", pa.nulls(2), "is null, wanted true and false"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)  # fmt: skip
def test_another_kind_of_value_is_told(
    load: Callable[..., Dataset], rows: Columns, told: Told, column: str, values: Any, words: str
) -> None:
    """With what it is and what was wanted."""
    assert told(lambda: load({DAY: rows(**{column: values})})) == f"`{column}` in `{ROWS}` {words}"


@pytest.mark.parametrize("column", [*KINDS])
def test_a_missing_column_is_told(load: Callable[..., Dataset], rows: Columns, told: Told, column: str) -> None:
    """By its name and file."""
    fewer = {name: values for name, values in rows().items() if name != column}
    assert told(lambda: load({DAY: fewer})) == f"`{ROWS}` has no column `{column}`"


@pytest.mark.parametrize(
    "column", [name for name in KINDS if name not in ("no_show", "outcome_recorded_at", "starts_at")]
)
def test_an_empty_cell_is_told(load: Callable[..., Dataset], rows: Columns, told: Told, column: str) -> None:
    """Only an outcome may be unknown."""
    values = rows()[column]
    holed = pa.array([values[0].as_py(), None], values.type)
    assert told(lambda: load({DAY: rows(**{column: holed})})) == f"`{ROWS}` has empty cells in `{column}`"


def test_an_appointment_without_a_start_is_told(load: Callable[..., Dataset], rows: Columns, told: Told) -> None:
    """It belongs to no day."""
    holed = pa.array([LATER, None], pa.timestamp("s"))
    assert told(lambda: load({DAY: rows(starts_at=holed)})) == f"`{ROWS}` of 2026-01-05 holds NaT"


def test_no_number_is_no_distance(load: Callable[..., Dataset], rows: Columns, told: Told) -> None:
    """It is as good as empty."""
    found = told(lambda: load({DAY: rows(distance_km=pa.array([3.4, float("nan")]))}))
    assert found == f"`{ROWS}` has empty cells in `distance_km`"


def test_all_outcomes_may_be_unknown(load: Callable[..., Dataset], rows: Columns) -> None:
    """As on the first day of a clinic."""
    unknown = {"no_show": pa.nulls(2, pa.bool_()), "outcome_recorded_at": pa.nulls(2, pa.timestamp("s"))}
    assert load({DAY: rows(**unknown)}).rows["no_show"].isna().tolist() == [True, True]


# One row for each appointment, in the partition of its day


def test_an_appointment_twice_in_a_file_is_told(load: Callable[..., Dataset], rows: Columns, told: Told) -> None:
    """By its id."""
    twice = rows(appointment_id=pa.array(["A0000009", "A0000009"]))
    assert told(lambda: load({DAY: twice})) == "appointment A0000009 is in the data twice"


def test_an_appointment_on_two_days_is_told(
    load: Callable[..., Dataset], rows: Columns, later: Columns, told: Told
) -> None:
    """A correction that moved it has left the old row behind."""
    again = later(appointment_id=pa.array(["A0000003", "A0000002"]))
    assert told(lambda: load({DAY: rows(), NEXT: again})) == "appointment A0000002 is in the data twice"


def test_a_row_of_another_day_is_told(load: Callable[..., Dataset], rows: Columns, told: Told) -> None:
    """Partitions are found by their days."""
    moved = rows(starts_at=pa.array([LATER, NEXT_DAY], pa.timestamp("s")))
    assert told(lambda: load({DAY: moved})) == f"`{ROWS}` of 2026-01-05 holds 2026-01-06"


def test_data_without_a_day_are_told(load: Callable[..., Dataset], told: Told) -> None:
    """There is nothing to learn from."""
    assert told(lambda: load({})) == f"`{SHOWN}` names no partition"


# The quarantine


@pytest.mark.parametrize("column", ["file", "row", "column", "reason"])
def test_a_quarantine_has_four_columns(
    load: Callable[..., Dataset], rows: Columns, left: Columns, told: Told, column: str
) -> None:
    """One that is missing is told."""
    fewer = {name: values for name, values in left().items() if name != column}
    assert told(lambda: load({DAY: rows()}, fewer)) == f"`quarantine.parquet` has no column `{column}`"


@pytest.mark.parametrize(
    "change",
    [
        {"file": pa.array(["a.csv", None])},
        {"row": pa.array([3, None], pa.int32())},
        {"reason": pa.array(["bad", None])},
        {"reason": pa.array(["bad", " "])},
        {"reason": pa.array(["", "bad"])},
    ],
    ids=["file", "row", "reason", "blank", "empty"],
)
def test_a_row_left_out_without_a_reason_is_told(
    load: Callable[..., Dataset], rows: Columns, left: Columns, told: Told, change: dict[str, Any]
) -> None:
    """Or without its place."""
    found = told(lambda: load({DAY: rows()}, left(**change)))
    assert found == "`quarantine.parquet` has rows without file, row or reason"


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("row", pa.array(["3", "0"]), "`row` in `quarantine.parquet` is string, wanted whole numbers"),
        ("reason", pa.array([3, 0]), "`reason` in `quarantine.parquet` is int64, wanted text"),
    ],
)
def test_another_kind_of_quarantine_is_told(
    load: Callable[..., Dataset], rows: Columns, left: Columns, told: Told, column: str, values: Any, words: str
) -> None:
    """With what it is and what was wanted."""
    assert told(lambda: load({DAY: rows()}, left(**{column: values}))) == words


def test_no_column_may_be_to_blame(load: Callable[..., Dataset], rows: Columns, left: Columns) -> None:
    """An empty text and nothing at all are the same."""
    data = load({DAY: rows()}, left(column=pa.array(["clinic", None])))
    assert data.quarantine["column"].tolist() == ["clinic", ""]


# The manifest


@pytest.fixture
def manifest(tmp_path: Path, publish: Callable[..., Path], rows: Columns) -> Path:
    """A good one; its data lie beside it."""
    return publish(tmp_path, {DAY: rows()})


def test_a_manifest_is_read(manifest: Path) -> None:
    """Its name, sources and parts; keys that nobody asked for do no harm."""
    said = json.loads(manifest.read_text(encoding="utf-8"))
    said |= {"made_by": "noshow", "sources": [{"file": "a.csv", "rows": 0, "sha256": "0" * 64}]}
    manifest.write_text(json.dumps(said), encoding="utf-8")
    read = load_manifest(manifest, SHOWN)
    assert (read.name, read.sources[0].file, read.partitions[0].file) == ("0123456789abcdef", "a.csv", ROWS)


def test_a_missing_manifest_is_told(tmp_path: Path, told: Told) -> None:
    """With where it should be."""
    assert told(lambda: load_manifest(tmp_path / "_manifest.json", SHOWN)) == f"there is no `{SHOWN}`"


def test_a_folder_is_no_manifest(tmp_path: Path, told: Told) -> None:
    """Nor can it be read."""
    assert told(lambda: load_manifest(tmp_path, SHOWN)) == f"there is no `{SHOWN}`"


@pytest.mark.parametrize("content", [b"", b'{"name": "01', b"\xff\xfe{}", b"[" * 100_000, b"1" * 5000], ids=str)
def test_a_damaged_manifest_is_told(manifest: Path, told: Told, content: bytes) -> None:
    """A product that was killed leaves such."""
    manifest.write_bytes(content)
    assert told(lambda: load_manifest(manifest, SHOWN)).startswith(f"`{SHOWN}` is no JSON: ")


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"name": "short"}, "name"),
        ({"name": 12345678}, "name"),
        ({"name": "long" * 51}, "name"),
        ({"sources": None}, "sources"),
        ({"sources": [{"file": "a.csv", "rows": -1, "sha256": "0" * 64}]}, "sources.0.rows"),
        ({"sources": [{"file": "a.csv", "rows": 1, "sha256": "0" * 63}]}, "sources.0.sha256"),
        ({"sources": [{"file": "a.csv", "rows": 1, "sha256": "A" * 64}]}, "sources.0.sha256"),
        ({"sources": [{"rows": 1, "sha256": "0" * 64}]}, "sources.0.file"),
        ({"partitions": [{"file": "a", "rows": 1, "sha256": "0" * 64}]}, "partitions.0.day"),
        ({"partitions": [{"file": "a", "rows": 1, "sha256": "0" * 64, "day": "2026-13-01"}]}, "partitions.0.day"),
        ({"partitions": [{"file": "a", "rows": -1, "sha256": "0" * 64, "day": DAY}]}, "partitions.0.rows"),
        ({"quarantine": {"file": "a", "rows": 1, "sha256": "x"}}, "quarantine.sha256"),
        ({"quarantine": []}, "quarantine"),
    ],
)
def test_another_form_of_a_manifest_is_told(
    load: Callable[..., Dataset], rows: Columns, told: Told, keys: dict[str, Any], where: str
) -> None:
    """With the place of what is wrong."""
    assert told(lambda: load({DAY: rows()}, **keys)).startswith(f"`{SHOWN}`: `{where}`: ")


def test_a_manifest_as_large_as_data_is_told(manifest: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read."""
    monkeypatch.setattr(dataset, "LARGEST", 100)
    assert told(lambda: load_manifest(manifest, SHOWN)) == f"`{SHOWN}` has more than 0 MiB"


# The files that it names


def renamed(manifest: Path, file: str, **changes: Any) -> Path:
    """The manifest with another path for its partition."""
    said = json.loads(manifest.read_text(encoding="utf-8"))
    said["partitions"][0] |= {"file": file, **changes}
    manifest.write_text(json.dumps(said), encoding="utf-8")
    return manifest


def test_a_missing_file_is_told(manifest: Path, told: Told) -> None:
    """Nobody knows what was in it."""
    (manifest.parent / ROWS).unlink()
    assert told(lambda: load_dataset(manifest, SHOWN)) == f"the manifest names `{ROWS}`, which is not there"


@pytest.mark.parametrize("file", ["", ".", f"day={DAY}", "other.parquet", f"{ROWS}/rows.parquet"])
def test_what_is_no_file_is_not_there(manifest: Path, told: Told, file: str) -> None:
    """A folder is none."""
    found = told(lambda: load_dataset(renamed(manifest, file), SHOWN))
    assert found == f"the manifest names `{file}`, which is not there"


@pytest.mark.parametrize("kind", ["whole path", "upwards", "link"])
def test_a_file_outside_the_folder_is_not_there(
    manifest: Path, told: Told, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    """By whatever name: it does not belong to the data."""
    outside = tmp_path_factory.mktemp("outside") / "rows.parquet"
    (manifest.parent / ROWS).rename(outside)
    (manifest.parent / "link").symlink_to(outside)
    names = {"whole path": str(outside), "upwards": f"../{outside.parent.name}/rows.parquet", "link": "link"}
    found = told(lambda: load_dataset(renamed(manifest, names[kind]), SHOWN))
    assert found == f"the manifest names `{names[kind]}`, which is not there"


def test_a_path_within_the_folder_may_go_roundabout(manifest: Path) -> None:
    """It is the same file."""
    assert len(load_dataset(renamed(manifest, f"day={DAY}/../{ROWS}"), SHOWN).rows) == 2


def test_another_file_is_told(manifest: Path, told: Told) -> None:
    """One byte more is enough."""
    path = manifest.parent / ROWS
    path.write_bytes(path.read_bytes() + b" ")
    assert told(lambda: load_dataset(manifest, SHOWN)) == f"`{ROWS}` is another file than the manifest says"


def test_another_number_of_rows_is_told(manifest: Path, told: Told) -> None:
    """Both numbers."""
    found = told(lambda: load_dataset(renamed(manifest, ROWS, rows=3), SHOWN))
    assert found == f"`{ROWS}` has 2 rows, and the manifest says 3"


@pytest.mark.parametrize("content", [b"", b"PAR1", b"appointment_id\nA0000001\n"])
def test_what_is_no_parquet_is_told(manifest: Path, told: Told, content: bytes) -> None:
    """Although its fingerprint is right."""
    (manifest.parent / ROWS).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    found = told(lambda: load_dataset(renamed(manifest, ROWS, sha256=digest), SHOWN))
    assert found.startswith(f"`{ROWS}` is no Parquet file: ")


def test_the_quarantine_is_a_file_of_the_manifest_too(manifest: Path, told: Told) -> None:
    """It is read with the same care."""
    path = manifest.parent / "quarantine.parquet"
    path.write_bytes(path.read_bytes() + b" ")
    assert told(lambda: load_dataset(manifest, SHOWN)) == "`quarantine.parquet` is another file than the manifest says"


def test_a_huge_file_is_told(manifest: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read."""
    size = (manifest.parent / ROWS).stat().st_size
    monkeypatch.setattr(dataset, "LARGEST", size - 1)
    assert told(lambda: load_dataset(manifest, SHOWN)) == f"`{ROWS}` has more than 0 MiB"
    monkeypatch.setattr(dataset, "LARGEST", size)
    assert len(load_dataset(manifest, SHOWN).rows) == 2


# What differs from the truth


@pytest.fixture
def found(load: Callable[..., Dataset], rows: Columns) -> pd.DataFrame:
    """The rows of a data set."""
    return load({DAY: rows()}).rows


def test_the_same_rows_in_another_order_do_not_differ(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """They are found by their ids."""
    assert differs(found[::-1], truth) == ""


def test_missing_rows_are_told(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """The first, and how many."""
    assert differs(found.iloc[1:], truth) == "appointment A0000001 is not in the data (1 are missing)"
    assert differs(found.iloc[:0], truth) == "appointment A0000001 is not in the data (2 are missing)"


def test_rows_that_cannot_be_used_are_told(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """They are in the data all the same."""
    expected = "appointment A0000002 is in the data and cannot be used (1 such rows)"
    assert differs(found, truth.iloc[:1]) == expected


@pytest.mark.parametrize(
    ("column", "value", "is_there", "wanted"),
    [
        ("sex", "m", "m", "f"),
        ("clinic", "north", "north", "hill"),
        ("age", 47, "47", "46"),
        ("booked_at", pd.Timestamp("2026-01-02T09:16"), "2026-01-02 09:16:00", "2026-01-02 09:15:00"),
        ("starts_at", pd.Timestamp("2026-01-05T20:00"), "2026-01-05 20:00:00", "2026-01-05 08:00:00"),
        ("distance_km", 3.5, "3.5", "3.4"),
        ("distance_km", float("inf"), "inf", "3.4"),
        ("previous_appointments", 4, "4", "5"),
        ("previous_no_shows", 0, "0", "1"),
        ("reminder", "call", "call", "sms"),
        ("no_show", False, "False", "True"),
        ("no_show", pd.NA, "empty", "True"),
        ("outcome_recorded_at", pd.Timestamp("2026-01-07T11:01"), "2026-01-07 11:01:00", "2026-01-07 11:00:00"),
        ("outcome_recorded_at", pd.NaT, "empty", "2026-01-07 11:00:00"),
    ],
)
def test_another_value_is_told(
    found: pd.DataFrame, truth: pd.DataFrame, column: str, value: Any, is_there: str, wanted: str
) -> None:
    """Beside what the daily files say, for every column."""
    found.loc["A0000001", column] = value
    expected = f"appointment A0000001: `{column}` is {is_there} in the data, and the daily files say {wanted}"
    assert differs(found, truth) == expected


@pytest.mark.parametrize(
    ("column", "value", "is_there"),
    [("no_show", True, "True"), ("outcome_recorded_at", LATER, "2026-01-05 09:00:00")],
)
def test_an_outcome_that_nobody_recorded_is_told(
    found: pd.DataFrame, truth: pd.DataFrame, column: str, value: Any, is_there: str
) -> None:
    """It was made up."""
    found.loc["A0000002", column] = value
    expected = f"appointment A0000002: `{column}` is {is_there} in the data, and the daily files say empty"
    assert differs(found, truth) == expected


def test_distances_are_rounded(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Half a digit of the daily file is no difference."""
    assert differs(found.assign(distance_km=found["distance_km"] + 0.04), truth) == ""


def test_other_columns_can_be_left_aside(found: pd.DataFrame, truth: pd.DataFrame) -> None:
    """Only those are compared that are asked for."""
    found.loc["A0000001", "sex"] = "m"
    assert differs(found, truth, ["clinic", "age"]) == ""
