"""Two finished products that have nothing in common, measured by the course's own rubric: each line that checks prove is earned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mlops_grader.capstone import measured
from mlops_grader.capstone.rubric import Judge, load
from mlops_grader.capstone.state import State
from submissions import Edit, make, of_module

NOSHOW = next(each for each in of_module("alternatives", "m14_capstone") if each.name == "the-product-of-the-course")
PRODUCTS = [
    pytest.param((), id="triage", marks=pytest.mark.in_turn("m14_capstone")),
    pytest.param(NOSHOW.edits, id="noshow", marks=pytest.mark.whole),
]


@pytest.mark.engine
@pytest.mark.prometheus
@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("edits", PRODUCTS)
def test_a_finished_product_earns_what_checks_prove(edits: tuple[Edit, ...], tmp_path: Path) -> None:
    project, document = make("m14_capstone", tmp_path / "project", edits), tmp_path / "measured.json"
    command = [sys.executable, "-I", "-m", "mlops_grader", "capstone", "measure", str(project), "--json", str(document)]
    subprocess.run(command, check=True, timeout=3000)
    lines = measured.read(document).lines
    assert [(each.id, each.because) for each in lines if each.state is not State.EARNED] == []
    assert {each.id for each in lines} == {line.id for line in load().lines if line.judge is Judge.CHECK}
