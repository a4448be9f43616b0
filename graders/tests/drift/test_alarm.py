"""Metrics of a quiet week and of a drifted one, shown to a real Prometheus: what fires, and what ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.drift import alarm
from mlops_grader.instruments.drift.alarm import Heard, exporter, listen

QUIET = 'decision{decision="retrain"} 0\ndecision{decision="nothing"} 1\nruns 1\n'
DRIFTED = 'decision{decision="retrain"} 1\ndecision{decision="nothing"} 0\nruns 2\n'


def rules(*alerts: dict[str, Any]) -> list[Any]:
    """A rule file with these alerts."""
    return [{"groups": [{"name": "drift", "rules": list(alerts)}]}]


RETRAIN = {
    "alert": "MustBeRetrained",
    "expr": 'decision{decision="retrain"} == 1',
    "for": "5m",
    "labels": {"severity": "ticket"},
    "annotations": {"summary": "the model is no longer right", "runbook_url": "docs/runbook.md#retrain"},
}
NEVER = {"alert": "Never", "expr": "runs > 5"}
ALWAYS = {"alert": "Always", "expr": "runs > 0"}
ENDLESS = {"alert": "Endless", "expr": "max_over_time(runs[6h]) > 1"}
SLOW = {"alert": "TooSlow", "expr": 'decision{decision="retrain"} == 1', "for": "3h"}


@pytest.fixture
def hear(tmp_path: Path) -> Callable[..., Heard]:
    """What is heard of these alerts."""
    return lambda *alerts: listen(tmp_path / "prometheus", QUIET, DRIFTED, rules(*alerts), "noshow")


@pytest.mark.prometheus
@pytest.mark.slow
def test_an_alert_fires_in_the_drifted_week_only(hear: Callable[..., Heard]) -> None:
    """With its labels and annotations, and it ends; what always or never fires is none of it."""
    heard = hear(RETRAIN, NEVER, ALWAYS)
    assert [(alert.name, alert.state) for alert in heard.fired] == [("MustBeRetrained", "firing")]
    labels, annotations = heard.fired[0].labels, heard.fired[0].annotations
    assert (labels["severity"], labels["job"], annotations) == ("ticket", "noshow", RETRAIN["annotations"])
    assert (heard.always, heard.unended) == (["Always"], [])


@pytest.mark.prometheus
@pytest.mark.slow
def test_an_alert_that_always_fires_tells_nothing(hear: Callable[..., Heard], monkeypatch: pytest.MonkeyPatch) -> None:
    """It fired before; so did one that fires in quiet weeks only."""
    monkeypatch.setattr(alarm, "PATIENCE_SECONDS", 5.0)
    heard = hear(ALWAYS, NEVER, {"alert": "AllIsWell", "expr": 'decision{decision="nothing"} == 1'})
    assert heard == Heard(["AllIsWell", "Always"], [], [])


@pytest.mark.prometheus
@pytest.mark.slow
def test_an_alert_that_waits_longer_than_an_hour_is_not_heard(
    hear: Callable[..., Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor one that never fires."""
    monkeypatch.setattr(alarm, "PATIENCE_SECONDS", 5.0)
    monkeypatch.setattr(alarm, "QUIET_SECONDS", 1.0)
    assert hear(SLOW, NEVER) == Heard([], [], [])


@pytest.mark.prometheus
@pytest.mark.slow
def test_an_alert_that_does_not_end_is_told(hear: Callable[..., Heard], monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name."""
    monkeypatch.setattr(alarm, "PATIENCE_SECONDS", 8.0)
    heard = hear(ENDLESS)
    assert [alert.name for alert in heard.fired] == ["Endless"]
    assert heard.unended == ["Endless"]


@pytest.mark.prometheus
def test_rules_that_cannot_be_loaded_are_told(hear: Callable[..., Heard]) -> None:
    """In the words of Prometheus."""
    with pytest.raises(Fail, match="Prometheus does not load the rules"):
        hear({"alert": "Broken", "expr": "decision{"})


def test_an_exporter_says_what_it_holds_at_the_moment() -> None:
    """As Prometheus wants it, at any path; it is gone with its context."""
    with exporter("a 1") as source:
        address = f"http://127.0.0.1:{source.port}/metrics"
        first = httpx.get(address, trust_env=False)
        source.text = 'b{c="é"} 2'
        second = httpx.get(address, trust_env=False)
    assert (first.status_code, first.text, second.text) == (200, "a 1", 'b{c="é"} 2')
    assert first.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_exporters_stand_beside_each_other() -> None:
    """Each with its own text."""
    with exporter("a 1") as one, exporter("b 1") as other:
        said = [httpx.get(f"http://127.0.0.1:{each.port}/", trust_env=False).text for each in (one, other)]
    assert said == ["a 1", "b 1"]
