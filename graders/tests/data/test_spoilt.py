"""Bad deliveries to order: one file says something else, or files are missing, and the words say which."""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Callable
from random import Random

import pytest

from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.spoilt import SPOILS, Spoil

Chance = Callable[[int | str], Random]

TRIES = 40
NAMED = {spoil.__name__.strip("_"): spoil for spoil in SPOILS}
OF_APPOINTMENTS = {name: spoil for name, spoil in NAMED.items() if name != "no_outcomes"}


@pytest.fixture(scope="module")
def good() -> Delivery:
    """Thirty days; tests do not change them."""
    return deliveries.plain(9, 30, 12)


def spoilt(good: Delivery, spoil: Spoil, random: Random) -> tuple[str, dict[str, bytes | None]]:
    """The words, and the files that are others than before by their names, None for one that is gone."""
    before = good.contents()
    contents = dict(before)
    words = spoil(good, contents, random)
    assert contents.keys() <= before.keys()
    return words, {name: contents.get(name) for name in before if contents.get(name) != before[name]}


def cells(content: bytes) -> dict[str, list[str]]:
    """The columns of a file."""
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    return {column: list(values) for column, *values in zip(header, *rows, strict=True)}


@pytest.mark.parametrize("name", [*OF_APPOINTMENTS])
def test_one_file_of_the_later_half_is_spoilt(good: Delivery, name: str, chance: Chance) -> None:
    """There are days before to compare with, and days after; the words name it."""
    days = [sheet.name for sheet in good.of("appointments")]
    seen = set()
    for seed in range(TRIES):
        words, changed = spoilt(good, OF_APPOINTMENTS[name], chance(seed))
        (file,) = changed
        assert f"`{file}`" in words
        seen.add(file)
    assert seen <= set(days[15:27])
    assert len(seen) > 6


@pytest.mark.parametrize("name", [*NAMED])
def test_the_good_delivery_stays_as_it_was(good: Delivery, name: str, chance: Chance) -> None:
    """Only its contents are changed, and the same for the same seed."""
    before = copy.deepcopy(good)
    assert spoilt(good, NAMED[name], chance(1)) == spoilt(good, NAMED[name], chance(1))
    assert good.contents() == before.contents()


@pytest.mark.parametrize(
    ("name", "column", "wanted"),
    [
        ("in_metres", "distance_km", lambda text: f"{float(text) * 1000 + 2000:.0f}"),
        ("in_capitals", "reminder", str.upper),
        ("all_called", "reminder", lambda _: "call"),
    ],
)
def test_one_column_is_spoilt(good: Delivery, name: str, column: str, wanted: object, chance: Chance) -> None:
    """In every row; the others are as before."""
    assert callable(wanted)
    ((file, content),) = spoilt(good, NAMED[name], chance(3))[1].items()
    assert content
    expected = cells(good.contents()[file])
    expected[column] = [wanted(text) for text in expected[column]]
    assert cells(content) == expected


def test_distances_in_metres_are_impossible_in_kilometres(good: Delivery, chance: Chance) -> None:
    """Also for who lives at the clinic's door."""
    for seed in range(TRIES):
        (content,) = spoilt(good, NAMED["in_metres"], chance(seed))[1].values()
        assert content
        assert min(float(text) for text in cells(content)["distance_km"]) > 1000


def test_a_day_may_be_missing(good: Delivery, chance: Chance) -> None:
    """Its file is not there."""
    assert [*spoilt(good, NAMED["a_day_is_missing"], chance(1))[1].values()] == [None]


def test_a_file_may_be_empty(good: Delivery, chance: Chance) -> None:
    """It is there, without a header."""
    assert [*spoilt(good, NAMED["empty"], chance(1))[1].values()] == [b""]


def test_a_file_may_be_cut_off(good: Delivery, chance: Chance) -> None:
    """Most of it is lost, and what is left is as it was."""
    for seed in range(TRIES):
        ((file, content),) = spoilt(good, NAMED["cut_off"], chance(seed))[1].items()
        whole = good.contents()[file]
        assert content
        assert whole.startswith(content)
        assert 0.14 < len(content) / len(whole) <= 0.35


def test_a_column_may_have_another_name(good: Delivery, chance: Chance) -> None:
    """Its cells are there."""
    ((file, content),) = spoilt(good, NAMED["without_a_column"], chance(1))[1].items()
    assert content
    before, after = cells(good.contents()[file]), cells(content)
    assert after.pop("missed") == before.pop("previous_no_shows")
    assert after == before


def test_outcomes_of_three_weeks_may_be_missing(good: Delivery, chance: Chance) -> None:
    """Fifteen files after another; the words name the first."""
    files = [sheet.name for sheet in good.of("outcomes")]
    firsts = set()
    for seed in range(TRIES):
        words, changed = spoilt(good, NAMED["no_outcomes"], chance(seed))
        first = files.index(min(changed))
        assert {*changed.values()} == {None}
        assert sorted(changed) == files[first : first + 15]
        assert f"`{files[first]}`" in words
        firsts.add(first)
    assert firsts == {*range(5, 13)}
