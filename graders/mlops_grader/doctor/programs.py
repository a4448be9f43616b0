"""Programs: Python, git, uv, Prometheus, a browser."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import System, install_command
from mlops_grader.instruments.prometheus.programs import NAMES, SERVER_IMAGE, image_client, on_path

OLDEST_PYTHON = (3, 11)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def python(version: tuple[int, int, int]) -> Finding:
    """The Python that runs the grader."""
    wanted = ".".join(map(str, OLDEST_PYTHON)) + " or newer"
    found = ".".join(map(str, version))
    return Finding("Python", found, wanted, version[:2] >= OLDEST_PYTHON, "uv python install 3.13")


def program(name: str, system: System, path: str) -> Finding:
    """A command that must be on the search path and say its version; the finding has the command's name."""
    found = shutil.which(name, path=path)
    version = _version(found) if found else None
    if version:
        return Finding(name, version, "any version", ok=True)
    broken = f"`{found}` does not start" if found else "not on PATH"
    return Finding(name, broken, "any version", ok=False, mend=install_command(system, name))


def prometheus(system: System, path: str) -> Finding:
    """The monitoring server, its tool and Alertmanager, which only some modules start: installed, or as official images."""
    found = {name: on_path(name, path) or image_client(name, path) for name in NAMES}
    missing = [name for name, there in found.items() if there is None]
    shown = (
        f"no `{'`, `'.join(missing)}` on PATH"
        if missing
        else on_path("prometheus", path) or f"the image {SERVER_IMAGE}"
    )
    wanted = ", ".join(NAMES)
    return Finding("Prometheus", shown, wanted, not missing, install_command(system, "prometheus"))


def browser(system: System, path: str) -> Finding:
    """A Chromium, in which the tests of the kit look at its pages; no module needs one."""
    found = next(filter(None, (shutil.which(name, path=path) for name in BROWSERS)), None)
    shown = found or f"no `{'`, `'.join(BROWSERS)}` on PATH"
    return Finding("browser", shown, "Chromium", bool(found), install_command(system, "chromium"))


def search_path(path: str) -> str:
    """PATH, and the folder of this Python: the grader's own environment brings a uv of its own."""
    return os.pathsep.join([path, str(Path(sys.executable).parent)])


def _version(found: str) -> str | None:
    """The number in what `--version` prints."""
    try:
        run = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=15, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    number = re.search(r"\d+(?:\.\d+)+", run.stdout)
    return number[0] if run.returncode == 0 and number else None
