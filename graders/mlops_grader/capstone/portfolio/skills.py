"""The map from checks to skills in job ads and to roles, read strictly from `skills.toml`."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from typing import Annotated

import pydantic

from mlops_grader.submission import UsageError
from mlops_grader.team import AREAS

FILE = "skills.toml"

_Id = Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9-]*$")]
_Words = Annotated[str, pydantic.Field(min_length=1)]
_Check = Annotated[str, pydantic.Field(pattern=r"^m\d\d_[a-z0-9_]+/test_[a-z0-9_]+$")]


@dataclass(frozen=True)
class Role:
    """A role in job ads, and what somebody in it does."""

    id: str
    title: str
    does: str


@dataclass(frozen=True)
class Skill:
    """A skill, in words of the course and of job ads.

    checks: all groups must pass, one check of each. also: checks that say more about it. area: of the team that answers for it.
    """

    id: str
    title: str
    asked: str
    area: str
    roles: tuple[str, ...]
    checks: tuple[tuple[str, ...], ...]
    also: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Every check that it names, as `module/check`."""
        return (*chain.from_iterable(self.checks), *self.also)


@dataclass(frozen=True)
class Skills:
    """The whole map."""

    roles: tuple[Role, ...]
    skills: tuple[Skill, ...]


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class _Role(_Table):
    id: _Id
    title: _Words
    does: _Words


class _Skill(_Table):
    id: _Id
    title: _Words
    asked: _Words
    area: _Id
    roles: Annotated[list[_Id], pydantic.Field(min_length=1)]
    checks: Annotated[
        list[_Check | Annotated[list[_Check], pydantic.Field(min_length=2)]], pydantic.Field(min_length=1)
    ]
    also: list[_Check] = []


class _File(_Table):
    roles: Annotated[list[_Role], pydantic.Field(min_length=1)]
    skills: Annotated[list[_Skill], pydantic.Field(min_length=1)]


def load() -> Skills:
    """The course's own map."""
    return read(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))


def read(text: str) -> Skills:
    """The map that a text describes. Raises UsageError that names the entry and the way out."""
    try:
        found = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"`{FILE}` is not valid TOML: {error}") from None
    except pydantic.ValidationError as error:
        raise UsageError(_explained(error)) from None
    skills = tuple(_skill(entry) for entry in found.skills)
    known = Skills(tuple(Role(each.id, each.title, each.does) for each in found.roles), skills)
    for problem in _contradictions(known):
        raise UsageError(f"`{FILE}`: {problem}")
    return known


def _skill(entry: _Skill) -> Skill:
    checks = tuple((each,) if isinstance(each, str) else tuple(each) for each in entry.checks)
    return Skill(entry.id, entry.title, entry.asked, entry.area, tuple(entry.roles), checks, tuple(entry.also))


def _contradictions(known: Skills) -> Iterator[str]:
    roles = [role.id for role in known.roles]
    for ids in (roles, [skill.id for skill in known.skills]):
        yield from (f"the id `{each}` is there twice" for each in dict.fromkeys(ids) if ids.count(each) > 1)
    for skill in known.skills:
        if skill.area not in AREAS:
            yield f"skill `{skill.id}` is of the unknown area `{skill.area}`: {_meant(skill.area, AREAS)}"
        for role in skill.roles:
            if role not in roles:
                yield f"skill `{skill.id}` names the unknown role `{role}`: {_meant(role, roles)}"
        for check in dict.fromkeys(skill.named):
            if skill.named.count(check) > 1:
                yield f"skill `{skill.id}` names `{check}` twice"
    unused = [role for role in roles if not any(role in skill.roles for skill in known.skills)]
    yield from (f"no skill is for the role `{role}`" for role in unused)


def _explained(error: pydantic.ValidationError) -> str:
    errors = error.errors()  # a key that is misspelt is missing, too: the misspelling says more
    first = next((each for each in errors if each["type"] == "extra_forbidden"), errors[0])
    *table, key = (str(part) for part in first["loc"])
    place = f"`{FILE}`: [[{table[0]}]] number {int(table[1]) + 1}" if len(table) > 1 else f"`{FILE}`"
    if first["type"] == "extra_forbidden":
        models: dict[str, type[_Table]] = {"roles": _Role, "skills": _Skill}
        model = models.get(table[0] if table else "", _File)
        return f"{place}: unknown key `{key}`: {_meant(key, list(model.model_fields))}"
    return f"{place}: `{key}`: {first['msg']}"


def _meant(name: str, known: list[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"
