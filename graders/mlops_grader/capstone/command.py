"""`mlops-grader capstone STEP`: the steps of a capstone, from the blank sheets to the portfolio."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import ModuleType

from mlops_grader.capstone import debrief, expo, grade, measured, portfolio, sheets

# each with `arguments(parser)` and `run(options, console)`
STEPS: Mapping[str, tuple[ModuleType, str]] = {
    "sheets": (sheets, "the checklist, score sheets and forms of the rubric"),
    "measure": (measured, "run the checks of the rubric on a team's repository"),
    "debrief": (debrief, "questions for each person, from the team's own repository"),
    "grade": (grade, "put checks and people's scores together"),
    "expo": (expo, "the showcase, the order, the judges' sheets and the votes"),
    "portfolio": (portfolio, "what a person or a team can show, with evidence"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The steps and their options."""
    steps = parser.add_subparsers(required=True, metavar="STEP")
    for name, (step, words) in STEPS.items():
        below = steps.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        step.arguments(below)
        below.set_defaults(run=step.run)
