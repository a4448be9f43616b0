"""How the model behaves, whatever its coefficients are.

* Direction: who booked longer ago, who missed more appointments and who got no reminder is more at risk, all else equal.
  Anything that a request may hold counts: from a booking of yesterday to one of three months ago, from a patient who
  missed none to one who missed nearly all.
* Invariance: a prediction depends neither on the other rows nor on their order, nor on the week in which it all happens.
* Minimum functionality: clear cases are clear, and the average probability is about the share that is missed.
* Training: the same rows give the same model; the test comes after all that was learned from, and no day is in both.

The rows are made here: what these tests say is about the code, and not about the newest data.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from noshow.appointment import CLINICS, REMINDERS, Appointment
from noshow.configuration import Configuration, read_configuration
from noshow.errors import ProductError
from noshow.features import feature_matrix
from noshow.learning import fit, measure, probabilities, split_by_time
from noshow.table import Row

CONFIGURATION = read_configuration(Path(__file__).parents[1] / "training.toml")
MONDAY = datetime(2026, 3, 2, 9, 0)
USUAL = Appointment("north", 47, MONDAY - timedelta(days=14), MONDAY, 6.5, 8, 1, "sms")


def made(count: int = 3000) -> list[Row]:
    """Rows in which long lead times, missed appointments and lacking reminders raise the risk, by a known formula."""
    random = np.random.default_rng(3)
    rows = []
    for number in range(count):
        starts = MONDAY + timedelta(days=number * 40 // count, minutes=15 * int(random.integers(36)))
        lead, earlier = float(random.exponential(18)) + 0.1, int(random.integers(15))
        missed = int(random.binomial(earlier, random.beta(1, 3)))
        reminder = str(random.choice(REMINDERS))
        log_odds = -4 + 0.8 * np.log1p(lead) + 4 * (missed + 1) / (earlier + 5)
        log_odds -= {"none": 0.0, "sms": 0.7, "call": 1.2}[reminder]
        appointment = Appointment(
            clinic=str(random.choice(CLINICS)),
            age=int(random.integers(1, 95)),
            booked_at=starts - timedelta(days=lead),
            starts_at=starts,
            distance_km=float(random.uniform(0.2, 40)),
            previous_appointments=earlier,
            previous_no_shows=missed,
            reminder=reminder,
        )
        no_show = bool(random.random() < 1 / (1 + np.exp(-log_odds)))
        rows.append(Row(f"A{number:07}", str(random.choice(["f", "m"])), appointment, no_show))
    return rows


ROWS = made()


@pytest.fixture(scope="session")
def model() -> Pipeline:
    return fit(ROWS, CONFIGURATION)


def predict(model: Pipeline, *appointments: Appointment) -> list[float]:
    return [float(found) for found in probabilities(model, feature_matrix(appointments))]


def booked(days: float) -> Appointment:
    return replace(USUAL, booked_at=USUAL.starts_at - timedelta(days=days))


def rising(values: Sequence[float]) -> bool:
    return all(earlier < later for earlier, later in pairwise(values))


# Direction


def test_longer_lead_time_is_riskier(model: Pipeline) -> None:
    assert rising(predict(model, *(booked(days) for days in (0.5, 2, 7, 15, 30, 60, 90))))


@pytest.mark.parametrize("earlier", [4, 10, 14])
def test_more_missed_appointments_are_riskier(model: Pipeline, earlier: int) -> None:
    histories = [
        replace(USUAL, previous_appointments=earlier, previous_no_shows=missed) for missed in range(earlier + 1)
    ]
    assert rising(predict(model, *histories))


@pytest.mark.parametrize("clinic", CLINICS)
def test_reminders_help(model: Pipeline, clinic: str) -> None:
    assert rising(predict(model, *(replace(USUAL, clinic=clinic, reminder=each) for each in ("call", "sms", "none"))))


# Invariance


def test_other_rows_change_nothing(model: Pipeline) -> None:
    appointments = [row.appointment for row in ROWS[::100]]
    alone = [predict(model, each)[0] for each in appointments]
    assert predict(model, *appointments) == pytest.approx(alone, abs=1e-9)


def test_order_changes_nothing(model: Pipeline) -> None:
    appointments = [row.appointment for row in ROWS[::100]]
    backwards = predict(model, *reversed(appointments))
    assert predict(model, *appointments) == pytest.approx(backwards[::-1], abs=1e-9)


@pytest.mark.parametrize("weeks", [-10, 1, 26, 52])
def test_the_week_changes_nothing(model: Pipeline, weeks: int) -> None:
    shift = timedelta(weeks=weeks)
    moved = replace(USUAL, booked_at=USUAL.booked_at + shift, starts_at=USUAL.starts_at + shift)
    assert predict(model, moved) == pytest.approx(predict(model, USUAL), abs=1e-9)


# Minimum functionality


def test_clear_cases_are_clear(model: Pipeline) -> None:
    safe = replace(booked(1), previous_appointments=14, previous_no_shows=0, reminder="call")
    risky = replace(booked(80), previous_appointments=14, previous_no_shows=12, reminder="none")
    low, high = predict(model, safe, risky)
    assert 0 < low < 0.15
    assert 0.5 < high < 1


def test_average_probability_is_the_share_that_is_missed(model: Pipeline) -> None:
    share = np.mean([bool(row.no_show) for row in ROWS])
    assert np.mean(predict(model, *(row.appointment for row in ROWS))) == pytest.approx(share, abs=0.02)


# Training


def test_same_rows_give_the_same_model() -> None:
    first, second = (predict(fit(ROWS, CONFIGURATION), USUAL, booked(60)) for _ in range(2))
    assert first == pytest.approx(second, abs=1e-12)


def test_order_of_the_rows_does_not_change_the_model(model: Pipeline) -> None:
    other = fit(ROWS[::-1], CONFIGURATION)
    assert predict(other, USUAL, booked(60)) == pytest.approx(predict(model, USUAL, booked(60)), abs=1e-3)


@pytest.mark.parametrize("rows", [ROWS, ROWS[::-1]])
def test_test_comes_after_all_that_was_learned_from(rows: list[Row]) -> None:
    split = split_by_time(rows, 0.25)
    assert sorted(row.appointment_id for row in [*split.train, *split.test]) == [row.appointment_id for row in ROWS]
    learned = {row.appointment.starts_at.date() for row in split.train}
    tested = {row.appointment.starts_at.date() for row in split.test}
    assert max(learned) < min(tested)
    assert (len(learned), len(tested)) == (30, 10)


def test_too_few_days_are_refused() -> None:
    with pytest.raises(ProductError, match="too few"):
        split_by_time(ROWS[:5], 0.2)


def test_model_beats_the_baseline_on_later_days() -> None:
    split = split_by_time(ROWS, 0.25)
    metrics = measure(fit(split.train, CONFIGURATION), split)
    assert metrics["auc"] > 0.7
    assert metrics["brier"] < 0.95 * metrics["baseline_brier"]
    assert metrics["log_loss"] < 0.95 * metrics["baseline_log_loss"]


# Configuration


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seed = 1\ntest_share = 0.2\n", "inverse_regularisation"),
        ("seed = 1\ntest_share = 0.2\ninverse_regularisation = 1.0\nspeed = 2\n", "speed"),
        ('seed = "1"\ntest_share = 0.2\ninverse_regularisation = 1.0\n', "seed"),
        ("seed = 1\ntest_share = 1.2\ninverse_regularisation = 1.0\n", "test_share"),
        ("seed = 1\ntest_share = 0.2\ninverse_regularisation = 0\n", "inverse_regularisation"),
        ("seed = \n", "training.toml"),
    ],
)
def test_wrong_configuration_is_named(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "training.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProductError, match=told):
        read_configuration(tmp_path / "training.toml")


def test_right_configuration_is_taken(tmp_path: Path) -> None:
    text = "seed = 1\ntest_share = 0.2\ninverse_regularisation = 3\n"
    (tmp_path / "training.toml").write_text(text, encoding="utf-8")
    wanted = Configuration(seed=1, test_share=0.2, inverse_regularisation=3.0)
    assert read_configuration(tmp_path / "training.toml") == wanted
