"""What is said of a day: read when it has the form, and told what has not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.data import days
from mlops_grader.instruments.data.days import load_day

Told = Callable[[Callable[[], object]], str]
Save = Callable[..., Path]

DAY, SHOWN = "2026-01-05", "reports/data"
SAID = {
    "day": DAY,
    "appointments": 118,
    "outcomes": 110,
    "quarantined": 2,
    "statistics": {"age": 47.1, "clinic north": 1},
    "anomalies": [{"where": "age", "fact": "the average is 47.1, and was about 30"}],
}


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """Write what is said of a day, some of it in another way; the folder."""

    def write(name: str = DAY, **changes: Any) -> Path:
        (tmp_path / f"{name}.json").write_text(json.dumps(SAID | changes), encoding="utf-8")
        return tmp_path

    return write


def test_a_day_is_read(save: Save) -> None:
    """With its numbers and what is unusual; further keys do no harm."""
    said = load_day(save(made_by="noshow"), DAY, SHOWN)
    assert (said.day, said.appointments, said.outcomes, said.quarantined) == (date(2026, 1, 5), 118, 110, 2)
    assert said.statistics == {"age": 47.1, "clinic north": 1.0}
    assert [(each.where, each.fact) for each in said.anomalies] == [("age", "the average is 47.1, and was about 30")]


def test_nothing_need_be_unusual(save: Save) -> None:
    """Nor need there be statistics."""
    said = load_day(save(anomalies=[], statistics={}), DAY, SHOWN)
    assert (list(said.anomalies), said.statistics) == ([], {})


def test_a_missing_day_is_told(save: Save, told: Told) -> None:
    """By the name of its file."""
    assert told(lambda: load_day(save(), "2026-01-06", SHOWN)) == f"there is no `{SHOWN}/2026-01-06.json`"


def test_a_folder_is_no_day(tmp_path: Path, told: Told) -> None:
    """It cannot be read."""
    (tmp_path / f"{DAY}.json").mkdir()
    assert told(lambda: load_day(tmp_path, DAY, SHOWN)) == f"there is no `{SHOWN}/{DAY}.json`"


@pytest.mark.parametrize(
    "content",
    [b"", b'{"day": "20', b"\xff", b"[" * 100_000, b"1" * 5000],
    ids=["empty", "half", "bytes", "nested", "huge"],
)
def test_what_is_no_json_is_told(tmp_path: Path, told: Told, content: bytes) -> None:
    """By the name of its file."""
    (tmp_path / f"{DAY}.json").write_bytes(content)
    assert told(lambda: load_day(tmp_path, DAY, SHOWN)).startswith(f"`{SHOWN}/{DAY}.json` is no JSON: ")


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"day": "5 January"}, "day"),
        ({"appointments": -1}, "appointments"),
        ({"appointments": 1.5}, "appointments"),
        ({"outcomes": None}, "outcomes"),
        ({"quarantined": "many"}, "quarantined"),
        ({"statistics": [1]}, "statistics"),
        ({"statistics": {"age": "old"}}, "statistics.age"),
        ({"anomalies": "age"}, "anomalies"),
        ({"anomalies": [{"where": "age"}]}, "anomalies.0.fact"),
        ({"anomalies": [{"where": None, "fact": "a"}]}, "anomalies.0.where"),
    ],
)
def test_another_form_is_told(save: Save, told: Told, changes: dict[str, Any], where: str) -> None:
    """With the place of what is wrong."""
    assert told(lambda: load_day(save(**changes), DAY, SHOWN)).startswith(f"`{SHOWN}/{DAY}.json`: `{where}`: ")


@pytest.mark.parametrize("key", [*SAID])
def test_a_missing_key_is_told(tmp_path: Path, told: Told, key: str) -> None:
    """Each of them is needed."""
    (tmp_path / f"{DAY}.json").write_text(json.dumps({name: SAID[name] for name in SAID if name != key}))
    assert told(lambda: load_day(tmp_path, DAY, SHOWN)) == f"`{SHOWN}/{DAY}.json`: `{key}`: Field required"


def test_another_day_in_the_file_is_told(save: Save, told: Told) -> None:
    """It is another day's summary under this day's name."""
    found = told(lambda: load_day(save("2026-01-06"), "2026-01-06", SHOWN))
    assert found == f"`{SHOWN}/2026-01-06.json` is about 2026-01-05"


def test_only_the_beginning_of_a_huge_file_is_read(save: Save, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says so much of one day."""
    folder = save()
    size = (folder / f"{DAY}.json").stat().st_size
    monkeypatch.setattr(days, "LARGEST", size)
    assert load_day(folder, DAY, SHOWN).appointments == 118
    monkeypatch.setattr(days, "LARGEST", size - 1)
    assert told(lambda: load_day(folder, DAY, SHOWN)).startswith(f"`{SHOWN}/{DAY}.json` is no JSON: ")
