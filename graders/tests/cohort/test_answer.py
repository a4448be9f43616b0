"""What comes out of a cell is believed only where it agrees with what was asked."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cells
import submissions
from mlops_grader import grading
from mlops_grader.cohort import answer, cell_engine, disposable
from mlops_grader.cohort.records import CellOrder, Returned

ENGINES = ["m07_ci", "m08_delivery", "m14_capstone"]


@pytest.fixture(scope="module")
def parcel(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A starter."""
    return cells.parcel_of(submissions.make("m07_ci", tmp_path_factory.mktemp("made") / "project", solved=False))


ORDER = CellOrder("run", "ada", "m07_ci", 7)


@pytest.fixture(scope="module")
def refused(parcel: bytes) -> Returned:
    """The answer of a worker that is not disposable."""
    return disposable.grade(parcel, ORDER, {})


@pytest.fixture
def read(tmp_path: Path, parcel: bytes) -> Callable[[Any], Returned | None]:
    """What is made of an answer."""

    def reading(told: Any) -> Returned | None:
        text = told if isinstance(told, str) else json.dumps(told)
        (tmp_path / "result.json").write_text(text, encoding="utf-8")
        return answer.read(tmp_path / "result.json", parcel, ORDER)

    return reading


def test_modules_that_use_the_engine_are_known() -> None:
    assert [key for key in grading.modules() if cell_engine.is_needed(key)] == ["m06_containers"]
    assert [key for key in grading.modules() if disposable.is_needed(key)] == ENGINES


def test_without_a_disposable_worker_no_check_is_run_and_advice_is_given(refused: Returned) -> None:
    assert refused.document
    outcomes = refused.document["checks"]
    assert {(each["verdict"], each["points"]) for each in outcomes} == {("not_run", 0)}
    assert all("disposable" in each["fix"] for each in outcomes)
    assert refused.document["max_score"] == 100


def test_the_answer_that_was_asked_for_is_taken(read: Callable[[Any], Returned | None], refused: Returned) -> None:
    found = read({"document": refused.document, "error": "", "retry": False})
    assert found == Returned(refused.document)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"authority": "advisory"}, "authority advisory"),
        ({"seed": 8}, "seed 8"),
        ({"grader": {"version": "other"}}, "grader other"),
        ({"submission": {"commit": None, "tree": "0" * 40, "clean": True, "module": "m07_ci"}}, "tree 000"),
        ({"submission": {"commit": None, "tree": "0" * 40, "clean": True, "module": "m01_environment"}}, "module m01"),
        ({"score": "100"}, "is no result"),
    ],
)
def test_another_answer_is_an_error(
    read: Callable[[Any], Returned | None], refused: Returned, change: dict[str, Any], words: str
) -> None:
    found = read({"document": {**(refused.document or {}), **change}, "error": "", "retry": False})
    assert found
    assert (found.document, found.retry, words in found.error) == (None, True, True)


@pytest.mark.parametrize("told", ["", "{", "[]", "null", '{"document": 1}', "{}"])
def test_what_is_no_answer_is_an_error(read: Callable[[Any], Returned | None], told: str) -> None:
    found = read(told)
    assert found
    assert (found.document, found.retry) == (None, True)


def test_words_of_a_project_that_cannot_be_graded_are_passed_on(read: Callable[[Any], Returned | None]) -> None:
    assert read({"error": "no contract", "retry": False}) == Returned(None, "no contract", retry=False)


def test_a_link_in_the_place_of_an_answer_is_not_read(tmp_path: Path, parcel: bytes) -> None:
    (tmp_path / "there").write_text("{}", encoding="utf-8")
    (tmp_path / "result.json").symlink_to(tmp_path / "there")
    assert answer.read(tmp_path / "result.json", parcel, ORDER) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_a_pipe_in_the_place_of_an_answer_does_not_hang(tmp_path: Path, parcel: bytes) -> None:
    os.mkfifo(tmp_path / "result.json")
    assert answer.read(tmp_path / "result.json", parcel, ORDER) is None


def test_an_answer_too_large_is_not_read(tmp_path: Path, parcel: bytes) -> None:
    with (tmp_path / "result.json").open("wb") as file:
        file.truncate(answer.LARGEST + 1)
    assert answer.read(tmp_path / "result.json", parcel, ORDER) is None
