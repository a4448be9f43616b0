"""What goes wrong on Windows: no WSL 2, a project on the Windows disk, line endings."""

import re
import shutil
import subprocess
from pathlib import Path, PurePath

from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import Family, System


def wsl(system: System) -> Finding | None:
    """The version of the Windows Subsystem for Linux; None where there is no Windows."""
    wanted = "version 2"
    if system.family is Family.WINDOWS:
        return Finding("WSL", "not in WSL", wanted, ok=False, mend="wsl --install, then work in its terminal")
    if system.wsl is None:
        return None
    mend = "in PowerShell: wsl --set-version DISTRIBUTION 2 (wsl --list shows its name)"
    return Finding("WSL", f"version {system.wsl}", wanted, system.wsl == 2, mend)


def place(system: System, folder: PurePath) -> Finding | None:
    """Where the project lies; None outside WSL. On the Windows disk files are slow and every file is executable."""
    if system.wsl is None:
        return None
    on_windows = re.match(r"/mnt/[a-z](/|$)", folder.as_posix()) is not None
    mend = f"git clone {folder.as_posix()} ~/{folder.name} and work there"
    return Finding(
        "project folder", folder.as_posix(), "in the Linux file system, not under /mnt", not on_windows, mend
    )


def line_endings(autocrlf: str) -> Finding:
    """The value of git's `core.autocrlf`, empty when it is not set."""
    mend = "git config --global core.autocrlf input"
    ok = autocrlf.lower() not in {"true", "yes", "on", "1"}
    return Finding("line endings", f"core.autocrlf={autocrlf or 'unset'}", "core.autocrlf=input or false", ok, mend)


def autocrlf(folder: Path, path: str) -> str:
    """What git is set to do with line endings in this folder; empty when unset or when there is no git."""
    git = shutil.which("git", path=path)
    if git is None:
        return ""
    command = [git, "-C", str(folder), "config", "--get", "core.autocrlf"]
    return subprocess.run(command, capture_output=True, text=True, timeout=15, check=False).stdout.strip()
