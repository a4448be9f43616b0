"""Personal data in what a product makes: found in whatever form, and only where they are."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_grader.instruments.data import traces as instrument
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Sheet
from mlops_grader.instruments.data.traces import Mark, made_files, plant, traces

Chance = Callable[[int | str], Random]
Write = Callable[[Path, Mapping[str, str | bytes]], None]

NAME, PHONE = Mark("name", "qwertzuio"), Mark("phone", "+1-234-555-6789")
BIRTH, PATIENT = Mark("birth_date", "1979-03-02"), Mark("patient_id", "P000042")


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (NAME, "patient Qwertzuio came"),
        (NAME, "QWERTZUIO"),
        (NAME, "(qwertzuiox)"),
        (BIRTH, "born 1979-03-02T00:00"),
        (PATIENT, "no patient p000042 here"),
        (PATIENT, "P000042"),
        (PHONE, "call +1-234-555-6789 now"),
        (PHONE, "12345556789"),
        (PHONE, "+1 (234) 555-6789"),
        (PHONE, "1.234.555.6789"),
        (PHONE, "+1 234\n555 67 89"),
        (PHONE, "1 - 2345556789".replace(" - ", "-")),
    ],
)
def test_a_mark_is_found(mark: Mark, text: str) -> None:
    """In capitals, within other words, and a number with other signs between its digits."""
    assert traces(text, [mark]) == [mark]


@pytest.mark.parametrize(
    ("mark", "text"),
    [
        (NAME, "qwertz uio"),
        (NAME, ""),
        (BIRTH, "02.03.1979"),
        (BIRTH, "1979-03-20"),
        (PATIENT, "P000043"),
        (PATIENT, "000042"),
        (PHONE, "+1-234-555-6788"),
        (PHONE, "234-555-6789"),
        (PHONE, "1, 2, 3, 4, 5, 5, 5, 6, 7, 8, 9"),
        (PHONE, "1   234 555 6789"),
        (PHONE, "1a234a555a6789"),
    ],
)
def test_what_is_not_there_is_not_found(mark: Mark, text: str) -> None:
    """Neighbours of a mark, and digits that only happen to come in this order, are none."""
    assert traces(text, [mark]) == []


def test_all_marks_are_found() -> None:
    """In their order."""
    text = "p000042 or 12345556789, and no name"
    assert traces(text, [NAME, PHONE, BIRTH, PATIENT]) == [PHONE, PATIENT]


# Planting


def test_planted_marks_are_in_the_files(plain: Delivery, chance: Chance) -> None:
    """All six of a row, each where it belongs, and nowhere before."""
    sheets = copy.deepcopy(plain.sheets)
    marks = plant(sheets.values(), chance(1))
    before = "\n".join(sheet.text() for sheet in plain.sheets.values())
    after = "\n".join(sheet.text() for sheet in sheets.values())
    assert traces(after, marks) == marks
    invented = [mark for mark in marks if mark.what in ("name", "phone", "reply")]
    assert traces(before, invented) == []
    assert [mark.what for mark in marks[:6]] == ["name", "name", "phone", "reply", "birth_date", "patient_id"]


def test_a_marked_row_tells_all_of_one_patient(chance: Chance) -> None:
    """Name, number, reply, birth date and id; the rest of the row stays."""
    header = ["appointment_id", "patient_id", "name", "phone", "birth_date", "reply"]
    sheet = Sheet("appointments", "2026-01-05", header, [["A0000001", "P000042", "Bana", "1", "1979-03-02", ""]])
    first, family, phone, reply, birth, patient = plant([sheet], chance(1), share=1)
    cells = ["A0000001", "P000042", f"{first.word.title()} {family.word.title()}", phone.word, "1979-03-02"]
    assert sheet.rows == [[*cells, f"Sorry, {reply.word} cannot come, call {phone.word}"]]
    assert (birth.word, patient.word) == ("1979-03-02", "P000042")
    assert len({first.word, family.word, reply.word}) == 3


def test_a_share_of_the_patients_is_marked(plain: Delivery, chance: Chance) -> None:
    """One in ten, of the appointments alone."""
    sheets = copy.deepcopy(plain.sheets)
    shares = [len(plant(sheets.values(), chance(seed))) / 6 / 480 for seed in range(20)]
    assert 0.08 < sum(shares) / 20 < 0.12
    assert [sheet for name, sheet in sheets.items() if sheet.kind == "outcomes" and sheet != plain.sheets[name]] == []


def test_no_patient_has_the_number_of_another(plain: Delivery, chance: Chance) -> None:
    """The world's numbers end in 01NN, and those that are planted do not."""
    marks = plant(copy.deepcopy(plain.sheets).values(), chance(2), share=1)
    numbers = [mark.word for mark in marks if mark.what == "phone"]
    assert [number for number in numbers if not re.fullmatch(r"\+1-[2-9]\d\d-555-[1-9]\d{3}", number)] == []


# Files


@pytest.fixture
def made(tmp_path: Path, write: Write) -> Callable[..., dict[str, str]]:
    """What files hold that a project of one file made beside its daily files."""

    def found(files: Mapping[str, str | bytes]) -> dict[str, str]:
        write(tmp_path, {"README.md": "qwertzuio", "data/raw/appointments_2026-01-05.csv": "qwertzuio", **files})
        return dict(made_files(tmp_path, tmp_path / "data/raw", ["README.md"]))

    return found


def test_files_that_were_made_are_searched(made: Callable[..., dict[str, str]]) -> None:
    """Those of the clone, the daily files and the store of git are not."""
    found = made({".git/logs/HEAD": "a", "data/clean/b.txt": "b", "cache/.hidden": "c", "data/raw/sub/d.csv": "d"})
    assert found == {"data/clean/b.txt": "b", "cache/.hidden": "c"}


def test_a_file_with_a_like_name_is_searched(made: Callable[..., dict[str, str]]) -> None:
    """Only the folder itself is left out, and only the store of git at the top."""
    found = made({"data/raw2/a.csv": "a", "data/rawer.txt": "b", ".gitignored": "c", "x/README.md": "d"})
    assert found == {"data/raw2/a.csv": "a", "data/rawer.txt": "b", ".gitignored": "c", "x/README.md": "d"}


def test_links_are_not_followed(made: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    """What they lead to is searched where it lies."""
    (tmp_path / "link").symlink_to(tmp_path / "README.md")
    assert made({}) == {}


def test_a_huge_file_is_not_read(made: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """One of the largest size is."""
    monkeypatch.setattr(instrument, "LARGEST", 3)
    assert made({"a": "abc", "b": "abcd"}) == {"a": "abc"}


@pytest.mark.parametrize(
    "content",
    ["patient Qwertzuio", b"\xff Qwertzuio", "Qwertzuio".encode("utf-16"), b"\xfe\xff" + "Qwertzuio".encode("utf-16-be")],
    ids=["text", "bytes", "utf-16", "big end"],
)  # fmt: skip
def test_a_text_is_searched_in_its_encoding(made: Callable[..., dict[str, str]], content: str | bytes) -> None:
    """Also where some bytes are no text."""
    assert traces(made({"a.log": content})["a.log"], [NAME]) == [NAME]


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        (pa.array(["Bana", "Bana", "Qwertzuio Ford"]), NAME),
        (pa.array(["Qwertzuio", None]).dictionary_encode(), NAME),
        (pa.array(["Qwertzuio"], pa.large_string()), NAME),
        (pa.array([b"Qwertzuio"]), NAME),
        (pa.array([date(1979, 3, 2)]), BIRTH),
        (pa.array([date(1979, 3, 2)]).cast(pa.timestamp("s")), BIRTH),
        (pa.array([12345556789]), PHONE),
        (pa.array(["P000042"]), PATIENT),
    ],
    ids=["text", "dictionary", "large", "binary", "day", "moment", "number", "id"],
)
@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_parquet_is_searched_as_values(
    made: Callable[..., dict[str, str]], tmp_path: Path, values: Any, mark: Mark, compression: str
) -> None:
    """Whatever it is called, however it is compressed, in any column, and whatever type a value has."""
    sink = pa.BufferOutputStream()
    table = pa.table({"other": pa.nulls(len(values), pa.string()), "a": values})
    parquet.write_table(table, sink, compression=compression)
    assert traces(made({"data/clean/_tmp": sink.getvalue().to_pybytes()})["data/clean/_tmp"], [mark]) == [mark]


@pytest.mark.parametrize(
    "values",
    [pa.array([["x"], ["Qwertzuio"]]), pa.array([{"a": "Qwertzuio"}]), pa.array([2**62], pa.timestamp("us"))],
    ids=["list", "struct", "far future"],
)
def test_unusual_values_are_no_error(made: Callable[..., dict[str, str]], values: Any) -> None:
    """They are searched as far as they can be read."""
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"a": values}), sink)
    found = traces(made({"a.parquet": sink.getvalue().to_pybytes()})["a.parquet"], [NAME])
    assert found == ([] if pa.types.is_timestamp(values.type) else [NAME])


def test_parquet_without_marks_holds_none(made: Callable[..., dict[str, str]]) -> None:
    """Its values are those of its columns."""
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table({"a": ["x", "y", "x"], "b": [1, None, 1]}), sink)
    assert made({"a.parquet": sink.getvalue().to_pybytes()}) == {"a.parquet": "x\ny\n1\nNone"}
