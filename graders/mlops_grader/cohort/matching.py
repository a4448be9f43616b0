"""Whose work it is: students found by the names of folders, files and addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mlops_grader.cohort.records import Student


@dataclass(frozen=True)
class Matched:
    """What belongs to whom: names by the id of their student, and names that fit nobody."""

    names: Mapping[str, tuple[str, ...]]
    strays: tuple[str, ...]


def by_login(students: Iterable[Student]) -> Mapping[str, Student]:
    """The students who have a login, by it in small letters."""
    return {student.login.lower(): student for student in students if student.login}


def match(names: Iterable[str], students: Iterable[Student]) -> Matched:
    """Find for each name the student whose login it is, or with whose login it ends after a dash; the longest login wins.

    Folders of one assignment begin alike. Where several do, a name that begins so has to go on with a login at once:
    `m06-not-ada` is not the work of `ada` where others are called `m06-LOGIN`.
    """
    logins = by_login(students)
    found = {name: _split(name, logins) for name in names}
    usual = _usual(split[0] for split in found.values() if split)
    belongs: dict[str, list[str]] = {}
    strays = []
    for name, split in found.items():
        if split is None or (usual and split[0] != usual and split[0].startswith(usual)):
            strays.append(name)
        else:
            belongs.setdefault(logins[split[1]].id, []).append(name)
    return Matched({student: tuple(theirs) for student, theirs in belongs.items()}, tuple(strays))


def _split(name: str, logins: Mapping[str, Student]) -> tuple[str, str] | None:
    """What a name begins with, and the longest login at its end."""
    name = name.lower()
    starts = [0, *(place + 1 for place, letter in enumerate(name) if letter == "-")]
    return next(((name[:start], name[start:]) for start in starts if name[start:] in logins), None)


def _usual(beginnings: Iterable[str]) -> str:
    """The beginning that most names share, when at least two do."""
    most = Counter(filter(None, beginnings)).most_common(1)
    return most[0][0] if most and most[0][1] > 1 else ""
