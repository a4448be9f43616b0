"""The page for instructors: its commands run in their order, and its workflows are such that GitHub takes them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

import compose
from mlops_grader.instruments import zizmor
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.triggers import Event, triggers

PAGE = (compose.KIT / "docs/classroom.md").read_text(encoding="utf-8")
CLASSROOM = ".github/workflows/classroom.yml"
NOX = f"""#!/bin/sh
shift 3
exec "{sys.executable}" "{compose.KIT}/templates/handout.py" "$@"
"""


def blocks(info: str) -> list[str]:
    """The fenced blocks of that language, in order."""
    return [token.content for token in MarkdownIt().parse(PAGE) if token.type == "fence" and token.info == info]


@pytest.mark.skipif(sys.platform == "win32", reason="the blocks are bash; on Windows instructors use WSL2")
def test_the_commands_run_in_their_order(tmp_path: Path, git: Callable[..., str]) -> None:
    """In a clone of the kit, beside one of Classroom 50's repository and the repository of a student."""
    git(tmp_path, "init", "--quiet", "--bare", "origin")
    for name in ("classroom50", "class/mlops-m01-environment-ada"):
        git(tmp_path, "clone", "--quiet", "origin", name)
        git(tmp_path / name, "config", "user.name", "Teacher")
        git(tmp_path / name, "config", "user.email", "teacher@example.org")
    (tmp_path / "classroom50/CLASSROOM").mkdir()
    (tmp_path / "programs").mkdir()
    (tmp_path / "programs/nox").write_text(NOX)
    (tmp_path / "programs/nox").chmod(0o755)
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit/roster.csv").write_text("username\nada\nbo\n")
    person = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    variables = {**os.environ, **person, "PATH": f"{tmp_path}/programs:{os.environ['PATH']}"}
    script = "set -euo pipefail\n" + "\n".join(blocks("bash"))
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path / "kit", env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    pushed = git(tmp_path / "classroom50", "ls-tree", "-r", "--name-only", "origin/main").splitlines()
    assert "CLASSROOM/autograders/m01-environment/autograder.py" in pushed
    assert git(tmp_path / "m01-environment", "ls-files", ".github") == CLASSROOM


def test_the_example_calls_the_workflow_as_it_is(project: Callable[..., Path]) -> None:
    """What it hands over is asked for, its rights are enough, and zizmor has nothing to say but that REF is no commit yet."""
    caller, _ = blocks("yaml")
    folder = project({CLASSROOM: caller.replace("@REF", "@" + "1" * 40)})
    workflow, called = load(folder, CLASSROOM), load(compose.KIT, ".github/workflows/grade.yml")
    (job,) = workflow.jobs.values()
    assert job.uses == f"OWNER/REPOSITORY/{called.file}@{'1' * 40}"
    assert {"module"} <= set(job.inputs) <= set(called.triggers["workflow_call"]["inputs"])
    assert {"contents: read", "statuses: write"} <= {line.partition(" #")[0].strip() for line in caller.splitlines()}
    assert zizmor.audit(folder) == []


def test_the_other_trigger_grades_what_is_handed_in(project: Callable[..., Path]) -> None:
    """Tags below `submit/`, and no other push."""
    caller, trigger = blocks("yaml")
    assert "on: push\n" in caller
    workflow = load(project({CLASSROOM: caller.replace("on: push\n", trigger)}), CLASSROOM)
    events = [Event("push", tag="submit/1"), Event("push", tag="v1"), Event("push", branch="main")]
    assert [triggers(workflow, event) for event in events] == [True, False, False]
