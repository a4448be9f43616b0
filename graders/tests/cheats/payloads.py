"""Cheats: edits of the untouched starter, and for each a twin that shows that its payload would have worked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from submissions import Edit, replace, write

CONTRACT = "product.toml"
NO_SETUP = 'setup = "" # TODO(m01): the command that installs exactly what requirements.lock says'


@dataclass(frozen=True)
class Cheat:
    """An attempt to earn points without the work.

    edits: made from the path of a witness, which the payload writes when it runs. runs: whether it may run at all,
    as a command of the student in the sandbox. twin: lets the payload run as a careless grader would.
    """

    name: str
    edits: Callable[[Path], tuple[Edit, ...]]
    runs: bool
    twin: Callable[[Path], None]


def _plain_pytest(project: Path) -> None:
    """Grade as many graders do: pytest, in the submission, believing its exit code."""
    test = project / "test_points.py"
    test.write_text("def test_points():\n    assert False\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_points.py"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def _plain_python(project: Path) -> None:
    """Start Python with the submission on its path."""
    subprocess.run([sys.executable, "-c", "pass"], env={"PYTHONPATH": str(project)}, check=True)


def _plain_git(project: Path) -> None:
    """Ask git about the submission where it lies."""
    subprocess.run(["git", "-C", str(project), "status"], capture_output=True, check=True)


def _plain_shell(project: Path) -> None:
    """Run the setup command as it stands, in this process's own environment."""
    subprocess.run([sys.executable, "payload.py"], cwd=project, capture_output=True, check=True, timeout=60)


def _setup(payload: str, name: str = "payload.py") -> tuple[Edit, ...]:
    line = f'setup = "python {name}"'  # the interpreter of the environment that the grader has made
    return (write(name, payload), replace(CONTRACT, NO_SETUP, line))


def _conftest(witness: Path) -> tuple[Edit, ...]:
    payload = f"""
import pathlib
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    pathlib.Path({str(witness)!r}).write_text("ran")
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
    return (
        write("conftest.py", payload),
        write("graders/conftest.py", payload),
        write("pytest.ini", "[pytest]\naddopts = -p conftest\n"),
    )


def _pytest_module(witness: Path) -> tuple[Edit, ...]:
    payload = f"import pathlib, sys\npathlib.Path({str(witness)!r}).write_text('ran')\nprint('1 passed')\nsys.exit(0)\n"
    return tuple(write(name, payload) for name in ("pytest.py", "rich.py", "mlops_grader.py", "json.py"))


def _sitecustomize(witness: Path) -> tuple[Edit, ...]:
    payload = f"import pathlib\npathlib.Path({str(witness)!r}).write_text('ran')\n"
    return (write("sitecustomize.py", payload), write("usercustomize.py", payload))


def _forged_output(witness: Path) -> tuple[Edit, ...]:
    return _setup(f"""
import json, os, pathlib
forged = {{"schema": "mlops-grader/result/v1", "score": 100, "max_score": 100, "checks": []}}
print(json.dumps(forged))
print("::notice title=Autograding complete::Points 100/100")
print("100 of 100 points")
for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY"):
    if name in os.environ:
        open(os.environ[name], "a").write("result=100\\n")
folder = pathlib.Path.cwd()
for place in (folder, folder / ".grade", folder.parent, folder.parent.parent):
    try:
        place.mkdir(exist_ok=True)
        for file in ("result.json", "m01_environment.json"):
            (place / file).write_text(json.dumps(forged))
    except OSError:
        pass
pathlib.Path({str(witness)!r}).write_text("ran")
""")


def _quick_exit(witness: Path) -> tuple[Edit, ...]:
    line = '"python payload.py"'
    payload = f"import os, pathlib\npathlib.Path({str(witness)!r}).write_text('ran')\nos._exit(0)\n"
    commands = "".join(
        f"{name} = {line}\n" for name in ("setup", "lint", "types", "test", "ingest", "train", "export", "serve")
    )
    contract = f'name = "noshow"\n\n[commands]\n{commands}'
    return (write("payload.py", payload), write(CONTRACT, contract))


def _git_config(witness: Path) -> tuple[Edit, ...]:
    def edit(project: Path) -> None:
        script = project.parent / "payload.sh"
        script.write_text(f"#!/bin/sh\necho ran > {witness}\n", encoding="utf-8")
        script.chmod(0o755)
        for hook in ("post-checkout", "post-index-change", "pre-commit"):
            (project / ".git" / "hooks").mkdir(exist_ok=True)
            (project / ".git" / "hooks" / hook).symlink_to(script)
        for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "diff.external", "core.sshCommand"):
            subprocess.run(["git", "-C", str(project), "config", key, str(script)], check=True)
        (project / ".gitattributes").write_text("*.md filter=evil\n", encoding="utf-8")

    return (edit,)


def _link(witness: Path) -> tuple[Edit, ...]:
    def edit(project: Path) -> None:
        secret = project.parent / "another-student.txt"
        secret.write_text("the answer of another student\n", encoding="utf-8")
        (project / "README.md").unlink()
        (project / "README.md").symlink_to(secret)
        (project / "data" / "stolen").symlink_to(project.parent)

    return (edit,)


def _read_link(project: Path) -> None:
    """Read a file of the submission wherever it leads."""
    assert "another student" in (project / "README.md").read_text(encoding="utf-8")
    (project.parent / "witness").write_text("ran", encoding="utf-8")


CHEATS = (
    Cheat("conftest", _conftest, runs=False, twin=_plain_pytest),
    Cheat("pytest-module", _pytest_module, runs=False, twin=_plain_pytest),
    Cheat("sitecustomize", _sitecustomize, runs=False, twin=_plain_python),
    Cheat("forged-output", _forged_output, runs=True, twin=_plain_shell),
    Cheat("quick-exit", _quick_exit, runs=True, twin=_plain_shell),
    Cheat("git-config", _git_config, runs=False, twin=_plain_git),
    Cheat("link-out-of-the-tree", _link, runs=False, twin=_read_link),
)

# payloads that would hold a machine or a class up; each writes its witness first
ENDLESS_OUTPUT = "import sys\nwhile True:\n    sys.stdout.write('x' * 65536)\n"
ENDLESS_LOOP = "while True:\n    pass\n"
ENDLESS_FORK = """
import os, time
for _ in range(9):  # at most 512 processes, in case nobody stops them
    os.fork()
time.sleep(120)
"""
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
"""
HOLDS_UP = {
    "endless-output": (ENDLESS_OUTPUT, "printed more than"),
    "endless-loop": (ENDLESS_LOOP, "still running after"),
    "fork-bomb": (ENDLESS_FORK, "processes at once"),
    "daemon": (DAEMON, "installs nothing"),
}

READ_TOKENS = """
import json, os, pathlib
seen = dict(os.environ)
for place in (pathlib.Path.home(), pathlib.Path(os.environ.get("REAL_HOME", "~")).expanduser()):
    for name in (".netrc", ".config/token", ".docker/config.json"):
        if (place / name).is_file():
            seen[name] = (place / name).read_text()
pathlib.Path({witness!r}).write_text(json.dumps(seen))
print(json.dumps(seen))
"""
