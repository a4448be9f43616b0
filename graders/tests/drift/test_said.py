"""What a product says of its weeks and of its champion is read as data: the right words for what is wrong, and no crash."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.document import LARGEST
from mlops_grader.instruments.drift.said import comparison, summaries

MONDAY = date(2026, 3, 30)
DAY = date(2026, 6, 19)
NAME = "2026-W14.json"

Told = Callable[[Callable[[], object]], str]
Text = Callable[..., str]


def read(folder: Path, content: str | bytes, name: str = NAME) -> object:
    """What is said in a folder with this one file."""
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return summaries(folder, "out/reports")


def test_a_summary_is_read(tmp_path: Path, summary: Text) -> None:
    """By the Monday of its week."""
    read(tmp_path, summary(decision="roll back", data_faults=[{"where": "clinic", "fact": "3 are empty"}]))
    ((monday, found),) = summaries(tmp_path, "reports").items()
    assert (monday, found.window, found.decision, found.as_of) == (MONDAY, "2026-W14", "roll back", date(2026, 4, 10))
    assert [(fault.where, fault.fact) for fault in found.data_faults] == [("clinic", "3 are empty")]
    assert (found.labels.expected, found.labels.arrived) == (700, 690)
    assert found.performance
    assert (found.performance.rows, found.performance.mean_prediction) == (600, 0.2)
    assert (found.performance.mean_outcome, found.performance.auc) == (0.21, 0.74)


def test_each_week_has_its_own(tmp_path: Path, summary: Text) -> None:
    """Other files of the folder are none of them."""
    read(tmp_path, summary())
    read(tmp_path, summary(window="2026-W15", first_day="2026-04-06", last_day="2026-04-10"), "2026-W15.json")
    for name in (
        "notes.json",
        "2026-W1.json",
        "2026-W144.json",
        "x2026-W14.json",
        "2026-W14.json.tmp",
        "2026-W14.html",
    ):
        (tmp_path / name).write_text("{")
    assert list(summaries(tmp_path, "reports")) == [MONDAY, date(2026, 4, 6)]


def test_a_week_is_that_of_its_name(tmp_path: Path, summary: Text) -> None:
    """Its records may begin on Tuesday."""
    read(tmp_path, summary(first_day="2026-03-31"))
    assert list(summaries(tmp_path, "reports")) == [MONDAY]


@pytest.mark.parametrize("week", ["2026-W00", "2026-W54", "2025-W53", "0000-W01", "9999-W53"])
def test_a_week_that_is_in_no_calendar_is_told(tmp_path: Path, summary: Text, told: Told, week: str) -> None:
    """Weeks are counted as ISO 8601 does."""
    assert told(lambda: read(tmp_path, summary(window=week), f"{week}.json")) == f"there is no week {week}"


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_where_there_is_no_folder_nothing_is_said(tmp_path: Path, name: str) -> None:
    """That is for others to judge."""
    (tmp_path / "file").write_text("")
    assert summaries(tmp_path / name, "reports") == {}


def test_more_than_is_asked_for_may_be_said(tmp_path: Path, summary: Text) -> None:
    """In each of its parts."""
    labels = {"expected": 1, "arrived": 1, "late": 0}
    assert read(tmp_path, summary(mood="good", labels=labels, data_faults=[{"where": "a", "fact": "b", "rows": 1}]))


@pytest.mark.parametrize("performance", [None, {"rows": 3, "mean_prediction": 0.2, "mean_outcome": 0.0, "auc": None}])
def test_quality_may_be_unknown(tmp_path: Path, summary: Text, performance: Any) -> None:
    """All of it, or the AUC of a week without no-shows."""
    assert read(tmp_path, summary(performance=performance))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"window": 14}, "window"),
        ({"first_day": "Monday"}, "first_day"),
        ({"last_day": None}, "last_day"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"appointments": -1}, "appointments"),
        ({"appointments": 1.5}, "appointments"),
        ({"appointments": None}, "appointments"),
        ({"appointments": float("nan")}, "appointments"),
        ({"decision": "rollback"}, "decision"),
        ({"decision": None}, "decision"),
        ({"because": "it looks bad"}, "because"),
        ({"because": [1]}, "because.0"),
        ({"drifted_features": {}}, "drifted_features"),
        ({"drifted_features": [["age"]]}, "drifted_features.0"),
        ({"data_faults": ["age"]}, "data_faults.0"),
        ({"data_faults": [{"where": "age"}]}, "data_faults.0.fact"),
        ({"data_faults": [{"fact": "gone"}]}, "data_faults.0.where"),
        ({"labels": None}, "labels"),
        ({"labels": {"expected": 1}}, "labels.arrived"),
        ({"labels": {"expected": -1, "arrived": 0}}, "labels.expected"),
        ({"labels": {"expected": 1, "arrived": -1}}, "labels.arrived"),
        ({"performance": 0.7}, "performance"),
        ({"performance": {"rows": -1, "mean_prediction": 0, "mean_outcome": 0}}, "performance.rows"),
        ({"performance": {"rows": 1, "mean_prediction": 1.2, "mean_outcome": 0}}, "performance.mean_prediction"),
        ({"performance": {"rows": 1, "mean_prediction": float("nan"), "mean_outcome": 0}}, "performance.mean_prediction"),
        ({"performance": {"rows": 1, "mean_prediction": 0, "mean_outcome": -0.1}}, "performance.mean_outcome"),
        ({"performance": {"rows": 1, "mean_prediction": 0, "mean_outcome": 0, "auc": 2}}, "performance.auc"),
        ({"performance": {"rows": 1, "mean_prediction": 0, "mean_outcome": 0, "auc": float("inf")}}, "performance.auc"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_named(tmp_path: Path, summary: Text, told: Told, changes: Any, key: str) -> None:
    """The file and the key."""
    assert told(lambda: read(tmp_path, summary(**changes))).startswith(f"`out/reports/{NAME}`: `{key}` is ")


@pytest.mark.parametrize(
    "key",
    [
        *("window", "first_day", "last_day", "as_of", "appointments", "decision", "because", "drifted_features"),
        *("data_faults", "labels", "performance"),
    ],
)
def test_a_missing_key_is_named(tmp_path: Path, summary: Text, told: Told, key: str) -> None:
    """None of them is guessed."""
    text = json.dumps({name: value for name, value in json.loads(summary()).items() if name != key})
    assert told(lambda: read(tmp_path, text)).startswith(f"`out/reports/{NAME}`: `{key}` is ")


@pytest.mark.parametrize("content", ["[]", "3", "null", '"text"', "NaN"])
def test_what_is_no_object_is_told(tmp_path: Path, told: Told, content: str) -> None:
    """As a whole."""
    assert told(lambda: read(tmp_path, content)).startswith(f"`out/reports/{NAME}`: `the whole` is ")


def test_a_long_value_is_cut(tmp_path: Path, summary: Text, told: Told) -> None:
    """Nobody reads a page of it."""
    assert len(told(lambda: read(tmp_path, summary(decision="x" * 10_000)))) < 400


def test_a_file_of_another_week_is_told(tmp_path: Path, summary: Text, told: Told) -> None:
    """The week that it speaks of."""
    found = told(lambda: read(tmp_path, summary(window="2026-W15")))
    assert found == f"`out/reports/{NAME}` speaks of 2026-W15"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "{'window': 1}",
        "\0",
        '{"appointments": ' + "1" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 100_000,
        b"\xef\xbb\xbf{}",
    ],
    ids=["empty", "half", "quotes", "null", "huge-number", "lists", "objects", "mark"],
)
def test_what_is_no_json_is_told(tmp_path: Path, told: Told, content: str | bytes) -> None:
    """Also what is nested without end, and numbers without end."""
    assert told(lambda: read(tmp_path, content)).startswith(f"`out/reports/{NAME}` is no JSON: ")


def test_json_at_any_depth_is_told(tmp_path: Path, told: Told) -> None:
    """Where Python can just read it, it can say what it is."""
    for depth in range(sys.getrecursionlimit() - 300, sys.getrecursionlimit() + 20, 3):
        found = told(lambda depth=depth: read(tmp_path, "[" * depth + "]" * depth))  # type: ignore[misc]
        assert found.startswith(f"`out/reports/{NAME}`"), depth


def test_half_a_summary_is_told_wherever_it_ends(tmp_path: Path, summary: Text, told: Told) -> None:
    """A job that was killed leaves such."""
    text = summary()
    for length in range(0, len(text), 7):
        assert told(lambda length=length: read(tmp_path, text[:length])).startswith(
            f"`out/reports/{NAME}` is no JSON: "
        )  # type: ignore[misc]


@pytest.mark.parametrize("content", [b"\xff\xfe{\0", b'{"window": "\xe9"}'])
def test_what_is_no_text_is_told(tmp_path: Path, told: Told, content: bytes) -> None:
    """It is to be UTF-8."""
    assert told(lambda: read(tmp_path, content)).startswith(f"`out/reports/{NAME}` cannot be read: ")


def test_a_folder_of_that_name_is_told(tmp_path: Path, told: Told) -> None:
    """It cannot be read."""
    (tmp_path / NAME).mkdir()
    assert told(lambda: summaries(tmp_path, "reports")).startswith(f"`reports/{NAME}` cannot be read")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes with names")
def test_a_pipe_of_that_name_is_not_waited_for(tmp_path: Path, told: Told) -> None:
    """Nobody writes into it."""
    os.mkfifo(tmp_path / NAME)
    assert told(lambda: summaries(tmp_path, "reports")).startswith(f"`reports/{NAME}` cannot be read")


def test_a_link_to_nothing_is_told(tmp_path: Path, told: Told) -> None:
    """It cannot be read either."""
    (tmp_path / NAME).symlink_to(tmp_path / "nothing")
    assert told(lambda: summaries(tmp_path, "reports")).startswith(f"`reports/{NAME}` cannot be read")


@pytest.mark.parametrize(("more", "words"), [(0, ""), (1, "`out/reports/2026-W14.json` has more than 1 MiB")])
def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, summary: Text, told: Told, more: int, words: str) -> None:
    """To the byte."""
    text = summary()
    assert told(lambda: read(tmp_path, text + " " * (LARGEST - len(text) + more))) == words


# The comparison of a retraining

COMPARISON = {
    "as_of": "2026-06-19",
    "champion": "a" * 32,
    "challenger": "b" * 32,
    "first_day": "2026-05-25",
    "last_day": "2026-06-12",
    "rows": 1800,
    "metric": "log_loss",
    "champion_score": 0.5,
    "challenger_score": 0.45,
    "improvement": 0.05,
    "low": 0.03,
    "high": 0.07,
    "confidence": 0.95,
    "test": "paired t test",
    "promoted": True,
}


def compared(folder: Path, **changes: object) -> object:
    """What is read of such a comparison."""
    path = folder / "promotions" / "2026-06-19.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({**COMPARISON, **changes}))
    return comparison(folder, "out", DAY)


def test_a_comparison_is_read(tmp_path: Path) -> None:
    """That of the day, with what else is said."""
    compared(tmp_path, by="the job")
    said = comparison(tmp_path, "out", DAY)
    assert json.loads(said.model_dump_json()) == COMPARISON


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"metric": "accuracy"}, "metric"),
        ({"rows": -1}, "rows"),
        ({"improvement": float("nan")}, "improvement"),
        ({"low": float("-inf")}, "low"),
        ({"high": "much"}, "high"),
        ({"champion_score": None}, "champion_score"),
        ({"confidence": 0.5}, "confidence"),
        ({"confidence": 1}, "confidence"),
        ({"confidence": 95}, "confidence"),
        ({"test": "t"}, "test"),
        ({"promoted": "perhaps"}, "promoted"),
        ({"champion": 1}, "champion"),
    ],
)
def test_a_comparison_that_cannot_be_is_told(tmp_path: Path, told: Told, changes: Any, key: str) -> None:
    """The file and the key."""
    found = told(lambda: compared(tmp_path, **changes))
    assert found.startswith(f"`out/promotions/2026-06-19.json`: `{key}` is ")


@pytest.mark.parametrize("key", COMPARISON)
def test_each_part_of_a_comparison_is_needed(tmp_path: Path, told: Told, key: str) -> None:
    """A promotion that cannot be explained is none."""
    compared(tmp_path)
    path = tmp_path / "promotions" / "2026-06-19.json"
    path.write_text(json.dumps({name: value for name, value in COMPARISON.items() if name != key}))
    assert told(lambda: comparison(tmp_path, "out", DAY)).startswith(f"`out/promotions/{path.name}`: `{key}` is ")


def test_a_missing_comparison_is_told(tmp_path: Path) -> None:
    """That of another day is none."""
    compared(tmp_path)
    with pytest.raises(Fail) as raised:
        comparison(tmp_path, "out", date(2026, 6, 20))
    assert raised.value.found == "the `retrain` command leaves no `out/promotions/2026-06-20.json`"
