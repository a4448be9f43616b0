"""The environment that a setup command makes: fresh, found by the commands of a product, kept while nothing changes."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments import environment
from mlops_grader.instruments.environment import cached, create, set_up
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

WithSetup = Callable[..., Submission]

pytestmark = pytest.mark.network

LOCAL = """
import json, os, pathlib, sysconfig
folder = pathlib.Path(sysconfig.get_paths()["purelib"], "noshow-0.1.0.dist-info")
folder.mkdir()
origin = {"url": pathlib.Path.cwd().as_uri(), "dir_info": {"editable": True}}
(folder / "direct_url.json").write_text(json.dumps(origin))
"""


def noting(log: Path, more: str = "") -> str:
    """A setup program that notes that it ran."""
    return f"with open({str(log)!r}, 'a') as file:\n    file.write('x')\n{more}"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where setup programs note that they ran."""
    (tmp_path / "log").touch()
    return tmp_path / "log"


def test_it_is_made_once_and_used_again(sandbox: HostSandbox, with_setup: WithSetup, kept: Path, log: Path) -> None:
    submission = with_setup(noting(log))
    first, second = cached(sandbox, submission), cached(sandbox, submission)
    assert (first == second, log.read_text("utf-8"), first.folder.parent) == (True, "x", kept)


def test_it_is_used_again_after_a_change_of_code(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, log: Path
) -> None:
    submission = with_setup(noting(log))
    first = cached(sandbox, submission)
    (submission.root / "app.py").write_text("2\n", "utf-8")
    assert (cached(sandbox, submission), log.read_text("utf-8")) == (first, "x")


def test_it_is_made_anew_after_a_change_of_the_lock(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, log: Path
) -> None:
    submission = with_setup(noting(log), requirements_lock="1\n")
    first = cached(sandbox, submission)
    (submission.root / "requirements.lock").write_text("2\n", "utf-8")
    assert (cached(sandbox, submission) == first, log.read_text("utf-8")) == (False, "xx")


def test_one_that_holds_the_project_itself_is_made_anew(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, log: Path
) -> None:
    submission = with_setup(noting(log, LOCAL))
    local = [cached(sandbox, submission).local() for _ in range(2)]
    assert (local, log.read_text("utf-8")) == ([frozenset({"noshow"})] * 2, "xx")


def test_a_setup_that_fails_is_told_in_its_words(sandbox: HostSandbox, with_setup: WithSetup, kept: Path) -> None:
    with pytest.raises(Fail) as raised:
        cached(sandbox, with_setup("print('no such package'); raise SystemExit(2)"))
    assert raised.value.found == (
        "the setup command fails in a clean clone: `python setup_it.py`: exit code 2\nno such package"
    )


def test_a_setup_that_fails_where_no_index_answers_is_not_the_students(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "index_answers", lambda _: False)
    with pytest.raises(NotRun, match="no package index answers, and the setup command fails"):
        cached(sandbox, with_setup("raise SystemExit(2)"))
    assert folders(kept) == []


@pytest.mark.parametrize(("index", "answers"), [("", True), ("http://127.0.0.1:9/simple", False)])
def test_whether_an_index_answers(
    sandbox: HostSandbox, registry: None, monkeypatch: pytest.MonkeyPatch, index: str, answers: bool
) -> None:
    if index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index)
    assert environment.index_answers(sandbox) is answers


def folders(kept: Path) -> list[Path]:
    """The environments that are kept."""
    return [path for path in kept.iterdir() if path.is_dir() and path.name != "tools"]


def test_a_setup_that_fails_leaves_nothing(sandbox: HostSandbox, with_setup: WithSetup, kept: Path) -> None:
    with pytest.raises(Fail):
        cached(sandbox, with_setup("raise SystemExit(2)"))
    assert folders(kept) == []


def test_a_setup_that_is_interrupted_leaves_nothing(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(sandbox: HostSandbox, submission: Submission, folder: Path) -> None:
        create(sandbox, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(environment, "set_up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cached(sandbox, with_setup())
    assert folders(kept) == []


def test_a_contract_without_a_setup_command_is_told(
    sandbox: HostSandbox, project: Callable[..., Path], snap: Callable[..., Submission], kept: Path
) -> None:
    with pytest.raises(Fail, match="names no `setup` command"):
        cached(sandbox, snap(project({"product.toml": ""})))


def test_of_two_graders_one_makes_it_and_the_other_waits(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, log: Path
) -> None:
    submission = with_setup(noting(log, "import time; time.sleep(0.5)"))
    made: list[object] = []
    threads = [threading.Thread(target=lambda: made.append(cached(sandbox, submission))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), log.read_text("utf-8")) == (2, "x")


def test_the_setup_command_runs_in_the_clone_with_the_environment(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, tmp_path: Path
) -> None:
    seen = tmp_path / "seen.json"
    places = "[os.getcwd(), sys.prefix, os.environ['VIRTUAL_ENV']]"
    submission = with_setup(f"import json, os, sys; json.dump({places}, open({str(seen)!r}, 'w'))")
    made = cached(sandbox, submission)
    assert [Path(path).resolve() for path in json.loads(seen.read_text("utf-8"))] == [
        submission.root.resolve(), made.folder.resolve(), made.folder.resolve(),
    ]  # fmt: skip


@pytest.mark.parametrize("line", ["python -c 'import sys; print(sys.prefix)'", "pip --version", "uv --version"])
def test_commands_find_its_programs(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, tmp_path: Path, line: str
) -> None:
    made = cached(sandbox, with_setup())
    done = sandbox.run(line, tmp_path, made.variables())
    assert (done.ok, "uv" in line or str(made.folder) in done.output) == (True, True)


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own on Windows")
def test_an_installation_of_uv_that_is_gone_is_replaced(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, tmp_path: Path
) -> None:
    (kept / "tools").mkdir(parents=True)
    (kept / "tools" / "uv").symlink_to(tmp_path / "removed" / "uv")
    made = cached(sandbox, with_setup())
    assert sandbox.run("uv --version", tmp_path, made.variables()).ok


def test_it_is_of_the_python_that_grades(
    sandbox: HostSandbox, with_setup: WithSetup, kept: Path, tmp_path: Path
) -> None:
    made = cached(sandbox, with_setup())
    done = sandbox.run([str(made.python), "-c", "import sys; print(sys.version)"], tmp_path)
    assert done.output.strip() == sys.version


def test_a_new_one_holds_nothing(sandbox: HostSandbox, tmp_path: Path) -> None:
    assert create(sandbox, tmp_path / "env").installed() == {}


def test_packages_of_the_grader_are_not_in_it(sandbox: HostSandbox, tmp_path: Path) -> None:
    made = create(sandbox, tmp_path / "env")
    assert not sandbox.run([str(made.python), "-c", "import mlops_grader"], tmp_path, made.variables()).ok


def test_no_setup_command_decides_what_was_there_before(
    sandbox: HostSandbox, project: Callable[..., Path], snap: Callable[..., Submission], tmp_path: Path
) -> None:
    """It may empty the environment, and may write into it what it likes."""
    command = "uv venv --quiet --clear $VIRTUAL_ENV && uv pip install iniconfig==2.1.0"
    noted = f'echo \'{{\\"iniconfig\\": \\"2.1.0\\"}}\' > $VIRTUAL_ENV/{environment.SEEDED}'
    submission = snap(project({"product.toml": f'[commands]\nsetup = "{command} && {noted}"\n'}))
    made, done = set_up(sandbox, submission, tmp_path / "env")
    assert (done.ok, made.installed()) == (True, {"iniconfig": "2.1.0"}), done.output


def test_what_was_installed_is_told_with_its_version(
    sandbox: HostSandbox, project: Callable[..., Path], snap: Callable[..., Submission], tmp_path: Path
) -> None:
    submission = snap(project({"product.toml": '[commands]\nsetup = "uv pip install iniconfig==2.1.0"\n'}))
    made, done = set_up(sandbox, submission, tmp_path / "env")
    assert (done.ok, made.installed()) == (True, {"iniconfig": "2.1.0"})
