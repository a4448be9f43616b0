"""Small submissions for cells: a project whose commands are a script of the test's, and what that script saw."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import submissions
from mlops_grader.cohort import cell
from mlops_grader.cohort.records import CellOrder, Returned

KEY = "m01_environment"
CONTRACT = """
name = "noshow"
[service]
port = 8000
[commands]
setup = "uv pip install --quiet iniconfig sniffio && python script.py setup"
test = "python script.py test"
lint = "python script.py lint"
types = "python script.py types"
"""
# what a script begins with: `see` says in the result what it found, and makes the command fail so that it is shown
PRELUDE = """
import json, os, pathlib, socket, subprocess, sys, time
phase = sys.argv[1]
NOTES = pathlib.Path(__file__).with_name("notes.json")
seen = json.loads(NOTES.read_text()) if NOTES.exists() else {}
def attempt(act):
    try:
        return str(act())
    except BaseException as error:
        return type(error).__name__
def see(**found):
    seen.update(found)
    NOTES.write_text(json.dumps(seen))
    if phase != "setup":
        print("SEEN " + json.dumps(seen))
        sys.exit(1)
def reach(address=("1.1.1.1", 53)):
    with socket.create_connection(address, timeout=3):
        return "reached"
"""


def parcel_of(project: Path) -> bytes:
    """The bundle of a project's main branch."""
    for words in (("branch", "-M", "main"), ("bundle", "create", "--quiet", "../parcel.bundle", "main")):
        subprocess.run(["git", "-C", str(project), *words], check=True)
    return (project.parent / "parcel.bundle").read_bytes()


def parcel(folder: Path, script: str, contract: str = CONTRACT) -> bytes:
    """A starter whose commands are a script's, with its phases `setup`, `test`, `lint` and `types`, which run in this order."""
    folder.mkdir(parents=True)
    edits = (
        submissions.write("product.toml", contract),
        submissions.write("script.py", PRELUDE + script),
        submissions.write("noshow/service.py", "import sniffio\n"),  # compared with what the package index holds
    )
    return parcel_of(submissions.make(KEY, folder / "project", edits, solved=False))


def order(student: str, **more: Any) -> CellOrder:
    """An order for module 1."""
    return CellOrder(**{"run": "tests", "student": student, "module": KEY, "seed": 7, "seconds": 300.0, **more})


def graded(folder: Path, script: str, **more: Any) -> Returned:
    """Grade such a script in a cell."""
    return cell.grade(parcel(folder / "made", script), order(folder.name, **more))


def seen(returned: Returned, check: str = "tests_pass") -> Mapping[str, Any]:
    """What the script of a submission said in the command that a check runs."""
    assert returned.document, f"{returned.error}\n{returned.log}"
    outcome = next(each for each in returned.document["checks"] if each["id"] == f"test_{check}")
    found = re.search(r"SEEN (\{.*\})", outcome["found"])
    assert found, f"{outcome['found']}\n{returned.log}"
    told: dict[str, Any] = json.loads(found[1])
    return told
