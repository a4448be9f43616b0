"""The calendar of the clinics: open Monday to Friday, no holidays."""

from __future__ import annotations

from datetime import date
from typing import cast

import numpy as np

from mlops_grader.instruments.world.chance import Integers, Times


def open_days(first: date, days: int, offset: int = 0) -> Times:
    """Return `days` opening days (datetime64[D]), the first being `offset` opening days after `first`."""
    return np.busday_offset(np.datetime64(first, "D"), np.arange(offset, offset + days), roll="forward")


def opening_days_between(first: date, last: date) -> int:
    """Count the opening days from `first` up to and without `last`."""
    return int(np.busday_count(np.datetime64(first, "D"), np.datetime64(last, "D")))


def later(days: Times, opening_days: Integers) -> Times:
    """Move each day on by so many opening days."""
    return np.busday_offset(days, opening_days, roll="forward")


def after(moments: Times, minutes: Integers) -> Times:
    """Move each moment on by so many minutes, back if negative; the result counts in minutes."""
    return cast("Times", moments.astype("datetime64[m]") + minutes.astype("timedelta64[m]"))
