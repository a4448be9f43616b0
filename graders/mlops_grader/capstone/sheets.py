"""The command that makes every sheet of the rubric: Markdown, pages for the printer, and blank score forms."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from mlops_grader.capstone import contents, forms, markdown, printed
from mlops_grader.capstone import folder as folders
from mlops_grader.capstone.rubric import Judge, Rubric, load
from mlops_grader.capstone.syllabus import syllabus
from mlops_grader.submission import UsageError

KINDS = ("markdown", "pages", "forms")
ENDS = {".md", ".html", ".csv"}
MAKERS = (contents.checklist, contents.score_sheet, contents.expo_sheet, contents.peer_form, contents.debrief, syllabus)
ASKED = (Judge.STAFF, Judge.PEER, Judge.EXPO)


@dataclass(frozen=True)
class Known:
    """What is filled in already."""

    team: str = ""
    judge: str = ""
    people: tuple[str, ...] = ()


def documents(rubric: Rubric) -> tuple[contents.Sheet, ...]:
    """All sheets that are made from a rubric."""
    return tuple(make(rubric) for make in MAKERS)


def files(
    rubric: Rubric, kinds: Collection[str] = KINDS, *, paper: str = "a4", known: Known | None = None
) -> dict[str, str]:
    """The text of every file, by its name."""
    filled = known or Known()
    made: dict[str, str] = {}
    if "markdown" in kinds:
        made |= {f"{sheet.name}.md": markdown.document(sheet) for sheet in documents(rubric)}
    if "pages" in kinds:
        made |= _pages(rubric, paper, filled)
    if "forms" in kinds:
        made |= {f"scores-{judge}.csv": _form(rubric, judge, filled) for judge in ASKED}
    return made


def _pages(rubric: Rubric, paper: str, known: Known) -> dict[str, str]:
    course = f"{rubric.title} · {rubric.version}"
    names = {"Team": known.team, "Team reviewed": known.team, "Judge": known.judge, "Reviewer": known.judge}
    return {
        f"{sheet.name}.html": printed.page(sheet, course=course, paper=paper, filled=names)
        for sheet in documents(rubric)
    }


def _form(rubric: Rubric, judge: Judge, known: Known) -> str:
    return forms.form(rubric, judge, name=known.judge, team=known.team, people=known.people)


def put(made: Mapping[str, str], folder: Path) -> None:
    """Make a folder that holds these files and no others, whole or not at all. Raises UsageError."""
    _may_be_replaced(folder)
    folders.put(folder.resolve(), made)


def _may_be_replaced(folder: Path) -> None:
    """Refuse a folder that holds anything but earlier sheets: what people filled in is never written over."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"`{folder}` is a file: name a folder for the sheets")
    blank = files(load())
    foreign = sorted(path.name for path in folder.iterdir() if path.name not in blank)
    if foreign:
        raise UsageError(f"`{folder}` holds `{foreign[0]}`, which is no sheet: name a new folder")
    for path in folder.glob("scores-*.csv"):
        if _has_verdicts(path.read_text(encoding="utf-8-sig", errors="replace")):
            raise UsageError(f"`{path}` has scores in it, which would be lost: move it, or name a new folder")


def _has_verdicts(form: str) -> bool:
    return any(word in form for word in (",pass,", ",fail,", ";pass;", ";fail;"))


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone sheets` takes."""
    parser.add_argument("folder", nargs="?", default=Path("sheets"), type=Path, help="where they go (default: sheets)")
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="a rubric of your own (default: the course's)")
    parser.add_argument(
        "--kind", action="append", choices=KINDS, help="only these: markdown, pages or forms; may be repeated"
    )
    parser.add_argument("--paper", choices=sorted(printed.PAPERS), default="a4", help="of the pages (default: a4)")
    parser.add_argument("--team", default="", help="the team, filled in already")
    parser.add_argument("--judge", default="", help="who judges, filled in already")
    parser.add_argument(
        "--person",
        action="append",
        default=[],
        metavar="ID",
        help="a member, for the rows of the oral; may be repeated",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the sheets. Returns 0; raises UsageError."""
    people: Sequence[str] = options.person
    known = Known(options.team, options.judge, tuple(people))
    made = files(load(options.rubric), options.kind or KINDS, paper=options.paper, known=known)
    put(made, options.folder)
    console.print(f"{len(made)} files in {options.folder}", soft_wrap=True, highlight=False, markup=False)
    return 0
