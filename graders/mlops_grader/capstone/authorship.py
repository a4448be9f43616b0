"""Who wrote the commits of a repository and the lines that are left of them, as git tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from stat import S_ISREG

from mlops_grader.submission import Submission, UsageError, git

MOST_COMMITS = 20_000
MOST_FILES = 1_500
MOST_BYTES = 2**24  # of all files together
LARGEST = 2**18  # bytes of a file; people write smaller ones
SNIFFED = 8000  # bytes in which git itself looks for a null to tell that a file is binary
BATCH = 200  # names on one command line
AT_ONCE = 4

_FIELDS = (
    "%H", "%P", "%aN", "%aE", "%as",
    "%(trailers:key=Co-authored-by,valueonly,separator=%x1f)", "%(trailers:key=Reviewed-by,valueonly,separator=%x1f)",
)  # fmt: skip
_CONTACT = re.compile(r"([^<>\n]*)<([^<>\s]+)>")
_BLAMED = re.compile(r"^([0-9a-f]{40,64}) \d+ (\d+) (\d+)$", re.MULTILINE)
_MADE_BY = {"linguist-generated": "generated", "linguist-vendored": "vendored"}
_TOOLS_NAMES = re.compile(
    r"(^|/)(\.venv|venv|vendor|third_party|node_modules|__pycache__|\.ipynb_checkpoints|mlruns|\.dvc/cache)/"
    r"|\.lock$|(^|/)(package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|go\.sum)$|\.min\.(js|css)$|\.map$"
)
_DATA_NAMES = re.compile(r"\.(csv|tsv|jsonl|ndjson|geojson|ipynb|svg|xml|parquet|pkl|onnx)$", re.IGNORECASE)


@dataclass(frozen=True)
class Person:
    """A name and an address as git has them, after `.mailmap`; the address in small letters."""

    name: str
    email: str


@dataclass(frozen=True)
class Commit:
    """One commit. day: of its author, as `2026-11-29`."""

    id: str
    parents: tuple[str, ...]
    author: Person
    day: str
    coauthors: tuple[Person, ...]
    reviewers: tuple[Person, ...]


@dataclass(frozen=True)
class LeftOut:
    """A file whose lines are nobody's work, or that is too large to ask about."""

    file: str
    why: str


@dataclass(frozen=True)
class Authorship:
    """The history of one commit. lines: for each file, the id of the commit that each of its lines is from."""

    commits: tuple[Commit, ...]
    lines: Mapping[str, tuple[str, ...]]
    left_out: tuple[LeftOut, ...]
    limits: tuple[str, ...]


def read(submission: Submission) -> Authorship:
    """Read the history of a submission from the grader's own clone: nothing of the repository is executed."""
    if submission.commit is None:
        return Authorship((), {}, (), ("there is no commit yet",))
    commits, more = _commits(submission.root, submission.commit)
    wanted, left_out = _files(submission)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        blamed = list(pool.map(partial(_blame, submission.root, submission.commit), wanted))
    lines = {file: found for file, found in zip(wanted, blamed, strict=True) if found}
    limits: tuple[str, ...] = (f"only the last {MOST_COMMITS:,} commits were read",) if more else ()
    if any(each.why == _BEYOND for each in left_out):
        limits += (f"only {MOST_FILES:,} files and {MOST_BYTES // 2**20} MiB were read, in the order of their names",)
    return Authorship(commits, lines, tuple(left_out), limits)


_BEYOND = "beyond the limits of this reading"


def _commits(root: Path, commit: str) -> tuple[tuple[Commit, ...], bool]:
    """The newest commits, and whether there are more of them."""
    asked = (f"--max-count={MOST_COMMITS + 1}", f"--format={'%x00'.join(_FIELDS)}", commit, "--")
    told = git(root, "log", "-z", "--no-show-signature", "--no-notes", *asked)
    cells = told.split("\0")[: -1 if told.endswith("\0") else None]
    rows = [cells[at : at + len(_FIELDS)] for at in range(0, len(cells), len(_FIELDS))]
    known = _mapped(root, [contact for row in rows for cell in row[5:7] for contact in _contacts(cell)])
    commits = [_commit(row, known) for row in rows if len(row) == len(_FIELDS)]
    return tuple(commits[:MOST_COMMITS]), len(commits) > MOST_COMMITS


def _commit(row: Sequence[str], known: Mapping[str, Person]) -> Commit:
    coauthors, reviewers = (tuple(dict.fromkeys(known[each] for each in _contacts(cell))) for cell in row[5:7])
    return Commit(row[0], tuple(row[1].split()), Person(row[2], row[3].lower()), row[4], coauthors, reviewers)


def _contacts(cell: str) -> Iterator[str]:
    """The `name <address>` of trailers; what is no contact names nobody."""
    for trailer in cell.split("\x1f"):
        match = _CONTACT.search(trailer)
        if match:
            yield f"{' '.join(match[1].split())} <{match[2]}>"


def _mapped(root: Path, contacts: Sequence[str]) -> dict[str, Person]:
    """What `.mailmap` makes of people who stand in trailers."""
    people: dict[str, Person] = {}
    asked = sorted(set(contacts))
    for at in range(0, len(asked), BATCH):
        batch = asked[at : at + BATCH]
        answers = git(root, "check-mailmap", "--", *batch).split("\n")
        for contact, answer in zip(batch, answers, strict=False):
            match = _CONTACT.search(answer) or _CONTACT.search(contact)
            if match:
                people[contact] = Person(match[1].strip(), match[2].lower())
    return people


def _files(submission: Submission) -> tuple[list[str], list[LeftOut]]:
    """The files whose lines somebody of the team may have written, and the others."""
    marked = _marked(submission.root, submission.files)
    wanted: list[str] = []
    left_out: list[LeftOut] = []
    total = 0
    for file in sorted(submission.files):
        path = submission.root / PurePosixPath(file)
        facts = path.lstat() if path.is_symlink() or path.exists() else None
        if facts is None or not S_ISREG(facts.st_mode) or not facts.st_size:
            continue  # links, submodules and empty files have no lines
        full = len(wanted) >= MOST_FILES or total + facts.st_size > MOST_BYTES
        why = marked.get(file) or _not_written(file, path, facts.st_size) or (_BEYOND if full else "")
        if why:
            left_out.append(LeftOut(file, why))
        else:
            wanted.append(file)
            total += facts.st_size
    return wanted, left_out


def _marked(root: Path, files: Sequence[str]) -> dict[str, str]:
    """The files that `.gitattributes` calls generated or vendored."""
    marked: dict[str, str] = {}
    for at in range(0, len(files), BATCH):
        told = git(root, "check-attr", "-z", *_MADE_BY, "--", *files[at : at + BATCH]).split("\0")
        for file, attribute, value in zip(told[::3], told[1::3], told[2::3], strict=False):
            if value in ("set", "true"):
                marked[file] = f"{_MADE_BY[attribute]}, says `.gitattributes`"
    return marked


def _not_written(file: str, path: Path, size: int) -> str:
    """Why nobody wrote a file by hand; "" when somebody may have."""
    if _TOOLS_NAMES.search(file):
        return "made by a tool, as its name says"
    if _DATA_NAMES.search(file):
        return "data, drawings or the output of a notebook"
    if size > LARGEST:
        return f"larger than {LARGEST // 2**10} KiB"
    with path.open("rb") as opened:
        return "binary" if b"\0" in opened.read(SNIFFED) else ""


def _blame(root: Path, commit: str, file: str) -> tuple[str, ...]:
    """The commit of each line. Changes of blanks alone do not make a line somebody else's."""
    try:
        told = git(root, "blame", "--incremental", "-w", commit, "--", file)
    except UsageError:
        return ()
    content = (root / PurePosixPath(file)).read_bytes()
    longest = content.count(b"\n") + (not content.endswith(b"\n"))
    commits: dict[int, str] = {}
    for found, first, count in _BLAMED.findall(told):
        # a summary can look like an answer of git: what was said of a line first counts, and only lines that there are
        for number in range(int(first), min(int(first) + int(count), longest + 1)):
            commits.setdefault(number, found)
    return tuple(commits.get(number, "") for number in range(1, max(commits, default=0) + 1))
