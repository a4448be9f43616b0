"""The similar submissions of a run: its parcels compared, with what was handed out taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mlops_grader.cohort import similar as similarity
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.records import Settings
from mlops_grader.cohort.similar import THRESHOLD, Course, Similarity
from mlops_grader.submission import UsageError

UNKNOWN = "What the course gave is not known, so files that it gave are among the pairs: grade with --handout"


def compared(run: Path, settings: Settings, entries: Sequence[Entry], threshold: int | None = None) -> Similarity:
    """Compare what was handed in, as far as it is still in the run's folder."""
    given, unknown = _course(settings)
    parcels = {entry.student.id: path for entry in entries if (path := _parcel(run, entry)) is not None}
    found = similarity.similar(parcels, given, THRESHOLD if threshold is None else threshold)
    return replace(found, unknown=unknown)


def _parcel(run: Path, entry: Entry) -> Path | None:
    """The parcel of a student, which must lie where the run keeps them."""
    if entry.submission is None or not entry.submission.parcel:
        return None
    path = run / entry.submission.parcel
    return path if path.is_file() else None


def _course(settings: Settings) -> tuple[Course, str]:
    """What was handed out. Without it everything is a student's own, and the page says so."""
    if not settings.handout:
        return Course(), UNKNOWN
    from mlops_grader.cohort import handout

    try:
        known = handout.load(handout.of_module(Path(settings.handout), settings.module))
        return similarity.course(known.folder / "repository", known.commit, tuple(known.given)), ""
    except UsageError as error:
        return Course(), f"{UNKNOWN} ({error})"
