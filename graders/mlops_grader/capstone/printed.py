"""A sheet as a page for the printer: A4 or Letter, black on white, with boxes to tick and room to write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template

from mlops_grader.capstone.contents import Row, Section, Sheet, Table, counted
from mlops_grader.reports.cards import prose, text

PAPERS = {"a4": "A4", "letter": "Letter"}

_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>$title</title>
<style>
@page { size: $paper; @bottom-left { content: "$foot"; } }
$style</style>
</head>
<body>
<main class="$name">
$body
</main>
</body>
</html>
""")


def page(sheet: Sheet, *, course: str, paper: str = "a4", filled: Mapping[str, str] | None = None) -> str:
    """The page. course: title and version of the rubric, for the foot. filled: fields that are known, by their name."""
    known = {field: (filled or {}).get(field, "") for field in sheet.fields}
    body = "\n".join(filter(None, [_head(sheet), _table(sheet.table), _lines(sheet, known), _notes(sheet)]))
    return _PAGE.substitute(
        title=f"{text(sheet.title)} · {text(course)}",
        paper=PAPERS[paper],
        foot=_in_css(f"{sheet.title} · {course}"),
        style=files("mlops_grader.capstone").joinpath("printed.css").read_text(encoding="utf-8"),
        name=text(sheet.name),
        body=body,
    )


def _in_css(words: str) -> str:
    """Words inside a CSS string: what is no letter, digit or blank as its number, so that nothing ends the string."""
    return re.sub(r"[^A-Za-z0-9 ]", lambda found: f"\\{ord(found[0]):x} ", words)


def _head(sheet: Sheet) -> str:
    words = "\n".join(f"<p>{prose(paragraph)}</p>" for paragraph in sheet.words)
    return f"<header>\n<h1>{text(sheet.title)}</h1>\n{words}\n</header>"


def _lines(sheet: Sheet, known: Mapping[str, str]) -> str:
    """The rows as tables, whose heads come again on every page: one table, or one for each section that stands apart."""
    apart = [section for section in sheet.sections if section.apart]
    groups = [[section] for section in apart] or ([list(sheet.sections)] if sheet.sections else [])
    return "\n".join(_group(group, sheet, known) for group in groups)


def _group(sections: Iterable[Section], sheet: Sheet, known: Mapping[str, str]) -> str:
    blocks = list(sections)
    kind = "lines apart" if blocks[0].apart else "lines"
    bodies = "\n".join(_section(section, sheet) for section in blocks)
    columns = "".join(f'<th scope="col" class="tick">{text(box)}</th>' for box in sheet.boxes)
    note = '<th scope="col" class="note">notes</th>' if _has_notes(sheet) else ""
    return f"""<table class="{kind}">
<thead>
<tr><td class="fields" colspan="{_width(sheet)}">{_fields(known)}</td></tr>
<tr><th scope="col" class="points">points</th><th scope="col" class="claim">claim</th>{columns}{note}</tr>
</thead>
{bodies}
</table>"""


def _has_notes(sheet: Sheet) -> bool:
    return len(sheet.boxes) > 1


def _width(sheet: Sheet) -> int:
    return 2 + len(sheet.boxes) + _has_notes(sheet)


def _fields(known: Mapping[str, str]) -> str:
    blanks = (f'<span class="field">{text(name)} <b>{text(value)}</b></span>' for name, value in known.items())
    return f'<div class="row">{"".join(blanks)}</div>'


def _section(section: Section, sheet: Sheet) -> str:
    first, *rest = [_row(row, sheet) for row in section.rows]
    heading = (
        f'<tr class="section"><th scope="rowgroup" colspan="{_width(sheet)}">{text(section.title)}'
        f'<span class="most">{_total(section, sheet)}</span></th></tr>'
    )
    return "\n".join(["<tbody>", heading, first, *rest, "</tbody>"])


def _total(section: Section, sheet: Sheet) -> str:
    """The points of a section; where they are given, with room for the sum."""
    most = counted(section.most, "point") if section.most else "bonus"
    return f'<span class="sum"></span> of {most}' if _has_notes(sheet) and section.most else most


def _row(row: Row, sheet: Sheet) -> str:
    ticks = '<td class="tick"><span class="box"></span></td>' * len(sheet.boxes)
    note = '<td class="note"></td>' if _has_notes(sheet) else ""
    points = f'+{row.points}<span class="bonus">bonus</span>' if row.bonus else str(row.points)
    details = "".join(f"<p><span>{text(name)}:</span> {prose(words)}</p>" for name, words in row.details)
    return (
        f'<tr><td class="points">{points}</td><td class="claim"><p class="words">{prose(row.words)} '
        f'<code class="id">{text(row.label)}</code></p>{details}</td>{ticks}{note}</tr>'
    )


def _table(table: Table | None) -> str:
    if table is None:
        return ""
    head = "".join(f'<th scope="col">{text(cell)}</th>' for cell in table.head)
    rows = "\n".join("<tr>" + "".join(f"<td>{text(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    return f'<table class="points-table">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>'


def _notes(sheet: Sheet) -> str:
    return "\n".join(f'<section class="notes"><h2>{text(note)}</h2></section>' for note in sheet.notes)
