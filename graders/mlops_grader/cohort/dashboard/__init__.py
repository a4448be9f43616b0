"""The dashboard of a class: a static site for staff, which needs no server and no network."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_grader.cohort import gradebook
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.submission import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from mlops_grader.cohort.dashboard.site import Board

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader cohort dashboard` takes."""
    parser.add_argument("run_folder", type=Path, metavar="RUN", help="the run's folder")
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to make it (default: RUN/dashboard)")
    parser.add_argument(
        "--anonymous",
        action="store_true",
        help="drawn labels, and no text of a student (default: RUN/dashboard-anonymous)",
    )
    parser.add_argument("--with-names", action="store_true", help="names may leave the run's folder")
    parser.add_argument("--pass-mark", type=int, default=50, metavar="PERCENT", help="of the points (default: 50)")
    parser.add_argument("--no-similar", action="store_true", help="do not compare the submissions with each other")
    parser.add_argument(
        "--similar-from",
        type=int,
        default=None,
        metavar="PERCENT",
        help="show pairs that share this much (default: 50)",
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Make the site and say where it is. Raises UsageError."""
    from mlops_grader.capstone import folder
    from mlops_grader.cohort.dashboard import site

    _sound(options)
    to = options.to or options.run_folder / ("dashboard-anonymous" if options.anonymous else "dashboard")
    _may_lie_there(to, options)
    board = _board(options, console)
    folder.replace(to, site.files(board), site.MARK)
    console.print(f"To open: {(to / 'index.html').resolve()}", markup=False, highlight=False, soft_wrap=True)
    return 0


def _board(options: argparse.Namespace, console: Console) -> Board:
    from mlops_grader.cohort.dashboard.anonymous import anonymous, nameless
    from mlops_grader.cohort.dashboard.compared import compared
    from mlops_grader.cohort.dashboard.site import Board

    with JobLog(options.run_folder) as log:
        settings, entries, overrides, strays = log.settings(), gradebook.rows(log), log.overrides(), log.strays()
    if options.anonymous:
        return Board(nameless(settings), tuple(anonymous(entries)), pass_percent=options.pass_mark, anonymous=True)
    found = None
    if not options.no_similar:
        with console.status("Comparing the submissions"):
            found = compared(options.run_folder, settings, entries, options.similar_from)
    place = str(options.run_folder)
    return Board(settings, tuple(entries), overrides, strays, found, options.pass_mark, folder=place)


def _may_lie_there(to: Path, options: argparse.Namespace) -> None:
    """Raise UsageError when names would leave the run's folder without anybody having said so."""
    inside = to.resolve().is_relative_to(options.run_folder.resolve())
    if not (inside or options.anonymous or options.with_names):
        raise UsageError(
            f"`{to}` lies outside of the run's folder, and the dashboard holds names, grades and findings of students: "
            "add --anonymous for one that may be shown, or --with-names if that place is for staff only"
        )
    if to.resolve() == options.run_folder.resolve():
        raise UsageError(f"`{to}` is the run's folder itself: name another folder with --to")


def _sound(options: argparse.Namespace) -> None:
    for name, value in (("--pass-mark", options.pass_mark), ("--similar-from", options.similar_from)):
        if value is not None and not 0 <= value <= 100:
            raise UsageError(f"{name} is a percentage, from 0 to 100")
