"""A practice whose model has been at work for some weeks: what was predicted, whom that made the reception call, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlops_grader.instruments.world import CovariateDrift, DailyFile, Drift, Fault, Scope, World, daily_files
from mlops_grader.instruments.world.chance import Booleans, Floats, normal, uniform
from mlops_grader.instruments.world.simulation import START

WEEK = timedelta(days=7)
REFERENCE_WEEKS = 12  # before the model was in use: nobody was called because of it
CALL_EFFECT = 1.5  # what a call of the reception takes off the log-odds of a no-show
RISKIEST = 0.20  # the share of appointments whose patients are to be called
LEFT_ALONE = 0.25  # of these are left out by lot, so that somebody can see what would have happened
CHECK_UP = 0.5  # size of the drift of age and lead time in the weeks of the check-up days


@dataclass(frozen=True)
class Order:
    """How one week is to be. Without anything it is as the reference was.

    drift: what is different in this week alone. size: how much that is. release: a new version of the model answers
    in this week, as good as the one before or worse. damage: faults of its files, given the week's Monday.
    """

    drift: Drift | None = None
    size: Literal["", "medium", "large"] = ""
    release: Literal["", "good", "bad"] = ""
    damage: Damage | None = None


@dataclass(frozen=True)
class Damage:
    """A fault of the files of one week.

    where: words of which a report must name one, the field or the file. fault: makes it, given the scope that it is to have.
    days: how many days of the week it touches, from Monday on.
    """

    words: str
    where: tuple[str, ...]
    fault: Callable[..., Fault]
    kind: Literal["appointments", "outcomes", "predictions"] = "appointments"
    days: int = 5

    def on(self, monday: date) -> Fault:
        """The fault in the files of that week."""
        return self.fault(scope=Scope(self.kind, monday, monday + timedelta(days=self.days)))


@dataclass(frozen=True)
class Practice:
    """Twelve weeks without the model, and then one week for each order. check_ups: whether there are weeks with check-up days."""

    seed: int
    orders: tuple[Order, ...]
    call_effect: float = CALL_EFFECT
    check_ups: bool = True

    @property
    def mondays(self) -> list[date]:
        """The first day of each week that was ordered."""
        return [START + WEEK * (REFERENCE_WEEKS + number) for number in range(len(self.orders))]

    @cached_property
    def reference(self) -> pd.DataFrame:
        """The appointments before the model was in use, as a world's frame."""
        return self._undrifted[self._undrifted["starts_at"] < str(START + WEEK * REFERENCE_WEEKS)]

    @cached_property
    def weeks(self) -> list[pd.DataFrame]:
        """The appointments of each ordered week: a world's frame with the columns `predicted`, `run_id` and `called`.

        `no_show` and `outcome` are what happened after the calls, `no_show_probability` is the truth without them.
        """
        return [self._week(number, order) for number, order in enumerate(self.orders)]

    def story(self) -> Iterator[tuple[date, Order, pd.DataFrame]]:
        """Each ordered week: its Monday, how it was ordered, and its appointments."""
        return zip(self.mondays, self.orders, self.weeks, strict=True)

    def write(self, folder: Path, until: date | None = None, weeks: int | None = None) -> None:
        """Write the daily files, those of the first ordered weeks or of all, as far as they were delivered by a day.

        Without a day all are there but for those that have not come three weeks after the last.
        """
        until = until or START + WEEK * (REFERENCE_WEEKS + len(self.orders) + 3)
        used = self.weeks if weeks is None else self.weeks[:weeks]
        files = (*daily_files(pd.concat([self.reference, *used], ignore_index=True)), *_predictions(used))
        for order, monday in zip(self.orders, self.mondays, strict=True):
            if order.damage:
                files = order.damage.on(monday)(files)
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            if file.delivered_on <= until:
                (folder / file.name).write_bytes(file.content)

    def probabilities(self, frame: pd.DataFrame) -> Floats:
        """What the model of the practice predicts for rows of a world's frame."""
        return np.asarray(self._model.predict_proba(features(frame))[:, 1])

    def risky(self, frame: pd.DataFrame) -> Booleans:
        """Whose patients are to be called, of rows of a week."""
        return np.asarray(frame["predicted"] >= self._least_risky)

    @cached_property
    def _world(self) -> World:
        season = check_up_weeks(START, REFERENCE_WEEKS + len(self.orders)) if self.check_ups else ()
        return World(self.seed, drifts=season)

    @cached_property
    def _undrifted(self) -> pd.DataFrame:
        return self._world.days(days=5 * (REFERENCE_WEEKS + len(self.orders)))

    @cached_property
    def _model(self) -> Any:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        model = make_pipeline(StandardScaler(), LogisticRegression())
        return model.fit(features(self.reference), self.reference["no_show"])

    @cached_property
    def _least_risky(self) -> float:
        """From this probability on patients are to be called."""
        return float(np.quantile(self.probabilities(self.reference), 1 - RISKIEST))

    def _week(self, number: int, order: Order) -> pd.DataFrame:
        monday = self.mondays[number]
        if order.drift:
            only_then = replace(order.drift, start=monday, until=monday + WEEK)
            frame = self._world.drifting(only_then).days(start=monday, days=5)
        else:
            frame = self._undrifted[self._undrifted["starts_at"].between(str(monday), str(monday + WEEK))]
        share = 0.12 * uniform(self.seed, f"closed in week {number}", 1)[0]
        frame = frame[uniform(self.seed, f"kept in week {number}", len(frame)) >= share].reset_index(drop=True)
        frame["predicted"] = self._predicted(frame, number, order)
        frame["run_id"] = _run_id(self.seed, number if order.release else -1)
        lot = uniform(self.seed, f"left alone in week {number}", len(frame))
        frame["called"] = self.risky(frame) & (lot >= LEFT_ALONE)
        return self._after_calls(frame, number)

    def _predicted(self, frame: pd.DataFrame, number: int, order: Order) -> Floats:
        found = self.probabilities(frame)
        if order.release == "bad":  # the order of risks is turned round
            return _sigmoid(2 * _logit(np.array(found.mean())) - _logit(found))
        if order.release == "good":
            return _sigmoid(_logit(found) + 0.1 * normal(self.seed, f"release {number}", len(found)))
        return found

    def _after_calls(self, frame: pd.DataFrame, number: int) -> pd.DataFrame:
        """Some of those who would have stayed away come because they were called."""
        before = frame["no_show_probability"].to_numpy()
        kept = _sigmoid(_logit(before) - self.call_effect) / before
        comes = uniform(self.seed, f"calls of week {number}", len(frame)) >= kept
        persuaded = frame["called"].to_numpy() & frame["no_show"].to_numpy() & comes
        frame.loc[persuaded, "no_show"] = False
        frame.loc[persuaded, "outcome"] = "attended"
        return frame


def check_up_weeks(start: date, weeks: int) -> tuple[Drift, ...]:
    """The season of the practices: in the first full week of a month older patients come, who booked long before."""
    mondays = [start + WEEK * number for number in range(weeks)]
    return tuple(
        CovariateDrift(feature, CHECK_UP, monday, until=monday + WEEK)
        for monday in mondays
        if monday.day <= WEEK.days
        for feature in ("age", "lead_days")
    )


def features(frame: pd.DataFrame) -> Floats:
    """What the practice's model computes with: one row for each appointment."""
    starts, booked = frame["starts_at"], frame["booked_at"]
    columns = [
        np.log1p((starts - booked).dt.total_seconds() / 86400),
        (frame["previous_no_shows"] + 1) / (frame["previous_appointments"] + 5),
        frame["age"],
        frame["distance_km"],
        starts.dt.hour + starts.dt.minute / 60,
        starts.dt.day_of_week.isin([0, 4]),
        *(frame["clinic"] == clinic for clinic in ("north", "harbour", "hill")),
        *(frame["reminder"] == reminder for reminder in ("none", "sms")),
    ]
    return np.column_stack(columns).astype(np.float64)


def _predictions(weeks: Sequence[pd.DataFrame]) -> Iterable[DailyFile]:
    """The files of what was predicted, by day of the appointment, in an order of their own."""
    for frame in weeks:
        shuffled = frame.sort_values("predicted", kind="stable")
        table = pd.DataFrame(
            {
                "appointment_id": shuffled["appointment_id"],
                "run_id": shuffled["run_id"],
                "no_show_probability": [f"{value:.6f}" for value in shuffled["predicted"]],
                "called": np.where(shuffled["called"], "yes", "no"),
            }
        )
        for day, rows in table.groupby(shuffled["starts_at"].dt.date):
            yield DailyFile("predictions", day, rows.reset_index(drop=True))


def _run_id(seed: int, number: int) -> str:
    """The first digits of a run's id, as logs show them. The first of all is a letter: no reader takes it for a number."""
    first, *others = uniform(seed, f"run {number}", 8)
    return "abcdef"[int(first * 6)] + "".join(f"{int(draw * 16):x}" for draw in others)


def _logit(probability: Floats) -> Floats:
    return np.asarray(np.log(probability / (1 - probability)))


def _sigmoid(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)))
