"""What lies in parcels: the files of many submissions as git holds them. Nothing is checked out, nothing is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops_grader.submission import UsageError, git

SECONDS = 120  # for one command of git
_FILES = ("100644", "100755")


@dataclass(frozen=True)
class Blob:
    """The content of a file: git's hash of it, and its bytes in number."""

    id: str
    size: int


@dataclass(frozen=True)
class Shelf:
    """One bare repository in which the parcels lie side by side, so that a file that many have is there once."""

    folder: Path

    def unpack(self, parcel: Path) -> str:
        """Put a git bundle of one commit in; the hash of that commit. Raises UsageError."""
        said = git(self.folder, "bundle", "unbundle", str(parcel.resolve()))
        return said.partition(" ")[0].strip()

    def files(self, commit: str) -> Mapping[str, Blob]:
        """The ordinary files of a commit by path; no links, no submodules."""
        listed = git(self.folder, "ls-tree", "-r", "-l", "-z", commit)
        return dict(_ordinary(filter(None, listed.split("\0"))))

    def texts(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The contents of files by their hash, those that are UTF-8 text."""
        asked = list(dict.fromkeys(ids))
        command = ["git", "-C", str(self.folder), "cat-file", "--batch"]
        lines = "".join(f"{each}\n" for each in asked).encode()
        environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        done = subprocess.run(command, input=lines, capture_output=True, check=True, timeout=SECONDS, env=environment)
        return dict(_texts(done.stdout))


@contextmanager
def shelf() -> Iterator[Shelf]:
    """An empty shelf, which is gone afterwards."""
    with TemporaryDirectory(prefix="mlops-grader-parcels-", ignore_cleanup_errors=True) as folder:
        git(Path(folder), "init", "--quiet", "--bare")
        yield Shelf(Path(folder))


def _ordinary(listed: Iterable[str]) -> Iterator[tuple[str, Blob]]:
    for line in listed:
        facts, _, path = line.partition("\t")
        mode, _, identity, size = facts.split()
        if mode in _FILES:
            yield path, Blob(identity, int(size))


def _texts(answer: bytes) -> Iterator[tuple[str, str]]:
    """What `git cat-file --batch` prints: a line with hash, kind and size before each content."""
    at = 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        identity, kind, *size = answer[at:end].decode().split()
        at = end + 1
        if kind != "blob":
            raise UsageError(f"git has lost the file {identity} of a parcel: run `cohort grade` again")
        content = answer[at : at + int(size[0])]
        at += len(content) + 1
        try:
            yield identity, content.decode()
        except UnicodeDecodeError:
            continue
