"""Other honest ways to keep a record: MLflow's own functions, other names, other queues, another gate."""

from __future__ import annotations

from submissions import Alternative, Edit, remove, replace, write

LEDGER = '''"""The record of models: `python -m ledger train`, `search`, `send`, `judge VERSION`, `again RUN OUT` and `export`."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
import warnings
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.update(
    MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_HTTP_REQUEST_TIMEOUT="6", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
    GIT_PYTHON_REFRESH="quiet", MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false",
)  # fmt: skip

import mlflow
import numpy as np
import pandas as pd
import skops.io
from sklearn.metrics import roc_auc_score

from noshow import ingest
from noshow.bundle import MODEL_FILE, Provenance, save_model, save_provenance
from noshow.commit import current_commit
from noshow.configuration import Configuration, read_configuration
from noshow.digests import sha256
from noshow.features import FEATURES, feature_matrix
from noshow.learning import fit, measure, probabilities, split_by_time
from noshow.manifest import load_manifest
from noshow.settings import read_settings
from noshow.table import fingerprint, read_table

warnings.simplefilter("ignore")
STUDY, MODEL = os.environ.get("STUDY", "appointments"), os.environ.get("MODEL_NAME", "risk")
SERVING, QUEUE = "serving", Path("tracking/queue.db")
CLIENT = mlflow.MlflowClient()


def rows() -> list[Any]:
    return [row for row in read_table(read_settings().clean_dir) if row.no_show is not None]


def queue() -> sqlite3.Connection:
    QUEUE.parent.mkdir(exist_ok=True)
    found = sqlite3.connect(QUEUE)
    found.execute("create table if not exists waiting (number integer primary key, facts text, model blob)")
    return found


def train() -> str:
    """Learn, put the result into the queue, and try to send it."""
    commit = current_commit()
    if commit.endswith("-dirty") or commit == "unknown":
        sys.exit("there are changes that are not committed: commit them, then nothing about the run is a secret")
    told, known = read_configuration(Path("training.toml")), rows()
    split = split_by_time(known, told.test_share)
    fitted = fit(split.train, told)
    scores = probabilities(fitted, feature_matrix(row.appointment for row in split.test))
    missed = np.array([bool(row.no_show) for row in split.test])
    facts = {
        "id": uuid.uuid4().hex,
        "parameters": {"learner": "logistic", **told.model_dump()},
        "metrics": measure(fitted, split),
        "curve": [float(roc_auc_score(missed[:end], scores[:end])) for end in range(100, len(missed), 100)],
        "tags": {"git": commit, "rows": fingerprint(known), "unseen_from": str(split.test[0].appointment.starts_at.date())},
        "data": load_manifest(Path("data/clean")).name,
    }
    with queue() as box:
        box.execute("insert into waiting (facts, model) values (?, ?)", (json.dumps(facts), skops.io.dumps(fitted)))
    try:
        return send()
    except (mlflow.MlflowException, OSError) as error:
        return f"the server cannot be reached ({type(error).__name__}); the run waits in {QUEUE}: python -m ledger send"


def send() -> str:
    """Send what waits."""
    box, done = queue(), 0
    for number, facts, model in box.execute("select number, facts, model from waiting order by number").fetchall():
        record(json.loads(facts), skops.io.loads(model))
        with box:
            box.execute("delete from waiting where number = ?", (number,))
        done += 1
    return f"{done} sent"


def record(facts: dict[str, Any], model: Any) -> None:
    mlflow.set_experiment(STUDY)
    table = pd.DataFrame(np.array([[0.5] * len(FEATURES), [1.0] * len(FEATURES)]), columns=list(FEATURES))
    with mlflow.start_run(tags=facts["tags"]) as run:
        mlflow.log_params(facts["parameters"])
        mlflow.log_metrics(facts["metrics"])
        for step, value in enumerate(facts["curve"]):
            mlflow.log_metric("auc_so_far", value, step=step)
        mlflow.log_input(mlflow.data.from_pandas(table, name=facts["data"]), context="training")
        mlflow.log_artifact("requirements.lock")
        made = mlflow.sklearn.log_model(
            model, name="classifier", input_example=table, registered_model_name=MODEL,
            signature=mlflow.models.infer_signature(table, model.predict_proba(table.to_numpy())[:, 1]),
            pip_requirements=pinned(),
        )  # fmt: skip
    version = str(made.registered_model_version)
    if serving() is None:
        CLIENT.set_model_version_tag(MODEL, version, "verdict", "accepted")
        CLIENT.set_model_version_tag(MODEL, version, "reason", f"run {run.info.run_id} is the first one of all")
        CLIENT.set_registered_model_alias(MODEL, SERVING, version)


def pinned() -> list[str]:
    from importlib.metadata import version

    return [f"{name}=={version(name)}" for name in ("scikit-learn", "numpy", "skops")]


def serving() -> Any:
    try:
        return CLIENT.get_model_version_by_alias(MODEL, SERVING)
    except mlflow.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def judge(number: str) -> str:
    """One at a time, whoever asks: the server makes a name only once."""
    name = f"{MODEL} is judged"
    while True:
        try:
            CLIENT.create_registered_model(name)
            break
        except mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            time.sleep(0.3)
    try:
        return _judge(number)
    finally:
        CLIENT.delete_registered_model(name)


def _judge(number: str) -> str:
    mine, old = CLIENT.get_model_version(MODEL, number), serving()
    begin = max(CLIENT.get_run(each.run_id).data.tags["unseen_from"] for each in (mine, old))
    judged = [row for row in rows() if row.appointment.starts_at.date() >= date.fromisoformat(begin)]
    missed = [bool(row.no_show) for row in judged]
    matrix = feature_matrix(row.appointment for row in judged)
    models = [mlflow.sklearn.load_model(f"models:/{MODEL}/{each.version}") for each in (mine, old)]
    new, before = (roc_auc_score(missed, model.predict_proba(matrix)[:, 1]) for model in models)
    better = new > before + 0.002
    reason = f"AUC {new:.4f} and {before:.4f} of version {old.version} since {begin}"
    CLIENT.set_model_version_tag(MODEL, number, "verdict", "accepted" if better else "turned down")
    CLIENT.set_model_version_tag(MODEL, number, "reason", reason)
    if better:
        CLIENT.set_model_version_tag(MODEL, old.version, "verdict", f"gave way to {number}")
        CLIENT.set_registered_model_alias(MODEL, SERVING, number)
    return f"version {number}: {reason}"


def export() -> str:
    version = serving()
    if version is None:
        sys.exit("no version serves")
    model = mlflow.sklearn.load_model(f"models:/{MODEL}@{SERVING}")
    bundle(model, CLIENT.get_run(version.run_id), Path("model"))
    return f"version {version.version} exported"


def bundle(model: Any, run: Any, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    save_model(model, folder / MODEL_FILE)
    told = {key: run.data.params[key] for key in Configuration.model_fields}
    where = Provenance(
        MODEL, "", run.info.run_id, "2026-01-01T00:00:00+00:00", run.data.tags["git"], run.data.tags["rows"],
        sha256(folder / MODEL_FILE), list(FEATURES), told, dict(run.data.metrics), "1",
    )  # fmt: skip
    save_provenance(where, folder)


def search() -> str:
    told, found = read_configuration(Path("training.toml")), {}
    train = split_by_time(rows(), told.test_share).train
    inner = split_by_time(train, 0.25)
    mlflow.set_experiment(STUDY)
    with mlflow.start_run(run_name="which strength"):
        for strength in (0.00001, 0.001, 0.1, 5.0):
            with mlflow.start_run(nested=True) as child:
                mlflow.log_param("strength", strength)
                scores = measure(fit(inner.train, told.model_copy(update={"inverse_regularisation": strength})), inner)
                mlflow.log_metrics({"auc": scores["auc"], "brier": scores["brier"]})
                found[child.info.run_id] = scores["brier"]
        mlflow.log_param("winner", min(found, key=lambda run: found[run]))
    return "searched"


def again(run_id: str, out: str) -> str:
    run = CLIENT.get_run(run_id)
    target, commit = Path(out).resolve(), run.data.tags["git"]
    key = os.environ.get("PSEUDONYM_KEY") or Path("data/pseudonym.key").read_text().strip()
    with TemporaryDirectory() as name:
        tree, made = Path(name) / "tree", Path(name) / "made"
        done = subprocess.run(["git", "worktree", "add", "--detach", str(tree), commit], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"commit {commit} cannot be checked out: {done.stderr.strip().splitlines()[-1]}")
        try:
            lines = [f"{name} = {run.data.params[name]}" for name in Configuration.model_fields]
            (tree / "training.toml").write_text("\\n".join(lines))
            command = [sys.executable, "-m", "ledger", "remake", str(made), run.inputs.dataset_inputs[0].dataset.name]
            done = subprocess.run(command, cwd=tree, env={**os.environ, "PSEUDONYM_KEY": key}, capture_output=True, text=True)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(tree)], capture_output=True)
        if done.returncode:
            sys.exit(done.stderr.strip().splitlines()[-1])
        bundle(skops.io.load(made), run, target)
    return f"made again in {out}"


def remake(out: str, data: str) -> str:
    ingest.run(read_settings())
    if (found := load_manifest(Path("data/clean")).name) != data:
        sys.exit(f"the data are {found} here and were {data}")
    told = read_configuration(Path("training.toml"))
    skops.io.dump(fit(split_by_time(rows(), told.test_share).train, told), out)
    return "remade"


if __name__ == "__main__":
    print(globals()[sys.argv[1]](*sys.argv[2:]))
'''

CONTRACT = """
search = "python -m ledger search"
flush = "python -m ledger send"
promote = "python -m ledger judge"
reproduce = "python -m ledger again"

[tracking]
experiment = "STUDY"
model = "MODEL_NAME"
alias = "serving"
decision = "verdict"
because = "reason"
"""
OURS = ("tracking", "outbox", "packing", "flush", "promote", "search", "reproduce", "remake", "train", "export")

PING = """    learned = learn(settings)
    waits = put("""
PINGED = """    must_answer(settings)
    learned = learn(settings)
    waits = put("""
ANSWER = '''

def must_answer(settings: Settings) -> None:
    """Stop before anything is learned when the server is not there."""
    if not settings.tracking_uri:
        return
    address = urlsplit(settings.tracking_uri)
    try:
        with socket.create_connection((str(address.hostname), address.port or 80), 5):
            request = urlopen(f"{address.scheme}://{address.hostname}:{address.port}/health", timeout=5)
            request.close()
    except OSError as error:
        raise ProductError(f"the tracking server does not answer: {error}; nothing was learned yet") from error
'''
LOCKED = """    lock = sha256(LOCK) if LOCK.is_file() else "unknown"
    if recorded.tags.get("lock_sha256") != lock:
"""
LOCK_KEPT = """    with TemporaryDirectory() as folder, asking(store, "the lock of the run"):
        had = Path(store.client.download_artifacts(recorded.run_id, "files/requirements.lock", folder)).read_bytes()
    if had != LOCK.read_bytes():
"""


def edit(path: str, *pairs: tuple[str, str]) -> tuple[Edit, ...]:
    """Other words in one file."""
    return tuple(replace(path, old, new) for old, new in pairs)


NAMES = """[tracking]
experiment = "TEAM"
model = "PRODUCT"
alias = "live"
decision = "gate"
because = "numbers"

"""
TAGS = (
    ('decision="promoted", because=because', 'gate="open", numbers=because'),
    (
        'each.tags["decision"] for each in found if "decision" in each.tags',
        'each.tags["gate"] for each in found if "gate" in each.tags',
    ),
)
GUARD = """    name = f"{settings.registered_model} gate"
    for _ in range(300):
        with suppress(mlflow.MlflowException):
            store.client.create_registered_model(name)
            break
        time.sleep(0.2)
    else:
        raise ProductError("another promotion has held the gate for a minute")
    try:
        return _alone(settings, store, version)
    finally:
        store.client.delete_registered_model(name)


def _alone(settings: Settings, store: Store, version: str) -> str:
    present, mine"""
BY_AUC = (
    (
        '    settled = {name for name, decision in decisions(store).items() if decision == "promoted"}\n    present, mine',
        GUARD,
    ),
    ('    say(store, version, decision="promoting", because=str(met))\n', ""),
    ("    return _settle(store, met, settled, newest)\n", '    return f"version {version} is live: {met}"\n'),
    (
        'say(store, mine.version, decision="refused", because=because)',
        'say(store, mine.version, gate="closed", numbers=because)',
    ),
    (
        "return self.champion_loss - self.challenger_loss >= SMALLEST",
        "return self.challenger_loss - self.champion_loss >= SMALLEST",
    ),
    ('f"log loss {', 'f"AUC {'),
    ("import log_loss\n", "import roc_auc_score\n"),
    ("float(log_loss(", "float(roc_auc_score("),
    (
        "from collections.abc import Sequence\n",
        "import time\nfrom collections.abc import Sequence\nfrom contextlib import suppress\n",
    ),
    ("import numpy as np\n", "import mlflow\nimport numpy as np\n"),
)
UNCLEAN = """    if current_commit().endswith("-dirty"):
        raise ProductError("files were changed and not committed; commit them first")
"""
CURVE = """

def _curve(tested: Sequence[Predicted]) -> dict[str, list[float]]:
    \"\"\"The Brier score of the first tenth of the test, of the first two tenths, and so on.\"\"\"
    ends = [len(tested) * tenth // 10 for tenth in range(1, 11)]
    return {
        "brier_so_far": [
            float(brier_score_loss([e.missed for e in tested[:end]], [e.probability for e in tested[:end]], pos_label=True))
            for end in ends
        ]
    }
"""

ALTERNATIVES = (
    Alternative(
        "mlflows-own-functions-and-a-queue-in-sqlite",
        edits=(
            *(remove(f"noshow/{name}.py") for name in OURS),
            write("ledger/__init__.py", ""),
            write("ledger/__main__.py", LEDGER),
            replace("product.toml", 'train = "python -m noshow train"', 'train = "python -m ledger train"'),
            replace(
                "product.toml", 'export = "python -m noshow export"', f'export = "python -m ledger export"{CONTRACT}'
            ),
            replace("product.toml", 'serve = "python -m noshow serve"\n', ""),
            replace("product.toml", "[commands]", '[commands]\nserve = "python -m noshow serve"'),
        ),
    ),
    Alternative(
        "stops-before-learning-and-keeps-the-lock",
        edits=(
            *edit(
                "noshow/train.py",
                (PING, PINGED),
                ("\n\ndef _training(", ANSWER + "\n\ndef _training("),
                ("import logging\n", "import logging\nimport socket\n"),
                (
                    "from typing import Any\n",
                    "from typing import Any\nfrom urllib.parse import urlsplit\nfrom urllib.request import urlopen\n",
                ),
                (
                    '        "commit": current_commit(),\n        "lock_sha256": sha256(LOCK) if LOCK.is_file() else "unknown",\n',
                    '        "commit": current_commit(),\n        "mlflow.source.git.commit": current_commit().removesuffix("-dirty"),\n',
                ),
                ("from noshow.digests import sha256\n", ""),
            ),
            *edit(
                "noshow/reproduce.py",
                (LOCKED, LOCK_KEPT),
                (
                    "def _must_be_reproducible(recorded: Champion)",
                    "def _must_be_reproducible(store: Store, recorded: Champion)",
                ),
                ("    _must_be_reproducible(recorded)\n", "    _must_be_reproducible(store, recorded)\n"),
                ("from noshow.digests import sha256\n", ""),
            ),
            *edit(
                "noshow/packing.py",
                (
                    "example = pd.DataFrame(feature_matrix([EXAMPLE]), columns=list(FEATURES))",
                    "example = feature_matrix([EXAMPLE])",
                ),
                ("model.predict_proba(example.to_numpy())", "model.predict_proba(example)"),
                ("import pandas as pd\n", ""),
                ("import FEATURES, feature_matrix", "import feature_matrix"),
            ),
            *edit(
                "noshow/promote.py",
                ("import log_loss\n", "import brier_score_loss\n"),
                ("float(log_loss(", "float(brier_score_loss("),
                ("SMALLEST = 0.001", "SMALLEST = 0.0005"),
            ),
        ),
    ),
    Alternative(
        "one-promotion-at-a-time-by-auc-under-other-names",
        edits=(
            *edit(
                "noshow/settings.py",
                ('given.get("MLFLOW_EXPERIMENT_NAME"', 'given.get("TEAM"'),
                ('given.get("REGISTERED_MODEL"', 'given.get("PRODUCT"'),
            ),
            replace("product.toml", "[commands]", NAMES + "[commands]"),
            *edit("noshow/tracking.py", ('CHAMPION = "champion"', 'CHAMPION = "live"'), *TAGS),
            *edit("noshow/promote.py", *BY_AUC),
            *edit(
                "noshow/train.py",
                ("    learned = learn(settings)\n    waits", UNCLEAN + "    learned = learn(settings)\n    waits"),
                ('days = {"brier_of_the_day": _by_day(learned.tested)}', "days = _curve(learned.tested)"),
                ("\n\ndef _by_day(", CURVE + "\n\ndef _by_day("),
            ),
        ),
    ),
)
