"""A git repository of one commit whose hash depends on its files alone: not on the machine, the person or the day."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from answers import StartError

# who hands out, and when: the same always, so that the same files have the same hash
NAME, EMAIL, INSTANT = "The course", "course@localhost", "2026-01-01T00:00:00 +0000"

# what the settings of a person, a machine or a folder of templates could change about a commit
_PLAIN = (
    "-c", f"core.hooksPath={os.devnull}", "-c", f"core.excludesFile={os.devnull}", "-c", f"core.attributesFile={os.devnull}",
    "-c", "core.autocrlf=input", "-c", "core.safecrlf=false", "-c", "core.fileMode=false", "-c", "core.fsmonitor=false",
    "-c", "commit.gpgSign=false", "-c", "gc.auto=0",
)  # fmt: skip


def commit(folder: Path, message: str) -> str:
    """Make the folder a repository with one commit on `main`, every file as that commit holds it; the commit's hash.

    Line ends become those of Unix, no file is executable, and no hook runs. Raises StartError.
    """
    _git(folder, "init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--no-verify", "--cleanup=verbatim", "--message", message)
    _git(folder, "checkout-index", "--all", "--force")
    return _git(folder, "rev-parse", "HEAD").strip()


def files(folder: Path) -> list[str]:
    """The paths that the commit holds, in order."""
    return sorted(filter(None, _git(folder, "ls-files", "-z").split("\0")))


def is_only(folder: Path, commit: str) -> bool:
    """Whether that commit is still all there is: no other commit, branch or tag, and no change."""
    try:
        return (
            _git(folder, "rev-list", "--all").split() == [commit]
            and _git(folder, "for-each-ref", "--format=%(refname)").split() == ["refs/heads/main"]
            and not _git(folder, "status", "--porcelain", "--ignored").strip()
        )
    except StartError:
        return False


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", *_PLAIN, "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, env=_environment(os.environ), capture_output=True, check=False)
    except FileNotFoundError:
        raise StartError("git is not installed: what is handed out is a git repository, so install git") from None
    if done.returncode:
        raise StartError(f"git {arguments[0]} failed in {folder}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode("utf-8", errors="surrogateescape")


def _environment(mine: Mapping[str, str]) -> dict[str, str]:
    """This machine's variables without those that git reads, and with those that make a commit the same everywhere."""
    kept = {name: value for name, value in mine.items() if not name.startswith("GIT_")}
    person = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
              for key, value in (("NAME", NAME), ("EMAIL", EMAIL), ("DATE", INSTANT))}  # fmt: skip
    closed = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
    return {**kept, **person, **closed, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
