"""Where submissions lie: the places of each student in a folder or a list, and what belongs to nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mlops_grader.cohort import clones, matching
from mlops_grader.cohort.records import Student
from mlops_grader.cohort.taking import Taken
from mlops_grader.submission import UsageError

# what systems and the tools of classrooms leave in a folder of submissions
LITTER = {".ds_store", "thumbs.db", "desktop.ini", "__macosx", "scores.csv"}


@dataclass(frozen=True)
class Place:
    """Where a submission is, as it is shown, and how it is taken into an empty folder."""

    name: str
    take: Callable[[Path], Taken]


@dataclass(frozen=True)
class Found:
    """The places of each student, by id, and the names of what fits nobody."""

    places: Mapping[str, tuple[Place, ...]]
    strays: tuple[str, ...]


def find(source: Path, students: Sequence[Student], run: Path) -> Found:
    """What a source holds for these students. Raises UsageError when it cannot be read."""
    if not source.exists():
        raise UsageError(f"there is no `{source}`: name a folder of clones or archives, or a file with addresses")
    paths = {path.name: path for path in _entries(source, run)}
    matched = matching.match(paths, students)
    places = {
        student: tuple(Place(name, partial(clones.take, paths[name])) for name in names)
        for student, names in matched.names.items()
    }
    return Found(places, matched.strays)


def _entries(source: Path, run: Path) -> Iterator[Path]:
    for path in sorted(source.iterdir()):
        if path.name.lower() in LITTER or path.resolve() == run.resolve():
            continue
        if path.is_dir() and clones.is_gathering(path):
            yield from _entries(path, run)
        else:
            yield path
