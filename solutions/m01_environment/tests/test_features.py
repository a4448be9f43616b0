"""What the features promise, at the edges too."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from noshow.appointment import CLINICS, REMINDERS, Appointment
from noshow.features import (
    FEATURES,
    feature_matrix,
    feature_row,
    hour_of_day,
    is_monday_or_friday,
    lead_days,
    no_show_rate,
)

MONDAY = datetime(2026, 3, 16, 10, 30)
APPOINTMENT = Appointment(
    clinic="north",
    age=47,
    booked_at=MONDAY - timedelta(days=14),
    starts_at=MONDAY,
    distance_km=3.4,
    previous_appointments=5,
    previous_no_shows=1,
    reminder="sms",
)


def test_lead_time_counts_parts_of_days() -> None:
    assert lead_days(MONDAY - timedelta(hours=36), MONDAY) == pytest.approx(1.5)


def test_lead_time_of_a_walk_in_is_zero() -> None:
    assert lead_days(MONDAY, MONDAY) == 0


def test_lead_time_refuses_an_appointment_before_its_booking() -> None:
    with pytest.raises(ValueError, match="before"):
        lead_days(MONDAY, MONDAY - timedelta(minutes=1))


@pytest.mark.parametrize(("missed", "earlier", "rate"), [(0, 0, 0.2), (1, 1, 1 / 3), (0, 5, 0.1), (5, 5, 0.6)])
def test_rate_is_drawn_to_one_in_five(missed: int, earlier: int, rate: float) -> None:
    assert no_show_rate(missed, earlier) == pytest.approx(rate)


@pytest.mark.parametrize(("missed", "earlier"), [(-1, 3), (4, 3)])
def test_rate_refuses_impossible_counts(missed: int, earlier: int) -> None:
    with pytest.raises(ValueError, match="impossible"):
        no_show_rate(missed, earlier)


def test_hour_has_minutes() -> None:
    assert hour_of_day(datetime(2026, 3, 16, 9, 45)) == pytest.approx(9.75)


@pytest.mark.parametrize(("day", "expected"), list(enumerate([True, False, False, False, True, False, False])))
def test_days_that_touch_the_weekend(day: int, expected: bool) -> None:
    assert is_monday_or_friday(MONDAY + timedelta(days=day)) is expected


def test_row_holds_each_feature_in_its_place() -> None:
    row = dict(zip(FEATURES, feature_row(APPOINTMENT), strict=True))
    assert row["log_lead_days"] == pytest.approx(np.log(15))
    assert row["no_show_rate"] == pytest.approx(0.2)
    assert row["age"] == 47
    assert row["distance_km"] == pytest.approx(3.4)
    assert row["hour_of_day"] == pytest.approx(10.5)
    assert row["monday_or_friday"] == 1


@pytest.mark.parametrize("clinic", CLINICS)
def test_one_clinic_is_marked(clinic: str) -> None:
    row = dict(zip(FEATURES, feature_row(replace(APPOINTMENT, clinic=clinic)), strict=True))
    assert [name for name in FEATURES if name.startswith("clinic_") and row[name] == 1] == [f"clinic_{clinic}"]


@pytest.mark.parametrize("reminder", REMINDERS)
def test_one_reminder_is_marked(reminder: str) -> None:
    row = dict(zip(FEATURES, feature_row(replace(APPOINTMENT, reminder=reminder)), strict=True))
    assert [name for name in FEATURES if name.startswith("reminder_") and row[name] == 1] == [f"reminder_{reminder}"]


def test_unknown_clinic_is_refused() -> None:
    with pytest.raises(ValueError, match="moon"):
        feature_row(replace(APPOINTMENT, clinic="moon"))


def test_matrix_has_a_row_for_each_appointment() -> None:
    matrix = feature_matrix([APPOINTMENT, replace(APPOINTMENT, age=20)])
    assert matrix.shape == (2, len(FEATURES))
    assert matrix[1, FEATURES.index("age")] == 20


def test_no_appointments_make_an_empty_matrix() -> None:
    assert feature_matrix([]).shape == (0, len(FEATURES))
