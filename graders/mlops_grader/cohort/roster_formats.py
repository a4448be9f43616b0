"""The layouts of rosters: which columns tell each, where its logins and names are, and which rows are no students."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mlops_grader.capstone.rows import TableError
from mlops_grader.plain import plain

Cells = Mapping[str, str]  # a row's cells by column in small letters

STUDENT = ("", "student")
STAFF = ("teacher", "ta", "head-ta", "head_ta", "head ta")


@dataclass(frozen=True)
class Layout:
    """One kind of roster; columns in small letters.

    tells: the columns by which it is known. login, name: of the first of these columns that has something; names are joined in `full`.
    unique: columns that identify a person. empty: the reason to leave a row out, if it is no student.
    """

    title: str
    tells: tuple[str, ...]
    login: tuple[str, ...]
    name: Callable[[Cells], str]
    email: str = "email"
    section: str = "section"
    unique: tuple[str, ...] = ()
    left_out: Callable[[Cells], str] = lambda _: ""


def _full(cells: Cells) -> str:
    return " ".join(filter(None, (cells.get("first_name", ""), cells.get("last_name", ""))))


def _identified(cells: Cells) -> str:
    return cells.get("name", "") or cells.get("identifier", "")


def _staff(cells: Cells) -> str:
    role = cells.get("role", "")
    return f"it is a {plain(role)} and no student" if role.lower() in STAFF else ""


def _no_person(cells: Cells) -> str:
    if cells["student"].lower() == "points possible":
        return "it holds the points possible"
    return "" if cells["student"] or cells["id"] else "it has neither a student nor an ID"


CLASSROOM_50 = Layout("Classroom 50", ("username", "first_name", "last_name"), ("username",), _full,
                      unique=("github_id",), left_out=_staff)  # fmt: skip
GITHUB = Layout("GitHub Classroom", ("identifier", "github_username"), ("github_username",), _identified,
                unique=("identifier", "github_id"))  # fmt: skip
CANVAS = Layout("Canvas", ("student", "id", "sis login id"), ("github_username", "login", "sis login id"), lambda cells: cells["student"],
                unique=("id", "sis user id"), left_out=_no_person)  # fmt: skip
PLAIN = Layout("plain", ("login",), ("login",), lambda cells: cells.get("name", ""), left_out=_staff)
PLAIN_USERNAME = Layout("plain", ("username",), ("username",), lambda cells: cells.get("name", ""), left_out=_staff)

LAYOUTS = (CLASSROOM_50, GITHUB, CANVAS, PLAIN, PLAIN_USERNAME)
KNOWN = frozenset({"name", "email", "section", "role", *(column for each in LAYOUTS for column in each.tells)})


def layout(name: str, header: Sequence[str]) -> Layout:
    """The layout that a header tells. Raises TableError with the closest one and what it lacks."""
    columns = {cell.lower() for cell in header}
    found = next((each for each in LAYOUTS if columns.issuperset(each.tells)), None)
    if found:
        return found
    near = [
        (wanted, cell)
        for wanted in ("login", "username")
        for cell in difflib.get_close_matches(wanted, columns - KNOWN, 1, 0.75)
    ]
    hint = f"did you mean `{near[0][0]}` by `{plain(near[0][1])[:60]}`?" if near else _wanted(columns)
    raise TableError([f"`{name}`, first row: no column says who a student is: {hint}"])


def _wanted(columns: set[str]) -> str:
    partly = max(LAYOUTS, key=lambda each: len(columns & set(each.tells)))
    lacking = [f"`{column}`" for column in partly.tells if column not in columns]
    if len(lacking) < len(partly.tells):
        return f"a roster of {partly.title} has {' and '.join(lacking)}, too"
    return "write a column `login`, or export the roster of Classroom 50, GitHub Classroom or Canvas as it is"
