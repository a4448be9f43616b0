"""Submissions made from the reference by edits: mistakes, honest alternatives and cheats."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pytest

import compose
from mlops_grader.check import Verdict
from mlops_grader.instruments import environment
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.result import Outcome, Result, from_document
from mlops_grader.submission import snapshot

TESTS = Path(__file__).parent
KIT = TESTS.parents[1]
Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong edit of the reference: the one check that it must fail, and words that the report must say."""

    name: str
    fails: str
    says: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Alternative:
    """Another honest way to do the task: full marks."""

    name: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True)
class Pretence:
    """Edits of the untouched starter that do no work and look as if they did: no points."""

    name: str
    edits: tuple[Edit, ...]


def write(path: str, text: str) -> Edit:
    """Put this text into a file, whether it was there or not."""

    def edit(project: Path) -> None:
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8", newline="\n")

    return edit


def append(path: str, text: str) -> Edit:
    """Add text to the end of a file that is there."""

    def edit(project: Path) -> None:
        (project / path).write_text((project / path).read_text(encoding="utf-8") + text, encoding="utf-8", newline="\n")

    return edit


def replace(path: str, old: str, new: str) -> Edit:
    """Put other words in the place of those, which the file holds."""

    def edit(project: Path) -> None:
        before = (project / path).read_text(encoding="utf-8")
        if old not in before:
            raise ValueError(f"`{path}` no longer holds {old!r}: this edit has gone stale")
        (project / path).write_text(before.replace(old, new), encoding="utf-8", newline="\n")

    return edit


def remove(path: str) -> Edit:
    """Delete a file."""
    return lambda project: (project / path).unlink()


def move(old: str, new: str) -> Edit:
    """Give a file another place."""

    def edit(project: Path) -> None:
        (project / new).parent.mkdir(parents=True, exist_ok=True)
        (project / old).rename(project / new)

    return edit


def train(project: Path) -> None:
    """Make and export the model with the project's own commands."""
    commit(project)
    with TemporaryDirectory() as folder:
        sandbox = HostSandbox(Path(folder) / "home")
        submission = snapshot(project, Path(folder))
        product = Product(submission, environment.cached(sandbox, submission), sandbox, submission.contract())
        for name in ("ingest", "train", "export"):
            product.must(name)
        shutil.copytree(product.root / "model", project / "model")


def commit(project: Path) -> None:
    """Commit all that is there now, ignored files too where git is told so by an earlier edit."""
    for arguments in (("add", "--all"), ("commit", "--quiet", "--allow-empty", "--message", "work")):
        person = ("-c", "user.name=Student", "-c", "user.email=student@localhost", "-c", "commit.gpgSign=false")
        subprocess.run(["git", *person, "-C", str(project), *arguments], check=True)


def make(key: str, folder: Path, edits: Iterable[Edit] = (), *, solved: bool = True) -> Path:
    """A committed project of a module: the reference, or the starter, with these edits."""
    compose.fill(folder, key, compose.Answers("noshow", "Student"), solved=solved)
    compose.first_commit(folder, "start", "Student")
    for edit in edits:
        edit(folder)
    commit(folder)
    return folder


def grade(project: Path, report: Path, *arguments: str, variables: Mapping[str, str] | None = None) -> Result:
    """Grade a project with the command that a student uses; the result document."""
    command = [sys.executable, "-I", "-m", "mlops_grader", "grade", str(project), "--json", str(report), *arguments]
    done = subprocess.run(
        command, env={**os.environ, **(variables or {})}, capture_output=True, text=True, check=False, timeout=1800
    )
    assert report.exists(), (
        f"no result was written, exit code {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    )
    return from_document(json.loads(report.read_text(encoding="utf-8")))


def of_module(kind: str, key: str) -> Any:
    """The list in `mistakes/KEY.py`, `alternatives/KEY.py` or `cheats/KEY.py`."""
    module: ModuleType = importlib.import_module(f"{kind}.{key}")
    return getattr(module, kind.upper())


def together(key: str) -> list[tuple[Mistake, ...]]:
    """The mistakes that the gate makes in one project: `TOGETHER` in `mistakes/KEY.py`, if it has one. Raises KeyError."""
    by_name = {mistake.name: mistake for mistake in of_module("mistakes", key)}
    groups = getattr(importlib.import_module(f"mistakes.{key}"), "TOGETHER", ())
    return [tuple(by_name[name] for name in group) for group in groups]


def marks_of(key: str) -> list[pytest.MarkDecorator]:
    """The marks of tests that do a module's work: they take long, and need what the module needs."""
    facts = tomllib.loads((KIT / "modules" / key / "module.toml").read_text(encoding="utf-8"))
    needed = [getattr(pytest.mark, need) for need in ("engine", "prometheus") if need in facts["needs"]]
    return [pytest.mark.slow, pytest.mark.network, *needed]


def not_passed(result: Result) -> list[Outcome]:
    """The checks that were asked for and did not pass although nothing blocked them."""
    return [outcome for outcome in result.asked if outcome.verdict not in (Verdict.PASSED, Verdict.BLOCKED)]


def told(result: Result) -> str:
    """The verdicts and findings of a result, to read when a test fails."""
    rows = (f"{o.verdict:8} {o.id}: {o.found} / {o.fix}" for o in result.checks if o.verdict is not Verdict.PASSED)
    return "\n".join(rows) or "all passed"
