"""One filter pattern of GitHub, matched letter by letter: no pattern takes longer than its length times the name's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class _Place:
    """A place in a pattern. one: the letters it takes. loops: it takes any number. skips: how far one may go on free."""

    one: str
    loops: bool = False
    skips: tuple[int, ...] = ()


_ANY = _Place(".", loops=True, skips=(1,))
_ANY_IN_A_FOLDER = _Place("[^/]", loops=True, skips=(1,))
_NOTHING = "(?!)"
_FOLDERS = (_Place(_NOTHING, skips=(1, 3)), _ANY, _Place("/"))


def fits(pattern: str, name: str) -> bool:
    """Whether a whole name fits one pattern, which a `!` does not negate here."""
    places = _places(pattern)
    here = _reachable(places, [0])
    for letter in name:
        here = _reachable(places, (at if places[at].loops else at + 1 for at in here if _takes(places, at, letter)))
    return len(places) in here


def _takes(places: Sequence[_Place], at: int, letter: str) -> bool:
    return at < len(places) and re.fullmatch(places[at].one, letter, re.DOTALL) is not None


def _reachable(places: Sequence[_Place], starts: Iterable[int]) -> set[int]:
    reached: set[int] = set()
    ahead = list(starts)
    while ahead:
        at = ahead.pop()
        if at not in reached:
            reached.add(at)
            ahead.extend(at + skip for skip in (places[at].skips if at < len(places) else ()))
    return reached


def _places(pattern: str) -> list[_Place]:
    places: list[_Place] = []
    at = 0
    while at < len(pattern):
        if pattern[at] in "?+" and places:
            places[-1:] = _repeated(places[-1], pattern[at])
            at += 1
        else:
            found, length = _next(pattern[at:], at_a_folder=at == 0 or pattern[at - 1] == "/")
            places.extend(found)
            at += length
    return places


def _repeated(place: _Place, sign: str) -> list[_Place]:
    """A place that `?` makes optional, or that `+` lets come again."""
    if sign == "?":
        return [replace(place, skips=(1,))]
    again = replace(place, loops=True, skips=(1,))
    return [again] if place.skips else [place, again]


def _next(rest: str, *, at_a_folder: bool) -> tuple[Sequence[_Place], int]:
    """The first thing that a pattern says, and its length in the pattern."""
    if at_a_folder and rest.startswith("**/"):
        return _FOLDERS, 3
    if rest.startswith("**"):
        return [_ANY], 2
    if rest[0] == "*":
        return [_ANY_IN_A_FOLDER], 1
    if rest[0] == "[" and (group := re.match(r"\[([^\]]+)\]", rest)):
        return [_Place(_characters(group[1]))], group.end()
    if rest[0] == "\\" and len(rest) > 1:
        return [_Place(re.escape(rest[1]))], 2
    return [_Place(re.escape(rest[0]))], 1


def _characters(listed: str) -> str:
    """The characters and ranges between brackets as an expression; anything but a range means itself."""
    parts = re.findall(r"[A-Za-z0-9]-[A-Za-z0-9]|.", listed, re.DOTALL)
    ranges = [part for part in parts if len(part) == 3 and part[0] <= part[2]]
    return f"[{''.join(part if part in ranges else re.escape(part) for part in parts)}]"
