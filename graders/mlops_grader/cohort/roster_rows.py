"""The rows of a roster: the student that each makes, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from mlops_grader.cohort.records import Student
from mlops_grader.cohort.roster_formats import CANVAS, CLASSROOM_50, STAFF, STUDENT, Layout
from mlops_grader.plain import plain

SHOWN = 60  # characters of a cell in a message

# what GitHub, GitLab, Gitea and Bitbucket let people be called, and more: never a path, an option or a hidden file
_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,98}")
_CANVAS_LOGIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._@+-]{0,98}")  # of the university, often an address
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_DEFANGED = re.compile(r"'(?=[=+\-@])")  # Classroom 50 writes this before a cell that a spreadsheet would compute


@dataclass(frozen=True)
class Row:
    """One row of a file; its number is that in a spreadsheet."""

    file: str
    number: int
    header: Sequence[str]
    values: Sequence[str]

    @cached_property
    def cells(self) -> Mapping[str, str]:
        """The cells by column in small letters; "" for what is not there."""
        padded = (*self.values, *[""] * len(self.header))
        return {title.lower(): cell for title, cell in zip(self.header, padded, strict=False) if title}

    def says(self, words: str) -> str:
        """That sentence with the place of this row before it."""
        return f"`{self.file}`, row {self.number}: {words}"


def student(row: Row, layout: Layout) -> Student:
    """The student of a row: without a login, one who is named by the row."""
    cells = row.cells
    login = next(filter(None, (cells.get(column, "") for column in layout.login)), "")
    used = {layout.email, layout.section}
    return Student(
        id=login.lower() or f"row-{row.number}",
        login=login,
        name=plain(_shown_name(layout.name(cells), layout)) or login,
        email=plain(cells.get(layout.email, "")),
        section=plain(cells.get(layout.section, "")),
        row=row.number,
        extra={title: plain(cells[title.lower()]) for title in row.header if title and title.lower() not in used},
    )


def problems(row: Row, layout: Layout) -> Iterator[str]:
    """What is wrong with a row by itself."""
    nameless = [cell for title, cell in zip(row.header, row.values, strict=False) if not title]
    more = [cell for cell in (*nameless, *row.values[len(row.header) :]) if cell]
    if more:
        advice = "put a text that holds the separator between double quotes"
        yield f"there are more cells than columns (`{_short(more[0])}`): {advice}"
    for title in row.header:
        if title and _CONTROLS.search(row.cells[title.lower()]):
            yield f"`{plain(title)}` holds control characters or line ends: write it on one line"
    login = student(row, layout).login
    if login and not _may_be_a_login(login, layout):
        yield f"`{_short(login)}` is no login that a code host has: letters, digits, dashes, dots and underscores, at most 99"
    role = row.cells.get("role", "")
    if role.lower() not in (*STUDENT, *STAFF):
        yield f"the role `{_short(role)}` is unknown: write student, ta or teacher"


def remarks(row: Row, layout: Layout, student: Student) -> Iterator[str]:
    """What staff should know of a row that is not wrong."""
    if not student.login:
        named = f"`{_short(student.name)}`" if student.name else "a student"
        yield f"no login: {named} is in the gradebook as `{student.id}`, and no submission can be found by login"
    if plain(layout.name(row.cells)) != layout.name(row.cells):
        yield "the name holds characters that turn text around, which are replaced"


def repeated(file: str, students: Sequence[Student], layout: Layout) -> Iterator[str]:
    """Logins and ids that two rows have."""
    yield from _twice(file, "login", [(one.id, one.row) for one in students])
    for column in layout.unique:
        values = [(_cell(one, column), one.row) for one in students]
        yield from _twice(file, column, [(value, row) for value, row in values if value])


def _twice(file: str, what: str, values: Sequence[tuple[str, int]]) -> Iterator[str]:
    first: dict[str, int] = {}
    for value, row in values:
        earlier = first.setdefault(value.lower(), row)
        if earlier != row:
            yield f"`{file}`, row {row}: the {what} `{_short(value)}` is that of row {earlier}, too: keep one"


def _cell(student: Student, column: str) -> str:
    return next((value for title, value in student.extra.items() if title.lower() == column), "")


def _may_be_a_login(login: str, layout: Layout) -> bool:
    pattern = _CANVAS_LOGIN if layout is CANVAS else _LOGIN
    return bool(pattern.fullmatch(login)) and not login.endswith(".")


def _shown_name(name: str, layout: Layout) -> str:
    return _DEFANGED.sub("", name, count=1) if layout is CLASSROOM_50 and name.startswith("'") else name


def _short(text: str) -> str:
    return plain(text)[:SHOWN]
