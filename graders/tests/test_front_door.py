"""The front door: the wheel, plain cookiecutter, and the generated project's own `nox -s grade` against that wheel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import compose

KIT = Path(__file__).parents[2]


def generate(key: str, folder: Path, **answers: str) -> subprocess.CompletedProcess[str]:
    """Call cookiecutter as the README says."""
    given = [f"{name}={value}" for name, value in answers.items()]
    command = [
        sys.executable,
        "-m",
        "cookiecutter",
        str(KIT),
        "--directory",
        f"templates/{key}",
        "--no-input",
        "--output-dir",
        str(folder),
    ]
    home = {**os.environ, "COOKIECUTTER_CONFIG": str(folder / "none.yaml")}
    (folder / "none.yaml").write_text("{}\n", encoding="utf-8")
    return subprocess.run([*command, *given], capture_output=True, text=True, check=False, env=home)


def listing(folder: Path) -> dict[str, bytes]:
    """Content by path of everything but git's own files."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.startswith(".git/")}


@pytest.mark.network
def test_the_wheel_holds_what_the_grader_needs(wheel: Path) -> None:
    """Schema, settings and yardstick travel with the code; tests and solutions do not."""
    names = zipfile.ZipFile(wheel).namelist()
    wanted = (
        "result-v1.schema.json",
        "checks/pytest.ini",
        "instruments/yardstick/Dockerfile",
        "instruments/yardstick/requirements.txt",
        "reports/page.css",
        "capstone/rubric.toml",
        "capstone/printed.css",
    )
    assert [name for name in wanted if f"mlops_grader/{name}" not in names] == []
    assert [name for name in names if name.startswith(("tests/", "solutions/", "graders/"))] == []


@pytest.mark.network
@pytest.mark.slow
def test_a_generated_project_grades_itself_with_the_wheel(wheel: Path, tmp_path: Path) -> None:
    """Plain cookiecutter makes a project whose `nox -s grade` runs, says what is missing, and exits with 1."""
    done = generate("m01_environment", tmp_path, repo_name="noshow-ada", author="Ada Lovelace")
    assert done.returncode == 0, done.stderr
    project = tmp_path / "noshow-ada"
    report = tmp_path / "result.json"
    graded = subprocess.run(
        [sys.executable, "-m", "nox", "-s", "grade", "--", "--json", str(report)],
        cwd=project, env={**os.environ, "GRADER": f"{wheel}[all]"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert graded.returncode == 1, graded.stderr
    assert json.loads(report.read_text(encoding="utf-8"))["score"] == 0
    assert "Next:" in graded.stdout


@pytest.mark.parametrize("key", compose.keys())
def test_cookiecutter_and_start_make_the_same_project(key: str, tmp_path: Path) -> None:
    """Both doors lead to the same files; only the pin of the grader differs."""
    (tmp_path / "a").mkdir()
    assert generate(key, tmp_path / "a", repo_name="noshow", author="Ada").returncode == 0
    compose.start(key, tmp_path / "b" / "noshow", "Ada")
    plain, started = listing(tmp_path / "a" / "noshow"), listing(tmp_path / "b" / "noshow")
    pins = [tomllib.loads(files.pop("course.toml").decode()) for files in (plain, started)]
    assert plain == started
    assert pins == [{"module": key, "grader": compose.released()}, {"module": key, "grader": compose.this_clone()}]


@pytest.mark.parametrize("key", compose.keys())
def test_a_project_is_a_clean_repository_with_one_commit(key: str, tmp_path: Path) -> None:
    """Everybody starts from a committed, green tree."""
    compose.start(key, tmp_path / "noshow", "Ada")
    git = ["git", "-C", str(tmp_path / "noshow")]
    log = subprocess.run(
        [*git, "log", "--format=%an %s"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    status = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    assert (log, status) == ([f"Ada Start {key}"], "")


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"repo_name": "My Project", "author": "Ada"}, "repo_name is 'My Project'"),
        ({"repo_name": "noshow", "author": 'Ada "quoted"'}, "author is"),
        ({"repo_name": "-x", "author": "Ada"}, "repo_name is '-x'"),
    ],
)
def test_a_bad_answer_is_refused_and_leaves_nothing(answers: dict[str, str], says: str, tmp_path: Path) -> None:
    """One line says what is wrong with it; no folder stays behind."""
    done = generate("m01_environment", tmp_path, **answers)
    assert done.returncode != 0
    assert says in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["none.yaml"]


def test_plain_cookiecutter_takes_a_domain(tmp_path: Path) -> None:
    """Who has no clone chooses the domain too."""
    done = generate("m14_capstone", tmp_path, repo_name="larch", author="Ada", domain="education")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "larch/docs/brief.md").read_text(encoding="utf-8").startswith("# Problem brief: education")


def test_plain_cookiecutter_refuses_a_domain_that_is_none(tmp_path: Path) -> None:
    """The last line lists the domains there are; no folder stays behind."""
    done = generate("m14_capstone", tmp_path, repo_name="larch", author="Ada", domain="legl")
    assert done.returncode != 0
    assert "legl" in done.stderr.splitlines()[-1]
    assert "'health-care', 'legal'" in done.stderr.splitlines()[-1]
    assert [path.name for path in tmp_path.iterdir()] == ["none.yaml"]


def test_an_unknown_module_is_refused(tmp_path: Path) -> None:
    """A typing error lists the modules there are."""
    with pytest.raises(compose.StartError, match=r"m01_environment, .*m06_containers"):
        compose.start("m06_container", tmp_path / "noshow", "Ada")


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    """Work is never overwritten by a new start."""
    (tmp_path / "noshow").mkdir()
    (tmp_path / "noshow" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(compose.StartError, match="--onto"):
        compose.start("m01_environment", tmp_path / "noshow", "Ada")
    assert listing(tmp_path / "noshow") == {"mine.txt": b"mine"}
