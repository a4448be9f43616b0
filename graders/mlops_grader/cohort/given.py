"""The tree that is graded: the student's own, with the given files as the course gave them; nothing is checked out for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from mlops_grader import contract
from mlops_grader.cohort.handout import GivenFile, Handout
from mlops_grader.cohort.plumbing import Git, GitError
from mlops_grader.cohort.records import Change
from mlops_grader.cohort.unpacking import folded
from mlops_grader.plain import plain
from mlops_grader.submission import COURSE_FILE, UsageError

SUBMODULE = "160000"
LARGEST = 2**30  # bytes of all files of a submission
LISTED = 50  # files that were left out are named up to here
NOT_RESTORED = "no handout was named, so the given files are graded as the student left them (--handout FOLDER)"

Tree = Mapping[str, GivenFile]  # what git has at each path: mode and name


@dataclass(frozen=True)
class Graded:
    """The name of a tree as it is graded, in a repository that holds it, and how it differs from the student's."""

    tree: str
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


def restore(git: Git, tree: str, handout: Handout | None, login: str) -> Graded:
    """Write the tree that is graded. Raises UsageError for a tree that no clone could hold."""
    entries = read(git, tree)
    _must_fit(entries)
    notes = tuple(_remarks(entries))
    if handout is None:
        return Graded(tree, (), (*notes, NOT_RESTORED))
    prefix, said = project_folder(entries)
    wanted = {prefix + path: file for path, file in handout.files(login).items()}
    kept, displaced = _apart(entries, wanted)
    changes = tuple(_changes(entries, wanted, displaced))
    if not changes:
        return Graded(tree, (), (*notes, *said))
    for path, file in wanted.items():
        if entries.get(path) != file:
            git("hash-object", "-w", "--stdin", stdin=handout.content(path.removeprefix(prefix), login))
    return Graded(_write(git, {**kept, **wanted}), changes, (*notes, *said, *_unlisted(displaced)))


def read(git: Git, tree: str) -> Tree:
    """All files of a tree. Paths may be anything that git can store: bytes that are no UTF-8 are kept as surrogates.

    Raises UsageError for a tree that git itself never writes, or that is larger than a project.
    """
    entries: dict[str, GivenFile] = {}
    size = 0
    for line in filter(None, git("ls-tree", "-r", "-z", "--long", "--full-tree", tree).split(b"\0")):
        facts, _, name = line.partition(b"\t")
        mode, _, blob, length = facts.decode("ascii").split()
        size += int(length) if length.isdigit() else 0
        path = name.decode("utf-8", "surrogateescape")
        if path in entries:
            raise UsageError(f"the tree holds `{plain(path)}` twice, which git itself never writes")
        entries[path] = GivenFile(mode, blob)
    if size > LARGEST:
        raise UsageError(
            f"its files have {size // 2**20:,} MiB, and {LARGEST // 2**20:,} are taken: look at what was committed"
        )
    return entries


def project_folder(entries: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Where in a tree the project is, as the grader finds it: "" for its top, or a folder below with a `/`; and what to say of it."""
    for file in (contract.FILE, COURSE_FILE):
        if file in entries:
            return "", ()
        below = sorted(
            path.removesuffix(file) for path in entries if path.count("/") == 1 and path.endswith(f"/{file}")
        )
        if len(below) == 1:
            return below[0], (f"the project is in the folder `{plain(below[0])}`",)
        if below:
            names = ", ".join(f"`{plain(name)}`" for name in below)
            return "", (f"several folders hold a `{file}`, {names}: the given files were restored at the top",)
    return "", (f"there is no `{contract.FILE}` at the top or one folder below it",)


def _must_fit(entries: Tree) -> None:
    for path in entries:
        if any(folder in entries for folder in _folders(path)):
            raise UsageError(f"the tree holds `{plain(path)}` below a file, which git itself never writes")
        if any(part.lower() in (".git", "..", ".", "") for part in path.split("/")):
            raise UsageError(f"the tree holds `{plain(path)}`, which git refuses to check out")


def _remarks(entries: Tree) -> Iterator[str]:
    submodules = sorted(path for path, file in entries.items() if file.mode == SUBMODULE)
    if submodules:
        yield f"{_names(submodules)}: submodules are left empty"


def _apart(entries: Tree, wanted: Tree) -> tuple[dict[str, GivenFile], list[str]]:
    """The student's own files that can stay, and those that stand where a given file has to be on any machine.

    These are: a given path in other letters, a file where a given file's folder is, and what lies in a folder of a given file's name.
    """
    given = {folded(path) for path in wanted}
    folders = {folded(folder) for path in wanted for folder in _folders(path)}
    kept, displaced = {}, []
    for path, file in entries.items():
        if path in wanted:
            continue
        seen = folded(path)
        if seen in given or seen in folders or any(folded(folder) in given for folder in _folders(path)):
            displaced.append(path)
        else:
            kept[path] = file
    return kept, displaced


def _changes(entries: Tree, wanted: Tree, displaced: list[str]) -> Iterator[Change]:
    turned = {folder for path in displaced for folder in _folders(path)}
    for path, file in sorted(wanted.items()):
        if path in entries or path in turned:
            if entries.get(path) != file:
                yield Change(path, "edited")
        else:
            yield Change(path, "deleted")
    for path in sorted(displaced)[:LISTED]:
        yield Change(plain(path), "added")


def _unlisted(displaced: list[str]) -> Iterator[str]:
    if displaced:
        yield f"{_names(sorted(displaced))}: left out, because a given file has to be there"


def _write(git: Git, entries: Tree) -> str:
    lines = b"".join(
        f"{entry.mode} {entry.blob}\t".encode() + path.encode("utf-8", "surrogateescape") + b"\0"
        for path, entry in entries.items()
    )
    file = git.folder / "graded-index"
    file.unlink(missing_ok=True)  # what an earlier tree left there would be part of this one
    index = {"GIT_INDEX_FILE": str(file)}
    try:
        git("update-index", "-z", "--index-info", stdin=lines, environment=index)
        return git.text("write-tree", environment=index)
    except GitError as error:
        raise UsageError(f"git cannot hold this tree: {error}") from None


def _folders(path: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(path).parents][:-1]


def _names(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(f"`{plain(path)}`" for path in paths[:3]) + more
