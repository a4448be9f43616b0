"""The networks of a cell, seen from inside: the one that leads out is there only while a command installs packages."""

from __future__ import annotations

import ipaddress
import json
import socket
import subprocess
from pathlib import Path
from typing import Any

INTERFACES = Path("/sys/class/net")
IS_UP = 1  # of an interface's flags
# never reached: what clouds tell their machines under this address, credentials included
NOBODYS = ("169.254.0.0/16",)
RESOLVER = "127.0.0.11"  # the engine's, which would ask other servers for names even where no packet leaves the cell
ELSEWHERE = ("192.0.2.1", 9)  # an address that documentation uses: nothing is sent there


class Unsealed(Exception):
    """The network cannot be taken away; nothing of a student may run."""


class Link:
    """Takes the cell's network away and gives it back; it begins as it was found, and `down` is the first thing to do.

    inner: the addresses of a network that stays, where the checks have one for their containers: it leads nowhere else.
    """

    def __init__(self, inner: str = "") -> None:
        self._subnet = inner
        self._inner = _device_within(inner) if inner else ""
        default = next((each for each in _told("route", "show", "default") if each.get("dev") != self._inner), {})
        self._device: str = default.get("dev", "")
        self._gateway: str = default.get("gateway", "")

    def down(self) -> None:
        """Take the network away. Raises Unsealed when there is still a way out."""
        for device in self._outer():
            _ip("link", "set", "dev", device, "down")
        if any(each.get("dev") == self._inner for each in _told("route", "show", "default")):
            _ip("route", "del", "default", "dev", self._inner)
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

    def _outer(self) -> list[str]:
        return [place.name for place in INTERFACES.iterdir() if place.name not in ("lo", self._inner)]

    def _must_be_down(self) -> None:
        if up := [name for name in self._outer() if int((INTERFACES / name / "flags").read_text(), 16) & IS_UP]:
            raise Unsealed(f"the network link {up[0]} cannot be taken down")
        for address in (ELSEWHERE, (RESOLVER, 53)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
                try:
                    way.connect(address)
                except OSError:
                    continue
            raise Unsealed(f"with the network taken away there is still a way to {address[0]}")
        if self._inner and (more := _routes(self._inner) - {self._subnet}):
            raise Unsealed(f"the network of the checks' containers leads to {', '.join(sorted(more))} too")


def _device_within(subnet: str) -> str:
    """The device whose address is one of these. Raises Unsealed when there is none."""
    for device in _told("-4", "address", "show"):
        for each in device["addr_info"]:
            if ipaddress.ip_address(each["local"]) in ipaddress.ip_network(subnet):
                return str(device["ifname"])
    raise Unsealed(f"the cell is not attached to the network {subnet} of the checks' containers")


def _routes(device: str) -> set[str]:
    """Where a device leads, by either version of the protocol."""
    return {each["dst"] for version in ("-4", "-6") for each in _told(version, "route", "show", "dev", device)}


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=20)
    if done.returncode:
        raise Unsealed(f"ip {' '.join(words)}: {done.stderr.strip()}")


def _told(*words: str) -> list[dict[str, Any]]:
    done = subprocess.run(["ip", "-json", *words], capture_output=True, text=True, check=False, timeout=20)
    told: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return told
