"""Nothing of the submission, and nothing of the person's settings, steers the grader; nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mlops_grader.grading import Order, grade
from mlops_grader.result import Result
from mlops_grader.submission import UsageError

Graded = Callable[..., Result]
Verdicts = Callable[..., dict[str, str]]
Git = Callable[..., str]

PASSES = '@check(points=1)\ndef test_one():\n    "One."\n'
FAILS = PASSES + "    raise Fail('x')\n"


def test_options_of_the_person_do_not_reach_the_grader(verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only --no-such-option")
    assert verdicts(PASSES) == {"one": "passed"}


def test_they_are_there_again_afterwards(verdicts: Verdicts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    verdicts(PASSES)
    assert (os.environ["PYTEST_ADDOPTS"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD" in os.environ) == ("--collect-only", False)


@pytest.fixture
def spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pytest plugin that the environment names, and the file that it writes when it is loaded."""
    witness = tmp_path / "witness"
    (tmp_path / "spying_plugin.py").write_text(f"open({str(witness)!r}, 'w').close()\n", "utf-8")
    monkeypatch.setenv("PYTEST_PLUGINS", "spying_plugin")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    return witness


def test_a_plugin_of_the_person_is_not_loaded(verdicts: Verdicts, spy: Path) -> None:
    assert (verdicts(PASSES), spy.exists()) == ({"one": "passed"}, False)


def test_plain_pytest_loads_that_plugin(spy: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--version", "--version"]
    subprocess.run(command, cwd=spy.parent, capture_output=True, timeout=60, check=False)
    assert spy.exists()


CONFTEST = """
import pytest
@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    return True
"""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conftest.py", CONFTEST),
        ("pytest.ini", "[pytest]\naddopts = --collect-only\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = ['--collect-only']\n"),
        ("pytest.py", "raise SystemExit(0)\n"),
        ("sitecustomize.py", "raise SystemExit(0)\n"),
        ("mlops_grader/__init__.py", "raise SystemExit(0)\n"),
    ],
)
def test_files_of_the_submission_do_not_steer_the_grader(
    verdicts: Verdicts, small_project: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str
) -> None:
    (small_project / name).parent.mkdir(exist_ok=True)
    (small_project / name).write_text(content, "utf-8")
    monkeypatch.chdir(small_project)
    assert verdicts(FAILS) == {"one": "failed"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("conftest.py", CONFTEST),
        ("pytest.ini", "[pytest]\naddopts = --collect-only\n"),
        ("pyproject.toml", "[tool.pytest.ini_options]\naddopts = ['--collect-only']\n"),
    ],
)
def test_files_above_the_grader_do_not_steer_it(verdicts: Verdicts, tmp_path: Path, name: str, content: str) -> None:
    """A grader that is installed in the project's own environment lies below the project."""
    (tmp_path / name).write_text(content, "utf-8")
    assert verdicts(FAILS) == {"one": "failed"}


def test_the_submission_is_not_on_the_search_path(graded: Graded, small_project: Path) -> None:
    outcome = graded(
        '@check(points=1)\ndef test_one(submission):\n    "One."\n'
        "    raise Fail(str([p for p in sys.path if p in (str(submission.root), str(submission.source))]))\n"
    ).checks[0]
    assert outcome.found == "[]"


def test_no_folder_is_left_behind(graded: Graded, temporary: Path) -> None:
    graded('@check(points=1)\ndef test_one(scratch, submission):\n    "One."\n    (scratch / "x").touch()\n')
    assert list(temporary.iterdir()) == []


def test_no_folder_is_left_behind_by_a_check_that_breaks(graded: Graded, temporary: Path) -> None:
    graded(PASSES + "    1 / 0\n")
    assert list(temporary.iterdir()) == []


def test_nothing_is_written_into_the_project(graded: Graded, small_project: Path, git: Git) -> None:
    graded('@check(points=1)\ndef test_one(submission):\n    "One."\n    (submission.root / "x").touch()\n')
    assert git(small_project, "status", "--porcelain", "--ignored") == ""


def test_wrong_use_found_by_a_check_is_told_as_such(graded: Graded, temporary: Path) -> None:
    with pytest.raises(UsageError, match=r"^the disk is full$"):
        graded(PASSES + "    raise UsageError('the disk is full')\n")
    assert list(temporary.iterdir()) == []


def test_wrong_use_ends_the_grade_at_once(graded: Graded, notes: Callable[[], str]) -> None:
    later = '@check(points=1)\ndef test_two():\n    "Two."\n    note("tried")\n'
    with pytest.raises(UsageError):
        graded(PASSES + "    raise UsageError('the disk is full')\n" + later)
    assert notes() == ""


def test_wrong_use_found_by_an_instrument_is_told_as_such(graded: Graded) -> None:
    source = "@pytest.fixture\ndef tool():\n    raise UsageError('the port is taken')\n" + PASSES.replace(
        "()", "(tool)"
    )
    with pytest.raises(UsageError, match=r"^the port is taken$"):
        graded(source)


def test_a_project_outside_git_is_wrong_use(
    invented: Callable[[str], ModuleType], tmp_path: Path, temporary: Path
) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(UsageError, match="is not in a git repository"):
        grade(Order(tmp_path / "plain", invented(PASSES)))
    assert list(temporary.iterdir()) == []


def test_a_submission_that_no_clone_carries_blocks_every_check(graded: Graded, small_project: Path) -> None:
    with (small_project / "big.bin").open("wb") as file:
        file.truncate(2**30)
    outcome = graded(PASSES).checks[0]
    assert (outcome.verdict, outcome.points, outcome.found) == (
        "blocked", 0, "`big.bin` has 1024 MiB; code hosts refuse files over 100 MiB",
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
def test_a_file_name_that_is_no_text_can_be_reported(graded: Graded, small_project: Path) -> None:
    with (small_project / "caf\udce9.bin").open("wb") as file:
        file.truncate(2**30)
    assert graded(PASSES).checks[0].found == "`caf\ufffd.bin` has 1024 MiB; code hosts refuse files over 100 MiB"


@pytest.mark.parametrize("content", [None, b"name = [", 'name = "noshow"'.encode("utf-16")])
def test_a_contract_that_cannot_be_read_fails_what_needs_it(
    graded: Graded, small_project: Path, content: bytes | None
) -> None:
    (small_project / "product.toml").unlink()
    if content:
        (small_project / "product.toml").write_bytes(content)
    outcome = graded(PASSES.replace("()", "(contract)")).checks[0]
    assert (outcome.verdict, "`product.toml`" in outcome.found) == ("failed", True)
