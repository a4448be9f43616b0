"""The daily files: what the clinics deliver of a frame, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from mlops_grader.instruments.world.chance import Times
from mlops_grader.instruments.world.simulation import APPOINTMENT_COLUMNS

Kind = Literal["appointments", "outcomes", "predictions"]


@dataclass(frozen=True)
class DailyFile:
    """One file before it is written. All cells of the table are texts, empty for a missing value."""

    kind: Kind
    day: date
    table: pd.DataFrame
    encoding: str = "utf-8"
    arrives: date | None = None  # when it is delivered, on its own day if None
    received: float = 1.0  # the share of its bytes that came through

    @property
    def name(self) -> str:
        return f"{self.kind}_{self.day.isoformat()}.csv"

    @property
    def delivered_on(self) -> date:
        return self.arrives or self.day

    @property
    def content(self) -> bytes:
        """The bytes of the file: comma-separated, quoted only where needed, line feeds, a header."""
        whole = self.table.to_csv(index=False, lineterminator="\n").encode(self.encoding, errors="replace")
        return whole[: int(len(whole) * self.received)]


Fault = Callable[[tuple[DailyFile, ...]], tuple[DailyFile, ...]]


def daily_files(frame: pd.DataFrame) -> tuple[DailyFile, ...]:
    """Return the files of appointments by day of the appointment, then those of outcomes by day of recording."""
    appointments = _appointments(frame)
    outcomes = pd.DataFrame(
        {
            "appointment_id": frame["appointment_id"],
            "outcome": frame["outcome"],
            "recorded_at": _minutes(frame["outcome_recorded_at"]),
        }
    ).sort_values(["recorded_at", "appointment_id"], kind="stable")
    return (
        *_by_day("appointments", appointments, appointments["starts_at"]),
        *_by_day("outcomes", outcomes, outcomes["recorded_at"]),
    )


def write_days(
    frame: pd.DataFrame, folder: Path | str, faults: Iterable[Fault] = (), until: date | None = None
) -> tuple[Path, ...]:
    """Write the daily files of a frame into a folder, made if it is missing, and return their paths.

    The faults are applied one after the other. With `until`, only files delivered by that day are written.
    """
    files = daily_files(frame)
    for fault in faults:
        files = fault(files)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    due = [file for file in files if until is None or file.delivered_on <= until]
    for file in due:
        (folder / file.name).write_bytes(file.content)
    return tuple(folder / file.name for file in due)


def _appointments(frame: pd.DataFrame) -> pd.DataFrame:
    table = frame.loc[:, list(APPOINTMENT_COLUMNS)].copy()
    table["birth_date"] = np.datetime_as_string(_times(table["birth_date"]), unit="D")
    table["booked_at"] = _minutes(table["booked_at"])
    table["starts_at"] = _minutes(table["starts_at"])
    table["distance_km"] = [f"{km:.1f}" for km in table["distance_km"].tolist()]
    return table.astype(str)


def _times(column: pd.Series) -> Times:
    return np.asarray(column.to_numpy(dtype="datetime64[s]"))


def _minutes(column: pd.Series) -> pd.Series:
    return pd.Series(np.datetime_as_string(_times(column), unit="m"), index=column.index)


def _by_day(kind: Kind, table: pd.DataFrame, times: pd.Series) -> list[DailyFile]:
    groups = table.groupby(times.str[:10], sort=True)
    return [DailyFile(kind, date.fromisoformat(str(day)), rows.reset_index(drop=True)) for day, rows in groups]
