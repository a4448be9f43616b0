"""A sheet as Markdown, for repositories and course pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from mlops_grader.capstone.contents import Row, Section, Sheet, counted

MADE = "<!-- Made from `rubric.toml` by `mlops-grader capstone sheets`: change it there. -->"
_SPECIAL = re.compile(r"([\\*_\[\]#|~$])")
_CODE = re.compile(r"(`[^`\n]+`)")


def document(sheet: Sheet) -> str:
    """The whole sheet."""
    head = [MADE, f"# {plain(sheet.title)}", *map(plain, sheet.words), *_fields(sheet)]
    tables = ["\n".join(table(sheet.table.head, sheet.table.rows))] if sheet.table else []
    sections = [block for section in sheet.sections for block in _section(section, sheet)]
    notes = [f"**{plain(note)}**" for note in sheet.notes]
    return "\n\n".join([*head, *tables, *sections, *notes]) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table; columns that hold only numbers are set to the right."""
    known = [list(row) for row in rows]
    columns = zip(*known, strict=True) if known else ([] for _ in head)
    marks = ("---:" if all(cell.isdigit() or not cell for cell in column) and column else "---" for column in columns)
    return [_cells(map(plain, head)), f"|{'|'.join(marks)}|", *(_cells(map(plain, row)) for row in known)]


def plain(words: str) -> str:
    """Words that Markdown shows as they are, with `code` between backticks; one line."""
    parts = _CODE.split(" ".join(words.split()))
    return "".join(part.replace("|", "\\|") if _CODE.fullmatch(part) else _escaped(part) for part in parts)


def _escaped(words: str) -> str:
    quiet = _SPECIAL.sub(r"\\\1", words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return quiet.replace("`", "\\`").replace("://", ":&#47;/").replace("@", "&#64;")


def _cells(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _fields(sheet: Sheet) -> list[str]:
    return ["\n".join(["| | |", "|---|---|", *(f"| {field} | |" for field in sheet.fields)])] if sheet.fields else []


def _section(section: Section, sheet: Sheet) -> list[str]:
    heading = f"## {plain(section.title)}: {counted(section.most, 'point')}"
    if len(sheet.boxes) == 1:
        return [heading, "\n".join(_item(row) for row in section.rows)]
    head = "| line | points | claim | " + " | ".join(sheet.boxes) + " | note |"
    marks = "|---|---:|---|" + ":---:|" * len(sheet.boxes) + "---|"
    return [heading, "\n".join([head, marks, *(_scored(row, sheet.boxes) for row in section.rows)])]


def _item(row: Row) -> str:
    details = "".join(f"\n  *{name}:* {plain(words)}." for name, words in row.details)
    return f"- [ ] **{_worth(row)}** {plain(row.words)} (`{row.label}`){details}"


def _scored(row: Row, boxes: Sequence[str]) -> str:
    details = "".join(f"<br>*{name}:* {plain(words)}" for name, words in row.details)
    points = f"+{row.points}" if row.bonus else str(row.points)
    return _cells([f"`{row.label}`", points, plain(row.words) + details, *("☐" for _ in boxes), ""])


def _worth(row: Row) -> str:
    return f"{'Bonus, ' if row.bonus else ''}{counted(row.points, 'point')}:"
