"""The machine that jobs run on: the same folders for each job, emptied between them, and the programs of a runner."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from uv import find_uv_bin

from mlops_grader.instruments import environment
from mlops_grader.instruments.docker_engine import JOB_LABEL, LABEL, Engine
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.instruments.workflow.events import OWNER

# what GitHub's ubuntu image has and a student's machine keeps in places of its own; the rest of the PATH is hidden,
# so that a program which the workflow forgot to install is missing here too
PROGRAMS = "bash git curl wget jq make node npm npx gh pipx zip unzip tar openssl hadolint".split()
# programs that would change this machine
REFUSED = "sudo apt apt-get snap systemctl reboot shutdown".split()
NAME = "GitHub Actions 7"
HOSTED, SELF_HOSTED = "github-hosted", "self-hosted"  # what `runner.environment` says
SYSTEM = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
LARGEST_KEPT = 2**20  # bytes
LACKING = 86  # exit code of a stand-in that refuses

_REFUSES = """#!/bin/sh
echo "{name}: not played here, because it would change this machine" >&2
echo "{name}" >> "$MLOPS_GRADER_LACKING"
exit {code}
"""
_UV = """#!/bin/sh
# `--system` means the runner's Python, which is a virtual environment here
for word do
    shift
    if [ "$word" = --system ]; then UV_SYSTEM_PYTHON=1; else set -- "$@" "$word"; fi
done
case "${{UV_SYSTEM_PYTHON:-}}" in
    1|true) export VIRTUAL_ENV="${{pythonLocation:-{python}}}" ;;
esac
unset UV_SYSTEM_PYTHON
exec {uv} "$@"
"""
_NO_DOCKER = """#!/bin/sh
echo "docker: command not found" >&2
exit 127
"""
_DOCKER = """#!/bin/sh
exec "{python}" -I "{shim}" "{docker}" "{labels}" "{calls}" "$@"
"""
_GH = """#!/bin/sh
exec "{python}" -I "{gh}" "{api}" "{repository}" "$MLOPS_GRADER_LACKING" "$@"
"""


@dataclass
class Machine:
    """One runner, played in a folder; one job at a time runs on it.

    keep: files of the workspace to look at when a job has ended; `made` holds them, as the last job that had them left them.
    own: variables of the production machine's own (self-hosted) runner; without any there is no such runner.
    api: address of GitHub's API, as `github_api.served` gives it; `gh` in jobs asks there.
    """

    folder: Path
    repository: str
    engine: Engine | None = None
    keep: tuple[str, ...] = ()
    made: dict[str, bytes] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)
    api: str = ""
    _checkouts: int = 0

    @cached_property
    def workspace(self) -> Path:
        """Where a job works: the same path for each, as on GitHub."""
        return self.folder / "work" / self.repository / self.repository

    @property
    def temp(self) -> Path:
        """Emptied before each job."""
        return self.folder / "work" / "_temp"

    @property
    def tools(self) -> Path:
        """The tool cache: Pythons that actions set up."""
        return self.folder / "tools"

    @property
    def home(self) -> Path:
        """The home folder of the runner's user."""
        return self.folder / "home"

    @property
    def programs(self) -> Path:
        """The folder with the programs of a runner."""
        return self.folder / "bin"

    @contextmanager
    def job(self, *, own: bool = False) -> Iterator[HostSandbox]:
        """A machine as a job finds it: nothing is left of the job before, images and containers included.

        own: on the production machine, where what docker makes stays after the job.
        """
        for folder in (self.folder / "work", self.tools, self.home, self.programs):
            _remove(folder)
        for folder in (self.workspace, self.temp, self.tools, self.programs):
            folder.mkdir(parents=True, exist_ok=True)
        self._install(own=own)
        sandbox = HostSandbox(self.home)
        self.python(sandbox, "system")
        self.calls.unlink(missing_ok=True)
        try:
            yield sandbox
        finally:
            self._look()
            if self.engine and not own:
                self.engine.forget_job()

    def _look(self) -> None:
        for name in self.keep:
            path = self.workspace / name
            inside = path.resolve().is_relative_to(self.workspace.resolve())
            with suppress(OSError):  # a job may have made it unreadable
                if inside and path.is_file() and path.stat().st_size <= LARGEST_KEPT:
                    self.made[name] = path.read_bytes()

    @property
    def calls(self) -> Path:
        """What the docker client was asked to do, a line each."""
        return self.folder / "docker-calls"

    @property
    def lacking(self) -> Path:
        """Programs that were refused, a line each."""
        return self.temp / "lacking"

    def python(self, sandbox: HostSandbox, name: str) -> Environment:
        """A Python with pip, as setup-python gives one."""
        return environment.create(sandbox, self.tools / name)

    def path(self) -> str:
        """The PATH of a runner."""
        system = Environment(self.tools / "system").programs
        return os.pathsep.join(map(str, (self.programs, system, *SYSTEM)))

    def variables(self, *, own: bool = False) -> Mapping[str, str]:
        """What every step sees of the machine. own: of the production machine."""
        return {
            **environment.caches(),
            "PATH": self.path(),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "RUNNER_NAME": NAME,
            "RUNNER_ENVIRONMENT": SELF_HOSTED if own else HOSTED,
            "RUNNER_TEMP": str(self.temp),
            "RUNNER_TOOL_CACHE": str(self.tools),
            "MLOPS_GRADER_LACKING": str(self.lacking),
            "PIP_NO_COMPILE": "1",
            "MYPY_CACHE_DIR": str(self.folder / "mypy"),  # mypy compares contents
            "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"),  # of one place, so of one file: see `touch`
            "DOCKER_BUILDKIT": "1",
            **(self.engine.variables() if self.engine else {}),
            **({"COMPOSE_PROJECT_NAME": self.engine.project() + "-own" * own} if self.engine else {}),
            "BUILDKIT_PROGRESS": "plain",
            **(self.own if own else {}),
        }

    def touch(self, folder: Path) -> None:
        """Give the files of a checkout a time that no earlier checkout had: Python trusts compiled files by time and size."""
        self._checkouts += 1
        moment = 1_700_000_000 + 2 * self._checkouts
        for path in folder.rglob("*.py"):
            if path.is_file() and not path.is_symlink():
                os.utime(path, (moment, moment))

    def add_uv(self) -> None:
        """Put uv on the PATH, as setup-uv does."""
        system = self.tools / "system"
        _script(self.programs / "uv", _UV.format(uv=find_uv_bin(), python=system))
        _link(self.programs / "uvx", Path(find_uv_bin()).with_name("uvx"))

    def _labels(self, engine: Engine, *, own: bool) -> tuple[str, ...]:
        """The labels for what docker makes in a job."""
        # on the production machine one that no job removes, over that of the image: containers take an image's labels
        return (f"{LABEL}={engine.run}", f"{JOB_LABEL}=own") if own else engine.job_labels()

    def _install(self, *, own: bool) -> None:
        for name in PROGRAMS:
            if found := shutil.which(name, path=_without_ours(os.environ.get("PATH", os.defpath))):
                _link(self.programs / name, Path(found))
        for name in REFUSED:
            _script(self.programs / name, _REFUSES.format(name=name, code=LACKING))
        if self.api:
            self._install_gh()
        if not self.engine:  # a client of this machine would make things that nobody removes
            _script(self.programs / "docker", _NO_DOCKER)
        else:
            install_docker(self.programs, self.engine, self._labels(self.engine, own=own), self.calls)

    def _install_gh(self) -> None:
        place, stand_in = self.programs / "gh", Path(__file__).with_name("gh_stand_in.py")
        place.unlink(missing_ok=True)  # a link to the real one, which must not be written through
        words = {"python": sys.executable, "gh": stand_in, "api": self.api, "repository": f"{OWNER}/{self.repository}"}
        _script(place, _GH.format(**words))


def install_docker(folder: Path, engine: Engine, labels: Sequence[str], calls: Path) -> None:
    """Put a `docker` into a folder of programs that labels all that it makes, and writes down what it was asked."""
    shim = Path(__file__).with_name("docker_shim.py")
    words = {"python": sys.executable, "shim": shim, "docker": engine.program, "calls": calls}
    _script(folder / "docker", _DOCKER.format(**words, labels=",".join(labels)))


def _remove(folder: Path) -> None:
    """Remove a folder as a job left it: made unwritable, or replaced by a link."""
    if folder.is_symlink():
        folder.unlink()
    for path, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(path).chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _without_ours(path: str) -> str:
    own = Path(sys.executable).parent
    return os.pathsep.join(part for part in path.split(os.pathsep) if Path(part) != own)


def _link(place: Path, program: Path) -> None:
    if not place.exists() and program.exists():
        with suppress(OSError):
            place.symlink_to(program)


def _script(place: Path, text: str) -> None:
    place.write_text(text, encoding="utf-8")
    place.chmod(0o755)


def commit_of(repository: Path) -> str:
    """The commit that is checked out there."""
    done = subprocess.run(
        ["git", "-C", str(repository), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
