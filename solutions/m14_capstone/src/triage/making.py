"""The commands that make a model: `train` leaves a candidate, `export` publishes it when it is good enough."""

import json
import tomllib
from pathlib import Path
from typing import Any

from triage import configuration, reporting, storage, training
from triage.evaluation import evaluate
from triage.letters import read_corpus

CORPUS, TOLD, ACCEPTED = Path("corpus/letters.csv"), Path("training.toml"), Path("accepted.toml")
CANDIDATE = Path("artifacts")


class RefusedError(Exception):
    """A candidate must not be published; the words say why."""


def train() -> str:
    """Make a candidate in `artifacts/`, with its evaluation as JSON and as a page."""
    told, corpus = configuration.load(TOLD), read_corpus(CORPUS)
    periods = training.split(corpus, told.validate_from, told.test_from)
    sorter = training.train(periods, told)
    report = evaluate(sorter, periods.test, periods.trained, told.seed)
    storage.write(CANDIDATE / storage.WEIGHTS, storage.as_json(sorter.document()))
    storage.write(CANDIDATE / "evaluation.md", reporting.markdown(report))
    made_of: dict[str, Any] = {
        "configuration": told.document(),
        "data_sha256": storage.sha256(CORPUS.read_bytes()),
        "newest_letter": max(each.received for each in periods.trained).isoformat(),
        "report": report,
    }
    storage.write(CANDIDATE / "evaluation.json", storage.as_json(made_of))
    return f"{report['model']['accuracy']:.1%} of {report['letters']} letters get the right label"


def export(folder: Path) -> str:
    """Publish the candidate. Raises RefusedError when it is worse than `accepted.toml` allows."""
    try:
        made_of = json.loads((CANDIDATE / "evaluation.json").read_bytes())
        weights = (CANDIDATE / storage.WEIGHTS).read_bytes()
    except FileNotFoundError:
        raise RefusedError("there is no candidate: run `python -m triage train` first") from None
    must_be_accepted(made_of["report"]["model"])
    digest = storage.sha256(weights)
    record = {
        "run_id": storage.sha256(f"{digest}{made_of['data_sha256']}".encode())[:16],
        "commit": storage.commit(),
        "data_sha256": made_of["data_sha256"],
        "model_sha256": digest,
        "newest_letter": made_of["newest_letter"],
        "parameters": made_of["configuration"],
        "metrics": made_of["report"]["model"],
    }
    storage.publish(weights, record, folder)
    return f"`{folder}` holds the model {digest[:12]}"


def must_be_accepted(found: dict[str, float]) -> None:
    """Compare figures with `accepted.toml`. Raises RefusedError that names the figure."""
    for name, least in tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["at_least"].items():
        if found[name] < least:
            raise RefusedError(f"`{name}` is {found[name]:.4f}, and `{ACCEPTED}` wants {least:.4f}")
