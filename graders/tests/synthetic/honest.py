"""Honest members: full marks in several ways, parts whose points are known by construction, and work not begun."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from alternatives.m01_environment import ALTERNATIVES
from mistakes.m01_environment import MISTAKES
from submissions import together as together_of
from submissions import write
from synthetic.member import FULL, KEY, STARTER, Kind, Member, together, without

BY_NAME = {mistake.name: mistake for mistake in MISTAKES}
ALONE = "settings-were-committed-once"  # seen by whoever gets the history too
SMALL = 2  # mistakes in a group that the class has no place for


def full() -> tuple[Member, ...]:
    """The reference, the other honest ways, and the same in places where people put their work."""
    ways = {
        "reference": (),
        **{way.name.partition("-and-")[0]: way.edits for way in ALTERNATIVES},
        "one-folder-down": (_one_folder_down,),
    }
    return tuple(
        Member(f"full-{name}", Kind.FULL, edits, solved=True, score=FULL, traps=(_litter,))
        for name, edits in ways.items()
    )


def partial() -> tuple[Member, ...]:
    """Mistakes of the course's own list, alone and together in the larger groups."""
    larger = [group for group in together_of(KEY) if len(group) > SMALL]
    groups = tuple(
        _with(tuple(mistake.name for mistake in group), f"group-{number}")
        for number, group in enumerate(larger, start=1)
    )
    return (_with((ALONE,), ALONE), *groups)


def starters() -> tuple[Member, ...]:
    """Those who have not begun, and one whose contract cannot be read."""
    torn = (write("product.toml", "[commands\nsetup ="),)
    return (
        Member("starter-untouched", Kind.STARTER, score=STARTER, says="setup", quick=True),
        Member("starter-with-a-torn-contract", Kind.STARTER, torn, score=STARTER, says="product.toml"),
    )


def _with(names: tuple[str, ...], name: str) -> Member:
    """The reference with mistakes in it, which cost what the checks say that they cost."""
    made = [BY_NAME[each] for each in names]
    return Member(
        f"partial-{name}",
        Kind.PARTIAL,
        together(*(mistake.edits for mistake in made)),
        solved=True,
        score=without(mistake.fails for mistake in made),
        says=made[0].says,
        quick=name == ALONE,
    )


def _one_folder_down(project: Path) -> None:
    """The whole project in a folder of its repository."""
    (project / "product").mkdir()
    for path in [*project.iterdir()]:
        if path.name not in (".git", "product"):
            shutil.move(path, project / "product" / path.name)
    (project / "README.md").write_text("# Ada\n\nThe product is in `product/`.\n", encoding="utf-8")


def _litter(project: Path) -> None:
    """What was never committed: an environment, a changed file, a secret."""
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_bytes(os.urandom(4096))
    (project / ".env").write_text("PASSWORD=never-committed\n", encoding="utf-8")
    (project / "noxfile.py").write_text("raise SystemExit('not committed')\n", encoding="utf-8")
