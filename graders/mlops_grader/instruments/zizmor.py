"""What zizmor, a linter for the security of workflows, says of a repository; comments that silence it do not count."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_grader.instruments.programs import installed

SECONDS = 120
_ASKED = (
    "--offline", "--quiet", "--no-config", "--no-ignores", "--persona=regular", "--min-severity=medium", "--min-confidence=medium",
    "--collect=workflows", "--collect=actions", "--format=json-v1",
)  # fmt: skip


@dataclass(frozen=True)
class Remark:
    """One finding of medium or high severity and confidence: the line that it is about, and the page that explains it."""

    file: str
    line: int
    words: str
    page: str


def audit(root: Path) -> list[Remark]:
    """The findings about the workflows and actions below a folder, worst first."""
    program = installed("zizmor", "workflows")
    command = [program, *_ASKED, "."]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=SECONDS, check=False)
    try:
        findings = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise RuntimeError(f"zizmor said nothing: {done.stderr[-300:]}") from None
    worst_first = sorted(findings, key=lambda finding: finding["determinations"]["severity"] != "High")
    return [_remark(finding) for finding in worst_first]


def _remark(finding: Mapping[str, Any]) -> Remark:
    place = _primary(finding["locations"])
    file = place["symbolic"]["key"]["Local"]["verbatim_path"].removeprefix("./")
    line = int(place["concrete"]["location"]["start_point"]["row"]) + 1
    return Remark(file, line, f"{finding['desc']} ({finding['ident']})", finding["url"])


def _primary(locations: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next((place for place in locations if place["symbolic"]["kind"] == "Primary"), locations[0])
