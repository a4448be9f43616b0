"""One container of the service, driven through the docker command."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PORT = 8480
GRACE = "20"
"""Seconds to finish what it has begun."""


class RefusedError(Exception):
    """A version must not serve, or production cannot be reached; the words say why."""


@dataclass(frozen=True)
class Container:
    """A slot: a name in production's network, and the file with the settings."""

    name: str
    network: str
    settings: Path

    def start(self, image: str) -> None:
        """Run the image: the proxy reaches it by its name, we by a free port of this machine."""
        where = ("--network", self.network, "--publish", f"127.0.0.1::{PORT}")
        docker("run", "--detach", "--name", self.name, *where, "--env-file", str(self.settings), image)

    def keep_running(self) -> None:
        """From now on it comes back by itself: it has been examined."""
        attempt("update", "--restart", "unless-stopped", self.name)

    def empty(self) -> None:
        """Stop and remove what is in the slot, if anything is."""
        attempt("stop", "--time", GRACE, self.name)
        attempt("rm", "--force", "--volumes", self.name)

    def runs(self) -> bool:
        """Whether its process lives."""
        return attempt("inspect", "--format", "{{.State.Running}}", self.name).stdout.strip() == "true"

    def address(self) -> str:
        """Where we reach it."""
        return "http://" + docker("port", self.name, str(PORT)).splitlines()[0]

    def last_words(self) -> str:
        """The end of its log."""
        log = attempt("logs", "--tail", "4", self.name)
        return (log.stdout + log.stderr).strip()[-600:] or "it said nothing"


def docker(*words: str) -> str:
    """What docker prints. Raises RefusedError with its message when it fails."""
    done = attempt(*words)
    if done.returncode:
        raise RefusedError(f"docker {words[0]}: {done.stderr.strip()[-600:]}")
    return done.stdout.strip()


def attempt(*words: str) -> "subprocess.CompletedProcess[str]":
    """Run docker; it may fail."""
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
