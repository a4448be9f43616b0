"""All findings about one machine, in the order in which they are shown."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from mlops_grader.doctor import containers, machine, network, programs, windows
from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import System
from mlops_grader.instruments.engine import build_client, clients

SERVICE_PORT = 8000


def examine(system: System, folder: Path, environment: Mapping[str, str], module_needs: Sequence[str]) -> list[Finding]:
    """Look at everything once. Takes a second or two, most of it the engine's answer."""
    path = environment.get("PATH", os.defpath)
    found = list(clients(path))
    builder = build_client(path)
    client = builder or (found[0] if found else None)
    answer = containers.ask(client) if client else None
    engine = answer if isinstance(answer, containers.Engine) else None
    findings = [
        programs.python(sys.version_info[:3]),
        programs.program("git", system, path),
        programs.program("uv", system, programs.search_path(path)),
        containers.engine_finding(client, answer, system),
        containers.buildkit_finding(builder, found, system),
        programs.prometheus(system, path) if "prometheus" in module_needs else None,
        programs.browser(system, path) if "browser" in module_needs else None,
        *(machine.disk(what, place) for what, place in machine.places(engine).items()),
        machine.memory(psutil.virtual_memory().total, engine),
        machine.port(SERVICE_PORT, system),
        network.proxy(environment, system),
        network.certificates(environment, system),
        windows.wsl(system),
        windows.place(system, folder),
        windows.line_endings(windows.autocrlf(folder, path)),
    ]
    return [finding for finding in findings if finding]
