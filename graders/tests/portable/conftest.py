"""A small product that has nothing in common with the course's: a text classifier of the standard library alone, in its container."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.grading import Order, grade, module_named
from mlops_grader.result import Result

TRIAGE = Path(__file__).parent / "triage"
Edit = tuple[str, str, str]  # file, what stands there, what is to stand there

collect_ignore = ["triage"]  # its tests are its own


@pytest.fixture
def triage(tmp_path: Path, git: Callable[..., str]) -> Callable[..., Path]:
    """The product as a repository with one commit, with these edits in it."""

    def make(*edits: Edit) -> Path:
        folder = tmp_path / "triage"
        shutil.copytree(TRIAGE, folder, ignore=shutil.ignore_patterns("__pycache__", "weights"))
        for name, old, new in edits:
            text = (folder / name).read_text("utf-8") if old else ""
            assert old in text, f"{name} does not hold {old!r}"
            (folder / name).write_text(text.replace(old, new) if old else new, "utf-8")
        git(folder, "init", "--quiet")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=first")
        return folder

    return make


@pytest.fixture
def judged(triage: Callable[..., Path]) -> Callable[..., Result]:
    """Grade a module of the product with these edits, or one check of it."""

    def judge(key: str, *edits: Edit, only: tuple[str, ...] = ()) -> Result:
        return grade(Order(triage(*edits), module_named(key), only, seed=7))

    return judge
