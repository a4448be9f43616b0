"""Everybody in the class, and the few that stand for it where time is short."""

from __future__ import annotations

from synthetic.cheats import cheats
from synthetic.forged import forged
from synthetic.handed import handed
from synthetic.honest import full, partial, starters
from synthetic.hostile import hostile
from synthetic.member import Member

FULL_ONE = "full-reference"  # a whole grade, as the neighbour of all the others


def members() -> tuple[Member, ...]:
    """The class of sixty."""
    return (*full(), *partial(), *starters(), *cheats(), *forged(), *hostile(), *handed())


def reduced() -> tuple[Member, ...]:
    """The quick ones of each kind, and one whole grade."""
    return tuple(member for member in members() if member.quick or member.name == FULL_ONE)
