"""A product's service in its container, looked at as one on the host is: what it answers and what it logs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from mlops_grader.contract import Contract
from mlops_grader.instruments import service
from mlops_grader.instruments.client import Client
from mlops_grader.instruments.container import Container
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image
from mlops_grader.instruments.waiting import wait_until


class Served(Protocol):
    """A service that runs, on the host or in a container."""

    @property
    def client(self) -> Client:
        """What reaches it."""

    @property
    def output(self) -> str:
        """All that it has printed so far."""

    def lines(self) -> list[str]:
        """What it has logged so far."""

    def logged(self, words: Sequence[str]) -> bool:
        """Whether its log has all these words, soon: an answer may come before its line."""

    def events(self) -> list[Mapping[str, Any]]:
        """Those of its lines that are JSON objects."""


@dataclass(frozen=True)
class ContainerService:
    """A container of a product, running, and its log."""

    container: Container

    @property
    def client(self) -> Client:
        """What reaches it."""
        return self.container.client

    @property
    def output(self) -> str:
        """All that it has printed so far."""
        return self.container.logs()

    def lines(self) -> list[str]:
        """What it has logged so far."""
        return service.lines_of(self.output)

    def logged(self, words: Sequence[str]) -> bool:
        """Whether its log has all these words, soon."""
        return wait_until(lambda: service.has_all(self.output, words), service.LOG_SECONDS)

    def events(self) -> list[Mapping[str, Any]]:
        """Those of its lines that are JSON objects."""
        return service.events_of(self.lines())


@contextmanager
def contained(
    engine: Engine, image: Image, contract: Contract, variables: Mapping[str, str]
) -> Iterator[ContainerService]:
    """Start a container of the product's image with these settings, and remove it afterwards."""
    with engine.start(image, contract.service, variables) as container:
        yield ContainerService(container)
