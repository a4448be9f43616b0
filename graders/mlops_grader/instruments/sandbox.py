"""The only door through which a student's commands run: bounded, scrubbed, and ended with all their children."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

import psutil

MARK = "MLOPS_GRADER_SANDBOX"
TICK = 0.05  # seconds between two looks at a command that is to end
QUIET = 2  # looks in a row that find nothing: a daemon is born while its parent dies, and one look can miss both
WATCH = 0.25  # seconds between two looks at a running command: each costs 10 ms of this machine

# what a command needs of this machine to find its tools, speak its language and reach a package index
KEPT = frozenset(
    "PATH LANG LANGUAGE LC_ALL LC_CTYPE TZ SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT PROCESSOR_ARCHITECTURE NUMBER_OF_PROCESSORS "
    "HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE "
    "PIP_CERT PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_CACHE_DIR "
    "UV_CACHE_DIR UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_CONFIG_FILE UV_NATIVE_TLS UV_OFFLINE "
    "UV_PYTHON_INSTALL_DIR UV_HTTP_TIMEOUT".split()
)


@dataclass(frozen=True)
class Limits:
    """What one command may use. Beyond any of these it is ended with all its children.

    seconds: wall time. processes: alive at once. memory: bytes resident, all its processes together.
    output: bytes printed; the first and last `shown` bytes of it are kept.
    network: it installs packages. Where the grade is one of record, every other command has no network.
    """

    seconds: float = 300.0
    processes: int = 256
    memory: int = 6 * 2**30
    output: int = 64 * 2**20
    shown: int = 256 * 2**10
    network: bool = False


@dataclass(frozen=True)
class Finished:
    """How a command ended. `stopped` says which limit ended it, None when it ended by itself."""

    command: str
    exit: int
    output: str
    seconds: float
    stopped: str | None = None

    @property
    def ok(self) -> bool:
        """It ended by itself with exit code 0."""
        return self.exit == 0 and self.stopped is None

    def tail(self, lines: int = 8) -> str:
        """The last lines that it printed."""
        return "\n".join(self.output.strip().splitlines()[-lines:])

    def __str__(self) -> str:
        how = self.stopped or f"exit code {self.exit}"
        words = self.tail()
        return f"`{self.command}`: {how}" + (f"\n{words}" if words else ", and it printed nothing")


class Sandbox(Protocol):
    """Runs commands that the grader does not trust."""

    def run(
        self,
        command: str | Sequence[str],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Finished:
        """Run a command to its end, or to the first limit that it reaches."""

    def start(
        self,
        command: str | Sequence[str],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> AbstractContextManager[Running]:
        """Start a command that goes on in the background until the context ends."""

    def online(self) -> AbstractContextManager[None]:
        """Have the network for what the grader does itself, where it is taken away as a rule."""


class Ward(Protocol):
    """Where commands run as another user than the grader: what is done before and after each of them."""

    def visit(
        self, command: str | Sequence[str], folder: Path, variables: Mapping[str, str], limits: Limits
    ) -> AbstractContextManager[Mapping[str, Any]]:
        """Let a command reach what it works on; gives what `subprocess.Popen` is to be told. Afterwards its leavings are ended."""

    def online(self) -> AbstractContextManager[None]:
        """Have the network, and nobody left who was not asked to have it too."""


@dataclass(frozen=True)
class HostSandbox:
    """Runs commands as processes of this machine, for a person's own work on that person's own machine.

    Each gets a process group and session of its own, a home folder of its own, and an environment without tokens.
    It is no wall against a determined attacker: code of other people belongs in a container. There, `ward` makes
    their commands those of a user who may do nothing else.
    """

    home: Path
    extra: Mapping[str, str] = field(default_factory=dict)
    ward: Ward | None = None

    def run(
        self,
        command: str | Sequence[str],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Finished:
        """Run a command to its end, or to the first limit that it reaches."""
        with self.start(command, folder, variables, limits) as running:
            return running.wait()

    @contextmanager
    def start(
        self,
        command: str | Sequence[str],
        folder: Path,
        variables: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Iterator[Running]:
        """Start a command that goes on in the background until the context ends."""
        token, limits = uuid.uuid4().hex, limits or Limits()
        environment = {**self._environment(), **(variables or {}), MARK: token}
        text = command if isinstance(command, str) else subprocess.list2cmdline(command)
        with self._admitted(command, folder, environment, limits) as told:
            process = None
            try:
                process = subprocess.Popen(
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **told,
                )
                yield Running(process, text, limits)
            finally:
                end_tree(process, token)  # Ctrl-C may have come after the start and before its answer
                if process and process.stdout:
                    process.stdout.close()

    def online(self) -> AbstractContextManager[None]:
        """Have the network for what the grader does itself, where it is taken away as a rule."""
        return self.ward.online() if self.ward else nullcontext()

    def _admitted(
        self, command: str | Sequence[str], folder: Path, variables: Mapping[str, str], limits: Limits
    ) -> AbstractContextManager[Mapping[str, Any]]:
        """What is to be started, as which user."""
        if self.ward:
            return self.ward.visit(command, folder, variables, limits)
        # the contract's commands are command lines
        return nullcontext({"args": command, "shell": isinstance(command, str)})

    def _environment(self) -> dict[str, str]:
        """The variables of this process that a command may see, and a home of its own."""
        kept = {key: value for key, value in os.environ.items() if key.upper() in KEPT and not _has_credentials(value)}
        self.home.mkdir(parents=True, exist_ok=True)
        temporary = self.home / "tmp"
        temporary.mkdir(exist_ok=True)
        own = {key: str(self.home) for key in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA")}
        own |= {key: str(temporary) for key in ("TMPDIR", "TEMP", "TMP")}
        quiet = {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "DO_NOT_TRACK": "1", "CI": "true"}
        return {**kept, **own, **quiet, **self.extra}


class Running:
    """A command under way: watches its limits and keeps what it prints."""

    def __init__(self, process: subprocess.Popen[bytes], command: str, limits: Limits) -> None:
        self.pid = process.pid
        self._process = process
        self._command = command
        self._limits = limits
        self._started = time.monotonic()
        self._stopped: str | None = None
        self._printed = _Printed(limits.shown)
        assert process.stdout is not None  # noqa: S101  # it was opened as a pipe
        threading.Thread(target=self._printed.read, args=(process.stdout,), daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def poll(self) -> Finished | None:
        """How it ended, None while it runs."""
        return self._finished() if self._process.poll() is not None else None

    def kill(self) -> None:
        """Kill it and its process group at once; the end of its context looks after the rest."""
        _kill_group(self._process)

    def wait(self) -> Finished:
        """Wait for its end; a limit ends it."""
        self._process.wait()
        return self._finished()

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._printed.text()

    def _finished(self) -> Finished:
        self._printed.closed.wait(timeout=0.5)  # a child that lives on may hold the pipe open
        return Finished(
            self._command, self._process.returncode, self.output, time.monotonic() - self._started, self._stopped
        )

    def _watch(self) -> None:
        while self._process.poll() is None:
            self._stopped = self._beyond()
            if self._stopped:
                _kill_group(self._process)
                return
            time.sleep(WATCH)

    def _beyond(self) -> str | None:
        if time.monotonic() - self._started > self._limits.seconds:
            return f"still running after {self._limits.seconds:g} s, ended"
        if self._printed.size > self._limits.output:
            return f"printed more than {self._limits.output // 2**20} MiB, ended"
        family = _family(self._process.pid)
        if len(family) > self._limits.processes:
            return f"more than {self._limits.processes} processes at once, ended"
        if sum(map(_resident, family)) > self._limits.memory:
            return f"used more than {self._limits.memory / 2**30:g} GiB of memory, ended"
        return None


class _Printed:
    """The first and the last part of what a command prints, and how much it was."""

    def __init__(self, shown: int) -> None:
        self.size = 0
        self.closed = threading.Event()
        self._half = shown // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._lock = threading.Lock()

    def read(self, pipe: IO[bytes]) -> None:
        """Take all that comes until the pipe is closed."""
        with suppress(OSError, ValueError):  # closed by the one who ends the command
            while chunk := os.read(pipe.fileno(), 65536):
                self._add(chunk)
        self.closed.set()

    def _add(self, chunk: bytes) -> None:
        with self._lock:
            self.size += len(chunk)
            room = self._half - len(self._head)
            self._head += chunk[:room] if room > 0 else b""
            self._tail += chunk[max(room, 0) :]
            del self._tail[: -self._half]

    def text(self) -> str:
        with self._lock:
            gap = self.size - len(self._head) - len(self._tail)
            middle = f"\n[... {gap} bytes left out ...]\n".encode() if gap else b""
            return (self._head + middle + self._tail).decode("utf-8", errors="replace")


def end_tree(process: subprocess.Popen[bytes] | None, token: str) -> None:
    """End a command, its process group, its descendants and whatever carries its mark, and wait until they are gone."""
    dying: set[psutil.Process] = set()
    quiet = 0
    for _ in range(100):
        leads = process is not None and process.poll() is None
        found = {*(_family(process.pid) if process and leads else ()), *_marked(token)}
        if process:
            _kill_group(process)
        for member in found:
            with suppress(psutil.Error):
                member.kill()
        dying = {member for member in dying | found if _lives(member)}
        quiet = 0 if found or dying or leads else quiet + 1
        if quiet == QUIET:
            return
        time.sleep(TICK / 5)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        for member in reversed(_family(process.pid)):
            with suppress(psutil.Error):
                member.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.poll()


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.Error):
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    return []


def _marked(token: str) -> Iterator[psutil.Process]:
    """Processes that left the group and the family, but inherited the mark in their environment."""
    grader = psutil.Process().create_time()
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.create_time() >= grader and process.environ().get(MARK) == token and _lives(process):
                yield process


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _resident(process: psutil.Process) -> int:
    with suppress(psutil.Error):
        return int(process.memory_info().rss)
    return 0


def _has_credentials(value: str) -> bool:
    """Whether an address in it names a user: `https://token@host`, `name=https://user:word@host`, `user:word@proxy`."""
    return bool(re.search(r"(^|//)[^/\\\s]*@", value))
