"""The result document: its schema, its sums, and how it reaches the disk."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mlops_grader.check import Verdict
from mlops_grader.figure import Figure
from mlops_grader.result import Graded, Outcome, Result, from_document, validate, write, write_text


def outcome(name: str, verdict: Verdict = Verdict.PASSED, points: int = 5) -> Outcome:
    """The end of an invented check."""
    earned, words = (points, "") if verdict is Verdict.PASSED else (0, "it does not")
    blocked_by = "test_a" if verdict is Verdict.BLOCKED else None
    return Outcome(
        f"test_{name}", "It does.", earned, points, verdict, words, "", "", "lessons/m99.md#it", blocked_by, 0.25
    )


def result(*outcomes: Outcome) -> Result:
    """An invented result."""
    graded = Graded(None, "a" * 40, False, "m99_invented")
    return Result("0.1.0", graded, "advisory", 7, "2026-01-05T10:00:00Z", 1.23456, outcomes or (outcome("a"),))


def test_the_score_counts_what_passed() -> None:
    mixed = result(outcome("a"), outcome("b", Verdict.FAILED, 30), outcome("c", points=15))
    assert (mixed.score, mixed.max_score) == (20, 50)


def test_the_next_step_is_the_first_that_nothing_blocks() -> None:
    rows = (outcome("a"), outcome("b", Verdict.BLOCKED), outcome("c", Verdict.FAILED), outcome("d", Verdict.ERROR))
    step = result(*rows).next_step
    assert step == rows[2]


def test_what_this_machine_lacks_comes_after_what_can_be_mended() -> None:
    rows = (outcome("a", Verdict.NOT_RUN), outcome("b", Verdict.FAILED))
    assert (result(*rows).next_step, result(rows[0]).next_step) == (rows[1], rows[0])


def test_there_is_no_next_step_when_all_passed() -> None:
    assert result(outcome("a")).next_step is None


def test_a_document_tells_the_same_result_again() -> None:
    whole = result(outcome("a"), outcome("b", Verdict.FAILED))
    assert from_document(whole.document()) == replace(whole, seconds=1.235)


def test_a_document_keeps_what_checks_measured() -> None:
    whole = replace(result(outcome("a")), seconds=1.0, figures=(Figure("requests lost", 0), Figure("to stop", 1.5, "s")))
    assert from_document(json.loads(json.dumps(whole.document()))) == whole


def test_a_document_without_figures_says_nothing_of_them() -> None:
    assert "figures" not in result(outcome("a")).document()


def test_a_document_survives_json() -> None:
    document = result(outcome("a", Verdict.NOT_RUN)).document()
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "mlops-grader/result/v2"},
        {"authority": "mine"},
        {"seed": -1},
        {"started_at": "yesterday"},
        {"checks": []},
        {"score": 1.5},
        {"more": 1},
        {"submission": {"commit": "HEAD", "tree": "a" * 40, "clean": True, "module": "m99"}},
    ],
)
def test_the_schema_refuses_what_is_no_result(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validate({**result().document(), **change})


@pytest.mark.parametrize(
    "change",
    [{"points": 5, "verdict": "failed"}, {"found": "", "verdict": "error"}, {"verdict": "skipped"}, {"id": "stops"}],
)
def test_the_schema_refuses_a_check_that_contradicts_itself(change: dict[str, Any]) -> None:
    document = result(outcome("a", Verdict.FAILED)).document()
    validate(document)
    document["checks"][0] |= change
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


def test_one_result_is_a_document(tmp_path: Path) -> None:
    write([result()], tmp_path / "grade.json")
    assert json.loads((tmp_path / "grade.json").read_text("utf-8")) == result().document()


def test_several_results_are_a_list(tmp_path: Path) -> None:
    write([result(), result()], tmp_path / "grade.json")
    assert len(json.loads((tmp_path / "grade.json").read_text("utf-8"))) == 2


def test_an_invalid_result_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(jsonschema.ValidationError):
        write([replace(result(), seed=-1)], tmp_path / "grade.json")
    assert list(tmp_path.iterdir()) == []


def test_words_of_other_languages_stay_readable(tmp_path: Path) -> None:
    write([result(replace(outcome("a", Verdict.FAILED), found="Größe 日本"))], tmp_path / "grade.json")
    assert "Größe 日本" in (tmp_path / "grade.json").read_text("utf-8")


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a" / "b" / "page.html", "x")
    assert (tmp_path / "a" / "b" / "page.html").read_text("utf-8") == "x"


def test_a_reader_never_sees_half_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands at the path when the new file is put there is the whole old one."""
    path = tmp_path / "page.html"
    write_text(path, "old")
    seen = []
    replace_file = Path.replace

    def spy(self: Path, target: Path) -> Path:
        seen.append((self.read_text("utf-8"), target.read_text("utf-8")))
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", spy)
    write_text(path, "new")
    assert seen == [("new", "old")]


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path: Path) -> None:
    write_text(tmp_path / "page.html", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(tmp_path / "page.html", "\ud800")
    assert [(path.name, path.read_text("utf-8")) for path in tmp_path.iterdir()] == [("page.html", "old")]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_a_document_can_be_read_by_others_like_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x", "utf-8")
    write_text(tmp_path / "page.html", "x")
    assert (tmp_path / "page.html").stat().st_mode == (tmp_path / "plain").stat().st_mode
