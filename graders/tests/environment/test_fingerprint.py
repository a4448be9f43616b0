"""The fingerprint changes with everything that decides what a setup command installs, and with nothing else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.environment import READY, SEEDED, _forget_old, cache_folder, fingerprint, normalize
from mlops_grader.submission import Submission

CONTRACT = '[commands]\nsetup = "uv pip sync requirements.lock"\n'
DECLARATIONS = [
    "requirements.lock", "requirements.txt", "requirements/dev.txt", "requirements-serve.lock", "pyproject.toml",
    "uv.lock", "poetry.lock", "pylock.toml", "setup.py", "setup.cfg", "Pipfile", "Pipfile.lock", "environment.yml",
    "environment.yaml", "constraints.txt", "noxfile.py", "tox.ini", "Makefile", "justfile", ".python-version",
    "libs/inner/pyproject.toml",
]  # fmt: skip


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    """A project with a contract, changed in place by tests."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "product.toml").write_text(CONTRACT, "utf-8")
    (root / "app.py").write_text("1\n", "utf-8")
    return Submission(tmp_path, root, None, "a" * 40, False)


def put(submission: Submission, name: str, text: str) -> str:
    """The fingerprint once a file has this text."""
    path = submission.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return fingerprint(submission)


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_new_declaration_changes_it(submission: Submission, name: str) -> None:
    before = fingerprint(submission)
    assert put(submission, name, "1\n") != before


@pytest.mark.parametrize("name", DECLARATIONS)
def test_the_content_of_a_declaration_changes_it(submission: Submission, name: str) -> None:
    before = put(submission, name, "1\n")
    assert put(submission, name, "2\n") != before


def test_the_lock_that_the_contract_names_changes_it(submission: Submission) -> None:
    put(submission, "product.toml", CONTRACT + '[environment]\nlock = "deps/frozen.txt"\n')
    before = put(submission, "deps/frozen.txt", "1\n")
    assert put(submission, "deps/frozen.txt", "2\n") != before


def test_the_setup_command_changes_it(submission: Submission) -> None:
    before = fingerprint(submission)
    assert put(submission, "product.toml", CONTRACT.replace("sync", "install -r")) != before


@pytest.mark.parametrize("word", ["scripts/set_up.sh", "./scripts/set_up.sh", "'scripts/set_up.sh'"])
def test_a_program_that_the_setup_command_names_changes_it(submission: Submission, word: str) -> None:
    put(submission, "product.toml", f'[commands]\nsetup = "bash {word} --now"\n')
    before = put(submission, "scripts/set_up.sh", "1\n")
    assert put(submission, "scripts/set_up.sh", "2\n") != before


def test_words_of_the_setup_command_may_be_anything(submission: Submission) -> None:
    words = f"../outside /etc/hostname {'x' * 5000} *.txt $HOME"
    assert len(put(submission, "product.toml", f'[commands]\nsetup = "{words}"\n')) == 20


def test_another_python_changes_it(submission: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(submission)
    monkeypatch.setattr(sys, "version", "4.0.0")
    assert fingerprint(submission) != before


def test_the_place_of_a_declaration_changes_it(submission: Submission) -> None:
    before = put(submission, "a/pyproject.toml", "1\n")
    (submission.root / "a").rename(submission.root / "b")
    assert fingerprint(submission) != before


@pytest.mark.parametrize("name", ["app.py", "README.md", "tests/test_app.py", ".git/requirements.txt", "data/a.csv"])
def test_other_files_do_not_change_it(submission: Submission, name: str) -> None:
    before = fingerprint(submission)
    assert put(submission, name, "2\n") == before


def test_other_parts_of_the_contract_do_not_change_it(submission: Submission) -> None:
    before = fingerprint(submission)
    assert put(submission, "product.toml", CONTRACT + 'test = "pytest"\n') == before


def test_the_same_files_elsewhere_have_the_same_one(submission: Submission, tmp_path: Path) -> None:
    put(submission, "uv.lock", "1\n")
    assert fingerprint(submission.copy(tmp_path / "copy")) == fingerprint(submission)


@pytest.mark.parametrize("lock", ["../outside.lock", "/etc/hostname"])
def test_a_lock_outside_the_project_is_told(submission: Submission, lock: str) -> None:
    (submission.root / "product.toml").write_text(f'[environment]\nlock = "{lock}"\n', "utf-8")
    with pytest.raises(Fail, match="lies outside the project"):
        fingerprint(submission)


@pytest.mark.parametrize(
    ("name", "normal"),
    [("Flask_SQLAlchemy", "flask-sqlalchemy"), ("zope.interface", "zope-interface"), ("a-_.b", "a-b")],
)
def test_names_are_compared_as_the_packaging_standard_says(name: str, normal: str) -> None:
    assert normalize(name) == normal


def test_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLOPS_GRADER_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path


def make(folder: Path, name: str, age: float, *marks: str) -> None:
    """An environment that was last used so many seconds ago."""
    (folder / name).mkdir(parents=True)
    for mark in (*marks, "file"):
        (folder / name / mark).touch()
        os.utime(folder / name / mark, times=(2e9 - age, 2e9 - age))
    os.utime(folder / name, times=(2e9 - age, 2e9 - age))


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A moment that files can be older than."""
    monkeypatch.setattr("time.time", lambda: 2e9)


def left(folder: Path) -> list[str]:
    """The environments that are still there."""
    return sorted(path.name for path in folder.iterdir())


def test_the_environments_that_were_not_used_for_longest_are_forgotten(tmp_path: Path, now: None) -> None:
    for number in range(5):
        make(tmp_path, f"env{number}", 1000.0 * number, READY, SEEDED)
    _forget_old(tmp_path, keep=2)
    assert left(tmp_path) == ["env0", "env1"]


def test_what_a_killed_setup_left_a_day_ago_is_forgotten(tmp_path: Path, now: None) -> None:
    make(tmp_path, "killed", 90_000, SEEDED)
    make(tmp_path, "under way", 3_000, SEEDED)
    make(tmp_path, "tools", 90_000)
    _forget_old(tmp_path)
    assert left(tmp_path) == ["tools", "under way"]
