"""Faulty versions: what is planted in the code does what its words say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments import versions
from mlops_grader.instruments.traffic import Answer
from mlops_grader.instruments.versions import Version

FEATURES = '''"""Features."""
import numpy as np


def feature_matrix(rows):
    """One row each."""
    return np.array(list(rows), dtype=float)
'''
ASK = "import time; from noshow.features import feature_matrix as f; print([f([[1, 2]]).tolist() for _ in range(6)])"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with the package `noshow`."""
    (tmp_path / "noshow").mkdir()
    (tmp_path / "noshow/__init__.py").write_text('"""noshow."""\n')
    (tmp_path / "noshow/features.py").write_text(FEATURES)
    return tmp_path


def run(root: Path, code: str = ASK, seconds: float = 30) -> subprocess.CompletedProcess[str]:
    """Run Python in the project."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, timeout=seconds, check=False
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_crash_is_one(root: Path, seed: int) -> None:
    """The package cannot be imported, and says why."""
    versions.crashes(root, Random(seed), 0)  # noqa: S311  # reproducible on purpose
    done = run(root, "import noshow")
    assert (done.returncode, "RuntimeError" in done.stderr) == (1, True)


def test_a_silence_is_one(root: Path) -> None:
    """The process lives and comes to nothing."""
    versions.never_ready(root, Random(1), 0)  # noqa: S311  # reproducible on purpose
    with pytest.raises(subprocess.TimeoutExpired):
        run(root, "import noshow", 2)


@pytest.mark.parametrize("seed", range(6))
def test_wrong_answers_are_well_formed(root: Path, seed: int) -> None:
    """The matrix has its shape and other numbers."""
    versions.answers_wrongly(root, Random(seed), 0)  # noqa: S311  # reproducible on purpose
    first = run(root).stdout.split("]]")[0]
    assert first in ("[[[-1.0, -2.0", "[[[0.0, 0.0", "[[[2.0, 1.0")


@pytest.mark.parametrize("seed", range(6))
def test_slow_answers_are_right(root: Path, seed: int) -> None:
    """Every answer is as before, and at least one of six takes the time."""
    words = versions.answers_slowly(root, Random(seed), 0.1)  # noqa: S311  # reproducible on purpose
    done = run(root, "import time; t = time.monotonic(); " + ASK + "; print(time.monotonic() - t)")
    answers, seconds = done.stdout.strip().splitlines()
    assert (answers, float(seconds) >= versions.SLOWER * 0.1, "600 ms" in words) == (
        str([[[1.0, 2.0]]] * 6),
        True,
        True,
    )


def test_a_good_version_differs_a_little(root: Path) -> None:
    """Its features are a thousandth or two larger."""
    versions.shifted(root, Random(1), 0)  # noqa: S311  # reproducible on purpose
    first = json.loads(run(root).stdout)[0]
    assert 0.001 <= first[0][0] - 1 <= 0.002


def test_a_comment_changes_nothing_but_the_text(root: Path) -> None:
    """The package is another text and gives the same."""
    before = (root / "noshow/__init__.py").read_text()
    versions.commented(root, Random(1), 0)  # noqa: S311  # reproducible on purpose
    assert (root / "noshow/__init__.py").read_text() != before
    assert json.loads(run(root).stdout)[0] == [[1.0, 2.0]]


def test_without_the_package_the_student_reads_so(tmp_path: Path) -> None:
    """A project that moved the given package is told which file is missing."""
    with pytest.raises(Fail, match=r"there is no `noshow/__init__\.py`"):
        versions.crashes(tmp_path, Random(1), 0)  # noqa: S311  # reproducible on purpose


@pytest.mark.parametrize(("probability", "lost", "gave"), [(0.5, "", True), (0.6, "", False), (0.5, "404", False)])
def test_an_answer_is_of_the_version_with_that_number(probability: float, lost: str, *, gave: bool) -> None:
    """An answer is a version's when it is what that version gives for that patient."""
    version = Version("first", "localhost:5001/noshow@sha256:1", answers=(0.1, 0.5))
    assert version.gave(Answer(1, 0.0, 0.1, probability, lost=lost)) is gave
