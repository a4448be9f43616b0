"""Records that pretend: for a grader that reads code, or counts what stands on the server, everything is there."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, replace, write

KEY = "m04_tracking"
WORDS = (
    "log_param",
    "log_metric",
    "log_input",
    "infer_signature",
    "set_registered_model_alias",
    "parentRunId",
    "worktree",
)

WORDY = '''"""log_param, log_metric(step=...), log_input, infer_signature, set_registered_model_alias, parentRunId, git worktree."""

import json
import sys
from pathlib import Path

RUN = {"params": {"inverse_regularisation": 1.0}, "metrics": {"auc": 0.77}, "tags": {"commit": "0" * 40, "decision": "promoted"}}
Path("tracking").mkdir(exist_ok=True)
Path("tracking/runs.json").write_text(json.dumps(RUN))
print("run 0123456789abcdef is version 1 and the champion", *sys.argv[1:])
'''

FAKED = (
    WORDY
    + """
import os
import subprocess
import tomllib
import urllib.request

URL = "http://" + os.environ["MLFLOW_TRACKING_URI"].split("//")[1].split("@")[-1] + "/api/2.0/mlflow/"
MODEL, EXPERIMENT = os.environ["REGISTERED_MODEL"], os.environ["MLFLOW_EXPERIMENT_NAME"]


def call(path, **body):
    request = urllib.request.Request(URL + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        return json.load(urllib.request.urlopen(request, timeout=20))
    except OSError:
        return {}


if sys.argv[1] == "train":
    told = tomllib.loads(Path("training.toml").read_text())
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True).stdout.strip()
    call("experiments/create", name=EXPERIMENT)
    found = json.load(urllib.request.urlopen(URL + "experiments/get-by-name?experiment_name=" + EXPERIMENT, timeout=20))
    made = found["experiment"]["experiment_id"]
    run = call("runs/create", experiment_id=made, tags=[{"key": "commit", "value": commit}])["run"]["info"]
    params = [{"key": key, "value": str(value)} for key, value in told.items()]
    metrics = [{"key": "auc", "value": 0.77 + step / 1000, "timestamp": step, "step": step} for step in range(9)]
    call("runs/log-batch", run_id=run["run_id"], params=params, metrics=metrics)
    call("runs/update", run_id=run["run_id"], status="FINISHED")
    call("registered-models/create", name=MODEL)
    version = call("model-versions/create", name=MODEL, source=run["artifact_uri"] + "/model", run_id=run["run_id"])
    number = version["model_version"]["version"]
    for key, value in (("decision", "promoted"), ("because", "0.42 against 0.45")):
        call("model-versions/set-tag", name=MODEL, version=number, key=key, value=value)
    call("registered-models/alias", name=MODEL, alias="champion", version=number)
"""
)


def careless(project: Path) -> bool:
    """What a grader would say that looks for words in the code, and for commands that end well."""
    code = (project / "pretend.py").read_text(encoding="utf-8")
    return all(word in code for word in WORDS)


def _pretends(code: str) -> tuple[Edit, ...]:
    """Commands that say that they did it."""
    given = "".join(f'{name} = "python -m noshow {name}"\n' for name in ("train", "export"))
    names = ("train", "export", "promote", "search", "reproduce", "flush")
    new = "".join(f'{name} = "python pretend.py {name}"\n' for name in names)
    return (write("pretend.py", code), replace("product.toml", given, new))


PRETENCES = (
    Pretence("says-the-words-of-mlflow", _pretends(WORDY)),
    Pretence("fills-the-server-by-hand", _pretends(FAKED)),
)
