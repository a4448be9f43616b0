"""How long the whole course takes on its reference, module by module, and how much of that is the student's own work."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

import compose
from mlops_grader.instruments.sandbox import MARK
from submissions import make

EACH = 0.5  # seconds between two looks
CONTAINER = re.compile(r"docker[-/][0-9a-f]{64}")  # in the name of a process's control group


def measure(folder: Path, say: Callable[[str, float], None]) -> None:
    """Grade every module on the finished project and print the figures."""
    last = max(set(compose.keys()) - set(compose.ALONE))
    project, document = make(last, folder / "course"), folder / "course.json"
    grade = [
        sys.executable,
        "-I",
        "-m",
        "mlops_grader",
        "grade",
        str(project),
        "--all",
        "--fresh",
        "--json",
        str(document),
    ]
    started = time.perf_counter()
    with subprocess.Popen(grade, stdout=subprocess.DEVNULL) as process:
        looks: list[bool] = []
        threading.Thread(target=_look, args=(process, looks), daemon=True).start()
    seconds = time.perf_counter() - started
    for each in json.loads(document.read_text(encoding="utf-8")):
        points = sum(check["points"] for check in each["checks"])
        say(f"{each['submission']['module']} on the finished project, s ({points} points)", each["seconds"])
    say("the whole course, s", seconds)
    say("part of it in which the submission's own programs ran", sum(looks) / len(looks))


def _look(process: subprocess.Popen[bytes], looks: list[bool]) -> None:
    """Whether programs of the submission run, in a sandbox or a container, again and again while the grade does."""
    while process.poll() is None:
        looks.append(any(_is_the_submissions(each) for each in psutil.process_iter()))
        time.sleep(EACH)


def _is_the_submissions(process: psutil.Process) -> bool:
    with suppress(psutil.Error, OSError):
        if MARK in process.environ():
            return True
        return bool(CONTAINER.search(Path(f"/proc/{process.pid}/cgroup").read_text(encoding="utf-8")))
    return False
