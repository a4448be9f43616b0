"""What the clean data must hold, computed from the world that wrote the daily files."""

from __future__ import annotations

import pandas as pd

COLUMNS = (
    "sex",
    "clinic",
    "age",
    "booked_at",
    "starts_at",
    "distance_km",
    "previous_appointments",
    "previous_no_shows",
    "reminder",
    "no_show",
    "outcome_recorded_at",
)
"""Columns of the clean data beside `appointment_id`, by which rows are found, and `patient`, a pseudonym."""

EMPTY = pd.DataFrame(columns=["patient_id", *COLUMNS])


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """The clean data of a world's frame, all outcomes known: COLUMNS by `appointment_id`, with `patient_id`."""
    table = frame.set_index("appointment_id")[["patient_id", *COLUMNS]].copy()
    table["no_show"] = table["no_show"].astype("boolean")
    return table


def without_outcomes(table: pd.DataFrame, ids: pd.Index) -> pd.DataFrame:
    """The clean data in which these appointments have no outcome yet."""
    changed = table.copy()
    changed.loc[ids, "no_show"] = pd.NA
    changed.loc[ids, "outcome_recorded_at"] = pd.NaT
    return changed
