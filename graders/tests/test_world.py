"""The simulated world has the structure that its data sheet promises, and gives the same bytes for the same seed."""

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlops_grader.instruments.world import (
    APPOINTMENT_COLUMNS,
    REQUEST_FIELDS,
    TRUTH_COLUMNS,
    AddColumn,
    ChangeTimes,
    ChangeUnit,
    ConceptDrift,
    CovariateDrift,
    DailyFile,
    Drift,
    DropColumn,
    Duplicates,
    Encoding,
    Fault,
    LateFiles,
    Nulls,
    RenameColumn,
    RenameValues,
    ReorderColumns,
    Scope,
    Truncated,
    World,
    daily_files,
    request_bodies,
    requests,
    write_days,
)

START = date(2026, 1, 5)
DRIFT = date(2026, 2, 9)  # a Monday, 25 opening days later
FICTION = re.compile(r"\+1-\d{3}-555-01\d{2}")


@lru_cache
def frame(seed: int = 11, *drifts: Drift) -> pd.DataFrame:
    """120 days of 150 appointments; tests only read it."""
    return World(seed, drifts=drifts).days(days=120)


@lru_cache
def fortnight() -> tuple[DailyFile, ...]:
    return daily_files(World(3).days(days=10, per_day=60))


# What the appointments are like


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5])
def test_one_in_five_appointments_is_missed(seed: int) -> None:
    """Between 19 and 21 % in expectation; the outcomes themselves scatter around that like coins."""
    assert 0.19 <= frame(seed)["no_show_probability"].mean() <= 0.21
    assert frame(seed)["no_show"].mean() == pytest.approx(frame(seed)["no_show_probability"].mean(), abs=0.011)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_plain_model_on_observed_columns_ranks_well_but_not_perfectly(seed: int) -> None:
    """AUC 0.70 to 0.80, trained on the first 80 days and tested on the last 40."""
    data = frame(seed)
    early = data["starts_at"] < data["starts_at"].iloc[80 * 150]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(_features(data)[early], data["no_show"][early])
    ranking = model.predict_proba(_features(data)[~early])[:, 1]
    assert 0.70 <= roc_auc_score(data["no_show"][~early], ranking) <= 0.80


def _features(data: pd.DataFrame) -> np.ndarray:
    """Only what a request body tells."""
    lead = (data["starts_at"] - data["booked_at"]).dt.total_seconds() / 86_400
    rate = (data["previous_no_shows"] + 1) / (data["previous_appointments"] + 5)
    return np.column_stack(
        [
            np.log1p(lead),
            np.log(rate / (1 - rate)),
            data["age"].between(18, 34),
            data["age"],
            data["distance_km"],
            *(data["clinic"] == clinic for clinic in ("harbour", "hill", "station")),
            *(data["reminder"] == reminder for reminder in ("sms", "call")),
        ]
    ).astype(float)


@pytest.mark.parametrize(
    ("column", "edges"),
    [
        ("lead_days", [0, 2, 7, 15, 30, 91]),
        ("distance_km", [0, 4, 8, 15, 81]),
        ("weather", [-9, -1, 0, 1, 9]),
    ],
)
def test_the_more_the_more_are_missed(column: str, edges: list[float]) -> None:
    steps = _missed_by(pd.cut(frame()[column], edges, include_lowest=True))
    assert steps == sorted(steps)


def test_the_more_reliable_the_fewer_are_missed() -> None:
    steps = _missed_by(pd.cut(frame()["reliability"], [-9, -1, 0, 1, 9]))
    assert steps == sorted(steps, reverse=True)


def test_a_record_of_no_shows_foretells_more() -> None:
    data = frame()[frame()["previous_appointments"] >= 5]
    share = data["previous_no_shows"] / data["previous_appointments"]
    low, middle, high = data["no_show"].groupby(pd.cut(share, [-1, 0.1, 0.3, 1]), observed=True).mean()
    assert low + 0.08 < middle
    assert middle + 0.08 < high


def _missed_by(groups: "pd.Series[str]") -> list[float]:
    return frame()["no_show_probability"].groupby(groups, observed=True).mean().tolist()


def test_age_has_two_peaks() -> None:
    """Young adults miss most, people of 60 to 75 least, the very old more again, children less than the young."""
    children, young, middle, older, oldest = _missed_by(pd.cut(frame()["age"], [0, 14, 34, 59, 75, 120]))
    assert older < oldest < young
    assert older < middle < young
    assert children < young


def test_weekday_and_hour_matter() -> None:
    starts = pd.concat([frame(seed)["starts_at"] for seed in range(4)])
    missed = pd.concat([frame(seed)["no_show_probability"] for seed in range(4)])
    by_day = missed.groupby(starts.dt.day_of_week).mean()
    assert by_day.index.tolist() == [0, 1, 2, 3, 4]
    assert by_day[0] > by_day[[1, 2, 3]].max()
    by_hour = missed.groupby(starts.dt.hour).mean()
    assert min(by_hour[8], by_hour[17]) > by_hour[[10, 11, 14, 15]].max()


@pytest.mark.parametrize(
    ("column", "more", "less", "gap"),
    [("sex", "m", "f", 0.02), ("clinic", "station", "hill", 0.02), ("clinic", "harbour", "north", 0.005)],
)
def test_groups_differ(column: str, more: str, less: str, gap: float) -> None:
    data = pd.concat([frame(seed) for seed in range(4)])
    means = data.groupby(column)["no_show_probability"].mean()
    assert means[more] - means[less] > gap


def test_weather_is_shared_within_a_clinic_and_day_and_by_nobody_else() -> None:
    data = frame()
    by_group = data.groupby([data["starts_at"].dt.date, "clinic"])["weather"]
    assert by_group.nunique().max() == 1
    assert by_group.first().nunique() == by_group.ngroups


def test_a_patient_comes_once_a_day_at_most() -> None:
    visits = frame()[["patient_id"]].assign(day=frame()["starts_at"].dt.date)
    assert not visits.duplicated().any()


def test_everything_is_booked_before_it_starts_in_opening_hours() -> None:
    data = frame()
    assert (data["booked_at"] < data["starts_at"]).all()
    assert data["lead_days"].max() < 91
    assert set(data["starts_at"].dt.day_of_week) == {0, 1, 2, 3, 4}
    assert data["starts_at"].dt.hour.between(8, 17).all()


def test_nothing_drifts_by_itself() -> None:
    """The first and the last 40 days agree within four standard errors, so that an alarm there is a false one."""
    for column in ("age", "lead_days", "distance_km", "previous_appointments", "previous_no_shows", "weather"):
        first, last = frame()[column].iloc[:6000], frame()[column].iloc[-6000:]
        # patients come again and weather is shared, so that the standard error counts a quarter of the rows
        error = np.sqrt((first.var() + last.var()) / 1500)
        assert abs(first.mean() - last.mean()) < 4 * error, column


# Reminders


@lru_cache
def unreminded() -> pd.DataFrame:
    return frame(11, CovariateDrift("reminder", 1, START))


@pytest.mark.parametrize(("reminder", "at_least"), [("sms", 0.03), ("call", 0.07)])
def test_reminders_help(reminder: str, at_least: float) -> None:
    """The same appointments without their reminder are missed more often, none of them less often."""
    reminded = frame()["reminder"] == reminder
    gain = (unreminded()["no_show_probability"] - frame()["no_show_probability"])[reminded]
    assert gain.min() >= 0
    assert gain.mean() > at_least
    assert (frame()["no_show_probability"] == unreminded()["no_show_probability"])[frame()["reminder"] == "none"].all()


def test_reminders_help_less_where_the_phone_does_not_reach_people() -> None:
    sms = frame()["reminder"] == "sms"
    gain = (unreminded()["no_show_probability"] - frame()["no_show_probability"])[sms].groupby(frame()["clinic"]).mean()
    assert gain["harbour"] < 0.8 * gain.drop("harbour").min()


def test_comparing_reminded_with_unreminded_patients_misleads() -> None:
    """Reception calls those who are known to stay away, so that calls look weaker than they are."""
    called, none = (frame()["reminder"] == reminder for reminder in ("call", "none"))
    effect = (frame()["no_show_probability"] - unreminded()["no_show_probability"])[called].mean()
    naive = frame()["no_show_probability"][called].mean() - frame()["no_show_probability"][none].mean()
    assert effect < naive - 0.03


# Histories


def test_histories_count_exactly_what_had_been_recorded_in_the_half_year_before_booking() -> None:
    data = World(5, patients=400).days(days=200, per_day=15)
    known = data[data["booked_at"] >= pd.Timestamp(START) + pd.Timedelta(days=190)]
    assert len(known) > 500
    for row in known.itertuples():
        of_patient = data[data["patient_id"] == row.patient_id]
        recorded = of_patient["outcome_recorded_at"]
        past = of_patient[(recorded < row.booked_at) & (recorded >= row.booked_at - pd.Timedelta(days=180))]
        assert (len(past), past["no_show"].sum()) == (row.previous_appointments, row.previous_no_shows)


def test_histories_know_nothing_that_happens_after_booking() -> None:
    """From a day on everybody misses: what was booked until then has the same history, what is booked later not."""
    usual, strike = frame(), frame(11, ConceptDrift("rate", 20, DRIFT))
    assert strike["no_show"][strike["starts_at"] >= pd.Timestamp(DRIFT)].all()
    changed = usual["previous_no_shows"] != strike["previous_no_shows"]
    assert not changed[usual["booked_at"] <= pd.Timestamp(DRIFT)].any()
    assert changed[usual["booked_at"] > pd.Timestamp(DRIFT) + pd.Timedelta(days=60)].mean() > 0.5


def test_histories_are_there_from_the_first_day() -> None:
    first = frame()[frame()["starts_at"].dt.date == START]
    assert first["previous_appointments"].mean() > 4
    assert (first["previous_no_shows"] <= first["previous_appointments"]).all()


# Outcomes and replies


def test_outcomes_are_recorded_one_to_six_days_later_on_opening_days() -> None:
    delay = frame()["outcome_recorded_at"].dt.normalize() - frame()["starts_at"].dt.normalize()
    assert sorted(delay.dt.days.unique()) == [1, 2, 3, 4, 5, 6]
    assert set(frame()["outcome_recorded_at"].dt.day_of_week) == {0, 1, 2, 3, 4}


def test_no_shows_are_recorded_later() -> None:
    delay = (frame()["outcome_recorded_at"] - frame()["starts_at"]).groupby(frame()["no_show"]).mean()
    assert delay[True] - delay[False] > pd.Timedelta(hours=12)


def test_replies_tell_something_of_what_patients_do() -> None:
    missed = frame().groupby("reply_intent")["no_show"].mean()
    assert missed["confirm"] < 0.15 < 0.65 < missed["cancel"]
    assert missed["thank"] < missed["ask"] < missed["cancel"]


def test_most_patients_do_not_reply_and_those_who_do_vary() -> None:
    replies = frame()["reply"]
    assert 0.70 < (replies == "").mean() < 0.90
    assert ((replies == "") == (frame()["reply_intent"] == "")).all()
    assert not frame()["reachable"][replies == ""].all()
    assert frame()["reachable"][replies != ""].all()
    assert replies.nunique() > 200
    assert max(Counter(replies[replies != ""]).values()) < 0.1 * (replies != "").sum()


# Personal data


def test_phone_numbers_are_reserved_for_fiction_and_shared_by_nobody() -> None:
    people = World(2).days(days=120).drop_duplicates("patient_id")
    assert len(people) > 3_500
    assert people["phone"].map(lambda phone: bool(FICTION.fullmatch(phone))).all()
    assert people["phone"].is_unique


def test_replies_hold_names_and_numbers_of_their_writers_and_no_others() -> None:
    data = frame()
    with_digits = data[data["reply"].str.contains(r"\d{3}")]
    assert len(with_digits) > 20
    assert all(row.reply.endswith(f" - call me on {row.phone}") for row in with_digits.itertuples())
    signed = [row for row in data.itertuples() if row.reply.endswith(f", {row.name.split()[0]}")]
    assert len(signed) > 50


def test_texts_need_more_than_ascii_and_no_more_than_latin_1() -> None:
    texts = "".join(frame()["name"]) + "".join(frame()["reply"])
    assert not texts.isascii()
    assert texts.encode("latin-1").decode("latin-1") == texts
    assert "\n" not in texts


# Determinism


def test_the_same_seed_gives_the_same_frame_whatever_was_asked_before() -> None:
    first = World(8).days(days=5)
    World(9).days(days=3)
    np.random.default_rng(0).random(10)
    pd.testing.assert_frame_equal(World(8).days(days=5), first)


def test_another_seed_gives_other_people_and_other_days() -> None:
    one, other = World(8).days(days=5), World(9).days(days=5)
    for column in ("name", "phone", "birth_date", "booked_at", "no_show_probability"):
        assert (one[column] == other[column]).mean() < 0.1, column


def test_a_part_of_the_timeline_is_the_same_rows_alone_and_within_a_longer_one() -> None:
    whole = World(8).days(days=30)
    part = World(8).days(start=date(2026, 1, 19), days=5)
    pd.testing.assert_frame_equal(whole.iloc[10 * 150 : 15 * 150].reset_index(drop=True), part)


def test_a_weekend_start_means_the_next_monday() -> None:
    sunday = World(8, start=date(2026, 1, 4)).days(days=2)
    assert sunday["starts_at"].dt.date.unique().tolist() == [date(2026, 1, 5), date(2026, 1, 6)]
    pd.testing.assert_frame_equal(World(8).days(date(2026, 1, 10), 1), World(8).days(date(2026, 1, 12), 1))


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    code = "import sys; from mlops_grader.instruments.world import *; write_days(World(4).days(days=3), sys.argv[1])"
    package = Path(sys.modules["mlops_grader"].__path__[0]).parent
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "there")], check=True, cwd=package)
    write_days(World(4).days(days=3), tmp_path / "here")
    assert _digests(tmp_path / "there") == _digests(tmp_path / "here")


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: World(-1), "seed -1 is negative"),
        (lambda: World(1, patients=5), "5 patients are too few"),
        (lambda: World(1).days(start=date(2025, 12, 31)), "the world starts on 2026-01-05"),
        (lambda: World(1).days(days=0), "at least one day"),
        (lambda: World(1).days(per_day=1_001), "from 1 to 1000 appointments a day"),
        (lambda: World(1).appointments(1_000_000), r"World\(seed, patients=100000\)"),
        (lambda: World(1).appointments(0), "at least 1"),
        (lambda: World(1).drifting(ConceptDrift("lead", 1, date(2026, 1, 1))), "cannot start on 2026-01-01"),
        (lambda: CovariateDrift("height", 1, START), "unknown feature 'height', choose from age"),  # type: ignore[arg-type]
        (lambda: CovariateDrift("lead_days", -1, START), "out of range"),
        (lambda: CovariateDrift("reminder", 1.5, START), "out of range"),
        (lambda: ConceptDrift("luck", 1, START), "unknown part 'luck'"),  # type: ignore[arg-type]
    ],
)
def test_impossible_orders_are_refused_in_words(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_a_million_appointments_are_made_at_once() -> None:
    data = World(7, patients=100_000).appointments(1_000_000)
    assert len(data) == 1_000_000
    assert data["appointment_id"].is_unique
    assert data["appointment_id"].iloc[-1] == "A1000000"
    assert 0.19 <= data["no_show"].mean() <= 0.21


# Daily files


def test_files_hold_the_frame_and_nothing_of_the_truth(tmp_path: Path) -> None:
    data = World(6).days(days=10)
    paths = write_days(data, tmp_path / "new" / "raw")
    assert sorted(path.name for path in paths) == sorted(path.name for path in (tmp_path / "new" / "raw").iterdir())
    read = _read(paths, "appointments")
    assert read.columns.tolist() == list(APPOINTMENT_COLUMNS)
    assert not set(TRUTH_COLUMNS) & set(read.columns)
    for column in ("appointment_id", "patient_id", "name", "phone", "sex", "clinic", "reminder", "reply"):
        assert read[column].tolist() == data[column].tolist()
    for column in ("birth_date", "booked_at", "starts_at"):
        assert (pd.to_datetime(read[column]) == data[column]).all()
    for column in ("distance_km", "previous_appointments", "previous_no_shows"):
        assert (read[column].astype(float) == data[column]).all()


def test_each_outcome_is_in_the_file_of_the_day_of_its_recording(tmp_path: Path) -> None:
    data = World(6).days(days=10).set_index("appointment_id")
    paths = write_days(data.reset_index(), tmp_path)
    for path in paths:
        day = path.stem.split("_")[1]
        times = pd.read_csv(path)["recorded_at" if path.name.startswith("outcomes") else "starts_at"]
        assert set(times.str[:10]) == {day}
    outcomes = _read(paths, "outcomes").set_index("appointment_id")
    assert outcomes.columns.tolist() == ["outcome", "recorded_at"]
    assert sorted(outcomes.index) == sorted(data.index)
    assert (outcomes["outcome"] == data["outcome"].loc[outcomes.index]).all()
    assert (pd.to_datetime(outcomes["recorded_at"]) == data["outcome_recorded_at"].loc[outcomes.index]).all()


def test_files_are_plain_utf_8_with_the_agreed_forms(tmp_path: Path) -> None:
    paths = write_days(World(6).days(days=10), tmp_path)
    forms = {
        "appointment_id": r"A\d{7}",
        "patient_id": r"P\d{6}",
        "birth_date": r"\d{4}-\d\d-\d\d",
        "sex": "f|m",
        "clinic": "north|harbour|hill|station",
        "booked_at": r"\d{4}-\d\d-\d\dT\d\d:\d\d",
        "starts_at": r"\d{4}-\d\d-\d\dT\d\d:\d\d",
        "distance_km": r"\d+\.\d",
        "reminder": "none|sms|call",
    }
    read = _read(paths, "appointments")
    for column, form in forms.items():
        assert read[column].str.fullmatch(form).all(), column
    assert set(_read(paths, "outcomes")["outcome"]) == {"attended", "no_show"}
    for path in paths:
        content = path.read_bytes()
        assert content.endswith(b"\n")
        assert b"\r" not in content
        content.decode("utf-8")


def _read(paths: tuple[Path, ...], kind: str) -> pd.DataFrame:
    own = [path for path in paths if path.name.startswith(kind)]
    return pd.concat([pd.read_csv(path, dtype=str, keep_default_na=False) for path in own], ignore_index=True)


# Requests


def test_requests_are_valid_bodies_of_plain_values() -> None:
    bodies = requests(200, seed=1)
    assert len(bodies) == 200
    assert json.loads(json.dumps(bodies)) == bodies
    for body in bodies:
        assert tuple(body) == REQUEST_FIELDS
        assert [type(value) for value in body.values()] == [str, int, str, str, float, int, int, str]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", body["booked_at"])
        assert body["booked_at"] < body["starts_at"]
        assert 0 <= body["previous_no_shows"] <= body["previous_appointments"]
        assert 0 < body["age"] < 100


def test_requests_vary_and_depend_on_the_seed_alone() -> None:
    bodies = requests(50, seed=1)
    assert bodies == requests(50, seed=1)
    others = requests(50, seed=2)
    assert not [body for body in bodies if body in others]
    assert len({body["starts_at"][:10] for body in bodies}) > 10
    assert {body["clinic"] for body in bodies} == {"north", "harbour", "hill", "station"}
    assert {body["reminder"] for body in bodies} == {"none", "sms", "call"}
    assert len({body["age"] for body in bodies}) > 15


def test_more_requests_than_a_practice_has_appointments_are_still_different() -> None:
    bodies = requests(6_000, seed=1)
    assert len({tuple(body.values()) for body in bodies}) == 6_000


def test_request_bodies_keep_the_order_of_the_rows() -> None:
    data = World(1).days(days=1).iloc[::-1]
    assert [body["distance_km"] for body in request_bodies(data)] == data["distance_km"].tolist()


# Drifts: the world changes from a day on


COVARIATES = (
    CovariateDrift("lead_days", 1.0, DRIFT),
    CovariateDrift("distance_km", 0.5, DRIFT),
    CovariateDrift("age", 0.6, DRIFT),
    CovariateDrift("clinic", 1.0, DRIFT),
    CovariateDrift("reminder", 0.5, DRIFT),
)
CONCEPTS = tuple(
    ConceptDrift(part, -1.0 if part != "rate" else 1.0, DRIFT)
    for part in ("rate", "lead", "reliability", "age", "sex", "distance", "weekday", "hour", "clinic", "weather")
)


def _named(drift: Drift) -> str:
    return getattr(drift, "feature", "") or getattr(drift, "part", "")


@pytest.mark.parametrize("drift", [*COVARIATES, *CONCEPTS], ids=_named)
def test_until_a_drift_starts_the_world_is_the_same(drift: Drift) -> None:
    before = frame()["starts_at"] < pd.Timestamp(DRIFT)
    pd.testing.assert_frame_equal(frame(11, drift)[before], frame()[before])
    assert not frame(11, drift)[~before].equals(frame()[~before])


@pytest.mark.parametrize("drift", CONCEPTS, ids=_named)
def test_a_concept_drift_changes_decisions_and_not_who_comes(drift: Drift) -> None:
    drifted = frame(11, drift)
    for column in ("patient_id", "age", "clinic", "booked_at", "starts_at", "distance_km", "reminder", "weather"):
        assert (drifted[column] == frame()[column]).all(), column
    after = drifted["starts_at"] >= pd.Timestamp(DRIFT)
    assert (drifted["no_show_probability"] != frame()["no_show_probability"])[after].mean() > 0.4


def test_a_rate_drift_adds_to_the_log_odds() -> None:
    drifted = _log_odds(frame(11, ConceptDrift("rate", 0.7, DRIFT)))
    after = frame()["starts_at"] >= pd.Timestamp(DRIFT)
    assert np.allclose((drifted - _log_odds(frame()))[after], 0.7)


def test_an_effect_can_be_switched_off_or_turned_round() -> None:
    """Correlation of lead time with the log-odds: there, gone, negative."""
    after = frame()["starts_at"] >= pd.Timestamp(DRIFT)
    there, gone, round_ = (
        np.corrcoef(np.log1p(data["lead_days"][after]), _log_odds(data)[after])[0, 1]
        for data in (frame(), *(frame(11, ConceptDrift("lead", size, DRIFT)) for size in (-1, -2)))
    )
    assert there > 0.15
    assert -0.15 < gone < there - 0.15
    assert round_ < gone - 0.15


def _log_odds(data: pd.DataFrame) -> np.ndarray:
    probability = data["no_show_probability"].to_numpy()
    return np.log(probability / (1 - probability))


def test_reminders_can_stop_working() -> None:
    after = frame()["starts_at"] >= pd.Timestamp(DRIFT)
    useless = frame(11, ConceptDrift("reminder", -1, DRIFT))["no_show_probability"]
    helped = after & frame()["reachable"] & (frame()["reminder"] == "call") & (frame()["lead_days"] > 5)
    assert (useless > frame()["no_show_probability"])[helped].all()


@pytest.mark.parametrize(
    ("drift", "only"),
    [
        (COVARIATES[0], {"booked_at", "lead_days", "reminder"}),
        (COVARIATES[1], {"distance_km"}),
        (COVARIATES[4], {"reminder"}),
    ],
    ids=["lead_days", "distance_km", "reminder"],
)
def test_a_covariate_drift_changes_its_feature_and_what_follows_from_it(drift: Drift, only: set[str]) -> None:
    drifted = frame(11, drift)
    own = {"appointment_id", *APPOINTMENT_COLUMNS, "age", "lead_days", "reliability", "weather"}
    changed = {column for column in own if (drifted[column] != frame()[column]).any()}
    assert only <= changed
    assert changed - only <= {"previous_appointments", "previous_no_shows", "reply"}


@pytest.mark.parametrize(
    ("drift", "value", "factor"),
    [
        (COVARIATES[0], lambda data: data["lead_days"], 1.7),
        (COVARIATES[1], lambda data: data["distance_km"], 1.5),
        (COVARIATES[2], lambda data: data["age"], 1.3),
        (COVARIATES[3], lambda data: data["clinic"] == "station", 1.5),
        (COVARIATES[4], lambda data: data["reminder"] != "none", 0.5),
    ],
    ids=[_named(drift) for drift in COVARIATES],
)
def test_a_covariate_drift_moves_its_feature(
    drift: Drift, value: Callable[[pd.DataFrame], "pd.Series[float]"], factor: float
) -> None:
    after = frame()["starts_at"] >= pd.Timestamp(DRIFT)
    ratio = value(frame(11, drift))[after].mean() / value(frame())[after].mean()
    assert ratio == pytest.approx(factor, rel=0.12)


@pytest.mark.parametrize("drift", [COVARIATES[0], *COVARIATES[2:]], ids=_named)
def test_a_covariate_drift_leaves_decisions_as_they_were(drift: Drift) -> None:
    """Among appointments that are alike in every cause, the probability is the same before and after."""
    causes = ["reliability", "clinic", "lead_days", "distance_km", "age", "reminder", "starts_at", "weather"]
    drifted, usual = frame(11, drift).set_index(causes), frame().set_index(causes)
    drifted = drifted[drifted.index.get_level_values("starts_at") >= pd.Timestamp(DRIFT)]
    alike = drifted.index.intersection(usual.index)
    assert len(alike) > 30
    assert np.allclose(drifted["no_show_probability"].loc[alike], usual["no_show_probability"].loc[alike])


def test_distance_makes_the_difference_that_distance_always_made() -> None:
    """Log-odds follow the kilometres in a straight line up to 30 km, which bad weather makes steeper."""
    drifted = frame(11, COVARIATES[1])
    rows = (drifted["distance_km"] < 30) & (drifted["distance_km"] > frame()["distance_km"])
    farther = (drifted["distance_km"] - frame()["distance_km"])[rows].to_numpy()
    causes = np.column_stack([farther, farther * frame()["weather"][rows]])
    difference = (_log_odds(drifted) - _log_odds(frame()))[rows]
    slopes, residual, *_ = np.linalg.lstsq(causes, difference)
    assert (slopes > 0.01).all()
    assert residual < 1e-12


def test_a_drift_can_grow_and_end() -> None:
    """Half of the size after 10 of 20 days, all of it later, none from `until` on."""
    ramp = ConceptDrift("rate", 2.0, DRIFT, ramp_days=19, until=date(2026, 4, 6))
    size = pd.Series(_log_odds(frame(11, ramp)) - _log_odds(frame())).groupby(frame()["starts_at"].dt.date).mean()
    expected = {date(2026, 2, 9): 0.1, date(2026, 2, 18): 1.0, date(2026, 3, 2): 2.0, date(2026, 4, 3): 2.0}
    assert {day: round(size[day], 6) for day in expected} == expected
    assert size[date(2026, 4, 6)] == pytest.approx(0)


@pytest.mark.parametrize("make", [partial(ConceptDrift, "rate"), partial(CovariateDrift, "distance_km")])
def test_drifts_add_up(make: Callable[[float, date], Drift]) -> None:
    both = World(11).drifting(make(0.3, DRIFT)).drifting(make(0.4, DRIFT)).days(days=40)
    one = World(11, drifts=(make(0.7, DRIFT),)).days(days=40)
    for column in ("distance_km", "no_show_probability"):
        np.testing.assert_allclose(both[column], one[column])


# Faults: the record-keeping breaks

LATER = Scope(start=date(2026, 1, 12), until=date(2026, 1, 15))
FAULTS: tuple[Fault, ...] = (
    RenameColumn("clinic", "site", LATER),
    DropColumn("reminder", LATER),
    AddColumn("ward", "7", LATER),
    ReorderColumns(1, LATER),
    ChangeUnit("distance_km", 1000, scope=LATER),
    ChangeTimes("booked_at", hours=1, scope=LATER),
    Duplicates(0.2, scope=LATER),
    Nulls("distance_km", 0.3, scope=LATER),
    LateFiles(2, scope=LATER),
    Encoding("utf-16", LATER),
    RenameValues("reminder", {"sms": "SMS"}, LATER),
    Truncated(0.5, LATER),
)


def _fault_name(fault: Fault) -> str:
    return type(fault).__name__


def _same(one: DailyFile, other: DailyFile) -> bool:
    return (one.name, one.content, one.delivered_on) == (other.name, other.content, other.delivered_on)


@pytest.mark.parametrize("fault", FAULTS, ids=_fault_name)
def test_a_fault_touches_the_files_in_its_scope_and_no_others(fault: Fault) -> None:
    faulty = fault(fortnight())
    touched = [was.name for was, now in zip(fortnight(), faulty, strict=True) if not _same(was, now)]
    assert touched == [f"appointments_2026-01-{day}.csv" for day in (12, 13, 14)]
    assert all(_same(one, other) for one, other in zip(faulty, fault(fortnight()), strict=True))


@pytest.mark.parametrize("fault", FAULTS[:8], ids=_fault_name)
def test_a_fault_does_not_change_the_clean_tables(fault: Fault) -> None:
    before = [file.content for file in fortnight()]
    fault(fortnight())
    assert [file.content for file in fortnight()] == before


def _tables(fault: Fault) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One day's table, clean and faulty."""
    return fortnight()[5].table, fault(fortnight())[5].table


def test_a_renamed_column_has_a_new_name_and_the_old_cells() -> None:
    clean, faulty = _tables(FAULTS[0])
    pd.testing.assert_frame_equal(faulty.rename(columns={"site": "clinic"}), clean)
    assert "clinic" not in faulty


def test_a_dropped_column_is_gone() -> None:
    clean, faulty = _tables(FAULTS[1])
    pd.testing.assert_frame_equal(faulty, clean.drop(columns="reminder"))


def test_an_added_column_is_the_last() -> None:
    clean, faulty = _tables(FAULTS[2])
    pd.testing.assert_frame_equal(faulty.iloc[:, :-1], clean)
    assert (faulty.columns[-1], set(faulty["ward"])) == ("ward", {"7"})


@pytest.mark.parametrize("seed", range(12))
def test_reordered_columns_are_the_same_ones(seed: int) -> None:
    """Also of the three columns of outcomes, for which every sixth shuffle would change nothing."""
    for number, kind in ((5, "appointments"), (-1, "outcomes")):
        clean = fortnight()[number].table
        faulty = ReorderColumns(seed, Scope(kind))(fortnight())[number].table
        assert faulty.columns.tolist() != clean.columns.tolist()
        pd.testing.assert_frame_equal(faulty[clean.columns.tolist()], clean)


def test_kilometres_become_metres() -> None:
    clean, faulty = _tables(FAULTS[4])
    assert faulty["distance_km"].tolist() == [str(round(float(km) * 1000)) for km in clean["distance_km"]]
    pd.testing.assert_frame_equal(faulty.drop(columns="distance_km"), clean.drop(columns="distance_km"))


def test_times_move_and_change_their_form() -> None:
    clean, faulty = _tables(ChangeTimes("starts_at", hours=-1, style="%d/%m/%Y %H:%M"))
    back = pd.to_datetime(faulty["starts_at"], format="%d/%m/%Y %H:%M") + pd.Timedelta(hours=1)
    assert (back == pd.to_datetime(clean["starts_at"])).all()
    pd.testing.assert_frame_equal(faulty.drop(columns="starts_at"), clean.drop(columns="starts_at"))


def test_duplicates_repeat_rows_of_the_same_file() -> None:
    clean, faulty = _tables(FAULTS[6])
    assert 4 <= len(faulty) - len(clean) <= 22
    pd.testing.assert_frame_equal(faulty.drop_duplicates(), clean)


def test_duplicates_can_come_with_the_next_file() -> None:
    faulty = Duplicates(0.2, in_next_file=True, scope=LATER)(fortnight())
    longer = {now.day: set(now.table["appointment_id"]) - set(was.table["appointment_id"])
              for was, now in zip(fortnight(), faulty, strict=True) if not _same(was, now)}  # fmt: skip
    assert list(longer) == [date(2026, 1, 13), date(2026, 1, 14), date(2026, 1, 15)]
    assert longer[date(2026, 1, 13)] < set(fortnight()[5].table["appointment_id"])


@pytest.mark.parametrize("sign", ["", "NULL"])
def test_nulls_empty_a_share_of_one_column(sign: str) -> None:
    clean, faulty = _tables(Nulls("distance_km", 0.3, seed=1, sign=sign))
    empty = faulty["distance_km"] == sign
    assert 0.1 < empty.mean() < 0.5
    pd.testing.assert_frame_equal(faulty[~empty], clean[~empty])
    pd.testing.assert_frame_equal(faulty.drop(columns="distance_km"), clean.drop(columns="distance_km"))


def test_values_are_written_in_another_way() -> None:
    """Those that are named, where they are the whole cell; empty cells stay empty."""
    clean, faulty = _tables(RenameValues("reminder", {"sms": "SMS", "call": "PHONE", "non": "?"}, LATER))
    assert faulty["reminder"].tolist() == [
        {"sms": "SMS", "call": "PHONE", "none": "none"}[cell] for cell in clean["reminder"]
    ]
    assert set(clean["reminder"]) == {"none", "sms", "call"}
    pd.testing.assert_frame_equal(faulty.drop(columns="reminder"), clean.drop(columns="reminder"))
    same = RenameValues("reply", {"": "?"}, LATER)(fortnight())[5]
    assert same.content == fortnight()[5].content


@pytest.mark.parametrize("received", [0.0, 0.3, 0.999, 1.0])
def test_a_truncated_file_is_the_beginning_of_the_whole(received: float) -> None:
    """In bytes, whatever line that ends in."""
    clean, faulty = fortnight()[5].content, Truncated(received, LATER)(fortnight())[5].content
    assert faulty == clean[: int(len(clean) * received)]


def test_what_was_truncated_can_be_in_another_encoding() -> None:
    """It is the bytes that are lost."""
    whole = Encoding("utf-16", LATER)(fortnight())
    both = Truncated(0.5, LATER)(whole)[5].content
    assert both == whole[5].content[: len(whole[5].content) // 2]
    assert both == Encoding("utf-16", LATER)(Truncated(0.5, LATER)(fortnight()))[5].content


def predictions() -> tuple[DailyFile, ...]:
    """What was predicted of each day's appointments, beside the clinics' files."""
    days = [file for file in fortnight() if file.kind == "appointments"]
    return (*fortnight(), *(DailyFile("predictions", file.day, file.table[["appointment_id"]]) for file in days))


def test_files_of_predictions_have_a_name_and_a_scope_of_their_own() -> None:
    """A fault of theirs leaves the other files of those days alone."""
    touched = Truncated(0, Scope("predictions", date(2026, 1, 12), date(2026, 1, 14)))(predictions())
    changed = [now.name for was, now in zip(predictions(), touched, strict=True) if not _same(was, now)]
    assert changed == ["predictions_2026-01-12.csv", "predictions_2026-01-13.csv"]


def test_rows_of_predictions_can_come_with_the_next_file() -> None:
    """The next of predictions, and not the next of another kind."""
    scope = Scope("predictions", date(2026, 1, 12), date(2026, 1, 13))
    repeated = Duplicates(0.2, in_next_file=True, scope=scope)(predictions())
    longer = [now for was, now in zip(predictions(), repeated, strict=True) if not _same(was, now)]
    assert [file.name for file in longer] == ["predictions_2026-01-13.csv"]


def test_the_seed_of_a_fault_chooses_the_rows() -> None:
    one, other = (Nulls("reply", 0.3, seed, sign="?")(fortnight())[5].content for seed in (1, 2))
    assert one != other


def test_late_files_are_missing_until_they_arrive(tmp_path: Path) -> None:
    data = World(3).days(days=10, per_day=60)
    late = "appointments_2026-01-13.csv"
    for until, there in ((date(2026, 1, 13), False), (date(2026, 1, 14), False), (date(2026, 1, 15), True)):
        folder = tmp_path / until.isoformat()
        write_days(data, folder, [LateFiles(2, scope=LATER)], until=until)
        assert (folder / late).exists() == there
        assert (folder / "appointments_2026-01-09.csv").exists()
        assert not (folder / "appointments_2026-01-16.csv").exists()


def test_a_share_of_the_files_can_be_late() -> None:
    late = [file for file in LateFiles(3, 0.5, seed=4)(fortnight()) if file.delivered_on != file.day]
    assert 1 <= len(late) <= 9
    assert {(file.delivered_on - file.day).days for file in late} == {3}


@pytest.mark.parametrize(
    ("encoding", "mark"), [("latin-1", b"appoint"), ("utf-16", b"\xff\xfe"), ("utf-8-sig", b"\xef\xbb\xbf")]
)
def test_encodings_change_the_bytes_and_no_letter(encoding: str, mark: bytes) -> None:
    clean, faulty = fortnight()[5], Encoding(encoding)(fortnight())[5]
    assert faulty.content.startswith(mark) or (
        encoding == "utf-16" and faulty.content[:2] in (b"\xff\xfe", b"\xfe\xff")
    )
    assert faulty.content != clean.content
    assert faulty.content.decode(encoding) == clean.content.decode("utf-8")


def test_faults_compose_in_order(tmp_path: Path) -> None:
    faults = [ChangeUnit("distance_km", 1000), RenameColumn("distance_km", "distance_m"), Encoding("latin-1")]
    paths = write_days(World(3).days(days=1), tmp_path, faults)
    read = pd.read_csv(paths[0], encoding="latin-1")
    assert read["distance_m"].median() > 1000


def test_outcome_files_can_break_too() -> None:
    faulty = DropColumn("recorded_at", Scope("outcomes"))(fortnight())
    without = {file.name for file in faulty if file.table.columns.tolist() == ["appointment_id", "outcome"]}
    assert without == {file.name for file in fortnight() if file.kind == "outcomes"}


def test_a_fault_in_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no column 'distance' in a file with the columns appointment_id, patient_id"):
        Nulls("distance", 0.1)(fortnight())
