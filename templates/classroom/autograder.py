"""Grades a submission for Classroom 50: installs the course's grader, grades the checkout, writes what the runner reads.

The runner starts it in the student's checkout. Beside it lie `grading.json`, which says what to grade and with which
grader, and `given.zip`, the files that the course gave. It ends with 0 when the grade came to its end, whatever the
points, and with 1 when the machine or the grader could not do it. It needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

HERE = Path(__file__).resolve().parent
GRACE = 30  # seconds for a grader that was stopped to take away what it had started
ENDED = (0, 1)  # exit codes of a grade that came to its end: full marks, points missing


class Unable(Exception):
    """The grade could not be made, which is not the student's fault; one line that says why."""


@dataclass(frozen=True)
class Clock:
    """When all of it must be over: the runner ends a job after 15 minutes and says nothing."""

    ends: float

    @property
    def left(self) -> float:
        """Seconds."""
        return max(self.ends - time.monotonic(), 1.0)


def main() -> int:
    """Grade what lies in the working folder."""
    order = json.loads((HERE / "grading.json").read_text(encoding="utf-8"))
    clock, checkout = Clock(time.monotonic() + order["seconds"]), Path.cwd()
    place = os.environ.get("RUNNER_TEMP") or None
    with tempfile.TemporaryDirectory(prefix="grading-", dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        try:
            python = install(folder, order["grader"], clock)
            project, changed = prepared(checkout, folder / "project")
            grade(python, project, order["module"], folder, clock)
            publish(python, project, folder, checkout, changed)
        except Unable as error:
            sys.stdout.write(f"::error title=Not graded::{_escaped(str(error))}\n")
            return 1
    return 0


def install(folder: Path, grader: str, clock: Clock) -> str:
    """An environment of the grader's own, with the grader that the course names; its Python."""
    environment = folder / "environment"
    _must([sys.executable, "-I", "-m", "venv", str(environment)], folder, clock, "no environment could be made")
    python = str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    wanted = [python, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    _must([*wanted, *shlex.split(grader)], folder, clock, f"the grader {grader} could not be installed")
    return python


def prepared(checkout: Path, project: Path) -> tuple[Path, list[str]]:
    """A copy of the checkout to grade, in which every given file is as the course gave it; those that were not.

    The copy has the history, and none of the settings and hooks, of the checkout's repository.
    """
    _git(checkout.parent, "clone", "--quiet", "--no-local", "--no-checkout", str(checkout), str(project))
    _git(project, "read-tree", "HEAD")
    shutil.copytree(
        checkout, project, symlinks=True, dirs_exist_ok=True, ignore=lambda folder, _: _inner(folder, checkout)
    )
    with zipfile.ZipFile(HERE / "given.zip") as given:
        changed = [name for name in given.namelist() if not _holds(project, name, given.read(name))]
        for name in changed:
            _put(project, name, given.read(name))
    if changed:  # also where `.gitignore` would keep them out
        _git(project, "add", "--force", "--", *changed)
    return project, changed


def _inner(folder: str, checkout: Path) -> list[str]:
    """What of a folder is git's own and not to be copied."""
    return [".git"] if Path(folder) == checkout else []


def _holds(project: Path, name: str, content: bytes) -> bool:
    """Whether a file is there, as a file below folders and no link, with that content."""
    path = project / PurePosixPath(name)
    links = any(place.is_symlink() for place in (path, *list(path.parents)[: len(PurePosixPath(name).parts) - 1]))
    return not links and path.is_file() and path.read_bytes() == content


def _put(project: Path, name: str, content: bytes) -> None:
    """Write a file, whatever stands in its way: links and files where folders belong, and folders where it belongs."""
    place = project
    for part in PurePosixPath(name).parts[:-1]:
        place = place / part
        if place.is_symlink() or place.is_file():
            place.unlink()
        place.mkdir(exist_ok=True)
    write(place / PurePosixPath(name).name, content)


def write(path: Path, content: bytes) -> None:
    """Write a file of that name and follow no link."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
        file.write(content)


def grade(python: str, project: Path, module: str, folder: Path, clock: Clock) -> None:
    """Grade it; the result lies outside of the project. Nothing that is printed meanwhile is a command of the runner."""
    command = [python, "-I", "-m", "mlops_grader", "grade", str(project), "--module", module]
    command += ["--json", str(folder / "result.json"), "--html", str(folder / "report.html")]
    with unheard():
        code = run(command, folder, clock)
    if code is None:
        raise Unable(
            "the grade took too long and was stopped: push again, or ask for a grade on the course's own machine"
        )
    if code not in ENDED:
        raise Unable(
            f"the grader could not grade everything (exit code {code}); what it lacked stands in the log above"
        )


@contextmanager
def unheard() -> Iterator[None]:
    """Let the runner take nothing of what is printed for a command of its own: the word that ends this is secret."""
    token = secrets.token_hex(16)
    sys.stdout.write(f"::stop-commands::{token}\n")
    sys.stdout.flush()
    try:
        yield
    finally:
        sys.stdout.write(f"\n::{token}::\n")
        sys.stdout.flush()


def run(command: Sequence[str], folder: Path, clock: Clock) -> int | None:
    """The exit code of a command; None when time was over. Then it is told to stop, and ended if it does not."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL)
    try:
        return process.wait(timeout=clock.left)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return None


def publish(python: str, project: Path, folder: Path, checkout: Path, changed: Sequence[str]) -> None:
    """Write `result.json`, `release-body.md` and `report.html` into the checkout, where the runner looks for them."""
    report = [python, "-I", "-m", "mlops_grader", "report", str(folder / "result.json")]
    for form, name in (("classroom50", "classroom50.json"), ("markdown", "report.md")):
        _must([*report, "--as", form, "--to", str(folder / name)], project, None, f"there is no report as {form}")
    body = (folder / "report.md").read_bytes()
    if changed:
        names = "".join(f"* `{name}`\n" for name in changed)
        body += (
            f"\n## Given files\n\nThese were graded as the course gave them, not as they are here:\n\n{names}".encode()
        )
    write(checkout / "release-body.md", body)
    write(checkout / "report.html", (folder / "report.html").read_bytes())
    write(checkout / "result.json", (folder / "classroom50.json").read_bytes())


def _must(command: Sequence[str], folder: Path, clock: Clock | None, otherwise: str) -> None:
    """Run a command of ours. Raises Unable with its last words."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=clock.left if clock else 60, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unable(f"{otherwise}: it took too long") from None
    if done.returncode:
        words = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise Unable(f"{otherwise}: {words[-1] if words else f'exit code {done.returncode}'}")


def _git(folder: Path, *arguments: str) -> None:
    """Git, without the settings of anybody, and without hooks."""
    plain = ["-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "core.autocrlf=false"]
    plain += ["-c", "safe.directory=*", "-c", "advice.detachedHead=false"]
    try:
        done = subprocess.run(["git", *plain, *arguments], cwd=folder, capture_output=True, check=False)
    except FileNotFoundError:
        raise Unable("git is not installed on this machine") from None
    if done.returncode:
        raise Unable(f"git {arguments[0]} failed: {done.stderr.decode(errors='replace').strip()[-300:]}")


def _escaped(text: str) -> str:
    """Text as the value of a command of the runner."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


if __name__ == "__main__":
    raise SystemExit(main())
