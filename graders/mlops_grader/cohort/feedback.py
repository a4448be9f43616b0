"""Feedback back to the students: a page and a Markdown file for each, and an issue in their repository when that is asked for."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_grader.capstone import folder
from mlops_grader.cohort import gradebook, handout, ledger, letters, publishing
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.overrides import find
from mlops_grader.cohort.records import Settings
from mlops_grader.submission import UsageError

if TYPE_CHECKING:
    from rich.console import Console

FOLDER, INDEX = "feedback", "index.html"
_SAFE = re.compile(r"(?!\.)[^/\\\x00-\x1f:*?\"<>|]{1,200}(?<!\.)")  # a file name on every system, and no hidden one


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the step."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="the folder of the run")
    parser.add_argument("--to", type=Path, metavar="DIR", help=f"where to (default: RUN/{FOLDER})")
    parser.add_argument("--student", metavar="ID", help="only this one")
    parser.add_argument(
        "--push",
        action="store_true",
        help="make an issue of it in each student's repository, with `gh`, once for each grade",
    )
    parser.add_argument("--dry-run", action="store_true", help="with --push: only say what it would do")
    parser.add_argument("--even-public", action="store_true", help="with --push: in public repositories, too")


def run(options: argparse.Namespace, console: Console) -> int:
    """Write the feedback, and push it when asked to. Raises UsageError. 2 when something could not be pushed."""
    if options.dry_run and not options.push:
        raise UsageError("--dry-run says what --push would do: give both")
    with JobLog(options.run_folder) as log:
        settings, entries = log.settings(), gradebook.rows(log)
    one = find(options.student, [entry.student for entry in entries]).id if options.student else None
    chosen = [entry for entry in entries if one in (None, entry.student.id)]
    place = options.to or options.run_folder / FOLDER

    def tell(words: str) -> None:
        console.print(words, markup=False, highlight=False, soft_wrap=True)

    _write(place, _files(chosen, settings), whole=one is None, entries=entries, module=settings.module)
    written = place / INDEX if one is None else place / "students" / f"{one}.html"
    tell(f"Written: {len(chosen)} {'student' if len(chosen) == 1 else 'students'}, {written}")
    if not options.push:
        return 0
    asked = publishing.Asked(options.run_folder, dry=options.dry_run, even_public=options.even_public)
    return 0 if publishing.push(chosen, entries, settings, asked, tell) else 2


def _files(entries: Sequence[Entry], settings: Settings) -> dict[str, str]:
    """The files of these students, by their paths."""
    lessons, files = _lessons(settings), {}
    for entry in entries:
        name = entry.student.id
        if not _SAFE.fullmatch(name):
            raise UsageError(f"`{name}` can be no file name: give this student a login in the roster")
        told = letters.letter(entry, settings.module)
        files[f"students/{name}.md"] = letters.as_markdown(told)
        files[f"students/{name}.html"] = letters.as_page(told, lessons)
    return files


def _write(place: Path, files: Mapping[str, str], *, whole: bool, entries: list[Entry], module: str) -> None:
    if whole:
        folder.replace(place, {**files, INDEX: letters.index(entries, module)}, INDEX)
        return
    for name, content in files.items():
        ledger.write_bytes(place / name, content.encode())


def _lessons(settings: Settings) -> dict[str, str]:
    """The module's lesson as it was handed out, by its key; nothing without a handout: the page then names where it stands."""
    key = settings.module
    if not settings.handout:
        return {}
    path = handout.of_module(Path(settings.handout), key) / "repository" / "lessons" / f"{key}.md"
    return {key: path.read_text(encoding="utf-8", errors="replace")} if path.is_file() else {}
