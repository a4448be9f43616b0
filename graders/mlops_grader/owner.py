"""Whose a file is: where the grader is root and a student's commands are not, what they work on is given to their user."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

TURN = threading.Lock()
FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)


def hand_over(place: Path, uid: int, *, whole: bool = True) -> None:
    """Give a file, or a folder and unless told otherwise all below it, to a user.

    No link is followed, neither in the path nor below it: a link itself is given. Raises OSError where the path holds one.
    """
    with _held(place.parent) as within:
        _give(place.name, uid, within)
        for _, folders, names, here in os.fwalk(place.name, dir_fd=within) if whole else ():
            for name in (*folders, *names):
                with suppress(FileNotFoundError):  # a service may be at work there
                    _give(name, uid, here)


@contextmanager
def _held(folder: Path) -> Iterator[int]:
    """A folder, opened step by step: nobody can put a link into the way meanwhile."""
    held = os.open("/", FOLDER)
    try:
        for name in folder.parts[1:]:
            below = os.open(name, FOLDER, dir_fd=held)
            os.close(held)
            held = below
        yield held
    finally:
        os.close(held)


def _give(name: str, uid: int, within: int) -> None:
    facts = os.stat(name, dir_fd=within, follow_symlinks=False)
    shared = stat.S_ISREG(facts.st_mode) and facts.st_nlink > 1  # its other name may lie where nothing is given away
    if facts.st_uid != uid and not shared:
        os.chown(name, uid, uid, dir_fd=within, follow_symlinks=False)


@contextmanager
def as_owner(folder: Path) -> Iterator[dict[str, Any]]:
    """What `subprocess` is told so that root works in another's folder as that user: git runs what its settings there name.

    While the context is open nobody who also takes `TURN` ends the processes of that user.
    """
    if (uid := _other(folder)) is None:
        yield {}
        return
    with TURN:
        hand_over(folder.absolute(), uid)  # with what the grader has written there since
        yield {"user": uid, "group": uid, "extra_groups": ()}


def _other(folder: Path) -> int | None:
    """The owner of a folder, when root looks and it is another one."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    return folder.lstat().st_uid or None
