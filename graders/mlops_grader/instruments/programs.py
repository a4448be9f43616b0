"""Programs that come with the grader's own packages."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from mlops_grader.check import NotRun


def installed(name: str, extra: str) -> str:
    """The path of a program, beside this Python or else on PATH. Raises NotRun with the extra that brings it."""
    program = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if program is None:
        raise NotRun(f"{name} is not installed", fix=f"uv pip install 'mlops-grader[{extra}]'")
    return program
