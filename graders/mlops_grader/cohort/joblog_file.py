"""The SQLite file of a job log: opened with its safeguards, laid out when new, and what is wrong with it in words."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from mlops_grader.submission import UsageError

APPLICATION, VERSION = 0x6D6C6F67, 1  # "mlog": tells our files from other SQLite files
BUSY = 60.0  # seconds that a writer waits for another one, such as an override while the class is graded


def opened(file: Path) -> sqlite3.Connection:
    """A connection to the file. Raises UsageError when it cannot be opened, is damaged, or is none of ours."""
    try:
        data = sqlite3.connect(file, timeout=BUSY, isolation_level=None)
    except sqlite3.Error as error:
        raise UsageError(f"`{file}` cannot be opened ({error}): look at its owner and permissions") from None
    try:
        data.row_factory = sqlite3.Row
        with understood(file):
            _prepare(data, file)
    except BaseException:
        data.close()
        raise
    return data


@contextlib.contextmanager
def understood(file: Path) -> Iterator[None]:
    """Turn what SQLite says about the file into words for people; a broken promise of ours stays what it is."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.OperationalError as error:
        raise UsageError(f"`{file}` cannot be used ({error}): look at the space and permissions there") from None
    except sqlite3.DatabaseError as error:
        raise damaged(file, str(error)) from None


def sound(data: sqlite3.Connection, file: Path) -> None:
    """Raise UsageError when the file is damaged somewhere; it is read as a whole."""
    with understood(file):
        found = data.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise damaged(file, found)


def damaged(file: Path, how: str) -> UsageError:
    """What to do when the file cannot be read."""
    return UsageError(
        f"`{file}` is damaged, or no run ({how}): bring back a copy of it, or move it away and start the run again; "
        f"`{file.parent / 'results'}` holds the documents of all that was graded"
    )


def _prepare(data: sqlite3.Connection, file: Path) -> None:
    for pragma in ("foreign_keys = ON", "synchronous = FULL", "trusted_schema = OFF"):
        data.execute(f"PRAGMA {pragma}")
    if _is_empty(data):
        _lay_out(data)
    application, version = (data.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if application != APPLICATION:
        raise UsageError(f"`{file}` is a database of another program: name a folder of a run, or an empty one")
    if version != VERSION:
        raise UsageError(f"`{file}` has version {version} and this grader knows {VERSION}: use the grader that made it")


def _is_empty(data: sqlite3.Connection) -> bool:
    return not data.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]


def _lay_out(data: sqlite3.Connection) -> None:
    """Make the tables, unless another process was faster."""
    data.execute("PRAGMA journal_mode = WAL")
    data.execute("BEGIN IMMEDIATE")
    if _is_empty(data):
        for statement in _statements():
            data.execute(statement)
        data.execute(f"PRAGMA application_id = {APPLICATION}")
        data.execute(f"PRAGMA user_version = {VERSION}")
    data.execute("COMMIT")


def _statements() -> Iterator[str]:
    statement = ""
    for line in files("mlops_grader.cohort").joinpath("joblog.sql").read_text(encoding="utf-8").splitlines(True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
