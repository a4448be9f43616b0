"""A new module begins in all of its places at once."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

KIT = Path(__file__).parents[2]


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    """A copy of the kit without its history."""
    listed = subprocess.run(
        ["git", "-C", str(KIT), "ls-files", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (KIT / name).is_file():
            (tmp_path / "kit" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(KIT / name, tmp_path / "kit" / name)
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "kit")], check=True)
    return tmp_path / "kit"


def new(kit: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Call what `nox -s new` calls."""
    return subprocess.run(
        [sys.executable, "templates/new_module.py", *arguments], cwd=kit, capture_output=True, text=True, check=False
    )


def examine(kit: Path, *arguments: str) -> str:
    """Let the course of that copy examine itself; what pytest prints."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-q",
        "graders/tests/test_course.py",
        *arguments,
    ]
    variables = {"PYTHONPATH": str(kit / "graders"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, cwd=kit, env=variables, capture_output=True, text=True, check=False).stdout


def test_a_new_module_is_complete_enough_to_be_examined(kit: Path) -> None:
    """What it begins with passes the course's examination, mistakes included."""
    assert new(kit, "m03_example").returncode == 0
    printed = examine(kit, "-k", "m03_example or same_modules or stray")
    assert " passed" in printed, printed
    assert "failed" not in printed, printed


@pytest.mark.parametrize("key", ["", "containers", "m6_x", "m06_Containers"])
def test_a_bad_key_is_refused(key: str, kit: Path) -> None:
    """A key is a number and a word."""
    done = new(kit, *([key] if key else []))
    assert (done.returncode, "such as m02_data" in done.stderr) == (2, True)


def test_a_module_that_is_there_is_left_alone(kit: Path) -> None:
    """Nothing is written over."""
    before = (kit / "modules/m06_containers/README.md").read_bytes()
    done = new(kit, "m06_containers")
    assert (done.returncode, "has been begun" in done.stderr) == (2, True)
    assert (kit / "modules/m06_containers/README.md").read_bytes() == before
