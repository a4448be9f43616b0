"""The container engine: a client on PATH, an engine that answers, BuildKit."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import Family, System, as_administrator, install_command

ANSWER_SECONDS = 20
INSTALL = "nox -s doctor -- --install"


@dataclass(frozen=True)
class Engine:
    """What an engine says of itself.

    Where it runs in a virtual machine, `root` (where it keeps images) and `memory` (bytes) are that machine's.
    """

    version: str
    root: Path
    memory: int


@dataclass(frozen=True)
class NoAnswer:
    """Why an engine could not be asked, in the client's words."""

    reason: str


def ask(client: Path, sudo: Sequence[str] = ()) -> Engine | NoAnswer:
    """Ask the engine behind this client what it is, as this user or with `sudo` before the command.

    The exit code of `docker info` is 0 in some versions although no engine answered, so the answer itself decides.
    """
    try:
        run = subprocess.run(
            [*sudo, str(client), "info", "--format", "{{json .}}"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        )
        said = json.loads(run.stdout or "{}")
    except subprocess.TimeoutExpired:
        return NoAnswer(f"no answer within {ANSWER_SECONDS} s")
    except (OSError, ValueError) as error:
        return NoAnswer(str(error))
    if said.get("ServerVersion"):
        return Engine(said["ServerVersion"], Path(said.get("DockerRootDir", "")), int(said.get("MemTotal", 0)))
    return NoAnswer(" ".join(said.get("ServerErrors") or run.stderr.split()) or "no engine answers")


def engine_finding(client: Path | None, answer: Engine | NoAnswer | None, system: System) -> Finding:
    """Whether there is a client and an engine that answers it."""
    name, wanted = "container engine", "a Docker engine that answers"
    if client is None:
        return Finding(name, "no `docker` on PATH", wanted, ok=False, mend=_how_to_get_one(system))
    if isinstance(answer, Engine):
        return Finding(name, f"Docker {answer.version} ({client})", wanted, ok=True)
    reason = answer.reason if answer else "not asked"
    return Finding(
        name, f"`{client}` is there, the engine is not: {reason}", wanted, ok=False, mend=_how_to_reach(reason, system)
    )


def buildkit_finding(client: Path | None, others: Sequence[Path], system: System) -> Finding:
    """Whether one of the clients can build with BuildKit; `others` are all clients on PATH."""
    name, wanted = "BuildKit", "a client that builds with BuildKit"
    if client:
        return Finding(name, str(client), wanted, ok=True)
    if not others:
        return Finding(name, "no `docker` on PATH", wanted, ok=False, mend=_how_to_get_one(system))
    found = f"{', '.join(map(str, others))}: no buildx plugin"
    return Finding(name, found, wanted, ok=False, mend=_how_to_get_buildx(system))


def _how_to_get_one(system: System) -> str:
    if system.wsl:
        return f"{INSTALL}, or switch on this distribution in Docker Desktop: Settings, Resources, WSL integration"
    return INSTALL if system.family is Family.DEBIAN else install_command(system, "docker")


def _how_to_get_buildx(system: System) -> str:
    """Whether Debian has a package for it depends on the release: --install looks."""
    return INSTALL if system.family is Family.DEBIAN else install_command(system, "buildx")


def _how_to_reach(reason: str, system: System) -> str:
    """The command that mends the commonest causes: no right to the socket, engine not started."""
    if "permission denied" in reason.lower():
        return "sudo usermod -aG docker $USER, then log out and in again"
    if system.family in {Family.MACOS, Family.WINDOWS}:
        return "open -a Docker" if system.family is Family.MACOS else "start Docker Desktop"
    if system.systemd:
        return as_administrator(system, "systemctl start docker")
    return INSTALL if system.family is Family.DEBIAN else as_administrator(system, "dockerd &")
