"""The small practice is the same for a seed, and its outcomes are as wrong as they are said to be."""

from __future__ import annotations

from random import Random

import pytest

from mlops_grader.instruments.tracking.clinic import WRONG, Clinic, Quality

CLINIC = Clinic(5)


def test_a_seed_is_a_practice() -> None:
    """Another seed is another one."""
    assert Clinic(5).frame.equals(CLINIC.frame)
    assert not Clinic(6).frame["patient_id"].head(50).equals(CLINIC.frame["patient_id"].head(50))


@pytest.mark.parametrize("quality", list(WRONG))
def test_so_many_outcomes_are_turned_round(quality: Quality) -> None:
    """None for the good one, all for the worst."""
    [of] = CLINIC.outcomes(quality).values()
    pairs = zip(CLINIC.frame["appointment_id"], CLINIC.frame["no_show"], strict=True)
    share = sum(of(name) != missed for name, missed in pairs) / len(CLINIC.frame)
    assert share == pytest.approx(WRONG[quality], abs=0.03)


def test_people_are_known_by_words_that_nobody_else_uses() -> None:
    """Names, numbers and ids; none of them is a word of the program."""
    words = CLINIC.people(Random(1))  # noqa: S311
    assert len(words) > 200
    assert any(word.startswith("P0") for word in words)
    assert any(word.startswith("+1-") for word in words)
    assert all(len(word) > 6 for word in words)
