"""Champion against challenger: what was compared, how, and what was decided."""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from noshow.replacing import replacing_file

WEEKS_COMPARED = 3
"""The newest weeks whose labels are mature. Neither model may have learned from them."""

Metric = Literal["log_loss", "brier", "auc"]


@dataclass(frozen=True)
class Comparison:
    """Both models on the same appointments: those from `first_day` to `last_day` with an outcome and without a call.

    `improvement` is how much better the challenger is in `metric`, negative when it is worse; `low` and `high` enclose it
    with the probability `confidence`, by the method that `test` names. `champion` and `challenger` are run ids.
    """

    as_of: date
    champion: str
    challenger: str
    first_day: date
    last_day: date
    rows: int
    metric: Metric
    champion_score: float
    challenger_score: float
    improvement: float
    low: float
    high: float
    confidence: float
    test: str
    promoted: bool
    because: str


def save_comparison(comparison: Comparison, reports_dir: Path) -> Path:
    """Write `promotions/2026-06-08.json`, named by the day, in one step."""
    path = reports_dir / "promotions" / f"{comparison.as_of}.json"
    with replacing_file(path) as new:
        text = json.dumps(asdict(comparison), indent=2, default=date.isoformat)
        new.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
