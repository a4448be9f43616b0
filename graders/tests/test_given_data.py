"""The clinic's files in the template are those of the simulated world."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from mlops_grader.instruments.drift.orders import drill
from mlops_grader.instruments.world import World, write_days

RAW = Path(__file__).parents[2] / "templates/m01_environment/{{cookiecutter.repo_name}}/data/raw"

DRILL = Path(__file__).parents[2] / "templates/m10_drift/{{cookiecutter.repo_name}}/drill"


def write_given(folder: Path) -> None:
    """Sixty opening days of the clinic, 150 appointments each: what students are given."""
    write_days(World(seed=2026).days(date(2026, 1, 5), days=60, per_day=150), folder)


def test_the_given_files_are_those_of_the_world(tmp_path: Path) -> None:
    """Nobody edited them by hand, and the world still makes the same bytes."""
    write_given(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {path.name: path.read_bytes() for path in RAW.iterdir()} == made


def test_the_drill_is_that_of_the_practice(tmp_path: Path) -> None:
    """What students practise drift with is what the orders say, byte for byte."""
    drill(tmp_path / "drill")
    made = {path.name: path.read_bytes() for path in (tmp_path / "drill").iterdir()}
    assert {path.name: path.read_bytes() for path in DRILL.glob("*.csv")} == made


def test_the_yardstick_installs_what_the_reference_serves_with() -> None:
    """The image that sizes are compared with holds the packages of the reference, at its versions."""
    kit = Path(__file__).parents[2]
    yardstick = kit / "graders/mlops_grader/instruments/yardstick/requirements.txt"
    assert yardstick.read_text() == (kit / "solutions/m01_environment/requirements-serve.lock").read_text()
