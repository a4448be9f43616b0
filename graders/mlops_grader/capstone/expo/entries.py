"""What each team brings to the expo, gathered from its repository and from what was measured there."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_grader import contract, team
from mlops_grader.capstone import measured as measuring
from mlops_grader.capstone.expo import pictures, showcase
from mlops_grader.capstone.expo.pictures import Picture, PictureError
from mlops_grader.capstone.expo.showcase import Showcase, ShowcaseError
from mlops_grader.capstone.measured import Measured
from mlops_grader.capstone.roster import roster
from mlops_grader.capstone.state import State
from mlops_grader.check import Fail
from mlops_grader.submission import UsageError
from mlops_grader.team import Member, Team, TeamError


@dataclass(frozen=True)
class Entry:
    """A team at the expo. slug: the name of its page. notices: what its files lack, in sentences for the organiser."""

    slug: str
    team: Team
    showcase: Showcase
    screenshot: Picture | None
    architecture: Picture | None
    measured: Measured | None
    notices: tuple[str, ...]

    @property
    def earned(self) -> int:
        """Lines of the rubric that checks found earned; 0 when nothing was measured."""
        return sum(line.state is State.EARNED for line in self.measured.lines) if self.measured else 0

    @property
    def domain(self) -> str:
        """The domain for comparison with those of others; "" when the team names none."""
        return " ".join(self.showcase.domain.casefold().split())

    @property
    def people(self) -> frozenset[str]:
        """By what the members are known outside of this team: addresses and accounts."""
        return frozenset().union(*(_known_as(member) for member in self.team.members))

    def areas(self, member: Member) -> tuple[str, ...]:
        """The areas that a member answers for, in the order of the file."""
        return tuple(area for area in team.AREAS if self.team.owners.get(area) == member.id)


def gather(folders: Iterable[Path], documents: Iterable[Path]) -> tuple[Entry, ...]:
    """The teams by name, whatever the order of the folders. Raises UsageError that lists every team that cannot be read."""
    teams, problems = _teams(sorted({folder.resolve() for folder in folders}))
    if problems:
        raise UsageError("\n".join(problems))
    if not teams:
        raise UsageError("there is no team: name the folder of each team's repository after --teams")
    roster(each for _, each in teams)
    found = _matched(
        [(folder, each.name) for folder, each in teams], [(path, measuring.read(path)) for path in documents]
    )
    slugs = _slugs([each.name for _, each in teams])
    entries = [_entry(folder, each, slugs[each.name], found.get(each.name)) for folder, each in teams]
    return tuple(sorted(entries, key=lambda entry: (entry.team.name.casefold(), entry.slug)))


def _teams(folders: Sequence[Path]) -> tuple[list[tuple[Path, Team]], list[str]]:
    teams, problems = [], []
    for folder in folders:
        try:
            teams.append((folder, team.load(folder / team.FILE)))
        except TeamError as error:
            problems.append(f"`{folder.name}`: {error}")
    return teams, problems


def _entry(folder: Path, one: Team, slug: str, found: Measured | None) -> Entry:
    notices: list[str] = []
    try:
        said = showcase.load(folder)
        if said is None:
            notices.append(f"there is no `{showcase.FILE}`: its page shows what the README says")
    except ShowcaseError as error:
        said = None
        notices.append(f"{error}; its page shows what the README says")
    try:
        shown = showcase.found(folder, said)
    except ShowcaseError as error:
        shown = said or Showcase()
        notices.append(str(error))
    if not shown.problem:
        notices.append("nothing says which problem the product solves")
    screenshot = _picture(folder, shown.screenshot, "screenshot", notices)
    architecture = _picture(folder, shown.architecture, "picture of the architecture", notices)
    if found is None:
        notices.append("nothing was measured: give its document with --measured")
    told = tuple(f"{one.name}: {notice}" for notice in notices)
    return Entry(slug, one, shown, screenshot, architecture, found, told)


def _picture(folder: Path, name: str, what: str, notices: list[str]) -> Picture | None:
    if not name:
        notices.append(f"there is no {what}")
        return None
    try:
        return pictures.read(folder, name)
    except PictureError as error:
        notices.append(str(error))
        return None


def _matched(teams: Sequence[tuple[Path, str]], documents: Sequence[tuple[Path, Measured]]) -> dict[str, Measured]:
    """What was measured of each team: the document with the name that its contract gives to the product."""
    owners: dict[str, str] = {}
    for folder, name in teams:
        product = _product(folder)
        if product in owners:
            raise UsageError(
                f"`{owners[product]}` and `{name}` both call their product `{product}`: "
                f"one of them chooses another `name` in `{contract.FILE}`"
            )
        if product:
            owners[product] = name
    found: dict[str, Measured] = {}
    for path, document in sorted(documents, key=lambda each: each[0].name):
        owner = owners.get(document.product)
        if owner is None:
            raise UsageError(
                f"`{path}` is about `{document.product}`, which is no product of these teams: "
                f"leave it out, or name its team ({', '.join(sorted(owners)) or 'none has a readable contract'})"
            )
        if owner in found:
            raise UsageError(f"two documents are about `{document.product}`: name only the one that is to be shown")
        found[owner] = document
    return found


def _product(folder: Path) -> str:
    try:
        return contract.load(folder).name
    except Fail:
        return ""


def _slugs(names: Sequence[str]) -> dict[str, str]:
    """A name for the page of each team: letters, digits and dashes, unlike any other."""
    plain = {name: _slug(name) for name in names}
    taken = list(plain.values())
    return {name: slug if slug and taken.count(slug) == 1 else _numbered(slug, name) for name, slug in plain.items()}


def _slug(name: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:40].strip("-")


def _numbered(slug: str, name: str) -> str:
    return f"{slug or 'team'}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _known_as(member: Member) -> frozenset[str]:
    account = {f"@{member.github.casefold()}"} if member.github else set()
    return frozenset({email.casefold() for email in member.emails} | account)
