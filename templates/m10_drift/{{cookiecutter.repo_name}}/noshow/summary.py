"""What monitoring says of one week, in the form that other programs read."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from noshow.replacing import replacing_file

Decision = Literal["nothing", "investigate", "retrain", "roll back"]
"""What is to be done.

* `nothing`: all is as it was when the model was made.
* `investigate`: somebody must look: the records are faulty, or other patients come than the model has learned from.
* `retrain`: the outcomes show that the model is no longer right.
* `roll back`: the outcomes show that the version which began to answer is worse than the one before.
"""

MATURE = 0.95
"""The share of a week's predictions that must have an outcome before anybody judges them: those recorded first are not
like the others."""


@dataclass(frozen=True)
class DataFault:
    """Something that is wrong with the records. `where`: the field or the file; `fact`: what is wrong with it."""

    where: str
    fact: str


@dataclass(frozen=True)
class Labels:
    """How many predictions there are, and for how many of them an outcome had been recorded by `as_of`."""

    expected: int
    arrived: int


@dataclass(frozen=True)
class Performance:
    """How good the predictions were, over the appointments with an outcome whose patients were not called.

    `auc` is None when all of them came or none did.
    """

    rows: int
    mean_prediction: float
    mean_outcome: float
    auc: float | None


@dataclass(frozen=True)
class Summary:
    """One week, as it looked on the day `as_of`.

    `appointments`: those that can be used, each once. `drifted_features`: fields of a request, or `lead_days`, strongest
    first. `performance`: None until the labels are mature.
    """

    window: str
    first_day: date
    last_day: date
    as_of: date
    appointments: int
    decision: Decision
    because: list[str]
    drifted_features: list[str]
    data_faults: list[DataFault]
    labels: Labels
    performance: Performance | None


def save_summary(summary: Summary, reports_dir: Path) -> Path:
    """Write `2026-W14.json` in one step, in place of what was said of that week before."""
    path = reports_dir / f"{summary.window}.json"
    with replacing_file(path) as new:
        text = json.dumps(asdict(summary), indent=2, default=date.isoformat)
        new.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
