"""A cache of environments for one test, and projects whose setup command leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.submission import Submission

Make = Callable[..., Path]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where environments are kept for the length of a test."""
    monkeypatch.setenv("MLOPS_GRADER_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "environments"


@pytest.fixture
def with_setup(project: Make, snap: Callable[..., Submission]) -> Callable[..., Submission]:
    """A submission with this setup command, written as a Python program, and these files."""

    def make(code: str = "pass", **files: str) -> Submission:
        name = f"project-{abs(hash((code, *files.values())))}"
        contract = '[commands]\nsetup = "python setup_it.py"\n'
        named = {key.replace("_", "."): content for key, content in files.items()}
        return snap(project({"product.toml": contract, "setup_it.py": code + "\n", **named}, name=name))

    return make
