"""A server that is away or silent: from the start, or from the moment at which the training has begun to learn."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from mlops_grader.check import Fail
from mlops_grader.instruments.sandbox import Finished, Limits
from mlops_grader.instruments.tracking.place import Place, Recorded, recorded
from mlops_grader.instruments.tracking.proxy import State, door
from mlops_grader.instruments.tracking.registry import Run, Version

Moment = Literal["before", "meanwhile"]

PATIENCE, TIMES = 60.0, 5.0  # seconds, and as often as long as a training beside a server that answers
BEGUN, GO_ON = "FIT_HAS_BEGUN", "FIT_MAY_GO_ON"
WAITS = """

_fit_as_it_was = fit


def fit(*all_of_it, **named):  # the grader looks when learning begins
    import os
    import pathlib
    import time

    pathlib.Path(os.environ["{begun}"]).touch()
    end = time.monotonic() + 60
    while not pathlib.Path(os.environ["{go_on}"]).exists() and time.monotonic() < end:
        time.sleep(0.02)
    return _fit_as_it_was(*all_of_it, **named)
"""


@dataclass(frozen=True)
class Outage:
    """A training while the server was away: whether it learned anything, how it ended, and what arrived afterwards."""

    place: Place
    words: str
    learned: bool
    finished: Finished
    flushed: tuple[Finished, ...]
    runs: list[Run]
    versions: list[Version]

    @property
    def stopped_before(self) -> bool:
        """It ended with an error before it learned anything."""
        return not self.finished.ok and not self.finished.stopped and not self.learned

    def arrived(self) -> Recorded:
        """The record of the training. Raises Fail when it is not there as a whole."""
        return recorded(self.place, self.finished)


def make_watched(place: Place) -> None:
    """Let the training code say when it begins to learn, and wait until it may. Raises Fail without such a function."""
    shown = place.product.contract.training.code
    path = place.product.submission.path(shown)
    if not path.is_file():
        raise Fail(f"there is no `{shown}`", fix="name the file with `fit` in `product.toml`, [training]")
    text = path.read_text(encoding="utf-8") + WAITS.format(begun=BEGUN, go_on=GO_ON)
    path.write_text(text, encoding="utf-8", newline="\n")
    place.commit("Learning can be watched")


def train_without(place: Place, state: State, moment: Moment, usual: float) -> Outage:
    """Train while the server is away or silent; then let what waited be sent, twice.

    usual: seconds of a training beside a server that answers.
    """
    begun, go_on = place.root.parent / f"{place.root.name}-begun", place.root.parent / f"{place.root.name}-go-on"
    words = f"the server {'was away' if state == 'away' else 'did not answer'}"
    with door(place.registry.url) as way:
        behind = replace(place, url=way.url)
        more = {BEGUN: str(begun), GO_ON: str(go_on)}
        if moment == "before":
            way.state = state
            go_on.touch()
        line, limits = place.product.contract.command("train"), Limits(seconds=round(PATIENCE + TIMES * usual))
        variables = {**place.product.environment.variables(), **behind.variables(), **more}
        with place.product.sandbox.start(line, place.root, variables, limits) as running:
            while not begun.exists() and running.poll() is None:
                time.sleep(0.02)
            way.state = state
            go_on.touch()
            finished = running.wait()
        way.state = "open"
        flushed = _flush(behind, begun)
    return Outage(
        place=place,
        words=f"{words} {'before training began' if moment == 'before' else 'from the moment at which training learned'}",
        learned=begun.exists(),
        finished=finished,
        flushed=flushed,
        runs=place.registry.runs(place.experiment),
        versions=place.registry.versions(place.model),
    )


def _flush(place: Place, begun: Path) -> tuple[Finished, ...]:
    """Send what waits, twice; nothing where nothing was learned."""
    if not begun.exists() or not place.product.contract.commands.flush.strip():
        return ()
    return place.told("flush"), place.told("flush")
