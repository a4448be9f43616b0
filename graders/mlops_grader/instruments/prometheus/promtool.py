"""What promtool says of rule files and of metrics."""

from __future__ import annotations

import subprocess
from pathlib import Path

from mlops_grader.instruments.prometheus.programs import program

SECONDS = 60


def check_rules(path: Path) -> str:
    """What is wrong with a rule file, empty when nothing is."""
    done = _run("check", "rules", "--lint=all", "--lint-fatal", path.name, folder=path.parent)
    return "" if done.returncode == 0 else _words(done, path)


def test_rules(path: Path) -> str:
    """What fails in the unit tests of rules, empty when they pass."""
    done = _run("test", "rules", path.name, folder=path.parent)
    return "" if done.returncode == 0 else _words(done, path)


def lint_metrics(exposition: str) -> list[str]:
    """Where names, units and help texts of an exposition leave the conventions. Raises ValueError when it cannot be read."""
    done = _run("check", "metrics", text=exposition)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode and any("error while linting" in line for line in lines):
        raise ValueError("\n".join(lines))
    return lines if done.returncode else []


def _run(*arguments: str, text: str = "", folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [*program("promtool", folder or Path.cwd()).words, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, cwd=folder, timeout=SECONDS, check=False)


def _words(done: subprocess.CompletedProcess[str], path: Path) -> str:
    lines = [line.strip() for line in (done.stdout + done.stderr).replace(str(path), path.name).splitlines()]
    return "\n".join(line for line in lines if line and not line.startswith(("Checking", "Unit Testing", "SUCCESS")))
