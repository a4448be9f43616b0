"""What comes out of a cell: data that are believed only as far as they can be compared with what was asked."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

import jsonschema

from mlops_grader import result
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.grading import identity
from mlops_grader.submission import git

LARGEST = 8 * 2**20  # bytes of an answer
WORDS = 2000  # of an error that are kept


def read(path: Path, parcel: bytes, order: CellOrder) -> Returned | None:
    """The answer in a file; None when there is none. One that is not what was asked for becomes an error."""
    text = _text(path)
    if text is None:
        return None
    try:
        told = json.loads(text)
        document = told.get("document")
        if document is None:
            return Returned(None, str(told["error"])[:WORDS], retry=bool(told["retry"]))
        result.validate(document)
    except (ValueError, KeyError, AttributeError, RecursionError, jsonschema.ValidationError) as error:
        return Returned(None, f"the cell's answer is no result: {str(error).splitlines()[0][:300]}", retry=True)
    if wrong := _wrong(document, parcel, order):
        return Returned(None, f"the cell's answer is not the one that was asked for: {wrong}", retry=True)
    return Returned(document)


def _text(path: Path) -> str | None:
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(file, "rb") as stream:
        facts = os.fstat(file)
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST:
            return None
        return stream.read(LARGEST).decode("utf-8", errors="replace")


def _wrong(document: dict[str, Any], parcel: bytes, order: CellOrder) -> str:
    """In which of the facts that are known from outside the answer differs."""
    graded = document["submission"]
    pairs = {
        "authority": (document["authority"], "record"),
        "module": (graded["module"], order.module),
        "seed": (document["seed"], order.seed),
        "grader": (document["grader"]["version"], identity()),
    }
    found = next((f"{name} {there}, not {asked}" for name, (there, asked) in pairs.items() if there != asked), "")
    if not found and graded["tree"] not in trees(parcel):
        found = f"tree {graded['tree']} is not in the parcel"
    return found


def trees(parcel: bytes) -> set[str]:
    """The tree of a parcel and those of its topmost folders, one of which holds the project."""
    with tempfile.TemporaryDirectory(prefix="mlops-grader-parcel-") as name:
        folder = Path(name)
        (folder / "parcel.bundle").write_bytes(parcel)
        git(
            folder,
            "clone",
            "--quiet",
            "--bare",
            "--branch",
            "main",
            "--",
            str(folder / "parcel.bundle"),
            str(folder / "bare"),
        )
        top = git(folder / "bare", "rev-parse", "main^{tree}").strip()
        listed = git(folder / "bare", "ls-tree", "-d", "-z", "main").split("\0")
    return {top, *(line.split("\t")[0].split()[2] for line in listed if line)}
