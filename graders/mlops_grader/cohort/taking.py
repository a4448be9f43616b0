"""Take a student's repository: its objects and branches come over into one of the grader's own, its configuration is never read."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.cohort import plumbing
from mlops_grader.cohort.plumbing import Git, GitError
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

LARGEST = 2 * 2**30  # bytes of a repository
MOST_FILES = 200_000
MOST_BYTES = 64 * 2**20  # of a file that lists branches
BRANCHES = ("main", "master")  # where work is when HEAD names a branch that does not exist

_HEAD = re.compile(r"ref: refs/heads/(\S+)")
_TAKEN = ("+refs/*:refs/theirs/*",)


@dataclass(frozen=True)
class Stated:
    """A commit that was named from outside. by: who says so. binding: whether it counts whatever its date."""

    commit: str
    by: str
    binding: bool = True


@dataclass(frozen=True)
class Taken:
    """A repository of the grader's own that holds a student's history.

    head: the commit at the end of the default branch. notes: what staff should know about how it was found.
    stated: the commit that counts, when somebody says so. made: the grader made the only commit, from files.
    """

    git: Git
    head: str
    notes: tuple[str, ...] = ()
    shallow: bool = False
    stated: Stated | None = None
    made: bool = False


def repository(folder: Path) -> Path | None:
    """The git folder of a clone or of a bare repository; None when it is neither. Raises UsageError for one that leads elsewhere."""
    inside = folder / ".git"
    if inside.is_symlink() or inside.is_file():
        raise UsageError("its `.git` points to another place: clone it again, as a repository of its own")
    if inside.is_dir():
        return inside
    bare = all((folder / name).exists() for name in ("HEAD", "objects", "refs"))
    return folder if bare else None


def take(folder: Path, work: Path) -> Taken:
    """Bring what a git folder holds into a new repository. Raises UsageError when it is refused, empty or broken."""
    _must_stand_alone(folder)
    view = _view(folder, work / "view")
    head, notes = _head(view, folder)
    own = plumbing.new(work / "own")
    try:
        own("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--update-shallow", "--no-recurse-submodules",
            str(view.folder), *_TAKEN, f"+{head}:refs/head-of-theirs")  # fmt: skip
    except GitError as error:
        raise UsageError(f"the repository is broken, or not all of it is here: {error}") from None
    return Taken(own, head, notes, (folder / "shallow").is_file())


def _must_stand_alone(folder: Path) -> None:
    """Refuse a repository that reads elsewhere, or that is of a kind that git's plain reading does not cover."""
    if (folder / "commondir").exists():
        raise UsageError("its `.git` belongs to another repository (a worktree): clone it again")
    if (folder / "reftable").exists():
        raise UsageError("it keeps its branches as reftable: clone it again with --ref-format=files")
    for name in ("objects", "refs", "HEAD", "packed-refs", "shallow"):
        if (folder / name).is_symlink():
            raise UsageError(f"`.git/{name}` is a link: clone it again, as a repository of its own")
    for name in ("alternates", "http-alternates"):
        if os.path.lexists(folder / "objects/info" / name):
            raise UsageError(f"`.git/objects/info/{name}` makes it read another repository: clone it without --shared")
    _must_be_of_files(folder)


def _must_be_of_files(folder: Path) -> None:
    number = size = 0
    for name, facts in (*_below(folder / "objects"), *_below(folder / "refs")):
        number, size = number + 1, size + facts.st_size
        if not stat.S_ISREG(facts.st_mode):
            raise UsageError(f"`.git/{plain(name)}` is a link or a device: clone it again, as a repository of its own")
        if number > MOST_FILES:
            raise UsageError(f"its `.git` holds more than {MOST_FILES:,} files: run git gc in it")
        if size > LARGEST:
            raise UsageError(f"its `.git` is larger than {LARGEST // 2**30} GiB: look at what was committed")


def _below(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    """All below a folder but folders, without following a link."""
    waiting = [str(folder)]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for one in found:
                if one.is_dir(follow_symlinks=False):
                    waiting.append(one.path)
                else:
                    yield os.path.relpath(one.path, folder.parent), one.stat(follow_symlinks=False)


def _view(folder: Path, target: Path) -> Git:
    """A repository that reads the objects of another, with its branches and a configuration of ours."""
    if "\n" in str(folder.absolute()):
        raise UsageError("the name of its folder holds a line end: rename the folder")
    view = plumbing.new(target, (folder / "objects").absolute())
    for name in ("HEAD", "packed-refs", "shallow"):
        if (folder / name).exists():
            (target / name).write_bytes(_small(folder / name))
    shutil.rmtree(target / "refs")
    (target / "refs").mkdir()
    for name, _ in _below(folder / "refs"):
        place = target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(_small(folder / name))
    return view


def _small(path: Path) -> bytes:
    facts = path.lstat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size > MOST_BYTES:
        raise UsageError(f"`.git/{path.name}` is no file of a usual size: clone it again")
    return path.read_bytes()


def _head(view: Git, folder: Path) -> tuple[str, tuple[str, ...]]:
    """The commit that HEAD names; where HEAD names nothing, that of the branch `main` or `master`."""
    named = _HEAD.fullmatch(_small(folder / "HEAD").decode("utf-8", "replace").strip())
    commit = view.maybe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if commit:
        detached = (
            () if named else ("HEAD is detached: no branch is checked out, and the commit there counts as the last",)
        )
        return commit, detached
    for branch in BRANCHES:
        for place in (f"refs/heads/{branch}", f"refs/remotes/origin/{branch}"):
            commit = view.maybe("rev-parse", "--verify", "--quiet", f"{place}^{{commit}}")
            if commit:
                missing = plain(named[1]) if named else "none"
                return commit, (f"HEAD names the branch `{missing}`, which does not exist; `{branch}` was taken",)
    if any(True for _ in _below(view.folder / "refs")) or (view.folder / "packed-refs").exists():
        raise UsageError(
            "the commit of its default branch cannot be read: the repository is broken, or has another branch"
        )
    raise UsageError("the repository has no commits")
