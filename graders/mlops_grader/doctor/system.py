"""Which system this is, and the command that installs something on it."""

import os
import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import MappingProxyType


class Family(Enum):
    """Systems on which the same command installs the same thing."""

    DEBIAN = "Debian, Ubuntu"
    FEDORA = "Fedora"
    MACOS = "macOS"
    WINDOWS = "Windows"
    OTHER = "another system"


@dataclass(frozen=True)
class System:
    """What the commands that mend something depend on."""

    family: Family
    wsl: int | None = None  # version of the Windows Subsystem for Linux
    root: bool = False
    systemd: bool = False


_COMMANDS: Mapping[str, Mapping[Family, str]] = MappingProxyType(
    {
        "git": {
            Family.DEBIAN: "apt-get install git",
            Family.FEDORA: "dnf install git",
            Family.MACOS: "brew install git",
            Family.WINDOWS: "winget install Git.Git",
        },
        "uv": {
            Family.DEBIAN: "pipx install uv",
            Family.FEDORA: "dnf install uv",
            Family.MACOS: "brew install uv",
            Family.WINDOWS: "winget install astral-sh.uv",
        },
        "docker": {
            Family.DEBIAN: "apt-get install docker.io",
            Family.FEDORA: "dnf install moby-engine docker-cli docker-buildx",
            Family.MACOS: "brew install --cask docker",
            Family.WINDOWS: "winget install Docker.DockerDesktop",
        },
        "buildx": {
            Family.FEDORA: "dnf install docker-buildx",
            Family.MACOS: "brew install docker-buildx",
            Family.WINDOWS: "winget install Docker.DockerDesktop",
        },
        "chromium": {
            Family.DEBIAN: "apt-get install chromium",
            Family.FEDORA: "dnf install chromium",
            Family.MACOS: "brew install --cask chromium",
            Family.WINDOWS: "winget install Hibbiki.Chromium",
        },
        "prometheus": {
            Family.DEBIAN: "apt-get install prometheus prometheus-alertmanager",
            Family.FEDORA: "dnf install golang-github-prometheus golang-github-prometheus-alertmanager",
            Family.MACOS: "brew install prometheus alertmanager",
            Family.WINDOWS: "unpack prometheus and alertmanager from prometheus.io/download onto PATH",
        },
    }
)


def install_command(system: System, what: str) -> str:
    """What to type to install `what`, with `sudo` where it takes the administrator."""
    command = _COMMANDS[what].get(system.family)
    if command is None:
        return f"install {what} with the package manager of this system"
    return as_administrator(system, command) if command.startswith(("apt-get", "dnf")) else command


def as_administrator(system: System, command: str) -> str:
    """The command as an ordinary user has to type it."""
    return command if system.root else f"sudo {command}"


def family_of(name: str, os_release: str) -> Family:
    """The family, from `platform.system()` and the text of `/etc/os-release`."""
    if name in {"Darwin", "Windows"}:
        return Family.MACOS if name == "Darwin" else Family.WINDOWS
    words = set(re.findall(r"[\w-]+", " ".join(re.findall(r"^ID(?:_LIKE)?=(.*)$", os_release, re.MULTILINE))))
    if words & {"debian", "ubuntu"}:
        return Family.DEBIAN
    return Family.FEDORA if words & {"fedora", "rhel", "centos"} else Family.OTHER


def wsl_version(kernel: str) -> int | None:
    """1 or 2 in the Windows Subsystem for Linux, told by the kernel's release; None elsewhere."""
    if "microsoft" not in kernel.lower():
        return None
    return 1 if kernel.endswith("-Microsoft") else 2


def this_system() -> System:
    """The system that this program runs on."""
    os_release = Path("/etc/os-release")
    return System(
        family=family_of(platform.system(), os_release.read_text("utf-8") if os_release.is_file() else ""),
        wsl=wsl_version(platform.release()),
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
        systemd=Path("/run/systemd/system").is_dir(),
    )
