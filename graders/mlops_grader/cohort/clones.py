"""Submissions from clones: what git has of a student's folder, and what the folder holds besides."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from mlops_grader.cohort import given, taking
from mlops_grader.cohort.plumbing import Git, GitError
from mlops_grader.cohort.taking import Stated, Taken
from mlops_grader.plain import plain
from mlops_grader.submission import TEXT_LIMIT, UsageError

RESULT = "result.json"  # what `gh teacher download` writes into each clone
DOWNLOADED = {RESULT, "results.json"}
GATHERED = re.compile(r".*(-submissions|_submissions_[0-9_T]+)")  # folders that the tools of classrooms put clones into
SCHEMA = "classroom50/result/v1"


def is_gathering(folder: Path) -> bool:
    """Whether it is a folder into which a tool of a classroom has cloned: `<slug>-submissions`, or one with a date."""
    return bool(GATHERED.fullmatch(folder.name)) and not (folder / ".git").exists()


def take(folder: Path, work: Path) -> Taken:
    """The repository of a clone. Raises UsageError, in words for staff."""
    inside = taking.repository(folder)
    if inside is None:
        raise UsageError("the folder is no git repository: clone it, or hand it in as an archive")
    taken = taking.take(inside, work)
    if inside == folder:
        return replace(taken, notes=(*taken.notes, "it is a bare repository"))
    given.read(taken.git, taken.head)  # raises for a tree that no machine can hold, before git lays one out
    notes = (*taken.notes, *_uncommitted(taken.git, folder, taken.head))
    stated, said = _stated(taken, folder)
    return replace(taken, notes=(*notes, *said), stated=stated)


def _uncommitted(git: Git, folder: Path, head: str) -> Iterator[str]:
    """What lies in the clone and is not committed: it does not count, and a person may want to know."""
    index = {"GIT_INDEX_FILE": str(git.folder / "clone-index")}
    (git.folder / "HEAD").write_text(f"{head}\n")
    try:
        git("read-tree", head, environment=index)
        said = git(f"--work-tree={folder.absolute()}", "-c", "core.bare=false", "status", "--porcelain=v1", "-z",
                   "--no-renames", "--untracked-files=normal", "--ignore-submodules=all", environment=index)  # fmt: skip
    except GitError as error:
        yield f"git cannot say what is not committed in the clone: {error}"
        return
    names = [line[3:].decode("utf-8", "replace") for line in said.split(b"\0") if line]
    names = [name for name in names if name not in DOWNLOADED]
    if names:
        shown = ", ".join(f"`{plain(name)}`" for name in names[:3]) + (" and more" if len(names) > 3 else "")
        yield f"{len(names)} uncommitted in the clone, ignored: {shown}"


def _stated(taken: Taken, folder: Path) -> tuple[Stated | None, tuple[str, ...]]:
    """The commit that Classroom 50 has graded, as its download says; one that the student has committed says nothing."""
    path = folder / RESULT
    with suppress(OSError):
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > TEXT_LIMIT:
            return None, ()
        if taken.git.maybe("ls-tree", "--name-only", taken.head, RESULT):
            return None, (f"`{RESULT}` is in the student's own history: what it says does not count",)
        with suppress(ValueError, RecursionError):
            document = json.loads(path.read_bytes())
            if isinstance(document, dict) and document.get("schema") == SCHEMA:
                return Stated(str(document.get("commit", "")), f"`{RESULT}`", binding=False), ()
    return None, ()
