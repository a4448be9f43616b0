"""A class of two teams with everything that a grade is made from, as files and as values; its grades are easy to add up."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path

from capstone import invented, repositories
from capstone.repositories import HOSTILE, TEAM
from mlops_grader.capstone import measured as measuring
from mlops_grader.capstone import person
from mlops_grader.capstone.authorship import LeftOut
from mlops_grader.capstone.contributions import Contributions, Stranger
from mlops_grader.capstone.grade import Files
from mlops_grader.capstone.lateness import Record
from mlops_grader.capstone.measured import Measured
from mlops_grader.capstone.peers import Rating
from mlops_grader.capstone.roster import roster
from mlops_grader.capstone.scores import Mark, Score
from mlops_grader.capstone.standing import Inputs, Source, TeamGrade, grade
from mlops_grader.capstone.totals import Recorded
from mlops_grader.team import Member, Team

Rows = list[tuple[str, ...]]
SCORES = ("line", "judge", "team", "person", "verdict", "note")
RATINGS = ("rater", "ratee", "rating")
RECORDS = ("team_or_person", "milestone", "due", "handed_in", "resubmission")
OAK = Team(
    "Team Oak",
    "It counts birds",
    tuple(Member(key, key.title(), (f"{key}@example.org",)) for key in ("eve", "fay", "gus")),
    dict.fromkeys(TEAM.owners, "eve"),
)


def staff(note: str = "") -> Rows:
    """Two examiners: one divided line, a bonus line that both pass, and everybody's oral but Ben's passed."""
    shared = [("scope-value", "iris", "pass"), ("scope-value", "noor", "fail"), ("deploy-canary", "iris", "pass")]
    rows: Rows = [(line, judge, TEAM.name, "", verdict, note) for line, judge, verdict in shared]
    oral = [
        ("expo-oral", "iris", TEAM.name, who, "fail" if who == "ben" else "pass", f"oral of {who}") for who in TEAM.ids
    ]
    return rows + oral


def expo() -> Rows:
    """Two of three judges pass the demo."""
    return [
        ("expo-demo", judge, TEAM.name, "", verdict, "")
        for judge, verdict in (("a", "pass"), ("b", "pass"), ("c", "fail"))
    ]


def peers() -> Rows:
    """One team reviews the other in full, and back."""
    theirs = [("expo-readme", person, TEAM.name, "", "pass", "") for person in OAK.ids]
    return [*theirs, *(("expo-readme", person, OAK.name, "", "pass", "") for person in TEAM.ids)]


def citizenship() -> Rows:
    """Everybody gets 4 of everybody, but Ada 5."""
    return [(a, b, "5" if b == "ada" else "4") for a in TEAM.ids for b in TEAM.ids if a != b]


def lateness() -> Rows:
    """Ada's scoping came nine days late: eight tokens and ten percent."""
    return [("ada", "scoping", "2026-10-01T18:00:00Z", "2026-10-10T18:00:00Z", "")]


def text(head: tuple[str, ...], rows: Rows) -> str:
    """As CSV."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows([head, *rows])
    return written.getvalue()


def given() -> Recorded:
    """The whole class as values."""
    rows = [*staff(), *expo(), *peers()]
    scores = [Score(line, judge, team, who, Mark(mark), note) for line, judge, team, who, mark, note in rows]
    ratings = [Rating(a, b, int(rating)) for a, b, rating in citizenship()]
    instants = (datetime.fromisoformat(lateness()[0][at]) for at in (2, 3))
    return Recorded(scores, ratings, [Record("ada", "scoping", *instants)])


EVIDENCE = Contributions(
    "abc", (), (Stranger(HOSTILE, "x@y", 1, 2),), 3, (LeftOut(f"{HOSTILE}\n.py", "binary"),), ("a note",), {}
)


def made(recorded: Recorded | None = None, found: Measured | None = None, team: Team = TEAM) -> TeamGrade:
    """The grade of the team from values, without a repository."""
    return grade(
        Inputs(
            rubric=invented.RUBRIC,
            team=team,
            roster=roster([team, OAK]),
            measured=found or invented.measured(),
            recorded=recorded or given(),
            evidence=EVIDENCE,
            sources=(Source("scores", f"{HOSTILE}\n.csv", "0" * 64),),
        )
    )


def visible(name: str) -> str:
    """A hostile name without what `team.toml` refuses: characters that turn the text around them."""
    return name.replace("\u202e", "")


def team_file(team: Team) -> str:
    """`team.toml` of a team."""
    members = "".join(
        f"[[members]]\nid = {json.dumps(m.id)}\nname = {json.dumps(visible(m.name))}\nemails = {json.dumps(list(m.emails))}\n"
        for m in team.members
    )
    owners = "".join(f"{area} = {json.dumps(owner)}\n" for area, owner in team.owners.items())
    return f"name = {json.dumps(team.name)}\nproduct = {json.dumps(team.product)}\n{members}[owners]\n{owners}"


def written(folder: Path, found: Measured | None = None) -> tuple[Path, Files]:
    """The class as files: the team's repository, and everything else that the command reads."""
    project = folder / "larch"
    made = repositories.commit(project, {"team.toml": team_file(TEAM), "a.py": "a\nb\n"})
    (folder / "oak").mkdir()
    (folder / "oak" / "team.toml").write_text(team_file(OAK), encoding="utf-8")
    found = found or invented.measured()
    told = measuring.document(found)
    told["submission"]["commit"] = made
    (folder / "measured.json").write_text(json.dumps(told), encoding="utf-8")
    tables = {
        "staff.csv": text(SCORES, staff()),
        "expo.csv": text(SCORES, expo()),
        "peers.csv": text(SCORES, peers()),
        "citizenship.csv": text(RATINGS, citizenship()),
        "lateness.csv": text(RECORDS, lateness()),
    }
    for name, content in tables.items():
        (folder / name).write_text(content, encoding="utf-8")
    paths = [(folder / name,) for name in tables]
    return project, Files(folder / "measured.json", *paths, others=(folder / "oak",))


def worked_example() -> str:
    """The part of `docs/capstone.md` that the code makes: what people handed in, and what becomes of it."""
    made_of = (
        ("Staff", SCORES[:5], [row[:5] for row in staff()]),
        ("Judges of the expo", SCORES[:5], [row[:5] for row in expo()]),
        ("Citizenship", RATINGS, citizenship()),
        ("Lateness", RECORDS, lateness()),
    )
    files = [f"{title}:\n\n```csv\n{text(head, rows)}```" for title, head, rows in made_of]
    grade = made()
    parts = [
        *files,
        "Both checks of deployment and the one of scoping pass, and three peers pass `expo-readme`.",
        _shifted(grade),
    ]
    return "\n\n".join(parts)


def _shifted(grade: TeamGrade) -> str:
    """The Markdown of one person, with its headings two levels deeper."""
    lines = person.as_markdown(grade, grade.people[0]).rstrip().splitlines()
    return "\n".join(f"##{line}" if line.startswith("#") else line for line in lines)
