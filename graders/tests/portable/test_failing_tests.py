"""A failing test in projects of several languages."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from mlops_grader.instruments.failing_tests import plant

Make = Callable[..., Path]
RANDOM = Random(1)  # noqa: S311  # the same each time

PYTEST = "def test_one() -> None:\n    assert True\n"
UNITTEST = "import unittest\n\n\nclass TestOne(unittest.TestCase):\n    def test_one(self):\n        pass\n"
GO = 'package words\n\nimport "testing"\n\nfunc TestOne(t *testing.T) {}\n'
NODE = 'import test from "node:test";\ntest("one", () => {});\n'


@pytest.mark.parametrize(
    ("name", "text", "planted"),
    [
        ("checks/test_words.py", PYTEST, "def test_amber_birch() -> None:"),
        ("checks/words_test.py", UNITTEST, "self.assertEqual("),
        ("words_test.go", GO, "func TestPlantedAmberBirch(t *testing.T) {"),
        ("src/words.test.ts", NODE, 'throw new Error("amber_birch: '),
        ("spec/words_spec.rb", "describe 1\n", 'raise "amber_birch: '),
        ("tests/words.rs", "#[test]\nfn one() {}\n", "fn planted_amber_birch() {"),
        ("src/test/java/WordsTest.java", "class WordsTest {}\n", "this amber_birch is no program"),
    ],
)
def test_it_stands_in_a_file_of_tests_in_its_language(project: Make, name: str, text: str, planted: str) -> None:
    root = project({"product.toml": "", name: text, "src/words.py": "def test(): pass\n"})
    words = plant(root, RANDOM, "amber_birch")
    assert words == f"a failing test, `amber_birch`, in `{name}`"
    assert planted in (root / name).read_text("utf-8").removeprefix(text)


@pytest.mark.parametrize(
    ("name", "text", "command"),
    [
        ("test_words.py", PYTEST, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_words.py"]),
        ("words_test.py", UNITTEST, [sys.executable, "-m", "unittest", "words_test"]),
        ("words.test.mjs", NODE, ["node", "--test", "words.test.mjs"]),
    ],
)
def test_it_fails(project: Make, name: str, text: str, command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    root = project({name: text})

    def code() -> int:
        return subprocess.run(command, cwd=root, capture_output=True, check=False).returncode

    assert code() == 0
    plant(root, RANDOM, "amber_birch")
    assert code() != 0


def test_a_project_without_tests_is_told_so(project: Make, told: Callable[[Callable[[], object]], str]) -> None:
    root = project({"words.py": "", "node_modules/a/a.test.js": ""})
    assert told(lambda: plant(root, RANDOM, "a")) == "the project has no file of tests that is known by its name"


def test_a_file_that_git_does_not_track_is_left_alone(
    project: Make, told: Callable[[Callable[[], object]], str]
) -> None:
    root = project({"words.py": ""})
    (root / "test_words.py").write_text(PYTEST, "utf-8")
    assert told(lambda: plant(root, RANDOM, "a")) == "the project has no file of tests that is known by its name"
