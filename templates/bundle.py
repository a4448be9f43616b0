"""What a teacher copies where a class is graded: the bundle for Classroom 50, and the workflow of the action protocol."""

from __future__ import annotations

import json
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

from answers import StartError

KIT = Path(__file__).resolve().parent.parent
SOURCES = KIT / "templates" / "classroom"
PYTHON = "3.13"
SECONDS = 780  # of the 15 minutes that a job of Classroom 50 has; the rest is for what it does before and after
LARGEST = 9 * 2**20  # bytes; it takes 10 MB
TEAM = 6  # at most, as the lesson of the capstone says
APT = {"prometheus": ("prometheus", "prometheus-alertmanager")}  # what GitHub's machines lack, by a module's need


def write(place: Path, key: str, grader: str, words: str, given: list[str]) -> None:
    """Write both into the folder of a module, which has the repository already.

    words: the grader as words of a command line. given: what is restored before a grade.
    """
    facts = tomllib.loads((KIT / "modules" / key / "module.toml").read_text(encoding="utf-8"))
    slug = key.replace("_", "-")
    folder = place / "classroom50" / "autograders" / slug
    folder.mkdir(parents=True)
    shutil.copyfile(SOURCES / "autograder.py", folder / "autograder.py")
    _json(folder / "grading.json", {"module": key, "grader": words, "seconds": SECONDS})
    _pack(place / "repository", given, folder / "given.zip")
    _must_fit(folder)
    _json(place / "classroom50" / "runtime.json", _runtime(facts))
    _json(place / "classroom50" / "assignment.json", _assignment(slug, key, facts))
    workflow = place / "action-protocol" / ".github" / "workflows" / "classroom.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(_workflow(key, grader, facts), encoding="utf-8", newline="\n")


def _runtime(facts: dict[str, Any]) -> dict[str, Any]:
    """The machine that a grade needs. Docker is on GitHub's own."""
    apt = [package for need in facts["needs"] for package in APT.get(need, ())]
    return {"runs-on": "ubuntu-latest", "python": PYTHON, **({"apt": apt} if apt else {})}


def _assignment(slug: str, key: str, facts: dict[str, Any]) -> dict[str, Any]:
    """An entry of `assignments.json`, without the template, whose owner only the teacher knows."""
    mode = {"mode": "group", "max_group_size": TEAM} if key == "m14_capstone" else {"mode": "individual"}
    return {
        "slug": slug,
        "name": facts["title"],
        **mode,
        "autograder": "default",
        "submission_mode": "tag",
        "release_assets": ["report.html"],
        "runtime": _runtime(facts),
    }


def _workflow(key: str, grader: str, facts: dict[str, Any]) -> str:
    text = (SOURCES / "classroom.yml").read_text(encoding="utf-8")
    for name, value in (("module", key), ("grader", grader), ("needs", " ".join(facts["needs"]))):
        if not value.isprintable() or '"' in value or "\\" in value:
            raise StartError(f"the {name} {value!r} cannot stand in a workflow: use no quotes and backslashes")
        text = text.replace(f"@{name}@", value)
    return text


def _pack(project: Path, paths: list[str], target: Path) -> None:
    """An archive that is the same for the same files."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in paths:
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, (project / path).read_bytes())


def _must_fit(folder: Path) -> None:
    size = sum(path.stat().st_size for path in folder.iterdir())
    if size > LARGEST:
        raise StartError(f"the bundle of {folder.name} has {size // 2**20} MiB and may have {LARGEST // 2**20}")


def _json(path: Path, document: object) -> None:
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
