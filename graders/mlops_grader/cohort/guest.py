"""The user as whom a student's commands run in a cell: what is handed over before each, and ended after the last."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from mlops_grader.cohort.link import Link
from mlops_grader.instruments.sandbox import Limits
from mlops_grader.owner import TURN, hand_over

TASKS = 1024  # processes and threads of the user at once: the grader beside them can always start its own
# a bomb that forks up to there leaves the grader so little of the processor that counting them one by one takes minutes
MOST_TASKS = 896  # of the cell
COUNTS = (Path("/sys/fs/cgroup/pids.current"), Path("/sys/fs/cgroup/pids/pids.current"))  # of the two kinds of cgroups
LOOK_SECONDS = 0.25
# the user's processes die first where memory ends, whatever else is large
WRAP = ("choom", "-n", "1000", "--", "prlimit", f"--nproc={TASKS}", "--core=0", "--")
ENDING_SECONDS = 30.0
GRADE = "mlops-grader-"  # so begins the name of a grade's folder


class Immortal(Exception):
    """Processes of the user are still there although they were killed."""


class Guest:
    """A user without rights, in the folder `ground` that is the grader's; commands may overlap."""

    def __init__(self, uid: int, ground: Path, link: Link) -> None:
        self.uid = uid
        self._ground = ground
        self._link = link
        self._lock = threading.Lock()
        self._running = self._online = 0
        self._watched = False

    @contextmanager
    def visit(
        self, command: str | Sequence[str], folder: Path, variables: Mapping[str, str], limits: Limits
    ) -> Iterator[Mapping[str, Any]]:
        """Hand over what the command works on, and give it the network if it installs; afterwards take both back."""
        self._hand_over(command, folder, variables)
        words = ("/bin/sh", "-c", command) if isinstance(command, str) else tuple(command)
        self._enter(network=limits.network)
        try:
            yield {"args": [*WRAP, *words], "umask": 0o022, **self.identity}
        finally:
            self._leave(network=limits.network)

    @contextmanager
    def online(self) -> Iterator[None]:
        """Have the network for what the grader does itself; what the user left is ended before, where nothing is to go on."""
        self._enter(network=True)
        try:
            yield
        finally:
            self._leave(network=True)

    @property
    def identity(self) -> dict[str, Any]:
        """What `subprocess` is told to start something as this user."""
        return {"user": self.uid, "group": self.uid, "extra_groups": ()}

    def _enter(self, *, network: bool) -> None:
        with self._lock:
            if network and not self._running:
                self.end()  # nobody who was not asked sees the network
            if network and not self._online:
                self._link.up()
            self._online += network
            self._running += 1
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, daemon=True).start()

    def _leave(self, *, network: bool) -> None:
        with self._lock:
            self._running -= 1
            self._online -= network
            if network and not self._online:
                self._link.down()
            if not self._running:
                self.end()

    def _watch(self) -> None:
        """End all of them whenever they are too many."""
        count = next((path for path in COUNTS if path.exists()), None)
        while count:
            if int(count.read_text()) > MOST_TASKS:
                self.end()
            time.sleep(LOOK_SECONDS)

    def end(self) -> None:
        """Kill all that runs as this user, whatever session, parent and environment it has. Raises Immortal."""
        until = time.monotonic() + ENDING_SECONDS
        quiet = 0
        while quiet < 2:
            # the kernel kills all of them in one step, however fast they multiply
            with TURN:
                subprocess.run(["/bin/sh", "-c", "kill -9 -1"], capture_output=True, check=False, **self.identity)
            quiet = 0 if self._alive() else quiet + 1
            if time.monotonic() > until:
                raise Immortal(f"processes of the user {self.uid} live on")

    def _alive(self) -> bool:
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                facts = (place / "status").read_text()
                uids = re.search(r"^Uid:(.*)$", facts, re.MULTILINE)
                if uids and str(self.uid) in uids[1].split() and not re.search(r"^State:\s*[ZX]", facts, re.MULTILINE):
                    return True
        return False

    def _hand_over(self, command: str | Sequence[str], folder: Path, variables: Mapping[str, str]) -> None:
        """The clone in which it runs, its home, and the places that it was told: as they are, or the folder for a new one."""
        self._give(_clone(folder, self._ground), whole=True)
        for place in (Path(variables["HOME"]), Path(variables["TMPDIR"])):
            self._give(place)
        for place in self._told(command, variables):
            self._give(place if place.exists() else place.parent)

    def _told(self, command: str | Sequence[str], variables: Mapping[str, str]) -> Iterator[Path]:
        text = command if isinstance(command, str) else "\n".join(command)
        values = [value for value in variables.values() if os.pathsep not in value]  # no search paths
        for name in (*re.findall(rf"{re.escape(str(self._ground))}/[^\s'\";:]+", text), *values):
            place = Path(os.path.normpath(name))
            if self._is_within(place):
                yield place

    def _give(self, place: Path, *, whole: bool = False) -> None:
        """Hand over a place and let the user come there. The folder of a grade stays the grader's, and so does what is outside."""
        if not self._is_within(place) or (place.parent == self._ground and place.name.startswith(GRADE)):
            return
        with suppress(
            FileNotFoundError, NotADirectoryError
        ):  # not made yet, or a link in the way that its owner put there
            for each in place.parents:
                facts = each.lstat()
                if each.is_relative_to(self._ground) and facts.st_uid == 0 and not facts.st_mode & 0o001:
                    each.chmod(facts.st_mode | 0o011)
            hand_over(place, self.uid, whole=whole)

    def _is_within(self, place: Path) -> bool:
        return place.is_absolute() and place != self._ground and place.is_relative_to(self._ground)


def _clone(folder: Path, ground: Path) -> Path:
    """The clone to which a folder belongs: a project may lie below its top."""
    folder = folder.absolute()  # where a link took its place, the link is given and not what it points to
    tops = (each for each in (folder, *folder.parents) if each.is_relative_to(ground) and (each / ".git").is_dir())
    return next(tops, folder)
