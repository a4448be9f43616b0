"""What a run of a class goes through: roster, intake, handout and cell, each behind one function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_grader.cohort import cell, handout, intake, roster
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.cohort.roster import Roster


@dataclass(frozen=True)
class Graders:
    """What workers do. Workers find these by their names, so each is a function of a module that workers can import.

    forget: remove what a run left on this machine; forget_one: what the grade of one student in it left.
    """

    grade: Callable[[bytes, CellOrder], Returned]
    prepare: Callable[[str, bool], None]
    forget: Callable[[str], None]
    forget_one: Callable[[str, str], None]
    image: Callable[[], str]


@dataclass(frozen=True)
class Doors:
    """What the coordinator asks."""

    roster: Callable[[Path], Roster]
    collect: Callable[..., Any]
    handout: Callable[[Path], Any]
    graders: Graders


def own() -> Doors:
    """The course's own."""
    graders = Graders(cell.grade, cell.prepare, cell.forget, cell.forget_one, cell.image_name)
    return Doors(roster.read, intake.collect, handout.load, graders)
