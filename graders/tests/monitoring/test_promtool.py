"""What promtool says reaches the student without the grader's paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.check import NotRun
from mlops_grader.instruments.prometheus import promtool
from mlops_grader.instruments.prometheus.programs import program

RULES = "groups: [{name: a, rules: [{alert: Down, expr: up == 0, for: 5m}]}]\n"
GOOD = "# HELP a_total How many.\n# TYPE a_total counter\na_total 1\n"
TEST = """rule_files: [rules.yml]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series: [{series: up, values: '0+0x10'}]
    alert_rule_test: [{eval_time: 10m, alertname: Down, exp_alerts: [EXPECTED]}]
"""

needs_promtool = pytest.mark.usefixtures("programs")


@pytest.fixture
def rules(tmp_path: Path) -> Callable[[str], Path]:
    """A rule file with this text."""

    def write_rules(text: str) -> Path:
        path = tmp_path / "rules.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_rules


@needs_promtool
def test_good_rules_earn_no_words(rules: Callable[[str], Path]) -> None:
    """Nothing is wrong with what Prometheus loads."""
    assert promtool.check_rules(rules(RULES)) == ""


@needs_promtool
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("up == 0", "rate(up", "could not parse expression"),
        ("alert: Down", "alert: Down, fro: 5m", "field fro not found"),
        ("5m", "soon", "not a valid duration string"),
        ("rules:", "- rules", "yaml"),
        (
            "{alert: Down, expr: up == 0, for: 5m}",
            "{record: a, expr: up}, {record: a, expr: up}",
            "duplicate rule(s) found",
        ),
    ],
)
def test_bad_rules_earn_its_words(rules: Callable[[str], Path], old: str, new: str, words: str) -> None:
    """What is wrong is said, doubled rules included, and in which file, but not in which folder of the grader."""
    path = rules(RULES.replace(old, new))
    said = promtool.check_rules(path)
    assert (words in said, str(path.parent) in said) == (True, False)


@needs_promtool
def test_only_what_is_wrong_is_told(rules: Callable[[str], Path]) -> None:
    """What promtool is about to do, and what went well, is left out."""
    said = promtool.check_rules(rules(RULES.replace("5m", "soon")))
    assert [line for line in said.splitlines() if "Checking" in line or "SUCCESS" in line or not line.strip()] == []


@needs_promtool
@pytest.mark.parametrize(("expected", "passes"), [("{}", True), ("", False)])
def test_unit_tests_of_rules_are_run(
    rules: Callable[[str], Path], tmp_path: Path, expected: str, *, passes: bool
) -> None:
    """Rule files are found beside the test, from whatever folder; a test that fails says what came instead."""
    rules(RULES)
    (tmp_path / "test.yml").write_text(TEST.replace("EXPECTED", expected), encoding="utf-8")
    said = promtool.test_rules(tmp_path / "test.yml")
    assert (said == "", 'Labels:{alertname="Down"}' in said) == (passes, not passes)


@needs_promtool
def test_metrics_that_keep_the_conventions_earn_no_remark() -> None:
    """Base unit, `_total` and a help text."""
    assert promtool.lint_metrics(GOOD) == []


@needs_promtool
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("a_total", "a", "counter metrics should have"),
        ("a_total", "a_milliseconds_total", "use base unit"),
        ("# HELP a_total How many.\n", "", "no help text"),
        ("counter", "gauge", "non-counter metrics should not have"),
    ],
)
def test_metrics_that_leave_the_conventions_earn_one(old: str, new: str, words: str) -> None:
    """One line for each remark, which names the metric."""
    (said,) = promtool.lint_metrics(GOOD.replace(old, new))
    assert (words in said, said.startswith("a")) == (True, True)


@needs_promtool
def test_metrics_that_cannot_be_read_are_no_remark() -> None:
    """They are an error, with promtool's words."""
    with pytest.raises(ValueError, match="error while linting"):
        promtool.lint_metrics("a{ 1\n")


@pytest.mark.parametrize("name", ["promtool", "prometheus", "alertmanager"])
def test_a_machine_without_the_program_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    """Nothing is known about the submission then."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRun, match=f"{name} is not installed") as raised:
        program(name, tmp_path)
    assert raised.value.fix.startswith("nox -s doctor -- m09_monitoring --install")


@pytest.mark.parametrize("names", [["prometheus-alertmanager"], ["prometheus-alertmanager", "alertmanager"]])
def test_alertmanager_has_another_name_in_debian(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, names: list[str]
) -> None:
    """Its own name goes first where there are both."""
    for name in names:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program("alertmanager", tmp_path).words == [str(tmp_path / names[-1])]
