"""A folder of files that appears whole or not at all; an earlier one stays until the new one is there."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from mlops_grader.submission import UsageError


def replace(folder: Path, files: Mapping[str, str | bytes], mark: str) -> None:
    """Put a folder with these files, by their paths in it, in the place of an earlier one.

    mark: the file by which an earlier one is known. Raises UsageError when the folder holds anything else.
    """
    _must_be_ours(folder, mark)
    put(folder, files)


def put(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Put a folder with exactly these files there, whatever it held before."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new, old = (folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.{word}") for word in ("new", "old"))
    try:
        for name, content in files.items():
            path = new / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        _swap(folder, new, old)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def _swap(folder: Path, new: Path, old: Path) -> None:
    try:
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise


def _must_be_ours(folder: Path, mark: str) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"`{folder}` is no folder: name one that does not exist yet")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / mark).is_file():
        raise UsageError(
            f"`{folder}` holds something else, which would be lost: name a folder that is empty or does not exist"
        )
