"""Data of one's own for each student of a class: the same clinic in another world, made from a seed and the login."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from datetime import date
from itertools import count
from pathlib import Path

from mlops_grader.instruments.world import World, daily_files

COLUMNS = ("username", "github_username", "login")  # of a roster, by which a login is known
PLACE = "data/raw"
GIVEN = Path(__file__).parents[1] / "templates/m01_environment/{{cookiecutter.repo_name}}" / PLACE
LOGIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.IGNORECASE)


class RosterError(Exception):
    """The roster cannot be used; one line that says where and what to do."""


def main(arguments: Sequence[str]) -> int:
    """`variants.py ROSTER FOLDER SEED`: what `nox -s classroom -- export KEY --variants ROSTER` calls."""
    roster, folder, seed = Path(arguments[0]), Path(arguments[1]), int(arguments[2])
    try:
        students = logins(roster)
    except RosterError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for number, login in enumerate(students, 1):
        write(folder, login, seed)
        sys.stdout.write(f"data of {login} ({number} of {len(students)})\n")
        sys.stdout.flush()
    return 0


def logins(roster: Path) -> list[str]:
    """The logins of a roster in small letters, in its order. Raises RosterError with the row of what is wrong."""
    try:
        text = roster.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RosterError(f"{roster} cannot be read as UTF-8: {error}") from None
    rows = list(csv.DictReader(text.splitlines()))
    names = {(name or "").strip().lower(): name for row in rows[:1] for name in row}
    column = next((names[name] for name in COLUMNS if name in names), None)
    if column is None:
        raise RosterError(f"{roster} has no rows with a column {', '.join(COLUMNS[:-1])} or {COLUMNS[-1]}")
    found: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        login = (row[column] or "").strip().lower()
        if not LOGIN.fullmatch(login):
            raise RosterError(f"{roster}, row {number}: {login!r} is no login: write it, or take the row out")
        if login in found:
            raise RosterError(f"{roster}, row {number}: {login} stands in row {found[login]} already: take one out")
        found[login] = number
    return list(found)


def write(folder: Path, login: str, seed: int) -> None:
    """Write the data of one student, at their paths in a project, and the list of them with their SHA-256."""
    place = folder / login / PLACE
    for attempt in count():
        files = daily_files(World(seed=seed_of(seed, login, attempt)).days(date(2026, 1, 5), days=60, per_day=150))
        if {file.name for file in files} == {path.name for path in GIVEN.iterdir()}:
            break  # each takes the place of one that all others have; outcomes may come on another day, though rarely do
    place.mkdir(parents=True)
    for file in files:
        (place / file.name).write_bytes(file.content)
    given = {f"{PLACE}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(place.iterdir())}
    (folder / f"{login}.json").write_text(json.dumps({"given": given}, indent=2) + "\n", encoding="utf-8", newline="\n")


def seed_of(seed: int, login: str, attempt: int = 0) -> int:
    """The seed of one student's world: another for each login, and for each seed of the class."""
    return int(hashlib.sha256(f"{seed} {login} {attempt}".encode()).hexdigest()[:8], 16)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
