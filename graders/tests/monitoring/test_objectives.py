"""Objectives: what a project may state, and the words for what it may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.objectives import NAMES, Objective, load
from mlops_grader.submission import Submission

Submit = Callable[[Mapping[str, str]], Submission]

FILE = "monitoring/slo.toml"
TABLE = """[[slo]]
name = "{name}"
promise = "What callers can rely on."
objective = 0.99
window = "30d"
within = "10m"
"""
SECONDS, DAYS = "seconds = 0.5\n", "max_age_days = 30\n"
MORE = {"latency": SECONDS, "freshness": DAYS}
GOOD = "".join(TABLE.format(name=name) + MORE.get(name, "") for name in NAMES)


@pytest.fixture
def stated(submit: Submit) -> Callable[[str], Mapping[Any, Objective]]:
    """The objectives that this text states."""
    return lambda text: load(submit({FILE: text}), FILE)


@pytest.fixture
def refused(stated: Callable[[str], Any]) -> Callable[[str], str]:
    """What is found wrong with this text; what to do about it is said too."""

    def words(text: str) -> str:
        with pytest.raises(Fail) as raised:
            stated(text)
        assert raised.value.fix
        return raised.value.found

    return words


def test_the_four_objectives_are_read(stated: Callable[[str], Mapping[Any, Objective]]) -> None:
    """By their names, with what each promises."""
    objectives = stated(GOOD)
    assert sorted(objectives) == sorted(NAMES)
    assert all(name == objective.name for name, objective in objectives.items())
    assert (objectives["latency"].seconds, objectives["freshness"].max_age_days) == (0.5, 30)


def test_patience_is_in_compressed_seconds(stated: Callable[[str], Mapping[Any, Objective]]) -> None:
    """Ten minutes pass in ten seconds."""
    assert [objective.patience for objective in stated(GOOD).values()] == [10, 10, 10, 10]


def test_no_file_is_told(submit: Submit) -> None:
    """By its name."""
    with pytest.raises(Fail, match=f"there is no `{FILE}`"):
        load(submit({"README.md": "hello"}), FILE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[slo]\n", f"`{FILE}` is not valid TOML: "),
        ("a = 1\na = 2\n", f"`{FILE}` is not valid TOML: "),
        (GOOD.replace("[[slo]]", "[[slos]]"), f"`{FILE}` holds `slos`"),
        ("[other]\na = 1\n" + GOOD, f"`{FILE}` holds `other`"),
        ("slo = 5\n", f"`{FILE}` holds `slo`"),
        ("[slo]\nname = 'latency'\n", f"`{FILE}` holds `slo`"),
        ("slo = [1, 2]\n", f"`{FILE}`: `a table` is 1: "),
        ("", f"`{FILE}` states no objective `availability`"),
        ("slo = []\n", f"`{FILE}` states no objective `availability`"),
        (GOOD.replace('name = "freshness"', 'name = "prediction"'), f"`{FILE}` states no objective `freshness`"),
        (GOOD + TABLE.format(name="latency") + SECONDS, f"`{FILE}` states one objective twice"),
        (GOOD.replace(SECONDS, ""), f"`{FILE}`: latency promises no `seconds`"),
        (GOOD.replace(DAYS, ""), f"`{FILE}`: freshness promises no `max_age_days`"),
        (GOOD.replace('name = "latency"', 'name = "speed"'), f"`{FILE}`: `name` is 'speed': "),
        (GOOD.replace('promise = "What callers can rely on."\n', "", 1), f"`{FILE}`: `promise` is "),
        (GOOD.replace("What callers can rely on.", "Good."), f"`{FILE}`: `promise` is 'Good.': "),
        (GOOD.replace("window", "windows"), f"`{FILE}`: `window` is "),
        (GOOD + 'owner = "me"\n', f"`{FILE}`: `owner` is 'me': "),
        ("[" * 20_000, f"`{FILE}` is not valid TOML: "),
        ("slo = " + "[" * 20_000, f"`{FILE}` is not valid TOML: "),
    ],
)
def test_each_mistake_has_its_words(refused: Callable[[str], str], text: str, words: str) -> None:
    """The file, the fact, and the way out."""
    assert refused(text).startswith(words)


def changed(key: str, value: str) -> str:
    """The good objectives with another value of that key."""
    return "".join(f"{key} = {value}\n" if line.startswith(f"{key} =") else line for line in GOOD.splitlines(True))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("objective", "0.9"),
        ("objective", "0.999"),
        ("seconds", "0.001"),
        ("seconds", "2"),
        ("seconds", "2.0"),
        ("max_age_days", "0.5"),
        ("max_age_days", "365"),
        ("promise", '"Ten signs."'),
        ("window", '"1w2d"'),
        ("within", '"90s"'),
        ("within", '"9m60s"'),
    ],
)
def test_a_value_at_its_bound_is_taken(stated: Callable[[str], Any], key: str, value: str) -> None:
    """And so are other ways to write a duration."""
    assert len(stated(changed(key, value))) == 4


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("objective", "0.8999"),
        ("objective", "0.9991"),
        ("objective", "1.0"),
        ("objective", "99.5"),
        ("objective", "nan"),
        ("objective", '"0.99"'),
        ("objective", "true"),
        ("seconds", "0"),
        ("seconds", "-1"),
        ("seconds", "2.001"),
        ("seconds", "inf"),
        ("seconds", "nan"),
        ("seconds", '"0.5"'),
        ("max_age_days", "0"),
        ("max_age_days", "365.1"),
        ("max_age_days", "nan"),
        ("max_age_days", "2024-01-01"),
        ("promise", '"Too short"'),
        ("promise", "5"),
        ("window", '"30"'),
        ("window", '"30 d"'),
        ("window", '"a month"'),
        ("window", '""'),
        ("window", "30"),
        ("within", '"soon"'),
        ("within", '"5m\\n"'),
        ("within", '"1.5m"'),
        ("name", "5"),
    ],
)
def test_a_value_beyond_its_bound_is_shown(refused: Callable[[str], str], key: str, value: str) -> None:
    """With its key, and with the value as it was read."""
    assert refused(changed(key, value)).startswith(f"`{FILE}`: `{key}` is ")


def within(name: str, value: str) -> str:
    """The good objectives with another patience for one of them."""
    tables = GOOD.split("[[slo]]\n")[1:]
    return "".join(
        "[[slo]]\n" + (table.replace('"10m"', f'"{value}"') if f'name = "{name}"' in table else table)
        for table in tables
    )


@pytest.mark.parametrize(
    ("name", "most", "more"),
    [
        ("availability", "10m", "601s"),
        ("latency", "10m", "11m"),
        ("freshness", "1h", "61m"),
        ("prediction", "60m", "1h1ms"),
    ],
)
def test_nobody_waits_too_long_for_an_alert(
    stated: Callable[[str], Any], refused: Callable[[str], str], name: str, most: str, more: str
) -> None:
    """What callers feel at once must be known sooner than what grows slowly."""
    assert len(stated(within(name, most))) == 4
    assert refused(within(name, more)) == (f"`{FILE}`: after a total failure of {name} you want to know within {more}")


def test_a_long_value_is_cut(refused: Callable[[str], str]) -> None:
    """What is shown of it stays readable."""
    assert len(refused(changed("window", '"' + "x" * 5000 + '"'))) < 300


def test_a_number_beyond_all_numbers_is_refused(refused: Callable[[str], str]) -> None:
    """Python itself refuses to read 5,000 digits; the student reads a sentence."""
    assert refused(changed("within", '"' + "9" * 5000 + 's"')).startswith(f"`{FILE}`: ")
