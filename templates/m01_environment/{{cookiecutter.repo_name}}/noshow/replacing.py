"""Writing so that a reader never sees half of it: first beside the target, then moved into its place."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing_file(target: Path) -> Iterator[Path]:
    """A path to write to; it takes the place of `target` in one step when the block ends without an exception."""
    with _beside(target) as folder:
        yield folder / target.name
        (folder / target.name).replace(target)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """An empty folder to fill; it takes the place of `target` when the block ends without an exception.

    No system replaces a full folder in one step everywhere, so the old one is moved away first: a reader finds the old
    folder, for a moment none, then the new one. Who reads several files reads them before that moment or reads again.
    """
    with _beside(target) as folder:
        new = folder / "new"
        new.mkdir()
        yield new
        if target.exists():
            target.rename(folder / "old")
        new.rename(target)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
