"""The promise: a rate that can be kept, or the words that say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.drift.promise import false_alarm_rate
from mlops_grader.submission import Submission

FILE = "monitoring/drift.toml"

Submit = Callable[[dict[str, str | bytes]], Submission]


@pytest.mark.parametrize("text", ["0.03", "0.05", "5e-3", "1e-9"])
def test_a_rate_is_read(submit: Submit, text: str) -> None:
    """Up to one week in twenty; what else stands there does not matter."""
    submission = submit({FILE: f"# promised\nfalse_alarm_rate = {text}\n[more]\nkey = 1\n"})
    assert false_alarm_rate(submission, FILE) == float(text)


@pytest.mark.parametrize("text", ["0", "0.0", "-0.01", "0.0501", "1", "5", "nan", "inf", "-inf"])
def test_a_rate_that_is_none_is_told(submit: Submit, text: str) -> None:
    """Nothing is always wrong, and more than one week in twenty is too much."""
    with pytest.raises(Fail) as raised:
        false_alarm_rate(submit({FILE: f"false_alarm_rate = {text}"}), FILE)
    assert raised.value.found.startswith(f"`{FILE}`: a false-alarm rate of {text.removesuffix('.0')}")
    assert raised.value.fix == "more than 0, and at most 0.05"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "# false_alarm_rate = 0.03",
            "rate = 0.03",
            "[drift]\nfalse_alarm_rate = 0.03",
            "false_alarm_rate = true",
        ),
        *('false_alarm_rate = "0.03"', "false_alarm_rate = [0.03]", "false_alarm_rate = 2026-01-05"),
        *("false_alarm_rate = { a = 1 }", "[false_alarm_rate]\na = 1"),
    ],
)
def test_a_file_without_a_rate_is_told(submit: Submit, text: str) -> None:
    """A number at the top, and nothing that stands for one."""
    with pytest.raises(Fail) as raised:
        false_alarm_rate(submit({FILE: text}), FILE)
    assert raised.value.found == f"`{FILE}` states no `false_alarm_rate`"


@pytest.mark.parametrize(
    "text",
    ["false_alarm_rate = ", "false_alarm_rate = 3%", "a = 1\na = 2", "a = " + "[" * 100_000, "a = " + "1" * 5000],
    ids=["nothing", "percent", "twice", "nested", "huge"],
)
def test_what_is_no_toml_is_told(submit: Submit, text: str) -> None:
    """With its place, where there is one."""
    with pytest.raises(Fail) as raised:
        false_alarm_rate(submit({FILE: text}), FILE)
    assert (raised.value.found.startswith(f"`{FILE}` is not valid TOML: "), raised.value.fix) == (
        True,
        "mend that line",
    )


def test_a_missing_file_is_told(submit: Submit) -> None:
    """By its name."""
    with pytest.raises(Fail, match=FILE):
        false_alarm_rate(submit({}), FILE)


def test_what_is_no_text_is_told(submit: Submit) -> None:
    """By the name of its file."""
    with pytest.raises(Fail, match=f"`{FILE}` is not UTF-8 text"):
        false_alarm_rate(submit({FILE: b"\xff\xfe\x00"}), FILE)
