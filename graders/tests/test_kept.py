"""What a grade leaves in the project, and when the last result is the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mlops_grader.check import Verdict
from mlops_grader.grading import identity
from mlops_grader.reports.kept import FOLDER, Kept
from mlops_grader.result import Graded, Outcome, Result

TREE = "a" * 40


def result(verdict: Verdict = Verdict.PASSED, module: str = "m98_invented") -> Result:
    """An invented result of this grader."""
    points = 5 if verdict is Verdict.PASSED else 0
    found = "" if points else "it does not"
    outcome = Outcome("test_a", "It does.", points, 5, verdict, found, "", "", f"lessons/{module}.md#a", None, 0.25)
    return Result(identity(), Graded(None, TREE, False, module), "advisory", 7, "2026-01-05T10:00:00Z", 1.5, (outcome,))


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.FAILED, Verdict.BLOCKED])
def test_the_last_result_is_the_answer_while_nothing_changed(tmp_path: Path, verdict: Verdict) -> None:
    kept = Kept(tmp_path)
    kept.keep([result(verdict)])
    assert kept.known("m98_invented", TREE, 7) == result(verdict)


@pytest.mark.parametrize(
    ("module", "tree", "seed"), [("m97_other", TREE, 7), ("m98_invented", "b" * 40, 7), ("m98_invented", TREE, 8)]
)
def test_another_module_tree_or_seed_is_graded_anew(tmp_path: Path, module: str, tree: str, seed: int) -> None:
    kept = Kept(tmp_path)
    kept.keep([result()])
    assert kept.known(module, tree, seed) is None


def test_another_grader_grades_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep([replace(result(), grader="0.0.1")])
    assert kept.known("m98_invented", TREE, 7) is None


@pytest.mark.parametrize("verdict", [Verdict.NOT_RUN, Verdict.ERROR])
def test_a_result_with_open_ends_is_graded_anew(tmp_path: Path, verdict: Verdict) -> None:
    """The engine may be there by now."""
    kept = Kept(tmp_path)
    kept.keep([result(verdict)])
    assert kept.known("m98_invented", TREE, 7) is None


def test_before_the_first_grade_nothing_is_known(tmp_path: Path) -> None:
    assert Kept(tmp_path).known("m98_invented", TREE, 7) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b'{"schema": 1}', b"[" * 100_000])
def test_a_file_that_is_no_result_is_ignored(tmp_path: Path, content: bytes) -> None:
    kept = Kept(tmp_path)
    kept.keep([result()])
    (tmp_path / FOLDER / "m98_invented.json").write_bytes(content)
    assert kept.known("m98_invented", TREE, 7) is None


def test_a_score_that_was_raised_by_hand_is_summed_anew(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep([result(Verdict.FAILED)])
    path = tmp_path / FOLDER / "m98_invented.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), "score": 5}), "utf-8")
    known = kept.known("m98_invented", TREE, 7)
    assert known is not None
    assert known.score == 0


def test_each_module_keeps_its_own(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep([result(module="m97_other"), result()])
    kept.keep([result(Verdict.FAILED)])
    assert kept.known("m97_other", TREE, 7) == result(module="m97_other")


def test_git_ignores_what_is_kept(project: Callable[..., Path], git: Callable[..., str]) -> None:
    folder = project({"a.py": ""})
    Kept(folder).keep([result()])
    assert git(folder, "status", "--porcelain") == ""


def test_the_page_is_written(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.keep([result()])
    assert kept.page.read_text("utf-8").startswith("<!DOCTYPE html>")


def test_lessons_are_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "m98_invented.md").write_text("# Größe\n", "utf-8")
    (tmp_path / "lessons" / "notes.txt").write_text("no\n", "utf-8")
    assert Kept(tmp_path).lessons() == {"m98_invented": "# Größe\n"}
