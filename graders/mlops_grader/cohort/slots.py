"""The workers that a batch knows: greeted, made ready, free, at work, or of no use."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mlops_grader.cohort import mending
from mlops_grader.cohort.records import Attempt

DOUBTS = 3  # faults in a row after which a worker is made ready anew before it gets more


@dataclass
class Slot:
    """One worker. given, began: seconds of the monotonic clock; began is None until the worker says so.

    token: tells this task from earlier ones. doubts: faults of the machine or the grader in a row.
    """

    address: str
    ready: bool = False
    refused: str = ""
    token: int = 0
    attempt: Attempt | None = None
    future: Any = None
    given: float = 0.0
    began: float | None = None
    doubts: int = 0

    @property
    def host(self) -> str:
        """The machine."""
        return mending.host(self.address)

    @property
    def busy(self) -> bool:
        """Whether something was given to it that it has not answered."""
        return self.future is not None

    @property
    def free(self) -> bool:
        """Whether it can be given something to grade."""
        return self.ready and not self.busy

    def give(self, token: int, future: Any, attempt: Attempt | None) -> None:
        """Note what it does now; without an attempt, it is made ready."""
        self.token, self.future, self.attempt = token, future, attempt
        self.given, self.began = time.monotonic(), None

    def clear(self) -> None:
        """It does nothing now."""
        self.future = self.attempt = self.began = None

    def doubt(self) -> None:
        """It answered with a fault; after some in a row it must show again that it is fit, or it would spoil all that waits."""
        self.doubts += 1
        if self.doubts >= DOUBTS:
            self.ready, self.doubts = False, 0


@dataclass
class Slots:
    """All workers, by address.

    unready: how often in a row workers of a machine could not be made ready, by machine. useless: why new workers of a machine
    are not even tried any more, by machine: one that breaks comes back under another address, and for ever.
    """

    by_address: dict[str, Slot] = field(default_factory=dict)
    unready: dict[str, int] = field(default_factory=dict)
    useless: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Slot]:
        return iter(tuple(self.by_address.values()))

    def of(self, token: int) -> Slot | None:
        """The worker that has this task; None when it is known for lost."""
        return next((slot for slot in self if slot.busy and slot.token == token), None)

    def gone(self, addresses: set[str]) -> list[Slot]:
        """Those that are not at any of these addresses, removed."""
        return [self.by_address.pop(address) for address in self.by_address.keys() - addresses]

    def came(self, addresses: set[str]) -> None:
        """Take in those that are new."""
        for address in addresses - self.by_address.keys():
            self.by_address[address] = Slot(address, refused=self.useless.get(mending.host(address), ""))

    def to_prepare(self) -> list[Slot]:
        """Workers to make ready now: one of a machine at a time, since they share its images and caches."""
        taken = {slot.host for slot in self if slot.busy and not slot.ready}
        found = []
        for slot in self:
            if not (slot.ready or slot.busy or slot.refused or slot.host in taken):
                taken.add(slot.host)
                found.append(slot)
        return found

    @property
    def usable(self) -> list[Slot]:
        """Those that are or may become ready."""
        return [slot for slot in self if not slot.refused]
