"""How a shell that a step names is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mlops_grader.instruments.workflow.shells import command, suffix

SCRIPT = Path("/tmp/a folder/step.sh")  # noqa: S108  # nothing is written there
COMMANDS = {
    None: ["bash", "-e", str(SCRIPT)],
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(SCRIPT)],
    "sh": ["sh", "-e", str(SCRIPT)],
    "python": ["python", str(SCRIPT)],
    "bash -x {0} more": ["bash", "-x", str(SCRIPT), "more"],
    "bash -x": ["bash", "-x", str(SCRIPT)],
}


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with the programs that the table names."""
    for name in ("bash", "sh", "python"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    return str(tmp_path)


@pytest.mark.parametrize(("shell", "words"), COMMANDS.items(), ids=map(str, COMMANDS))
def test_command(path: str, shell: str | None, words: list[str]) -> None:
    """Each shell gets the options that GitHub gives it, and the script where `{0}` stands."""
    program, *more = command(shell, SCRIPT, path)
    assert [os.path.relpath(program, path), *more] == words


@pytest.mark.parametrize(("shell", "program"), [("pwsh", "pwsh"), ("bahs", "bahs"), ("bash 'x", "bash 'x")])
def test_a_shell_that_is_not_there(path: str, shell: str, program: str) -> None:
    """A shell that is not on the PATH, or no command at all, is named."""
    with pytest.raises(LookupError) as caught:
        command(shell, SCRIPT, path)
    assert caught.value.args == (program,)


def test_suffixes() -> None:
    """A script is named for its language."""
    assert [suffix(shell) for shell in (None, "bash", "python", "pwsh")] == [".sh", ".sh", ".py", ".ps1"]
