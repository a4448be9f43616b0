"""Files in a place where a student's commands ran: the grader, as root, does there what their owner could do, and no more."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, wraps
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.owner import hand_over

if sys.platform == "win32":
    from pathlib import WindowsPath as _Path
else:
    from pathlib import PosixPath as _Path

READ_LIMIT = 2**30  # bytes of a file that is read at all: one of any length takes no room on a disk
REACHED = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_NOFOLLOW", 0)
_open: Callable[..., Any] = open


@contextmanager
def as_its_owner(place: Path) -> Iterator[Path]:
    """Be the owner of a place for what this thread does with files meanwhile; gives the path by which to reach it.

    That user's links lead only to where that user could go, whenever they were made. Where nobody but root has been,
    and for everybody who is not root, nothing changes. Start no thread and no process inside.
    """
    if not _is_root():
        yield place
        return
    before, parts = (_system().setfsuid(-1), _system().setfsgid(-1)), place.absolute().parts
    try:
        _become(0, 0)  # it may be a place within a place
        depth, uid = _first_of_another(place)
        if not uid:
            yield place
            return
        with _held(Path(*parts[:depth])) as held:  # root's folders above need not be open to that user
            _become(uid, uid)
            yield Path(f"/proc/self/fd/{held}", *parts[depth:])
    finally:
        _become(*before)


@contextmanager
def _held(place: Path) -> Iterator[int]:
    held = os.open(place, REACHED)
    try:
        yield held
    finally:
        os.close(held)


def _is_root() -> bool:
    """Whether the grader may be another user: elsewhere it is a person's own, or has no such users."""
    return sys.platform.startswith("linux") and os.geteuid() == 0


def _first_of_another(place: Path) -> tuple[int, int]:
    """How many parts of a path lead to the first that belongs to another user than root, and to whom; (0, 0) when none does."""
    parts = place.absolute().parts if _is_root() else ()
    for depth in range(1, len(parts) + 1):
        try:
            facts = Path(*parts[:depth]).lstat()
        except OSError:
            break
        if facts.st_uid:
            return depth, facts.st_uid
    return 0, 0


def _become(uid: int, gid: int) -> None:
    """Raises PermissionError when the system refuses: then nothing is done as root instead."""
    system = _system()
    # whoever is no longer root may not change the group any more
    for change, wanted in (
        ((system.setfsgid, gid), (system.setfsuid, uid)) if uid else ((system.setfsuid, uid), (system.setfsgid, gid))
    ):
        change(wanted)
        if change(-1) != wanted:
            raise PermissionError(errno.EPERM, "the grader cannot act as the user of a student's commands")


@cache
def _system() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _acting(name: str, *, on_entry: bool) -> Callable[..., Any]:
    """A method of paths, done as the owner of the place; of the folder around it, where it makes or removes what is called so."""
    method = getattr(_Path, name)

    @wraps(method)
    def act(self: Path, *arguments: Any, **options: Any) -> Any:
        try:
            with as_its_owner(self.parent if on_entry else self) as place:
                return method(_Path(place, self.name) if on_entry else _Path(place), *arguments, **options)
        except OSError as error:
            raise _told(error, self) from None

    return act


class Theirs(_Path):
    """A path that is used as the owner of its place would use it; so is every path that is made from it.

    What is opened is a file: neither a pipe at which the grader would wait, nor a device. `rename` and `replace` are as
    ever: they move a link, and do not follow it. Looking (`exists`, `stat`, `rglob`) tells the grader alone something.
    """

    def open(self, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        """Raises Fail when it leads to where the owner may not go, or to something that is no file."""
        try:
            with as_its_owner(self) as place:
                return _open(place, mode, *arguments, opener=_opened_file, **options)
        except OSError as error:
            raise _told(error, self) from None

    mkdir: Any = _acting("mkdir", on_entry=True)
    rmdir: Any = _acting("rmdir", on_entry=True)
    touch: Any = _acting("touch", on_entry=False)
    chmod: Any = _acting("chmod", on_entry=False)
    unlink: Any = _acting("unlink", on_entry=True)
    symlink_to: Any = _acting("symlink_to", on_entry=True)
    hardlink_to: Any = _acting("hardlink_to", on_entry=True)


def _opened_file(path: str, flags: int) -> int:
    file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    facts = os.fstat(file)
    reads = not flags & (os.O_WRONLY | os.O_RDWR)
    if stat.S_ISREG(facts.st_mode) and not (reads and facts.st_size > READ_LIMIT):
        return file
    os.close(file)
    if stat.S_ISDIR(facts.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.ENXIO, "no file")


def _told(error: OSError, place: Path) -> Exception:
    """The same error with the place's own name; where a student's command made a trap of it, a finding."""
    if error.errno is None:
        return error
    if error.errno in (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENXIO) and _first_of_another(place)[1]:
        return Fail(
            f"`{place.name}` is no file that a command could have written: {error.strerror}",
            fix="let commands leave files, and no pipes, no links out of the project, none without rights",
        )
    return type(error)(error.errno, error.strerror, str(place))


def copy_folder(source: Path, folder: Path) -> None:
    """Copy a folder as it is: links as links, no pipes and sockets; it belongs to whom the original belongs.

    What its owner cannot read is not copied. Raises Fail then.
    """
    Theirs(folder).mkdir(parents=True)
    if uid := _first_of_another(source)[1]:
        hand_over(folder.parent.resolve() / folder.name, uid, whole=False)
    try:
        with as_its_owner(source) as there, as_its_owner(folder) as here:
            shutil.copytree(there, here, symlinks=True, ignore=_neither_file_nor_folder, dirs_exist_ok=True)
    except shutil.Error as error:
        name = Path(error.args[0][0][0]).name
        raise Fail(f"`{name}` cannot be read", fix="let commands leave files that they can read again") from None
    except OSError as error:
        raise _told(error, source) from None


def _neither_file_nor_folder(folder: str, names: Sequence[str]) -> list[str]:
    kinds = {name: Path(folder, name).lstat().st_mode for name in names}
    return [
        name for name, kind in kinds.items() if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind) or stat.S_ISLNK(kind))
    ]


def remove_folder(folder: Path) -> None:
    """Remove a folder and all in it as its owner could, or a link that took its place; nothing happens when it is not there."""
    with as_its_owner(folder.parent) as above, suppress(OSError):
        place = above / folder.name
        if place.is_symlink():
            place.unlink()
        shutil.rmtree(place)
