"""Commands that a repository's own settings name do not run; each probe has a twin in which plain git runs it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mlops_grader.submission import Submission, UsageError, locate, repository

Make = Callable[..., Path]
Git = Callable[..., str]
Snap = Callable[..., Submission]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the witnesses are shell scripts")


@dataclass(frozen=True)
class Trap:
    """A repository that makes git run a command, and the file that the command writes."""

    folder: Path
    witness: Path


def script(folder: Path, witness: Path) -> str:
    """A program that leaves a trace and passes its input through."""
    path = folder.parent / "trap.sh"
    path.write_text(f'#!/bin/sh\necho ran >> "{witness}"\ncat\n', "utf-8")
    path.chmod(0o755)
    return str(path)


def monitored(folder: Path, git: Git, command: str) -> None:
    """The file system monitor, asked by every command that looks at the work tree."""
    git(folder, "config", "core.fsmonitor", command)


def filtered(folder: Path, git: Git, command: str) -> None:
    """A filter for every file that is added or checked out."""
    for kind in ("clean", "smudge", "process"):
        git(folder, "config", f"filter.trap.{kind}", command)
    (folder / ".gitattributes").write_text("* filter=trap\n", "utf-8")


def hooked(folder: Path, git: Git, command: str) -> None:
    """Hooks for everything, in the place where git looks for them."""
    for name in ("pre-commit", "post-commit", "post-checkout", "post-index-change", "reference-transaction"):
        (folder / ".git" / "hooks").mkdir(exist_ok=True)
        (folder / ".git" / "hooks" / name).symlink_to(command)


def hooked_elsewhere(folder: Path, git: Git, command: str) -> None:
    """The same in a folder of the work tree that the settings name."""
    (folder / "hooks").mkdir()
    for name in ("pre-commit", "post-commit", "post-index-change"):
        (folder / "hooks" / name).write_text(f"#!/bin/sh\nexec {command} </dev/null\n", "utf-8")
        (folder / "hooks" / name).chmod(0o755)
    git(folder, "config", "core.hooksPath", "hooks")


def signed(folder: Path, git: Git, command: str) -> None:
    """A program that signs every commit."""
    git(folder, "config", "commit.gpgSign", "true")
    git(folder, "config", "gpg.program", command)


def included(folder: Path, git: Git, command: str) -> None:
    """A monitor named in a file of the work tree that the settings include."""
    (folder / "more.ini").write_text(f"[core]\n\tfsmonitor = {command}\n", "utf-8")
    git(folder, "config", "include.path", "../more.ini")


@pytest.fixture(
    params=[monitored, filtered, hooked, hooked_elsewhere, signed, included], ids=lambda trap: trap.__name__
)
def trap(request: pytest.FixtureRequest, project: Make, git: Git, tmp_path: Path) -> Trap:
    """A project with one trap and one change to commit."""
    folder, witness = project({"a.py": "1\n"}), tmp_path / "witness"
    request.param(folder, git, script(folder, witness))
    (folder / "a.py").write_bytes(b"2\n")
    witness.unlink(missing_ok=True)
    return Trap(folder, witness)


def test_the_trap_works_with_plain_git(trap: Trap) -> None:
    for arguments in (["add", "--all"], ["-c", "user.name=a", "-c", "user.email=a", "commit", "--message=trapped"]):
        subprocess.run(["git", "-C", str(trap.folder), *arguments], capture_output=True, timeout=60, check=False)
    assert trap.witness.exists()


def test_taking_the_work_tree_runs_nothing(trap: Trap, snap: Snap) -> None:
    taken = snap(trap.folder)
    assert (taken.read("a.py"), trap.witness.exists()) == ("2\n", False)


def test_taking_a_commit_runs_nothing(trap: Trap, snap: Snap) -> None:
    taken = snap(trap.folder, "HEAD")
    assert (taken.read("a.py"), trap.witness.exists()) == ("1\n", False)


def test_looking_for_the_project_runs_nothing(trap: Trap) -> None:
    (trap.folder / "product.toml").write_bytes(b"")
    assert (locate(trap.folder), repository(trap.folder), trap.witness.exists()) == (trap.folder, trap.folder, False)


@pytest.fixture(params=["hooks", "signature"])
def personal_trap(
    request: pytest.FixtureRequest, project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Trap:
    """Settings of the person, in the home folder, that would run a command with every commit of the grader's clone."""
    folder, witness = project({"a.py": "1\n"}), tmp_path / "witness"
    command = script(folder, witness)
    (tmp_path / "hooks").mkdir()
    for name in ("pre-commit", "post-commit"):
        (tmp_path / "hooks" / name).symlink_to(command)
    hooks = f"[core]\n\thooksPath = {tmp_path / 'hooks'}\n"
    signature = f"[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = {command}\n"
    (tmp_path / ".gitconfig").write_text(hooks if request.param == "hooks" else signature, "utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    (folder / "a.py").write_bytes(b"2\n")
    return Trap(folder, witness)


def test_the_persons_trap_works_with_plain_git(personal_trap: Trap) -> None:
    command = [
        "git",
        "-C",
        str(personal_trap.folder),
        "-c",
        "user.name=a",
        "-c",
        "user.email=a",
        "commit",
        "--all",
        "-m",
        "x",
    ]
    subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
    assert personal_trap.witness.exists()


def test_settings_of_the_person_do_not_run_in_the_clone(personal_trap: Trap, snap: Snap) -> None:
    taken = snap(personal_trap.folder)
    assert (taken.read("a.py"), personal_trap.witness.exists()) == ("2\n", False)


def test_the_environment_does_not_lead_git_elsewhere(
    project: Make, snap: Snap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inside a git hook, variables name another repository."""
    other, folder = project({"other.py": ""}, name="other"), project({"a.py": ""})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert snap(folder).files == ("a.py",)


def test_a_work_tree_set_to_another_folder_is_not_read(project: Make, git: Git, snap: Snap, tmp_path: Path) -> None:
    """`core.worktree` would lead the grader to files of somebody else."""
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "secret").write_bytes(b"")
    folder = project({"a.py": ""})
    git(folder, "config", "core.worktree", str(tmp_path / "private"))
    with pytest.raises(UsageError, match=r"^git clone failed"):
        snap(folder)
