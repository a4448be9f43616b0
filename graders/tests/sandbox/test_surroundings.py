"""What a command in the sandbox sees of this machine: its tools, no tokens, and a home of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from mlops_grader.instruments.sandbox import MARK, HostSandbox, Limits

SHOW = [sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def seen(sandbox: HostSandbox, variables: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment that a command sees."""
    done = sandbox.run(SHOW, sandbox.home.parent, variables)
    found: dict[str, str] = json.loads(done.output)
    return found


@pytest.mark.parametrize(
    "name",
    ["GITHUB_TOKEN", "GITHUB_OUTPUT", "GITHUB_ENV", "AWS_SECRET_ACCESS_KEY", "OPENAI_API_KEY", "SSH_AUTH_SOCK",
     "DOCKER_HOST", "MLFLOW_TRACKING_URI", "PYTHONPATH", "PYTHONSTARTUP", "LD_PRELOAD", "VIRTUAL_ENV",
     "UV_PUBLISH_TOKEN", "PIP_REQUIRE_VIRTUALENV"],
)  # fmt: skip
def test_variables_of_the_person_stay_outside(sandbox: HostSandbox, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "/secret")
    assert name not in seen(sandbox)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://proxy:3128"),
        ("https_proxy", "http://proxy:3128"),
        ("UV_DEFAULT_INDEX", "https://packages/simple"),
        ("PIP_EXTRA_INDEX_URL", "https://one/simple https://two/a@b/simple"),
        ("SSL_CERT_FILE", "/etc/ssl/certs/ca@work.crt"),
    ],
)
def test_the_way_to_packages_is_kept(
    sandbox: HostSandbox, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert seen(sandbox)[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS_PROXY", "http://me:word@proxy:3128"),
        ("HTTPS_PROXY", "me:word@proxy:3128"),
        ("PIP_INDEX_URL", "https://token@packages/simple"),
        ("PIP_EXTRA_INDEX_URL", "https://one/simple https://me:word@two/simple"),
        ("UV_INDEX", "private=https://me:word@packages/simple"),
    ],
)
def test_an_address_with_credentials_stays_outside(
    sandbox: HostSandbox, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert name not in seen(sandbox)


def test_a_search_path_with_versions_is_kept(sandbox: HostSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    path = os.pathsep.join([os.environ["PATH"], str(Path("/opt/python@3.12/bin"))])
    monkeypatch.setenv("PATH", path)
    assert seen(sandbox)["PATH"] == path


def test_home_and_temporary_folder_are_its_own(sandbox: HostSandbox) -> None:
    environment = seen(sandbox)
    assert (environment["HOME"], environment["TMPDIR"]) == (str(sandbox.home), str(sandbox.home / "tmp"))


def test_the_home_folder_exists(sandbox: HostSandbox) -> None:
    code = "import pathlib, tempfile; (pathlib.Path.home() / 'x').touch(); tempfile.TemporaryFile().close()"
    assert sandbox.run([sys.executable, "-c", code], sandbox.home.parent).ok


def test_variables_of_the_check_are_added(sandbox: HostSandbox) -> None:
    assert seen(sandbox, {"PORT": "8123"})["PORT"] == "8123"


def test_variables_of_the_check_win(sandbox: HostSandbox) -> None:
    assert seen(sandbox, {"HOME": "/elsewhere"})["HOME"] == "/elsewhere"


def test_the_mark_of_the_sandbox_cannot_be_replaced(sandbox: HostSandbox) -> None:
    assert seen(sandbox, {MARK: "forged"})[MARK] != "forged"


def test_a_command_line_goes_through_the_shell(sandbox: HostSandbox, tmp_path: Path) -> None:
    assert sandbox.run("echo one && echo two", tmp_path).output.split() == ["one", "two"]


def test_a_list_does_not_go_through_the_shell(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run([sys.executable, "-c", "import sys; print(sys.argv[1])", "a && b"], tmp_path)
    assert done.output.strip() == "a && b"


def test_it_runs_in_the_folder(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run([sys.executable, "-c", "import os; print(os.getcwd())"], tmp_path)
    assert Path(done.output.strip()).resolve() == tmp_path.resolve()


def test_nobody_answers_its_questions(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run([sys.executable, "-c", "input('password: ')"], tmp_path)
    assert (done.exit, "EOFError" in done.output) == (1, True)


def test_the_input_of_the_grader_is_not_its_input(tmp_path: Path) -> None:
    """What somebody types, or pipes, into the grader does not reach the command."""
    grader = (
        "import sys\nfrom pathlib import Path\nfrom mlops_grader.instruments.sandbox import HostSandbox\n"
        f"done = HostSandbox(Path({str(tmp_path / 'home')!r})).run("
        f"[sys.executable, '-c', 'import sys; print(repr(sys.stdin.read()))'], Path({str(tmp_path)!r}))\n"
        "print(done.output)"
    )
    done = subprocess.run([sys.executable, "-c", grader], input="secret", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "''"


def test_the_exit_code_is_told(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run("exit 3", tmp_path)
    assert (done.exit, done.ok, done.stopped) == (3, False, None)


def test_a_command_that_does_not_exist_fails_in_the_words_of_the_shell(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run("no-such-command --now", tmp_path)
    assert (done.ok, "no-such-command" in done.output) == (False, True)


def test_a_result_reads_as_a_sentence(sandbox: HostSandbox, tmp_path: Path) -> None:
    assert str(sandbox.run("exit 3", tmp_path)) == "`exit 3`: exit code 3, and it printed nothing"


def test_a_result_shows_the_last_lines(sandbox: HostSandbox, tmp_path: Path) -> None:
    done = sandbox.run([sys.executable, "-c", "print(*range(20), sep='\\n')"], tmp_path, limits=Limits())
    assert done.tail(2) == "18\n19"
