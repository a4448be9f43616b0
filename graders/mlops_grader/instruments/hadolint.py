"""What hadolint says of a Dockerfile, and which of its findings the author waves away without a reason."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass

from mlops_grader.instruments.programs import installed

SERIOUS = ("error", "warning")


@dataclass(frozen=True)
class Remark:
    """One finding: its rule, line (counted from 1) and words."""

    code: str
    line: int
    level: str
    message: str


def lint(text: str) -> list[Remark]:
    """The errors and warnings in the text of a Dockerfile; ignores inside the file count, settings beside it do not."""
    program = installed("hadolint", "containers")
    command = [program, "--no-fail", "--format", "json", "-"]
    # settings of the submission or of the person, in files or variables, could silence every rule
    with tempfile.TemporaryDirectory() as empty:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HADOLINT_")}
        own = {"HOME": empty, "USERPROFILE": empty, "APPDATA": empty, "XDG_CONFIG_HOME": empty}
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, cwd=empty, env={**kept, **own}, timeout=60, check=False
        )
    if not done.stdout.strip():
        raise RuntimeError(f"hadolint said nothing: {done.stderr.decode(errors='replace')[:300]}")
    remarks = [Remark(row["code"], row["line"], row["level"], row["message"]) for row in json.loads(done.stdout)]
    return [remark for remark in remarks if remark.level in SERIOUS]


def instructions(text: str) -> list[str]:
    """The lines that are neither blank nor a comment."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def unexplained_ignores(text: str) -> list[int]:
    """The lines, counted from 1, that switch a rule off with no comment above them that says why."""
    lines = text.splitlines()
    ignoring = [
        number for number, line in enumerate(lines) if re.match(r"\s*#\s*hadolint\s+(global\s+)?ignore\s*=", line)
    ]
    return [number + 1 for number in ignoring if number == 0 or not _is_reason(lines[number - 1])]


def _is_reason(line: str) -> bool:
    """A comment of at least three words that is no instruction to a tool."""
    match = re.match(r"\s*#\s*(?!hadolint)(\w.*)", line)
    return match is not None and len(match[1].split()) >= 3 and not re.match(r"(syntax|escape|check)\s*=", match[1])
