"""Patients, services of a few lines, and what a student is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Commands, Contract, Service
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

Files = Mapping[str, str | bytes]


@pytest.fixture(scope="session")
def told() -> Callable[[Callable[[], object]], str]:
    """What a student is told when this is tried, empty when nothing is. Any other exception is a test that fails."""

    def words(act: Callable[[], object]) -> str:
        try:
            act()
        except Fail as failure:
            return failure.found
        return ""

    return words


@pytest.fixture
def patient() -> dict[str, Any]:
    """A valid request."""
    text = '{"clinic": "north", "age": 47, "booked_at": "2026-03-02T09:15", "starts_at": "2026-03-16T10:30", '
    text += '"distance_km": 3.4, "previous_appointments": 5, "previous_no_shows": 1, "reminder": "sms"}'
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture
def product(tmp_path: Path, write: Callable[[Path, Files], None], sandbox: HostSandbox) -> Callable[..., Product]:
    """A product of these files, with commands and a stated service, whose environment is that of the tests."""

    def make(files: Files, service: Service | None = None, **commands: str) -> Product:
        root = tmp_path / "work" / "clone"
        write(root, files)
        submission = Submission(root, root, None, "", clean=True, files=tuple(files))
        contract = Contract(name="noshow", service=service or Service(), commands=Commands(**commands))
        environment = cast("Environment", SimpleNamespace(variables=dict, python=Path(sys.executable)))
        return Product(submission, environment, sandbox, contract)

    return make
