"""The weeks by which the practices and their monitoring count."""

from datetime import date, timedelta

OPEN_DAYS = 5
"""Clinics are open from Monday to Friday; there are no holidays."""


def monday_of(day: date) -> date:
    """The Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def week_name(day: date) -> str:
    """The ISO week of a day, such as `2026-W14`."""
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


def is_check_up_week(day: date) -> bool:
    """Whether a day is in the first full week of a month.

    In that week the practices hold check-up days: older patients come, who booked long before.
    """
    return monday_of(day).day <= 7
