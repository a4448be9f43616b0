"""Late and resubmitted work: tokens first, then percent of the milestone, from recorded instants.

* A milestone is a phase of the rubric. Each team and each person has a purse of tokens of their own.
* A hand-in that is late, be it by a second, spends a token for each started `hours`, as long as there are some, in the order
  of the hand-ins. The time that tokens do not buy costs `percent` of the milestone for each started day, at most `most`.
* A resubmission costs one token, and one more for each started `hours` after its own due time. Whoever cannot pay all of
  it keeps the tokens and the first hand-in: then the resubmission does not count. A resubmission never costs percent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

from mlops_grader.capstone import rows
from mlops_grader.capstone.roster import Roster
from mlops_grader.capstone.rows import Columns, Row, unknown
from mlops_grader.capstone.rubric import LateRules, Rubric
from mlops_grader.capstone.steps import Operation, Step

COLUMNS = Columns(
    "records", needed=("team_or_person", "milestone", "due", "handed_in"), allowed=("resubmission", "note")
)
DAY = timedelta(days=1)
WORDS = {"": False, "no": False, "false": False, "yes": True, "true": True}


@dataclass(frozen=True)
class Record:
    """One hand-in of a milestone; both instants have an offset."""

    owner: str
    milestone: str
    due: datetime
    handed_in: datetime
    resubmission: bool = False


@dataclass(frozen=True)
class HandIn:
    """What a record cost: tokens and percent of its milestone. `left`: tokens after it. `counts`: False for a resubmission unpaid."""

    record: Record
    late: timedelta
    tokens: int
    left: int
    percent: int
    counts: bool
    steps: tuple[Step, ...]
    words: str


@dataclass(frozen=True)
class Account:
    """All hand-ins of a team or a person in the order in which they came, and the tokens that are left."""

    owner: str
    hand_ins: tuple[HandIn, ...]
    left: int

    @property
    def percents(self) -> Mapping[str, int]:
        """Percent of each milestone that is lost to lateness; a milestone that loses nothing is not in it."""
        return {one.record.milestone: one.percent for one in self.hand_ins if one.percent}

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every row of the arithmetic."""
        return tuple(step for one in self.hand_ins for step in one.steps)


def accounts(records: Iterable[Record], rules: LateRules) -> Mapping[str, Account]:
    """What lateness costs each owner that has a record. The order of the records does not matter, that of the hand-ins does."""
    own: dict[str, list[Record]] = {}
    for record in records:
        own.setdefault(record.owner, []).append(record)
    return {owner: _account(owner, theirs, rules) for owner, theirs in own.items()}


def _account(owner: str, records: Sequence[Record], rules: LateRules) -> Account:
    left, done = rules.tokens, []
    for record in sorted(records, key=lambda one: (one.handed_in, one.due, one.milestone, one.resubmission)):
        done.append((_resubmitted if record.resubmission else _handed_in)(record, left, rules))
        left = done[-1].left
    return Account(owner, tuple(done), left)


def _handed_in(record: Record, left: int, rules: LateRules) -> HandIn:
    late = max(record.handed_in - record.due, timedelta())
    tokens = min(_started(late, timedelta(hours=rules.hours)), left)
    unpaid = max(late - tokens * timedelta(hours=rules.hours), timedelta())
    days = _started(unpaid, DAY)
    percent = min(days * rules.percent, rules.most)
    steps = [*_spent(record, tokens, left)]
    if days:
        each = Step(f"{record.milestone}: percent for {_many(days, 'day')}", *_times(days, rules.percent))
        steps += [each, Step("and not more than", each.result, Operation.AT_MOST, Fraction(rules.most))]
    words = f"{record.milestone} came {_how_late(late)}" + _cost(tokens, percent)
    return HandIn(record, late, tokens, left - tokens, percent, True, tuple(steps), words)


def _resubmitted(record: Record, left: int, rules: LateRules) -> HandIn:
    late = max(record.handed_in - record.due, timedelta())
    price = 1 + _started(late, timedelta(hours=rules.hours))
    begin = f"{record.milestone} was resubmitted {_how_late(late)}"
    if price > left:
        words = f"{begin}: that costs {_many(price, 'token')} and {left} are left, so it does not count"
        return HandIn(record, late, 0, left, 0, False, (), words)
    steps = tuple(_spent(record, price, left))
    return HandIn(record, late, price, left - price, 0, True, steps, begin + _cost(price, 0))


def _started(span: timedelta, unit: timedelta) -> int:
    """How many units have begun in a span of time."""
    return -(-span // unit)


def _spent(record: Record, tokens: int, left: int) -> Iterator[Step]:
    if tokens:
        again = ", resubmitted" if record.resubmission else ""
        yield Step(f"{record.milestone}{again}: tokens left", Fraction(left), Operation.LESS, Fraction(tokens))


def _times(left: int, right: int) -> tuple[Fraction, Operation, Fraction]:
    return Fraction(left), Operation.TIMES, Fraction(right)


def _how_late(late: timedelta) -> str:
    """A late hand-in in hours and minutes, of which one begins with its first second."""
    if not late:
        return "in time"
    hours, minutes = divmod(_started(late, timedelta(minutes=1)), 60)
    return f"{hours} h {minutes:02} min late"


def _cost(tokens: int, percent: int) -> str:
    parts = [_many(tokens, "token")] * bool(tokens) + [f"{percent} % of the milestone"] * bool(percent)
    return f": {' and '.join(parts)}" if parts else ""


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def read(paths: Iterable[Path], rubric: Rubric, roster: Roster) -> tuple[Record, ...]:
    """The records in files. Raises TableError with everything that is wrong in all of them."""
    found, problems = rows.read_all(paths, COLUMNS)
    milestones = [phase.key for phase in rubric.phases]
    for row in found:
        problems += [row.problem(words) for words in _wrong(row, milestones, roster)]
    rows.refuse(problems)
    records = tuple(_record(row) for row in found)
    rows.refuse(list(_contradictions(found, records)))
    return records


def _record(row: Row) -> Record:
    due, handed_in = _instant(row["due"]), _instant(row["handed_in"])
    return Record(row["team_or_person"], row["milestone"], due, handed_in, WORDS[row["resubmission"].lower()])


def _instant(text: str) -> datetime:
    """Raises ValueError in the words of the report."""
    example = "write it as in `2026-11-29T18:00:00+01:00`"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"`{text}` is no date and time: {example}") from None
    if instant.tzinfo is None:
        raise ValueError(f"`{text}` does not say in which time zone: {example}, or with Z at its end for UTC")
    return instant


def _wrong(row: Row, milestones: Sequence[str], roster: Roster) -> Iterator[str]:
    owners = (*roster.teams, *roster.team_of)
    if row["team_or_person"] and row["team_or_person"] not in owners:
        yield unknown("team or person", row["team_or_person"], owners)
    if row["milestone"] and row["milestone"] not in milestones:
        yield unknown("phase", row["milestone"], milestones)
    for column in ("due", "handed_in"):
        try:
            _instant(row[column] or "2000-01-01T00:00Z")  # an empty cell is told elsewhere
        except ValueError as error:
            yield f"`{column}`: {error}"
    if row["resubmission"].lower() not in WORDS:
        yield f"resubmission is `{row['resubmission']}`: write `yes` or `no`"


def _contradictions(found: Sequence[Row], records: Sequence[Record]) -> Iterator[str]:
    """A hand-in that is recorded twice, and a resubmission of what was not handed in before it."""
    first: dict[tuple[object, ...], tuple[Row, Record]] = {}
    for row, one in zip(found, records, strict=True):
        which = (one.owner, one.milestone, one.handed_in if one.resubmission else None)
        earlier, _ = first.setdefault(which, (row, one))
        if earlier is not row:
            advice = f"see {earlier.place}: keep one, or mark a resubmission"
            yield row.problem(f"{one.owner} handed in {one.milestone} already, {advice}")
    for row, one in zip(found, records, strict=True):
        _, before = first.get((one.owner, one.milestone, None), (row, None))
        if one.resubmission and (before is None or before.handed_in >= one.handed_in):
            yield row.problem(
                f"{one.owner} resubmits {one.milestone}, and no row says that it was handed in before that"
            )
