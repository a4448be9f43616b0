"""What a step hands to the runner: the files behind GITHUB_ENV, GITHUB_OUTPUT and GITHUB_PATH, and commands in its output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LARGEST = 2**20  # bytes that are read of such a file
NAMES = ("ENV", "OUTPUT", "PATH", "STEP_SUMMARY", "STATE")

_COMMAND = re.compile(r"::(?P<command>[\w-]+)(?: (?P<properties>.*?))?::(?P<value>.*)")
_STARTS_BLOCK = re.compile(r"(?P<name>[^=]+?)<<(?P<delimiter>.+)")
_ESCAPED = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))


class CommandFileError(Exception):
    """A line that GitHub would refuse, which fails the step."""


@dataclass(frozen=True)
class Files:
    """One step's command files."""

    folder: Path

    def variables(self) -> dict[str, str]:
        """Make them, empty; the variables that tell a step where they are."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (self.folder / name).write_text("", encoding="utf-8")
        return {f"GITHUB_{name}": str(self.folder / name) for name in NAMES}

    def read(self, name: str) -> str:
        """The text of one, at most 1 MiB of it; empty when the step removed it."""
        path = self.folder / name
        if not path.is_file() or path.is_symlink():
            return ""
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8-sig", errors="replace")


def pairs(text: str) -> dict[str, str]:
    """The `name=value` lines and `name<<delimiter` blocks of such a file. Raises CommandFileError."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))  # `splitlines` would also part at form feeds and the like
    for line in lines:
        if not line:
            continue
        block = _STARTS_BLOCK.fullmatch(line)
        name, equals, value = line.partition("=")
        if block:
            found[block["name"]] = "\n".join(_until(block["delimiter"], lines))
        elif equals and name:
            found[name] = value
        else:
            raise CommandFileError(f"invalid format {line[:80]!r}: write `name=value`")
    return found


def _until(delimiter: str, lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if line == delimiter:
            return
        yield line
    raise CommandFileError(f"matching delimiter not found {delimiter!r}")


@dataclass
class Said:
    """What a step said in its output. `set-output` and the like are obsolete, and GitHub still obeys some of them."""

    masks: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    annotations: list[tuple[str, str]] = field(default_factory=list)


def read(log: str) -> Said:
    """The workflow commands in a log, except between `::stop-commands::token` and `::token::`."""
    said, resume = Said(), ""
    for line in log.split("\n"):
        text = line.strip()
        command = _COMMAND.fullmatch(text)
        if resume:
            resume = "" if text == f"::{resume}::" else resume
        elif command and command["command"] == "stop-commands":
            resume = command["value"]
        elif command:
            _obey(said, command["command"].lower(), command["properties"] or "", _unescaped(command["value"]))
    return said


def _unescaped(text: str) -> str:
    for code, letter in _ESCAPED:
        text = text.replace(code, letter)
    return text


def _obey(said: Said, command: str, properties: str, value: str) -> None:
    if command == "add-mask" and value.strip():
        said.masks.append(value)
    elif command == "set-output":
        if name := dict(part.strip().partition("=")[::2] for part in properties.split(",")).get("name"):
            said.outputs[_unescaped(name)] = value
    elif command in ("error", "warning", "notice"):
        said.annotations.append((command, value))
