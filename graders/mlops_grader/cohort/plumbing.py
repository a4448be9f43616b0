"""git in a bare repository of the grader's own making: its configuration is ours, and what it holds came through git itself."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.plain import plain
from mlops_grader.submission import SAFE, UsageError, safe_environment

SECONDS = 300  # of one call
MOST = 64 * 2**20  # bytes that one call prints; a tree of few objects can have more files than any machine can list
MEMORY = 4 * 2**20  # KiB that one program of git may have
SHOWN = 300  # characters of what git says

# where a shell cannot bound memory, git runs without that bound
_BOUNDED = ("sh", "-c", f'ulimit -v {MEMORY} 2>/dev/null; exec "$@"', "sh")

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
# nothing of this machine's own configuration counts, so that every machine reads the same
_ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LFS_SKIP_SMUDGE": "1",
}
# a pack is kept as it came: git has then computed the name of each object in it
_OPTIONS = ("-c", "transfer.unpackLimit=1", "-c", "maintenance.auto=false", "-c", "pack.threads=1")


class GitError(UsageError):
    """git could not do it; its own words."""


@dataclass(frozen=True)
class Git:
    """A bare repository that the grader made."""

    folder: Path

    def __call__(self, *arguments: str, stdin: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
        """What git prints. Raises GitError."""
        command = ["git", *SAFE, *_OPTIONS, f"--git-dir={self.folder}", *arguments]
        return call(command, {**safe_environment(), **_ALONE, **(environment or {})}, stdin)

    def text(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """What git prints, as text without the last line end."""
        return self(*arguments, environment=environment).decode("utf-8", "surrogateescape").strip()

    def maybe(self, *arguments: str) -> str:
        """What git prints, empty when it cannot."""
        with suppress(GitError):
            return self.text(*arguments)
        return ""


def new(folder: Path, objects: Path | None = None) -> Git:
    """An empty bare repository; objects: a folder of git objects that it reads, too."""
    for name in ("refs/heads", "objects/info", "objects/pack"):
        (folder / name).mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/main\n")
    (folder / "config").write_text(_CONFIG)
    if objects is not None:
        (folder / "objects/info/alternates").write_bytes(os.fsencode(objects) + b"\n")
    return Git(folder)


def call(
    command: Sequence[str],
    environment: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float = SECONDS,
    most: int = MOST,
) -> bytes:
    """What a command of git prints, within bounds of time, memory and output. Raises GitError with git's own words."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        process = subprocess.Popen(
            [*_BOUNDED, *command],
            env=dict(environment),
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,  # git starts programs of its own, which have to end with it
        )
        try:
            out = _output(process, seconds, most)
        finally:
            end(process)
        if process.returncode:
            said.seek(0)
            raise GitError(words(said.read(2**16)) or f"git ended with exit code {process.returncode}")
        return out


def _output(process: subprocess.Popen[bytes], seconds: float, most: int) -> bytes:
    timer = threading.Timer(seconds, kill, [process])
    timer.start()
    try:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        out = process.stdout.read(most + 1)
        if len(out) > most:
            raise GitError(f"git says more than {most // 2**20} MiB about it: that is no project")
        process.wait()
        if timer.finished.is_set():
            raise GitError(f"git did not answer after {seconds:.0f} seconds")
        return out
    finally:
        timer.cancel()


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, unless it ended by itself."""
    if process.poll() is None:
        kill(process)
        process.wait()
    if process.stdout:
        process.stdout.close()


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def words(err: bytes) -> str:
    """The line that says most: git's first complaint."""
    lines = [line for line in plain(err.decode("utf-8", "replace")).splitlines() if line.strip()]
    loud = [line for line in lines if line.startswith(("fatal:", "error:"))]
    return (loud or lines or [""])[0][:SHOWN]
