"""Whose portfolio it is: a team, a person in one, or somebody with modules of their own."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_grader.capstone.portfolio.evidence import Evidence, Finding, Run, Standing
from mlops_grader.capstone.portfolio.skills import Role, Skills
from mlops_grader.submission import UsageError
from mlops_grader.team import AREAS, Member, Team


@dataclass(frozen=True)
class Subject:
    """A name; the team when there is one, and the person in it when it is about one. repository: a web address, or ""."""

    name: str
    team: Team | None
    member: Member | None
    repository: str

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that the person answers for; all of them for a team or for somebody alone."""
        if self.team is None or self.member is None:
            return AREAS
        return tuple(area for area in AREAS if self.team.owners.get(area) == self.member.id)

    def own(self, finding: Finding) -> bool:
        """Whether a skill is this team's or person's: of an area that they answer for, or shown in modules of their own."""
        return finding.skill.area in self.areas or not finding.of_team

    def place(self, run: Run) -> str:
        """Where others find what was graded, as far as it is known: the repository of a team does not hold its members' modules."""
        return self.repository if run.of_team or self.team is None else ""


@dataclass(frozen=True)
class Standings:
    """How much of what a role asks for is shown."""

    role: Role
    shown: tuple[Finding, ...]
    missing: tuple[Finding, ...]


def of(team: Team | None, person: str | None, name: str, repository: str) -> Subject:
    """The subject of a portfolio. Raises UsageError when nothing says whose it is."""
    if team is None:
        if person:
            raise UsageError(f"--person `{person}` is a member of a team: name its `team.toml` with --team")
        if not name.strip():
            raise UsageError(
                "nothing says whose portfolio it is: name the team's file with --team, or yourself with --name"
            )
        return Subject(name.strip(), None, None, repository)
    if person is None:
        return Subject(team.name, team, None, repository)
    member = next((each for each in team.members if each.id == person), None)
    if member is None:
        raise UsageError(f"`{team.name}` has no member `{person}`: its members are {', '.join(team.ids)}")
    return Subject(member.name, team, member, repository)


def standings(evidence: Evidence, skills: Skills, subject: Subject) -> tuple[Standings, ...]:
    """Each role with what this team or person has shown of it; the one with the largest share comes first."""
    found = []
    for role in skills.roles:
        asked = [finding for finding in evidence.findings if role.id in finding.skill.roles]
        shown = tuple(finding for finding in asked if finding.standing is Standing.SHOWN and subject.own(finding))
        missing = tuple(finding for finding in asked if finding not in shown)
        found.append(Standings(role, shown, missing))
    return tuple(sorted(found, key=lambda each: -len(each.shown) / (len(each.shown) + len(each.missing))))
