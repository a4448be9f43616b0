"""The simulated world: clinics, patients, appointments, messages and outcomes, all from one seed."""

from mlops_grader.instruments.world.drifts import ConceptDrift, CovariateDrift, Drift
from mlops_grader.instruments.world.faults import (
    AddColumn,
    ChangeTimes,
    ChangeUnit,
    DropColumn,
    Duplicates,
    Encoding,
    LateFiles,
    Nulls,
    RenameColumn,
    RenameValues,
    ReorderColumns,
    Scope,
    Truncated,
)
from mlops_grader.instruments.world.files import DailyFile, Fault, daily_files, write_days
from mlops_grader.instruments.world.predict import REQUEST_FIELDS, request_bodies, requests
from mlops_grader.instruments.world.simulation import APPOINTMENT_COLUMNS, TRUTH_COLUMNS, World

__all__ = [
    "APPOINTMENT_COLUMNS",
    "REQUEST_FIELDS",
    "TRUTH_COLUMNS",
    "AddColumn",
    "ChangeTimes",
    "ChangeUnit",
    "ConceptDrift",
    "CovariateDrift",
    "DailyFile",
    "Drift",
    "DropColumn",
    "Duplicates",
    "Encoding",
    "Fault",
    "LateFiles",
    "Nulls",
    "RenameColumn",
    "RenameValues",
    "ReorderColumns",
    "Scope",
    "Truncated",
    "World",
    "daily_files",
    "request_bodies",
    "requests",
    "write_days",
]
