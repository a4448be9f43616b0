"""Invented products of a few lines, and trainings whose numbers are known."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlops_grader.contract import Commands, Contract
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.instruments.training.practice import Practice
from mlops_grader.submission import Submission

Files = Mapping[str, str | bytes]


@pytest.fixture(scope="session")
def practice() -> Practice:
    """A practice; tests only read it."""
    return Practice(5)


@pytest.fixture
def product(tmp_path: Path, write: Callable[[Path, Files], None]) -> Callable[..., Product]:
    """A product whose commands run the Python scripts that are given by their names."""

    def make(files: Files | None = None, **scripts: str) -> Product:
        held = {**(files or {}), **{f"{name}.py": script for name, script in scripts.items()}}
        root = tmp_path / "clone"
        root.mkdir(exist_ok=True)
        write(root, held)
        submission = Submission(root, root, None, "", clean=True, files=tuple(held))
        contract = Contract(name="noshow", commands=Commands(**{n: f'"{sys.executable}" {n}.py' for n in scripts}))
        environment = cast("Any", SimpleNamespace(variables=dict, local=frozenset))
        return Product(submission, environment, HostSandbox(tmp_path / "home"), contract)

    return make
