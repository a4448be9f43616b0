"""Three retrainings of a product, and what they are compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import cast

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from mlops_grader.instruments.drift import retraining
from mlops_grader.instruments.drift.job import Job
from mlops_grader.instruments.drift.practice import Order, Practice
from mlops_grader.instruments.drift.retraining import (
    CHANGE,
    EQUAL,
    LUCKY,
    Attempt,
    Evidence,
    Metric,
    Retrained,
    Story,
    losses,
    retrained,
    score,
    standard_error,
    story,
)
from mlops_grader.instruments.drift.said import Comparison
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.world.chance import Floats

Told = Callable[[Callable[[], object]], str]

MISSED = np.array([True, False, False, True])
PREDICTED = np.array([0.8, 0.3, 0.1, 0.2])
SAID = {
    "as_of": "2026-04-24",
    "champion": "first",
    "challenger": "second",
    "first_day": "2026-03-30",
    "last_day": "2026-04-17",
    "rows": 1800,
    "metric": "log_loss",
    "champion_score": 0.5,
    "challenger_score": 0.45,
    "improvement": 0.05,
    "low": 0.03,
    "high": 0.07,
    "confidence": 0.95,
    "test": "paired t test",
    "promoted": True,
}


# Numbers


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("log_loss", -(np.log(0.8) + np.log(0.7) + np.log(0.9) + np.log(0.2)) / 4),
        ("brier", (0.2**2 + 0.3**2 + 0.1**2 + 0.8**2) / 4),
        ("auc", 3 / 4),
    ],
)
def test_the_score_is_that_of_its_metric(metric: Metric, expected: float) -> None:
    """By hand."""
    assert score(metric, MISSED, PREDICTED) == pytest.approx(expected)


def test_the_log_loss_is_the_average_of_losses() -> None:
    """One for each appointment."""
    assert losses(MISSED, PREDICTED) == pytest.approx(-np.log([0.8, 0.7, 0.9, 0.2]))


def grouped(effect: float, seed: int = 1) -> tuple[pd.DataFrame, Floats]:
    """Thirty clinic days of ten to fifty appointments, whose differences share a part."""
    random = np.random.default_rng(seed)
    sizes = random.integers(10, 50, 60)
    day = np.repeat(np.arange(60), sizes)
    frame = pd.DataFrame(
        {
            "starts_at": pd.Timestamp("2026-04-01T08:00")
            + pd.to_timedelta(day // 2, unit="D")
            + pd.to_timedelta(np.arange(len(day)) % 500, unit="min"),
            "clinic": np.where(day % 2, "north", "hill"),
        }
    )
    return frame, 0.3 + effect * random.normal(size=60)[day] + random.normal(size=len(day))


def bootstrap(frame: pd.DataFrame, differences: Floats) -> float:
    """The standard error of the average when whole clinic days are drawn again."""
    random = np.random.default_rng(2)
    groups = [
        rows.to_numpy() for _, rows in pd.Series(differences).groupby([frame["starts_at"].dt.date, frame["clinic"]])
    ]
    drawn = [
        np.concatenate([groups[n] for n in random.integers(len(groups), size=len(groups))]).mean() for _ in range(2000)
    ]
    return float(np.std(drawn))


@pytest.mark.parametrize("effect", [0.0, 0.5, 2.0])
def test_the_standard_error_is_that_of_a_bootstrap_of_clinic_days(effect: float) -> None:
    """Whether or not what happens on a day is shared."""
    frame, differences = grouped(effect)
    assert standard_error(frame, differences) == pytest.approx(bootstrap(frame, differences), rel=0.1)


def test_what_a_day_shares_makes_an_average_less_certain() -> None:
    """Single appointments would make it seem several times as certain."""
    frame, differences = grouped(2.0)
    alone = differences.std() / np.sqrt(len(differences))
    assert standard_error(frame, differences) > 3 * alone


def test_clinics_are_told_apart_on_a_day() -> None:
    """Two clinics are two groups: with one group a day the error is another."""
    frame, differences = grouped(2.0)
    assert standard_error(frame.assign(clinic="north"), differences) != pytest.approx(
        standard_error(frame, differences), rel=0.02
    )


@pytest.mark.parametrize("metric", ["log_loss", "brier", "auc"])
def test_the_error_of_an_improvement_is_how_much_it_varies(metric: Metric) -> None:
    """Measured again on many other days, it scatters by about that."""

    def once(seed: int, *, error: bool) -> float:
        random = np.random.default_rng(seed)
        truth = random.beta(2, 6, 900)
        frame = pd.DataFrame({"no_show": random.random(900) < truth, "clinic": "north"})
        frame["starts_at"] = pd.Timestamp("2026-04-01T08:00") + pd.to_timedelta(np.arange(900) // 30, unit="D")
        old, new = (np.clip(truth + noise * random.normal(size=900), 0.02, 0.98) for noise in (0.2, 0.1))
        signs = {"log_loss": 1, "brier": 1, "auc": -1}
        if error:
            return retraining._error_of(metric, frame, old, new)
        return signs[metric] * (score(metric, frame["no_show"], old) - score(metric, frame["no_show"], new))

    improvements = [once(seed, error=False) for seed in range(80)]
    assert np.mean(improvements) > 0
    assert np.mean([once(seed, error=True) for seed in range(3)]) == pytest.approx(np.std(improvements), rel=0.3)


def said(**changes: object) -> Comparison:
    """A recorded comparison."""
    return Comparison.model_validate({**SAID, **changes})


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    ("wider", "fits"), [(0.3, False), (0.5, True), (1, True), (2, True), (3, False), (0, False), (-1, False)]
)
def test_an_interval_is_about_as_wide_as_its_confidence_says(confidence: float, wider: float, fits: bool) -> None:
    """Methods differ; what is made up differs by more."""
    error = 0.004
    half = wider * error * float(stats.norm.ppf(1 - (1 - confidence) / 2))
    interval = {"low": 0.05 - half, "high": 0.05 + half, "confidence": confidence}
    assert Evidence(0.5, 0.45, 0.05, error).fits(said(**interval)) == fits


def test_a_paired_t_test_fits() -> None:
    """As students would make one, by clinic day."""
    frame, differences = grouped(0.5)
    interval = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    evidence = Evidence(0.5, 0.2, differences.mean(), standard_error(frame, differences))
    assert evidence.fits(said(low=interval.low, high=interval.high))


# The story


@lru_cache
def told_story(seed: int) -> Story:
    """Tests only read it."""
    return story(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_the_equal_challenger_seems_better_by_chance(seed: int) -> None:
    """By more than nothing, and by less than an interval of 95 % allows; in the practice as it is told to its end."""
    practice = told_story(seed).practice
    assert all(LUCKY[0] < luck < LUCKY[1] for luck in retraining._luck(practice))
    assert LUCKY[1] < 1.96


@pytest.mark.slow
def test_another_seed_is_another_story() -> None:
    """The same one is the same."""
    assert told_story(3).practice.seed != told_story(2).practice.seed
    assert told_story(2) == story(2)


def test_without_luck_a_story_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """After some tries."""
    tried: list[int] = []
    monkeypatch.setattr(retraining, "CANDIDATES", 3)
    monkeypatch.setattr(retraining, "_luck", lambda practice: tried.append(practice.seed) or [0.5, 3.0])
    assert (story(7).practice.seed, len(set(tried))) == (tried[-1], 3)


def test_the_first_lucky_practice_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lucky with both usual ways to learn."""
    lucks = iter([[0.1, 0.5], [0.5, 1.3], [0.5, 0.6], [0.5, 0.6]])
    tried: list[int] = []
    monkeypatch.setattr(retraining, "_luck", lambda practice: tried.append(practice.seed) or next(lucks))
    assert (story(7).practice.seed, len(tried)) == (tried[2], 3)


COURSES = {
    "." * 11 + "x" * 8 + "..." + "x" * 13: {"equal": 11, "worse": 22, "better": 34},
    "." * 11 + "x" * 13 + "...": {"equal": 11, "worse": 27, "better": 23},
}


def test_patients_change_for_a_while_and_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one of two courses, by seed; the luck is that of the quiet weeks with which both begin."""
    looked: list[tuple[Order, ...]] = []
    monkeypatch.setattr(retraining, "_luck", lambda practice: looked.append(practice.orders) or [0.5])
    told = {}
    for seed in range(12):
        practice = story(seed).practice
        told["".join("x" if order.drift else "." for order in practice.orders)] = dict(story(seed).ends)
        assert {order.drift for order in practice.orders} == {None, CHANGE}
        assert practice.call_effect == 2.5
    assert told == COURSES
    assert set(looked) == {(Order(),) * EQUAL}


@pytest.mark.parametrize("course", COURSES)
def test_retrainings_come_at_the_end_of_their_weeks(course: str) -> None:
    """The three newest weeks are alike, the week after the lasting change is like them, and the worse change had gone by."""
    ends = COURSES[course]
    newest = {kind: course[end - 3 : end] for kind, end in ends.items()}
    assert newest == {"equal": "...", "worse": "...", "better": "xxx"}
    assert course[ends["better"]] == "x"
    assert course[: ends["better"]].endswith("x" * 12)
    assert "x" * 8 in course[: ends["worse"]]


# A retraining


@pytest.fixture
def attempt(product: Callable[..., Product], quiet: Practice) -> Callable[..., Attempt]:
    """A retraining after three weeks that ended well."""

    def make(
        exit_code: int = 0, after: str = "b", comparison: str | None = None, stopped: str | None = None
    ) -> Attempt:
        files = {} if comparison is None else {"reports/promotions/2026-04-24.json": comparison}
        finished = Finished("python -m noshow retrain", exit_code, "no champion", 1.0, stopped)
        job = Job(product(files), quiet)
        return Attempt("worse", date(2026, 4, 24), 3, finished, {"model_sha256": "a"}, {"model_sha256": after}, job)

    return make


@pytest.mark.parametrize(("after", "changed"), [("a", False), ("b", True)])
def test_another_model_is_exported_or_not(attempt: Callable[..., Attempt], after: str, changed: bool) -> None:
    """By its bytes."""
    assert attempt(after=after).changed == changed


def test_a_comparison_is_that_of_the_day(attempt: Callable[..., Attempt]) -> None:
    """As it was recorded."""
    assert attempt(comparison=json.dumps(SAID)).comparison() == said()


@pytest.mark.parametrize(("exit_code", "stopped"), [(1, None), (0, "still running after 600 s, ended")])
def test_a_retraining_that_fails_is_told(
    attempt: Callable[..., Attempt], told: Told, exit_code: int, stopped: str | None
) -> None:
    """With what had happened before it, whatever it left."""
    found = told(attempt(exit_code, comparison=json.dumps(SAID), stopped=stopped).comparison)
    begin = "patients had decided differently for many weeks, and for three as before again, and the `retrain` command fails: "
    assert found == begin + f"`python -m noshow retrain`: {stopped or 'exit code 1'}\nno champion"


def test_a_retraining_without_a_record_is_told(attempt: Callable[..., Attempt], told: Told) -> None:
    """By the file that is not there."""
    assert told(attempt().comparison) == "the `retrain` command leaves no `reports/promotions/2026-04-24.json`"


def test_the_newest_three_weeks_are_compared(attempt: Callable[..., Attempt], quiet: Practice) -> None:
    """Without those who were called; the week after is the future."""
    practice = replace(quiet, orders=(Order(),) * 5)
    made = replace(attempt(), weeks=4, job=Job(attempt().job.product, practice))
    expected = pd.concat([week[~week["called"]] for week in practice.weeks[1:4]])["appointment_id"].tolist()
    assert made.compared()["appointment_id"].tolist() == expected
    assert made.future()["appointment_id"].tolist() == practice.weeks[4]["appointment_id"].tolist()


# With a product of a few lines

SCRIPTS = {
    "ingest": "import pathlib; pathlib.Path('clean').write_text(str(len(list(pathlib.Path('data/raw').glob('*.csv')))))",
    "train": "import pathlib; pathlib.Path('champion').write_text('first ' + pathlib.Path('clean').read_text())",
    "export": """
import json, pathlib
pathlib.Path("model").mkdir(exist_ok=True)
name = pathlib.Path("champion").read_text()
pathlib.Path("model/model.json").write_text(json.dumps({"run_id": name, "model_sha256": name}))
print("exported")
open("exports", "a").write("x")
""",
    # promotes whatever comes, and exports by itself when it is told to
    "retrain": """
import os, pathlib
newest = max(path.name for path in pathlib.Path("data/raw").glob("*.csv") if path.name.startswith("outcomes"))
pathlib.Path("champion").write_text(os.environ["TODAY"] + " " + newest)
if os.environ["TODAY"] == "2026-05-22":
    exec(open("export.py").read())
""",
    # the first model says the same of everybody, another one that reminders help
    "serve": """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
first = json.load(open("model/model.json"))["run_id"].startswith("first")

class Page(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        value = 0.2 if first else 0.3 if asked["reminder"] == "none" else 0.1
        body = json.dumps({"no_show_probability": value}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Page).serve_forever()
""",
}


@pytest.fixture(scope="module")
def long() -> Practice:
    """Weeks with nothing in them."""
    return Practice(9, (Order(),) * 8)


@pytest.fixture(scope="module")
def done(produce: Callable[..., Product], long: Practice, tmp_path_factory: pytest.TempPathFactory) -> Retrained:
    """A product of a few lines after its three retrainings."""
    folder = tmp_path_factory.mktemp("retraining")
    given = produce(folder / "clone", {"reports/promotions/2026-01-01.json": "{}"}, **SCRIPTS)
    (folder / "work").mkdir()
    return retrained(given, folder / "work", Story(long, {"equal": 4, "worse": 5, "better": 7}))


@pytest.mark.slow
def test_the_first_champion_knows_the_reference_alone(done: Retrained) -> None:
    """Sixty days of appointments, and outcomes of 63; no predictions."""
    names = [path.name for path in (done.first.root / "data/raw").iterdir()]
    assert sorted({name.split("_")[0] for name in names}) == ["appointments", "outcomes"]
    assert max(name for name in names if name.startswith("appointments")) == "appointments_2026-03-27.csv"
    assert done.first.record()["run_id"] == f"first {len(names)}"
    assert not (done.first.root / "reports").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "weeks", "day"),
    [("equal", 4, date(2026, 5, 1)), ("worse", 5, date(2026, 5, 8)), ("better", 7, date(2026, 5, 22))],
)
def test_each_retraining_is_at_its_time(done: Retrained, kind: retraining.Kind, weeks: int, day: date) -> None:
    """It starts from the first champion, is told the day, and finds no file of later days."""
    attempt = done.attempts[kind]
    assert (attempt.kind, attempt.weeks, attempt.today) == (kind, weeks, day)
    assert attempt.before["run_id"].startswith("first ")
    assert attempt.after["run_id"] == f"{day} outcomes_{day}.csv"
    assert attempt.finished.ok
    assert max(path.stem.split("_")[1] for path in attempt.job.data.iterdir()) == day.isoformat()
    assert attempt.job.product.root != done.first.root


@pytest.mark.slow
def test_who_must_not_promote_is_exported_again(done: Retrained) -> None:
    """What waits in the registry comes out; whoever is to promote exports by itself, once."""
    exports = {kind: (attempt.job.product.root / "exports").read_text() for kind, attempt in done.attempts.items()}
    assert exports == {"equal": "xx", "worse": "xx", "better": "xx"}
    assert "exported" in done.attempts["better"].finished.output
    assert "exported" not in done.attempts["worse"].finished.output


@pytest.mark.slow
def test_both_models_are_asked_again(done: Retrained, long: Practice) -> None:
    """Of the appointments that were compared, in each metric; a plus is better in each."""
    frame = pd.concat([week[~week["called"]] for week in long.weeks[4:7]])
    new = np.where(frame["reminder"] == "none", 0.3, 0.1)
    old = np.full(len(frame), 0.2)
    for metric in ("log_loss", "brier", "auc"):
        name = cast("Metric", metric)
        found = done.evidence(name)
        champion, challenger = (score(name, frame["no_show"], each) for each in (old, new))
        sign = -1 if metric == "auc" else 1
        assert (found.champion, found.challenger) == pytest.approx((champion, challenger))
        assert found.improvement == pytest.approx(sign * (champion - challenger))
        assert found.error == pytest.approx(retraining._error_of(name, frame, old, new))


@pytest.mark.slow
def test_the_week_after_shows_who_is_better(done: Retrained, long: Practice) -> None:
    """The log loss of the first model, then that of the last, where nobody called."""
    week = long.weeks[7][~long.weeks[7]["called"]]
    answers = (np.full(len(week), 0.2), np.where(week["reminder"] == "none", 0.3, 0.1))
    assert done.in_the_next_week() == pytest.approx([losses(week["no_show"], each).mean() for each in answers])


@pytest.mark.slow
def test_the_risky_are_asked_for_what_is_true_without_calls(done: Retrained, long: Practice) -> None:
    """What the last model says of them, and how many of them stay away when nobody calls."""
    week = long.weeks[7]
    risky = week[long.risky(week)]
    predicted, truth = done.among_the_risky()
    assert predicted == pytest.approx(np.where(risky["reminder"] == "none", 0.3, 0.1).mean())
    assert truth == pytest.approx(risky["no_show_probability"].mean())
    assert truth > 1.3 * week["no_show"].mean()


@pytest.mark.parametrize("value", ["0", "1", "0.0", "1.0", "1.2", "true"])
def test_answers_that_are_no_probabilities_are_told(
    product: Callable[..., Product], quiet: Practice, told: Told, value: str
) -> None:
    """Also of the last appointment alone; a log loss of 0 or 1 would be without end."""
    frame = quiet.weeks[0].head(3)
    last = f'b\'{{"no_show_probability": {value}}}\' if asked["age"] == {frame["age"].iloc[-1]} else body'
    script = SCRIPTS["serve"].replace(
        "        self.send_response(200)", f"        body = {last}\n        self.send_response(200)"
    )
    given = product({"model/model.json": '{"run_id": "first"}'}, serve=script)
    assert frame["age"].nunique() == 3
    assert told(lambda: retraining._predictions(given, frame)) == "the service does not answer as before retraining"


def test_answers_are_in_the_order_of_the_rows(product: Callable[..., Product], quiet: Practice) -> None:
    """One for each appointment."""
    frame = quiet.weeks[0].head(12)
    given = product({"model/model.json": '{"run_id": "second"}'}, serve=SCRIPTS["serve"])
    expected = np.where(frame["reminder"] == "none", 0.3, 0.1)
    assert retraining._predictions(given, frame).tolist() == expected.tolist()
    assert len(set(expected)) == 2
