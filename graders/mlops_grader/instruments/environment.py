"""A virtual environment for a product's own commands, made by the product's own `setup` command."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import platformdirs
from uv import find_uv_bin

from mlops_grader.check import Fail
from mlops_grader.instruments.sandbox import Finished, Limits, Sandbox
from mlops_grader.submission import Submission

SETUP = Limits(seconds=1200, processes=512, memory=8 * 2**30)
READY = ".set-up"
SEEDED = ".seeded"  # what was there before the setup command

# files that a setup command reads to decide what to install
_DECLARATIONS = (
    "requirements*", "pyproject.toml", "*.lock", "pylock*.toml", "setup.py", "setup.cfg", "Pipfile", "environment*.y*ml",
    "constraints*", "noxfile.py", "tox.ini", "Makefile", "makefile", "justfile", ".python-version",
)  # fmt: skip


@dataclass(frozen=True)
class Environment:
    """A virtual environment in a folder of the grader's."""

    folder: Path

    @property
    def programs(self) -> Path:
        """The folder of its interpreter and console scripts."""
        return self.folder / ("Scripts" if sys.platform == "win32" else "bin")

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.programs / ("python.exe" if sys.platform == "win32" else "python")

    def variables(self) -> dict[str, str]:
        """What makes a command use it: the same as activating it, for pip, uv, Poetry and PDM alike."""
        path = os.pathsep.join((str(self.programs), str(_tools(self.folder)), os.environ.get("PATH", os.defpath)))
        return {"VIRTUAL_ENV": str(self.folder), "UV_PROJECT_ENVIRONMENT": str(self.folder), "PATH": path, **_caches()}

    def installed(self) -> dict[str, str]:
        """Versions by normalized name of what is installed, without what every environment starts with."""
        seeded = json.loads((self.folder / SEEDED).read_text(encoding="utf-8"))
        listing = _distributions(self.folder)
        return {name: version for name, (version, _) in listing.items() if seeded.get(name) != version}

    def local(self) -> frozenset[str]:
        """Normalized names of what was installed from a folder, such as the project itself: its code can go stale."""
        return frozenset(name for name, (_, url) in _distributions(self.folder).items() if url.startswith("file:"))


def create(sandbox: Sandbox, folder: Path) -> Environment:
    """A new, empty virtual environment with pip in it, of the Python that runs the grader."""
    command = [find_uv_bin(), "venv", "--quiet", "--seed", "--python", sys.executable, str(folder)]
    made = sandbox.run(command, folder.parent, _caches(), SETUP)
    if not made.ok:
        raise OSError(f"uv could not make a virtual environment: {made}")
    seeded = {name: version for name, (version, _) in _distributions(folder).items()}
    (folder / SEEDED).write_text(json.dumps(seeded), encoding="utf-8")
    return Environment(folder)


def set_up(sandbox: Sandbox, submission: Submission, folder: Path) -> tuple[Environment, Finished]:
    """Make an environment and run the `setup` command of the contract in the clone, from nothing."""
    environment = create(sandbox, folder)
    return environment, sandbox.run(submission.contract().command("setup"), submission.root, environment.variables(), SETUP)


def cached(sandbox: Sandbox, submission: Submission) -> Environment:
    """The environment that `setup` makes, kept for as long as command, lock and declarations stay the same.

    One that holds the project itself is made anew each time: its copy of the code would go stale.
    Raises Fail when the setup command fails.
    """
    key = fingerprint(submission)
    kept = cache_folder() / "environments"
    folder = kept / key
    if (folder / READY).exists():
        (folder / READY).touch()
        return Environment(folder)
    shutil.rmtree(folder, ignore_errors=True)
    _forget_old(kept)
    kept.mkdir(parents=True, exist_ok=True)
    try:
        environment, done = set_up(sandbox, submission, folder)
        if not done.ok:
            raise Fail(f"the setup command fails in a clean clone: {done}", fix="run it in a fresh clone and a fresh environment")
        if not environment.local():
            (folder / READY).touch()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return environment


def fingerprint(submission: Submission) -> str:
    """A hash of all that decides what `setup` installs: the command, this Python, and the declaring files."""
    digest = hashlib.sha256(f"{submission.contract().commands.setup}\n{sys.version}".encode())
    named = {submission.contract().environment.lock}
    for path in sorted({found for pattern in _DECLARATIONS for found in submission.root.rglob(pattern)} | {submission.root / n for n in named}):
        if path.is_file() and ".git" not in path.relative_to(submission.root).parts:
            digest.update(f"\n{path.relative_to(submission.root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def _forget_old(kept: Path, keep: int = 6) -> None:
    """Remove the environments that were not used for longest, and what a killed setup left."""
    made = sorted(kept.glob(f"*/{READY}"), key=lambda mark: mark.stat().st_mtime, reverse=True)
    for mark in made[keep:]:
        shutil.rmtree(mark.parent, ignore_errors=True)


def _distributions(folder: Path) -> dict[str, tuple[str, str]]:
    """Version and origin (empty for an index) of each installed distribution, read from its metadata as text."""
    return {name: (version, url) for name, version, url in _metadata(folder)}


def _metadata(folder: Path) -> Iterator[tuple[str, str, str]]:
    for info in [*folder.glob("lib*/python*/site-packages/*.dist-info"), *folder.glob("Lib/site-packages/*.dist-info")]:
        name, _, version = info.name.removesuffix(".dist-info").partition("-")
        url = ""
        with suppress(OSError, ValueError, KeyError, TypeError):
            url = str(json.loads((info / "direct_url.json").read_text(encoding="utf-8"))["url"])
        yield normalize(name), version, url


def normalize(name: str) -> str:
    """A distribution's name as the packaging standard compares it."""
    return name.lower().replace("_", "-").replace(".", "-")


def _tools(folder: Path) -> Path:
    """A folder with nothing but uv, so that a contract may use it wherever the grader was installed."""
    tools = folder.parent / "tools"
    program = Path(find_uv_bin())
    if not (tools / program.name).exists():
        tools.mkdir(parents=True, exist_ok=True)
        try:
            (tools / program.name).symlink_to(program)
        except OSError:  # Windows without the right to make links
            shutil.copy2(program, tools / program.name)
    return tools


def cache_folder() -> Path:
    """Where the grader keeps what is slow to make again: downloads and environments."""
    return Path(os.environ.get("MLOPS_GRADER_CACHE") or platformdirs.user_cache_path("mlops-grader", appauthor=False))


@cache
def _caches() -> Mapping[str, str]:
    """Where downloads are kept between grades; uv's is the person's own, so that nothing is downloaded twice."""
    told = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=False)
    uv = told.stdout.strip() or str(cache_folder() / "uv")
    return {"UV_CACHE_DIR": uv, "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(cache_folder() / "pip"))}
