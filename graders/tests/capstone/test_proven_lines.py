"""Every line of the rubric that checks judge is proven: its checks are there, count for any product, and something fails them."""

from __future__ import annotations

import pytest

from mlops_grader.capstone.rubric import Judge, Line, load
from mlops_grader.check import checks_in, portable
from mlops_grader.grading import module_named
from submissions import of_module

RUBRIC = load()
MEASURED = [pytest.param(line, id=line.id) for line in RUBRIC.lines if line.judge is Judge.CHECK]


def named(line: Line) -> list[tuple[str, str]]:
    """Module and check of each name."""
    return [(module, check) for module, _, check in (name.partition("/") for name in line.checks)]


@pytest.mark.parametrize("line", MEASURED)
def test_its_checks_count_for_any_product(line: Line) -> None:
    """A check of the course's own product would be run on no other."""
    lacking = [(module, check) for module, check in named(line) if check not in _portable(module)]
    assert (lacking, line.checks != ()) == ([], True)


@pytest.mark.parametrize("line", MEASURED)
def test_its_part_is_that_of_its_checks(line: Line) -> None:
    """A product without the part is not asked for the module, and one that has it is."""
    parts = {getattr(module_named(module), "PART", "") for module, _ in named(line)} - {""}
    assert parts <= {line.part}


@pytest.mark.parametrize("line", MEASURED)
def test_each_of_its_checks_has_a_mistake(line: Line) -> None:
    """A claim that nothing can fail proves nothing."""
    unproven = [
        (module, check)
        for module, check in named(line)
        if check not in {mistake.fails for mistake in of_module("mistakes", module)}
    ]
    assert unproven == []


def _portable(module: str) -> set[str]:
    return {check.id for check in portable(checks_in(module_named(module)))}
