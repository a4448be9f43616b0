"""The class: the rosters of Classroom 50, GitHub Classroom and Canvas, and plain ones, read with everything that is wrong listed by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.capstone.rows import refuse
from mlops_grader.cohort import roster_formats, roster_rows, roster_text
from mlops_grader.cohort.records import Student


@dataclass(frozen=True)
class Roster:
    """The students of a class in the order of their rows. notes: what was left out or had to be guessed, a sentence each.

    It can be gone through like a list of its students.
    """

    students: tuple[Student, ...]
    notes: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Student]:
        return iter(self.students)

    def __len__(self) -> int:
        return len(self.students)

    def __getitem__(self, place: int) -> Student:
        return self.students[place]


def read(path: Path) -> Roster:
    """The roster in a file. Raises TableError with every problem, each with the file and the row; its header tells the format."""
    table = roster_text.read(path)
    layout = roster_formats.layout(path.name, table.header)
    rows = [roster_rows.Row(path.name, number, table.header, cells) for number, cells in table.rows]
    problems, notes, students = list(table.problems), list(table.notes), []
    for row in rows:
        why = layout.left_out(row.cells)
        if why:
            notes.append(row.says(f"left out, {why}"))
            continue
        problems += map(row.says, roster_rows.problems(row, layout))
        student = roster_rows.student(row, layout)
        students.append(student)
        notes += map(row.says, roster_rows.remarks(row, layout, student))
    problems += roster_rows.repeated(path.name, students, layout)
    if not students and not problems:
        problems.append(f"`{path.name}` has no students: write a row for each below its header")
    refuse(problems)
    return Roster(tuple(students), tuple(notes))
