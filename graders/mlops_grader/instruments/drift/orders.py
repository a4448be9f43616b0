"""What is ordered of practices: quiet weeks and drifted ones, better and worse releases, and broken files, in an order by seed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random

from mlops_grader.instruments.drift.practice import REFERENCE_WEEKS, WEEK, Damage, Order, Practice
from mlops_grader.instruments.world import (
    ChangeUnit,
    ConceptDrift,
    CovariateDrift,
    Drift,
    DropColumn,
    Duplicates,
    Encoding,
    LateFiles,
    Nulls,
    RenameColumn,
    RenameValues,
    Truncated,
)
from mlops_grader.instruments.world.simulation import START

LARGE: tuple[Drift, ...] = (
    CovariateDrift("lead_days", 1.2, START),
    CovariateDrift("distance_km", 0.6, START),
    CovariateDrift("age", 0.6, START),
    CovariateDrift("clinic", 3.2, START),
    CovariateDrift("reminder", 0.6, START),
    ConceptDrift("rate", 1.2, START),
    ConceptDrift("rate", -1.6, START),
    ConceptDrift("lead", -3.0, START),
    ConceptDrift("reliability", -2.0, START),
)
MEDIUM: tuple[Drift, ...] = (
    CovariateDrift("lead_days", 0.75, START),
    CovariateDrift("distance_km", 0.32, START),
    CovariateDrift("age", 0.32, START),
    CovariateDrift("clinic", 1.5, START),
    CovariateDrift("reminder", 0.32, START),
    ConceptDrift("rate", 0.9, START),
    ConceptDrift("rate", -1.1, START),
    ConceptDrift("lead", -2.0, START),
    ConceptDrift("reliability", -1.2, START),
)
UNUSABLE: tuple[Damage, ...] = (
    Damage("`distance_km` comes in metres", ("distance_km",), partial(ChangeUnit, "distance_km", 1000.0, 0)),
    Damage("the column `distance_km` is called `dist`", ("distance_km", "appointments"), partial(RenameColumn, "distance_km", "dist")),
    Damage("the column `reminder` is missing", ("reminder", "appointments"), partial(DropColumn, "reminder")),
    Damage("`reminder` says SMS and PHONE", ("reminder",), partial(RenameValues, "reminder", {"sms": "SMS", "call": "PHONE"})),
    Damage("three in ten `previous_no_shows` are empty", ("previous_no_shows",), partial(Nulls, "previous_no_shows", 0.3, 1)),
    Damage("the files are in another encoding", ("appointments",), partial(Encoding, "utf-16"), days=3),
)  # fmt: skip
INCOMPLETE: tuple[Damage, ...] = (
    Damage("a file of predictions is empty", ("predictions",), partial(Truncated, 0.0), "predictions", days=1),
    Damage("a file of appointments is cut off in the middle", ("appointments",), partial(Truncated, 0.55), days=1),
    Damage("a file of predictions is cut off in the middle", ("predictions",), partial(Truncated, 0.55), "predictions", days=1),
    Damage("rows of predictions come twice", ("predictions", "appointment_id"), partial(Duplicates, 0.4, 1), "predictions"),
    Damage("no outcomes have come", ("outcomes",), partial(LateFiles, 400), "outcomes"),
    Damage("two files of predictions have not come", ("predictions",), partial(LateFiles, 400), "predictions", days=2),
)  # fmt: skip


DIARY = (Order(), Order(), Order(LARGE[5], "large"), Order())
DRILL = (
    *(Order(), Order(), Order(LARGE[0], "large"), Order(damage=UNUSABLE[0])),
    *(Order(), Order(release="bad"), Order()),
    *(Order(LARGE[7], "large"),) * 9,
)
DRILL_SEED = 2026  # that of the given data
QUIET, QUIET_CHECK_UPS, GOOD_RELEASES, BAD_RELEASES = 16, 4, 2, 2


def mixed(random: Random) -> tuple[Order, ...]:
    """Every drift once, quiet weeks, and releases, in any order; some of the weeks with check-up days are quiet.

    Before and after a release is a quiet week: what is wrong in its week is of its own making.
    """
    drifts = [Order(drift, "large") for drift in LARGE] + [Order(drift, "medium") for drift in MEDIUM]
    releases = [Order(release="bad")] * BAD_RELEASES + [Order(release="good")] * GOOD_RELEASES
    total = len(drifts) + len(releases) + QUIET + QUIET_CHECK_UPS
    check_ups = [number for number in range(total) if is_check_up(number)]
    others = [number for number in range(total) if number not in check_ups]
    while True:
        quiet = {*random.sample(check_ups, QUIET_CHECK_UPS), *random.sample(others, QUIET)}
        between = [number for number in range(total) if number not in quiet and {number - 1, number + 1} <= quiet]
        if len(between) >= len(releases):
            break
    random.shuffle(drifts)
    released, left = dict(zip(random.sample(between, len(releases)), releases, strict=True)), iter(drifts)
    return tuple(Order() if n in quiet else released[n] if n in released else next(left) for n in range(total))


def drill(folder: Path) -> None:
    """Write what students practise with: the files that follow on the given ones, which are the reference."""
    practice = Practice(DRILL_SEED, DRILL, check_ups=False)
    practice.write(folder)
    for path in folder.glob("*.csv"):
        kind, _, day = path.stem.partition("_")
        first = practice.mondays[0].isoformat()
        if day < first or (kind == "outcomes" and day == first):
            path.unlink()


def is_check_up(number: int) -> bool:
    """Whether the ordered week with this number, from 0 on, holds check-up days."""
    return (START + WEEK * (REFERENCE_WEEKS + number)).day <= WEEK.days


def broken(random: Random, damages: tuple[Damage, ...]) -> tuple[Order, ...]:
    """These damages in any order, each after a quiet week."""
    return tuple(order for damage in random.sample(damages, len(damages)) for order in (Order(), Order(damage=damage)))
