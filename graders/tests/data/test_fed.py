"""Clean data of a small delivery, and everything that can be wrong with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from mlops_grader.instruments.data.days import Day
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.fed import Fed
from mlops_grader.instruments.data.ingestion import Ingestion
from mlops_grader.instruments.data.sheet import Sheet, Spot
from mlops_grader.instruments.data.traces import Mark
from mlops_grader.instruments.product import Product

Columns = Callable[..., dict[str, Any]]
Told = Callable[[Callable[[], object]], str]
Save = Callable[..., None]

MONDAY, TUESDAY = "2026-01-05", "2026-01-06"
FIRST, SECOND, OUTCOMES = f"appointments_{MONDAY}.csv", f"appointments_{TUESDAY}.csv", "outcomes_2026-01-07.csv"


@pytest.fixture
def delivery(rows: Columns, later: Columns) -> Delivery:
    """Two appointments on Monday and two on Tuesday, each with one outcome."""
    tables = [pa.table(table()).to_pandas() for table in (rows, later)]
    clean = pd.concat(tables).set_index("appointment_id").astype({"no_show": "boolean"})
    clean["patient_id"] = ["P000001", "P000002", "P000001", "P000003"]
    files = {
        FIRST: Sheet("appointments", MONDAY, ["appointment_id"], [["A0000001"], ["A0000002"]]),
        SECOND: Sheet("appointments", TUESDAY, ["appointment_id"], [["A0000003"], ["A0000004"]]),
        OUTCOMES: Sheet("outcomes", "2026-01-07", ["appointment_id"], [["A0000001"], ["A0000003"]]),
    }
    return Delivery(files, clean)


@pytest.fixture
def fed(product: Callable[..., Product], delivery: Delivery) -> Fed:
    """A product that was fed with it and has no data yet."""
    return Fed(Ingestion(product({"README.md": "of the clone"}, ingest="")), delivery, printed="done")


@pytest.fixture
def save(fed: Fed, publish: Callable[..., Path], rows: Columns, later: Columns, left: Columns) -> Save:
    """Write its data: right ones, with nothing left out, or others."""

    def write(*left_out: tuple[str, int, str], tables: Mapping[str, dict[str, Any]] | None = None, **keys: Any) -> None:
        quarantine = {
            "file": pa.array([file for file, _, _ in left_out], pa.string()),
            "row": pa.array([row for _, row, _ in left_out], pa.int32()),
            "column": pa.array([column for _, _, column in left_out], pa.string()),
            "reason": pa.array(["bad"] * len(left_out), pa.string()),
        }
        publish(fed.ingestion.folder, tables or {MONDAY: rows(), TUESDAY: later()}, quarantine, **keys)

    return write


# True


def test_true_data_are_true(fed: Fed, save: Save, told: Told) -> None:
    """As the delivery says."""
    save()
    assert told(lambda: fed.must_be_true(fed.data())) == ""


def test_untrue_data_are_told(fed: Fed, save: Save, told: Told, later: Columns, rows: Columns) -> None:
    """With the first difference."""
    save(tables={MONDAY: rows(), TUESDAY: later(age=pa.array([46, 8]))})
    expected = "appointment A0000004: `age` is 8 in the data, and the daily files say 7"
    assert told(lambda: fed.must_be_true(fed.data())) == expected


def test_data_are_true_without_what_was_refused(fed: Fed, save: Save, told: Told, rows: Columns) -> None:
    """A file that was not used is not in them."""
    save(tables={MONDAY: rows()})
    assert told(lambda: fed.must_be_true(fed.data())) == "appointment A0000003 is not in the data (2 are missing)"
    assert told(lambda: fed.must_be_true(fed.data(), without={SECOND})) == ""


@pytest.mark.parametrize(
    ("left_out", "refused"),
    [
        ([], set()),
        ([(FIRST, 0, "")], {FIRST}),
        ([(FIRST, 1, ""), (FIRST, 2, "")], {FIRST}),
        ([(FIRST, 2, "")], set()),
        ([(FIRST, 1, ""), (FIRST, 3, "")], set()),
        ([("other.csv", 0, "")], set()),
        ([(FIRST, 1, ""), (SECOND, 1, ""), (SECOND, 2, ""), (OUTCOMES, 0, "")], {SECOND, OUTCOMES}),
    ],
)
def test_a_file_is_refused_as_a_whole_or_row_by_row(
    fed: Fed, save: Save, left_out: list[tuple[str, int, str]], refused: set[str]
) -> None:
    """A part of it is not enough."""
    save(*left_out)
    assert fed.refused(fed.data()) == refused


def test_accounts_are_those_of_the_delivery(fed: Fed, save: Save, told: Told) -> None:
    """What is left out must be, and nothing else may be."""
    save((FIRST, 2, "age"))
    expected = f"nothing is wrong with row 2 of `{FIRST}`, and it is in the quarantine (1 such entries)"
    assert told(lambda: fed.must_be_accounted(fed.data())) == expected
    fed.delivery.left_out.add(Spot(FIRST, 2))
    assert told(lambda: fed.must_be_accounted(fed.data())) == ""


def test_reasons_are_the_columns_of_a_row(fed: Fed, save: Save) -> None:
    """One row may have several, or none that is to blame."""
    save((FIRST, 2, "age"), (FIRST, 2, "sex"), (SECOND, 1, ""))
    assert fed.reasons(fed.data()) == {Spot(FIRST, 2): {"age", "sex"}, Spot(SECOND, 1): {""}}


# Whole


def test_data_are_one_of_those_that_may_be(fed: Fed, save: Save, told: Told) -> None:
    """By their name."""
    save()
    assert told(lambda: fed.must_be_one_of({"0123456789abcdef": "old", "other": "new"}, "it was killed")) == ""
    expected = "it was killed, and the data are neither the old ones nor the new"
    assert told(lambda: fed.must_be_one_of({"other": "new"}, "it was killed")) == expected


def test_data_that_cannot_be_read_are_told_with_what_happened(fed: Fed, save: Save, told: Told) -> None:
    """A right name is not enough."""
    save()
    (fed.ingestion.folder / "quarantine.parquet").unlink()
    expected = "the disk was full, and the manifest names `quarantine.parquet`, which is not there"
    assert told(lambda: fed.must_be_one_of({"0123456789abcdef": "old"}, "the disk was full")) == expected


def test_whole_data_are_handed_back(fed: Fed, save: Save, told: Told) -> None:
    """Or it is told what happened before."""
    save()
    assert fed.must_be_whole("a file was damaged, and after that").name == "0123456789abcdef"
    (fed.ingestion.folder / "quarantine.parquet").unlink()
    expected = "a file was damaged, and after that the manifest names `quarantine.parquet`, which is not there"
    assert told(lambda: fed.must_be_whole("a file was damaged, and after that")) == expected


# Sources


def sources(delivery: Delivery) -> dict[str, dict[str, Any]]:
    """What the manifest should say of the files."""
    contents = delivery.contents()
    return {
        name: {"file": name, "rows": 2, "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in contents.items()
    }


def test_right_sources_are_accepted(fed: Fed, save: Save, told: Told) -> None:
    """In any order."""
    save(sources=[*sources(fed.delivery).values()][::-1])
    assert told(lambda: fed.must_name_its_sources(fed.data())) == ""


@pytest.mark.parametrize("name", [FIRST, OUTCOMES])
def test_a_missing_source_is_told(fed: Fed, save: Save, told: Told, name: str) -> None:
    """By its name."""
    said = sources(fed.delivery)
    del said[name]
    save(sources=[*said.values()])
    expected = f"the manifest does not name `{name}` among its sources"
    assert told(lambda: fed.must_name_its_sources(fed.data())) == expected


@pytest.mark.parametrize("change", [{"rows": 3}, {"sha256": "0" * 64}], ids=str)
def test_a_wrong_source_is_told(fed: Fed, save: Save, told: Told, change: dict[str, Any]) -> None:
    """Its rows or its fingerprint."""
    said = sources(fed.delivery)
    true = (2, said[SECOND]["sha256"])
    wrong = {**said[SECOND], **change}
    save(sources=[*{**said, SECOND: wrong}.values()])
    expected = f"of `{SECOND}` the manifest says {(wrong['rows'], wrong['sha256'])}, and it has {true}"
    assert told(lambda: fed.must_name_its_sources(fed.data())) == expected


# Days


def day(**changes: Any) -> Day:
    """What should be said of Monday, of whose file a row is left out twice over; some of it in another way."""
    said = {"day": MONDAY, "appointments": 2, "outcomes": 1, "quarantined": 1, "statistics": {}, "anomalies": []}
    return Day.model_validate(said | changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"appointments": 4}, "2026-01-05 has 2 appointments, and its summary says 4"),
        ({"outcomes": 2}, "2026-01-05 has 1 outcomes, and its summary says 2"),
        ({"quarantined": 2}, "2026-01-05 has 1 quarantined, and its summary says 2"),
        ({"quarantined": 0}, "2026-01-05 has 1 quarantined, and its summary says 0"),
        ({"day": "2026-01-07"}, "2026-01-07 has 0 appointments, and its summary says 2"),
    ],
)
def test_counts_of_a_day_are_those_of_the_data(
    fed: Fed, save: Save, told: Told, rows: Columns, later: Columns, changes: dict[str, Any], words: str
) -> None:
    """Rows of the day, those with an outcome, and rows of the day's own file that are left out."""
    tables = {MONDAY: rows(no_show=pa.array([False, None])), TUESDAY: later()}
    save((FIRST, 3, "age"), (FIRST, 3, "sex"), (SECOND, 3, "age"), (OUTCOMES, 3, ""), tables=tables)
    assert told(lambda: fed.must_count(day(**changes), fed.data())) == words


def test_summaries_are_where_the_contract_says(fed: Fed, write: Callable[[Path, Mapping[str, str]], None]) -> None:
    """By their days."""
    write(fed.days, {f"{MONDAY}.json": day().model_dump_json()})
    assert fed.days == fed.ingestion.product.root / "reports/data"
    assert fed.day(MONDAY).day == date(2026, 1, 5)


def test_a_missing_summary_is_told_by_its_place(fed: Fed, told: Told) -> None:
    """As the contract has it."""
    assert told(lambda: fed.day(MONDAY)) == f"there is no `reports/data/{MONDAY}.json`"


# Large deliveries


def test_outcomes_are_counted(fed: Fed, save: Save, told: Told) -> None:
    """Who missed an appointment, and of how many it is known."""
    fed.delivery.clean = pd.DataFrame({"no_show": [True, True]})
    save()
    assert told(fed.must_hold_the_outcomes) == ""


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        ([True, False], "1 patients did not come, and 2 of 2 outcomes in the data say so"),
        ([True, True, False], "2 patients did not come, and 2 of 2 outcomes in the data say so"),
    ],
    ids=["wrong", "missing"],
)
def test_other_outcomes_are_told(fed: Fed, save: Save, told: Told, outcomes: list[bool], words: str) -> None:
    """Wrong ones, and missing ones."""
    fed.delivery.clean = pd.DataFrame({"no_show": outcomes})
    save()
    assert told(fed.must_hold_the_outcomes) == words


def test_the_largest_file_is_that_of_a_day(fed: Fed, save: Save, rows: Columns, later: Columns) -> None:
    """Of the data, not of the quarantine."""
    save(tables={MONDAY: rows(), TUESDAY: later(patient=pa.array(["p" * 900, "q" * 1800]))})
    sizes = [path.stat().st_size for path in fed.ingestion.folder.rglob("rows.parquet")]
    assert fed.largest_file() == max(sizes) > min(sizes)


# Patients


def test_pseudonyms_are_found_by_patient(fed: Fed, save: Save, rows: Columns, later: Columns) -> None:
    """A patient may have two, which is wrong."""
    save(tables={MONDAY: rows(), TUESDAY: later(patient=pa.array(["p1", "p3"]))})
    assert fed.pseudonyms() == {"P000001": {"p1"}, "P000002": {"p2"}, "P000003": {"p3"}}
    save(tables={MONDAY: rows(), TUESDAY: later(patient=pa.array(["p4", "p3"]))})
    assert fed.pseudonyms() == {"P000001": {"p1", "p4"}, "P000002": {"p2"}, "P000003": {"p3"}}


def test_rows_that_nobody_delivered_have_no_patient(fed: Fed, save: Save) -> None:
    """Another check tells of them."""
    save()
    fed.delivery.clean = fed.delivery.clean.iloc[:1]
    assert fed.pseudonyms() == {"P000001": {"p1"}}


def test_what_ingestion_made_is_searched(fed: Fed, write: Callable[[Path, Mapping[str, str]], None]) -> None:
    """What it printed and its files; not the clone's own and not the daily files."""
    raw = {f"data/raw/{FIRST}": "qwertzuio"}
    write(fed.ingestion.product.root, {**raw, "reports/a.html": "<p>Qwertzuio</p>", "README.md": "changed"})
    made = dict(fed.made())
    assert made == {"the output of `ingest`": "done", "`reports/a.html`": "<p>Qwertzuio</p>"}
    mark = Mark("name", "qwertzuio")
    fed.delivery.marks = [Mark("name", "other"), mark]
    assert [fed.marks_in(text) for text in made.values()] == [[], [mark]]


def test_the_manifest_of_these_tests_is_read(fed: Fed, save: Save) -> None:
    """As the product would have written it."""
    save((FIRST, 1, "age"))
    text = (fed.ingestion.folder / "_manifest.json").read_text(encoding="utf-8")
    assert [part["day"] for part in json.loads(text)["partitions"]] == [MONDAY, TUESDAY]
