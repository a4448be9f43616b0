"""The expo: a site of all products, running order, judge sheets, votes and certificates, from the teams' repositories."""

from __future__ import annotations

import argparse
import re
from datetime import date, datetime, time
from pathlib import Path

from rich.console import Console

from mlops_grader.capstone import folder
from mlops_grader.capstone import rubric as rubrics
from mlops_grader.capstone.expo import entries as gathering
from mlops_grader.capstone.expo import site, votes
from mlops_grader.capstone.expo.order import clashes, running_order, timetable
from mlops_grader.capstone.expo.site import Expo
from mlops_grader.capstone.expo.votes import TieBreak
from mlops_grader.submission import UsageError

JUDGES = ("judge-1", "judge-2", "judge-3")
DAY = 24 * 60  # minutes

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone expo` takes."""
    parser.add_argument("--teams", nargs="+", type=Path, required=True, metavar="FOLDER", help="each team's repository")
    parser.add_argument(
        "--measured",
        nargs="*",
        type=Path,
        default=[],
        metavar="FILE",
        help="documents of `capstone measure`, or a folder of them",
    )
    parser.add_argument("--to", type=Path, required=True, metavar="SITE", help="the folder to make")
    parser.add_argument("--title", default="Expo", help="as it stands on every page")
    parser.add_argument(
        "--date", type=date.fromisoformat, default=None, metavar="2026-12-04", help="the day (default: today)"
    )
    parser.add_argument(
        "--start", type=time.fromisoformat, default=time(14), metavar="14:00", help="when the first team shows"
    )
    parser.add_argument("--minutes", type=int, default=12, help="for each team (default: 12)")
    parser.add_argument("--pause", type=int, default=3, metavar="MINUTES", help="between two teams (default: 3)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw for the running order")
    parser.add_argument("--judge", action="append", default=[], metavar="ID", help="a judge; may be repeated")
    parser.add_argument(
        "--votes", type=Path, metavar="FILE", help="voter, category and team of each vote, as CSV or TOML"
    )
    parser.add_argument(
        "--tie-break",
        type=TieBreak,
        default=TieBreak.NONE,
        choices=list(TieBreak),
        help="how a shared place is decided (default: not at all)",
    )
    parser.add_argument(
        "--base-url", default="", metavar="URL", help="where the folder `site` will be published, for the QR codes"
    )
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="another rubric than the course's own")


def run(options: argparse.Namespace, console: Console) -> int:
    """Make the folder of an expo, and say what the teams' files lack. Raises UsageError."""
    _sound(options)
    entries = gathering.gather(options.teams, _documents(options.measured))
    order = running_order(entries, options.seed)
    tally = votes.count(options.votes, entries, options.tie_break, options.seed) if options.votes else None
    day = options.date or date.today()  # noqa: DTZ011  # the day where the expo is
    expo = Expo(
        title=options.title,
        date=day,
        seed=options.seed,
        base_url=options.base_url.rstrip("/"),
        slots=timetable(order, datetime.combine(day, options.start), options.minutes, options.pause),
        minutes=options.minutes,
        pause=options.pause,
        judges=tuple(dict.fromkeys(options.judge)) or JUDGES,
        rubric=rubrics.load(options.rubric),
        tally=tally,
    )
    folder.replace(options.to, site.files(expo), site.MARK)
    notices = [notice for entry in entries for notice in entry.notices]
    refused = tally.refused if tally else ()
    for words in (*notices, *clashes(order), *refused, *_without_address(expo)):
        console.print(words, style="yellow", markup=False, highlight=False, soft_wrap=True)
    console.print(f"To publish: {options.to / 'site' / 'index.html'}", highlight=False, soft_wrap=True)
    console.print(f"To print: {options.to / 'print'}", highlight=False, soft_wrap=True)
    return 0


def _without_address(expo: Expo) -> tuple[str, ...]:
    return () if expo.base_url else ("the judge sheets have no QR codes: say with --base-url where the site will be",)


def _documents(named: list[Path]) -> list[Path]:
    """The documents themselves, and those in folders."""
    return [path for each in named for path in (sorted(each.glob("*.json")) if each.is_dir() else [each])]


def _sound(options: argparse.Namespace) -> None:
    if options.minutes < 1 or options.pause < 0 or options.minutes + options.pause > DAY:
        raise UsageError("--minutes is 1 or more, --pause 0 or more, and both together at most a day")
    if options.seed < 0:
        raise UsageError("--seed is 0 or more")
    if options.base_url and not re.fullmatch(r"https?://[^\s<>\"'?#]+", options.base_url):
        raise UsageError(f"--base-url `{options.base_url}` is no web address: write one like https://example.org/expo")
    for judge in options.judge:
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", judge):
            raise UsageError(f"--judge `{judge}`: use small letters, digits and dashes, as in `judge-1` or `ada-l`")
