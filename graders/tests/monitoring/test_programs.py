"""Where the programs of Prometheus come from when none is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.drift.alarm import exporter
from mlops_grader.instruments.engine import clients
from mlops_grader.instruments.prometheus import promtool
from mlops_grader.instruments.prometheus.alertmanager import alertmanager
from mlops_grader.instruments.prometheus.programs import IMAGES, image_client, on_path, program
from mlops_grader.instruments.prometheus.server import prometheus

pytestmark = [pytest.mark.engine, pytest.mark.slow]
ROUTING = {
    "route": {"receiver": "all"},
    "receivers": [{"name": "all", "webhook_configs": [{"url": "http://localhost"}]}],
}


@pytest.fixture
def only_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A search path with the engine's client and without the programs; the client."""
    client = next(clients())
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "docker").symlink_to(client.resolve())
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}")
    assert on_path("prometheus") is None
    return client


def left(client: Path) -> str:
    """The containers of these programs that are still there, in whatever state."""
    command = [str(client), "ps", "--all", "--filter", "name=mlops-grader-", "--format", "{{.Names}}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_an_image_that_is_there_is_found(only_docker: Path, tmp_path: Path, name: str) -> None:
    """Its words start a container of a name that can be removed."""
    found = program(name, tmp_path)
    assert (found.words[-1], f"--name={found.container}" in found.words) == (IMAGES[name], True)


def test_an_image_that_is_not_there_is_not_fetched(only_docker: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever wants it fetches it; the advice of the program says how."""
    monkeypatch.setattr("mlops_grader.instruments.prometheus.programs.IMAGES", {"prometheus": "prom/prometheus:never"})
    assert image_client("prometheus") is None


def test_a_server_of_the_image_scrapes_this_machine(only_docker: Path, tmp_path: Path) -> None:
    """It shares the network of this machine, and nothing of it is left."""
    document = {"groups": [{"name": "a", "rules": [{"alert": "High", "expr": "seven > 6"}]}]}
    with (
        exporter("seven 7\n") as source,
        prometheus(tmp_path / "server", {"job": source.port}, "/metrics", [document]) as server,
    ):
        assert [sample.value for sample in server.query("seven")] == [7.0]
        assert [rule["name"] for rule in server.rules()] == ["High"]
        assert "mlops-grader-prometheus-" in left(only_docker)
    assert "mlops-grader-prometheus-" not in left(only_docker)


def test_rules_are_refused_in_the_same_words(only_docker: Path, tmp_path: Path) -> None:
    """What the server logs in its container is read as elsewhere."""
    document = {"groups": [{"name": "a", "rules": [{"alert": "High", "expr": "seven >"}]}]}
    with (
        exporter("seven 7\n") as source,
        pytest.raises(Fail, match="does not load the rules"),
        prometheus(tmp_path / "server", {"job": source.port}, "/metrics", [document]),
    ):
        pytest.fail("it loaded them")
    assert "mlops-grader-prometheus-" not in left(only_docker)


def test_an_alertmanager_of_the_image_starts_and_ends(only_docker: Path, tmp_path: Path) -> None:
    """With the routing that it was given."""
    with alertmanager(tmp_path / "alerts", ROUTING) as manager:
        assert manager.port > 0
        assert "mlops-grader-alertmanager-" in left(only_docker)
    assert "mlops-grader-alertmanager-" not in left(only_docker)


def test_the_tool_of_the_image_reads_files_of_this_machine(only_docker: Path, tmp_path: Path) -> None:
    """It says the same as the installed one."""
    (tmp_path / "rules.yml").write_text("groups: [{name: a, rules: [{alert: A, expr: 'up =='}]}]\n", encoding="utf-8")
    assert "parse error" in promtool.check_rules(tmp_path / "rules.yml")
    assert promtool.lint_metrics("# HELP a_total How many.\n# TYPE a_total counter\na_total 1\n") == []
