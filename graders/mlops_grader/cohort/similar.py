"""Submissions that look alike: shared fingerprints of the students' own code, for a person to look at; never a verdict.

The fingerprints are those of copydetect (winnowing, as in MOSS). What the course gave is taken away from them, and what so many
students share that it cannot come from one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from mlops_grader.cohort import parcels, tokens
from mlops_grader.cohort.parcels import Blob, Shelf
from mlops_grader.submission import UsageError

THRESHOLD = 50  # percent of the smaller one's fingerprints that a pair must share to be shown
LEAST = 60  # fingerprints of its own that a submission must have: about ten lines; less looks alike anyway
K, WINDOW = 25, 6  # characters of a fingerprint, and of how many in a row one is kept: copydetect's own choice
MANY, MANY_SHARE = (
    10,
    0.1,
)  # a passage that more students have, or that share of a large class, comes from nobody among them
LARGEST = 64 * 2**10  # bytes of one file
BUDGET = 512 * 2**10  # bytes of one student's files, by path
MOST_PAIRS = 500  # that are shown, the most alike first
COLUMNS = 5000  # fingerprints that are counted at once

Prints = frozenset[int]


@dataclass(frozen=True)
class Course:
    """What the course gave: the paths that are never a student's, and its files by path; stubs and lower layers too."""

    paths: frozenset[str] = frozenset()
    files: Mapping[str, Blob] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Match:
    """Two files of a pair, and the percentage of the first one's own fingerprints that are in the second."""

    left: str
    right: str
    percent: int


@dataclass(frozen=True)
class Pair:
    """Two students whose own code is alike: percentage of each one's fingerprints that the other has too, and where they are."""

    left: str
    right: str
    of_left: int
    of_right: int
    files: tuple[Match, ...]

    @property
    def percent(self) -> int:
        """Of the smaller submission."""
        return max(self.of_left, self.of_right)


@dataclass(frozen=True)
class Similarity:
    """What a comparison found. little: students with too little code of their own. notes: what was left out, in sentences.

    unknown: what the course gave is not known, in a sentence: its files are compared as if they were students'.
    """

    pairs: tuple[Pair, ...]
    compared: int
    little: tuple[str, ...]
    notes: tuple[str, ...]
    more: int = 0  # pairs beyond those that are shown
    unknown: str = ""


def course(repository: Path, commit: str, paths: Sequence[str]) -> Course:
    """What a handed-out repository holds. Raises UsageError when git cannot read it."""
    shelf = Shelf(repository)
    files = {path: blob for path, blob in shelf.files(commit).items() if tokens.language(path)}
    return Course(frozenset(paths), files, shelf.texts(blob.id for blob in files.values()))


def similar(found: Mapping[str, Path], given: Course, threshold: int = THRESHOLD) -> Similarity:
    """Compare the parcels of students, by their ids. No code of theirs is run, and a parcel that git cannot read is a note."""
    notes: list[str] = []
    with parcels.shelf() as shelf:
        own = {student: _own(student, shelf, parcel, given, notes) for student, parcel in found.items()}
        texts = shelf.texts(blob.id for files in own.values() for blob in files.values())
    prints = _prints(own, texts, given, notes)
    works, common = _without_common({student: _by_file(files, prints) for student, files in own.items()})
    if common:
        notes.append(f"{common:,} passages that {_many(len(works)) + 1} or more students have were left out")
    return _compared(works, threshold, notes)


def _own(student: str, shelf: Shelf, parcel: Path, given: Course, notes: list[str]) -> Mapping[str, Blob]:
    """The files that are a student's own, as far as the budget reaches."""
    known = {blob.id for blob in given.files.values()}
    try:
        everything = shelf.files(shelf.unpack(parcel))
    except UsageError as error:  # one damaged parcel keeps nobody from seeing the others
        notes.append(f"{student}: the parcel cannot be read ({error})")
        return {}
    files = {
        path: blob
        for path, blob in sorted(everything.items())
        if tokens.language(path) and path not in given.paths and blob.id not in known
    }
    kept: dict[str, Blob] = {}
    left = BUDGET
    for path, blob in files.items():
        if blob.size <= min(LARGEST, left):
            kept[path] = blob
            left -= blob.size
    if len(kept) < len(files):
        notes.append(f"{student}: {len(files) - len(kept)} of {len(files)} files are too large to compare")
    return kept


def _prints(
    own: Mapping[str, Mapping[str, Blob]], texts: Mapping[str, str], given: Course, notes: list[str]
) -> Mapping[str, Prints]:
    """The fingerprints of each content, by git's hash, without the passages that the course gave."""
    names = {blob.id: path for files in own.values() for path, blob in files.items()}
    owner = {blob.id: student for student, files in own.items() for blob in files.values()}
    known: set[int] = set()
    slow: set[str] = set()
    prints: dict[str, Prints] = {}
    first = [("", tokens.language(path), given.texts.get(blob.id, "")) for path, blob in given.files.items()]
    theirs = ((each, tokens.language(names[each]), text) for each, text in texts.items() if owner[each] not in slow)
    for each, shape in tokens.shapes(chain(first, theirs)):
        if not each:
            known |= _every(shape or "")
        elif shape is None:  # one is enough: a hundred such files would keep everybody waiting
            slow.add(owner[each])
            notes.append(
                f"{owner[each]}: `{names[each]}` took too long to read; what is left of theirs was not compared"
            )
        else:
            prints[each] = frozenset(_winnowed(shape) - known)
    return prints


def _every(shape: str) -> set[int]:
    from copydetect.utils import hashed_kgrams

    return set(map(int, hashed_kgrams(shape, K)))


def _winnowed(shape: str) -> set[int]:
    from copydetect.utils import get_document_fingerprints

    return {int(each) for each in get_document_fingerprints(shape, K, WINDOW)[0]} if len(shape) >= K else set()


def _by_file(files: Mapping[str, Blob], prints: Mapping[str, Prints]) -> Mapping[str, Prints]:
    return {path: prints[blob.id] for path, blob in files.items() if prints.get(blob.id)}


def _many(students: int) -> int:
    return max(MANY, int(students * MANY_SHARE))


def _without_common(works: Mapping[str, Mapping[str, Prints]]) -> tuple[Mapping[str, Mapping[str, Prints]], int]:
    """The works without the passages that many students have, and how many passages these are."""
    holders = Counter(each for work in works.values() for each in frozenset().union(*work.values()))
    common = frozenset(each for each, number in holders.items() if number > _many(len(works)))
    rest = {student: {path: prints - common for path, prints in work.items()} for student, work in works.items()}
    return rest, len(common)


def _compared(works: Mapping[str, Mapping[str, Prints]], threshold: int, notes: list[str]) -> Similarity:
    whole = {student: frozenset[int]().union(*work.values()) for student, work in works.items()}
    enough = [student for student, prints in whole.items() if len(prints) >= LEAST]
    pairs = sorted(
        _pairs(enough, whole, works, threshold),
        key=lambda pair: (-pair.percent, -pair.of_left - pair.of_right, pair.left),
    )
    little = tuple(student for student in works if student not in set(enough))
    return Similarity(tuple(pairs[:MOST_PAIRS]), len(enough), little, tuple(notes), len(pairs[MOST_PAIRS:]))


def _pairs(
    students: Sequence[str], whole: Mapping[str, Prints], works: Mapping[str, Mapping[str, Prints]], threshold: int
) -> Iterator[Pair]:
    import numpy as np

    shared = _shared(students, whole)
    for left, right in zip(*np.nonzero(np.triu(shared, 1) >= LEAST // 2), strict=True):
        one, other = students[left], students[right]
        number = int(shared[left, right])
        shares = [round(100 * number / len(whole[each])) for each in (one, other)]
        if max(shares) >= threshold:
            yield Pair(one, other, shares[0], shares[1], tuple(_files(works[one], works[other])))


def _shared(students: Sequence[str], whole: Mapping[str, Prints]) -> Any:
    """How many fingerprints each two have in common: a matrix, students x students."""
    import numpy as np

    holders = Counter(each for student in students for each in whole[student])
    place = {each: number for number, each in enumerate(each for each, held in holders.items() if held > 1)}
    counted = np.zeros((len(students), len(students)))
    for start in range(0, len(place), COLUMNS):
        has = np.zeros((len(students), min(COLUMNS, len(place) - start)), dtype=np.float32)
        for row, student in enumerate(students):
            columns = [place[each] - start for each in whole[student] if start <= place.get(each, -1) < start + COLUMNS]
            has[row, columns] = 1
        counted += has @ has.T
    return counted


def _files(left: Mapping[str, Prints], right: Mapping[str, Prints]) -> Iterator[Match]:
    """For each file of the left one, the file of the right one that shares most with it."""
    for path, prints in left.items():
        other, number = max(((name, len(prints & theirs)) for name, theirs in right.items()), key=lambda each: each[1])
        if number >= LEAST // 4:
            yield Match(path, other, round(100 * number / len(prints)))
