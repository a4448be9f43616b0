"""What is done about a worker that hung or ended: its process begun anew, its cell removed, without holding up the others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from distributed import Client

from mlops_grader.cohort.doors import Graders

RESTART, PATIENCE = 30, 60  # seconds for a worker to come back, and for the cells of a machine to be removed


@dataclass
class Mender:
    """Mends workers of one run, each in a thread of its own, since a broken worker may never answer."""

    client: Client
    graders: Graders
    run: str
    is_local: bool
    busy: dict[str, threading.Thread] = field(default_factory=dict)

    @property
    def under_repair(self) -> set[str]:
        """Workers that must not be spoken to now."""
        self.busy = {address: thread for address, thread in self.busy.items() if thread.is_alive()}
        return set(self.busy)

    def mend(self, address: str, student: str | None, *, hangs: bool, then: Callable[[], None]) -> None:
        """Remove what a worker left of a student's grade, after its process was ended when it hangs; then tell."""

        def act() -> None:
            try:
                if hangs:
                    with contextlib.suppress(Exception):  # then it is not seen again, which is known anyhow
                        self.client.restart_workers([address], timeout=RESTART, raise_for_error=False)
                if student is not None:
                    with contextlib.suppress(Exception):  # its own limits end it later
                        self._remove(address, student)
            finally:
                then()

        self.busy[address] = threading.Thread(target=act, daemon=True)
        self.busy[address].start()

    def _remove(self, address: str, student: str) -> None:
        """Remove a student's cell on the worker's machine; only on that machine can it be done."""
        if self.is_local:
            self.graders.forget_one(self.run, student)
            return
        near = [
            each for each in self.client.nthreads() if host(each) == host(address) and each not in self.under_repair
        ]
        if near:
            self.client.run(self.graders.forget_one, self.run, student, workers=near[:1], on_error="ignore")

    def forget(self) -> None:
        """Remove all cells of the run, on every machine that can be asked; it takes a minute at most."""
        ask = self._forget_here if self.is_local else self._forget_there
        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(PATIENCE)

    def _forget_here(self) -> None:
        with contextlib.suppress(Exception):  # without an engine nothing can be left; that it is away, `prepare` says
            self.graders.forget(self.run)

    def _forget_there(self) -> None:
        with contextlib.suppress(Exception):  # a scheduler that has gone can be asked nothing
            one_each = {host(address): address for address in self.client.nthreads()}
            self.client.run(self.graders.forget, self.run, workers=list(one_each.values()), on_error="ignore")


def host(address: str) -> str:
    """The machine of a worker's address."""
    return urlsplit(address).hostname or address
