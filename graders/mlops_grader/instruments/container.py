"""A running container of a product, with limits, reached on a port of this machine."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_grader.check import Fail
from mlops_grader.instruments.client import Client

if TYPE_CHECKING:
    from docker.models.containers import Container as Handle

SECOND = 10**9  # the engine counts in nanoseconds
ENGINES_NAMES = "127.0.0.11"  # where the engine itself answers for names
LAST_WORDS = 12  # lines of a log that are shown


@dataclass(frozen=True)
class Stopped:
    """How a container ended after it was asked to. Seconds from the signal to the end."""

    exit: int
    seconds: float
    killed: bool


@dataclass(frozen=True)
class Container:
    """A container and the way to its service. `root_uid` is the user id that root has as the engine shows it."""

    handle: Handle
    client: Client
    root_uid: int

    def logs(self) -> str:
        """Everything that it printed so far."""
        return bytes(self.handle.logs()).decode("utf-8", errors="replace")

    def users(self) -> list[tuple[str, int]]:
        """Command line and user id, 0 for root, of each process; a parent and its workers often have the same words."""
        table = self.handle.top(ps_args="-eo uid,pid,args")
        rows = [row for row in table["Processes"] if row]
        return [(row[-1], 0 if int(row[0]) == self.root_uid else int(row[0])) for row in rows]

    def first_process(self) -> str:
        """What the image starts: its entry point and command, the base's where it sets none of its own."""
        config = self.handle.attrs["Config"]
        return " ".join([*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())])

    def stop(self, grace: int) -> Stopped:
        """Ask it to stop as an orchestrator does, wait `grace` seconds, then kill it."""
        started = time.monotonic()
        self.handle.stop(timeout=grace)
        seconds = time.monotonic() - started
        self.handle.reload()
        code = int(self.handle.attrs["State"]["ExitCode"])
        return Stopped(code, seconds, killed=code == _KILLED or seconds > grace + 1)

    def stop_later(self, grace: int) -> Stopping:
        """The same in the background, so that work can go on meanwhile."""
        return Stopping(self, grace)

    def health(self) -> str:
        """What its HEALTHCHECK says: starting, healthy or unhealthy; empty without one."""
        self.handle.reload()
        return str(self.handle.attrs["State"].get("Health", {}).get("Status", ""))

    def health_words(self) -> str:
        """What the last run of its HEALTHCHECK printed."""
        self.handle.reload()
        log = self.handle.attrs["State"].get("Health", {}).get("Log") or [{}]
        return " ".join(str(log[-1].get("Output", "")).split())[:300]

    def wait_for_health(self, wanted: str, seconds: float) -> bool:
        """Whether its HEALTHCHECK says the wanted word within that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.health() == wanted:
                return True
            time.sleep(0.2)
        return False

    def hang(self) -> None:
        """Halt all its processes where they are: they keep their port and answer nothing."""
        for halt in _HALT_OTHERS:
            with suppress(Exception):  # the image may lack a shell, or Python
                if self.handle.exec_run(halt, user="0", privileged=False).exit_code not in (126, 127):  # not found
                    break
        self.handle.kill(signal="SIGSTOP")

    def listening(self) -> list[str]:
        """The addresses on which it listens, as far as the image has the tool to tell."""
        with suppress(Exception):  # no `cat` in the image: then nothing is known
            done: Any = self.handle.exec_run(["cat", "/proc/net/tcp", "/proc/net/tcp6"], user="0")
            return sorted(set(_listeners(done.output.decode()))) if done.exit_code == 0 else []
        return []


_KILLED = 137
# to all processes but the first and the sender
_HALT_OTHERS = (["sh", "-c", "kill -STOP -1"], ["python3", "-c", "import os, signal; os.kill(-1, signal.SIGSTOP)"])


class Stopping:
    """A stop under way."""

    def __init__(self, container: Container, grace: int) -> None:
        self._outcome: Stopped | None = None
        self._thread = threading.Thread(target=self._stop, args=(container, grace), daemon=True)
        self._thread.start()

    def _stop(self, container: Container, grace: int) -> None:
        self._outcome = container.stop(grace)

    def wait(self) -> Stopped:
        """How it ended."""
        self._thread.join()
        if self._outcome is None:
            raise RuntimeError("the engine could not stop the container")
        return self._outcome


def fast_health_check(interval: float = 0.5, timeout: float = 5.0, retries: int = 2) -> dict[str, Any]:
    """The image's own HEALTHCHECK command at a pace that a grade can wait for. Seconds.

    The engine calls a command that outlasts `timeout` a failure: one that hides its failures needs time to do so.
    """
    return {
        "interval": int(interval * SECOND),
        "timeout": int(timeout * SECOND),
        "retries": retries,
        "start_period": int(SECOND // 1000),
    }


def explain(container: Container, failure: Fail, port: int) -> Fail:
    """Add to a failure to answer what the container itself shows: its end, its addresses, its last words."""
    addresses = container.listening()
    wanted = (f"0.0.0.0:{port}", f"[::]:{port}")  # an address to compare with, not to bind
    lines = container.logs().strip().splitlines()[-LAST_WORDS:]
    words = "\nits last words:\n" + "\n".join(lines) if lines else "\nit printed nothing"
    if addresses and not set(addresses) & set(wanted):
        found = f"it listens on {', '.join(addresses)} inside the container, not on 0.0.0.0:{port}"
        return Fail(found + words, fix=f"listen on 0.0.0.0, port {port}, or name the right port in `product.toml`")
    ran = f"; it ran `{container.first_process()[:120]}`"
    by_hand = "docker build, docker run -p 8000:8000, and read what it prints"
    at_once = "start the service with CMD or ENTRYPOINT: without one of its own, an image runs that of its base"
    fix = failure.fix or (at_once if "exited with code 0" in failure.found else by_hand)
    return Fail(failure.found + ran + words, fix=fix)


def _listeners(table: str) -> list[str]:
    rows = [line.split() for line in table.splitlines()]
    found = [_address(row[1]) for row in rows if len(row) > 3 and row[3] == "0A"]  # 0A: the state LISTEN
    return [address for address in found if not address.startswith(f"{ENGINES_NAMES}:")]


def _address(field: str) -> str:
    host, _, port = field.partition(":")
    if len(host) > 8:  # IPv6
        return f"[{'::' if set(host) == {'0'} else '...'}]:{int(port, 16)}"
    return ".".join(str(byte) for byte in reversed(bytes.fromhex(host))) + f":{int(port, 16)}"


def port_of(handle: Handle, port: int) -> int:
    """The port of this machine behind a port of the container. Raises Fail when the container ended before."""
    for _ in range(50):
        handle.reload()
        mapped: Mapping[str, Any] = handle.attrs["NetworkSettings"]["Ports"] or {}
        if bindings := mapped.get(f"{port}/tcp"):
            return int(bindings[0]["HostPort"])
        if handle.status not in ("created", "running"):
            break
        time.sleep(0.05)
    return 0


def ending(handle: Handle) -> str | None:
    """The words for a container that is not running; None while it is."""
    handle.reload()
    if handle.status == "running":
        return None
    state = handle.attrs["State"]
    why = "ran out of memory" if state.get("OOMKilled") else f"exited with code {state['ExitCode']}"
    return f"the container {why}"
