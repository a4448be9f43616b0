"""What a cell gets whose grader uses the container engine: its socket, and a network that leads to the containers of its checks alone."""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psutil

from mlops_grader import grading
from mlops_grader.instruments.docker_engine import BUILDS, LABEL, NETWORK, RUN, Engine
from mlops_grader.submission import UsageError

GRADERS_ENGINE = "grader's engine"  # what a module's `INSIDE` says
ENGINE_LABEL = "mlops-grader.engine"  # on the network: the run whose images and containers a grade made
SOCKET = "/grader/engine/docker.sock"  # in the cell, in a folder that only its root can enter
USUAL = "unix:///var/run/docker.sock"
CREDENTIALS = ("169.254.169.254", 80)  # where clouds tell their machines who they are
NOTHING = ("169.254.77.77", 80)  # where a machine that answers for every address answers too
PROBE = f"""
import socket
def answers(address):
    with socket.socket() as way:
        way.settimeout(2)
        return way.connect_ex(address) == 0
raise SystemExit(not (answers({CREDENTIALS!r}) and not answers({NOTHING!r})))
"""


@dataclass(frozen=True)
class Lent:
    """What a cell is made with. `subnet` is that of the network `run`, to which its checks attach their containers."""

    run: str
    subnet: str

    @property
    def volumes(self) -> dict[str, dict[str, str]]:
        """The engine's socket, in the grader's own folder."""
        return {_socket(): {"bind": SOCKET, "mode": "rw"}}

    @property
    def environment(self) -> Mapping[str, str]:
        """What only the grader is told; its sandbox passes none of these on."""
        return {"DOCKER_HOST": f"unix://{SOCKET}", RUN: self.run, NETWORK: self.run, BUILDS: secrets.token_hex(16)}


def is_needed(module: str) -> bool:
    """Whether the checks of a module use the engine although no submission does. Raises UsageError for an unknown module."""
    return getattr(grading.module_named(module), "INSIDE", "") == GRADERS_ENGINE


def examine(engine: Engine, image: str) -> None:
    """Raise UsageError where a container, and so the build of an image, reaches the cloud's credentials."""
    from docker.errors import ContainerError

    _socket()
    with suppress(ContainerError):  # it was not reached
        command = ["python", "-I", "-c", PROBE]
        engine.api.containers.run(image, command, remove=True, network_mode="bridge", labels={LABEL: engine.run})
        raise UsageError(
            f"containers of this machine reach {CREDENTIALS[0]}, where a cloud hands out the machine's credentials: "
            "iptables -I DOCKER-USER -d 169.254.0.0/16 -j REJECT, then grade again"
        )


@contextmanager
def lent(engine: Engine, labels: Mapping[str, str]) -> Iterator[Lent]:
    """A network of its own, and the removal of all that the cell made with the engine."""
    from docker.errors import APIError

    # its images and its place for caches have names that no Dockerfile can guess, and no process number for others to judge
    run = f"graded-in-cell-x{secrets.token_hex(12)}"
    network = engine.api.networks.create(
        run, driver="bridge", internal=True, labels={**labels, ENGINE_LABEL: run},
        options={"com.docker.network.bridge.inhibit_ipv4": "true"},
    )  # fmt: skip
    try:
        network.reload()
        subnet = str(network.attrs["IPAM"]["Config"][0]["Subnet"])
        _must_be_without_this_machine(subnet)
        yield Lent(run, subnet)
    finally:
        replace(engine, run=run).forget()
        with suppress(APIError):
            network.remove()  # last: its label tells what is to be removed when a worker was killed


def forget(engine: Engine, labels: Mapping[str, Any]) -> None:
    """Remove what cells with these labels made with the engine and could not remove any more."""
    for network in engine.api.networks.list(filters={"label": [f"{key}={value}" for key, value in labels.items()]}):
        if run := (network.attrs.get("Labels") or {}).get(ENGINE_LABEL):
            replace(engine, run=run).forget()


def _must_be_without_this_machine(subnet: str) -> None:
    inner = ipaddress.ip_network(subnet)
    for device, addresses in psutil.net_if_addrs().items():
        for each in addresses:
            with suppress(ValueError):
                if ipaddress.ip_address(each.address) in inner:
                    raise UsageError(
                        f"this engine gives the machine the address {each.address} on {device}, in a network that cells share "
                        "with nobody: use Docker 20.10 or later, or grade with --disposable"
                    )


def _socket() -> str:
    host = os.environ.get("DOCKER_HOST") or USUAL
    if not host.startswith("unix://"):
        raise UsageError(f"DOCKER_HOST is {host}: this module needs an engine with a socket on this machine")
    return host.removeprefix("unix://")
