"""The commands of a README, typed in order as a newcomer would."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
from markdown_it import MarkdownIt

from mlops_grader.check import Fail, NotRun
from mlops_grader.contract import Service
from mlops_grader.instruments.client import Client
from mlops_grader.instruments.sandbox import Finished, Limits, Sandbox

LANGUAGES = ("bash", "sh", "shell", "zsh")


@dataclass(frozen=True)
class Followed:
    """How far the commands led: the line that was run last, how it ended, None while it still runs."""

    line: str
    finished: Finished | None
    serves: bool


def commands(text: str, heading: str) -> str:
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
    return "\n".join(found)


def follow(
    script: str, folder: Path, variables: Mapping[str, str], sandbox: Sandbox, service: Service, seconds: float
) -> Followed:
    """Run a script until it ends, or until its last command is a service that answers. Raises NotRun without bash."""
    bash = shutil.which("bash")
    if bash is None:
        raise NotRun("bash is not installed", fix="use WSL2 on Windows")
    diary = folder / ".git" / "line"
    driver = f"set -eo pipefail\ntrap 'printf %s \"$BASH_COMMAND\" > {diary}' DEBUG\n"
    client = Client(service.port, service, lambda: None)
    with sandbox.start([bash, "-c", driver + script], folder, variables, Limits(seconds=seconds)) as running:
        while (finished := running.poll()) is None:
            if _is_last(script, _read(diary)) and _answers(client, service):
                return Followed(_read(diary), None, serves=True)
            time.sleep(0.2)
        return Followed(_read(diary), finished, serves=False)


def _is_last(script: str, line: str) -> bool:
    return bool(line) and script.rstrip().rstrip("&").rstrip().endswith(line.strip())


def _answers(client: Client, service: Service) -> bool:
    try:
        return client.get(service.ready, timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _read(diary: Path) -> str:
    return diary.read_text(encoding="utf-8") if diary.exists() else ""
