"""What training leaves and what the service loads: files that are written whole, and read with their hashes checked."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from triage import sorter
from triage.sorter import Sorter

RECORD, WEIGHTS = "model.json", "sorter.json"
FACTS = ("run_id", "commit", "data_sha256", "model_sha256", "newest_letter")


@dataclass(frozen=True)
class Release:
    """A sorter with the record that says where it comes from; they change together."""

    sorter: Sorter
    record: Mapping[str, Any]

    @property
    def origin(self) -> dict[str, str]:
        """What the version route says."""
        return {name: str(self.record[name]) for name in FACTS}


def write(path: Path, text: str) -> None:
    """Put a file in its place at once: nobody ever reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(text, encoding="utf-8", newline="\n")
    new.replace(path)


def as_json(document: Mapping[str, Any]) -> str:
    """The same text for the same content."""
    return json.dumps(document, indent=1, sort_keys=True, allow_nan=False) + "\n"


def sha256(content: bytes) -> str:
    """The fingerprint of a file."""
    return hashlib.sha256(content).hexdigest()


def publish(weights: bytes, record: Mapping[str, Any], folder: Path) -> None:
    """Fill the folder of the service. The record comes last: whoever sees a new one finds its weights beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / WEIGHTS, weights.decode())
    write(folder / RECORD, as_json(record))


def load(folder: Path) -> Release:
    """The release in a folder. Raises ValueError when it is not whole; FileNotFoundError when there is none."""
    record = json.loads((folder / RECORD).read_bytes())
    if not isinstance(record, dict) or not all(isinstance(record.get(name), str) for name in FACTS):
        raise ValueError("the record lacks a fact")
    content = (folder / WEIGHTS).read_bytes()
    if sha256(content) != record["model_sha256"]:
        raise ValueError("the weights are not those of the record")
    return Release(sorter.read(json.loads(content)), record)


def commit() -> str:
    """The commit of the working folder; a build without git is told it by SOURCE_COMMIT."""
    git = shutil.which("git")
    if not git or "SOURCE_COMMIT" in os.environ:
        return os.environ.get("SOURCE_COMMIT", "unknown")
    done = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
