"""What a teacher copies where a class is graded: Classroom 50 takes it, and so does GitHub."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import compose
import handout
from mlops_grader.doctor.install import PACKAGES
from mlops_grader.instruments.workflow.model import load

KEYS = compose.keys()
# after `schemas/assignments-v1.schema.json` of Classroom 50: an entry, and its runtime block, which is closed
ENTRY = {
    "type": "object",
    "required": ["slug", "name", "mode", "autograder"],
    "properties": {
        "slug": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9-]{1,38}$"},
        "name": {"type": "string", "minLength": 1},
        "mode": {"enum": ["individual", "group"]},
        "max_group_size": {"type": "integer", "minimum": 2, "maximum": 100},
        "autograder": {"const": "default"},
        "submission_mode": {"enum": ["every-push", "tag"]},
        "release_assets": {
            "type": "array",
            "items": {"type": "string", "pattern": r"^[A-Za-z0-9_-](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_-])?$"},
        },
        "runtime": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "runs-on": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"},
                "python": {"type": "string", "pattern": r"^[A-Za-z0-9._+-]{1,32}$"},
                "apt": {"type": "array", "items": {"type": "string", "pattern": r"^[a-z0-9][a-z0-9.+-]{0,63}$"}},
            },
        },
    },
    "if": {"properties": {"mode": {"const": "group"}}},
    "then": {"required": ["max_group_size"]},
    "else": {"not": {"required": ["max_group_size"]}},
}


@pytest.mark.parametrize("key", KEYS)
def test_classroom_50_takes_the_assignment(key: str, exported: Path) -> None:
    """The entry is as their schema says, and asks for the packages that the doctor would install."""
    folder = exported / key / "classroom50"
    entry, needs = json.loads((folder / "assignment.json").read_text()), facts_of(key)["needs"]
    jsonschema.validate(entry, ENTRY)
    assert entry["runtime"] == json.loads((folder / "runtime.json").read_text())
    assert tuple(entry["runtime"].get("apt", ())) == (PACKAGES["Prometheus"] if "prometheus" in needs else ())
    grading = json.loads((folder / "autograders" / entry["slug"] / "grading.json").read_text())
    assert (grading["module"], grading["grader"]) == (key, compose.released())
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 10_000_000


def test_a_grader_from_elsewhere_is_one_word_everywhere(tmp_path: Path) -> None:
    """A requirement with spaces: for the project's noxfile and the autograder, which read words, and for the workflow."""
    grader = "mlops-grader[all] @ git+https://example.org/kit@v1"
    folder = handout.export("m01_environment", tmp_path, handout.Wanted("Student", grader))
    pin = compose.tomllib.loads((folder / "repository/course.toml").read_text())["grader"]
    grading = json.loads(next(folder.glob("classroom50/autograders/*/grading.json")).read_text())
    assert [shlex.split(pin), shlex.split(grading["grader"])] == [[grader], [grader]]
    assert f'GRADER: "{grader}"' in (folder / "action-protocol/.github/workflows/classroom.yml").read_text()


def facts_of(key: str) -> dict[str, Any]:
    """What `module.toml` says."""
    return dict(compose.tomllib.loads((compose.KIT / "modules" / key / "module.toml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("key", KEYS)
def test_the_workflow_of_the_action_protocol(key: str, exported: Path) -> None:
    """Its name, its job, its two steps, and where each finds the other's words."""
    workflow = load(exported / key / "action-protocol", ".github/workflows/classroom.yml")
    assert (workflow.name, set(workflow.triggers)) == ("Autograding Tests", {"push", "repository_dispatch"})
    (job,) = workflow.jobs.values()
    assert (job.key, job.condition) == ("run-autograding-tests", "github.actor != 'github-classroom[bot]'")
    steps = {step.id or step.uses.partition("@")[0]: step for step in job.steps if step.id or step.uses}
    reporter = steps["classroom-resources/autograding-grading-reporter"]
    assert dict(reporter.inputs) == {"runners": "grade"}
    assert dict(reporter.env) == {"GRADE_RESULTS": "${{ steps.grade.outputs.result }}"}
    assert f'MODULE: "{key}"' in workflow.text
    assert f'GRADER: "{compose.released()}"' in workflow.text
    assert "@module@" not in workflow.text


def test_the_workflow_of_the_action_protocol_is_sound(exported: Path) -> None:
    """GitHub's schema takes it, and zizmor finds nothing but the reporter that no commit pins."""
    folder = exported / "m09_monitoring/action-protocol"
    programs = Path(sys.executable).parent
    asked = (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/classroom.yml"],
        ["zizmor", "--offline", "--persona=pedantic", "."],
    )
    for command in asked:
        done = subprocess.run(
            [programs / command[0], *command[1:]], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
