"""Small practices, and products whose jobs are scripts of a few lines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlops_grader.contract import Commands, Contract, Drift
from mlops_grader.instruments.drift.practice import Order, Practice
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

Files = Mapping[str, str | bytes]


@pytest.fixture(scope="session")
def quiet() -> Practice:
    """Three weeks in which nothing is different; tests only read it."""
    return Practice(5, (Order(),) * 3)


@pytest.fixture(scope="session")
def reordered() -> Callable[..., Practice]:
    """The same practice with other orders for its files: what was computed of its weeks is taken over."""

    def take(practice: Practice, *orders: Order) -> Practice:
        other = replace(practice, orders=orders)
        vars(other).update(weeks=practice.weeks, reference=practice.reference)  # what cached properties keep
        return other

    return take


@pytest.fixture
def submit(tmp_path: Path, write: Callable[[Path, Files], None]) -> Callable[[Files], Submission]:
    """A submission that holds these files. Nothing here looks at its git history."""

    def submission(files: Files) -> Submission:
        root = tmp_path / "clone"
        root.mkdir(exist_ok=True)
        write(root, files)
        return Submission(root, root, None, "", clean=True, files=tuple(files))

    return submission


@pytest.fixture(scope="session")
def produce(write: Callable[[Path, Files], None]) -> Callable[..., Product]:
    """A product in a folder, whose commands run the Python scripts that are given by their names."""

    def make(root: Path, files: Files | None = None, drift: Drift | None = None, **scripts: str) -> Product:
        held = {**(files or {}), **{f"{name}.py": script for name, script in scripts.items()}}
        root.mkdir(exist_ok=True)
        write(root, held)
        submission = Submission(root, root, None, "", clean=True, files=tuple(held))
        commands = Commands(**{name: f'"{sys.executable}" {name}.py' for name in scripts})
        contract = Contract(name="noshow", commands=commands, drift=drift or Drift())
        environment = cast("Any", SimpleNamespace(variables=dict))
        return Product(submission, environment, HostSandbox(root.with_name("home")), contract)

    return make


@pytest.fixture
def product(produce: Callable[..., Product], tmp_path: Path) -> Callable[..., Product]:
    """Such a product in a folder of the test."""
    return lambda files=None, drift=None, **scripts: produce(tmp_path / "clone", files, drift, **scripts)


@pytest.fixture(scope="session")
def summary() -> Callable[..., str]:
    """The text of a summary of a week in which nothing was to be done, with some of its values changed."""

    def text(**changes: Any) -> str:
        said = {
            "window": "2026-W14",
            "first_day": "2026-03-30",
            "last_day": "2026-04-03",
            "as_of": "2026-04-10",
            "appointments": 700,
            "decision": "nothing",
            "because": ["no field has changed"],
            "drifted_features": [],
            "data_faults": [],
            "labels": {"expected": 700, "arrived": 690},
            "performance": {"rows": 600, "mean_prediction": 0.2, "mean_outcome": 0.21, "auc": 0.74},
        }
        return json.dumps({**said, **changes})

    return text
