"""Where submissions lie: the places of each student in a folder or a list, and what belongs to nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path

from mlops_grader.cohort import addresses, archives, clones, matching
from mlops_grader.cohort.addresses import Address
from mlops_grader.cohort.records import Settings, Student
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
    """The places of each student, by id, and what fits nobody, as it is shown."""

    places: Mapping[str, tuple[Place, ...]]
    strays: tuple[str, ...]


def find(source: Path, students: Sequence[Student], settings: Settings, run: Path) -> Found:
    """What a source holds for these students. Raises UsageError when it cannot be read."""
    if not source.exists():
        raise UsageError(f"there is no `{source}`: name a folder of clones or archives, or a file with addresses")
    if source.is_dir():
        return _in_folder(source, students, settings.deadline.tzinfo if settings.deadline else None, run)
    if archives.is_archive(source):
        raise UsageError(f"`{source}` is one archive: unpack it, and name the folder with the archives of the students")
    return _in_list(source, students)


def _in_folder(source: Path, students: Sequence[Student], zone: tzinfo | None, run: Path) -> Found:
    entries = {path.relative_to(source).as_posix(): path for path in _entries(source, run)}
    archived = {name: found for name, path in entries.items() if (found := _archive(path))}
    folders = [name for name, path in entries.items() if path.is_dir() and name not in archived]
    by_folder, by_file = matching.match_paths(folders, students), matching.match_files(archived, students)
    take = {name: partial(clones.take, entries[name]) for name in folders}
    take |= {name: partial(archives.take, path, zone) for name, path in archived.items()}
    places: dict[str, tuple[Place, ...]] = {}
    for student, names in (*by_folder.names.items(), *by_file.names.items()):
        places[student] = (*places.get(student, ()), *(Place(name, take[name]) for name in names))
    files = [name for name, path in entries.items() if not path.is_dir() and name not in archived]
    return Found(places, (*by_folder.strays, *by_file.strays, *files))


def _archive(path: Path) -> Path | None:
    """The archive that a path is, or the only thing in a folder that a learning platform made for one person."""
    if archives.is_archive(path):
        return path
    if path.is_dir() and not (path / ".git").exists():
        inside = [one for one in path.iterdir() if one.name.lower() not in LITTER]
        if len(inside) == 1 and archives.is_archive(inside[0]):
            return inside[0]
    return None


def _entries(source: Path, run: Path) -> Iterator[Path]:
    for path in sorted(source.iterdir()):
        if path.name.lower() in LITTER or path.resolve() == run.resolve():
            continue
        if path.is_dir() and clones.is_gathering(path):
            yield from _entries(path, run)
        else:
            yield path


def _in_list(source: Path, students: Sequence[Student]) -> Found:
    read = addresses.read(source)
    logins = matching.by_login(students)
    by_path = matching.match_paths([one.url for one in read if not one.login], students)
    owners = {url: student for student, urls in by_path.names.items() for url in urls}
    places: dict[str, tuple[Place, ...]] = {}
    strays = []
    for one in read:
        named = logins.get(one.login.lower())
        student = named.id if named else owners.get(one.url) if not one.login else None
        if student:
            places[student] = (*places.get(student, ()), _place(one))
        else:
            strays.append(_stray(one))
    return Found(places, tuple(strays))


def _place(address: Address) -> Place:
    return Place(address.url, partial(addresses.take, address))


def _stray(address: Address) -> str:
    return f"row {address.row}: {f'{address.login}, ' if address.login else ''}{address.url}"
