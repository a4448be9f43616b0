"""What a class was handed out: the given files of a module as the course made them, and their variants for single students."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, TypeVar

import pydantic

from mlops_grader.plain import plain
from mlops_grader.submission import UsageError, git

FILE = "given.json"
SCHEMA = "mlops-grader/given/v1"
REGULAR, PROGRAM = "100644", "100755"  # git's modes of files

_EXPORT = "export the handout again: nox -s classroom -- export"
_Digest = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{64}$")]
_Hash = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{40}$")]


class _Table(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class _Variant(_Table):
    given: dict[str, _Digest]


class _Given(_Table):
    schema_: Literal["mlops-grader/given/v1"] = pydantic.Field(alias="schema")
    module: str
    grader: str
    commit: _Hash
    given: dict[str, _Digest]
    student: list[str]


_T = TypeVar("_T", bound=_Table)


@dataclass(frozen=True)
class GivenFile:
    """A given file as git has it: its mode, and the name of its content."""

    mode: str
    blob: str


@dataclass(frozen=True)
class Variant:
    """The given files that differ for one student, in a folder of their own."""

    folder: Path
    given: Mapping[str, str]


@dataclass(frozen=True)
class Handout:
    """The given files of a module. given: the SHA-256 of each by its path in the project. student: files that students write.

    programs: given files that may be executed. variants: given files that differ for a student, by login in lower case.
    """

    folder: Path
    module: str
    commit: str
    given: Mapping[str, str]
    student: tuple[str, ...]
    programs: frozenset[str] = frozenset()
    variants: Mapping[str, Variant] = field(default_factory=dict)

    def content(self, path: str, login: str) -> bytes:
        """The bytes of a given file for that student. Raises UsageError when they are not those that were handed out."""
        own = self.variants.get(login.lower())
        if own and path in own.given:
            return _bytes(own.folder / PurePosixPath(path), own.given[path])
        return _bytes(self.folder / "repository" / PurePosixPath(path), self.given[path])

    def files(self, login: str) -> Mapping[str, GivenFile]:
        """Every given file for that student, by its path in the project."""
        own = self.variants.get(login.lower())
        return {**self._common, **{path: self._file(path, login) for path in (own.given if own else ())}}

    @cached_property
    def _common(self) -> Mapping[str, GivenFile]:
        return {path: self._file(path, "") for path in self.given}

    def _file(self, path: str, login: str) -> GivenFile:
        return GivenFile(PROGRAM if path in self.programs else REGULAR, blob_name(self.content(path, login)))


def blob_name(content: bytes) -> str:
    """The name that git gives to a file with this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def of_module(folder: Path, module: str) -> Path:
    """Where in a folder of exports the module's own lies: below its key, as `classroom export --to` made it; else the folder itself."""
    below = folder / module
    return below if below.is_dir() else folder


def load(folder: Path) -> Handout:
    """The handout in a folder, or in the only one below it. Raises UsageError that names the file and the way out."""
    folder = _place(folder)
    path = folder / FILE
    read = _parsed(path, _Given)
    variants = dict(map(_variant, sorted(folder.glob("variants/*.json"))))
    _must_be_paths(path, read.given)
    programs = _programs(folder / "repository", read.commit, read.given)
    handout = Handout(folder, read.module, read.commit, read.given, tuple(read.student), programs, variants)
    for login in ("", *variants):
        handout.files(login)  # reads each file once, and says which is not as it was handed out
    return handout


def _variant(path: Path) -> tuple[str, Variant]:
    given = _parsed(path, _Variant).given
    _must_be_paths(path, given)
    return path.stem.lower(), Variant(path.with_suffix(""), given)


def _place(folder: Path) -> Path:
    if not folder.is_dir():
        raise UsageError(f"there is no folder `{folder}`: name the one that `nox -s classroom -- export` wrote")
    if (folder / FILE).is_file():
        return folder
    below = sorted(found.parent for found in folder.glob(f"*/{FILE}"))
    if len(below) > 1:
        names = ", ".join(f"`{found.name}`" for found in below)
        raise UsageError(f"`{folder}` holds several handouts, {names}: name the folder of one of them")
    if not below:
        raise UsageError(f"`{folder}` holds no `{FILE}`: name the folder that `nox -s classroom -- export` wrote")
    return below[0]


def _parsed(path: Path, model: type[_T]) -> _T:
    try:
        return model.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` is damaged ({_reason(error)}): {_EXPORT}") from None


def _reason(error: Exception) -> str:
    if isinstance(error, pydantic.ValidationError):
        first = error.errors()[0]
        return plain(f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
    return plain(str(error.strerror if isinstance(error, OSError) else error))


def _must_be_paths(file: Path, given: Mapping[str, str]) -> None:
    for name in given:
        parts = name.split("/")
        if "\0" in name or "\\" in name or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
            raise UsageError(f"`{file}` is damaged (`{plain(name)}` is no path in a project): {_EXPORT}")


def _programs(repository: Path, commit: str, given: Mapping[str, str]) -> frozenset[str]:
    """Which given files the commit has as programs. Raises UsageError for one that it does not have as a file."""
    if not (repository / ".git").exists():
        raise UsageError(f"`{repository}` is no git repository: {_EXPORT}")
    modes = {}
    for line in filter(None, git(repository, "ls-tree", "-r", "-z", commit).split("\0")):
        facts, _, name = line.partition("\t")
        modes[name] = facts.split()[0]
    lacking = sorted(name for name in given if modes.get(name) not in (REGULAR, PROGRAM))
    if lacking:
        raise UsageError(f"`{repository}`: its commit `{commit[:10]}` has no file `{plain(lacking[0])}`: {_EXPORT}")
    return frozenset(name for name in given if modes[name] == PROGRAM)


def _bytes(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"`{path}` cannot be read ({error.strerror}): {_EXPORT}") from None
    if hashlib.sha256(content).hexdigest() != digest:
        raise UsageError(f"`{path}` is not as it was handed out: git checkout it, or {_EXPORT}")
    return content
