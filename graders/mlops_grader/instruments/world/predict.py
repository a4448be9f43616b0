"""Request bodies for a product's prediction endpoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlops_grader.instruments.world.chance import uniform
from mlops_grader.instruments.world.simulation import PATIENTS, World

REQUEST_FIELDS = (
    "clinic",
    "age",
    "booked_at",
    "starts_at",
    "distance_km",
    "previous_appointments",
    "previous_no_shows",
    "reminder",
)


def request_bodies(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Turn rows of a world's frame into bodies of plain Python values, in the order of the rows."""
    bodies = frame.loc[:, list(REQUEST_FIELDS)].copy()
    for column in ("booked_at", "starts_at"):
        bodies[column] = np.datetime_as_string(bodies[column].to_numpy(), unit="m")
    return [{str(k): v for k, v in body.items()} for body in bodies.to_dict(orient="records")]


def requests(n: int, seed: int) -> list[dict[str, Any]]:
    """Return n valid bodies of different appointments spread over more than four weeks, in random order."""
    world = World(seed, patients=max(PATIENTS, n))
    frame = world.days(days=27, per_day=world.patients * 3 // 80)
    rows = np.argsort(uniform(seed, "requests", len(frame)), kind="stable")[:n]
    return request_bodies(frame.iloc[rows])
