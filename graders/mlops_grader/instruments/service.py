"""A product's service as a process of this machine, the same code as in the container."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits


@contextmanager
def on_host(product: Product, variables: Mapping[str, str] | None = None) -> Iterator[Client]:
    """Start the `serve` command of the contract on a free port, and end it with all its children."""
    port = free_port()
    settings = {product.contract.service.settings.port: str(port), **(variables or {})}
    command = product.contract.command("serve")
    environment = {**product.environment.variables(), **settings}
    with product.sandbox.start(command, product.root, environment, Limits(seconds=600)) as running:

        def gone() -> str | None:
            done = running.poll()
            return f"on the host, {done}" if done else None

        yield Client(port, product.contract.service, gone)
