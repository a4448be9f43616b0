"""Grades the class with the command that staff use, as a process of its own that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from uv import find_uv_bin

import compose
from mlops_grader.cohort.joblog import FILE, JobLog
from mlops_grader.instruments.environment import cache_folder
from mlops_grader.submission import UsageError
from synthetic.member import KEY
from synthetic.writing import Class

HOUR = 3600.0


def handed_out(folder: Path) -> Path:
    """What the class was handed: the module's template repository and the list of what is given in it."""
    program = compose.KIT / "templates" / "handout.py"
    subprocess.run([sys.executable, str(program), "export", KEY, "--to", str(folder)], check=True, capture_output=True)
    return folder / KEY


def command(written: Class, out: Path, handout: Path, *options: str) -> list[str]:
    """`mlops-grader cohort grade` on this class, with everything that a first start has to be told."""
    told = {
        "--roster": str(written.roster),
        "--submissions": str(written.submissions),
        "--module": KEY,
        "--handout": str(handout),
        "--deadline": written.deadline.isoformat(),
        "--out": str(out),
    }
    words = [word for pair in told.items() for word in pair]
    return [sys.executable, "-I", "-m", "mlops_grader", "cohort", "grade", *words, *options]


def variables(more: Mapping[str, str]) -> dict[str, str]:
    """The environment of staff: this one with more in it; caches stay where they are when the home is another."""
    uv = subprocess.run([find_uv_bin(), "cache", "dir"], capture_output=True, text=True, check=True).stdout.strip()
    return {**os.environ, "MLOPS_GRADER_CACHE": str(cache_folder()), "UV_CACHE_DIR": uv, **more}


def run(
    words: Sequence[str], environment: Mapping[str, str], seconds: float = HOUR
) -> subprocess.CompletedProcess[str]:
    """Grade to the end."""
    return subprocess.run(words, env=dict(environment), capture_output=True, text=True, check=False, timeout=seconds)


def killed(words: Sequence[str], environment: Mapping[str, str], out: Path, when: Callable[[JobLog], bool]) -> None:
    """Grade, and kill the coordinator with no word as soon as something is so; what it had started is left to itself."""
    log = (out.parent / f"{out.name}.printed").open("wb")
    with log, subprocess.Popen(words, env=dict(environment), stdout=log, stderr=log, start_new_session=True) as process:
        end = time.monotonic() + HOUR
        while not _is_so(out, when):
            if process.poll() is not None or time.monotonic() > end:
                process.kill()
                raise AssertionError(
                    f"it ended before it could be killed:\n{Path(log.name).read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.1)
        process.kill()
        process.wait()


def _is_so(out: Path, when: Callable[[JobLog], bool]) -> bool:
    if not (out / FILE).is_file():
        return False
    with suppress(UsageError), JobLog(out) as log:
        return when(log)
    return False


def orphans(out: Path) -> list[str]:
    """Processes that still have the run's folder in their command line."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(out) in process.cmdline() and process.pid != os.getpid():
                found.append(" ".join(process.cmdline())[:200])
    return found
