"""Submissions from archives, as learning platforms and code hosts hand them out: unpacked, and made a repository where there is none."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from mlops_grader import contract
from mlops_grader.cohort import clones, plumbing, unpacking
from mlops_grader.cohort.plumbing import Git, GitError
from mlops_grader.cohort.recording import when
from mlops_grader.cohort.taking import Taken
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

KINDS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.xz")
OTHERS = (".rar", ".7z", ".tar.bz2", ".tbz2", ".tar.zst", ".gz", ".xz", ".bz2", ".zst")
LITTER = ("__macosx", ".ds_store", "thumbs.db")

_BRANCH = re.compile(r"-(?:main|master|[0-9a-f]{40})$")  # what code hosts add to the name of a download
_AGAIN = re.compile(r"(?: ?\(\d+\))$")  # what browsers add
_CANVAS_LATE = re.compile(r"_LATE(?=_|$)")
# what learning platforms put between the name of a person and that of their file
_NUMBER = re.compile(r"_\d+(?=_\d+(?:_|$))|_\d+(?=_assignsubmission_)|_\d{5,}(?=_|$)")


def is_archive(path: Path) -> bool:
    """Whether a file is one, also of a kind that is refused."""
    return path.is_file() and path.name.lower().endswith((*KINDS, *OTHERS))


def owner(name: str) -> str:
    """The part of a file's name that says whose it is: what comes after a platform's number is of the student's choice."""
    stem = _stem(name)
    found = _NUMBER.search(stem)
    head = stem[: found.start()] if found else _BRANCH.sub("", _AGAIN.sub("", stem))
    return _CANVAS_LATE.sub("", head)


def number(name: str) -> str:
    """The number that a learning platform put into the name of a file, the id of a person at Canvas; "" without one."""
    found = _NUMBER.search(_stem(Path(name).name))
    return found[0][1:] if found else ""


def take(path: Path, zone: tzinfo | None, work: Path) -> Taken:
    """The repository in an archive, or one made of its files. Raises UsageError, in words for staff."""
    if not path.name.lower().endswith(KINDS):
        raise UsageError(f"`{plain(path.name)}` is neither zip nor tar ({', '.join(KINDS)}): ask for one of these")
    files = work / "files"
    newest = unpacking.unpack(path, files, zone or UTC)
    top = _top(files)
    notes = [*_marked_late(path.name), *_without_nested(top)]
    if (top / ".git").exists():
        try:
            return _with(clones.take(top, work), notes)
        except UsageError as error:
            notes.append(f"its `.git` was left out: {error}")
            shutil.rmtree(work / "own", ignore_errors=True)
    return _with(_made(top, newest, work), notes)


def _stem(name: str) -> str:
    lower = name.lower()
    ending = next((kind for kind in sorted((*KINDS, *OTHERS), key=len, reverse=True) if lower.endswith(kind)), "")
    return name[: len(name) - len(ending)]


def _with(taken: Taken, notes: list[str]) -> Taken:
    return replace(taken, notes=(*notes, *taken.notes), stated=None)  # a student's archive states nothing


def _marked_late(name: str) -> Iterator[str]:
    if _CANVAS_LATE.search(_stem(name)) and number(name):
        yield "Canvas marks it as late"


def _top(files: Path) -> Path:
    """The folder of the repository: that with the only `.git`, or the only folder of an archive that holds nothing else."""
    for one in list(files.iterdir()):
        if one.name.lower() in LITTER:
            _remove(one)
    if (files / ".git").exists() or (files / contract.FILE).exists():
        return files
    below = [one for one in files.iterdir() if one.is_dir() and (one / ".git").exists()]
    if len(below) == 1:
        return below[0]
    only = list(files.iterdir())
    return _top(only[0]) if len(only) == 1 and only[0].is_dir() else files


def _without_nested(top: Path) -> Iterator[str]:
    """Remove repositories inside the project: git would leave their files out."""
    for path in sorted(top.rglob("*")):
        if path.name.lower() == ".git" and path != top / ".git" and path.exists():
            yield f"`{plain(path.relative_to(top).as_posix())}` was left out: a repository inside the project"
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _made(top: Path, newest: datetime, work: Path) -> Taken:
    git = plumbing.new(work / "own")
    index = {"GIT_INDEX_FILE": str(git.folder / "made-index")}
    tree_of = (f"--work-tree={top}", "-c", "core.bare=false")
    git(*tree_of, "add", "--all", environment=index)
    at = f"@{int(newest.timestamp())} +0000"
    tree = git.text("write-tree", environment=index)
    head = git.text("commit-tree", tree, "-m", "As handed in",
                    environment={"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at})  # fmt: skip
    notes = (f"it holds no repository: dated by its newest file, {when(newest)}", *_ignored(git, tree_of, index))
    return Taken(git, head, notes, made=True)


def _ignored(git: Git, tree_of: tuple[str, ...], index: dict[str, str]) -> Iterator[str]:
    asked = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    try:
        found = [
            name.decode("utf-8", "replace") for name in git(*tree_of, *asked, environment=index).split(b"\0") if name
        ]
    except GitError:
        return
    if found:
        shown = ", ".join(f"`{plain(name)}`" for name in found[:3]) + (" and more" if len(found) > 3 else "")
        yield f"left out, because `.gitignore` names them: {shown}"
