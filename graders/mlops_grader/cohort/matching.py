"""Whose work it is: students found by the names of folders, files and addresses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.cohort import archives
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


def match_paths(paths: Iterable[str], students: Iterable[Student]) -> Matched:
    """The same for paths and addresses, by their last part without `.git`."""
    by_name: dict[str, list[str]] = {}
    for path in paths:
        by_name.setdefault(re.split(r"[/:]", path.rstrip("/"))[-1].removesuffix(".git"), []).append(path)
    matched = match(by_name, students)
    names = {
        student: tuple(path for one in theirs for path in by_name[one]) for student, theirs in matched.names.items()
    }
    return Matched(names, tuple(path for one in matched.strays for path in by_name[one]))


def _split(name: str, logins: Mapping[str, Student]) -> tuple[str, str] | None:
    """What a name begins with, and the longest login at its end."""
    name = name.lower()
    starts = [0, *(place + 1 for place, letter in enumerate(name) if letter == "-")]
    return next(((name[:start], name[start:]) for start in starts if name[start:] in logins), None)


def _usual(beginnings: Iterable[str]) -> str:
    """The beginning that most names share, when at least two do."""
    most = Counter(filter(None, beginnings)).most_common(1)
    return most[0][0] if most and most[0][1] > 1 else ""


def match_files(names: Iterable[str], students: Iterable[Student]) -> Matched:
    """Find for each archive the student of whom its name speaks: by a login, by an id of Canvas, or by the whole name.

    What stands behind a platform's number was typed by the student and says nothing. A name that speaks of two fits nobody.
    """
    students = tuple(students)
    owners = {name: archives.owner(Path(name).name) for name in names}
    strict = match(owners.values(), students)
    ids = {owner: student for student, theirs in strict.names.items() for owner in theirs}
    known = _Known.of(students)
    belongs: dict[str, list[str]] = {}
    strays = []
    for name, owner in owners.items():
        student = known.numbers.get(archives.number(name)) or ids.get(owner) or known.find(owner)
        if student:
            belongs.setdefault(student, []).append(name)
        else:
            strays.append(name)
    return Matched({student: tuple(theirs) for student, theirs in belongs.items()}, tuple(strays))


@dataclass(frozen=True)
class _Known:
    """What is known of students, for names that a learning platform made: ids by login, by Canvas' id, and by name."""

    logins: Mapping[str, str]
    numbers: Mapping[str, str]
    names: Mapping[str, str]

    @classmethod
    def of(cls, students: tuple[Student, ...]) -> _Known:
        logins = {login: student.id for login, student in by_login(students).items()}
        numbers = {one.extra["ID"]: one.id for one in students if one.extra.get("ID")}
        spelt: dict[str, set[str]] = {}
        for student in students:
            for name in _spellings(student.name):
                spelt.setdefault(name, set()).add(student.id)
        return cls(logins, numbers, {name: ids.pop() for name, ids in spelt.items() if len(ids) == 1})

    def find(self, owner: str) -> str | None:
        """The id of the one student who is meant; None for nobody or for two."""
        parts = {part for part in _parts(owner.lower()) if part in self.logins}
        longest = [part for part in parts if not any(part in other and part != other for other in parts)]
        if len(longest) == 1:
            return self.logins[longest[0]]
        return None if longest else self.names.get(_letters(owner))


def _parts(owner: str) -> Iterator[str]:
    """Every part of a name between two of its separators."""
    cuts = [0, *(found.end() for found in re.finditer(r"[-_. ]", owner)), len(owner) + 1]
    for start in range(len(cuts)):
        for end in range(start + 1, len(cuts)):
            yield owner[cuts[start] : cuts[end] - 1]


def _spellings(name: str) -> Iterator[str]:
    """A name as platforms write it: letters alone, in both orders."""
    words = name.replace(",", " ").split()
    for order in (words, words[1:] + words[:1], words[-1:] + words[:-1]):
        if letters := _letters("".join(order)):
            yield letters


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
