"""`nox -s doctor`: what this machine has and lacks, and the command that mends it."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mlops_grader.doctor.examination import examine
from mlops_grader.doctor.finding import NEEDS, Finding, lacking, unknown_needs
from mlops_grader.doctor.install import install as install_lacking
from mlops_grader.doctor.report import show
from mlops_grader.doctor.start import MendError
from mlops_grader.doctor.system import System, this_system

__all__ = ["NEEDS", "Finding", "main"]


def main(module_needs: Sequence[str], install: bool) -> int:
    """Examine this machine and print the findings.

    With `install`, first installs and starts what the module needs, or everything known when it names no needs.
    Returns 0; 1 when something that the module needs is missing; 2 when it needs something unknown.
    """
    unknown = unknown_needs(module_needs)
    if unknown:
        sys.stderr.write(f"doctor: unknown need {', '.join(unknown)}; known: {', '.join(NEEDS)}\n")
        return 2
    system, console = this_system(), Console()
    findings = examine(system, Path.cwd(), os.environ, module_needs)
    if install:
        _mend(findings, module_needs, system)
        findings = examine(system, Path.cwd(), os.environ, module_needs)
    show(findings, module_needs, console)
    return 1 if lacking(findings, module_needs) else 0


def _mend(findings: Sequence[Finding], module_needs: Sequence[str], system: System) -> None:
    """Install what is asked for; a failure is told, and the report that follows shows what is still lacking."""
    wanted = lacking(findings, module_needs) if module_needs else findings
    try:
        install_lacking(wanted, system, lambda text: _tell(f"{text} ..."))
    except MendError as error:
        _tell(str(error))


def _tell(text: str) -> None:
    sys.stderr.write(f"doctor: {text}\n")
