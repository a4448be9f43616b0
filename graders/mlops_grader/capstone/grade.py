"""The command that grades a team: reads everything that is recorded, and leaves a folder of pages and data."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mlops_grader.capstone import (
    contributions,
    folder,
    grade_document,
    lateness,
    measured,
    peers,
    person,
    report,
    scores,
)
from mlops_grader.capstone import rubric as rubrics
from mlops_grader.capstone.measured import Measured
from mlops_grader.capstone.points import total
from mlops_grader.capstone.roster import Roster, roster
from mlops_grader.capstone.rubric import Judge, Rubric
from mlops_grader.capstone.standing import Inputs, Source, TeamGrade, grade
from mlops_grader.capstone.totals import Recorded
from mlops_grader.submission import UsageError, locate, snapshot
from mlops_grader.team import FILE, load

DOCUMENT = "grade.json"


@dataclass(frozen=True)
class Files:
    """What a grade is made from: files, and the folders or `team.toml` files of the other teams."""

    measured: Path
    scores: tuple[Path, ...] = ()
    expo: tuple[Path, ...] = ()
    reviews: tuple[Path, ...] = ()
    citizenship: tuple[Path, ...] = ()
    lateness: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()


def read(project: Path, rubric: Rubric, given: Files) -> Inputs:
    """Everything that a grade is made from, as it is at the commit that was measured. Raises UsageError."""
    found = measured.read(given.measured)
    _must_fit(found, rubric, given.measured)
    with TemporaryDirectory(prefix="mlops-grader-", ignore_cleanup_errors=True) as place:
        submission = snapshot(project, Path(place).resolve(), found.submission.commit)
        team = load(submission.root / FILE)
        evidence = contributions.evidence(submission, team)
    everybody = roster([team, *(load(_team_file(path)) for path in given.others)])
    return Inputs(
        rubric=rubric,
        team=team,
        roster=everybody,
        measured=found,
        recorded=_recorded(rubric, everybody, given),
        evidence=evidence,
        sources=tuple(_sources(rubric, given)),
    )


def _must_fit(found: Measured, rubric: Rubric, path: Path) -> None:
    if found.submission.commit is None:
        raise UsageError(f"`{path}` measured a project without a commit: commit, measure again, then grade")
    if found.rubric != rubric.version:
        raise UsageError(
            f"`{path}` was measured with version {found.rubric} of the rubric, this is {rubric.version}: "
            "measure again, or name the other rubric with --rubric"
        )
    unknown = sorted({line.id for line in found.lines} - {line.id for line in rubric.lines})
    if unknown:
        raise UsageError(f"`{path}` has lines that the rubric does not have ({', '.join(unknown)}): measure again")


def _team_file(path: Path) -> Path:
    return path / FILE if path.is_dir() else path


def _recorded(rubric: Rubric, everybody: Roster, given: Files) -> Recorded:
    said = (
        *scores.read(given.scores, Judge.STAFF, rubric, everybody),
        *scores.read(given.expo, Judge.EXPO, rubric, everybody),
        *scores.read(given.reviews, Judge.PEER, rubric, everybody),
    )
    ratings = peers.read(given.citizenship, everybody)
    return Recorded(said, ratings, lateness.read(given.lateness, rubric, everybody))


def _sources(rubric: Rubric, given: Files) -> Iterator[Source]:
    """The inputs by what they are and by their content, so that their order and their folders make no difference."""
    yield Source("rubric", f"version {rubric.version}", _sha256(grade_document.rubric_text(rubric).encode()))
    for role in ("measured", "scores", "expo", "reviews", "citizenship", "lateness", "others"):
        paths = getattr(given, role)
        files = [_team_file(path) for path in ([paths] if isinstance(paths, Path) else paths)]
        named = (Source(role, path.name, _sha256(path.read_bytes())) for path in files)
        yield from sorted(named, key=lambda source: (source.name, source.sha256))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def files_of(made: TeamGrade) -> dict[str, str]:
    """The files of a grade by their paths: the team's page, each member's, and the data for staff."""
    people = {f"people/{own.member.id}.html": person.page(made, own) for own in made.people}
    words = {f"people/{own.member.id}.md": person.as_markdown(made, own) for own in made.people}
    return {"team.html": report.page(made), **people, **words, DOCUMENT: grade_document.as_json(made)}


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone grade` takes."""
    parser.add_argument("team", type=Path, metavar="TEAM_FOLDER", help="the folder of the team's repository")
    parser.add_argument("--measured", type=Path, required=True, metavar="FILE", help="what `capstone measure` wrote")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="where the pages and the data go")
    for name, words in (
        ("scores", "scores by staff"),
        ("expo", "scores by judges of the expo"),
        ("reviews", "reviews by peers, of the whole class"),
        ("citizenship", "how team-mates rate each other"),
        ("lateness", "when work was due and handed in"),
    ):
        parser.add_argument(
            f"--{name}", type=Path, nargs="+", action="extend", default=[], metavar="FILE", help=f"{words}, TOML or CSV"
        )
    parser.add_argument(
        "--others", type=Path, nargs="+", action="extend", default=[], metavar="TEAM",
        help="the folders or `team.toml` files of the other teams, whose members review this one",
    )  # fmt: skip
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="another rubric than the course's own")


def run(options: argparse.Namespace, console: Console) -> int:
    """Grade a team, write the folder, and show what came out."""
    given = Files(
        options.measured,
        *(tuple(getattr(options, name)) for name in ("scores", "expo", "reviews", "citizenship", "lateness", "others")),
    )
    made = grade(read(locate(options.team), rubrics.load(options.rubric), given))
    folder.replace(options.to, files_of(made), DOCUMENT)
    _show(made, console)
    console.print(f"Written: {options.to}", style="dim", soft_wrap=True, highlight=False)
    return 0


def _show(made: TeamGrade, console: Console) -> None:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_row(Text(made.inputs.team.name), f"{report.score(made)}", _state(made))
    for own in made.people:
        table.add_row(Text(own.member.name), total(own.total), person.state(own))
    console.print(table)
    _list(console, "Missing", made.total.missing)
    _list(console, "Left out by judges", made.gaps)
    _list(console, "Owed", [f"{own.member.id}: {words}" for own in made.people for words in person.owed(own)])


def _state(made: TeamGrade) -> str:
    return "provisional" if made.total.provisional else "final"


def _list(console: Console, heading: str, rows: Sequence[str]) -> None:
    for number, row in enumerate(rows):
        console.print(Text(f"{heading if not number else '':20}{row}", style="dim"), soft_wrap=True)
