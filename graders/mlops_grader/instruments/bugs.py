"""Changes that the grader plants in given code: bugs that tests must catch, and one that harms nobody.

Each redefines a function at the end of `noshow/features.py`, so it works however the file is formatted.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlops_grader.check import Fail

FEATURES = "noshow/features.py"


@dataclass(frozen=True)
class Bug:
    """What is wrong, in words, and the code that makes it so."""

    words: str
    code: str


BOUNDARY: Sequence[Bug] = (
    Bug(
        "`lead_days` refuses an appointment that starts at the moment of its booking",
        """
_planted = lead_days


def lead_days(booked_at, starts_at):
    if booked_at == starts_at:
        raise ValueError("starts_at is not after booked_at")
    return _planted(booked_at, starts_at)
""",
    ),
    Bug(
        "`no_show_rate` accepts more missed appointments than there were",
        """

def no_show_rate(previous_no_shows, previous_appointments):
    if previous_no_shows < 0:
        raise ValueError(f"{previous_no_shows} previous appointments missed is impossible")
    return (previous_no_shows + 1) / (previous_appointments + PRIOR_APPOINTMENTS)
""",
    ),
)

FORMULA: Sequence[Bug] = (
    Bug(
        "`no_show_rate` ignores its prior: one missed first appointment gives 1.0",
        """
_planted = no_show_rate


def no_show_rate(previous_no_shows, previous_appointments):
    _planted(previous_no_shows, previous_appointments)
    return previous_no_shows / max(previous_appointments, 1)
""",
    ),
    Bug(
        "`hour_of_day` drops the minutes",
        """

def hour_of_day(moment):
    return float(moment.hour)
""",
    ),
)

ORDER: Sequence[Bug] = (
    Bug(
        "`feature_row` puts the distance where the age belongs, and the age where the distance belongs",
        """
_planted = feature_row


def feature_row(appointment):
    row = _planted(appointment)
    age, distance = FEATURES.index("age"), FEATURES.index("distance_km")
    row[age], row[distance] = row[distance], row[age]
    return row
""",
    ),
    Bug(
        "`feature_row` marks another clinic than the appointment's",
        """
_planted = feature_row


def feature_row(appointment):
    row = _planted(appointment)
    first = FEATURES.index(f"clinic_{CLINICS[0]}")
    row[first : first + len(CLINICS)] = reversed(row[first : first + len(CLINICS)])
    return row
""",
    ),
)

HARMLESS = """
_before = {name: globals()[name] for name in ("lead_days", "no_show_rate", "hour_of_day", "feature_row")}


def lead_days(booked_at, starts_at):
    return _before["lead_days"](booked_at, starts_at)


def no_show_rate(previous_no_shows, previous_appointments):
    return _before["no_show_rate"](previous_no_shows, previous_appointments)


def hour_of_day(moment):
    return _before["hour_of_day"](moment)


def feature_row(appointment):
    return list(_before["feature_row"](appointment))
"""

FAULTS: Mapping[str, str] = {
    "lint": "\nimport json\n",  # never used: every linter's first rule
    "types": "\n\ndef days_as_words(days: int) -> str:\n    return days\n",
}


def plant(folder: Path, code: str) -> None:
    """Append code to the features of a project. Raises Fail when the given file is gone."""
    path = _given(folder)
    path.write_text(path.read_text(encoding="utf-8") + "\n" + code, encoding="utf-8")


def refactor(folder: Path) -> None:
    """Write the features in other words: same names, same results, other lines, no comments."""
    path = _given(folder)
    path.write_text(ast.unparse(ast.parse(path.read_text(encoding="utf-8"))) + "\n" + HARMLESS, encoding="utf-8")


def _given(folder: Path) -> Path:
    path = folder / FEATURES
    if not path.is_file():
        raise Fail(f"the given file `{FEATURES}` is gone", fix=f"git checkout $(git rev-list --max-parents=0 HEAD) -- {FEATURES}")
    return path
