"""Contribution evidence from git: what it says about each member of a team, and what it cannot say; never a score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_grader.capstone import authorship
from mlops_grader.capstone.authorship import Authorship, Commit, LeftOut, Person
from mlops_grader.submission import Submission
from mlops_grader.team import Member, Team

GIVEN = "student@localhost"  # who commits what a template gives
UNKNOWN = ""  # the id of an author that the team does not know
NOREPLY = "users.noreply.github.com"
PLACES = 4  # folders that are named for each person

CANNOT_BE_KNOWN = (
    "Git counts lines and commits, not their worth: deleting code, finding a fault or talking to users leaves no line.",
    "Reviews and comments on a code host are not in git. A `Reviewed-by:` trailer and a merge of somebody else's branch are.",
    "Work at one keyboard is seen only where a commit names its co-authors (`Co-authored-by: Name <address>`).",
    "Names and addresses in git are what their writers typed; anybody can type another's.",
    "A squashed branch has one author, whoever wrote it.",
)


@dataclass(frozen=True)
class Contribution:
    """What git says about one member.

    commits: of their own, without merges. co_authored: of others that name them. reviewed: of others with their trailer.
    merged: branches of others that they merged. days: on which they committed. lines: that are left of their commits.
    places: folders with most of these lines. areas: that they own, as `team.toml` says.
    """

    member: str
    commits: int
    co_authored: int
    reviewed: int
    merged: int
    days: int
    lines: int
    places: tuple[tuple[str, int], ...]
    areas: tuple[str, ...]


@dataclass(frozen=True)
class Stranger:
    """An author whom `team.toml` does not know."""

    name: str
    email: str
    commits: int
    lines: int


@dataclass(frozen=True)
class Contributions:
    """The evidence about a team. writers: for each file, the id of the member who wrote each line, UNKNOWN for others."""

    commit: str
    people: tuple[Contribution, ...]
    strangers: tuple[Stranger, ...]
    given: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    writers: Mapping[str, tuple[str, ...]]

    @property
    def lines(self) -> int:
        """Lines that are left of the commits of members."""
        return sum(person.lines for person in self.people)

    def writer(self, file: str, first: int, last: int) -> str:
        """Who wrote most of some lines of a file, counted from 1; UNKNOWN when nobody of the team did."""
        written = Counter(name for name in self.writers.get(file, ())[first - 1 : last] if name != UNKNOWN)
        return min(written, key=lambda name: (-written[name], name), default=UNKNOWN)


def evidence(submission: Submission, team: Team) -> Contributions:
    """What the history of a submission says about the members of its team."""
    told = authorship.read(submission)
    known = _addresses(team)
    authors = {commit.id: _member(commit.author, known) for commit in told.commits}
    given = {commit.id for commit in told.commits if commit.author.email == GIVEN}
    writers = {file: tuple(authors.get(commit, UNKNOWN) for commit in ids) for file, ids in told.lines.items()}
    people = tuple(_contribution(member, team, told.commits, known, writers) for member in team.members)
    return Contributions(
        commit=submission.commit or "",
        people=people,
        strangers=_strangers(told, authors, given),
        given=sum(commit in given for ids in told.lines.values() for commit in ids),
        left_out=told.left_out,
        notes=(*told.limits, *CANNOT_BE_KNOWN),
        writers=writers,
    )


def _addresses(team: Team) -> dict[str, str]:
    """The ids of members by address; one of a code host that hides addresses counts for the account it names."""
    known = {email.lower(): member.id for member in team.members for email in member.emails}
    hidden = {f"{member.github.lower()}@{NOREPLY}": member.id for member in team.members if member.github}
    return {**hidden, **known}


def _member(person: Person, known: Mapping[str, str]) -> str:
    account = person.email.partition("+")[2]
    hidden = account if account.endswith(f"@{NOREPLY}") else person.email
    return known.get(person.email) or known.get(hidden, UNKNOWN)


def _contribution(
    member: Member,
    team: Team,
    commits: Sequence[Commit],
    known: Mapping[str, str],
    writers: Mapping[str, tuple[str, ...]],
) -> Contribution:
    own = [commit for commit in commits if _member(commit.author, known) == member.id]
    others = [commit for commit in commits if _member(commit.author, known) != member.id]
    lines = Counter({file: names.count(member.id) for file, names in writers.items() if member.id in names})
    plain = [commit for commit in own if len(commit.parents) < 2]
    return Contribution(
        member=member.id,
        commits=len(plain),
        co_authored=sum(_names(member, commit.coauthors, known) for commit in others),
        reviewed=sum(_names(member, commit.reviewers, known) for commit in others),
        merged=_merged(own, {commit.id for commit in others}),
        days=len({commit.day for commit in own}),
        lines=lines.total(),
        places=_places(lines),
        areas=tuple(area for area, owner in team.owners.items() if owner == member.id),
    )


def _names(member: Member, people: Iterable[Person], known: Mapping[str, str]) -> bool:
    return any(_member(person, known) == member.id for person in people)


def _merged(own: Sequence[Commit], others: set[str]) -> int:
    return sum(any(parent in others for parent in commit.parents[1:]) for commit in own)


def _places(lines: Counter[str]) -> tuple[tuple[str, int], ...]:
    """The folders, at most two levels deep, with most lines; the project's own folder is `.`."""
    folders: Counter[str] = Counter()
    for file, count in lines.items():
        folders["/".join(file.split("/")[:-1][:2]) or "."] += count
    return tuple(sorted(folders.items(), key=lambda each: (-each[1], each[0]))[:PLACES])


def _strangers(told: Authorship, authors: Mapping[str, str], given: set[str]) -> tuple[Stranger, ...]:
    unknown = {c.id: c.author for c in told.commits if authors[c.id] == UNKNOWN and c.id not in given}
    commits = Counter(person.email for person in unknown.values())
    lines = Counter(unknown[commit].email for ids in told.lines.values() for commit in ids if commit in unknown)
    names = {person.email: person.name for person in sorted(unknown.values(), key=lambda each: each.name)}
    ordered = sorted(commits, key=lambda email: (-commits[email], email))
    return tuple(Stranger(names[email], email, commits[email], lines[email]) for email in ordered)
