"""The programs of Prometheus, under the names that Debian and the project's own archives give them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from types import MappingProxyType

from mlops_grader.check import NotRun

NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "prometheus": ("prometheus",),
        "promtool": ("promtool",),
        "alertmanager": ("alertmanager", "prometheus-alertmanager"),
    }
)


def program(name: str) -> str:
    """The path of a program. Raises NotRun where it is not installed."""
    for known in NAMES[name]:
        if found := shutil.which(known):
            return found
    raise NotRun(
        f"{name} is not installed",
        fix="nox -s doctor -- m09_monitoring --install, or put the programs of prometheus.io/download on PATH",
    )
