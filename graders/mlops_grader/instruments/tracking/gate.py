"""What the gate does with a version that is better than the champion, with others, and with two at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.tracking.place import Place, Recorded
from mlops_grader.instruments.tracking.proxy import door
from mlops_grader.instruments.tracking.registry import Version

PATIENCE = 6.0  # seconds, at least, for which one promotion waits for the other to come as far or to end
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
    """Promote version 2 and version 3 at once; both come to the alias, version 3 moves it, and version 2 moves it last.

    Where one waits for the other before it comes that far, that other one is let through.
    """
    with door(server) as slow, door(server) as quick, ThreadPoolExecutor(2) as pool:
        doors = (slow, quick)
        for each in doors:
            each.holds_aliases = True
        begun = time.monotonic()
        runs = [
            pool.submit(replace(place, url=each.url).told, "promote", number)
            for place, each, number in zip(places, doors, ("2", "3"), strict=True)
        ]
        _until(
            begun + STARTING,
            lambda: any(each.held.is_set() or run.done() for each, run in zip(doors, runs, strict=True)),
        )
        grace = max(PATIENCE, time.monotonic() - begun)
        _until(
            time.monotonic() + grace,
            lambda: all(each.held.is_set() or run.done() for each, run in zip(doors, runs, strict=True)),
        )
        if slow.held.is_set() and quick.held.is_set():
            quick.let_through()
            _until(time.monotonic() + grace, runs[1].done)
        for each in doors:
            each.let_through()
        done = [run.result() for run in runs]
    return [outcome(place, number, each) for place, number, each in zip(places, ("2", "3"), done, strict=True)]


def _until(end: float, reached: Callable[[], bool]) -> None:
    while not reached() and time.monotonic() < end:
        time.sleep(0.02)
