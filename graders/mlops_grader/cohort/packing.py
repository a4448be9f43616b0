"""The parcel: a git bundle whose last commit has the tree that is graded, and below it the student's own history."""

from __future__ import annotations

from pathlib import Path

from mlops_grader.cohort import plumbing
from mlops_grader.cohort.plumbing import Git
from mlops_grader.submission import UsageError

LARGEST = 2**29  # bytes
_WHEN = "2000-01-01T00:00:00Z"
_WHO = {"NAME": "mlops-grader", "EMAIL": "mlops-grader@localhost", "DATE": _WHEN}
_FIXED = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}


def pack(git: Git, tree: str, below: str | None, work: Path, parcel: Path) -> None:
    """Write the parcel of a tree that a repository holds; it appears whole or not at all. The same on every machine.

    below: the student's commit, whose history is graded too; None where that is not whole. Raises GitError, and UsageError
    for a history that is too large.
    """
    single = plumbing.new(work / "single", git.folder / "objects")
    parent = ("-p", below) if below else ()
    commit = single.text("commit-tree", tree, *parent, "-m", "What is graded", environment=_FIXED)
    single("update-ref", "refs/heads/main", commit)
    new = work / "parcel"
    single("bundle", "create", "--quiet", str(new), "HEAD", "refs/heads/main")
    if new.stat().st_size > LARGEST:
        size, most = (f"{each // 2**20:,}" for each in (new.stat().st_size, LARGEST))
        raise UsageError(f"its history packs into {size} MiB, and {most} are taken: look at what was committed")
    parcel.parent.mkdir(parents=True, exist_ok=True)
    new.replace(parcel)
