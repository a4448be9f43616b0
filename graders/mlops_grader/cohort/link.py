"""The networks of a cell, seen from inside: the one that leads out is there only while a command installs packages."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

INTERFACES = Path("/sys/class/net")
IS_UP = 1  # of an interface's flags
SETTLE_SECONDS = 10.0
# never reached: what clouds tell their machines under this address, credentials included
NOBODYS = ("169.254.0.0/16",)
RESOLVER = "127.0.0.11"  # the engine's, which would ask other servers for names even where no packet leaves the cell
ELSEWHERE = ("192.0.2.1", 9)  # an address that documentation uses: nothing is sent there


class Unsealed(Exception):
    """The network cannot be taken away; nothing of a student may run."""


class Link:
    """Takes the cell's network away and gives it back; it begins as it was found, and `down` is the first thing to do.

    inner: the devices of an engine that serves this cell alone, which stay: they lead to its containers and nowhere else.
    """

    def __init__(self, inner: Sequence[str] = ()) -> None:
        self._inner = inner
        default = next(iter(_told("route", "show", "default")), {})
        self._device: str = default.get("dev", "")
        self._gateway: str = default.get("gateway", "")

    def down(self) -> None:
        """Take the network away. Raises Unsealed when there is still a way out."""
        until = time.monotonic() + SETTLE_SECONDS
        while up := self._up():
            if time.monotonic() > until:
                raise Unsealed(f"the network link {up[0]} cannot be taken down")
            for device in up:
                with suppress(Unsealed):  # the end of a container that is being removed comes loose, and is gone
                    _ip("link", "set", "dev", device, "down")
        _ip("route", "replace", "unreachable", RESOLVER, "table", "local")
        self._must_be_down()

    def up(self) -> None:
        """Give the network back, where the cell has one."""
        if not self._device:
            return
        _ip("link", "set", "dev", self._device, "up")
        _ip("route", "replace", "default", "via", self._gateway, "dev", self._device)
        for place in NOBODYS:
            _ip("route", "replace", "unreachable", place)
        _ip("route", "del", "unreachable", RESOLVER, "table", "local")

    def _up(self) -> list[str]:
        """All devices that are up but those of the engine, and the ends of its containers' own that are plugged into them."""
        found = []
        for place in INTERFACES.iterdir():
            if place.name not in ("lo", *self._inner) and (place / "master").resolve().name not in self._inner:
                with suppress(OSError):  # gone meanwhile, or about to be (the kernel says so by EINVAL)
                    found += [place.name] * (int((place / "flags").read_text(), 16) & IS_UP)
        return found

    def _must_be_down(self) -> None:
        for address in (ELSEWHERE, (RESOLVER, 53)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
                try:
                    way.connect(address)
                except OSError:
                    continue
            raise Unsealed(f"with the network taken away there is still a way to {address[0]}")
        for device in self._inner:
            if more := _routes(device) - _subnets(device):
                raise Unsealed(f"the engine's network {device} leads to {', '.join(sorted(more))} too")


def _routes(device: str) -> set[str]:
    """Where a device leads, by either version of the protocol."""
    return {each["dst"] for version in ("-4", "-6") for each in _told(version, "route", "show", "dev", device)}


def _subnets(device: str) -> set[str]:
    """The networks of a device's own addresses."""
    addresses = [each for told in _told("address", "show", "dev", device) for each in told["addr_info"]]
    return {str(ipaddress.ip_interface(f"{each['local']}/{each['prefixlen']}").network) for each in addresses}


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=20)
    if done.returncode:
        raise Unsealed(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _told(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run(["ip", "-json", *words], capture_output=True, text=True, check=False, timeout=20)
    told: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return told
