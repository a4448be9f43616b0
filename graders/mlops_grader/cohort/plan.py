"""Which students are graded now and why, and the key that tells whether a new grade could differ from an old one."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Attempt, Settings, State, Student, Submission, Why
from mlops_grader.grading import identity
from mlops_grader.submission import UsageError

Asked = tuple[Submission, str, Why]


@dataclass(frozen=True)
class Keys:
    """The key of each submission in a run, under this grader and an image."""

    settings: Settings
    image: str

    def __call__(self, submission: Submission) -> str:
        """A hash of all that decides the outcome: files, the history below them, module, seed, grader, image, a disposable worker."""
        seed = seed_of(self.settings, submission)
        facts = [submission.graded_tree, submission.commit, self.settings.module, seed, identity(), self.image]
        facts += ["disposable"] * self.settings.disposable
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def seed_of(settings: Settings, submission: Submission) -> int:
    """The seed of a submission's inputs: the same whenever these files are graded again, and another for the next ones.

    So a seed that feedback names tells nothing about the inputs of what is handed in after it, nor about anybody else's.
    """
    named = f"{settings.seed} {settings.module} {submission.student} {submission.graded_tree}"
    return int(hashlib.sha256(named.encode()).hexdigest()[:8], 16)


def chosen(students: Collection[Student], names: Collection[str]) -> frozenset[str]:
    """The ids that were named, by id or login; with none named, all. Raises UsageError that guesses who was meant."""
    ids = {each.id for each in students}
    known = {each.login.lower(): each.id for each in students if each.login} | {each: each for each in ids}
    for name in names:
        if name.lower() not in known:
            close = difflib.get_close_matches(name.lower(), known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the run knows {len(ids)} students by their logins"
            raise UsageError(f"--student: there is no `{name}` in the roster: {hint}")
    return frozenset(known[name.lower()] for name in names) if names else frozenset(ids)


def asked(log: JobLog, keys: Keys, why: Why, students: Collection[str]) -> list[Asked]:
    """What is to be graded of these students.

    first: who was never graded nor ended in an error. changed: whose key is not that of the last grade. rerun-failed: whose
    last attempt ended in an error. regrade: everybody. Who waits already, and who handed in nothing, is not among them.
    """
    attempts: dict[str, list[Attempt]] = {}
    for attempt in log.outline():
        attempts.setdefault(attempt.student, []).append(attempt)
    found = []
    for student, submission in log.submissions().items():
        if student in students and submission.parcel and not submission.problem:
            key, own = keys(submission), attempts.get(student, [])
            if not any(_is_open(each) for each in own) and _is_wanted(why, own, key):
                found.append((submission, key, why if own else Why.FIRST))
    return found


def renew(log: JobLog, keys: Keys) -> None:
    """Bring what still waits up to date with what lies there now."""
    submissions = log.submissions()
    waiting = {each.number: submissions[each.student] for each in log.outline() if each.state is State.QUEUED}
    log.renew({number: (keys(each), each.commit) for number, each in waiting.items()})


def last(log: JobLog) -> Mapping[str, Attempt]:
    """The last attempt of each student that has ended, without its document."""
    return {each.student: each for each in log.outline() if not _is_open(each)}


def _is_open(attempt: Attempt) -> bool:
    return attempt.state in (State.QUEUED, State.RUNNING)


def _is_wanted(why: Why, own: list[Attempt], key: str) -> bool:
    graded = [each for each in own if each.state is State.GRADED]
    match why:
        case Why.FIRST:
            return not own
        case Why.CHANGED:
            return not graded or graded[-1].key != key
        case Why.FAILED:
            return bool(own) and own[-1].state is State.ERROR
        case Why.REGRADE:
            return True
