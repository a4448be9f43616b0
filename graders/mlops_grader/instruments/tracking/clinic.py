"""A small practice: a few weeks of appointments, and the same with outcomes that are partly or wholly wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, Literal

import pandas as pd

from mlops_grader.instruments.training.planted import ID, LABEL, Of
from mlops_grader.instruments.world import World, daily_files, request_bodies
from mlops_grader.instruments.world.simulation import START

PATIENTS, DAYS, PER_DAY = 2_500, (44, 50), 80
ASKED = 400  # requests by whose probabilities models are compared

Quality = Literal["good", "middling", "first", "worse"]
WRONG: dict[Quality, float] = {"good": 0.0, "middling": 0.3, "first": 0.45, "worse": 1.0}
"""The share of outcomes that are turned round: by it a model that learns from them is worse."""


@dataclass(frozen=True)
class Clinic:
    """The practice of a seed."""

    seed: int

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A world's frame of all its appointments."""
        random = Random(f"clinic {self.seed}")  # noqa: S311  # reproducible on purpose
        start = START + timedelta(weeks=random.randint(0, 40))
        return World(self.seed, patients=PATIENTS, start=start).days(days=random.randint(*DAYS), per_day=PER_DAY)

    def write(self, folder: Path) -> None:
        """Write its daily files."""
        folder.mkdir(parents=True, exist_ok=True)
        for file in daily_files(self.frame):
            (folder / file.name).write_bytes(file.content)

    def outcomes(self, quality: Quality) -> dict[str, Of]:
        """The outcome of each appointment as a model of that quality is to learn it."""
        random = Random(f"{quality} {self.seed}")  # noqa: S311  # reproducible on purpose
        known: dict[str, bool] = {
            name: bool(missed) != (random.random() < WRONG[quality])
            for name, missed in zip(self.frame[ID], self.frame[LABEL], strict=True)
        }
        return {LABEL: known.get}

    def requests(self) -> list[dict[str, Any]]:
        """Requests of its newest appointments."""
        return list(request_bodies(self.frame.tail(ASKED)))

    def missed(self) -> Any:
        """Whether each of these was missed."""
        return self.frame[LABEL].tail(ASKED).to_numpy()

    def people(self, random: Random, most: int = 120) -> list[str]:
        """Words by which some of its patients could be known: names, telephone numbers, ids and what they replied."""
        some = self.frame.sample(most, random_state=random.randrange(2**31))
        words = {str(word) for column in ("name", "phone", "patient_id", "reply") for word in some[column] if word}
        return sorted(word for word in words if len(word) > 6)
