"""A class as Canvas imports it into its gradebook.

Source: the importer of Canvas itself (`lib/gradebook_importer.rb`) and its guide for instructors. What it does, and what follows:

* It looks a student up by `ID`, then by `SIS User ID`, then by `SIS Login ID`, then by name. It reads an `ID` as a number as far as
  digits go, so anything else in that column could hit somebody else and is left out. Which of several accounts an SIS id
  belongs to is said by `Root Account`, which is passed on where the roster has it; `Integration ID` is ignored by Canvas.
* Cells that look like numbers lose their separators, also in an SIS id: `1,234` is not found any more.
* The row whose first cell holds `Points Possible` describes the assignment, even when it is a student's name.
* Columns named like Canvas's own totals are skipped, as is one that says `read only` in that row. An assignment is found by the number
  in parentheses at the end of its name, then by the whole name; otherwise a new one is made.
* An empty cell takes away a score that is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mlops_grader.reports import spreadsheet
from mlops_grader.reports.marks import Mark, line
from mlops_grader.reports.spreadsheet import Exact
from mlops_grader.submission import UsageError

IDENTITIES = ("ID", "SIS User ID", "SIS Login ID")
ACCOUNT = "Root Account"
POINTS = "Points Possible"
OWN = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")  # Canvas's own columns
OTHERS = ("Student", "LastName", "FirstName", "ID", "SIS User ID", "SIS Login ID", "Section", "Integration ID", ACCOUNT)
_NUMBER_LIKE = re.compile(r"-?[0-9.,]+%?")


def document(marks: Sequence[Mark], assignment: str) -> tuple[str, tuple[str, ...]]:
    """The file, and a sentence for each student whom Canvas may not find. Raises UsageError for a name that it does not take."""
    _must_be_taken(assignment)
    account = (ACCOUNT,) * any(mark.column(ACCOUNT) for mark in marks)
    header = ("Student", *IDENTITIES, *account, "Section", Exact(assignment))
    most = max((mark.max_score for mark in marks), default=0)
    points = (f"    {POINTS}", *("",) * (len(header) - 2), most)
    text = spreadsheet.table(header, [points, *(_row(mark, account) for mark in marks)])
    return text, tuple(note for mark in marks for note in _notes(mark))


def _must_be_taken(assignment: str) -> None:
    if OWN.search(assignment) or assignment in OTHERS or line(assignment) != assignment or not assignment:
        raise UsageError(f"`{line(assignment)}` is a column of Canvas's own, or no name: choose another --assignment")
    if spreadsheet.cell(assignment) != assignment:
        raise UsageError(f"`{assignment}` would be a formula in a spreadsheet: begin --assignment with a letter")


def _row(mark: Mark, account: Sequence[str]) -> tuple[object, ...]:
    identities = (Exact(_known(mark, column) or "") for column in (*IDENTITIES, *account))
    return (_name(mark), *identities, line(mark.section), mark.score)


def _name(mark: Mark) -> str:
    """The name on one line; a name that Canvas would take for something else gives way to the id."""
    name = line(mark.name)
    return name if name and POINTS not in name else mark.id


def _known(mark: Mark, column: str) -> str | None:
    """An identity exactly as the roster has it; None when Canvas, or a spreadsheet, would make something else of it."""
    text = mark.column(column)
    if column == "ID":
        return text if re.fullmatch("[0-9]*", text, re.ASCII) else None
    changed = _NUMBER_LIKE.fullmatch(text) and ("," in text or text.count(".") > 1 or text.rstrip("%").endswith("."))
    return None if changed else spreadsheet.exact(text)


def _notes(mark: Mark) -> Iterator[str]:
    who = f"{mark.id} ({line(mark.name)})"
    found = {column: _known(mark, column) for column in IDENTITIES}
    for column in (name for name, text in found.items() if text is None):
        raw = line(mark.column(column))
        yield f"{who}: `{column}` is `{raw}`, which would not arrive in Canvas as it is: the cell is left empty"
    if not any(found.values()):
        yield f"{who}: the roster has none of {', '.join(IDENTITIES)} for this student: Canvas goes by the name, so look at the preview"
