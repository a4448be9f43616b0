"""A practice to learn from: days with outcomes, some that are booked, and weeks that nobody has seen yet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd

from mlops_grader.instruments.drift.practice import features
from mlops_grader.instruments.world import DailyFile, World, daily_files
from mlops_grader.instruments.world.chance import Floats
from mlops_grader.instruments.world.simulation import START

PATIENTS, PER_DAY = 6_400, 240
PAST, BOOKED, FUTURE = (56, 64), 4, 30  # days: of the past from so many to so many
TEST_SHARE = 0.2  # of the past, for the grader's own model


@dataclass(frozen=True)
class Practice:
    """Appointments of the past, whose outcomes are known; those of the next days, which are booked; and the future."""

    seed: int

    @cached_property
    def past(self) -> pd.DataFrame:
        """A world's frame of the days whose outcomes are known."""
        return self._between(0, self._days)

    @cached_property
    def booked(self) -> pd.DataFrame:
        """Of the next days: what is written down before they come."""
        return self._between(self._days, self._days + BOOKED)

    @cached_property
    def future(self) -> pd.DataFrame:
        """Of the weeks after that: no file of the practice holds any of it."""
        return self._between(self._days + BOOKED, self._days + BOOKED + FUTURE)

    def write(self, folder: Path) -> None:
        """Write the daily files: appointments and outcomes of the past, and the appointments that are booked."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in self._files():
            (folder / file.name).write_bytes(file.content)

    def reference(self) -> Floats:
        """What the grader's own model, fitted to the older four fifths of the past, predicts of the future."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        days = self.days(self.past)
        learned = self.past[days < np.unique(days)[int(self._days * (1 - TEST_SHARE))]]
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(features(learned), learned["no_show"])
        return np.asarray(model.predict_proba(features(self.future))[:, 1])

    @staticmethod
    def days(frame: pd.DataFrame) -> Any:
        """The day of each appointment of a frame, as numpy counts days."""
        return frame["starts_at"].to_numpy().astype("datetime64[D]")

    def _files(self) -> Iterator[DailyFile]:
        yield from daily_files(self.past)
        yield from (file for file in daily_files(self.booked) if file.kind == "appointments")

    @cached_property
    def _random(self) -> Random:
        return Random(f"practice {self.seed}")  # noqa: S311  # reproducible on purpose

    @cached_property
    def _frame(self) -> pd.DataFrame:
        start: date = START + timedelta(weeks=self._random.randint(0, 40))
        most = PAST[1] + BOOKED + FUTURE
        return World(self.seed, patients=PATIENTS, start=start).days(days=most, per_day=PER_DAY)

    @cached_property
    def _days(self) -> int:
        return Random(f"days {self.seed}").randint(*PAST)  # noqa: S311  # reproducible on purpose

    def _between(self, first: int, last: int) -> pd.DataFrame:
        """The rows of the opening days with these numbers, the last not included."""
        days = self.days(self._frame)
        _, number = np.unique(days, return_inverse=True)
        return self._frame[(number >= first) & (number < last)].reset_index(drop=True)
