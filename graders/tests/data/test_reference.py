"""The reference, run on deliveries of each kind: the checks have nothing to say against it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

import compose
from mlops_grader.check import Fail
from mlops_grader.checks import m02_data
from mlops_grader.contract import Commands, Contract
from mlops_grader.instruments.data.fed import Fed
from mlops_grader.instruments.data.tray import Tray
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

Chance = Callable[[int | str], Random]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The reference without its own daily files, run by the interpreter of these tests."""
    folder = tmp_path_factory.mktemp("reference")
    root = folder / "clone"
    compose.fill(root, "m02_data", compose.Answers("noshow", "Student"), solved=True)
    shutil.rmtree(root / "data/raw")
    files = tuple(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    commands = Commands(ingest=f'"{sys.executable}" -m noshow ingest')
    environment = cast("Any", SimpleNamespace(variables=lambda: {"PYTHONDONTWRITEBYTECODE": "1"}))
    submission = Submission(root, root, None, "", clean=True, files=files)
    return Product(submission, environment, HostSandbox(folder / "home"), Contract(name="noshow", commands=commands))


@pytest.fixture
def tray(reference: Product, tmp_path: Path) -> Callable[[int], Tray]:
    """A tray for it, by the seed."""
    return lambda seed: Tray(reference, seed, tmp_path)


@pytest.mark.parametrize("seed", [31, 32])
def test_the_reference_leaves_out_what_is_damaged(tray: Callable[[int], Tray], seed: int, chance: Chance) -> None:
    """Each bad row for its column, and nothing else; no personal data are left."""
    fed = tray(seed).damaged(chance(seed))
    m02_data.test_bad_rows_are_quarantined(fed)
    m02_data.test_no_row_is_lost(fed)
    m02_data.test_holds_no_personal_data(fed)
    assert len([*fed.made()]) > 25, "reports, data and what it printed were searched"


@pytest.mark.parametrize("seed", [31, 32])
def test_the_reference_takes_corrections(tray: Callable[[int], Tray], seed: int, chance: Chance) -> None:
    """The later row, the later outcome, and of a repetition one."""
    m02_data.test_later_rows_replace_earlier_ones(tray(seed), chance(seed))


def test_the_reference_reads_other_spellings(tray: Callable[[int], Tray], chance: Chance) -> None:
    """Those that mean the same; it may refuse the others."""
    m02_data.test_other_spellings_of_a_file_are_read(tray(31), chance(31))


@pytest.fixture
def unusual(tray: Callable[[int], Tray], chance: Chance) -> Callable[[int], Fed]:
    """The reference after a delivery with unusual days."""
    return lambda seed: tray(seed).unusual(chance(seed))


@pytest.mark.parametrize("seed", [31, 32])
def test_the_reference_reports_unusual_days_and_no_others(unusual: Callable[[int], Fed], seed: int) -> None:
    """Each event by its column; ordinary days are called unusual on fewer than one day in a hundred."""
    fed = unusual(seed)
    m02_data.test_unusual_days_are_reported(fed)
    days = [str(part.day) for part in fed.data().manifest.partitions]
    assert [day for day in days if fed.day(day).anomalies] == sorted(fed.events)


def test_an_event_that_is_not_reported_is_told(unusual: Callable[[int], Fed]) -> None:
    """An ordinary day that was ordered to be unusual has no anomaly of that name."""
    fed = unusual(31)
    days = [str(part.day) for part in fed.data().manifest.partitions]
    ordinary = next(day for day in days if day not in fed.events)
    event = next(iter(fed.events.values()))
    with pytest.raises(Fail, match=f"{ordinary}: {event.words}, and its anomalies name nothing"):
        m02_data.test_unusual_days_are_reported(replace(fed, events={**fed.events, ordinary: event}))
