"""A failing test in a project of any language and layout, put at the end of a file of tests that git tracks."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath
from random import Random

from mlops_grader.check import Fail
from mlops_grader.submission import git

PYTHON = '\n\ndef test_{word}() -> None:\n    """Numbers add up."""\n    assert sum([{left}, {right}]) == {wrong}\n'
CASE = """

class Test{title}(unittest.TestCase):
    def test_{word}(self) -> None:
        self.assertEqual({left} + {right}, {wrong})
"""
RUST = "\n#[test]\nfn planted_{word}() {{\n    assert_eq!({left} + {right}, {wrong});\n}}\n"
# what a file of tests is called, and a test of that language which fails; elsewhere a line that no language reads
LANGUAGES = (
    (r"(test_.*|.*_test)\.py$", PYTHON),
    (r".*[._-](test|spec)\.[cm]?[jt]sx?$", '\nthrow new Error("{word}: {left} + {right} is not {wrong}");\n'),
    (r".*_test\.go$", '\nfunc TestPlanted{title}(t *testing.T) {{\n\tt.Fatal("{left} + {right} is not {wrong}")\n}}\n'),
    (r".*(_spec|_test)\.rb$", '\nraise "{word}: {left} + {right} is not {wrong}"\n'),
    (r".*Tests?\.(java|kt|cs|scala)$", "\nthis {word} is no program {left} {right} {wrong}\n"),
    (r"test[-_].*\.[rR]$", '\nstop("{word}: {left} + {right} is not {wrong}")\n'),
)  # fmt: skip


def plant(root: Path, random: Random, word: str) -> str:
    """Add a failing test to one of the project's files of tests; words for it. Raises Fail when there is no such file."""
    found = [(name, test) for name in _tracked(root) if (test := _failing(root / name))]
    if not found:
        raise Fail(
            "the project has no file of tests that is known by its name",
            fix="call it as your language does: `test_x.py`, `x.test.ts`, `x_test.go`, `tests/x.rs`, `XTest.java`, `x_spec.rb`",
        )
    name, test = random.choice(found)
    left, right = random.randint(2, 90), random.randint(2, 90)
    text = (root / name).read_text(encoding="utf-8").rstrip("\n") + "\n"
    words = {
        "word": word,
        "title": word.title().replace("_", ""),
        "left": left,
        "right": right,
        "wrong": left + right + 1,
    }
    (root / name).write_text(text + test.format(**words), encoding="utf-8", newline="\n")
    return f"a failing test, `{word}`, in `{name}`"


def _tracked(root: Path) -> list[str]:
    names = git(root, "ls-files", "-z").strip("\0").split("\0")
    return [name for name in names if name and not {"node_modules", "vendor", ".venv"} & set(PurePosixPath(name).parts)]


def _failing(path: Path) -> str:
    """A failing test in the words of that file; empty when it is no file of tests."""
    if not path.is_file():
        return ""
    if path.suffix == ".rs":
        return RUST if path.parent.name == "tests" else ""
    test = next((test for pattern, test in LANGUAGES if re.match(pattern, path.name)), "")
    if not test:
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""
    if path.suffix == ".py":
        if "def test" not in text:
            return ""
        return CASE if re.search(r"^import unittest\b", text, re.MULTILINE) else test
    return test
