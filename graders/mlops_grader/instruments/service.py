"""A product's service as a process of this machine, the same code as in the container."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psutil

from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits, Running
from mlops_grader.instruments.waiting import wait_until

LOG_SECONDS = 5.0
LIFE = Limits(seconds=1800, shown=16 * 2**20)


@dataclass(frozen=True)
class HostService:
    """The `serve` command of a product, running, and the client that reaches it."""

    client: Client
    running: Running

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return self.running.output

    def lines(self) -> list[str]:
        """What it has logged so far."""
        return lines_of(self.output)

    def logged(self, words: Sequence[str]) -> bool:
        """Whether its log has all these words, soon: an answer may come before its line."""
        return wait_until(lambda: has_all(self.output, words), LOG_SECONDS)

    def events(self) -> list[Mapping[str, Any]]:
        """Those of its lines that are JSON objects."""
        return events_of(self.lines())

    def processes(self) -> int:
        """How many of its processes run Python."""
        return sum("python" in _name(process) for process in self._processes())

    def hang(self) -> None:
        """Stop all its processes in the middle of what they do."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.suspend()

    def go_on(self) -> None:
        """Let them go on."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.resume()

    def kill(self) -> None:
        """End all its processes at once, without a signal that they could answer."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.kill()
        self.running.wait()

    def _processes(self) -> list[psutil.Process]:
        try:
            leader = psutil.Process(self.running.pid)
            return [*leader.children(recursive=True), leader]
        except psutil.NoSuchProcess:
            return []


def lines_of(output: str) -> list[str]:
    """The lines of a log that hold something."""
    return [line for line in output.splitlines() if line.strip()]


def has_all(output: str, words: Sequence[str]) -> bool:
    """Whether a log has all these words."""
    return all(each in output for each in words)


def events_of(lines: Sequence[str]) -> list[Mapping[str, Any]]:
    """Those lines that are JSON objects."""
    found: list[Mapping[str, Any]] = []
    for line in lines:
        with suppress(ValueError, RecursionError):
            event = json.loads(line)
            found += [event] if isinstance(event, dict) else []
    return found


def _name(process: psutil.Process) -> str:
    try:
        return process.name().lower()
    except psutil.Error:
        return ""


@contextmanager
def started(product: Product, variables: Mapping[str, str] | None = None, port: int = 0) -> Iterator[HostService]:
    """Start the `serve` command of the contract, on a free port unless one is given, and end it with all its children."""
    port = port or free_port()
    settings = {product.contract.service.settings.port: str(port), **(variables or {})}
    command = product.contract.command("serve")
    environment = {**product.environment.variables(), **settings}
    with product.sandbox.start(command, product.root, environment, LIFE) as running:

        def gone() -> str | None:
            done = running.poll()
            return f"on the host, {done}" if done else None

        yield HostService(Client(port, product.contract.service, gone), running)


@contextmanager
def on_host(product: Product, variables: Mapping[str, str] | None = None) -> Iterator[Client]:
    """The client of a service that runs as long as the context."""
    with started(product, variables) as service:
        yield service.client
