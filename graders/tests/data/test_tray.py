"""What a product is fed with: deliveries in heaps, in parts and in other words, and keys of its own."""

from __future__ import annotations

import copy
import csv
import io
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, cast

import pandas as pd
import pytest

from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data import tray as trays
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.spoilt import SPOILS
from mlops_grader.instruments.data.tray import Tray
from mlops_grader.instruments.product import Product

Chance = Callable[[int | str], Random]
Make = Callable[..., Product]
Told = Callable[[Callable[[], object]], str]

KEYED = 'key = os.environ.get("PSEUDONYM_KEY", "")'
OTHER = "another key of a test, 0123456789"


@pytest.fixture
def tray(product: Make, script: str, tmp_path: Path) -> Callable[..., Tray]:
    """A tray for a product that believes everything, or for one whose line with the key is another."""

    def make(key: str = KEYED, **scripts: str) -> Tray:
        assert KEYED in script
        (tmp_path / "copies").mkdir()
        files = {"data/raw/appointments_2025-01-01.csv": "old"}
        return Tray(product(files, **{"ingest": script.replace(KEYED, key), **scripts}), 3, tmp_path / "copies")

    return make


@pytest.fixture
def alone(tmp_path: Path) -> Tray:
    """A tray that is asked for deliveries only."""
    return Tray(cast("Any", None), 3, tmp_path)


def ids(content: bytes) -> list[str]:
    """The appointments of a file, in its order."""
    return [row["appointment_id"] for row in csv.DictReader(io.StringIO(content.decode(), newline=""))]


# Feeding


def test_a_product_is_fed_with_a_delivery(tray: Callable[..., Tray], plain: Delivery, told: Told) -> None:
    """In a copy of its own; what it said and how long it took is kept."""
    given = tray()
    fed = given.fed("clean days", plain)
    assert told(lambda: fed.must_be_true(fed.data())) == ""
    assert told(lambda: fed.must_name_its_sources(fed.data())) == ""
    assert (fed.printed.strip(), 0.05 < fed.seconds < 300) == ("done with 12 days", True)
    assert [path.name for path in given.folder.iterdir()] == ["0-clean-days"]
    assert not (given.product.root / "data/clean").exists()


def test_the_same_delivery_can_be_fed_in_other_words(tray: Callable[..., Tray], plain: Delivery, told: Told) -> None:
    """The files are others, and what must be true of them is the same."""
    contents = {name: b"\xef\xbb\xbf" + content for name, content in plain.contents().items()}
    fed = tray().fed("respelt", plain, contents)
    assert {path.name: path.read_bytes() for path in fed.ingestion.raw.iterdir()} == contents
    assert told(lambda: fed.must_be_true(fed.data())) == ""


def test_without_a_delivery_nothing_is_run(tray: Callable[..., Tray], told: Told) -> None:
    """There are no files, and no data."""
    fed = tray().fed("piecemeal")
    assert [*fed.ingestion.product.root.glob("data/raw/*")] == []
    assert told(fed.data) == "there is no `data/clean/_manifest.json`"


def test_each_copy_has_a_folder_of_its_own(tray: Callable[..., Tray]) -> None:
    """Also under the same name."""
    given = tray()
    roots = [given.fed("again").ingestion.product.root.name for _ in range(2)]
    assert roots == ["0-again", "1-again"]


def test_a_product_that_fails_is_told(tray: Callable[..., Tray], plain: Delivery, told: Told) -> None:
    """With what it said."""
    given = tray(ingest="raise SystemExit('no disk')")
    assert told(lambda: given.fed("clean days", plain)).endswith("exit code 1\nno disk")


def test_unusual_days_are_those_of_the_delivery(
    tray: Callable[..., Tray], monkeypatch: pytest.MonkeyPatch, chance: Chance
) -> None:
    """After a fortnight of ordinary ones, and known with the data."""
    monkeypatch.setattr(trays, "MANY_DAYS", 26)
    fed = tray().unusual(chance(1))
    days = [sheet.day for sheet in fed.delivery.of("appointments")]
    assert len(fed.events) == 5
    assert set(fed.events) <= set(days[14:])
    assert [str(part.day) for part in fed.data().manifest.partitions] == days


# Deliveries


def test_plain_and_corrected_files_are_of_the_same_practice(alone: Tray, chance: Chance) -> None:
    """The seed's; corrections add rows at the end of its files."""
    plain, corrected = alone.plain(), alone.corrected(chance(1))
    assert plain.sheets.keys() == corrected.sheets.keys()
    assert all(corrected.contents()[name].startswith(content) for name, content in plain.contents().items())
    assert plain.contents() != corrected.contents()


def test_a_part_of_a_delivery_is_every_second_day(alone: Tray, plain: Delivery) -> None:
    """With all outcomes; its truth is that of these days."""
    part = alone.part_of(plain)
    assert [sheet.name for sheet in part.of("appointments")] == [sheet.name for sheet in plain.of("appointments")[::2]]
    assert part.of("outcomes") == plain.of("outcomes")
    assert part.clean.index.tolist() == [each for sheet in part.of("appointments") for each in part.ids(sheet.name)]
    pd.testing.assert_frame_equal(part.clean, plain.clean.loc[part.clean.index])


def test_heaps_are_all_files_once(alone: Tray, plain: Delivery, chance: Chance) -> None:
    """Three of them, the first of appointments alone; others for each seed."""
    firsts = set()
    for seed in range(20):
        heaps = alone.heaps(plain, chance(seed))
        files = [item for heap in heaps for item in heap.items()]
        assert sorted(files) == sorted(plain.contents().items())
        assert [len(heap) for heap in heaps] == [3, 12, 12]
        assert {name.partition("_")[0] for name in heaps[0]} == {"appointments"}
        firsts.add(tuple(heaps[0]))
    assert len(firsts) == 20


def test_one_cell_is_changed(alone: Tray, plain: Delivery, chance: Chance) -> None:
    """One patient lives a tenth of a kilometre farther away, in the files and in the truth."""
    before = copy.deepcopy(plain.contents())
    for seed in range(10):
        changed = alone.with_one_cell_changed(plain, chance(seed))
        (name,) = (name for name, content in changed.contents().items() if content != before[name])
        pairs = zip(plain.sheets[name].rows, changed.sheets[name].rows, strict=True)
        ((row, now),) = ((row, now) for row, now in pairs if row != now)
        farther = changed.clean["distance_km"] - plain.clean["distance_km"]
        assert farther[farther != 0].index.tolist() == [now[0]]
        assert float(now[9]) == changed.clean.loc[now[0], "distance_km"] == pytest.approx(float(row[9]) + 0.1)
        assert [*row[:9], *row[10:]] == [*now[:9], *now[10:]]
    assert plain.contents() == before


def test_rows_come_in_another_order(alone: Tray, plain: Delivery, chance: Chance) -> None:
    """In every file the same rows; the delivery itself stays as it was."""
    before = plain.contents()
    shuffled = alone.shuffled(plain, chance(1))
    assert shuffled.keys() == before.keys()
    assert [name for name in before if sorted(ids(shuffled[name])) != sorted(ids(before[name]))] == []
    assert [name for name in before if len(ids(before[name])) > 5 and ids(shuffled[name]) == ids(before[name])] == []
    assert plain.contents() == before


def test_ways_to_write_are_those_of_the_delivery(alone: Tray, plain: Delivery, chance: Chance) -> None:
    """Nine files of twelve."""
    assert len(alone.respelt(plain, chance(1)).keys() & plain.sheets.keys()) == 9


# Keys


@pytest.fixture(scope="module")
def few() -> Delivery:
    """A delivery of three short days."""
    return deliveries.plain(3, 3, 20)


def shared(tray: Tray, few: Delivery, *keys: str | None) -> None:
    """Raise Fail when pseudonyms are shared between the key of the grader and these."""
    fed = tray.fed("known", few)
    of = {patient: next(iter(found)) for patient, found in fed.pseudonyms().items()}
    tray.must_not_share_pseudonyms("two keys", of, keys, few)


@pytest.mark.parametrize(
    ("key", "keys", "words"),
    [
        (KEYED, (OTHER,), ""),
        (KEYED, (None,), ""),
        ('key = "in the code"', (OTHER,), "two keys, and patients have the same pseudonyms"),
        ('key = os.environ["PSEUDONYM_KEY"][:2]', ("another",), ""),
        ('key = os.environ["PSEUDONYM_KEY"][:1]', ("another",), "two keys, and patients have the same pseudonyms"),
        ('key = os.environ.get("PSEUDONYM_KEY") or os.urandom(8).hex()', (None, None), ""),
        (KEYED, (None, None), "two keys, and patients have the same pseudonyms"),
        ('key = os.environ["PSEUDONYM_KEY"]', (None, None), ""),
    ],
    ids=["key", "no key", "in the code", "two signs", "one sign", "random", "none at all", "refused"],
)
def test_pseudonyms_under_other_keys_are_others(
    tray: Callable[..., Tray], few: Delivery, told: Told, key: str, keys: tuple[str | None, ...], words: str
) -> None:
    """A machine without a key makes one of its own or refuses the work."""
    assert told(lambda: shared(tray(key), few, *keys)) == words


def test_a_long_key_must_be_taken(tray: Callable[..., Tray], few: Delivery, told: Told) -> None:
    """It is none of the product's business what it looks like."""
    given = tray('key = os.environ["PSEUDONYM_KEY"]\nif "test" in key: raise SystemExit("not hexadecimal")')
    words = told(lambda: shared(given, few, OTHER))
    assert words.startswith("with a key of 33 characters, `ingest` fails: ")
    assert words.endswith("not hexadecimal")


def test_a_few_pseudonyms_may_agree_by_accident(tray: Callable[..., Tray], plain: Delivery, told: Told) -> None:
    """Of those who keep few characters of them."""
    given = tray()
    fed = given.fed("same key", plain)
    known = {patient: next(iter(found)) for patient, found in fed.pseudonyms().items()}
    several = dict(list(known.items())[: len(known) // 100])
    assert len(several) >= 3
    assert told(lambda: given.must_not_share_pseudonyms("two keys", several, [fed.ingestion.key], plain)) == ""


# A large practice, and one whose data are tested


def test_a_million_rows_are_those_of_a_large_practice(
    tray: Callable[..., Tray], monkeypatch: pytest.MonkeyPatch, told: Told
) -> None:
    """As many appointments as were asked for, and the outcome of each; nothing is ingested yet."""
    monkeypatch.setattr(trays, "PATIENTS_OF_A_MILLION", 800)
    fed = tray().million(100)
    files = {path.name: path.read_bytes() for path in fed.ingestion.raw.iterdir()}
    appointments = [each for name in sorted(files) if name.startswith("appointments") for each in ids(files[name])]
    outcomes = [each for name in sorted(files) if name.startswith("outcomes") for each in ids(files[name])]
    assert len(appointments) == 100
    assert sorted(outcomes) == sorted(appointments)
    assert not fed.ingestion.folder.exists()
    fed.ingestion.ingest()
    assert told(fed.must_hold_the_outcomes) == ""


@pytest.fixture
def few_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Data tests look at fewer days."""
    monkeypatch.setattr(trays, "GOOD_DAYS", 26)


def files_of(product: Product) -> dict[str, bytes]:
    """Its daily files."""
    return {path.name: path.read_bytes() for path in (product.root / "data/raw").iterdir()}


def test_a_good_delivery_takes_the_place_of_the_files(
    tray: Callable[..., Tray], few_days: None, tmp_path: Path
) -> None:
    """In a copy; it is that of a practice with which nothing is wrong."""
    given = tray()
    made = files_of(given.delivered(given.product, tmp_path / "good"))
    assert len([name for name in made if name.startswith("appointments")]) == 26
    assert {len(ids(content)) for name, content in made.items() if name.startswith("appointments")} == {113}
    assert [path.name for path in (given.product.root / "data/raw").iterdir()] == ["appointments_2025-01-01.csv"]


def test_spoilt_deliveries_are_that_one_with_something_wrong(
    tray: Callable[..., Tray], few_days: None, tmp_path: Path
) -> None:
    """Something else for each number, until all has been wrong."""
    given = tray()
    good = files_of(given.delivered(given.product, tmp_path / "good"))
    words = set()
    for number in range(len(SPOILS)):
        made, said = given.spoilt_delivery(given.product, tmp_path / f"bad-{number}", number)
        files = files_of(made)
        changed = [name for name in good if files.get(name) != good[name]]
        assert files.keys() <= good.keys()
        assert len(changed) == (15 if said.startswith("the outcomes") else 1)
        assert f"`{min(changed)}`" in said
        words.add(said.replace(min(changed), ""))
    assert len(words) == len(SPOILS)


def test_a_spoilt_delivery_can_be_repeated(tray: Callable[..., Tray], few_days: None, tmp_path: Path) -> None:
    """By its number."""
    given = tray()
    made = [given.spoilt_delivery(given.product, tmp_path / name, 2) for name in ("one", "two")]
    assert made[0][1] == made[1][1]
    assert files_of(made[0][0]) == files_of(made[1][0])
