"""The container engine's command line client: which of those on PATH can build with BuildKit."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

FIRST_WITHOUT_BUILTIN_BUILDKIT = 23
ANSWER_SECONDS = 15


def clients(path: str | None = None) -> Iterator[Path]:
    """Each `docker` on the search path, in its order, and each file once (`/bin` is often a link to `/usr/bin`)."""
    seen: set[Path] = set()
    search = os.environ.get("PATH", os.defpath) if path is None else path
    for folder in filter(None, search.split(os.pathsep)):
        found = shutil.which("docker", path=folder)
        if found is None or Path(found).resolve() in seen:
            continue
        seen.add(Path(found).resolve())
        yield Path(found)


def build_client(path: str | None = None) -> Path | None:
    """The first `docker` on the search path that builds with BuildKit, or None.

    Several clients may be installed, and the first may be a bare one without the buildx plugin: it starts and stops
    containers and refuses to build. Call the client that is returned with `DOCKER_BUILDKIT=1` in its environment,
    because those before version 23 have BuildKit built in but do not use it unless asked.
    """
    return next((client for client in clients(path) if builds_with_buildkit(client)), None)


def builds_with_buildkit(client: Path) -> bool:
    """Whether this client has the buildx plugin, or is a Docker so old that BuildKit is part of it."""
    major = client_major_version(client)
    if major is None:
        return False
    return major < FIRST_WITHOUT_BUILTIN_BUILDKIT or _answer(client, "buildx", "version") is not None


def client_major_version(client: Path) -> int | None:
    """The 28 of `Docker version 28.2.2`; None for a file that is no Docker client (Podman also answers to `docker`)."""
    found = re.match(r"Docker version (\d+)\.", _answer(client, "--version") or "")
    return int(found[1]) if found else None


def _answer(client: Path, *arguments: str) -> str | None:
    """What the client prints; None when it fails, does not answer in time or cannot be started."""
    try:
        run = subprocess.run(
            [str(client), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout if run.returncode == 0 else None
