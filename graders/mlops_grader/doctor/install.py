"""Install what is lacking on Debian and Ubuntu, and start the engine."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.start import MendError, Say, last_lines, start_engine
from mlops_grader.doctor.system import Family, System
from mlops_grader.instruments.engine import build_client

# The finding, and the packages that mend it. Debian 13 and later ship the engine's client in a package of its own.
PACKAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "git": ("git",),
        "container engine": ("docker.io", "docker-cli"),
        "Prometheus": ("prometheus", "prometheus-alertmanager"),
        "browser": ("chromium",),
    }
)
# The first that exists: the plugin by Debian's and by Docker's name; the old client that has BuildKit built in.
BUILDKIT_PACKAGES = ("docker-buildx", "docker-buildx-plugin", "docker.io")
APT_SECONDS = 1800


def install(findings: Iterable[Finding], system: System, say: Say) -> None:
    """Install and start what these findings lack; raise MendError where that fails.

    Works on Debian and Ubuntu. What has no package there (uv, disk space) stays in the report.
    """
    wrong = {finding.name for finding in findings if not finding.ok}
    if not wrong & {*PACKAGES, "BuildKit"}:
        return
    if system.family is not Family.DEBIAN:
        raise MendError("--install works on Debian and Ubuntu; type the commands of the report")
    sudo = administrator(system)
    install_packages(available(packages_for(wrong, shutil.which("dockerd") is not None), sudo), sudo, say)
    if "BuildKit" in wrong and build_client() is None:
        install_packages(available(BUILDKIT_PACKAGES, sudo)[:1], sudo, say)
    if "container engine" in wrong:
        start_engine(system, sudo, say)


def packages_for(wrong: Iterable[str], engine_is_installed: bool) -> list[str]:
    """The packages that mend these findings; an engine that is installed and only does not run needs none."""
    names = set(wrong) - ({"container engine"} if engine_is_installed else set())
    return [package for name, packages in PACKAGES.items() if name in names for package in packages]


def administrator(system: System) -> list[str]:
    """What goes before a command that needs the administrator: nothing, or `sudo -n` where that asks no password."""
    if system.root:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    raise MendError("--install needs the administrator; type `sudo -v`, then the same command again")


def available(packages: Sequence[str], sudo: Sequence[str]) -> list[str]:
    """Those of the packages that this version of the system has; raise MendError if it has none of them."""
    if not packages:
        return []
    _apt([*sudo, "apt-get", "-qq", "update"], check=False)  # an unreachable third source need not matter
    there = [package for package in packages if _exists(package)]
    if not there:
        raise MendError(f"apt has none of {', '.join(packages)}; see docs.docker.com/engine/install")
    return there


def install_packages(packages: Sequence[str], sudo: Sequence[str], say: Say) -> None:
    """Install packages with apt-get, asking nothing."""
    if not packages:
        return
    say(f"installing {', '.join(packages)} with apt-get")
    environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
    _apt([*sudo, *environment, "apt-get", "-qq", "install", "--no-install-recommends", *packages])


def _exists(package: str) -> bool:
    return subprocess.run(["apt-cache", "show", "--", package], capture_output=True, check=False).returncode == 0


def _apt(command: Sequence[str], check: bool = True) -> None:
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=APT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise MendError(f"`{' '.join(command)}` did not end within {APT_SECONDS} s") from error
    if check and run.returncode != 0:
        raise MendError(f"`{' '.join(command)}` failed:\n{last_lines(run.stderr or run.stdout)}")
