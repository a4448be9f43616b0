"""Tables in the READMEs, made from the facts themselves: cog runs this, lint compares."""

import tomllib
from pathlib import Path

from mlops_grader.capstone import markdown, rubric, syllabus
from mlops_grader.check import checks_in
from mlops_grader.grading import module_named, modules

KIT = Path(__file__).resolve().parent.parent


def checks(key: str) -> str:
    """The checks of a module: what each wants, what it is worth, and where this lesson teaches it."""
    rows = [
        f"| [{check.heading}](#{check.anchor}) | {check.points} | {check.title} |"
        for check in checks_in(module_named(key))
    ]
    return "\n".join(("| check | points | what it wants |", "|---|---:|---|", *rows))


def course() -> str:
    """The modules of the kit: key, title, week, hours and what a student can do afterwards."""
    rows = [_row(key) for key in modules()]
    return "\n".join(("| module | week | hours | what you build | what it needs |", "|---|---:|---:|---|---|", *rows))


def capstone() -> str:
    """The phases of the capstone: their points, and who decides on how many of them."""
    points = syllabus.points_by_judge(rubric.load())
    return "\n".join(markdown.table(points.head, points.rows))


def _row(key: str) -> str:
    facts = tomllib.loads((KIT / "modules" / key / "module.toml").read_text(encoding="utf-8"))
    needs = ", ".join(facts["needs"])
    return f"| [{key}](modules/{key}/README.md) | {facts['week']} | {facts['hours']} | {facts['title']} | {needs} |"
