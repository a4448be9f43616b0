"""What the clean data of each day are like, what is unusual about them, and a page to read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, stdev
from typing import Any

from pyarrow import parquet

from noshow.appointment import CLINICS, REMINDERS
from noshow.daily import Anomaly, Day, save_day
from noshow.day_page import save_page
from noshow.manifest import Manifest, Partition, part_path
from noshow.settings import Settings

BEFORE, FEWEST = 20, 5
"""A day is compared with up to 20 days before it, and with none while they are fewer than 5."""

FAR = 6.0
"""How many standard deviations are too many. About twenty numbers of each day are looked at, day after day."""

SHARES = {"clinic": CLINICS, "reminder": REMINDERS, "sex": ("f", "m")}
MEANS = ("age", "distance_km", "previous_appointments", "previous_no_shows", "lead_days", "hour")
COUNTS = ("appointments", "quarantined")


@dataclass(frozen=True)
class Number:
    """One number of a day, and how far it strays by chance alone (its standard error)."""

    value: float
    error: float


def report(manifest: Manifest, settings: Settings) -> Sequence[Day]:
    """Write `reports/data/2026-01-05.json` and `.html` for each day of the data; what was said.

    A day is judged by the days before it. A report of a day that is no longer in the data is removed.
    """
    quarantined = _quarantined(manifest, settings.clean_dir)
    numbers: list[Mapping[str, Number]] = []
    days: list[Day] = []
    for partition in manifest.partitions:
        columns = parquet.ParquetFile(part_path(partition, settings.clean_dir)).read().to_pydict()
        now = _numbers(columns, quarantined[f"appointments_{partition.day}.csv"])
        day = _day(partition, columns, now, numbers[-BEFORE:])
        save_day(day, settings.reports_dir)
        save_page(day, [*days[-BEFORE:], day], settings.reports_dir)
        days.append(day)
        numbers.append(now)
    _remove_others({str(day.day) for day in days}, settings.reports_dir / "data")
    return days


def _quarantined(manifest: Manifest, clean_dir: Path) -> Counter[str]:
    """Rows of each daily file that were left out; all of them when the whole file was."""
    rows = {source.file: source.rows for source in manifest.sources}
    found = parquet.ParquetFile(part_path(manifest.quarantine, clean_dir)).read(columns=["file", "row"]).to_pylist()
    counts: Counter[str] = Counter()
    for each in found:
        counts[each["file"]] += 1 if each["row"] else max(rows[each["file"]], 1)
    return counts


def _numbers(columns: Mapping[str, Sequence[Any]], quarantined: int) -> dict[str, Number]:
    rows = len(columns["appointment_id"])
    found = {
        "appointments": Number(rows, rows**0.5),
        "quarantined": Number(quarantined, max(quarantined, 1) ** 0.5),
    }
    for name in MEANS:
        values = _values(columns, name)
        found[name] = Number(fmean(values), (stdev(values) if rows > 1 else 0.0) / rows**0.5)
    for name, choices in SHARES.items():
        for choice in choices:
            share = columns[name].count(choice) / rows
            found[f"{name} {choice}"] = Number(share, (max(share * (1 - share), 1 / rows) / rows) ** 0.5)
    return found


def _values(columns: Mapping[str, Sequence[Any]], name: str) -> list[float]:
    starts, booked = columns["starts_at"], columns["booked_at"]
    if name == "lead_days":
        return [(start - book).total_seconds() / 86400 for start, book in zip(starts, booked, strict=True)]
    if name == "hour":
        return [start.hour + start.minute / 60 for start in starts]
    return [float(value) for value in columns[name]]


def _day(
    partition: Partition,
    columns: Mapping[str, Sequence[Any]],
    now: Mapping[str, Number],
    before: Sequence[Mapping[str, Number]],
) -> Day:
    known = sum(value is not None for value in columns["no_show"])
    found = (
        [_anomaly(name, now[name], [each[name] for each in before]) for name in now] if len(before) >= FEWEST else []
    )
    return Day(
        day=partition.day,
        appointments=partition.rows,
        outcomes=known,
        quarantined=round(now["quarantined"].value),
        statistics={name: round(number.value, 4) for name, number in now.items()},
        anomalies=[anomaly for anomaly in found if anomaly],
    )


def _anomaly(name: str, now: Number, before: Sequence[Number]) -> Anomaly | None:
    """What is said of a number that is further from its usual value than chance and the usual ups and downs explain.

    The usual value is the median and the ups and downs are the median distance from it: one bad day among those before
    moves neither.
    """
    usual = median(number.value for number in before)
    strays = 1.4826 * median(abs(number.value - usual) for number in before)
    chance = max(now.error, median(number.error for number in before))
    if abs(now.value - usual) <= FAR * max(strays, chance):
        return None
    where, _, choice = name.partition(" ")
    what = f"the share of {choice}" if choice else "the number" if name in COUNTS else "the average"
    columns = {"lead_days": "booked_at", "hour": "starts_at"}
    return Anomaly(
        columns.get(where, where), f"{what} is {now.value:.4g}, and was about {usual:.4g} on the days before"
    )


def _remove_others(days: set[str], folder: Path) -> None:
    for path in folder.glob("????-??-??.*"):
        if path.stem not in days:
            path.unlink()
