"""What was predicted for an appointment, and whether somebody called because of it: `predictions_2026-03-30.csv`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from noshow.cleaning import BadRowError

PREDICTION_COLUMNS = ("appointment_id", "run_id", "no_show_probability", "called")
"""One file for each day of appointments, written when the day begins. `daily_files(folder, "predictions")` finds them."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the model of `run_id` said. `called`: the reception rang the patient because of it, which helps."""

    appointment_id: str
    run_id: str
    probability: float
    called: bool


def clean_prediction(values: Sequence[str]) -> Predicted:
    """The prediction in one row. Raises BadRowError with the first fact that is wrong."""
    if len(values) != len(PREDICTION_COLUMNS):
        raise BadRowError(f"has {len(values)} values, wanted {len(PREDICTION_COLUMNS)}")
    appointment_id, run_id, probability, called = values
    if not re.fullmatch(r"A\d{7}", appointment_id, re.ASCII):
        raise BadRowError(f"appointment_id is {appointment_id!r}, wanted an id like A0000123")
    if not re.fullmatch(r"[0-9a-f]{8}", run_id):
        raise BadRowError(f"run_id is {run_id!r}, wanted the first eight hexadecimal digits of a run")
    if not re.fullmatch(r"0\.\d{1,9}", probability, re.ASCII):
        raise BadRowError(f"no_show_probability is {probability!r}, wanted a share like 0.173")
    if called not in ("yes", "no"):
        raise BadRowError(f"called is {called!r}, wanted yes or no")
    return Predicted(appointment_id, run_id, float(probability), called == "yes")
