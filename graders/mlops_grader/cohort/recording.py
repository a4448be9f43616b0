"""The commit that counts: the last one in time, or the one that was stated; and what its dates say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_grader.cohort.late import accepts_late
from mlops_grader.cohort.plumbing import Git
from mlops_grader.cohort.records import Settings
from mlops_grader.cohort.taking import Stated, Taken
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

TOLERATED = timedelta(minutes=5)  # by which the clocks of two machines may differ
MOST_COMMITS = 100_000
_HASH = re.compile(r"[0-9a-f]{7,40}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Commit:
    """A commit: its name, its parents, and the instant that its committer's machine wrote into it."""

    name: str
    parents: tuple[str, ...]
    at: datetime


@dataclass(frozen=True)
class Recorded:
    """The commit that counts, how long after the deadline it was made, and what staff should know."""

    commit: str
    at: datetime
    late: timedelta
    notes: tuple[str, ...]


def record(taken: Taken, settings: Settings, now: datetime | None = None) -> Recorded:
    """Choose the commit that counts. Raises UsageError when there is none, in words for staff."""
    commits = tuple(history(taken.git, taken.head))
    notes = [*taken.notes, *_doubts(commits, now or datetime.now(UTC))]
    if taken.stated:
        named = _named(taken.git, taken.stated)
        if taken.stated.binding or _counts(named, settings):
            return _recorded(named, settings, [f"{taken.stated.by} names this commit", *notes])
        notes.append(
            f"{taken.stated.by} names `{named.name[:10]}`, which is after the deadline: the last one in time counts"
        )
    if taken.made:
        return _recorded(commits[0], settings, [*_by_its_files(commits[0], settings), *notes])
    chosen = next((commit for commit in commits if _counts(commit, settings)), None)
    if chosen is None:
        raise UsageError(_nothing_in_time(commits, taken.shallow))
    return _recorded(chosen, settings, [*_later(commits, chosen), *notes, *_cut(taken)])


def _by_its_files(only: Commit, settings: Settings) -> Iterator[str]:
    """Files have no history: what is there counts, and whether it was in time is for a person to say."""
    if not _counts(only, settings):
        yield f"its newest file is of {when(only.at)}, after the deadline: a person decides whether it was in time"


def history(git: Git, head: str) -> Iterator[Commit]:
    """The commits that a commit builds on, itself first, each before its parents. Raises UsageError when git cannot."""
    asked = ("rev-list", "--date-order", "--parents", "--timestamp", f"--max-count={MOST_COMMITS}", head)
    for line in git.text(*asked).splitlines():
        seconds, name, *parents = line.split()
        yield Commit(name, tuple(parents), instant(int(seconds)))


def instant(seconds: int) -> datetime:
    """The instant so many seconds after 1970; one that no calendar has becomes the first or the last that it has."""
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if seconds > 0 else datetime.min.replace(tzinfo=UTC)


def lateness(at: datetime, deadline: datetime | None) -> timedelta:
    """The time after the deadline; zero without one, or before it."""
    return max(at - deadline, timedelta()) if deadline else timedelta()


def _counts(commit: Commit, settings: Settings) -> bool:
    end = settings.until if accepts_late(settings.late) else settings.deadline
    return end is None or commit.at <= end


def _named(git: Git, stated: Stated) -> Commit:
    name = stated.commit.strip().lower()
    if not _HASH.fullmatch(name):
        raise UsageError(f"{stated.by} names the commit `{plain(stated.commit)[:60]}`: write its hash")
    found = [
        one
        for one in git.maybe("rev-parse", f"--disambiguate={name}").split()
        if git.maybe("cat-file", "-t", one) == "commit"
    ]
    if len(found) != 1:
        many = "several commits begin so" if found else "the repository has no such commit"
        raise UsageError(f"{stated.by} names the commit `{name}`, and {many}")
    return next(history(git, found[0]))


def _recorded(commit: Commit, settings: Settings, notes: Sequence[str]) -> Recorded:
    return Recorded(commit.name, commit.at, lateness(commit.at, settings.deadline), tuple(notes))


def _later(commits: Sequence[Commit], chosen: Commit) -> Iterator[str]:
    """What the history holds besides the chosen commit and what it builds on."""
    if commits[0] is chosen:
        return
    parents = {commit.name: commit.parents for commit in commits}
    known = _ancestors(chosen.name, parents)
    others = [commit for commit in commits if commit.name not in known]
    after = [commit for commit in others if commit.at > chosen.at]
    if after:
        last = max(after, key=lambda commit: commit.at)
        yield f"{_many(len(after), 'commit')} after the one that counts, the last at {when(last.at)}"
    if len(others) > len(after):
        yield f"{_many(len(others) - len(after), 'commit')} in time on a branch that was merged later: not in what counts"


def _ancestors(name: str, parents: Mapping[str, tuple[str, ...]]) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += parents.get(one, ())
    return found


def _doubts(commits: Sequence[Commit], now: datetime) -> Iterator[str]:
    """Dates that cannot be right: whoever commits sets the clock."""
    at = {commit.name: commit.at for commit in commits}
    backwards = [
        commit for commit in commits if any(at.get(one, commit.at) - commit.at > TOLERATED for one in commit.parents)
    ]
    if backwards:
        yield f"dates go backwards: {_many(len(backwards), 'commit')} dated before the one it builds on, such as `{backwards[0].name[:10]}`"
    future = [commit for commit in commits if commit.at - now > TOLERATED]
    if future:
        yield f"{_many(len(future), 'commit')} dated in the future, such as `{future[0].name[:10]}` at {when(future[0].at)}"


def _cut(taken: Taken) -> Iterator[str]:
    if taken.shallow:
        yield "the clone is shallow: its history is not whole (git fetch --unshallow)"


def _nothing_in_time(commits: Sequence[Commit], shallow: bool) -> str:
    first = min(commits, key=lambda commit: commit.at)
    words = f"no commit was made in time: the first is of {when(first.at)}"
    return f"{words}; the clone is shallow, so earlier ones may be missing: git fetch --unshallow" if shallow else words


def when(at: datetime) -> str:
    """An instant as it is written in notes."""
    return (
        at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at.year not in (1, 9999) else "a date outside the calendar"
    )


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
