"""The team: `team.toml`, where a capstone team says who is in it and who answers for what."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pydantic

from mlops_grader.submission import UsageError

FILE = "team.toml"
AREAS = ("product", "data", "model", "service", "operations")
SMALLEST, LARGEST = 3, 6  # members

_Id = Annotated[str, pydantic.Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
_Words = Annotated[str, pydantic.Field(pattern=r"^[^\x00-\x1f\x7f]*$")]
_Email = Annotated[str, pydantic.Field(pattern=r"^[^\s@<>]+@[^\s@<>]+$")]
_GitHub = Annotated[str, pydantic.Field(pattern=r"^[A-Za-z0-9-]*$", max_length=39)]


class TeamError(UsageError):
    """`team.toml` is missing or wrong: what was found, and the way out."""

    def __init__(self, found: str, fix: str) -> None:
        super().__init__(f"{found}: {fix}")
        self.found = found
        self.fix = fix


@dataclass(frozen=True)
class Member:
    """A person of the team. `emails` are those of their commits; `github` may be empty."""

    id: str
    name: str
    emails: tuple[str, ...]
    github: str = ""


@dataclass(frozen=True)
class Team:
    """A team; `owners` has the id of a member for each area."""

    name: str
    product: str
    members: tuple[Member, ...]
    owners: Mapping[str, str]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the members, in the order of the file."""
        return tuple(member.id for member in self.members)


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True, str_strip_whitespace=True)


class _Member(_Table):
    id: _Id
    name: Annotated[_Words, pydantic.Field(min_length=1)]
    emails: Annotated[list[_Email], pydantic.Field(min_length=1)]
    github: _GitHub = ""


class _Owners(_Table):
    product: _Id
    data: _Id
    model: _Id
    service: _Id
    operations: _Id


class _Team(_Table):
    name: Annotated[_Words, pydantic.Field(min_length=1)]
    product: Annotated[_Words, pydantic.Field(min_length=1)]
    members: Annotated[list[_Member], pydantic.Field(min_length=SMALLEST, max_length=LARGEST)]
    owners: _Owners


def load(path: Path) -> Team:
    """The team that a file describes. Raises TeamError that names the file, the key and the way out."""
    try:
        read = _Team.model_validate(tomllib.loads(_text(path)))
    except tomllib.TOMLDecodeError as error:
        raise TeamError(f"`{path.name}` is not valid TOML ({error})", "mend that line") from None
    except RecursionError:
        raise TeamError(f"`{path.name}` is not valid TOML (it is nested too deep)", "write it flat") from None
    except pydantic.ValidationError as error:
        raise TeamError(*_explained(path.name, error)) from None
    members = tuple(Member(one.id, one.name, tuple(one.emails), one.github) for one in read.members)
    team = Team(read.name, read.product, members, read.owners.model_dump())
    for found, fix in _contradictions(team):
        raise TeamError(f"`{path.name}`: {found}", fix)
    return team


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise TeamError(f"there is no `{path.name}`", "write one that says who is in the team") from None
    except UnicodeDecodeError:
        raise TeamError(f"`{path.name}` is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise TeamError(f"`{path.name}` cannot be read ({error.strerror})", "make it a file that can be read") from None


def _contradictions(team: Team) -> Iterator[tuple[str, str]]:
    """What no single value shows: two members with the same id or address, an owner who is not in the team."""
    for one in _repeated(list(team.ids)):
        yield f"two members have the id `{one}`", "give each an id of their own"
    addresses = [address for member in team.members for address in {email.lower() for email in member.emails}]
    for one in _repeated(addresses):
        yield f"two members have the address `{one}`", "each address belongs to one person, as their commits do"
    for area, owner in team.owners.items():
        if owner not in team.ids:
            yield f"[owners] `{area}` is `{owner}`, who is not a member", _meant(owner, team.ids)


def _repeated(values: list[str]) -> list[str]:
    return [value for value, times in Counter(values).items() if times > 1]


def _explained(name: str, error: pydantic.ValidationError) -> tuple[str, str]:
    """The first thing that is wrong; a misspelt key before the one that is missed because of it."""
    errors = error.errors()
    first = next((one for one in errors if one["type"] == "extra_forbidden"), errors[0])
    loc = first["loc"]
    *table, key = loc[:-1] if "emails" in loc[:-1] else loc  # without the number of the address
    place = f"`{name}`: {_place(table)}"
    match first["type"]:
        case "extra_forbidden":
            return f"{place}has the unknown key `{key}`", _meant(str(key), _known(table))
        case "missing":
            return f"{place}has no `{key}`", f"add `{key}`{' with the id of a member' if table == ['owners'] else ''}"
        case "too_short" | "too_long" if key == "members":
            found = f"it has {len(first['input'])} members"
            return f"{place}{found}", f"a team has {SMALLEST} to {LARGEST}, each under a line [[members]]"
    return f"{place}`{key}` is {first['input']!r:.200}", _wanted(str(key), table, first)


def _place(table: list[str | int]) -> str:
    match table:
        case ["members", int(number), *_]:
            return f"[[members]] number {number + 1} "
        case [str(first), *_]:
            return f"[{first}] "
    return ""


def _known(table: list[str | int]) -> list[str]:
    models: dict[str | int, type[_Table]] = {"members": _Member, "owners": _Owners}
    return list((models[table[0]] if table else _Team).model_fields)


def _wanted(key: str, table: list[str | int], first: Any) -> str:
    if first["type"] == "string_too_short":
        return "fill it in"
    if first["type"] in ("string_pattern_mismatch", "too_short", "string_too_long"):
        return _SHAPES.get(key, _SHAPES["id"] if table == ["owners"] else "write it on one line")
    return re.sub(r"^(Input|String|List|Value) should", "it should", first["msg"])


_SHAPES = {
    "id": "use small letters, digits and dashes, as in `ada-l`",
    "emails": "write addresses as in git, such as `ada@example.org`",
    "github": "write the name of the account alone, without @ and without an address",
    "name": "write it on one line",
}


def _meant(name: str, known: list[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known here: {', '.join(known)}"
