"""From clones, archives or addresses to one submission for every student, and a parcel of each that can be graded."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.cohort import given, sources
from mlops_grader.cohort.handout import Handout
from mlops_grader.cohort.packing import pack
from mlops_grader.cohort.recording import record
from mlops_grader.cohort.records import Settings, Student, Submission
from mlops_grader.cohort.sources import Place
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

PARCELS = "parcels"
AT_ONCE = 8  # submissions that are taken at the same time, at most

Told = Callable[[str, str], None]


@dataclass(frozen=True)
class Collected:
    """One submission for each student of the roster, in its order, and what lies there and belongs to nobody."""

    submissions: tuple[Submission, ...]
    strays: tuple[str, ...]


@dataclass(frozen=True)
class Intake:
    """What is the same for all submissions of a run."""

    settings: Settings
    handout: Handout | None
    run: Path


def collect(
    source: Path, students: Sequence[Student], settings: Settings, handout: Handout | None, run: Path, told: Told
) -> Collected:
    """Take what every student handed in, and write the parcels into RUN/parcels. Nothing of a student's is executed.

    source: a folder of clones or archives, or a file with addresses. told: hears the id of a student and how it went, one by one.
    A submission that cannot be taken has a `problem`; it never stops the others.
    Raises UsageError when the source cannot be read, or the machine has no space left.
    """
    run = run.absolute()  # git reads a relative path from folders of its own, and not from where the run was started
    found = sources.find(source, students, settings, run)
    intake = Intake(settings, handout, run)
    run.mkdir(parents=True, exist_ok=True)
    submissions = []
    with ThreadPoolExecutor(min(AT_ONCE, 2 * (os.cpu_count() or 1)), thread_name_prefix="intake") as threads:
        try:
            for one in threads.map(lambda student: _submission(student, found.places, intake), students):
                submissions.append(one)
                told(one.student, one.problem or f"taken at {one.commit[:10]}")
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise
    return Collected(tuple(submissions), tuple(map(plain, found.strays)))


def _submission(student: Student, places: Mapping[str, tuple[Place, ...]], intake: Intake) -> Submission:
    theirs = places.get(student.id, ())
    if len(theirs) == 1:
        return _taken(student, theirs[0], intake)
    shown = ", ".join(plain(place.name) for place in theirs)
    return Submission(student.id, place=shown, problem=_why_not_one(student, theirs))


def _why_not_one(student: Student, places: tuple[Place, ...]) -> str:
    if places:
        names = " and ".join(f"`{plain(place.name)}`" for place in places)
        return f"{names} are all of this student: leave one of them"
    if student.login:
        return "nothing was handed in"
    return f"the roster has no login (row {student.row}), so nothing can be found: add it"


def _taken(student: Student, place: Place, intake: Intake) -> Submission:
    shown = plain(place.name)
    try:
        with _work(intake.run) as work:
            return _graded(student, place, intake, work)
    except UsageError as problem:
        return Submission(student.id, place=shown, problem=plain(str(problem)))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise UsageError(f"there is no space left in `{intake.run}`: make some, and run it again") from None
        return Submission(student.id, place=shown, problem=f"it cannot be read: {plain(str(error.strerror or error))}")
    except Exception as error:  # one submission never stops the others; a person looks at it
        words = plain(f"{type(error).__name__}: {error}")[:300]
        return Submission(student.id, place=shown, problem=f"the grader could not take it ({words}): report it")


@contextmanager
def _work(run: Path) -> Iterator[Path]:
    """A folder for one submission, gone at the end."""
    with tempfile.TemporaryDirectory(prefix=".intake-", dir=run, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def _graded(student: Student, place: Place, intake: Intake, work: Path) -> Submission:
    taken = place.take(work)
    recorded = record(taken, intake.settings)
    tree = taken.git.text("rev-parse", "--verify", f"{recorded.commit}^{{tree}}")
    graded = given.restore(taken.git, tree, intake.handout, student.login)
    parcel = Path(PARCELS) / f"{student.id}.bundle"
    below = None if taken.shallow else recorded.commit
    pack(taken.git, graded.tree, below, work, intake.run / parcel)
    return Submission(
        student.id,
        place=plain(place.name),
        commit=recorded.commit,
        tree=tree,
        committed_at=recorded.at,
        graded_tree=graded.tree,
        late=recorded.late,
        changes=graded.changes,
        notes=tuple(map(plain, (*recorded.notes, *graded.notes))),
        parcel=parcel.as_posix(),
    )
