"""Faults that the grader plants: each changes what it says and nothing else, and the file stays one that can be read."""

from __future__ import annotations

import ast
import csv
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import pytest

import compose
from mlops_grader.check import Fail
from mlops_grader.instruments import planted
from mlops_grader.instruments.planted import Fault

SEEDS = range(6)
FAULTS: dict[str, tuple[Fault, str]] = {
    "lint": (planted.lint, r"noshow/\w+\.py"),
    "types": (planted.types, r"noshow/\w+\.py"),
    "feature_bug": (planted.feature_bug, r"noshow/features\.py"),
    "failing_test": (planted.failing_test, r"(.*/)?test_\w+\.py"),
    "data_schema": (planted.data_schema, r".*/appointments_\d{4}-\d\d-\d\d\.csv"),
    "broken_image": (planted.broken_image, r"Dockerfile"),
    "secret": (planted.secret, r"noshow/\w+\.py|ci/\w+\.txt"),
}


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's project after m01, with a Dockerfile."""
    folder = tmp_path_factory.mktemp("solved")
    compose.fill(folder, "m01_environment", compose.Answers("noshow", "Student"), solved=True)
    (folder / "Dockerfile").write_text('FROM scratch\nCMD ["serve"]\n')
    return folder


@pytest.fixture
def copies(solved: Path, tmp_path: Path) -> Callable[[], Path]:
    """A new copy of the project each time."""

    def copy() -> Path:
        return Path(shutil.copytree(solved, tmp_path / f"copy-{len(list(tmp_path.iterdir()))}"))

    return copy


def _random(seed: int) -> Random:
    return Random(seed)  # noqa: S311  # reproducible on purpose


def _files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


@pytest.mark.parametrize("name", FAULTS)
def test_one_file_changes(copies: Callable[[], Path], solved: Path, name: str) -> None:
    """A fault touches one file, which its words name, leaves it readable, and is another with another seed."""
    fault, pattern = FAULTS[name]
    before, seen = _files(solved), set()
    for seed in SEEDS:
        root = copies()
        words = fault(root, _random(seed))
        after = _files(root)
        (changed,) = _changed(before, after)
        assert re.fullmatch(pattern, changed)
        if name not in ("lint", "types", "broken_image"):
            assert Path(changed).name in words
        if changed.endswith(".py"):
            ast.parse(after[changed])
        seen.add((changed, after[changed]))
    assert len(seen) > 1


@pytest.mark.parametrize("name", [*FAULTS, "worse_model"])
def test_the_seed_decides(copies: Callable[[], Path], name: str) -> None:
    """The same seed plants the same fault, to the byte."""
    fault = planted.worse_model if name == "worse_model" else FAULTS[name][0]
    one, two = copies(), copies()
    assert fault(one, _random(3)) == fault(two, _random(3))
    assert _files(one) == _files(two)


def test_one_column_changes(copies: Callable[[], Path], solved: Path) -> None:
    """A changed daily file keeps its rows, its columns and every other value, to the byte; each kind of change comes."""
    kinds = set()
    for seed in range(12):
        root = copies()
        words = planted.data_schema(root, _random(seed))
        (changed,) = _changed(_files(solved), _files(root))
        old, new = ((top / changed).read_text().splitlines() for top in (solved, root))
        assert (len(old), old[0]) == (len(new), new[0])
        columns = old[0].split(",")
        differ = {
            columns[place]
            for left, right in zip(csv.reader(old), csv.reader(new), strict=True)
            for place, (one, two) in enumerate(zip(left, right, strict=True))
            if one != two
        }
        assert len(differ) == 1
        assert f"`{min(differ)}`" in words
        kinds |= differ
    assert kinds == {"distance_km", "birth_date", "reminder"}


def test_a_worse_model_mixes_outcomes_only(copies: Callable[[], Path], solved: Path) -> None:
    """The same outcomes stand beside other appointments of the same day; nothing else changes."""
    root = copies()
    planted.worse_model(root, _random(1))
    changed = _changed(_files(solved), _files(root))
    assert all(re.fullmatch(r".*/outcomes_[\d-]+\.csv", name) for name in changed)
    assert changed
    for name in changed:
        old, new = ([*csv.DictReader((top / name).read_text().splitlines())] for top in (solved, root))
        assert sorted(row["outcome"] for row in old) == sorted(row["outcome"] for row in new)
        assert [{**row, "outcome": ""} for row in old] == [{**row, "outcome": ""} for row in new]


@pytest.mark.parametrize(
    ("text", "parent"),
    [
        (
            "import unittest\n\n\nclass A(unittest.TestCase):\n    def test_a(self) -> None:\n        pass\n",
            "unittest.TestCase",
        ),
        (
            "from unittest import TestCase\n\n\nclass A(TestCase):\n    def test_a(self) -> None:\n        pass\n",
            "TestCase",
        ),
    ],
)
def test_a_failing_test_for_unittest(tmp_path: Path, text: str, parent: str) -> None:
    """Where tests are classes the new one is a class too, and it fails when it runs, not before."""
    (tmp_path / "test_a.py").write_text(text)
    planted.failing_test(tmp_path, _random(0))
    found = (tmp_path / "test_a.py").read_text()
    names: dict[str, type] = {}
    exec(found, names)  # noqa: S102  # the text of this test
    added = next(value for name, value in names.items() if name.startswith("Test") and name != "TestCase")
    method = next(name for name in vars(added) if name.startswith("test_"))
    assert f"({parent})" in found.splitlines()[-5] + found.splitlines()[-4]
    with pytest.raises(AssertionError):
        getattr(added(method), method)()


def test_a_failing_test_is_none_of_the_data(copies: Callable[[], Path]) -> None:
    """It goes where the `test` command looks: tests of the data are run by a command of their own."""
    for seed in range(10):
        root = copies()
        (root / "data_tests").mkdir(exist_ok=True)
        (root / "data_tests/test_files.py").write_text("def test_files() -> None:\n    pass\n", encoding="utf-8")
        planted.failing_test(root, _random(seed))
        assert (root / "data_tests/test_files.py").read_text(encoding="utf-8").count("def test") == 1


def test_a_failing_test_fails(copies: Callable[[], Path]) -> None:
    """The function that is added raises AssertionError."""
    root = copies()
    words = planted.failing_test(root, _random(0))
    name = re.search(r"test_\w+", words)
    assert name
    file = next(path for path in root.rglob("test_*.py") if f"def {name[0]}()" in path.read_text())
    names: dict[str, Callable[[], None]] = {}
    exec(file.read_text()[file.read_text().index(f"def {name[0]}()") :], names)  # noqa: S102  # what was planted
    with pytest.raises(AssertionError):
        names[name[0]]()


def test_harmless_changes_stay_readable(copies: Callable[[], Path], solved: Path) -> None:
    """The harmless change rewrites code and leaves every file parseable."""
    root = copies()
    planted.harmless(root)
    changed = _changed(_files(solved), _files(root))
    assert changed
    for name in changed:
        ast.parse((root / name).read_text())


MISSING: dict[str, tuple[Fault, str]] = {
    "tests": (planted.failing_test, "the project has no file of tests"),
    "data": (planted.data_schema, "the daily files `appointments_YYYY-MM-DD.csv` are gone"),
    "outcomes": (planted.worse_model, "the daily files `outcomes_YYYY-MM-DD.csv` are gone"),
    "image": (partial(planted.broken_image, dockerfile="D"), "there is no `D`"),
}


@pytest.mark.parametrize(("fault", "words"), MISSING.values(), ids=MISSING)
def test_nothing_to_plant_in(tmp_path: Path, fault: Fault, words: str) -> None:
    """Where a fault has no place, that is said."""
    with pytest.raises(Fail) as caught:
        fault(tmp_path, _random(0))
    assert caught.value.found == words
