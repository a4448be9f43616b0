"""The class: its teams, and in which of them each person is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from mlops_grader.submission import UsageError
from mlops_grader.team import Team


@dataclass(frozen=True)
class Roster:
    """Teams by their names. Ids of people are unique in the whole class, because a score names its judge by id."""

    teams: Mapping[str, Team]

    @cached_property
    def team_of(self) -> Mapping[str, str]:
        """The name of the team of each person."""
        return {person: name for name, team in self.teams.items() for person in team.ids}


def roster(teams: Iterable[Team]) -> Roster:
    """The class that these teams make. Raises UsageError when a name or an id does not say who is meant."""
    found: dict[str, Team] = {}
    owners: dict[str, str] = {}
    for team in teams:
        if team.name in found:
            raise UsageError(f"two teams are called `{team.name}`: rename one of them in its `team.toml`")
        found[team.name] = team
        for person in team.ids:
            if person in owners:
                raise UsageError(
                    f"`{person}` is the id of a member of `{owners[person]}` and of one of `{team.name}`: "
                    "give one of them another id in `team.toml`"
                )
            owners[person] = team.name
    for name in sorted(found.keys() & owners.keys()):
        raise UsageError(f"`{name}` is the name of a team and the id of a person: rename one of them in `team.toml`")
    return Roster(found)
