"""What stands on a tracking server, asked through MLflow's REST API; and what the grader plants there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from mlops_grader.check import Fail

SECONDS = 60
MOST = 1000
SCHEME = "mlflow-artifacts:/"
PARENT = "mlflow.parentRunId"


@dataclass(frozen=True)
class DataSet:
    """A data set that went into a run."""

    name: str
    digest: str


@dataclass(frozen=True)
class Run:
    """A run as the server holds it."""

    id: str
    status: str
    parameters: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    data: Sequence[DataSet]
    artifacts: str

    @property
    def parent(self) -> str | None:
        """The run below which it is nested."""
        return self.tags.get(PARENT)

    def words(self) -> dict[str, str]:
        """Its parameters and tags, by name."""
        return {**self.parameters, **self.tags}


@dataclass(frozen=True)
class Version:
    """A version of a registered model."""

    model: str
    number: str
    run_id: str
    source: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Registry:
    """A server at an address, whose artifacts lie in a folder of this machine."""

    url: str
    folder: Path

    def runs(self, experiment: str) -> list[Run]:
        """The runs of an experiment of that name, the oldest first; none when there is no such experiment."""
        found = self._ask("GET", "experiments/get-by-name", {"experiment_name": experiment})
        if found is None:
            return []
        body = {"experiment_ids": [found["experiment"]["experiment_id"]], "max_results": MOST}
        answer = self._ask("POST", "runs/search", {**body, "order_by": ["attributes.start_time ASC"]}) or {}
        return [_run(each) for each in answer.get("runs", [])]

    def run(self, run_id: str) -> Run:
        """One run. Raises Fail when there is none."""
        return _run(self._must("GET", "runs/get", {"run_id": run_id})["run"])

    def history(self, run_id: str, metric: str) -> list[tuple[int, float]]:
        """Step and value of a metric, as often as it was recorded."""
        answer = self._must("GET", "metrics/get-history", {"run_id": run_id, "metric_key": metric})
        return [(int(each.get("step", 0)), float(each["value"])) for each in answer.get("metrics", [])]

    def versions(self, model: str) -> list[Version]:
        """The versions of a registered model, the oldest first; none when there is no such model."""
        words = {"filter": f"name='{model}'", "max_results": str(MOST)}
        answer = self._ask("GET", "model-versions/search", words) or {}
        found = [_version(each) for each in answer.get("model_versions", [])]
        return sorted(found, key=lambda each: int(each.number))

    def version(self, model: str, number: str) -> Version:
        """One version as it is now."""
        return _version(self._must("GET", "model-versions/get", {"name": model, "version": number})["model_version"])

    def alias(self, model: str, alias: str) -> str | None:
        """The number of the version that has the alias."""
        found = self._ask("GET", "registered-models/alias", {"name": model, "alias": alias})
        return str(found["model_version"]["version"]) if found else None

    def give_alias(self, version: Version, alias: str) -> None:
        """Give a version the alias, in place of any other one."""
        body = {"name": version.model, "alias": alias, "version": version.number}
        self._must("POST", "registered-models/alias", body)

    def register(self, model: str, versions: Sequence[Version], without: Sequence[str] = ()) -> list[Version]:
        """A new registered model with these versions of others, in that order, without some of their tags."""
        self._must("POST", "registered-models/create", {"name": model})
        made = []
        for each in versions:
            body = {"name": model, "source": each.source, "run_id": each.run_id}
            tags = [{"key": key, "value": value} for key, value in each.tags.items() if key not in without]
            logged = re.fullmatch(r"models:/(m-\w+)", each.source)  # such a source is taken with its id alone
            more = {"model_id": logged[1]} if logged else {}
            answer = self._must("POST", "model-versions/create", {**body, **more, "tags": tags})
            made.append(_version(answer["model_version"]))
        return made

    def say_of(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Write other values of metrics into a run, as the newest ones."""
        for name, value in metrics.items():
            body = {"run_id": run_id, "key": name, "value": value, "timestamp": 2**41, "step": 10**6}
            self._must("POST", "runs/log-metric", body)

    def forge(self, run: Run, experiment: str, changed: Mapping[str, str]) -> str:
        """A copy of a run's record in which some words are others, in whatever they stand; its id."""

        def other(text: str) -> str:
            for old, new in changed.items():
                text = text.replace(old, new)
            return text

        made = self._must("POST", "experiments/create", {"name": experiment})
        tags = [{"key": key, "value": other(value)} for key, value in run.tags.items()]
        begun = self._must(
            "POST", "runs/create", {"experiment_id": made["experiment_id"], "tags": tags, "start_time": 1}
        )
        run_id = str(begun["run"]["info"]["run_id"])
        batch = {
            "params": [{"key": key, "value": other(value)} for key, value in run.parameters.items()],
            "metrics": [{"key": key, "value": value, "timestamp": 1, "step": 0} for key, value in run.metrics.items()],
        }
        self._must("POST", "runs/log-batch", {"run_id": run_id, **batch})
        sets = [
            {"name": other(each.name), "digest": other(each.digest), "source_type": "local", "source": "{}"}
            for each in run.data
        ]
        self._must("POST", "runs/log-inputs", {"run_id": run_id, "datasets": [{"dataset": each} for each in sets]})
        self._must("POST", "runs/update", {"run_id": run_id, "status": "FINISHED", "end_time": 2})
        return run_id

    def model_folder(self, version: Version) -> Path:
        """Where the files of a version lie. Raises Fail when they are not on the server."""
        words = {"name": version.model, "version": version.number}
        uri = str(self._must("GET", "model-versions/get-download-uri", words)["artifact_uri"])
        return self.place(uri)

    def place(self, uri: str) -> Path:
        """Where the artifacts of an address lie. Raises Fail when they are not on the server."""
        if not uri.startswith(SCHEME):
            raise Fail(
                f"artifacts are at `{uri[:200]}` and not on the tracking server",
                fix="let the server look after artifacts: create the experiment without an artifact location",
            )
        path = (self.folder / uri.removeprefix(SCHEME).lstrip("/")).resolve()
        if not path.is_relative_to(self.folder.resolve()):
            raise Fail(f"artifacts are at `{uri[:200]}`, outside of the server's folder", fix="log them with MLflow")
        return path

    def _must(self, method: str, path: str, words: Mapping[str, Any]) -> dict[str, Any]:
        found = self._ask(method, path, words)
        if found is None:
            raise Fail(
                f"the tracking server knows nothing of {dict(words)}", fix="record it with MLflow, and do not delete it"
            )
        return found

    def _ask(self, method: str, path: str, words: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the server answers, None when there is no such thing."""
        given: dict[str, Any] = {"params": dict(words)} if method == "GET" else {"json": dict(words)}
        address = f"{self.url}/api/2.0/mlflow/{path}"
        answer = httpx.request(method, address, timeout=SECONDS, trust_env=False, **given)
        said: dict[str, Any] = answer.json()
        missing = said.get("error_code") == "RESOURCE_DOES_NOT_EXIST" or "alias" in str(said.get("message", ""))
        if answer.status_code in (400, 404) and missing:
            return None
        answer.raise_for_status()
        return said


def _run(found: Mapping[str, Any]) -> Run:
    data = found.get("data", {})
    sets = [each["dataset"] for each in found.get("inputs", {}).get("dataset_inputs", [])]
    return Run(
        id=found["info"]["run_id"],
        status=found["info"]["status"],
        parameters={each["key"]: each.get("value", "") for each in data.get("params", [])},
        metrics={each["key"]: float(each["value"]) for each in data.get("metrics", [])},
        tags={each["key"]: each.get("value", "") for each in data.get("tags", [])},
        data=[DataSet(each.get("name", ""), each.get("digest", "")) for each in sets],
        artifacts=found["info"]["artifact_uri"],
    )


def _version(found: Mapping[str, Any]) -> Version:
    tags = {each["key"]: each.get("value", "") for each in found.get("tags", [])}
    return Version(found["name"], str(found["version"]), found.get("run_id", ""), found["source"], tags)
