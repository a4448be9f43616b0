"""What a setup command has installed is what the package index holds: read as data and compared, never run."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from uv import find_uv_bin

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.environment import CONNECT, SETUP, Environment, cache_folder, caches, index_answers
from mlops_grader.instruments.sandbox import Finished, Sandbox
from mlops_grader.submission import Submission

SAMPLE = 3  # packages that are installed anew
RECORD_LIMIT = 8 * 2**20  # bytes; large packages have half a megabyte
# how programs of Linux, macOS and Windows begin
PROGRAMS = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")
NAMED = re.compile(r"([\w.]+)-([\w.+!]+)\.dist-info")
NO_SOLUTION = "No solution found"  # so says uv when the index has answered and does not hold what was asked for
REFUSED = ("could not be queried", "403 Forbidden")  # or when the index refuses to say
FIX = "let setup install from the lock, and change nothing in the environment"


@dataclass(frozen=True)
class Distribution:
    """An installed package, as its folder of metadata names it: that may say anything."""

    name: str
    version: str
    site: Path  # the `site-packages` in which it lies

    @property
    def python(self) -> str:
        """The version of Python for which it was installed, such as 3.12."""
        found = re.fullmatch(r"python(\d+\.\d+)", self.site.parent.name)
        return found[1] if found else f"{sys.version_info.major}.{sys.version_info.minor}"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def must_have_an_interpreter(environment: Environment) -> None:
    """Raises Fail when the interpreter is no program. It does not tell a real one from another program."""
    place = os.path.realpath(environment.python)
    head = b""
    if place != os.path.realpath(sys.executable):
        with suppress(OSError):
            head = _start(Path(place))
        if not head.startswith(PROGRAMS):
            raise Fail("the environment's interpreter was replaced", fix=FIX)


def must_be_authentic(
    environment: Environment, sandbox: Sandbox, submission: Submission, random: Random, folder: Path
) -> None:
    """Raises Fail unless each module that the service imports comes from a package of the index.

    Some of the packages, by lot, are installed anew and compared. Raises NotRun when none of these can be had.
    """
    name = submission.contract().name
    modules = sorted(imported(submission, name))
    if not modules:
        raise Fail(
            f"nothing that `{name}.service` imports comes from the package index",
            fix=f"keep `{name}/service.py` as the course gives it, and declare and lock what it imports",
        )
    provided = _providers(environment)
    for module in modules:
        if module not in provided:
            raise Fail(f"no installed package provides `{module}`, which `{name}.service` imports", fix=FIX)
    index, compared = Index(sandbox, folder), 0
    for module in random.sample(modules, len(modules)):
        compared += compared < SAMPLE and _is_compared(provided[module], module, index)
    if not compared:
        raise NotRun("what is installed cannot be compared: no package index answers", fix=CONNECT)


def imported(submission: Submission, package: str) -> set[str]:
    """The top-level modules of others that come with an import of `PACKAGE.service`, read from the source."""
    found: set[str] = set()
    waiting, seen = [package, f"{package}.service"], set[str]()
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        for each in _imports(submission, module):
            if each.split(".")[0] == package:
                waiting.append(each)
            else:
                found.add(each.split(".")[0])
    return found - sys.stdlib_module_names


def _imports(submission: Submission, module: str) -> Iterator[str]:
    """What a module of the product imports as soon as it is imported itself, by absolute names."""
    stem = module.replace(".", "/")
    name = next((each for each in (f"{stem}/__init__.py", f"{stem}.py") if submission.path(each).is_file()), "")
    body: list[ast.stmt] = []
    with suppress(SyntaxError, ValueError, RecursionError, MemoryError):  # then it imports nothing that can be told
        body = ast.parse(submission.read(name)).body if name else []
    above = module.split(".") if name.endswith("__init__.py") else module.split(".")[:-1]
    for node in body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = above[: len(above) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{each.name}" for each in node.names)  # a name may be a module


def _providers(environment: Environment) -> dict[str, Distribution]:
    """The installed package of each top-level module, as their lists of files say."""
    found: dict[str, Distribution] = {}
    sites = [*environment.folder.glob("lib*/python*/site-packages"), *environment.folder.glob("Lib/site-packages")]
    for info in sorted(info for site in {site.resolve() for site in sites} for info in site.glob("*.dist-info")):
        if named := NAMED.fullmatch(info.name):
            for line in _lines(info / "RECORD"):
                found.setdefault(line.split("/")[0].split(".")[0], Distribution(named[1], named[2], info.parent))
    return found


def _is_compared(package: Distribution, module: str, index: Index) -> bool:
    """Whether the package could be had. Raises Fail when the index holds something else than what is installed."""
    fresh = index.anew(package)
    if fresh is None:
        return False
    if not any(fresh.glob(f"{module}.*")) and not (fresh / module).is_dir():
        raise Fail(f"{package} is said to provide `{module}`, and in the package index it does not", fix=FIX)
    for path in _differing(fresh, package.site):
        raise Fail(f"`{path}` of {package} differs from what the package index holds", fix=FIX)
    return True


@dataclass(frozen=True)
class Index:
    """The package index that this machine is set to, asked by the grader's own uv with settings that no setup command has touched."""

    sandbox: Sandbox
    folder: Path

    @cached_property
    def answers(self) -> bool:
        """Whether it can be asked now."""
        return index_answers(self.sandbox)

    def anew(self, package: Distribution) -> Path | None:
        """Where that package was installed once more, None when nobody answers. Raises Fail when the index does not hold it.

        Raises NotRun when the index answers, and cannot give that package now.
        """
        place, own = self.folder / f"anew-{package.name}", {"UV_CACHE_DIR": str(cache_folder() / "index")}
        wheel = ("--python-version", package.python, "--only-binary", ":all:")
        if not self.answers:  # what was downloaded for an earlier grade, or by the person's own uv, is the next best
            tries = (self._install(package, place, *wheel, "--offline", downloads=each) for each in (own, caches()))
            return place if any(done.ok for done in tries) else None
        for how in (wheel, wheel[:2]):  # some packages are published as source alone
            done = self._install(package, place, *how, downloads=own)
            if done.ok:
                return place
            if NO_SOLUTION not in done.output or any(words in done.output for words in REFUSED):
                raise NotRun(f"{package} cannot be compared with the package index: {done.tail(1)}", fix=CONNECT)
        raise Fail(
            f"{package} is installed, and the package index does not hold it for Python {package.python}: {done.tail(1)}",
            fix=FIX,
        )

    def _install(self, package: Distribution, place: Path, *options: str, downloads: Mapping[str, str]) -> Finished:
        home = self.folder / "home"
        for each in (home, cache_folder() / "index"):
            each.mkdir(parents=True, exist_ok=True)
        own = {key: str(home) for key in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA", "TMPDIR", "TEMP", "TMP")}
        where = ("--no-deps", "--python", sys.executable, "--target", str(place))
        command = [
            find_uv_bin(),
            "pip",
            "install",
            "--quiet",
            *where,
            *options,
            "--",
            f"{package.name}=={package.version}",
        ]
        return self.sandbox.run(command, home, {**own, **downloads}, SETUP)


def _differing(fresh: Path, installed: Path) -> Sequence[str]:
    """The first Python file that is missing or other than in the fresh package, if any."""
    for path in sorted(fresh.rglob("*.py")):
        place = path.relative_to(fresh)
        if place.parts[0] != "bin" and not _are_same(path, installed / place):
            return (place.as_posix(),)
    return ()


def _are_same(one: Path, other: Path) -> bool:
    """Whether both are files with the same bytes; what cannot be read is another."""
    with suppress(OSError):
        return other.is_file() and one.stat().st_size == other.stat().st_size and one.read_bytes() == other.read_bytes()
    return False


def _lines(path: Path) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        if path.is_file() and path.stat().st_size <= RECORD_LIMIT:
            return path.read_text(encoding="utf-8").splitlines()
    return []


def _start(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(4)
