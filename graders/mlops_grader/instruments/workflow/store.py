"""What outlives a job: artifacts of one run, and caches between runs."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import takewhile
from pathlib import Path
from tempfile import mkdtemp

from mlops_grader.instruments.workflow.conclusions import CacheUse


@dataclass
class Store:
    """Artifacts by name, and caches by key, each a folder of copied files."""

    folder: Path
    caches: Path
    artifacts: dict[str, Path] = field(default_factory=dict)
    uses: list[CacheUse] = field(default_factory=list)

    def upload(self, name: str, base: Path, files: Sequence[Path]) -> None:
        """Keep files below `base` as an artifact."""
        place = Path(mkdtemp(dir=self.folder, prefix="artifact-"))
        for file in files:
            target = place / file.relative_to(base)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, target)
        self.artifacts[name] = place

    def matching(self, pattern: str) -> dict[str, Path]:
        """The artifacts whose names match."""
        return {name: place for name, place in self.artifacts.items() if fnmatch(name, pattern or "*")}

    def find(self, key: str, prefixes: Sequence[str]) -> str | None:
        """The key of the cache to restore: the very key, else the newest that begins with it or else with a prefix.

        The use is recorded.
        """
        kept = self._kept()
        starts = (name for prefix in (key, *prefixes) for name in kept if name.startswith(prefix))
        found = key if key in kept else next(starts, None)
        self.uses.append(CacheUse(key, found))
        return found

    def restore(self, key: str, machine: Path) -> None:
        """Put the files of a cache where they were, below the folder of the machine."""
        kept = self._place(key) / "files"
        for path in sorted(kept.rglob("*")):
            target = machine / path.relative_to(kept)
            if within(machine, target.parent) and (path.is_symlink() or not path.is_dir()):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.unlink(missing_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)

    def save(self, key: str, machine: Path, patterns: Sequence[str]) -> None:
        """Keep files of the machine under a key; links stay links, and a key that is there already stays as it is."""
        place = self._place(key)
        if place.exists():
            return
        place.mkdir(parents=True)
        (place / "key").write_text(key, encoding="utf-8")
        for file in select(machine, patterns):
            if within(machine, file.parent) and (file.is_symlink() or within(machine, file)):
                target = place / "files" / file.parent.resolve().relative_to(machine.resolve()) / file.name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, target, follow_symlinks=False)

    def _place(self, key: str) -> Path:
        return self.caches / hashlib.sha256(key.encode()).hexdigest()[:20]

    def _kept(self) -> list[str]:
        """Keys, newest first."""
        marks = sorted(self.caches.glob("*/key"), key=lambda mark: mark.stat().st_mtime_ns, reverse=True)
        return [mark.read_text(encoding="utf-8") for mark in marks]


def select(folder: Path, patterns: Sequence[str]) -> list[Path]:
    """The files that glob patterns name, a folder standing for all below it; a pattern with `!` takes some out again."""
    chosen: dict[Path, None] = {}
    for pattern in patterns:
        found = list(_matching(folder, pattern.removeprefix("!")))
        if pattern.startswith("!"):
            chosen = {path: None for path in chosen if path not in found}
        else:
            chosen |= dict.fromkeys(found)
    return list(chosen)


def _matching(folder: Path, pattern: str) -> Iterator[Path]:
    path = Path(folder, pattern)
    base = Path(path.anchor)
    with suppress(ValueError):  # a pattern such as `a**b`, which matches nothing
        for found in sorted(base.glob(str(path.relative_to(base)))):
            yield from (
                below for below in (sorted(found.rglob("*")) if found.is_dir() else (found,)) if below.is_file()
            )


def within(folder: Path, path: Path) -> bool:
    """Whether a path leads to something in that folder, all links followed."""
    return path.resolve().is_relative_to(folder.resolve())


def lines(value: object) -> list[str]:
    """The lines of an input that holds a list."""
    return [line.strip() for line in str(value or "").splitlines() if line.strip()]


def common_base(patterns: Sequence[str], files: Sequence[Path]) -> Path:
    """The folder that upload-artifact strips: of one path that path up to its first wildcard, of several what they share."""
    roots = [_root(pattern) for pattern in patterns if not pattern.startswith("!")]
    tops = {root for root in roots if not any(other in root.parents for other in roots)}
    base = Path(os.path.commonpath(tops))
    return base.parent if list(files) == [base] else base


def _root(pattern: str) -> Path:
    """A path up to its first part with a wildcard."""
    parts = Path(os.path.normpath(pattern)).parts
    return Path(*takewhile(lambda part: not set(part) & set("*?["), parts))
