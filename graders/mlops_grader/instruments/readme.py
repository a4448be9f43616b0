"""The commands of a README, typed in order as a newcomer would."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from markdown_it import MarkdownIt

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.client import READY_SECONDS
from mlops_grader.instruments.sandbox import Finished, Limits, Running, Sandbox

LANGUAGES = ("bash", "sh", "shell", "zsh")

# bash itself writes down what it does: the line in the script, and the command
DIARY = "README_DIARY"
DRIVER = f"""set -eo pipefail
trap 'printf "%s %s" "$LINENO" "$BASH_COMMAND" > "${DIARY}"' DEBUG
"""


@dataclass(frozen=True)
class Followed:
    """How far the commands led: the last one, how it ended (None while it runs), and whether the service answers.

    elsewhere: the port on which something listens instead of the service's, 0 for none.
    """

    line: str
    finished: Finished | None
    serves: bool
    elsewhere: int = 0


def blocks(text: str, heading: str) -> list[str]:
    """The shell blocks under a heading of that name, down to the next heading of its level. Raises Fail without any."""
    level, inside, found = 0, False, []
    tokens = MarkdownIt().parse(text)
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following:
            depth = int(token.tag[1])
            if inside and depth <= level:
                inside = False
            if not inside and re.fullmatch(rf"{heading}\b.*", following.content.strip(), re.IGNORECASE):
                inside, level = True, depth
        elif token.type == "fence" and inside and token.info.split(" ")[0] in LANGUAGES:
            found.append(token.content)
    if not found:
        raise Fail(
            f'`README.md` has no shell block under a heading "{heading}"',
            fix=f'write "## {heading}" and under it the commands in a block that begins with ```bash',
        )
    return found


@dataclass(frozen=True)
class Reader:
    """Types the blocks of a README in a folder, and asks now and then whether the service answers."""

    sandbox: Sandbox
    folder: Path
    variables: Mapping[str, str]
    answers: Callable[[], bool]
    seconds: float

    def follow(self, commands: Sequence[str]) -> Followed:
        """Type the blocks one after the other in one shell; what comes after a service goes into a second one.

        Raises NotRun without bash.
        """
        with self.sandbox.start(*self._shell("\n".join(commands))) as shell:
            followed, typed = self._watch(shell, commands)
            if followed.serves and commands[typed:]:
                return self._second(commands[typed:])
            return followed

    def _watch(self, shell: Running, commands: Sequence[str]) -> tuple[Followed, int]:
        """Wait until the shell ends or a service in its foreground answers; also how many blocks were typed."""
        waiting_since, before = time.monotonic(), ""
        while (finished := shell.poll()) is None:
            entry = self._diary()
            if entry != before:
                waiting_since, before = time.monotonic(), entry
            patient = time.monotonic() - waiting_since < READY_SECONDS
            number, line = _parsed(entry)
            typed = _blocks_done(commands, number)
            if (typed or not patient) and self.answers():
                return Followed(line, None, serves=True), typed or len(commands)
            if typed and not patient and (port := _listening(shell.pid)):
                return Followed(line, None, serves=False, elsewhere=port), typed
            time.sleep(0.2)
        line = _parsed(self._diary())[1]
        return Followed(line, finished, finished.ok and self._answers_soon()), len(commands)

    def _second(self, commands: Sequence[str]) -> Followed:
        done = self.sandbox.run(*self._shell("\n".join(commands)))
        return Followed(_parsed(self._diary())[1], done, done.ok and self.answers())

    def _answers_soon(self) -> bool:
        """Whether a service that was started in the background answers."""
        until = time.monotonic() + READY_SECONDS
        while time.monotonic() < until:
            if self.answers():
                return True
            time.sleep(0.2)
        return False

    def _shell(self, script: str) -> tuple[list[str], Path, dict[str, str], Limits]:
        bash = shutil.which("bash")
        if bash is None:
            raise NotRun("bash is not installed", fix="use WSL2 on Windows")
        variables = {**self.variables, DIARY: str(self._diary_file)}
        limits = Limits(seconds=self.seconds, network=True)  # a newcomer installs what is needed
        return [bash, "-c", DRIVER + script], self.folder, variables, limits

    @property
    def _diary_file(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.diary")

    def _diary(self) -> str:
        return self._diary_file.read_text(encoding="utf-8", errors="replace") if self._diary_file.exists() else ""


def _parsed(entry: str) -> tuple[int, str]:
    """The line of the README's script, counted from 1, and the command."""
    number, _, line = entry.partition(" ")
    return int(number or 0) - DRIVER.count("\n"), line


def _blocks_done(commands: Sequence[str], number: int) -> int:
    """How many blocks are typed when the command in that line runs; 0 when its block goes on after it."""
    first = 1
    for count, block in enumerate(commands, start=1):
        lines = block.split("\n")  # the join between two blocks adds the last of them
        if first <= number < first + len(lines):
            here = number - first
            while here < len(lines) - 1 and lines[here].endswith("\\"):
                here += 1
            rest = (line.strip() for line in lines[here + 1 :])
            return 0 if any(line and not line.startswith("#") for line in rest) else count
        first += len(lines)
    return 0


def _listening(pid: int) -> int:
    """A port on which a process or one of its descendants listens, 0 for none."""
    with suppress(psutil.Error):
        leader = psutil.Process(pid)
        for process in (leader, *leader.children(recursive=True)):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    return int(connection.laddr.port)
    return 0
