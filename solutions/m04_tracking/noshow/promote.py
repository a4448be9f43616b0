"""`python -m noshow promote VERSION`: the gate between a registered version and the alias that serving follows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.metrics import log_loss

from noshow.bundle import load_bundle
from noshow.configuration import read_configuration
from noshow.errors import ProductError
from noshow.export import bring
from noshow.features import feature_matrix
from noshow.learning import probabilities, split_by_time
from noshow.settings import Settings
from noshow.table import Row, read_table
from noshow.tracking import (
    Challenger,
    Champion,
    Store,
    decisions,
    open_store,
    present_champion,
    promote,
    registered,
    say,
)

SMALLEST = 0.001
"""By how much the log loss must be lower. Less is noise, and every change of the champion has a price."""

FEWEST = 200
"""Appointments with an outcome, at least, on which two versions are compared."""


@dataclass(frozen=True)
class Meeting:
    """A version against the champion on the same appointments, whose outcomes neither has learned from."""

    champion: Champion
    challenger: Champion
    champion_loss: float
    challenger_loss: float
    rows: int
    first_day: date

    @property
    def better(self) -> bool:
        return self.champion_loss - self.challenger_loss >= SMALLEST

    def __str__(self) -> str:
        return (
            f"log loss {self.challenger_loss:.4f}, and {self.champion_loss:.4f} of version {self.champion.version}, "
            f"on {self.rows} appointments from {self.first_day}"
        )


def run(settings: Settings, version: str) -> str:
    """Compare a registered version with the champion on the same days, and make it the champion if it is better.

    Both are measured anew: what their runs say of themselves counts nothing. The version gets the tags `decision`
    (`promoted` or `refused`) and `because`, whatever comes out. When two promotions race, the better version is the
    champion in the end. Raises ProductError when they cannot be compared; the champion stays.
    """
    store = open_store(settings)
    settled = {name for name, decision in decisions(store).items() if decision == "promoted"}
    present, mine = present_champion(store), registered(store, version)
    if present is None:
        promote(store, Challenger(version, mine.run_id), "there was no champion to compare it with")
        return f"version {version} of {store.model} is the champion: there was none"
    if present.version == version:
        return f"version {version} of {store.model} is the champion already"
    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]
    share = read_configuration(settings.training_file).test_share
    newest = split_by_time(rows, share).test
    met = meet(store, present, mine, newest)
    if not met.better:
        return _refuse(store, mine, f"not better by {SMALLEST}: {met}")
    say(store, version, decision="promoting", because=str(met))
    promote(store, Challenger(version, mine.run_id), str(met))
    return _settle(store, met, settled, newest)


def meet(store: Store, present: Champion, mine: Champion, rows: Sequence[Row]) -> Meeting:
    """Measure both on the rows of the days that come after all that either has learned from.

    Raises ProductError when these are too few.
    """
    first = max(_first_test_day(present), _first_test_day(mine))
    known = [row for row in rows if row.appointment.starts_at.date() >= first]
    if len(known) < FEWEST:
        raise ProductError(
            f"{len(known)} appointments with an outcome since {first} are too few to compare versions {present.version} "
            f"and {mine.version}; ingest newer daily files"
        )
    losses = [_loss(store, each, known) for each in (present, mine)]
    begin = min(row.appointment.starts_at.date() for row in known)
    return Meeting(present, mine, losses[0], losses[1], len(known), begin)


def _settle(store: Store, met: Meeting, settled: set[str], rows: Sequence[Row]) -> str:
    """Look whether another version was promoted meanwhile, and leave the alias with the better one.

    No registry moves an alias only if it has not moved since. So each promotion says that it is about to, moves the
    alias, and looks at those who said so at the same time: who comes last sees all others.
    """
    mine = met.challenger
    meanwhile = [
        other
        for other, decision in decisions(store).items()
        if decision in ("promoting", "promoted") and other != mine.version and other not in settled
    ]
    for other in meanwhile:
        rival = registered(store, other)
        between = meet(store, mine, rival, rows)
        if between.champion_loss > between.challenger_loss:
            promote(
                store,
                Challenger(other, rival.run_id),
                f"promoted at the same time as version {mine.version}: {between}",
            )
            return _refuse(store, mine, f"version {other} was promoted at the same time and is better: {between}")
        promote(store, Challenger(mine.version, mine.run_id), str(met))
        _refuse(store, rival, f"version {mine.version} was promoted at the same time and is not worse: {between}")
    return f"version {mine.version} of {store.model} is the champion: {met}"


def _refuse(store: Store, mine: Champion, because: str) -> str:
    say(store, mine.version, decision="refused", because=because)
    return f"version {mine.version} of {store.model} is refused: {because}"


def _loss(store: Store, version: Champion, rows: Sequence[Row]) -> float:
    with TemporaryDirectory() as folder:
        bring(store, version, Path(folder))
        model = load_bundle(Path(folder)).model
    predicted = probabilities(model, feature_matrix(row.appointment for row in rows))
    return float(log_loss(np.array([bool(row.no_show) for row in rows]), predicted))


def _first_test_day(version: Champion) -> date:
    try:
        return date.fromisoformat(version.parameters["first_test_day"])
    except (KeyError, ValueError):
        raise ProductError(
            f"the run of version {version.version} does not say from which day on it has not learned"
        ) from None
