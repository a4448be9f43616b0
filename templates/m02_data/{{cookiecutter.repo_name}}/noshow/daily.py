"""What is said of one day of the clean data, in the form that other programs read."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from noshow.replacing import replacing_file


@dataclass(frozen=True)
class Anomaly:
    """Something on a day that is not as on the days before.

    `where`: a column of the clean data, or one of `appointments`, `quarantined` and `outcomes` when it is about how
    many there are. `fact`: what it is, and what was to be expected.
    """

    where: str
    fact: str


@dataclass(frozen=True)
class Day:
    """One day of appointments.

    `appointments`: rows of its partition; `outcomes`: those of them with an outcome; `quarantined`: rows of the day's
    own file of appointments that were left out. `statistics`: numbers by name, whichever help to judge a day.
    """

    day: date
    appointments: int
    outcomes: int
    quarantined: int
    statistics: Mapping[str, float]
    anomalies: Sequence[Anomaly]


def save_day(day: Day, reports_dir: Path) -> Path:
    """Write `data/2026-01-05.json` in one step, in place of what was said of that day before."""
    path = reports_dir / "data" / f"{day.day}.json"
    with replacing_file(path) as new:
        text = json.dumps(asdict(day), indent=2, default=date.isoformat)
        new.write_text(text + "\n", encoding="utf-8", newline="\n")
    return path
