"""What training says of itself, in the form that other programs read."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from noshow.replacing import replacing_file
from noshow.table import Row

Group = Literal["clinic", "sex", "age", "reminder"]

AGES = ((0, "under 18"), (18, "18 to 34"), (35, "35 to 64"), (65, "65 and older"))
"""The age at which each group of ages begins, and its name."""


@dataclass(frozen=True)
class Part:
    """The appointments with a known outcome from one day to another, both included."""

    first_day: date
    last_day: date
    rows: int


@dataclass(frozen=True)
class Slice:
    """How good the model is for one group of the test appointments, such as those with `clinic` `north`.

    `auc` is None when all of them came or none did.
    """

    group: Group
    value: str
    rows: int
    no_shows: int
    mean_prediction: float
    brier: float
    auc: float | None


@dataclass(frozen=True)
class Bin:
    """The test appointments with a prediction from `low` to `high`: what was predicted on average, and what happened."""

    low: float
    high: float
    rows: int
    mean_prediction: float
    share_missed: float


@dataclass(frozen=True)
class TrainingSummary:
    """One training: what it was told, what it learned from and how good the model is on later days.

    `run_id` is that of the recorded run. `configuration` holds every key of the configuration. `metrics` are `auc`,
    `brier`, `log_loss` on the test appointments, `base_rate` of the train appointments, and `baseline_brier` and
    `baseline_log_loss` of predicting that rate for everybody. `slices` hold each value of each group that occurs in
    the test, `calibration` the bins that are not empty, from low to high.
    """

    run_id: str
    seed: int
    configuration: Mapping[str, object]
    data_sha256: str
    train: Part
    test: Part
    metrics: Mapping[str, float]
    slices: list[Slice]
    calibration: list[Bin]


def groups_of(row: Row) -> dict[Group, str]:
    """The value of each group to which an appointment belongs."""
    appointment = row.appointment
    age = next(name for begin, name in reversed(AGES) if appointment.age >= begin)
    return {"clinic": appointment.clinic, "sex": row.sex, "age": age, "reminder": appointment.reminder}


def save_training_summary(summary: TrainingSummary, reports_dir: Path) -> Path:
    """Write `training.json` in one step, in place of that of an earlier training."""
    path = reports_dir / "training.json"
    with replacing_file(path) as new:
        text = json.dumps(asdict(summary), indent=2, default=date.isoformat)
        new.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
