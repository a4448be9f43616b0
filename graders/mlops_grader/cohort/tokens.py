"""Source text reduced to the shape of its code, in a process of its own that is ended when a text takes too long."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import PurePosixPath

from mlops_grader.submission import UsageError

SECONDS = 10.0  # for one text; a usual one takes some thousandths
START = 120.0  # seconds in which the process must have come up, on a machine that is busy
LANGUAGES = {".py": "python", ".sh": "bash", ".yml": "yaml", ".yaml": "yaml", ".toml": "toml", ".sql": "sql"}
NAMES = {"Dockerfile": "docker", "Makefile": "make"}


def language(path: str) -> str:
    """The language of a file by its name; empty for one that is not compared."""
    place = PurePosixPath(path)
    return NAMES.get(place.name, "") or LANGUAGES.get(place.suffix.lower(), "")


def shapes(texts: Iterable[tuple[str, str, str]], seconds: float = SECONDS) -> Iterator[tuple[str, str | None]]:
    """For each (name, language, text) its name and shape: names, strings and comments are all alike or gone. None: it took too long.

    The grammars that read a text consist of regular expressions, and somebody may write a text on which one never ends.
    """
    with contextlib.ExitStack() as stack:
        line: Connection | None = None
        for name, kind, text in texts:
            if line is None:
                line = stack.enter_context(_reader())
            shape = _asked(line, kind, text, seconds)
            if shape is None:
                stack.close()
                line = None
            yield name, shape


@contextlib.contextmanager
def _reader() -> Iterator[Connection]:
    """The line to a fresh process that reads texts."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_read, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START):
            raise UsageError(
                "the process that reads source texts did not start: make the dashboard later, or with --no-similar"
            )
        ours.recv()
        yield ours
    finally:
        ours.close()
        _end(process)


def _end(process: SpawnProcess) -> None:
    process.kill()
    process.join()
    process.close()


def _asked(line: Connection, kind: str, text: str, seconds: float) -> str | None:
    try:
        line.send((kind, text))
        return str(line.recv()) if line.poll(seconds) else None
    except (EOFError, OSError):  # it died over this text
        return None


def _read(line: Connection) -> None:
    """Answer until the other end is closed."""
    from copydetect.utils import filter_code

    logging.disable()
    line.send("ready")
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, text = line.recv()
            line.send(filter_code(text, "", language=kind)[0])
