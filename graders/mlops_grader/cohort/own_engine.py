"""The container engine of one cell, run in a container beside it: all that it builds and starts is within that container's limits."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PLACE = Path("/grader/engine")  # in both containers, in a folder that only root can enter
SOCKET, READY = "docker.sock", "ready"
DATA = "/var/lib/docker"  # in memory
CHECKS = "checks"  # the network of the containers that checks start; its device is named like it
DEVICES = ("docker0", CHECKS)  # what builds use, and what containers use
CGROUPS = Path("/sys/fs/cgroup")
JAIL = "jail"  # the control group of all that the engine starts, so that nothing starves the engine itself
START_SECONDS = 60.0
# where memory ends, what a build starts dies before the engine
RUNC = '#!/bin/sh\nexec choom -n 500 -- {runc} "$@"\n'
PROGRAMS = Path("/run/programs")


def main(arguments: Sequence[str]) -> int:
    """Start the engine, say in a file that it is ready, and stay until it ends; its exit code."""
    parser = argparse.ArgumentParser(prog="own_engine")
    parser.add_argument("--place", type=Path, default=PLACE)
    parser.add_argument("--memory", type=int, required=True, help="bytes of all that the engine starts")
    parser.add_argument("--tasks", type=int, required=True, help="processes and threads of all that the engine starts")
    parser.add_argument("--dns", action="append", default=[])
    parser.add_argument("--mirror", action="append", default=[])
    options = parser.parse_args(arguments)
    _write_on("/proc/sys")
    _jail({"memory": options.memory, "pids": options.tasks})
    host = f"unix://{options.place / SOCKET}"
    command = ["dockerd", f"--host={host}", "--storage-driver=overlay2", "--exec-opt=native.cgroupdriver=cgroupfs"]
    command += [f"--cgroup-parent=/{JAIL}", "--no-new-privileges"]
    command += [f"--dns={each}" for each in options.dns] + [f"--registry-mirror={each}" for each in options.mirror]
    _wrap_runc()
    engine = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    os.environ["DOCKER_HOST"] = host
    until = time.monotonic() + START_SECONDS
    while subprocess.run(["docker", "version"], capture_output=True, check=False).returncode:
        if engine.poll() is not None or time.monotonic() > until:
            return engine.poll() or 1
        time.sleep(0.1)
    _make_network()
    (options.place / READY).touch()
    return engine.wait()


def _wrap_runc() -> None:
    PROGRAMS.mkdir()
    place = PROGRAMS / "runc"
    place.write_text(RUNC.format(runc=shutil.which("runc")), encoding="utf-8")
    place.chmod(0o755)
    os.environ["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}"


def _make_network() -> None:
    """A network for the containers of checks, from which no packet leaves: neither while a build installs packages.

    No container calls what listens in the cell itself.
    """
    name = f"com.docker.network.bridge.name={CHECKS}"
    _run("docker", "network", "create", f"--opt={name}", CHECKS)
    _run("iptables", "--wait", "--insert", "DOCKER-USER", "--in-interface", CHECKS, "--jump", "DROP")
    for device in DEVICES:
        new = ("--match", "conntrack", "--ctstate", "NEW")
        _run("iptables", "--wait", "--insert", "INPUT", "--in-interface", device, *new, "--jump", "DROP")


def _jail(most: dict[str, int]) -> None:
    """Make the control group and its limits, by either version of the kernel's control groups."""
    if (CGROUPS / "cgroup.controllers").exists():
        _write_on(str(CGROUPS))
        # a group that has members of its own gives its children no limits: the members move down
        (CGROUPS / "init").mkdir(exist_ok=True)
        for member in (CGROUPS / "cgroup.procs").read_text().split():
            (CGROUPS / "init" / "cgroup.procs").write_text(member)
        for controller in (CGROUPS / "cgroup.controllers").read_text().split():
            (CGROUPS / "cgroup.subtree_control").write_text(f"+{controller}")
        names = {"memory": "memory.max", "pids": "pids.max"}
        places = dict.fromkeys(names, CGROUPS / JAIL)
    else:
        for line in Path("/proc/mounts").read_text().splitlines():
            if line.split()[2] == "cgroup":
                _write_on(line.split()[1])
        names = {"memory": "memory.limit_in_bytes", "pids": "pids.max"}
        places = {controller: CGROUPS / controller / JAIL for controller in names}
    for controller, value in most.items():
        places[controller].mkdir(exist_ok=True)
        (places[controller] / names[controller]).write_text(str(value))


def _write_on(place: str) -> None:
    """What the outer engine shows to containers to be read, and an engine has to write."""
    _run("mount", "-o", "remount,rw,bind", place)


def _run(*command: str) -> None:
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, timeout=START_SECONDS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
