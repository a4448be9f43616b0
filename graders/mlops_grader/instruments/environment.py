"""A virtual environment for a product's own commands, made by the product's own `setup` command."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import platformdirs
from uv import find_uv_bin

from mlops_grader.check import Fail, NotRun
from mlops_grader.contract import Contract
from mlops_grader.instruments.sandbox import Finished, Limits, Sandbox
from mlops_grader.submission import Submission
from mlops_grader.theirs import Theirs, remove_folder

if sys.platform == "win32":
    import msvcrt

    def _lock(file: int) -> None:
        """Wait for the lock; asked to wait, Windows itself gives up after ten seconds."""
        while True:
            with suppress(OSError):
                msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
                return
            time.sleep(0.2)
else:
    import fcntl

    def _lock(file: int) -> None:
        """Wait for the lock."""
        fcntl.flock(file, fcntl.LOCK_EX)


SETUP = Limits(seconds=1200, processes=512, memory=8 * 2**30, network=True)
READY = ".set-up"
OFFLINE = {"UV_OFFLINE": "1"}
DAY = 86_400.0  # seconds
SEEDED = ".seeded"  # what was there before the setup command
CONTROL = "pip"  # every index holds it: each new environment begins with it
CONNECT = "connect to a network, or name the index of your institution in UV_DEFAULT_INDEX, and grade again"

# files that a setup command reads to decide what to install
_DECLARATIONS = (
    "requirements*", "requirements*/*", "pyproject.toml", "*.lock", "pylock*.toml", "setup.py", "setup.cfg", "Pipfile", "environment*.y*ml",
    "constraints*", "noxfile.py", "tox.ini", "Makefile", "makefile", "justfile", ".python-version",
)  # fmt: skip


@dataclass(frozen=True)
class Environment:
    """A virtual environment in a folder of the grader's; `offline` when no package index answered while it was made.

    bare: there is none, because the product needs none: it has no `setup` command.
    seeded: names and versions of what was there before the setup command, which may change everything in the folder.
    """

    folder: Path
    offline: bool = False
    bare: bool = False
    seeded: frozenset[tuple[str, str]] = field(default=frozenset(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", Theirs(self.folder))

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
        if self.bare:
            return dict(caches())
        path = os.pathsep.join((str(self.programs), str(_tools(self.folder)), os.environ.get("PATH", os.defpath)))
        network = OFFLINE if self.offline else {}
        own = {"VIRTUAL_ENV": str(self.folder), "UV_PROJECT_ENVIRONMENT": str(self.folder), "PATH": path}
        return {**own, **network, **caches()}

    def installed(self) -> dict[str, str]:
        """Versions by normalized name of what is installed, without what every environment starts with."""
        if self.bare:
            return {}
        listing = _distributions(self.folder)
        return {name: version for name, (version, _) in listing.items() if (name, version) not in self.seeded}

    def local(self) -> frozenset[str]:
        """Normalized names of what was installed from a folder, such as the project itself: its code can go stale."""
        return frozenset(name for name, (_, url) in _distributions(self.folder).items() if url.startswith("file:"))


def needs_none(contract: Contract) -> bool:
    """Whether a product has no environment: one of one's own without a `setup` command, in another language or in its container alone."""
    return contract.inputs is not None and not contract.commands.setup.strip()


def create(sandbox: Sandbox, folder: Path, *, offline: bool = False) -> Environment:
    """A new, empty virtual environment with pip in it, of the Python that runs the grader.

    Raises NotRun when pip was never downloaded and no package index answers.
    """
    command = [find_uv_bin(), "venv", "--quiet", "--seed", "--allow-existing", "--python", sys.executable, str(folder)]
    made = sandbox.run(command, folder.parent, {**caches(), **OFFLINE}, SETUP)
    made = made if made.ok else sandbox.run(command, folder.parent, caches(), SETUP)
    if not made.ok:
        raise NotRun(f"no virtual environment can be made: {made.tail(1)}", fix=CONNECT)
    seeded = {name: version for name, (version, _) in _distributions(Theirs(folder)).items()}
    (Theirs(folder) / SEEDED).write_text(json.dumps(seeded), encoding="utf-8")
    return Environment(folder, offline, seeded=frozenset(seeded.items()))


def set_up(sandbox: Sandbox, submission: Submission, folder: Path) -> tuple[Environment, Finished]:
    """Make an environment and run the `setup` command of the contract in the clone, from nothing.

    Where that fails it is tried once more from what uv has downloaded before: a laptop need not be online.
    """
    command = submission.contract().command("setup")
    environment = create(sandbox, folder)
    done = sandbox.run(command, submission.root, environment.variables(), SETUP)
    if done.ok or done.stopped:
        return environment, done
    remove_folder(folder)
    alone = create(sandbox, folder, offline=True)
    again = sandbox.run(command, submission.root, alone.variables(), SETUP)
    return (alone, again) if again.ok else (environment, done)


def needs_an_index(sandbox: Sandbox, failed: Finished) -> None:
    """Raises NotRun when a setup command has failed and no package index answers: nobody knows what it does where one does."""
    if not index_answers(sandbox):
        raise NotRun(f"no package index answers, and the setup command fails: {failed}", fix=CONNECT)


def index_answers(sandbox: Sandbox) -> bool:
    """Whether the package index that this machine is set to knows now, and not from earlier downloads, what every index holds."""
    with TemporaryDirectory(prefix="index-", ignore_cleanup_errors=True) as folder:
        ask = [find_uv_bin(), "pip", "install", "--quiet", "--no-cache", "--dry-run", "--no-deps"]
        where = ["--python", sys.executable, "--target", str(Path(folder, "nothing"))]
        return sandbox.run([*ask, *where, "--", CONTROL], Path(folder), None, SETUP).ok


def cached(sandbox: Sandbox, submission: Submission) -> Environment:
    """The environment that `setup` makes, kept for as long as command, lock and declarations stay the same.

    One that holds the project itself is made anew each time: its copy of the code would go stale.
    Raises Fail when the setup command fails.
    """
    kept = Theirs(cache_folder() / "environments")
    folder = kept / fingerprint(submission)
    kept.mkdir(parents=True, exist_ok=True)
    with _alone(kept / f"{folder.name}.lock"):
        if not (folder / READY).exists():
            _forget_old(kept)
            return made_anew(sandbox, submission, folder)
        (folder / READY).touch()
        noted = json.loads((folder / SEEDED).read_text(encoding="utf-8"))
        return Environment(folder, seeded=frozenset(noted.items()))


def made_anew(sandbox: Sandbox, submission: Submission, folder: Path) -> Environment:
    """The environment that `setup` makes in that folder, from nothing.

    Raises Fail when the setup command fails, NotRun when it does and no package index answers.
    """
    remove_folder(folder)
    try:
        environment, done = set_up(sandbox, submission, folder)
        if not done.ok:
            needs_an_index(sandbox, done)
            raise Fail(
                f"the setup command fails in a clean clone: {done}",
                fix="run it in a fresh clone and a fresh environment",
            )
        if not environment.local():
            (folder / READY).touch()
    except BaseException:
        remove_folder(folder)
        raise
    return environment


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold a lock on that file: of two graders that need the same environment, one makes it and the other waits."""
    with path.open("wb") as file:
        _lock(file.fileno())
        yield


def fingerprint(submission: Submission) -> str:
    """A hash of all that decides what `setup` installs: the command, this Python, and the declaring files."""
    digest = hashlib.sha256(f"{submission.contract().commands.setup}\n{sys.version}".encode())
    for path in sorted(set(_declaring(submission))):
        if path.is_file() and ".git" not in path.relative_to(submission.root).parts:
            digest.update(f"\n{path.relative_to(submission.root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:20]


def _declaring(submission: Submission) -> Iterator[Path]:
    """The files that a setup command may read: the usual ones, the lock, and those that the command line names."""
    for pattern in _DECLARATIONS:
        yield from submission.root.rglob(pattern)
    yield submission.path(submission.contract().environment.lock)
    for word in submission.contract().commands.setup.split():
        with suppress(Fail, OSError):
            path = submission.path(word.strip("'\""))
            if path.is_file():
                yield path


def _forget_old(kept: Path, keep: int = 6) -> None:
    """Remove the environments that were not used for longest, and what a killed setup left a day ago."""
    made = sorted(kept.glob(f"*/{READY}"), key=lambda mark: mark.stat().st_mtime, reverse=True)
    begun = [mark.parent for mark in kept.glob(f"*/{SEEDED}") if not (mark.parent / READY).exists()]
    left = [folder for folder in begun if time.time() - folder.stat().st_mtime > DAY]
    for folder in [*(mark.parent for mark in made[keep:]), *left]:
        remove_folder(folder)


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
    return re.sub(r"[-_.]+", "-", name).lower()


def _tools(folder: Path) -> Path:
    """A folder with nothing but uv, so that a contract may use it wherever the grader was installed."""
    tools = folder.parent / "tools"
    program = Path(find_uv_bin())
    place = tools / program.name
    if not place.exists():  # never made, or a link to an installation that is gone
        tools.mkdir(parents=True, exist_ok=True)
        fresh = tools / f".{program.name}.{uuid.uuid4().hex}"
        try:
            fresh.symlink_to(program)
        except OSError:  # Windows without the right to make links
            shutil.copy2(program, fresh)
        fresh.replace(place)
    return tools


def cache_folder() -> Path:
    """Where the grader keeps what is slow to make again: downloads and environments."""
    return Path(os.environ.get("MLOPS_GRADER_CACHE") or platformdirs.user_cache_path("mlops-grader", appauthor=False))


@cache
def caches() -> Mapping[str, str]:
    """Where downloads are kept between grades; uv's is the person's own, so that nothing is downloaded twice."""
    told = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=False)
    uv = told.stdout.strip() or str(cache_folder() / "uv")
    return {"UV_CACHE_DIR": uv, "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(cache_folder() / "pip"))}
