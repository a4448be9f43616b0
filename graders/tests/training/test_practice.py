"""A practice to learn from holds nothing of its future, and every seed has another one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from mlops_grader.instruments.training import quality
from mlops_grader.instruments.training.practice import BOOKED, FUTURE, PAST, PER_DAY, Practice


def written(practice: Practice, folder: Path) -> dict[str, list[dict[str, str]]]:
    """The rows of the files, by kind."""
    practice.write(folder)
    found: dict[str, list[dict[str, str]]] = {"appointments": [], "outcomes": []}
    for path in sorted(folder.iterdir()):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.name.partition("_")[0]] += csv.DictReader(file)
    return found


def test_files_hold_the_past_and_what_is_booked(practice: Practice, tmp_path: Path) -> None:
    """Outcomes of the past alone, and no appointment of the future."""
    found = written(practice, tmp_path / "raw")
    past, booked = set(practice.past["appointment_id"]), set(practice.booked["appointment_id"])
    assert {row["appointment_id"] for row in found["appointments"]} == past | booked
    assert sorted(row["appointment_id"] for row in found["outcomes"]) == sorted(past)


def test_outcomes_are_those_of_the_frame(practice: Practice, tmp_path: Path) -> None:
    """What the grader compares with is what the product learns from."""
    found = {row["appointment_id"]: row["outcome"] == "no_show" for row in written(practice, tmp_path)["outcomes"]}
    assert found == dict(zip(practice.past["appointment_id"], practice.past["no_show"].map(bool), strict=True))


def test_parts_follow_one_another(practice: Practice) -> None:
    """No day is in two of them, and each has its days."""
    days = [np.unique(practice.days(part)) for part in (practice.past, practice.booked, practice.future)]
    assert days[0].max() < days[1].min() < days[1].max() < days[2].min()
    assert PAST[0] <= len(days[0]) <= PAST[1]
    assert (len(days[1]), len(days[2]), len(practice.future)) == (BOOKED, FUTURE, FUTURE * PER_DAY)


def test_seeds_have_practices_of_their_own() -> None:
    """Other first days and other numbers of days; the same seed has the same."""
    parts = [(practice.past["starts_at"].min(), len(practice.past)) for practice in map(Practice, range(6))]
    assert len({first for first, _ in parts}) > 3
    assert len({rows for _, rows in parts}) > 2
    assert parts[0] == (Practice(0).past["starts_at"].min(), len(Practice(0).past))


def test_the_reference_is_a_fair_measure(practice: Practice) -> None:
    """A plain model reaches what the data sheet of the world says, and is calibrated."""
    missed, found = practice.future["no_show"].to_numpy(), practice.reference()
    assert 0.7 < quality.auc(missed, found) < 0.8
    assert quality.calibration_error(practice.future["no_show_probability"].to_numpy(), found)[0] < 0.02
