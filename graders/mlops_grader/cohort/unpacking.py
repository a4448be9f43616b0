"""Unpack an archive of a stranger: only plain files and folders, only below the target, and never more than a project can have."""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Protocol

from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

MIB = 2**20
LARGEST = 500 * MIB  # of all files, unpacked
MOST_FILES = 20_000
RATIO, HARMLESS = 100, 20 * MIB  # how many times larger than its archive a project may be, once it is larger than this
LARGEST_HEADER = MIB  # of a tar, between the contents of two files
MEMORY = 128 * MIB  # that unpacking xz may need
CHUNK = 2**16

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PACKED = b"PK\x01\x02"  # begins the entry of each file in the directory of a zip
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_LATEST = 253_402_300_799  # the last second of the year 9999


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass
class Unpacking:
    """One archive on its way into a folder. newest: the time of its newest entry, in seconds since 1970."""

    target: Path
    packed: int
    newest: float = 0
    size: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def folder(self, name: str, at: float) -> None:
        """Make a folder of the archive."""
        self._place(name, at, is_file=False).mkdir(parents=True, exist_ok=True)

    def file(self, name: str, at: float, content: _Source, program: bool) -> None:
        """Write a file of the archive, counting what really comes out of it."""
        path = self._place(name, at, is_file=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            while chunk := content.read(CHUNK):
                self.size += len(chunk)
                self._must_be_bounded()
                out.write(chunk)
        path.chmod(0o755 if program else 0o644)

    def _must_be_bounded(self) -> None:
        if self.size > LARGEST:
            raise UsageError(
                f"it unpacks to more than {LARGEST // MIB} MiB: pack the project without data and environments"
            )
        if self.size > max(HARMLESS, RATIO * self.packed):
            raise UsageError(f"it unpacks to more than {RATIO} times its size: that is no project")

    def _place(self, name: str, at: float, *, is_file: bool) -> Path:
        parts = _parts(name)
        self.newest = max(self.newest, min(at, _LATEST))
        for end in range(1, len(parts) + 1):
            self._claim("/".join(parts[:end]), is_file=is_file and end == len(parts))
        return self.target.joinpath(*parts)

    def _claim(self, path: str, *, is_file: bool) -> None:
        """Each file is there once, also where large and small letters are the same; folders may be named again."""
        taken = f"{path}{'' if is_file else '/'}"
        earlier = self.names.setdefault(folded(path), taken)
        if len(self.names) > MOST_FILES:
            raise UsageError(f"it holds more than {MOST_FILES:,} files: pack the project without environments")
        if earlier != taken:
            raise UsageError(
                f"it holds `{plain(earlier)}` and `{plain(taken)}`, which are one on some machines: rename one"
            )
        if is_file and (self.target / path).exists():
            raise UsageError(f"it holds `{plain(path)}` twice: pack it again")


def unpack(path: Path, target: Path, zone: tzinfo = UTC) -> datetime:
    """Unpack a zip or tar into a new folder; when its newest entry was written. zone: of the times in a zip, which do not say.

    Raises UsageError, in words for staff, for an archive that is refused or broken.
    """
    target.mkdir()
    name = path.name.lower()
    unpacking = Unpacking(target, path.stat().st_size)
    try:
        if name.endswith(".zip"):
            _zip(path, unpacking, zone)
        else:
            _tar(path, unpacking)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, EOFError) as error:
        raise UsageError(
            f"the archive is broken ({plain(str(error)) or type(error).__name__}): pack it again"
        ) from None
    except (NotImplementedError, ValueError, OverflowError) as error:
        raise UsageError(f"the archive cannot be read ({plain(str(error))}): pack it again as zip") from None
    if not unpacking.names:
        raise UsageError("the archive is empty")
    return datetime.fromtimestamp(unpacking.newest, UTC)


def folded(path: str) -> str:
    """A path as a file system sees it that takes large and small letters, and one letter written in two ways, for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _parts(name: str) -> list[str]:
    """The folders and the name of an entry. Raises UsageError when it leads out of the target."""
    path = name.replace("\\", "/")
    shown = plain(name)[:200]
    if path.startswith("/") or re.match(r"[A-Za-z]:", path):
        raise UsageError(f"it holds the absolute path `{shown}`")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UsageError(f"it holds `{shown}`, which leads out of the archive's folder")
    if _CONTROLS.search(path) or not parts or any(len(os.fsencode(part)) > 255 for part in parts) or len(path) > 1000:
        raise UsageError(f"it holds a name that no file can have everywhere: `{shown}`")
    return parts


def _zip(path: Path, unpacking: Unpacking, zone: tzinfo) -> None:
    if sum(_counts(path)) > 2 * MOST_FILES:  # before its directory is read into memory
        raise UsageError(f"it holds more than {MOST_FILES:,} files: pack the project without environments")
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            kind = stat.S_IFMT(entry.external_attr >> 16) if entry.create_system == 3 else 0
            _must_be_plain(entry, kind)
            at = _zip_time(entry, zone)
            if entry.is_dir() or entry.filename.endswith("\\"):
                unpacking.folder(entry.filename, at)
                continue
            with archive.open(entry) as content:
                unpacking.file(entry.filename, at, content, bool(kind and entry.external_attr >> 16 & stat.S_IXUSR))


def _counts(path: Path) -> Iterator[int]:
    with path.open("rb") as file:
        before = b""
        while chunk := file.read(MIB):
            yield (before + chunk).count(_PACKED)
            before = chunk[1 - len(_PACKED) :]


def _must_be_plain(entry: zipfile.ZipInfo, kind: int) -> None:
    shown = plain(entry.filename)[:200]
    if entry.flag_bits & 0x1:
        raise UsageError(f"`{shown}` is encrypted: pack it again without a password")
    if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
        raise UsageError(f"`{shown}` is a link or a device: pack the files themselves")
    if entry.compress_type not in _ZIP_METHODS:
        raise UsageError(f"`{shown}` is packed in an unusual way: pack it again as an ordinary zip")


def _zip_time(entry: zipfile.ZipInfo, zone: tzinfo) -> float:
    try:
        return datetime(*entry.date_time, tzinfo=zone).timestamp()
    except (ValueError, OverflowError):
        return 0


def _tar(path: Path, unpacking: Unpacking) -> None:
    with path.open("rb") as file:
        counted = _Counted(_unpacked(path.name.lower(), file), unpacking.packed)
        with tarfile.open(fileobj=counted, mode="r|", tarinfo=_Entry) as archive:  # type: ignore[call-overload]  # it needs `read` alone
            while entry := counted.header(archive.next):
                _tar_entry(archive, entry, unpacking)


def _tar_entry(archive: tarfile.TarFile, entry: tarfile.TarInfo, unpacking: Unpacking) -> None:
    shown = plain(entry.name)[:200]
    if entry.issparse() or not (entry.isreg() or entry.isdir()):
        raise UsageError(f"`{shown}` is a link, a device or has holes: pack the files themselves")
    _parts(entry.name)
    tarfile.data_filter(entry, str(unpacking.target))
    if entry.isdir():
        unpacking.folder(entry.name, entry.mtime)
    elif content := archive.extractfile(entry):
        unpacking.file(entry.name, entry.mtime, content, bool(entry.mode & stat.S_IXUSR))


def _unpacked(name: str, file: IO[bytes]) -> _Source:
    if name.endswith((".tar.gz", ".tgz")):
        return gzip.GzipFile(fileobj=file)
    return io.BufferedReader(_Xz(file)) if name.endswith((".tar.xz", ".txz")) else file


class _Xz(io.RawIOBase):
    """The content of an xz file, with a bound on memory that the standard library's own does not have."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._decompressor = lzma.LZMADecompressor(memlimit=MEMORY)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io hands over
        while not self._decompressor.eof:
            more = self._file.read(CHUNK) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not more:
                raise EOFError("it ends too early")
            if content := self._decompressor.decompress(more, len(buffer)):
                buffer[: len(content)] = content
                return len(content)
        return 0


class _Entry(tarfile.TarInfo):
    """A header of a tar; a damaged one is told, where the standard library would take it for the end."""

    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> _Entry:
        try:
            return super().fromtarfile(tarfile_)  # it makes one of this class
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]
            raise tarfile.ReadError(str(error)) from None


class _Counted:
    """What comes out of the compression of a tar, counted: what its headers say of sizes is not trusted."""

    def __init__(self, source: _Source, packed: int) -> None:
        self._source = source
        self._most = min(max(HARMLESS, RATIO * packed), LARGEST) + MOST_FILES * 1024
        self._until = min(self._most, LARGEST_HEADER)  # opening reads the first header
        self._size = 0

    def header(self, read: Callable[[], tarfile.TarInfo | None]) -> tarfile.TarInfo | None:
        """Read the header of the next file, which may be only so large."""
        self._until = min(self._most, self._size + LARGEST_HEADER)
        entry = read()
        self._until = self._most
        return entry

    def read(self, size: int) -> bytes:
        content = self._source.read(size)
        self._size += len(content)
        if self._size > self._until:
            if self._until < self._most:
                raise UsageError(f"the header of a file is larger than {LARGEST_HEADER // MIB} MiB: that is no project")
            raise UsageError(
                f"it unpacks to more than {LARGEST // MIB} MiB, or {RATIO} times its size: that is no project"
            )
        return content
