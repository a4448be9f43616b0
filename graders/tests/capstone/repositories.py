"""Small repositories of invented teams, with the authors, names and files that a test needs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops_grader.submission import Submission, snapshot
from mlops_grader.team import Member, Team

HOSTILE = '<script>alert("1 & 2")</script>\u202egnp=HYPERLINK(1)'
ADA, BEN, CY = (
    Member("ada", "Ada Lovelace", ("ada@example.org",), "ada-l"),
    Member("ben", "Ben Bitdiddle", ("ben@example.org",), ""),
    Member("cy", HOSTILE, ("cy@example.org",), ""),
)
OWNERS = {"product": "ada", "data": "ben", "model": "ada", "service": "cy", "operations": "ben"}
TEAM = Team("Team Larch", "It sorts letters, for a registry", (ADA, BEN, CY), OWNERS)


def git(folder: Path, *arguments: str, author: str = "Ada <ada@example.org>") -> str:
    """Run git as an author, at a fixed time, so that the same files give the same commits."""
    name, _, email = author.removesuffix(">").partition(" <")
    who = {f"GIT_{role}_{key}": v for role in ("AUTHOR", "COMMITTER") for key, v in (("NAME", name), ("EMAIL", email))}
    dates = {f"GIT_{role}_DATE": "2026-10-05T12:00:00Z" for role in ("AUTHOR", "COMMITTER")}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    settled = ("-c", "commit.gpgSign=false", "-c", "core.autocrlf=false", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *settled, "-C", str(folder), *arguments],
        env={**kept, **who, **dates, "GIT_CONFIG_GLOBAL": os.devnull},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def commit(
    folder: Path, files: Mapping[str, str | bytes], message: str = "Work", author: str = "Ada <ada@example.org>"
) -> str:
    """Write files, commit them all, and say which commit it is."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "--quiet")
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message, author=author)
    return git(folder, "rev-parse", "HEAD").strip()


@contextmanager
def graded(folder: Path) -> Iterator[Submission]:
    """The grader's own clone of what was committed last."""
    with TemporaryDirectory() as place:
        yield snapshot(folder, Path(place), "HEAD")
