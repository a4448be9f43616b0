"""What the clinic's records say of a patient at the moment of booking."""

from __future__ import annotations

import numpy as np

from mlops_grader.instruments.world.chance import Booleans, Integers, Times

HISTORY_DAYS = 180


def history(
    patient: Integers, booked_at: Times, recorded_at: Times, no_show: Booleans, first: int = 0
) -> tuple[Integers, Integers]:
    """Count each patient's outcomes, and no-shows among them, recorded in the 180 days before the booking.

    The counts are those of the rows from number `first` on; the rows before serve as their past.

    An outcome recorded in the same minute as the booking or later is not counted, so nothing of the appointment
    itself, or of any later one, is known. Times are datetime64[m].
    """
    recorded, booked = recorded_at.astype(np.int64), booked_at.astype(np.int64)
    window = HISTORY_DAYS * 24 * 60
    origin = min(int(booked.min()) - window, int(recorded.min()))
    span = int(max(recorded.max(), booked.max())) - origin + 1
    events = patient * span + recorded - origin
    order = np.argsort(events, kind="stable")
    events = events[order]
    missed = np.concatenate([[0], np.cumsum(no_show[order])])
    now = (patient * span + booked - origin)[first:]
    to, since = _places(events, now), _places(events, now - window)
    return to - since, np.asarray(missed[to] - missed[since], dtype=np.int64)


def _places(events: Integers, moments: Integers) -> Integers:
    """Count the events before each moment; looked up in order of time, because memory is read several times faster."""
    order = np.argsort(moments)
    places = np.empty(len(moments), dtype=np.int64)
    places[order] = np.searchsorted(events, moments[order], side="left")
    return places
