"""What is ordered of practices: all that is to be found, and nothing that tells where it is."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from mlops_grader.instruments.drift.orders import (
    BAD_RELEASES,
    DIARY,
    GOOD_RELEASES,
    INCOMPLETE,
    LARGE,
    MEDIUM,
    QUIET,
    QUIET_CHECK_UPS,
    UNUSABLE,
    broken,
    drill,
    is_check_up,
    mixed,
)
from mlops_grader.instruments.drift.practice import Damage, Order
from mlops_grader.instruments.world import Drift, World, write_days

SEEDS = range(8)


def draw(seed: int) -> Random:
    """What orders are drawn with."""
    return Random(seed)  # noqa: S311  # reproducible on purpose


def what(drift: Drift) -> tuple[str, str, bool]:
    """Its kind, what it changes, and in which direction."""
    name = getattr(drift, "feature", "") or getattr(drift, "part", "")
    return type(drift).__name__, name, drift.size > 0


def test_each_drift_comes_in_two_sizes() -> None:
    """Nine of them, and the medium ones are the smaller."""
    assert [what(drift) for drift in LARGE] == [what(drift) for drift in MEDIUM]
    assert len({what(drift) for drift in LARGE}) == 9
    assert all(abs(medium.size) < abs(large.size) for large, medium in zip(LARGE, MEDIUM, strict=True))


@pytest.mark.parametrize("seed", SEEDS)
def test_each_drift_is_ordered_once(seed: int) -> None:
    """In each size, under its name, and without anything else in its week."""
    drifted = [order for order in mixed(draw(seed)) if order.drift]
    expected = [Order(drift, "large") for drift in LARGE] + [Order(drift, "medium") for drift in MEDIUM]
    assert Counter(drifted) == Counter(expected)


@pytest.mark.parametrize("seed", SEEDS)
def test_enough_weeks_are_quiet_in_and_out_of_season(seed: int) -> None:
    """Four of them have check-up days."""
    orders = mixed(draw(seed))
    quiet = [is_check_up(number) for number, order in enumerate(orders) if order == Order()]
    assert (quiet.count(False), quiet.count(True)) == (QUIET, QUIET_CHECK_UPS)
    assert len(orders) == 42


@pytest.mark.parametrize("seed", SEEDS)
def test_a_release_is_between_two_quiet_weeks(seed: int) -> None:
    """What is wrong in its week is of its own making."""
    orders = mixed(draw(seed))
    released = [number for number, order in enumerate(orders) if order.release]
    assert Counter(orders[number].release for number in released) == {"good": GOOD_RELEASES, "bad": BAD_RELEASES}
    assert {orders[number + step] for number in released for step in (-1, 1)} == {Order()}
    assert 0 not in released


def test_orders_depend_on_the_seed_alone() -> None:
    """The same gives the same, another another."""
    assert mixed(draw(1)) == mixed(draw(1))
    assert len({mixed(draw(seed)) for seed in SEEDS}) == len(SEEDS)


def test_the_place_of_a_week_tells_nothing() -> None:
    """Each may be quiet or drifted, each inner one released well or badly; weeks in season are quiet as often as others."""
    drawn = [mixed(draw(seed)) for seed in range(300)]
    for number in range(42):
        orders = [orders[number] for orders in drawn]
        assert 0.2 < sum(order == Order() for order in orders) / 300 < 0.75, number
        assert sum(bool(order.drift) for order in orders) / 300 > 0.2, number
        if 0 < number < 41:
            assert {order.release for order in orders} == {"", "good", "bad"}, number


def test_the_size_of_a_drift_does_not_tell_its_place() -> None:
    """Large ones come early as often as late."""
    drawn = [mixed(draw(seed)) for seed in range(300)]
    places = {
        size: [number for orders in drawn for number, order in enumerate(orders) if order.size == size]
        for size in ("large", "medium")
    }
    means = [sum(each) / len(each) for each in places.values()]
    assert means == [pytest.approx(20.5, abs=1.0)] * 2


@pytest.mark.parametrize(
    ("number", "monday"), [(0, date(2026, 3, 30)), (1, date(2026, 4, 6)), (5, date(2026, 5, 4)), (40, date(2027, 1, 4))]
)
def test_check_up_weeks_are_known_by_their_number(number: int, monday: date) -> None:
    """It counts from the first week with the model on."""
    assert date(2026, 1, 5) + timedelta(7) * (12 + number) == monday
    assert is_check_up(number) == (monday.day <= 7)


@pytest.mark.parametrize("damages", [UNUSABLE, INCOMPLETE], ids=["unusable", "incomplete"])
@pytest.mark.parametrize("seed", SEEDS)
def test_broken_weeks_come_after_quiet_ones(damages: tuple[Damage, ...], seed: int) -> None:
    """All that are given, each once and alone in its week."""
    orders = broken(draw(seed), damages)
    assert orders[::2] == (Order(),) * len(damages)
    found = [order.damage for order in orders[1::2] if order.damage]
    assert orders[1::2] == tuple(Order(damage=damage) for damage in found)
    assert sorted(damage.words for damage in found) == sorted(damage.words for damage in damages)


def test_broken_weeks_come_in_any_order() -> None:
    """Each damage has its turn in each place."""
    drawn = [broken(draw(seed), UNUSABLE) for seed in range(200)]
    for place in (1, 3, 5, 7, 9, 11):
        assert {orders[place].damage.words for orders in drawn if orders[place].damage} == {
            damage.words for damage in UNUSABLE
        }


def test_the_diary_has_one_drifted_week() -> None:
    """The third, in which patients decide differently."""
    assert [bool(order.drift) for order in DIARY] == [False, False, True, False]
    assert DIARY[2].drift == LARGE[5]


# The files to practise with


@pytest.fixture(scope="module")
def drilled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the drill."""
    folder = tmp_path_factory.mktemp("drill")
    drill(folder)
    return folder


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that students were given before: sixty days of the same world."""
    folder = tmp_path_factory.mktemp("given")
    write_days(World(seed=2026).days(days=60, per_day=150), folder)
    return folder


def test_the_drill_follows_on_the_given_files(drilled: Path, given: Path) -> None:
    """Appointments and predictions from the Monday after them on."""
    first = {kind: min(path.name for path in drilled.glob(f"{kind}_*")) for kind in ("appointments", "predictions")}
    assert first == {kind: f"{kind}_2026-03-30.csv" for kind in first}
    assert max(path.name for path in given.glob("appointments_*")) == "appointments_2026-03-27.csv"
    assert not {path.name for path in drilled.glob("appointments_*")} & {path.name for path in given.iterdir()}


def test_a_file_of_outcomes_that_was_given_loses_nothing(drilled: Path, given: Path) -> None:
    """Where both have one of a day, that of the drill holds what the other did, and more."""
    both = {path.name for path in drilled.iterdir()} & {path.name for path in given.iterdir()}
    assert both == {f"outcomes_2026-{day}.csv" for day in ("03-31", "04-01", "04-02")}
    for name in both:
        old, new = ({*(folder / name).read_text().splitlines()} for folder in (given, drilled))
        assert old < new


def test_given_files_and_drill_hold_all_outcomes(drilled: Path, given: Path) -> None:
    """Each appointment of both has one."""
    files = {path.name: path for folder in (given, drilled) for path in folder.iterdir()}
    ids = {
        kind: sorted(
            number
            for name, path in files.items()
            if name.startswith(kind) and "2026-04-2" not in name  # a week of which the column is in metres
            for number in pd.read_csv(path, usecols=["appointment_id"])["appointment_id"]
        )
        for kind in ("appointments", "outcomes")
    }
    whole = {*ids["outcomes"]}
    assert len(whole) == len(ids["outcomes"])
    assert {number for number in ids["appointments"] if number < "A0009001"} <= whole
