"""Where a student's repository is on the web, from the address or the folder in which it was found."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ADDRESS = re.compile(
    r"(?:https?://(?:[^/@\s]*@)?|ssh://(?:[^/@\s]*@)?|git://|[^/@:\s]+@)"  # what stands before the host, a password included, is left
    r"(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)(?::\d+(?=/))?[/:]+"
    r"(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?/*"
)


@dataclass(frozen=True)
class Repository:
    """A repository of a code host."""

    host: str
    owner: str
    name: str

    @property
    def address(self) -> str:
        """Its page."""
        return f"https://{self.host}/{self.owner}/{self.name}"

    def commit(self, commit: str) -> str:
        """The page of a commit."""
        return f"{self.address}/commit/{commit}"


def repository(place: str) -> Repository | None:
    """The repository of an address, or of the remote `origin` of a clone; None for anything else."""
    if found := _ADDRESS.fullmatch(place.strip()):
        return Repository(found["host"].lower(), found["owner"], found["name"])
    if "://" in place or not place:
        return None
    origin = _origin(Path(place))
    return repository(origin) if "://" in origin or "@" in origin else None


def _origin(folder: Path) -> str:
    """The address of the remote in a clone's own settings, read as a plain file: nothing that it includes, nothing run."""
    settings = next((path for path in (folder / ".git" / "config", folder / "config") if path.is_file()), None)
    if settings is None:
        return ""
    asked = ["git", "config", "--file", str(settings), "--no-includes", "--get", "remote.origin.url"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
