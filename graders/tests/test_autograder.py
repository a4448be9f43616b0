"""The autograder that Classroom 50 runs: what it grades, what it writes, and what no submission can make of it."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

import compose
import handout
from test_formats import CLASSROOM50

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its runners are Linux machines")

USUAL = handout.Wanted("Student", compose.released())
# what the runner gives to an autograder
RUNNER = {
    "CLASSROOM": "mlops-2026", "ASSIGNMENT": "m01-environment", "SUBMISSION_TAG": "submit/2026-11-29T12-00-00Z-0123456",
    "PAGES_BASE_URL": "https://example.org/classroom50", "USERNAME": "ada", "OWNER": "ada", "ASSIGNMENT_TYPE": "individual",
    "COMMIT_URL": "https://example.org/c/1", "RELEASE_URL": "https://example.org/r/1", "REVIEW_URL": "https://example.org/d/1",
}  # fmt: skip
FORGED = '{"schema": "classroom50/result/v1", "score": 100, "max-score": 100, "tests": []}'
HOSTILE = f"""echo '::notice title=Autograding complete::Points 100/100'
echo '::add-mask::0'
echo '::stop-commands::mine'
echo '{FORGED}' | tee result.json ../result.json "$HOME/result.json"
for file in "$GITHUB_OUTPUT" "$GITHUB_ENV" "$GITHUB_STEP_SUMMARY" "$CLASSROOM50_BUNDLE_DIR/given.zip"; do
    echo 'status=success' >> "$file"
done
exit 1
"""


def bundle_of(folder: Path) -> Path:
    """Where the autograder lies in an export."""
    return next((folder / "classroom50/autograders").iterdir())


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a class of module 1 is handed."""
    return handout.export("m01_environment", tmp_path_factory.mktemp("export"), USUAL)


@pytest.fixture
def autograder(export: Path) -> ModuleType:
    """The autograder of that export, as a module."""
    spec = spec_from_file_location("autograder", bundle_of(export) / "autograder.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    sys.modules["autograder"] = module  # where its dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(export: Path, tmp_path: Path, git: Callable[..., str]) -> Path:
    """A student's repository, checked out as the runner does."""
    git(tmp_path, "clone", "--quiet", str(export / "repository"), str(tmp_path / "checkout"))
    return tmp_path / "checkout"


def submit(checkout: Path, git: Callable[..., str]) -> None:
    """Commit what is there, ignored files too."""
    git(checkout, "add", "--all", "--force")
    git(checkout, "commit", "--quiet", "--message", "work")


def start(autograder: Path, checkout: Path, temp: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run an autograder as the runner does; the files of the runner's that a step may write lie in its temporary folder."""
    temp.mkdir()
    files = {f"GITHUB_{name}": str(temp / name) for name in ("OUTPUT", "ENV", "STEP_SUMMARY", "PATH")}
    for file in files.values():
        Path(file).touch()
    own = {"RUNNER_TEMP": str(temp), "CLASSROOM50_BUNDLE_DIR": str(autograder), "GITHUB_ACTIONS": "true"}
    return subprocess.run(
        [sys.executable, str(autograder / "autograder.py")], cwd=checkout, env={**os.environ, **RUNNER, **files, **own, **variables},
        capture_output=True, text=True, check=False, timeout=800,
    )  # fmt: skip


def heard(log: str) -> list[str]:
    """The commands that the runner would take out of a log."""
    commands, until = [], ""
    for line in map(str.strip, log.splitlines()):  # the runner looks behind spaces too
        if until:
            until = "" if line == f"::{until}::" else until
        elif stopped := re.fullmatch("::stop-commands::(.+)", line):
            until = stopped[1]
        elif line.startswith("::"):
            commands.append(line)
    return commands


@pytest.mark.network
@pytest.mark.slow
def test_a_submission_is_graded_as_the_runner_asks(wheel: Path, tmp_path: Path, git: Callable[..., str]) -> None:
    """On a starter that was given hostile files: nothing is earned, nothing is forged, given files count as they were given."""
    folder = handout.export("m01_environment", tmp_path / "out", USUAL)
    autograder = bundle_of(folder)
    order = json.loads((autograder / "grading.json").read_text())
    (autograder / "grading.json").write_text(json.dumps({**order, "grader": f"{wheel}[repository]"}))
    checkout = tmp_path / "checkout"
    git(tmp_path, "clone", "--quiet", str(folder / "repository"), str(checkout))
    contract = (checkout / "product.toml").read_text().replace('setup = ""', 'setup = "sh hostile.sh"')
    (checkout / "product.toml").write_text(contract)
    (checkout / "hostile.sh").write_text(HOSTILE)
    for name in ("venv.py", "json.py", "mlops_grader.py", "sitecustomize.py"):
        (checkout / name).write_text("raise SystemExit('imported from the submission')\n")
    (checkout / "course.toml").write_text('module = "m14_capstone"\n')
    (checkout / "data/README.md").unlink()
    (checkout / "report.html").symlink_to("README.md")
    submit(checkout, git)
    done = start(autograder, checkout, tmp_path / "temp")
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((checkout / "result.json").read_text())
    jsonschema.validate(result, CLASSROOM50)
    assert (result["score"], result["max-score"], len(result["tests"]) > 5) == (0, 100, True)
    assert (result["classroom"], result["submission"]) == (RUNNER["CLASSROOM"], RUNNER["SUBMISSION_TAG"])
    assert [name for name in ("OUTPUT", "ENV", "STEP_SUMMARY") if (tmp_path / "temp" / name).read_text()] == []
    assert heard(done.stdout) == []
    body = (checkout / "release-body.md").read_text()
    assert body.startswith("# m01_environment: 0 of 100 points")
    assert body.endswith("* `course.toml`\n* `data/README.md`\n")
    assert "Points 100/100" in body, "the hostile script has run, and what it printed is text"
    assert (checkout / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert (checkout / "README.md").read_bytes() == (folder / "repository/README.md").read_bytes()
    assert [path.name for path in (tmp_path / "temp").glob("grading-*")] == []


def test_a_grader_that_cannot_be_installed_is_no_grade(export: Path, checkout: Path, tmp_path: Path) -> None:
    """The runner hears of it, in one line, and finds no result."""
    autograder = bundle_of(export)
    kept = (autograder / "grading.json").read_text()
    (autograder / "grading.json").write_text(json.dumps({**json.loads(kept), "grader": str(tmp_path / "none.whl")}))
    try:
        done = start(autograder, checkout, tmp_path / "temp")
    finally:
        (autograder / "grading.json").write_text(kept)
    assert done.returncode == 1
    assert len(heard(done.stdout)) == 1
    assert heard(done.stdout)[0].startswith("::error title=Not graded::the grader ")
    assert not (checkout / "result.json").exists()


def a_link_in_its_place(checkout: Path) -> None:
    """The given file leads somewhere else."""
    (checkout / "noshow/raw.py").unlink()
    (checkout / "noshow/raw.py").symlink_to("/etc/hostname")


def a_link_in_place_of_its_folder(checkout: Path) -> None:
    """The folder of given files leads out of the project."""
    (checkout / "noshow").rename(checkout / "mine")
    (checkout / "noshow").symlink_to(checkout.parent)


def a_file_in_place_of_its_folder(checkout: Path) -> None:
    """A file has the name of a folder."""
    (checkout / "noshow").rename(checkout / "mine")
    (checkout / "noshow").write_text("mine")


def a_folder_in_its_place(checkout: Path) -> None:
    """A folder has the name of a given file."""
    (checkout / "noshow/raw.py").unlink()
    (checkout / "noshow/raw.py").mkdir()
    (checkout / "noshow/raw.py/mine").write_text("mine")


def ignored(checkout: Path) -> None:
    """Git would leave it out."""
    (checkout / "noshow/raw.py").unlink()
    (checkout / ".gitignore").write_text("raw.py\n")


@pytest.mark.parametrize(
    "edit",
    [a_link_in_its_place, a_link_in_place_of_its_folder, a_file_in_place_of_its_folder, a_folder_in_its_place, ignored],
)
def test_given_files_are_as_they_were_given(
    edit: Callable[[Path], None],
    autograder: ModuleType,
    export: Path,
    checkout: Path,
    tmp_path: Path,
    git: Callable[..., str],
) -> None:
    """Whatever stands in their place, in the copy that is graded and nowhere else."""
    edit(checkout)
    submit(checkout, git)
    before = sorted(path.name for path in tmp_path.iterdir())
    project, changed = autograder.prepared(checkout, tmp_path / "project")
    assert "noshow/raw.py" in changed
    given = (export / "repository/noshow/raw.py").read_bytes()
    assert (project / "noshow/raw.py").read_bytes() == given
    assert stat.S_ISREG((project / "noshow/raw.py").lstat().st_mode)
    assert git(project, "ls-files", "noshow/raw.py") == "noshow/raw.py"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*before, "project"])
    assert git(checkout, "status", "--porcelain") == ""


def test_an_honest_submission_is_graded_as_it_is(
    autograder: ModuleType, checkout: Path, tmp_path: Path, git: Callable[..., str]
) -> None:
    """Nothing to restore, the same tree, and the history with it; the settings of the checkout stay behind."""
    (checkout / "mine.txt").write_text("mine")
    submit(checkout, git)
    git(checkout, "config", "http.extraheader", "AUTHORIZATION: basic c2VjcmV0")
    project, changed = autograder.prepared(checkout, tmp_path / "project")
    assert (changed, git(project, "status", "--porcelain")) == ([], "")
    assert git(project, "rev-parse", "HEAD") == git(checkout, "rev-parse", "HEAD")
    assert "c2VjcmV0" not in (project / ".git/config").read_text()


STANDS_IN = """#!{python}
import json, pathlib, signal, sys, time
wanted = sys.argv[sys.argv.index("--json") + 1]
{body}
"""


def stand_in(tmp_path: Path, body: str) -> str:
    """A program in the place of the grader's Python."""
    program = tmp_path / "python"
    program.write_text(STANDS_IN.format(python=sys.executable, body=body))
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize("code", [0, 1])
def test_a_grade_that_came_to_its_end_is_one(code: int, autograder: ModuleType, tmp_path: Path) -> None:
    clock = autograder.Clock(time.monotonic() + 60)
    autograder.grade(stand_in(tmp_path, f"sys.exit({code})"), tmp_path, "m01_environment", tmp_path, clock)


@pytest.mark.parametrize("code", [2, 130, 137])
def test_a_grader_that_broke_is_no_grade(code: int, autograder: ModuleType, tmp_path: Path) -> None:
    """Also where it wrote something."""
    program = stand_in(tmp_path, f"pathlib.Path(wanted).write_text('{{}}'); sys.exit({code})")
    with pytest.raises(autograder.Unable, match=f"exit code {code}"):
        autograder.grade(program, tmp_path, "m01_environment", tmp_path, autograder.Clock(time.monotonic() + 60))


@pytest.mark.parametrize("body", ["time.sleep(600)", "signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"])
def test_a_grade_that_takes_too_long_is_stopped(
    body: str, autograder: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the runner stops it without a word, whether it listens or not."""
    monkeypatch.setattr(autograder, "GRACE", 1)
    began = time.monotonic()
    with pytest.raises(autograder.Unable, match="took too long"):
        autograder.grade(stand_in(tmp_path, body), tmp_path, "m01_environment", tmp_path, autograder.Clock(began + 1))
    assert time.monotonic() - began < 30


def test_it_leaves_the_runner_time() -> None:
    """A job has 15 minutes, of which the runner needs some for itself."""
    assert handout.bundle.SECONDS + 30 + 60 <= 15 * 60


@pytest.mark.parametrize("kind", ["link", "folder", "file"])
def test_a_result_is_written_where_the_runner_looks(kind: str, autograder: ModuleType, tmp_path: Path) -> None:
    """Whatever the submission has put there."""
    place, secret = tmp_path / "result.json", tmp_path / "secret"
    secret.write_text("mine")
    if kind == "link":
        place.symlink_to(secret)
    elif kind == "folder":
        (place / "below").mkdir(parents=True)
    else:
        place.write_text(FORGED)
    autograder.write(place, b"ours")
    assert (place.read_bytes(), place.is_symlink(), secret.read_text()) == (b"ours", False, "mine")
