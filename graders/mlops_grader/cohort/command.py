"""`mlops-grader cohort STEP`: the steps with a class, from its submissions to the feedback."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping

# each module has `arguments(parser)` and `run(options, console)`
STEPS: Mapping[str, tuple[str, str]] = {
    "grade": ("grade", "grade what a class handed in, for the record"),
    "gradebook": ("gradebook", "where everybody stands, every attempt, and exports for other systems"),
    "override": ("overrides", "decide about a score, with reason and author"),
    "dashboard": ("dashboard", "see a class: a static site for staff, or an anonymous one for the class"),
    "history": ("history", "every attempt and decision, and what differs from grade to grade"),
    "feedback": ("feedback", "a page for each student, and an issue in their repository"),
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The steps and their options."""
    steps = parser.add_subparsers(required=True, metavar="STEP")
    for name, (module, words) in STEPS.items():
        step = importlib.import_module(f"mlops_grader.cohort.{module}")
        below = steps.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        step.arguments(below)
        below.set_defaults(run=step.run)
