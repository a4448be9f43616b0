"""Words that a server holds and should not: in its database, in its artifacts, and in what is packed there."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from mlops_grader.instruments.tracking.server import ARTIFACTS, DATABASE

LARGEST = 64 * 2**20  # bytes of a file that is searched


def leaks(folder: Path, words: Collection[str]) -> list[tuple[str, str]]:
    """Each word that stands somewhere on a server, and where: the name of a file, or `the database`."""
    found = []
    for name, content in _contents(folder):
        text = content.decode("utf-8", "replace")
        found += [(word, name) for word in words if word in text or json.dumps(word)[1:-1] in text]
    return found


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob(f"{DATABASE}*")):
        yield "the database", path.read_bytes()
    for path in sorted((folder / ARTIFACTS).rglob("*")):
        if path.is_file() and path.stat().st_size <= LARGEST:
            content = path.read_bytes()
            yield path.name, content
            yield from _packed(path.name, content)


def _packed(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    with (
        suppress(zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError),
        zipfile.ZipFile(BytesIO(content)) as box,
    ):
        for entry in box.infolist():
            if entry.file_size <= LARGEST:
                yield f"{name}/{entry.filename}", box.read(entry)
