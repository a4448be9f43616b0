"""What a run of the synthetic class must show: right grades, no points for cheats, nothing touched, nothing left, nothing leaked."""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mlops_grader.cohort.joblog import JobLog, current
from mlops_grader.cohort.records import Attempt, State, Student, Submission
from synthetic.member import Kind, Member
from synthetic.payloads import DAEMON


@dataclass(frozen=True)
class Judged:
    """What a run said about a member, and what is wrong with that; empty when nothing is."""

    member: Member
    status: str
    score: int | None
    said: str
    wrong: str

    def __str__(self) -> str:
        got = f"{self.status}, {self.score}" if self.score is not None else self.status
        return (
            f"{self.member.kind:15} {self.member.name:36} {self.member.expected:>9}  {got:18} {self.wrong or 'right'}"
        )


def judge(log: JobLog, members: Sequence[Member]) -> list[Judged]:
    """Every member, in their order."""
    students, submissions, graded = log.students(), log.submissions(), current(log)
    last = {attempt.student: attempt for attempt in log.attempts()}
    judged = []
    for member in members:
        student = student_of(member, students)
        if student is None:
            judged.append(Judged(member, "missing", None, "", "the run does not know this student"))
            continue
        submission, attempt = submissions.get(student.id), graded.get(student.id) or last.get(student.id)
        judged.append(_judged(member, submission, attempt))
    return judged


def student_of(member: Member, students: Sequence[Student]) -> Student | None:
    """The member's row of the roster; the one without a login is found by that."""
    found = [each for each in students if (each.login.lower() == member.name if member.in_roster else not each.login)]
    return found[0] if len(found) == 1 else None


def _judged(member: Member, submission: Submission | None, attempt: Attempt | None) -> Judged:
    status = _status(submission, attempt)
    score = attempt.result.score if attempt and attempt.result else None
    said = "\n".join(_said(submission, attempt))
    wrong = _wrong(member, status, score, said)
    if attempt and attempt.result and str(attempt.result.seed) in said:
        wrong = wrong or "the seed of the inputs is in what the submission said"
    return Judged(member, status, score, said, wrong)


def _status(submission: Submission | None, attempt: Attempt | None) -> str:
    if submission is None or submission.problem:
        return "not handed in"
    if attempt is None:
        return "waiting"
    return {State.GRADED: "graded", State.ERROR: "error"}.get(attempt.state, "waiting")


def _said(submission: Submission | None, attempt: Attempt | None) -> Iterator[str]:
    """All words that staff read about a student."""
    if submission:
        yield from (submission.problem, *submission.notes, *(f"{each.path} {each.how}" for each in submission.changes))
    if attempt:
        yield attempt.error
        yield from (f"{each.found} {each.fix}" for each in (attempt.result.checks if attempt.result else ()))


def _wrong(member: Member, status: str, score: int | None, said: str) -> str:
    if status not in member.status:
        return f"the status should be {' or '.join(member.status)}: {said.strip()[:300]}"
    if not member.is_right(score):
        return f"the score should be {member.expected}"
    if status != "error" and member.says not in said:
        return f"nobody is told {member.says!r}"
    if status == "error" and not said.strip():
        return "nobody is told why there is no grade"
    return ""


def untouched(run: Path, log: JobLog) -> list[str]:
    """Parcels that no longer hold the tree which the intake recorded."""
    changed = []
    for student, submission in log.submissions().items():
        if submission.parcel and _tree(run / submission.parcel) != submission.graded_tree:
            changed.append(f"the parcel of {student}")
    return changed


def _tree(bundle: Path) -> str:
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["git", "clone", "--quiet", "--bare", str(bundle), name], check=True, capture_output=True)
        return subprocess.run(
            ["git", "-C", name, "rev-parse", "main^{tree}"], check=True, capture_output=True, text=True
        ).stdout.strip()


def fingerprint(folder: Path) -> str:
    """A hash of every path, mode and content below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        facts = path.lstat()
        digest.update(f"{path.relative_to(folder)!s} {facts.st_mode}".encode("utf-8", "surrogateescape"))
        if path.is_file() and not path.is_symlink() and facts.st_size < 2**24:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def left_over(run: str) -> list[str]:
    """Processes of payloads, and whatever of the engine's still names the run."""
    daemons = [f"process {each.pid}" for each in psutil.process_iter() if DAEMON in _words(each)]
    kinds = (("container", "ls", "--all"), ("volume", "ls"), ("network", "ls"))
    things = []
    for kind in kinds:
        told = subprocess.run(
            ["docker", *kind, "--format", "{{.Name}} {{.Labels}}" if kind[0] != "container" else "{{.Names}} {{.Labels}}"],
            capture_output=True, text=True, check=True,
        ).stdout.splitlines()  # fmt: skip
        things += [f"{kind[0]} {line.split()[0]}" for line in told if run in line]
    return daemons + things


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def comparable(log: JobLog) -> dict[str, Any]:
    """What two runs of the same class must agree on: everything but times, workers and numbers of attempts."""
    graded = current(log)
    return {student: _view(submission, graded.get(student)) for student, submission in log.submissions().items()}


def _view(submission: Submission, attempt: Attempt | None) -> Mapping[str, Any]:
    result = attempt.result if attempt else None
    checks = {each.id: (each.verdict, each.points) for each in result.checks} if result else {}
    return {
        "commit": submission.commit,
        "graded_tree": submission.graded_tree,
        "problem": submission.problem,
        "changes": submission.changes,
        "key": attempt.key if attempt else "",
        "seed": result.seed if result else None,
        "checks": checks,
    }


def table(judged: Sequence[Judged]) -> str:
    """The members by kind, one a line."""
    order = list(Kind)
    return "\n".join(str(each) for each in sorted(judged, key=lambda each: order.index(each.member.kind)))
