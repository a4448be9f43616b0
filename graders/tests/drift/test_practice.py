"""A practice at work: what its weeks hold, whom its model has called, and what its files say of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mlops_grader.instruments.drift.orders import INCOMPLETE, UNUSABLE
from mlops_grader.instruments.drift.practice import Damage, Order, Practice, check_up_weeks, features
from mlops_grader.instruments.world import APPOINTMENT_COLUMNS, ConceptDrift, CovariateDrift, World

START = date(2026, 1, 5)
FIRST = date(2026, 3, 30)  # the first Monday with the model, twelve weeks later
FAR = CovariateDrift("distance_km", 0.6, START)
RATE = ConceptDrift("rate", 1.2, START)
ORDERS = (
    *(Order(), Order(FAR, "large"), Order(), Order(release="bad"), Order()),
    *(Order(release="good"), Order(RATE, "large"), Order(release="good")),
)
QUIET = (0, 2, 4)
CHECK_UPS = [date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 6), date(2026, 5, 4)]
KEPT = ["appointment_id", *APPOINTMENT_COLUMNS[1:], "age", "weather", "no_show_probability", "outcome_recorded_at"]

Reordered = Callable[..., Practice]


@lru_cache
def ordered() -> Practice:
    """Eight weeks, some of them different; tests only read it."""
    return Practice(3, ORDERS)


@lru_cache
def as_ever() -> Practice:
    """The same practice with nothing ordered."""
    return Practice(3, (Order(),) * len(ORDERS))


@lru_cache
def uncalled() -> Practice:
    """The same practice, where a call helps nothing."""
    return Practice(3, (Order(),) * len(ORDERS), call_effect=0)


def together(practice: Practice) -> pd.DataFrame:
    """All its weeks."""
    return pd.concat(practice.weeks, ignore_index=True)


def season(*mondays: date) -> tuple[CovariateDrift, ...]:
    """Older patients who booked long before, in these weeks."""
    return tuple(
        CovariateDrift(feature, 0.5, monday, until=monday + timedelta(7))
        for monday in mondays
        for feature in ("age", "lead_days")
    )


def files(folder: Path) -> dict[str, bytes]:
    """The content of each file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@lru_cache
def texts(folder: Path, kind: str) -> pd.DataFrame:
    """All rows of the files of a kind, as texts."""
    return pd.concat([pd.read_csv(path, dtype=str) for path in sorted(folder.glob(f"{kind}_*.csv"))], ignore_index=True)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all files of the ordered weeks."""
    folder = tmp_path_factory.mktemp("practice") / "data" / "raw"
    ordered().write(folder)
    return folder


def test_the_same_seed_gives_the_same_bytes(written: Path, tmp_path: Path) -> None:
    """In another object too."""
    Practice(3, ORDERS).write(tmp_path)
    assert files(tmp_path) == files(written)


def test_another_seed_gives_other_weeks() -> None:
    """Other predictions, other versions of the model and other patients who are left alone."""
    one, other = ordered().weeks[0], Practice(4, (Order(),)).weeks[0]
    assert not set(one["run_id"]) & set(other["run_id"])
    assert not set(one["predicted"]) & set(other["predicted"])


def test_weeks_begin_on_mondays_after_the_reference() -> None:
    """One for each order, twelve weeks after the world's start."""
    assert ordered().mondays == [FIRST + timedelta(7) * number for number in range(8)]
    for monday, _, frame in ordered().story():
        days = set(frame["starts_at"].dt.date)
        assert days == {monday + timedelta(number) for number in range(5)}


def test_the_reference_is_the_world_before_the_model() -> None:
    """Twelve weeks of 150 appointments on each of five days, with the season of the check-up weeks, and no calls."""
    usual = World(3, drifts=season(*CHECK_UPS)).days(days=60)
    pd.testing.assert_frame_equal(ordered().reference, usual)


@pytest.mark.parametrize("number", QUIET)
def test_a_quiet_week_is_the_world_as_ever(number: int) -> None:
    """But for appointments that are not there, and for what came of calls."""
    usual = World(3, drifts=season(*CHECK_UPS)).days(start=FIRST + timedelta(7) * number, days=5)
    week = ordered().weeks[number]
    same = usual[usual["appointment_id"].isin(week["appointment_id"])].reset_index(drop=True)
    assert len(same) == len(week)
    pd.testing.assert_frame_equal(week[KEPT], same[KEPT])
    alone = ~week["called"]
    pd.testing.assert_series_equal(week["no_show"][alone], same["no_show"][alone])


@pytest.mark.parametrize("number", [0, 2, 4])
def test_a_drift_is_in_its_week_only(number: int) -> None:
    """The others are as if nothing had been ordered, to the last cell; so is the reference."""
    pd.testing.assert_frame_equal(ordered().weeks[number], as_ever().weeks[number])
    pd.testing.assert_frame_equal(ordered().reference, as_ever().reference)


@pytest.mark.parametrize(("number", "column", "factor"), [(1, "distance_km", 1.6), (6, "no_show_probability", 1.8)])
def test_a_drift_is_in_its_week(number: int, column: str, factor: float) -> None:
    """All of it, from Monday to Friday, on top of what the season does."""
    drifted, usual = (each.weeks[number] for each in (ordered(), as_ever()))
    ratio = drifted[column].mean() / usual[column].mean()
    assert ratio == pytest.approx(factor, rel=0.1)
    changed = (drifted[column].to_numpy() != usual[column].to_numpy()).astype(float)
    assert pd.Series(changed).groupby(usual["starts_at"].dt.day_of_week).mean().min() > 0.9


def test_a_drift_comes_on_top_of_the_season() -> None:
    """In a check-up week those who live far away are also those who come for a check-up."""
    drifted, usual = (each.weeks[1] for each in (ordered(), as_ever()))
    for column in ("patient_id", "age", "lead_days", "clinic"):
        assert drifted[column].tolist() == usual[column].tolist(), column


def test_weeks_have_different_sizes() -> None:
    """Up to an eighth of the appointments is not there, in one week more than in another."""
    sizes = [len(week) for week in as_ever().weeks]
    assert len(set(sizes)) > 5
    assert 0.86 * 750 < min(sizes) < 680 < 720 < max(sizes) <= 750


def test_the_size_of_a_week_tells_nothing_of_what_was_ordered() -> None:
    """The same appointments are there."""
    assert [week["appointment_id"].tolist() for week in ordered().weeks] == [
        week["appointment_id"].tolist() for week in as_ever().weeks
    ]


# The model and the calls


def test_the_model_is_that_of_the_reference() -> None:
    """It ranks new patients about as well as any, and was right on average where it learned."""
    weeks = together(uncalled())
    assert 0.70 < roc_auc_score(weeks["no_show"], weeks["predicted"]) < 0.80
    reference = as_ever().reference
    assert as_ever().probabilities(reference).mean() == pytest.approx(reference["no_show"].mean(), abs=1e-3)


def test_the_model_does_not_know_the_truth() -> None:
    """It computes with what a request says: reliability and weather are not among it."""
    frame = as_ever().weeks[0]
    columns = ["booked_at", "starts_at", "age", "distance_km", "clinic", "reminder"]
    histories = ["previous_no_shows", "previous_appointments"]
    found = features(frame[[*columns, *histories]])
    assert (found.shape, found.dtype) == ((len(frame), 11), np.float64)
    assert all(len(set(column)) > 1 for column in found.T)


def test_the_riskiest_fifth_is_to_be_called() -> None:
    """Measured on the reference."""
    reference = as_ever().reference
    known = reference.assign(predicted=as_ever().probabilities(reference))
    assert as_ever().risky(known).mean() == pytest.approx(0.2, abs=0.001)


def test_only_risky_patients_are_called() -> None:
    """In each week, also when another version answers."""
    for practice in (ordered(), as_ever()):
        for week in practice.weeks:
            assert not (week["called"] & ~practice.risky(week)).any()


def test_one_in_four_of_the_risky_is_left_alone() -> None:
    """By lot: they are neither riskier nor safer than those who are called."""
    weeks = together(as_ever())
    risky = weeks[as_ever().risky(weeks)]
    assert risky["called"].mean() == pytest.approx(0.75, abs=0.04)
    called, alone = (risky["no_show_probability"][risky["called"] == yes] for yes in (True, False))
    assert called.mean() == pytest.approx(alone.mean(), abs=0.05)


def test_a_call_brings_patients() -> None:
    """It takes 1.5 off the log-odds of a no-show, and nobody stays away because of it."""
    called = together(as_ever())["called"]
    before, after = (together(practice)[called] for practice in (uncalled(), as_ever()))
    odds = before["no_show_probability"] / (1 - before["no_show_probability"]) * np.exp(-1.5)
    expected = odds / (1 + odds)
    assert not (after["no_show"] & ~before["no_show"]).any()
    assert after["no_show"].mean() == pytest.approx(expected.mean(), abs=0.04)
    assert after["no_show"].mean() < before["no_show"].mean() - 0.15


def test_who_is_not_called_does_as_ever() -> None:
    """Their rows are untouched, and those of the called but for what they did."""
    before, after = together(uncalled()), together(as_ever())
    alone = ~after["called"]
    pd.testing.assert_frame_equal(after[alone], before[alone])
    other = ["no_show", "outcome"]
    pd.testing.assert_frame_equal(after.drop(columns=other), before.drop(columns=other))


def test_a_call_that_helps_nothing_changes_nothing() -> None:
    """What is called `no_show_probability` is the truth without calls, whatever they do."""
    weeks = together(uncalled())
    usual = World(3, drifts=season(*CHECK_UPS)).days(days=100).set_index("appointment_id")
    same = usual.loc[weeks["appointment_id"]]
    assert (weeks["no_show"].to_numpy() == same["no_show"].to_numpy()).all()
    assert (together(as_ever())["no_show_probability"].to_numpy() == same["no_show_probability"].to_numpy()).all()


def test_outcome_and_no_show_agree() -> None:
    """Also of those whom a call brought."""
    weeks = together(as_ever())
    assert ((weeks["outcome"] == "no_show") == weeks["no_show"]).all()
    assert set(weeks["outcome"]) == {"no_show", "attended"}


# Releases


def test_a_bad_release_turns_the_order_of_risks_round() -> None:
    """Whoever was riskiest is now safest; the average stays nearer to where it was than half of patients."""
    bad, usual = (practice.weeks[3] for practice in (ordered(), as_ever()))
    assert (np.argsort(bad["predicted"]) == np.argsort(-usual["predicted"])).all()
    assert roc_auc_score(bad["no_show"], bad["predicted"]) < 0.4
    assert bad["predicted"].mean() == pytest.approx(usual["predicted"].mean(), abs=0.1)


@pytest.mark.parametrize("number", [5, 7])
def test_a_good_release_is_as_good_as_the_one_before(number: int) -> None:
    """Its answers are others, by about a tenth of the log-odds, and neither better nor worse."""
    good, usual = (practice.weeks[number] for practice in (ordered(), as_ever()))
    shift = np.log(good["predicted"] / (1 - good["predicted"])) - np.log(usual["predicted"] / (1 - usual["predicted"]))
    assert (shift.std(), shift.mean()) == (pytest.approx(0.1, abs=0.02), pytest.approx(0, abs=0.02))
    before, after = (roc_auc_score(usual["no_show"], week["predicted"]) for week in (usual, good))
    assert after == pytest.approx(before, abs=0.02)


def test_run_ids_are_those_of_the_first_model_but_in_weeks_with_a_release() -> None:
    """Each release has its own, 8 hexadecimal digits like the others, the first a letter: no reader takes it for a number."""
    names = [set(week["run_id"]) for week in ordered().weeks]
    assert [len(each) for each in names] == [1] * 8
    usual, bad, good, better = names[0], names[3], names[5], names[7]
    assert names == [usual, usual, usual, bad, usual, good, usual, better]
    assert len(usual | bad | good | better) == 4
    assert all(len(name) == 8 and set(name) <= set("0123456789abcdef") for name in usual | bad | good)
    assert not [name for name in usual | bad | good | better if name[0].isdigit()]


# Check-up weeks


def test_check_up_weeks_are_the_first_full_weeks_of_months() -> None:
    """Those whose Monday is among the first seven days; two things are different in them."""
    found = check_up_weeks(START, 20)
    assert found == season(*CHECK_UPS)


def test_check_up_weeks_are_in_the_reference_too() -> None:
    """Older patients come then, and they booked longer before."""
    for part in (as_ever().reference, together(as_ever())):
        monday = part["starts_at"].dt.normalize() - pd.to_timedelta(part["starts_at"].dt.day_of_week, unit="D")
        check_up = monday.dt.day <= 7
        assert part["age"][check_up].mean() > part["age"][~check_up].mean() + 3
        assert part["lead_days"][check_up].mean() > 1.25 * part["lead_days"][~check_up].mean()


def test_a_practice_can_do_without_check_up_weeks() -> None:
    """Then it is the world with nothing else."""
    plain = Practice(3, (Order(),), check_ups=False)
    usual = World(3).days(days=65)
    pd.testing.assert_frame_equal(plain.reference, usual.iloc[: 60 * 150])
    week = plain.weeks[0]
    assert (week["age"].to_numpy() == usual.set_index("appointment_id").loc[week["appointment_id"], "age"]).all()


# Files


def test_appointments_and_outcomes_are_those_of_reference_and_weeks(written: Path) -> None:
    """Each once, in the clinic's own files."""
    everything = pd.concat([ordered().reference, together(ordered())])
    assert texts(written, "appointments")["appointment_id"].tolist() == everything["appointment_id"].tolist()
    assert sorted(texts(written, "outcomes")["appointment_id"]) == sorted(everything["appointment_id"])


def test_the_files_of_outcomes_say_what_came_of_calls(written: Path) -> None:
    """And not what would have been without."""
    said = texts(written, "outcomes").set_index("appointment_id")["outcome"]
    weeks = together(ordered())
    assert said.loc[weeks["appointment_id"]].tolist() == weeks["outcome"].tolist()
    assert (weeks["called"] & ~weeks["no_show"]).sum() > 200


def test_the_files_of_predictions_are_those_of_the_weeks(written: Path) -> None:
    """One for each day from the first Monday on, with what was predicted, by which version, and whether somebody was called."""
    days = [FIRST + timedelta(7 * week + day) for week in range(8) for day in range(5)]
    assert sorted(path.name for path in written.glob("predictions*")) == [f"predictions_{day}.csv" for day in days]
    said = texts(written, "predictions")
    assert said.columns.tolist() == ["appointment_id", "run_id", "no_show_probability", "called"]
    same = together(ordered()).set_index("appointment_id").loc[said["appointment_id"]]
    assert len(said) == len(together(ordered()))
    assert said["run_id"].tolist() == same["run_id"].tolist()
    assert said["called"].map({"yes": True, "no": False}).tolist() == same["called"].tolist()
    np.testing.assert_allclose(said["no_show_probability"].astype(float), same["predicted"], atol=5e-7)
    assert said["no_show_probability"].str.fullmatch(r"0\.\d{6}").all()


def test_a_file_of_predictions_holds_the_day_of_its_name(written: Path) -> None:
    """The day of the appointment."""
    day = together(ordered()).set_index("appointment_id")["starts_at"].dt.date
    for path in written.glob("predictions*"):
        rows = pd.read_csv(path)
        assert {f"predictions_{found}.csv" for found in day.loc[rows["appointment_id"]]} == {path.name}


def test_predictions_are_in_an_order_of_their_own(written: Path) -> None:
    """Whoever pairs them with appointments line by line, and not by id, is wrong."""
    for path in written.glob("predictions*"):
        found = pd.read_csv(path)["appointment_id"]
        assert found.tolist() != sorted(found)
        assert sorted(found) == sorted(
            pd.read_csv(path.with_name(path.name.replace("predictions", "appointments")))["appointment_id"]
        )


def test_files_come_as_far_as_a_day(written: Path, tmp_path: Path) -> None:
    """That day's own are there, later ones are not, and those that are there are the same."""
    day = FIRST + timedelta(8)
    ordered().write(tmp_path, until=day)
    whole = files(written)
    assert files(tmp_path) == {name: whole[name] for name in whole if name.split("_")[1][:10] <= day.isoformat()}
    assert {f"{kind}_{day}.csv" for kind in ("appointments", "outcomes", "predictions")} <= set(files(tmp_path))


@pytest.mark.parametrize("weeks", [0, 2])
def test_files_can_be_those_of_the_first_weeks(weeks: int, tmp_path: Path) -> None:
    """None of them means the reference alone."""
    ordered().write(tmp_path / "new" / "folder", weeks=weeks)
    folder = tmp_path / "new" / "folder"
    expected = pd.concat([ordered().reference, *ordered().weeks[:weeks]])["appointment_id"].tolist()
    assert texts(folder, "appointments")["appointment_id"].tolist() == expected
    assert sorted(texts(folder, "outcomes")["appointment_id"]) == sorted(expected)
    assert len(list(folder.glob("predictions*"))) == 5 * weeks


def test_without_a_day_all_outcomes_are_there(written: Path) -> None:
    """Those of the last Friday are recorded in the week after."""
    last = max(path.name for path in written.glob("outcomes*"))
    assert last > f"outcomes_{ordered().mondays[-1] + timedelta(7)}"


# Damages


@pytest.fixture(scope="module")
def whole(quiet: Practice, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of the quiet weeks."""
    folder = tmp_path_factory.mktemp("whole")
    quiet.write(folder)
    return files(folder)


TOUCHED = [("appointments", 5)] * 5 + [("appointments", 3)]
TOUCHED += [("predictions", 1), ("appointments", 1), ("predictions", 1), ("predictions", 5)]
TOUCHED += [("outcomes", 5), ("predictions", 2)]
WEEK = FIRST + timedelta(7)


def damaged(practice: Practice, damage: Damage, reordered: Reordered, folder: Path) -> dict[str, bytes]:
    """The files of a practice whose second week has this damage."""
    reordered(practice, Order(), Order(damage=damage), Order()).write(folder)
    return files(folder)


@pytest.mark.parametrize(
    ("damage", "kind", "days"),
    [(damage, *touched) for damage, touched in zip((*UNUSABLE, *INCOMPLETE), TOUCHED, strict=True)],
    ids=lambda value: value.words.replace(" ", "-") if isinstance(value, Damage) else str(value),
)
def test_a_damage_changes_the_files_that_it_says(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path, damage: Damage, kind: str, days: int
) -> None:
    """Of its week, from Monday on, and no others."""
    found = damaged(quiet, damage, reordered, tmp_path)
    changed = sorted(name for name in whole if found.get(name) != whole[name])
    assert changed == [f"{kind}_{WEEK + timedelta(day)}.csv" for day in range(days)]
    assert set(found) <= set(whole)


def week_of(found: dict[str, bytes], kind: str) -> list[str]:
    """The texts of the second week's files."""
    return [found[f"{kind}_{WEEK + timedelta(day)}.csv"].decode() for day in range(5)]


def test_kilometres_become_metres(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path
) -> None:
    """Whole ones."""
    before, after = (
        [line.split(",")[9] for text in week_of(each, "appointments") for line in text.splitlines()[1:]]
        for each in (whole, damaged(quiet, UNUSABLE[0], reordered, tmp_path))
    )
    assert after == [f"{float(km) * 1000:.0f}" for km in before]


@pytest.mark.parametrize(
    ("number", "columns"),
    [
        (1, ["dist" if column == "distance_km" else column for column in APPOINTMENT_COLUMNS]),
        (2, [column for column in APPOINTMENT_COLUMNS if column != "reminder"]),
    ],
)
def test_columns_are_called_otherwise_or_missing(
    quiet: Practice, reordered: Reordered, tmp_path: Path, number: int, columns: list[str]
) -> None:
    """In the header."""
    found = week_of(damaged(quiet, UNUSABLE[number], reordered, tmp_path), "appointments")
    assert [text.splitlines()[0].split(",") for text in found] == [columns] * 5


def test_reminders_are_spelt_otherwise(quiet: Practice, reordered: Reordered, tmp_path: Path) -> None:
    """All of those that were sent."""
    damaged(quiet, UNUSABLE[3], reordered, tmp_path)
    paths = [tmp_path / f"appointments_{WEEK + timedelta(day)}.csv" for day in range(5)]
    found = pd.concat([pd.read_csv(path, keep_default_na=False) for path in paths])
    assert set(found["reminder"]) == {"none", "SMS", "PHONE"}


def test_three_in_ten_cells_are_empty(quiet: Practice, reordered: Reordered, tmp_path: Path) -> None:
    """Of one column."""
    damaged(quiet, UNUSABLE[4], reordered, tmp_path)
    paths = [tmp_path / f"appointments_{WEEK + timedelta(day)}.csv" for day in range(5)]
    found = pd.concat([pd.read_csv(path, keep_default_na=False, dtype=str) for path in paths])
    assert (found["previous_no_shows"] == "").mean() == pytest.approx(0.3, abs=0.05)


def test_another_encoding_has_the_same_letters(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path
) -> None:
    """Monday to Wednesday in UTF-16."""
    found = damaged(quiet, UNUSABLE[5], reordered, tmp_path)
    for day in range(3):
        name = f"appointments_{WEEK + timedelta(day)}.csv"
        assert found[name].decode("utf-16") == whole[name].decode("utf-8")


@pytest.mark.parametrize(("number", "share"), [(0, 0.0), (1, 0.55), (2, 0.55)])
def test_a_file_is_cut_off(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path, number: int, share: float
) -> None:
    """What is there is its beginning."""
    name = f"{INCOMPLETE[number].kind}_{WEEK}.csv"
    found = damaged(quiet, INCOMPLETE[number], reordered, tmp_path)[name]
    assert found == whole[name][: int(len(whole[name]) * share)]


def test_rows_come_twice(quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path) -> None:
    """Four in ten of a file's own, after the others."""
    before, after = (
        week_of(each, "predictions") for each in (whole, damaged(quiet, INCOMPLETE[3], reordered, tmp_path))
    )
    assert all(new.startswith(old) for old, new in zip(before, after, strict=True))
    lines = [sum(text.count("\n") for text in each) for each in (before, after)]
    assert lines[1] / lines[0] == pytest.approx(1.4, abs=0.06)


def test_files_that_have_not_come_are_not_there(quiet: Practice, reordered: Reordered, tmp_path: Path) -> None:
    """The first two of predictions in that week, however long one waits in a grade."""
    found = damaged(quiet, INCOMPLETE[5], reordered, tmp_path)
    names = [f"predictions_{WEEK + timedelta(day)}.csv" for day in range(5)]
    assert [name in found for name in names] == [False, False, True, True, True]


def test_outcomes_that_have_not_come_are_not_there(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path
) -> None:
    """None of the week's own files of them."""
    found = damaged(quiet, INCOMPLETE[4], reordered, tmp_path)
    assert set(whole) - set(found) == {f"outcomes_{WEEK + timedelta(day)}.csv" for day in range(5)}


def test_damages_of_several_weeks_are_each_in_theirs(
    quiet: Practice, whole: dict[str, bytes], reordered: Reordered, tmp_path: Path
) -> None:
    """One does not undo another."""
    reordered(quiet, Order(damage=INCOMPLETE[0]), Order(), Order(damage=UNUSABLE[5])).write(tmp_path)
    found = files(tmp_path)
    changed = sorted(name for name in whole if found[name] != whole[name])
    last = FIRST + timedelta(14)
    assert changed == [*(f"appointments_{last + timedelta(day)}.csv" for day in range(3)), f"predictions_{FIRST}.csv"]


def test_a_practice_can_be_asked_again_with_another_order() -> None:
    """What is computed of one is not taken for another."""
    one = Practice(3, (Order(), Order()))
    assert len(one.weeks) == 2
    assert len(replace(one, orders=(Order(),)).weeks) == 1
