"""Daily files become one clean table, or a clear error."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
TABLE = "data/clean/appointments.parquet"
DAY = "data/raw/appointments_2026-01-05.csv"
FACTS = [
    ("previous_no_shows", "99", "previous_no_shows is more than previous_appointments"),
    ("booked_at", "2026-01-06T09:00", "starts_at is not after booked_at"),
    ("starts_at", "2026-01-06T09:00", "starts_at 2026-01-06T09:00 is not on the day of the file, 2026-01-05"),
    ("starts_at", "05.01.2026 9:00", "starts_at is '05.01.2026 9:00', wanted a moment like 2026-03-02T09:15"),
    ("clinic", "North", "clinic is 'North', wanted one of north, harbour, hill, station"),
    ("distance_km", "nan", "distance_km is 'nan', wanted kilometres like 3.4"),
    ("distance_km", "3400.0", "distance_km is 3400.0, wanted at most 1000"),
    ("birth_date", "1879-03-02", "birth_date makes the patient older than 120 years"),
    ("birth_date", "2026-03-02", "birth_date is not a day before the appointment, written like 1979-03-02"),
    ("appointment_id", "", "appointment_id is '', wanted an id like A0000123"),
]


def test_the_worlds_files_are_clean(product_root: Path, run: Run, tmp_path: Path) -> None:
    done = run(product_root, "ingest", CLEAN_DIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "6000 appointments, 6000 with outcome" in done.stdout
    assert "left out: nothing" in done.stdout


def test_the_same_files_give_the_same_bytes(small_root: Path, run: Run) -> None:
    tables = []
    for _ in range(2):
        assert run(small_root, "ingest").returncode == 0
        tables.append((small_root / TABLE).read_bytes())
    assert tables[0] == tables[1]


def test_no_personal_data_goes_onward(small_root: Path, run: Run, python: str) -> None:
    run(small_root, "ingest")
    assert read_columns(python, small_root) == [
        "appointment_id",
        "sex",
        "clinic",
        "age",
        "booked_at",
        "starts_at",
        "distance_km",
        "previous_appointments",
        "previous_no_shows",
        "reminder",
        "no_show",
    ]
    content = (small_root / TABLE).read_bytes()
    for row in (small_root / DAY).read_text(encoding="utf-8").splitlines()[1:]:
        _, patient, name, phone, *_ = row.split(",")
        assert not [text for text in (patient, name, phone) if text.encode() in content]


@pytest.mark.parametrize(("column", "value", "fact"), FACTS)
def test_a_bad_row_is_left_out_and_reported(small_root: Path, run: Run, column: str, value: str, fact: str) -> None:
    change_cell(small_root / DAY, 3, column, value)
    done = run(small_root, "ingest")
    assert done.returncode == 0
    assert "299 appointments" in done.stdout
    assert "left out: 1 bad rows" in done.stdout
    logged = json.loads(done.stderr)
    assert (logged["file"], logged["line"], logged["fact"]) == ("appointments_2026-01-05.csv", 3, fact)


def test_an_appointment_cannot_be_booked_when_it_starts(small_root: Path, run: Run) -> None:
    for column in ("booked_at", "starts_at"):
        change_cell(small_root / DAY, 3, column, "2026-01-05T09:00")
    assert json.loads(run(small_root, "ingest").stderr)["fact"] == "starts_at is not after booked_at"


def test_a_row_of_another_length_is_a_bad_row(small_root: Path, run: Run) -> None:
    change_line(small_root / DAY, 3, lambda line: line + ",more")
    assert json.loads(run(small_root, "ingest").stderr)["fact"] == "has 15 values, wanted 14"


def test_of_repeated_appointments_the_later_file_counts(small_root: Path, run: Run, python: str) -> None:
    lines = (small_root / DAY).read_text(encoding="utf-8").splitlines()
    (small_root / DAY).write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    change_cell(small_root / DAY, len(lines) + 1, "distance_km", "77.7")
    assert "left out: 1 repeated appointments" in run(small_root, "ingest").stdout
    assert read_cell(python, small_root, lines[1].split(",")[0], "distance_km") == 77.7


def test_of_two_outcomes_the_later_one_counts(small_root: Path, run: Run, python: str) -> None:
    name = (small_root / DAY).read_text(encoding="utf-8").splitlines()[1].split(",")[0]
    for file, recorded, outcome in (("08", "08", "attended"), ("09", "09", "no_show"), ("12", "07", "attended")):
        rows = [f"{appointment},{outcome},2026-01-{recorded}T12:00" for appointment in (name, "A9999999")]
        text = "\n".join(["appointment_id,outcome,recorded_at", *rows, ""])
        (small_root / f"data/raw/outcomes_2026-01-{file}.csv").write_text(text, encoding="utf-8")
    done = run(small_root, "ingest")
    assert "left out: 1 outcomes without an appointment, 4 repeated outcomes" in done.stdout
    assert read_cell(python, small_root, name, "no_show") is True


@pytest.mark.parametrize(
    ("content", "fact"),
    [
        (b"", "is empty"),
        ("appointment_id,größe\n".encode("latin-1"), "is not UTF-8"),
        ("appointment_id\n".encode("utf-16"), "is not UTF-8"),
        (b"appointment_id,outcome\n", "column recorded_at is missing"),
        (b"appointment_id,outcome,recorded_at,clinic\n", "there are columns of other names"),
        (b"appointment_id,recorded_at,outcome\n", "repeated or in another order"),
        (b'appointment_id,outcome,recorded_at\n"A0000001,attended\n', "line 2 is not CSV"),
    ],
)
def test_a_bad_file_stops_with_nothing_written(small_root: Path, run: Run, content: bytes, fact: str) -> None:
    run(small_root, "ingest")
    before = (small_root / TABLE).read_bytes()
    (small_root / DAY).unlink()
    (small_root / "data/raw/outcomes_2026-01-08.csv").write_bytes(content)
    done = run(small_root, "ingest")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: `")
    assert "outcomes_2026-01-08.csv`: " in done.stderr
    assert fact in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (small_root / TABLE).read_bytes() == before
    assert [path.name for path in (small_root / "data/clean").iterdir()] == ["appointments.parquet"]


def test_a_name_without_a_day_is_an_error(small_root: Path, run: Run) -> None:
    (small_root / DAY).rename(small_root / "data/raw/appointments_2026-02-30.csv")
    done = run(small_root, "ingest")
    assert done.returncode == 1
    assert "'2026-02-30' in the name is not a day" in done.stderr


def test_an_empty_folder_is_an_error(small_root: Path, run: Run) -> None:
    done = run(small_root, "ingest", RAW_DIR="nowhere")
    assert done.returncode == 1
    assert "`nowhere` holds no `appointments_YYYY-MM-DD.csv`" in done.stderr


def change_line(path: Path, number: int, change: Callable[[str], str]) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[number - 1] = change(lines[number - 1])
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def change_cell(path: Path, number: int, column: str, value: str) -> None:
    position = path.read_text(encoding="utf-8").splitlines()[0].split(",").index(column)
    change_line(path, number, lambda line: ",".join(replaced(line.split(","), position, value)))


def replaced(cells: list[str], position: int, value: str) -> list[str]:
    return [*cells[:position], value, *cells[position + 1 :]]


def read_columns(python: str, root: Path) -> object:
    return evaluate(python, root, "table.column_names")


def read_cell(python: str, root: Path, appointment: str, column: str) -> object:
    expression = f"[row[{column!r}] for row in table.to_pylist() if row['appointment_id'] == {appointment!r}]"
    [value] = evaluate(python, root, expression)
    return value


def evaluate(python: str, root: Path, expression: str) -> list[object]:
    code = f"import json, pyarrow.parquet as p; table = p.read_table({TABLE!r}); print(json.dumps({expression}))"
    done = subprocess.run([python, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))
