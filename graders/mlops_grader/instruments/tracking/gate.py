"""What the gate does with a version that is better than the champion, with others, and with two at once."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.tracking.place import Place, Recorded
from mlops_grader.instruments.tracking.proxy import HOLDING, Door, door
from mlops_grader.instruments.tracking.registry import Version

PATIENCE = HOLDING / 3  # seconds for which one promotion waits in vain for the other to end
STARTING = 120.0  # seconds in which a promotion comes to the alias


@dataclass(frozen=True)
class Judged:
    """How a version fared: whether it has the alias now, what was said of it, and how the command ended."""

    place: Place
    version: Version
    champion: str | None
    decision: str
    because: str
    finished: Finished

    @property
    def promoted(self) -> bool:
        """Whether it is the champion now."""
        return self.champion == self.version.number

    def numbers(self) -> set[str]:
        """The different numbers with decimals in what was said."""
        return set(re.findall(r"-?\d+\.\d+", self.because))


def scene(place: Place, folder: Path, name: str, champion: Version, challengers: Sequence[Version]) -> list[Place]:
    """Copies of the place, one for each challenger, with a registered model of their own.

    Version 1 is the champion and has the alias; the challengers follow, as if nobody had judged them.
    """
    names = place.product.contract.tracking
    judged = (names.decision, names.because)
    versions = place.registry.register(name, [champion, *challengers], without=judged)
    place.registry.give_alias(versions[0], names.alias)
    return [place.copy(folder / f"{name}-{each.number}", name) for each in versions[1:]]


def judge(place: Place, number: str) -> Judged:
    """Run the gate for a version, the champion being version 1 whatever was judged before."""
    champion = place.registry.version(place.model, "1")
    place.registry.give_alias(champion, place.product.contract.tracking.alias)
    finished = place.told("promote", number)
    return outcome(place, number, finished)


def outcome(place: Place, number: str, finished: Finished) -> Judged:
    """How a version of that number stands now."""
    version = place.registry.version(place.model, number)
    decision, because = place.tags(version)
    return Judged(place, version, place.champion(), decision, because, finished)


def flattering(good: Recorded, first: Recorded) -> dict[str, float]:
    """Metrics that seem better than those of the good run: as much again as that one is ahead of the first, and half of it."""
    shared = good.run.metrics.keys() & first.run.metrics.keys()
    found = {name: good.run.metrics[name] + (good.run.metrics[name] - first.run.metrics[name]) / 2 for name in shared}
    return {
        name: min(max(value, 0.01), 0.99) if 0 <= good.run.metrics[name] <= 1 else value
        for name, value in found.items()
    }


def race(places: Sequence[Place], server: str) -> list[Judged]:
    """Promote version 2 and version 3 at once, the alias of version 2 being written only when the other is done.

    Where the other waits for the first one, that one is let through after a while.
    """
    with door(server) as late, ThreadPoolExecutor(2) as pool:
        late.holds_aliases = True
        slow = pool.submit(replace(places[0], url=late.url).told, "promote", "2")
        _until(late, slow.done)
        quick = pool.submit(places[1].told, "promote", "3")
        end = time.monotonic() + PATIENCE
        while not quick.done() and time.monotonic() < end:
            time.sleep(0.05)
        late.holds_aliases = False
        late.release.set()
        done = (slow.result(), quick.result())
    return [outcome(place, number, each) for place, number, each in zip(places, ("2", "3"), done, strict=True)]


def _until(late: Door, ended: object) -> None:
    end = time.monotonic() + STARTING
    while not late.held.wait(0.05) and time.monotonic() < end:
        if callable(ended) and ended():
            return
