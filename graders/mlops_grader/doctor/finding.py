"""One line of the doctor's report, and the names by which modules ask for things."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

# What a module may name under `needs` in its module.toml, and the finding that answers it.
NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "git": "git",
        "uv": "uv",
        "engine": "container engine",
        "buildkit": "BuildKit",
        "prometheus": "Prometheus",
        "browser": "browser",
    }
)


@dataclass(frozen=True)
class Finding:
    """What was looked at, what is there, what is wanted, and the command that mends it on this system."""

    name: str
    found: str
    wanted: str
    ok: bool
    mend: str = ""


def unknown_needs(module_needs: Iterable[str]) -> list[str]:
    """The names that no finding answers."""
    return sorted(set(module_needs) - NEEDS.keys())


def lacking(findings: Iterable[Finding], module_needs: Sequence[str]) -> list[Finding]:
    """The findings that are not as wanted and that the module needs."""
    needed = {NEEDS[need] for need in module_needs}
    return [finding for finding in findings if finding.name in needed and not finding.ok]
