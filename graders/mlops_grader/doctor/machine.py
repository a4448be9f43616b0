"""The machine: disk, memory, ports."""

import shutil
import socket
import tempfile
from pathlib import Path

from mlops_grader.doctor.containers import Engine
from mlops_grader.doctor.finding import Finding
from mlops_grader.doctor.system import Family, System

GIB = 1024**3
DISK_WANTED = 5 * GIB
MEMORY_WANTED = 4 * GIB
ROUNDING = 0.9  # a machine sold as 4 GB shows a little less


def places(engine: Engine | None) -> dict[str, Path]:
    """Where the grader writes much: temporary files, and images where the engine keeps them on this machine."""
    found = {"temporary files": Path(tempfile.gettempdir())}
    if engine and engine.root.is_dir():
        found["images"] = engine.root
    return found


def disk(what: str, place: Path, free: int | None = None) -> Finding:
    """Free space at a place, in bytes unless it is to be looked up."""
    free = shutil.disk_usage(place).free if free is None else free
    mend = "docker system prune" if what == "images" else f"remove files from the disk of {place}, or set TMPDIR"
    return Finding(f"disk for {what}", f"{_gb(free)} free", f"{_gb(DISK_WANTED)} free", free >= DISK_WANTED, mend)


def memory(machine: int, engine: Engine | None = None) -> Finding:
    """Memory in bytes, of the engine's virtual machine where that is smaller."""
    inside = engine.memory if engine and engine.memory else machine
    total = min(machine, inside)
    mend = (
        "give the engine more memory: Docker Desktop, Settings, Resources (WSL: memory= in .wslconfig)"
        if inside < machine
        else "close other programs while grading"
    )
    return Finding("memory", _gb(total), _gb(MEMORY_WANTED), total >= ROUNDING * MEMORY_WANTED, mend)


def port(number: int, system: System) -> Finding:
    """Whether a server could listen on a port of this machine."""
    free = _can_listen(number)
    look = f"netstat -ano | findstr :{number}" if system.family is Family.WINDOWS else f"lsof -i :{number}"
    mend = f"{look} shows the program that has it; stop that program"
    return Finding(f"port {number}", "free" if free else "taken", "free", free, mend)


def _can_listen(number: int) -> bool:
    """Both tries are needed: some systems let a second program bind what a first one listens on."""
    with socket.socket() as caller:
        caller.settimeout(1)
        if caller.connect_ex(("127.0.0.1", number)) == 0:
            return False
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", number))
        except OSError:
            return False
    return True


def _gb(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
