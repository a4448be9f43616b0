"""Weeks of predictions, joined with the appointments and with the outcomes that are known so far."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from noshow.appointment import Appointment
from noshow.cleaning import BadRowError, CleanAppointment, Outcome, clean_appointment, clean_outcome
from noshow.errors import ProductError
from noshow.predicted import PREDICTION_COLUMNS, Predicted, clean_prediction
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, DailyFile, daily_files, read_rows
from noshow.summary import DataFault, Labels
from noshow.weeks import OPEN_DAYS, monday_of, week_name

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)
BEARABLE = 0.01
"""A larger share of a week's rows that cannot be used is for somebody to look at."""

Record = TypeVar("Record", CleanAppointment, Outcome, Predicted)


@dataclass(frozen=True, slots=True)
class Case:
    """An appointment, what was predicted for it, and whether the patient stayed away (None while nobody knows)."""

    appointment_id: str
    sex: str
    appointment: Appointment
    predicted: Predicted | None
    no_show: bool | None

    @property
    def counts(self) -> bool:
        """Whether its outcome tells how good a prediction is: it is known, and nobody called because of the prediction."""
        return self.no_show is not None and self.predicted is not None and not self.predicted.called


@dataclass(frozen=True)
class Week:
    """One week of predictions. `broken`: so much is wrong with its records that somebody must look."""

    monday: date
    cases: Sequence[Case]
    faults: Sequence[DataFault]
    labels: Labels
    broken: bool

    @property
    def name(self) -> str:
        """The ISO week."""
        return week_name(self.monday)

    @property
    def faulty_fields(self) -> set[str]:
        """The fields and files with which something is wrong."""
        return {fault.where for fault in self.faults}

    @property
    def run_id(self) -> str:
        """The model that answered most of it, empty when none did."""
        answered = Counter(case.predicted.run_id for case in self.cases if case.predicted)
        return answered.most_common(1)[0][0] if answered else ""


@dataclass(frozen=True)
class History:
    """What was before the first prediction, and the weeks since then that have ended."""

    reference: Sequence[Appointment]
    weeks: Sequence[Week]


@dataclass
class _Faults:
    """What is wrong with the records of each week, as it is found."""

    rows: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    files: dict[tuple[date, str], str] = field(default_factory=dict)

    def row(self, file: DailyFile, where: str, fact: str) -> None:
        self.rows[monday_of(file.day), where, fact] += 1

    def file(self, day: date, name: str, fact: str) -> None:
        self.files.setdefault((monday_of(day), name), fact)

    def of(self, monday: date) -> list[DataFault]:
        """The faults of one week, whole files first."""
        files = [DataFault(name, fact) for (week, name), fact in self.files.items() if week == monday]
        facts: dict[str, Counter[str]] = {}
        for (week, where, fact), count in self.rows.items():
            if week == monday:
                facts.setdefault(where, Counter())[fact] = count
        rows = [
            DataFault(where, f"{sum(found.values())} rows, such as: {next(iter(found))}")
            for where, found in facts.items()
        ]
        return files + rows

    def many(self, monday: date, rows: int) -> bool:
        """Whether they are more than one lives with."""
        bad = sum(count for (week, _, _), count in self.rows.items() if week == monday)
        return bad > BEARABLE * max(rows, 1) or any(week == monday for week, _ in self.files)


def read_history(raw_dir: Path, today: date) -> History:
    """All that was known on a day: files that came later, and outcomes recorded later, do not exist yet.

    Raises ProductError when there are no predictions.
    """
    days = [file.day for file in daily_files(raw_dir, "predictions")]
    if not days:
        raise ProductError(f"`{raw_dir}` holds no `predictions_YYYY-MM-DD.csv`; there is nothing to judge")
    faults, first = _Faults(), min(days)
    appointments = _by_id(_read(raw_dir, "appointments", today, faults), faults)
    predictions = _by_id(_read_predictions(raw_dir, today, faults), faults)
    outcomes = _outcomes(raw_dir, today, faults)
    _miss_files(raw_dir, first, today, faults)
    reference = [clean.appointment for day, clean in appointments.values() if day < first]
    cases: dict[date, list[Case]] = {}
    for name, (day, clean) in appointments.items():
        predicted = predictions[name][1] if name in predictions else None
        case = Case(name, clean.sex, clean.appointment, predicted, outcomes.get(name))
        cases.setdefault(monday_of(day), []).append(case)
    strays = Counter(monday_of(day) for name, (day, _) in predictions.items() if name not in appointments)
    mondays = [monday_of(first) + WEEK * number for number in range((today - monday_of(first)) // WEEK)]
    return History(reference, [_week(monday, cases.get(monday, []), strays[monday], faults) for monday in mondays])


def _week(monday: date, cases: Sequence[Case], strays: int, faults: _Faults) -> Week:
    unpredicted = sum(case.predicted is None for case in cases)
    found = faults.of(monday)
    if unpredicted:
        found.append(DataFault("predictions", f"{unpredicted} appointments have none"))
    if strays:
        found.append(DataFault("appointments", f"{strays} predictions are for appointments that are not there"))
    labels = Labels(
        expected=sum(case.predicted is not None for case in cases),
        arrived=sum(case.predicted is not None and case.no_show is not None for case in cases),
    )
    broken = faults.many(monday, len(cases)) or unpredicted + strays > BEARABLE * max(len(cases), 1)
    return Week(monday, cases, found, labels, broken)


def _read(raw_dir: Path, kind: str, today: date, faults: _Faults) -> Iterator[tuple[DailyFile, CleanAppointment]]:
    for file in _due(raw_dir, kind, today):
        for record in _records(file, APPOINTMENT_COLUMNS, partial(clean_appointment, day=file.day), faults):
            yield file, record


def _read_predictions(raw_dir: Path, today: date, faults: _Faults) -> Iterator[tuple[DailyFile, Predicted]]:
    for file in _due(raw_dir, "predictions", today):
        for record in _records(file, PREDICTION_COLUMNS, clean_prediction, faults):
            yield file, record


def _outcomes(raw_dir: Path, today: date, faults: _Faults) -> Mapping[str, bool]:
    """What is known of each appointment; of two records of one the later counts."""
    found: dict[str, Outcome] = {}
    for file in _due(raw_dir, "outcomes", today):
        for record in _records(file, OUTCOME_COLUMNS, clean_outcome, faults):
            earlier = found.get(record.appointment_id)
            if record.recorded_at.date() <= today and (not earlier or earlier.recorded_at <= record.recorded_at):
                found[record.appointment_id] = record
    return {name: outcome.no_show for name, outcome in found.items()}


def _due(raw_dir: Path, kind: str, today: date) -> list[DailyFile]:
    return [file for file in daily_files(raw_dir, kind) if file.day <= today]


def _records(
    file: DailyFile, columns: tuple[str, ...], clean: Callable[[list[str]], Record], faults: _Faults
) -> Iterator[Record]:
    """The rows of a file that can be used; the others are faults, and so is a file that cannot be read."""
    try:
        for row in read_rows(file.path, columns):
            try:
                yield clean(row.values)
            except BadRowError as error:
                word = str(error).split()[0]
                faults.row(file, word if word in columns else file.path.name, str(error))
                log.debug("bad row", extra={"fields": {"file": file.path.name, "line": row.line}})
    except ProductError as error:
        faults.file(file.day, file.path.name, str(error))


def _by_id(records: Iterable[tuple[DailyFile, Record]], faults: _Faults) -> dict[str, tuple[date, Record]]:
    """Each record once, with the day of its file."""
    found: dict[str, tuple[date, Record]] = {}
    for file, record in records:
        if record.appointment_id in found:
            faults.row(file, file.path.name, "it is there twice")
        else:
            found[record.appointment_id] = (file.day, record)
    return found


def _miss_files(raw_dir: Path, first: date, today: date, faults: _Faults) -> None:
    """Note the files that should be there for each opening day since the first prediction."""
    for kind in ("appointments", "predictions", "outcomes"):
        there = {file.day for file in daily_files(raw_dir, kind)}
        for number in range((today - first).days):
            day = first + timedelta(days=number)
            if day.weekday() < OPEN_DAYS and day not in there:
                faults.file(day, f"{kind}_{day}.csv", "there is no such file")
