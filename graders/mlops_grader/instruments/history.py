"""Everything that a repository ever held: large files and secrets in any commit, not only in the last."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_grader.check import NotRun
from mlops_grader.owner import as_owner
from mlops_grader.submission import git

LARGE = 5 * 2**20  # bytes
SCANNED = 2**20  # bytes; larger files are no place where people type secrets

# detectors of things that are secret by their form; guesses from entropy would flag every lock file
_DETECTORS = (
    "AWSKeyDetector", "AzureStorageKeyDetector", "BasicAuthDetector", "DiscordBotTokenDetector", "GitHubTokenDetector",
    "GitLabTokenDetector", "JwtTokenDetector", "MailchimpDetector", "NpmDetector", "OpenAIDetector", "PrivateKeyDetector",
    "PypiTokenDetector", "SendGridDetector", "SlackDetector", "StripeDetector", "TelegramBotTokenDetector", "TwilioKeyDetector",
)  # fmt: skip


@dataclass(frozen=True)
class Blob:
    """One version of one file. Size in bytes; `current` when the graded tree still has it."""

    id: str
    path: str
    size: int
    current: bool


@dataclass(frozen=True)
class Secret:
    """What looks like a secret: its kind, the version of the file, and the line, counted from 1."""

    kind: str
    blob: Blob
    line: int


def blobs(folder: Path) -> list[Blob]:
    """Every version of every file in any branch or tag of the clone around a folder."""
    listed = git(folder, "rev-list", "--objects", "--all", "HEAD")
    now = {line.split()[2] for line in git(folder, "ls-tree", "-r", "--full-tree", "HEAD").splitlines()}
    named = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line.strip())
    sizes = _batch(folder, "--batch-check=%(objectname) %(objecttype) %(objectsize)", named)
    rows = (row.split() for row in sizes.decode().splitlines())
    return [Blob(name, named[name], int(size), name in now) for name, kind, size in rows if kind == "blob"]


def secrets(folder: Path, versions: Sequence[Blob]) -> Iterator[Secret]:
    """What looks like a secret in the texts of these versions."""
    scan = _scanner()
    for blob in versions:
        if PurePosixPath(blob.path).name == ".env" and blob.size:
            yield Secret("file of settings and passwords", blob, 1)
        elif blob.size <= SCANNED:
            content = _batch(folder, "--batch", [blob.id]).split(b"\n", 1)[1].decode("utf-8", errors="replace")
            yield from (Secret(kind, blob, number) for kind, number in scan(content))


def _scanner() -> Callable[[str], Iterator[tuple[str, int]]]:
    try:
        from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
    except ModuleNotFoundError:
        raise NotRun("detect-secrets is not installed", fix="uv pip install 'mlops-grader[repository]'") from None
    kinds: list[Any] = list(get_mapping_from_secret_type_to_class().values())
    plugins = [kind() for kind in kinds if kind.__name__ in _DETECTORS]

    def scan(text: str) -> Iterator[tuple[str, int]]:
        for number, line in enumerate(text.splitlines(), start=1):
            for plugin in plugins:
                if any(True for _ in plugin.analyze_string(line)):
                    yield plugin.secret_type, number

    return scan


def _batch(folder: Path, option: str, names: Sequence[str] | dict[str, str]) -> bytes:
    command = ["git", "-C", str(folder), "cat-file", option]
    with as_owner(folder) as user:
        done: subprocess.CompletedProcess[bytes] = subprocess.run(
            command, input="\n".join(names).encode(), capture_output=True, check=True, **user
        )
    return done.stdout
