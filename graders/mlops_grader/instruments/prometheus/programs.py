"""The programs of Prometheus: those on PATH, or those of the official images where a container engine has them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from uuid import uuid4

from mlops_grader.check import NotRun
from mlops_grader.instruments.docker_engine import LABEL, run_label
from mlops_grader.instruments.engine import clients
from mlops_grader.instruments.sandbox import HostSandbox, Limits, Running

SERVER_IMAGE, ALERTMANAGER_IMAGE = "prom/prometheus:v3.5.0", "prom/alertmanager:v0.28.1"
IMAGES: Mapping[str, str] = MappingProxyType(
    {"prometheus": SERVER_IMAGE, "promtool": SERVER_IMAGE, "alertmanager": ALERTMANAGER_IMAGE}
)
NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "prometheus": ("prometheus",),
        "promtool": ("promtool",),
        "alertmanager": ("alertmanager", "prometheus-alertmanager"),  # Debian's name for it
    }
)
LIFE = Limits(seconds=1800)
ANSWER_SECONDS = 20


@dataclass(frozen=True)
class Program:
    """How a program is started, with the files of one folder at hand. container: its name where it runs in one."""

    words: Sequence[str]
    container: str = ""


def program(name: str, folder: Path) -> Program:
    """The program on PATH, else that of its image. Raises NotRun where there is neither."""
    if found := on_path(name):
        return Program([found])
    if client := image_client(name):
        container = f"mlops-grader-{name}-{uuid4().hex[:12]}"
        place = str(folder.resolve())
        user = [f"--user={os.getuid()}:{os.getgid()}"] if hasattr(os, "getuid") else []
        words = [
            client, "run", "--rm", f"--name={container}", f"--label={LABEL}={run_label()}", "--network=host", "--interactive",
            f"--volume={place}:{place}", f"--workdir={place}", *user, f"--entrypoint=/bin/{name}", IMAGES[name],
        ]  # fmt: skip
        return Program(words, container)
    raise NotRun(
        f"{name} is not installed",
        fix="nox -s doctor -- m09_monitoring --install, or put the programs of prometheus.io/download on PATH, "
        f"or, on Linux: docker pull {IMAGES[name]}",
    )


def on_path(name: str, path: str | None = None) -> str | None:
    """Where the program is installed under one of its names."""
    return next((found for known in NAMES[name] if (found := shutil.which(known, path=path))), None)


def image_client(name: str, path: str | None = None) -> str | None:
    """The client of a container engine that has the program's image already; nothing large is fetched unasked.

    On Linux only: elsewhere a container cannot share the network of this machine.
    """
    for client in clients(path) if sys.platform == "linux" else ():
        command = [str(client), "image", "inspect", "--format", "{{.Id}}", IMAGES[name]]
        try:
            done = subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if done.returncode == 0:
            return str(client)
    return None


@contextmanager
def started(name: str, arguments: Sequence[str], folder: Path) -> Iterator[Running]:
    """Start a program in a folder, and end it, with its container where it has one."""
    found = program(name, folder)
    engine = {key: value for key, value in os.environ.items() if key in ("DOCKER_HOST", "DOCKER_CONTEXT")}
    try:
        with HostSandbox(folder / "home").start([*found.words, *arguments], folder, engine, LIFE) as running:
            yield running
    finally:
        if found.container:  # its client is dead, it is not
            remove = [found.words[0], "rm", "--force", "--volumes", found.container]
            subprocess.run(remove, capture_output=True, timeout=60, check=False)
