"""People's scores: who passed or failed which line of which team, checked row by row."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mlops_grader.capstone import rows
from mlops_grader.capstone.roster import Roster
from mlops_grader.capstone.rows import Columns, Row, unknown
from mlops_grader.capstone.rubric import Judge, Line, Rubric

COLUMNS = Columns("scores", needed=("line", "judge", "team", "verdict"), allowed=("person", "note"))


class Mark(StrEnum):
    """What a person says about a claim."""

    PASS = "pass"  # noqa: S105  # the word on the sheet
    FAIL = "fail"


@dataclass(frozen=True)
class Score:
    """One judge's mark for one line of one team, or of one person of it; `person` is "" for a line of the team."""

    line: str
    judge: str
    team: str
    person: str
    mark: Mark
    note: str = ""

    @property
    def item(self) -> tuple[str, str, str]:
        """What was judged: line, team, person."""
        return self.line, self.team, self.person


def read(paths: Iterable[Path], kind: Judge, rubric: Rubric, roster: Roster) -> tuple[Score, ...]:
    """The scores in files that judges of one kind filled in; for `Judge.PEER`, `judge` is the id of the reviewer.

    Raises TableError with everything that is wrong in all of the files: each row that cannot be believed, with its place.
    """
    found, problems = rows.read_all(paths, COLUMNS)
    first: dict[tuple[str, ...], Row] = {}
    spelt: dict[str, Row] = {}
    for row in found:
        problems += [row.problem(words) for words in _wrong(row, kind, rubric, roster)]
        problems += _repeated(row, first, spelt)
    rows.refuse(problems)
    return tuple(_score(row) for row in found)


def _score(row: Row) -> Score:
    mark = Mark(row["verdict"].lower())
    return Score(row["line"], row["judge"], row["team"], row["person"], mark, row["note"])


def _wrong(row: Row, kind: Judge, rubric: Rubric, roster: Roster) -> Iterator[str]:
    """What one row says that cannot be; an empty cell is told elsewhere."""
    lines = {line.id: line for line in rubric.lines}
    line = lines.get(row["line"])
    if row["line"] and line is None:
        yield unknown("line", row["line"], lines)
    if line and line.judge is not kind:
        yield _not_theirs(line, kind)
    team = row["team"]
    if team and team not in roster.teams:
        yield unknown("team", team, roster.teams)
    if row["judge"]:
        yield from _wrong_judge(row["judge"], team, kind, roster)
    if line:
        yield from _wrong_person(row["person"], line, team, roster)
    if row["verdict"] and row["verdict"].lower() not in set(Mark):
        yield f"the verdict is `{row['verdict']}`: write `pass` or `fail`"


def _not_theirs(line: Line, kind: Judge) -> str:
    if line.judge is Judge.CHECK:
        return f"`{line.id}` is proved by checks, nobody scores it: remove this row"
    return f"`{line.id}` is for {_who(line.judge)}, and this file has the scores of {_who(kind)}: move this row"


def _who(kind: Judge) -> str:
    return {Judge.STAFF: "staff", Judge.PEER: "peers", Judge.EXPO: "judges of the expo", Judge.CHECK: "checks"}[kind]


def _wrong_judge(judge: str, team: str, kind: Judge, roster: Roster) -> Iterator[str]:
    home = roster.team_of.get(judge)
    if kind is Judge.PEER and home is None:
        yield unknown("person", judge, roster.team_of)
    elif kind is Judge.PEER and home == team:
        yield f"`{judge}` is in `{team}`: nobody reviews their own team"
    elif kind is not Judge.PEER and home is not None:
        yield f"the judge `{judge}` is a student of `{home}`: name {_who(kind)} in another way, or move this row"


def _wrong_person(person: str, line: Line, team: str, roster: Roster) -> Iterator[str]:
    if not line.individual:
        if person:
            yield f"`{line.id}` is scored for the team, not for `{person}`: leave `person` empty"
        return
    if not person:
        yield f"`{line.id}` is scored for each person: write an id under `person`"
    elif team in roster.teams and person not in roster.teams[team].ids:
        yield unknown(f"member of `{team}`", person, roster.teams[team].ids)


def _repeated(row: Row, first: dict[tuple[str, ...], Row], spelt: dict[str, Row]) -> Iterator[str]:
    """A judge who scored the same thing twice, or whose name is written in two ways and would count as two."""
    key = (row["judge"].casefold(), row["line"], row["team"], row["person"])
    earlier = first.setdefault(key, row)
    if earlier is not row and all(key[:3]):
        yield row.problem(f"`{row['judge']}` scored `{row['line']}` of this already, see {earlier.place}: keep one")
    same = spelt.setdefault(row["judge"].casefold(), row)
    if same["judge"] != row["judge"]:
        yield row.problem(f"the judge is `{row['judge']}` here and `{same['judge']}` in {same.place}: write one name")


def gaps(scores: Sequence[Score], rubric: Rubric, people: Collection[str]) -> tuple[str, ...]:
    """For one team: who scored some of the lines of a kind and left out others, in words. Those count as not judged by them."""
    told = []
    for kind in (Judge.STAFF, Judge.PEER, Judge.EXPO):
        asked = items(rubric, kind, people)
        theirs = [score for score in scores if rubric.line(score.line).judge is kind]
        for judge in sorted({score.judge for score in theirs}):
            done = {(score.line, score.person) for score in theirs if score.judge == judge}
            left = [
                line if not person else f"{line} ({person})" for line, person in asked if (line, person) not in done
            ]
            if left:
                told.append(f"{judge} scored {len(done)} of {len(asked)} lines and left out {', '.join(left)}")
    return tuple(told)


def items(rubric: Rubric, kind: Judge, people: Collection[str]) -> tuple[tuple[str, str], ...]:
    """What judges of a kind have to score of a team with these members: each line, with "" or each person."""
    return tuple(
        (line.id, person)
        for line in rubric.lines
        if line.judge is kind
        for person in (people if line.individual else ("",))
    )
