"""Exports of a product's model: one in the place of another, and broken ones."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mlops_grader.instruments.product import RECORD
from mlops_grader.theirs import copy_folder, remove_folder

MODEL = Path(RECORD).parent
Damage = Callable[[Path, Path], str]


def put(root: Path, folder: Path) -> None:
    """Put a copy of that export in the place of what is there, as `replacing_folder` of the given package does."""
    new, old = root.parent / "new-model", root.parent / "old-model"
    remove_folder(new)
    remove_folder(old)
    copy_folder(folder, new)
    if (root / MODEL).exists():
        (root / MODEL).rename(old)
    new.rename(root / MODEL)


def cut_off(folder: Path, _: Path) -> str:
    """Half of the model, as when a disk is full."""
    for path in _models(folder):
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])
    return "an export whose model is cut off"


def code(folder: Path, witness: Path) -> str:
    """A pickle in the place of the model, described as it should be: whoever unpickles it runs what it says."""
    record = folder / Path(RECORD).name
    text = record.read_text(encoding="utf-8")
    payload = pickle.dumps(_Payload(str(witness)))
    for path in _models(folder):
        text = text.replace(hashlib.sha256(path.read_bytes()).hexdigest(), hashlib.sha256(payload).hexdigest())
        path.write_bytes(payload)
    record.write_text(text, encoding="utf-8")
    return "an export whose model is a program in a pickle"


class _Payload:
    """What makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return open, (self.path, "w")


def _models(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != Path(RECORD).name]


DAMAGES: tuple[Damage, ...] = (cut_off, code)
