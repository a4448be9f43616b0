"""The real server: it starts, holds what is asked for, and is gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking.registry import DataSet, Registry, Run, Version
from mlops_grader.instruments.tracking.server import Server, started

pytest.importorskip("mlflow")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of this file."""
    with started(tmp_path_factory.mktemp("tracking") / "server") as server:
        server.wait()
        yield server
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.url}/health", timeout=2, trust_env=False)


@pytest.fixture(scope="module")
def made(server: Server) -> Run:
    """A run with all that a run can have, forged from nothing."""
    sets = [DataSet("4b601b887e9ff757", "abcdef0123456789")]
    pattern = Run("", "", {"strength": "1.0", "commit": "c" * 40}, {"auc": 0.7}, {"why": f"at {'c' * 40}"}, sets, "")
    return server.registry.run(server.registry.forge(pattern, "first", {}))


@pytest.fixture(scope="module")
def version(server: Server, made: Run) -> Version:
    """A version of that run."""
    pattern = Version("", "", made.id, f"{made.artifacts}/model", {"decision": "promoted", "by": "us"})
    return server.registry.register("model", [pattern])[0]


def test_a_run_is_read_as_it_was_written(server: Server, made: Run) -> None:
    """Parameters, metrics, tags, data sets and status."""
    assert (made.status, made.parameters["strength"], made.metrics) == ("FINISHED", "1.0", {"auc": 0.7})
    assert made.data == [DataSet("4b601b887e9ff757", "abcdef0123456789")]
    assert [run.id for run in server.registry.runs("first")] == [made.id]
    assert server.registry.runs("nobody's") == []


def test_a_forged_run_is_another_one_in_one_word(server: Server, made: Run) -> None:
    """Wherever that word stands."""
    forged = server.registry.run(server.registry.forge(made, "second", {"c" * 40: "d" * 40}))
    assert forged.id != made.id
    assert (forged.parameters["commit"], forged.tags["why"]) == ("d" * 40, f"at {'d' * 40}")
    assert (forged.metrics, forged.data) == (made.metrics, made.data)


def test_metrics_have_a_history_and_can_be_overwritten(server: Server, made: Run) -> None:
    """The newest value counts."""
    server.registry.say_of(made.id, {"auc": 0.9})
    assert server.registry.run(made.id).metrics["auc"] == 0.9
    assert [value for _, value in server.registry.history(made.id, "auc")] == [0.7, 0.9]


def test_versions_and_aliases(server: Server, version: Version) -> None:
    """An alias is on one version, or on none; a copy has the tags that it is to have."""
    registry = server.registry
    assert registry.alias("model", "champion") is None
    assert registry.alias("nothing", "champion") is None
    registry.give_alias(version, "champion")
    assert registry.alias("model", "champion") == "1"
    copies = registry.register("copy", [version, version], without=("decision",))
    assert [each.number for each in registry.versions("copy")] == ["1", "2"]
    assert (registry.version("copy", "2").tags, copies[1].run_id) == ({"by": "us"}, version.run_id)
    assert registry.versions("nothing") == []


def test_files_lie_in_the_folder_of_the_server(server: Server, version: Version, tmp_path: Path) -> None:
    """The folder of a model is known; other places are not looked at."""
    folder = server.registry.model_folder(version)
    assert folder.is_relative_to((server.folder / "artifacts").resolve())
    for uri in ("file:///etc", "mlflow-artifacts:/../../x", "s3://bucket/x"):
        with pytest.raises(Fail, match="artifacts are at"):
            Registry(server.url, tmp_path).place(uri)


def test_what_is_not_there_is_told(server: Server) -> None:
    """As something that was not recorded."""
    with pytest.raises(Fail, match="knows nothing of"):
        server.registry.run("0" * 32)
