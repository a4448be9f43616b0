"""A folder of pages that is made beside its place and then moved there, so that nobody ever sees half of it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from mlops_grader.submission import UsageError


def place(files: Mapping[str, str | bytes], folder: Path, mark: str) -> None:
    """Replace a folder by one with exactly these files, named relative to it.

    mark: the file by which a folder is known as one that was made here. Raises UsageError for any other folder.
    """
    if folder.exists() and not _ours(folder, mark):
        raise UsageError(f"`{folder}` holds something else, which would be lost: name a new or an empty folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}")
    try:
        for name, content in files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        _swap(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _ours(folder: Path, mark: str) -> bool:
    return folder.is_dir() and ((folder / mark).is_file() or not any(folder.iterdir()))


def _swap(beside: Path, folder: Path) -> None:
    """Put the new folder in its place; the old one comes back when that fails."""
    old = beside.with_name(f"{beside.name}.old")
    if folder.exists():
        folder.rename(old)
    try:
        beside.rename(folder)
    except OSError:
        if old.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)
