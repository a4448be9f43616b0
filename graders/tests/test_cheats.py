"""Cheats earn no more than the untouched starter, and each has a twin that proves the probe ran."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cheats.payloads import CHEATS, HOLDS_UP, READ_TOKENS, Cheat, _setup
from mlops_grader import grading
from mlops_grader.check import Verdict
from mlops_grader.instruments import environment
from mlops_grader.instruments.sandbox import MARK, Limits
from submissions import Pretence, grade, make, marks_of, replace, told, write

KEY = "m01_environment"
STARTER = 0  # points of the untouched starter, which test_course.py shows

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the payloads are written for POSIX shells")


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_a_cheat_earns_no_more_than_the_starter(cheat: Cheat, tmp_path: Path) -> None:
    """Whatever lies in the submission, the score is that of work not done; and a payload runs where it may, or not at all."""
    witness = tmp_path / "witness"
    project = make(KEY, tmp_path / "project", cheat.edits(witness), solved=False)
    witness.unlink(missing_ok=True)  # committing the edits may have set it off
    result = grade(
        project, tmp_path / "result.json", variables={"PYTHONPATH": str(project), "PYTEST_ADDOPTS": "-p conftest"}
    )
    assert result.score <= STARTER, told(result)
    assert witness.exists() is cheat.runs
    assert [o.id for o in result.checks if o.verdict is Verdict.ERROR] == []


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.name)
def test_its_twin_shows_that_the_payload_works(cheat: Cheat, tmp_path: Path) -> None:
    """A careless grader would have been fooled by the same files."""
    witness = tmp_path / "witness"
    project = make(KEY, tmp_path / "project", cheat.edits(witness), solved=False)
    witness.unlink(missing_ok=True)
    cheat.twin(project)
    assert witness.exists()


def test_a_cheat_in_the_working_folder_is_not_imported_by_the_console_script(tmp_path: Path) -> None:
    """`mlops-grader` started inside a submission that holds a `pytest.py` and an `mlops_grader.py` runs the real ones."""
    cheat = next(cheat for cheat in CHEATS if cheat.name == "pytest-module")
    project = make(KEY, tmp_path / "project", cheat.edits(tmp_path / "witness"), solved=False)
    command = [str(Path(sys.executable).parent / "mlops-grader"), "grade", ".", "--json", str(tmp_path / "result.json")]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert (done.returncode, (tmp_path / "witness").exists()) == (1, False), done.stderr


@pytest.mark.parametrize("name", HOLDS_UP)
def test_a_payload_that_holds_up_is_ended(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless output, endless loops, many processes and daemons end at a limit, say so, and leave nothing running."""
    payload, says = HOLDS_UP[name]
    witness = tmp_path / "witness"
    started = f"import pathlib\npathlib.Path({str(witness)!r}).write_text('ran')\n"
    project = make(KEY, tmp_path / "project", _setup(started + payload, f"{name}.py"), solved=False)
    monkeypatch.setattr(environment, "SETUP", Limits(seconds=10, processes=100, output=4 * 2**20))
    result = grading.grade(grading.Order(project, grading.module_named(KEY)))
    assert witness.exists(), told(result)
    assert result.score <= STARTER
    assert says in result.checks[0].found
    assert _left_running(f"{name}.py") == []


def test_tokens_of_the_grader_are_out_of_reach(tmp_path: Path) -> None:
    """A command of the student sees no token of the environment and no file of the person's home."""
    home, witness, canary = tmp_path / "home", tmp_path / "witness", "canary-7f3a"
    (home / ".config").mkdir(parents=True)
    (home / ".netrc").write_text(f"machine example.org login a password {canary}\n", encoding="utf-8")
    project = make(KEY, tmp_path / "project", _setup(READ_TOKENS.format(witness=str(witness))), solved=False)
    tokens = dict.fromkeys(("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "PIP_INDEX_URL_TOKEN", "GITHUB_OUTPUT"), canary)
    index = {"UV_INDEX": f"https://user:{canary}@example.org/simple"}
    real = {
        **tokens,
        **index,
        "HOME": str(home),
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "MLOPS_GRADER_CACHE": str(tmp_path / "cache"),
    }
    result = grade(project, tmp_path / "result.json", variables=real)
    assert canary not in witness.read_text(encoding="utf-8")
    assert canary not in (tmp_path / "result.json").read_text(encoding="utf-8")
    assert result.score <= STARTER
    subprocess.run(
        [sys.executable, "payload.py"], cwd=project, env={**os.environ, **real}, capture_output=True, check=True
    )
    assert canary in witness.read_text(encoding="utf-8"), "the twin: without a sandbox it is seen"


def test_an_all_green_contract_earns_nothing(tmp_path: Path) -> None:
    """A lock with one small package and commands that always end well are no work."""
    commands = "".join(f'{name} = "true"\n' for name in ("lint", "types", "test", "ingest", "train", "export", "serve"))
    contract = f'name = "noshow"\n\n[commands]\nsetup = "uv pip install iniconfig"\n{commands}'
    edits = (
        write("product.toml", contract),
        write("requirements.lock", "iniconfig==2.1.0\n"),
        replace("README.md", "TODO(m01)", "TODO"),
    )
    result = grade(make(KEY, tmp_path / "project", edits, solved=False), tmp_path / "result.json")
    assert result.score <= STARTER, told(result)


def _left_running(payload: str) -> list[str]:
    """Command lines of processes of that payload that still live."""
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if payload in words and MARK in process.environ():
                found.append(" ".join(words))
        except (psutil.Error, OSError):
            continue
    return found


PRETENCES = [
    pytest.param(
        module.KEY,
        module.careless,
        each,
        id=f"{module.KEY}-{each.name}",
        marks=[*marks_of(module.KEY), pytest.mark.in_turn(module.KEY)],
    )
    for path in sorted(Path(__file__).with_name("cheats").glob("m*.py"))
    for module in [importlib.import_module(f"cheats.{path.stem}")]
    for each in module.PRETENCES
]


@pytest.mark.parametrize(("key", "careless", "pretence"), PRETENCES)
def test_what_pretends_earns_nothing(
    key: str, careless: Callable[[Path], bool], pretence: Pretence, tmp_path: Path
) -> None:
    """Files that say the right words and do no work earn what no files earn; a careless grader is content."""
    project = make(key, tmp_path / "project", pretence.edits, solved=False)
    assert careless(project)
    assert grade(project, tmp_path / "result.json").score == 0
