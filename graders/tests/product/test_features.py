"""What the features promise, at their edges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Ask = Callable[[str], object]

APPOINTMENT = (
    "Appointment('hill', 47, datetime(2026, 3, 2, 9, 15), datetime(2026, 3, 16, 10, 30), 3.4, 5, 1, {reminder!r})"
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("lead_days(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 21))", 0.5),
        ("lead_days(datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 9))", 0.0),
        ("lead_days(datetime(2024, 2, 28), datetime(2024, 3, 1))", 2.0),
        ("no_show_rate(0, 0)", 0.2),
        ("no_show_rate(1, 1)", 2 / 6),
        ("no_show_rate(4, 15)", 0.25),
        ("hour_of_day(datetime(2026, 3, 2, 0, 0))", 0.0),
        ("hour_of_day(datetime(2026, 3, 2, 9, 30))", 9.5),
        (
            "[is_monday_or_friday(datetime(2026, 3, day)) for day in range(2, 9)]",
            [True] + [False] * 3 + [True, False, False],
        ),
        ("age_on(date(1979, 3, 2), date(2026, 3, 1))", 46),
        ("age_on(date(1979, 3, 2), date(2026, 3, 2))", 47),
        ("age_on(date(2004, 2, 29), date(2026, 2, 28))", 21),
        ("age_on(date(2004, 2, 29), date(2026, 3, 1))", 22),
        ("age_on(date(2026, 3, 2), date(2026, 3, 2))", 0),
        ("feature_matrix([]).shape == (0, len(FEATURES))", True),
    ],
)
def test_gives_the_documented_value(ask: Ask, expression: str, expected: object) -> None:
    assert ask(expression) == expected


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("lead_days(datetime(2026, 3, 2, 9, 1), datetime(2026, 3, 2, 9))", "is before booked_at"),
        ("no_show_rate(2, 1)", "2 of 1 previous appointments missed is impossible"),
        ("no_show_rate(-1, 1)", "-1 of 1 previous appointments missed is impossible"),
        ("age_on(date(2026, 3, 2), date(2026, 3, 1))", "birth_date is after the day"),
        (f"feature_row({APPOINTMENT.format(reminder='fax')})", "'fax' is not one of none, sms, call"),
    ],
)
def test_refuses_what_is_impossible(ask: Ask, expression: str, error: str) -> None:
    answer = ask(expression)
    assert isinstance(answer, str)
    assert answer.startswith("ValueError: ")
    assert error in answer


def test_a_row_follows_the_names(ask: Ask) -> None:
    row = ask(f"dict(zip(FEATURES, feature_row({APPOINTMENT.format(reminder='sms')}), strict=True))")
    assert row == {
        "log_lead_days": pytest.approx(2.7115, abs=1e-4),
        "no_show_rate": 0.2,
        "age": 47.0,
        "distance_km": 3.4,
        "hour_of_day": 10.5,
        "monday_or_friday": 1.0,
        "clinic_north": 0.0,
        "clinic_harbour": 0.0,
        "clinic_hill": 1.0,
        "clinic_station": 0.0,
        "reminder_none": 0.0,
        "reminder_sms": 1.0,
        "reminder_call": 0.0,
    }


def test_a_function_replaced_at_the_end_of_the_module_is_used(ask: Ask) -> None:
    planted = "exec('hour_of_day = lambda moment: -1.0', feature_row.__globals__)"
    restored = "exec('hour_of_day = kept', feature_row.__globals__)"
    ask("exec('kept = hour_of_day', feature_row.__globals__)")
    ask(planted)
    try:
        assert ask(f"feature_row({APPOINTMENT.format(reminder='sms')})[4]") == -1.0
    finally:
        ask(restored)


@pytest.mark.parametrize(
    "text", ["2026-3-2T09:15", "2026-03-02 09:15", "2026-03-02T24:00", "2026-02-30T09:15", "٢٠٢٦-03-02T09:15"]
)
def test_a_moment_is_written_in_one_way(ask: Ask, text: str) -> None:
    assert str(ask(f"str(parse_minute({text!r}))")).startswith("ValueError")
