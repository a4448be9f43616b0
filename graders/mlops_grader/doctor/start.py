"""Start the container engine, with the init system or, where there is none, in a session of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from mlops_grader.doctor.containers import Engine, ask
from mlops_grader.doctor.system import System
from mlops_grader.instruments.engine import clients

START_SECONDS = 300  # an engine that was killed, or has built much, looks through all of its records before it answers
NO_RIGHT = "the engine runs and you may not use it; type: sudo usermod -aG docker $USER, then log out and in again"

Say = Callable[[str], None]


class MendError(Exception):
    """Something could not be installed or started; the text says why and what to do."""


def start_engine(system: System, sudo: Sequence[str], say: Say) -> None:
    """Start the engine and wait until it answers; `sudo` goes before what only the administrator may do."""
    if answers(()):
        return
    if sudo and answers(sudo):
        raise MendError(NO_RIGHT)
    say("starting the container engine")
    if system.systemd:
        _start_service(sudo)
    else:
        daemon = shutil.which("dockerd")
        if daemon is None:
            raise MendError("no `dockerd` on PATH; type: apt-get install docker.io")
        log = log_file()
        wait_until(lambda: answers(sudo), launch([*sudo, daemon], log), log)
    if not answers(()):
        raise MendError(NO_RIGHT)


def answers(sudo: Sequence[str]) -> bool:
    """Whether an engine answers the first client on PATH."""
    client = next(clients(), None)
    return client is not None and isinstance(ask(client, sudo), Engine)


def launch(command: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program that outlives this one, its output in a log file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )


def wait_until(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float = START_SECONDS
) -> None:
    """Return when it is ready; raise MendError with the end of its log when it ends before, or does not get ready."""
    limit = time.monotonic() + seconds
    while not ready():
        code = process.poll()
        if code is not None:
            raise MendError(f"`dockerd` ended with exit code {code}{_end_of(log)}")
        if time.monotonic() > limit:
            process.terminate()
            raise MendError(f"`dockerd` did not answer within {seconds:g} s{_end_of(log)}")
        time.sleep(0.5)


def log_file() -> Path:
    """Where the engine's output goes: `/var/log` where this user may write there, else the temporary folder."""
    usual = Path("/var/log")
    folder = usual if os.access(usual, os.W_OK) else Path(tempfile.gettempdir())
    return folder / "dockerd.log"


def last_lines(text: str, count: int = 8) -> str:
    """The end of a log."""
    return "\n".join(text.splitlines()[-count:])


def _start_service(sudo: Sequence[str]) -> None:
    run = subprocess.run([*sudo, "systemctl", "start", "docker"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise MendError(f"`systemctl start docker` failed: {last_lines(run.stderr)}")


def _end_of(log: Path) -> str:
    return f". The end of `{log}`:\n{last_lines(log.read_text('utf-8', errors='replace'))}"
