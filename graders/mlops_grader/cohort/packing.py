"""The parcel: a git bundle of one commit whose tree is what is graded, the same for the same tree on every machine."""

from __future__ import annotations

from pathlib import Path

from mlops_grader.cohort import plumbing
from mlops_grader.cohort.plumbing import Git

_WHEN = "2000-01-01T00:00:00Z"
_WHO = {"NAME": "mlops-grader", "EMAIL": "mlops-grader@localhost", "DATE": _WHEN}
_FIXED = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}


def pack(git: Git, tree: str, work: Path, parcel: Path) -> None:
    """Write the parcel of a tree that a repository holds; it appears whole or not at all. Raises GitError."""
    single = plumbing.new(work / "single", git.folder / "objects")
    commit = single.text("commit-tree", tree, "-m", "What is graded", environment=_FIXED)
    single("update-ref", "refs/heads/main", commit)
    new = work / "parcel"
    single("bundle", "create", "--quiet", str(new), "HEAD", "refs/heads/main")
    parcel.parent.mkdir(parents=True, exist_ok=True)
    new.replace(parcel)
