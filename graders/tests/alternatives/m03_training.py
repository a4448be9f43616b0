"""Other honest ways to train: other layouts, formats, learners and libraries; the contract says where things are."""

from __future__ import annotations

from alternatives.m01_environment import uv
from submissions import Alternative, Edit, append, remove, replace, write

MAIN = '''"""The model from data to answers: `python -m practice train`, `export`, `score IN OUT` and `serve`."""

import base64
import io
import json
import os
import shutil
import sys
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import RocCurveDisplay, brier_score_loss, log_loss, roc_auc_score

from noshow.contract import PredictionRequest
from noshow.features import feature_matrix
from noshow.settings import read_settings
from noshow.table import fingerprint, read_table
from practice import model as learner
from practice.told import FILE, read

RUNS, MODEL, OUT = Path("runs"), Path("model"), Path("out")


def train() -> str:
    """Fit, measure, keep and report."""
    told = read(FILE)
    rows = [row for row in read_table(read_settings().clean_dir) if row.no_show is not None]
    parts = learner.split_by_time(rows, told["test_share"])
    fitted = learner.fit(parts.train, told)
    missed = np.array([bool(row.no_show) for row in parts.test])
    said = learner.probabilities(fitted, feature_matrix(row.appointment for row in parts.test))
    rate = float(np.mean([bool(row.no_show) for row in parts.train]))
    base = np.full(len(missed), rate)
    metrics = {
        "auc": roc_auc_score(missed, said), "brier": brier_score_loss(missed, said), "log_loss": log_loss(missed, said),
        "base_rate": rate, "baseline_brier": brier_score_loss(missed, base), "baseline_log_loss": log_loss(missed, base),
    }  # fmt: skip
    run, data = uuid.uuid4().hex, fingerprint(rows)
    new = RUNS / f".{run}"
    new.mkdir(parents=True)
    learner.save(fitted, new)
    record = {"run_id": run, "parameters": told, "metrics": metrics, "data_sha256": data}
    (new / "model.json").write_text(json.dumps(record))
    new.rename(RUNS / run)
    report(record, parts, missed, said)
    put(RUNS / "champion", run)
    return f"run {run}: {metrics}"


def days(rows: Any) -> dict[str, Any]:
    found = sorted(row.appointment.starts_at.date().isoformat() for row in rows)
    return {"first_day": found[0], "last_day": found[-1], "rows": len(found)}


def age(years: int) -> str:
    return ("under 18", "18 to 34", "35 to 64", "65 and older")[sum(years >= begin for begin in (18, 35, 65))]


def report(record: dict[str, Any], parts: Any, missed: Any, said: Any) -> None:
    """A summary for programs and a page for people."""
    columns = {
        "clinic": [row.appointment.clinic for row in parts.test], "sex": [row.sex for row in parts.test],
        "age": [age(row.appointment.age) for row in parts.test], "reminder": [row.appointment.reminder for row in parts.test],
    }  # fmt: skip
    slices = []
    for group, values in columns.items():
        for value in sorted(set(values)):
            mine = np.array([each == value for each in values])
            both = 0 < missed[mine].sum() < mine.sum()
            slices.append({
                "group": group, "value": value, "rows": int(mine.sum()), "no_shows": int(missed[mine].sum()),
                "mean_prediction": round(float(said[mine].mean()), 4), "brier": brier_score_loss(missed[mine], said[mine]),
                "auc": roc_auc_score(missed[mine], said[mine]) if both else None,
            })  # fmt: skip
    bins = []
    for low in np.arange(0, 1, 0.1):
        mine = (said >= low) & (said < low + 0.1)
        if mine.any():
            bins.append({
                "low": float(low), "high": float(min(low + 0.1, 1)), "rows": int(mine.sum()),
                "mean_prediction": float(said[mine].mean()), "share_missed": float(missed[mine].mean()),
            })  # fmt: skip
    summary = {
        "run_id": record["run_id"], "seed": record["parameters"]["seed"], "configuration": record["parameters"],
        "data_sha256": record["data_sha256"], "train": days(parts.train), "test": days(parts.test),
        "metrics": record["metrics"], "slices": slices, "calibration": bins,
    }  # fmt: skip
    put(OUT / "summary.json", json.dumps(summary))
    figures = [Figure() for _ in range(3)]
    axes = [figure.add_subplot() for figure in figures]
    axes[0].plot([each["mean_prediction"] for each in bins], [each["share_missed"] for each in bins], "o-")
    RocCurveDisplay.from_predictions(missed, said, ax=axes[1])
    axes[2].barh([f"{each['group']} {each['value']}" for each in slices], [each["brier"] for each in slices])
    texts = "".join(f"<li>{name} {value:.3f}" for name, value in record["metrics"].items())
    groups = "".join(f"<li>{each['value']}: {each['rows']}, {each['auc']}" for each in slices)
    pictures = "".join(f'<img alt="" src="data:image/png;base64,{png(figure)}">' for figure in figures)
    put(OUT / "page.html", f"<html><h1>Calibration, ROC, slices</h1><ul>{texts}{groups}</ul>{pictures}</html>")


def png(figure: Figure) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


def put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text)
    beside.replace(path)


def export() -> str:
    chosen = (RUNS / "champion").read_text()
    shutil.rmtree(MODEL, ignore_errors=True)
    shutil.copytree(RUNS / chosen, MODEL)
    return f"run {chosen}"


def score(source: str, target: str) -> str:
    fitted = learner.load(MODEL)
    with open(source) as lines:
        asked = [PredictionRequest.model_validate_json(line).appointment() for line in lines]
    said = learner.probabilities(fitted, feature_matrix(asked))
    put(Path(target), "".join(json.dumps({"no_show_probability": float(each)}) + "\\n" for each in said))
    return f"{len(said)} requests"


def serve() -> str:
    import uvicorn
    from fastapi import FastAPI

    fitted, app = learner.load(MODEL), FastAPI()

    @app.post("/predict")
    def predict(request: PredictionRequest) -> dict[str, float]:
        return {"no_show_probability": float(learner.probabilities(fitted, feature_matrix([request.appointment()]))[0])}

    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")), log_level="error")
    return "stopped"


if __name__ == "__main__":
    print({"train": train, "export": export, "score": score, "serve": serve}[sys.argv[1]](*sys.argv[2:]))
'''
TOLD = '''"""What training is told: every key, its type and its range."""

import sys
from pathlib import Path
from typing import Any

READ

FILE = Path("FILE_NAME")
RANGES = {"seed": (int, 0, 10**9), "test_share": (float, 0.01, 0.9), KNOB}


def read(path: Path) -> dict[str, Any]:
    """All keys, checked; ends with one line that says what is wrong."""
    try:
        found = parse(path)
    except Exception as error:
        sys.exit(f"{path}: {str(error).splitlines()[0]}")
    for key in {*found, *RANGES}:
        if key not in RANGES or key not in found:
            sys.exit(f"{path}: {key} is {'not known' if key in found else 'missing'}")
        kind, low, high = RANGES[key]
        if CONVERT:
            try:
                found[key] = kind(found[key])
            except ValueError:
                sys.exit(f"{path}: {key} is {found[key]}, no number")
        right = isinstance(found[key], (int, float) if kind is float else int)
        if not right or isinstance(found[key], bool) or not low <= found[key] <= high:
            sys.exit(f"{path}: {key} is {found[key]!r}, wanted a number from {low} to {high}")
    return found
'''
SPLIT = '''from dataclasses import dataclass
from typing import Any

from noshow.features import FEATURES, feature_matrix


@dataclass(frozen=True)
class Parts:
    train: list[Any]
    test: list[Any]


def split_by_time(rows: Any, test_share: float) -> Parts:
    """The newest days are for the test."""
    days = sorted({row.appointment.starts_at.date() for row in rows})
    first = days[round(len(days) * (1 - test_share))]
    return Parts(
        [row for row in rows if row.appointment.starts_at.date() < first],
        [row for row in rows if row.appointment.starts_at.date() >= first],
    )


def table(rows: Any) -> tuple[Any, Any]:
    return feature_matrix(row.appointment for row in rows), np.array([bool(row.no_show) for row in rows])


'''
NEWTON = (
    '''"""A logistic regression in numpy, by Newton's method."""

import json
from pathlib import Path

import numpy as np
'''
    + SPLIT
    + '''def fit(rows: Any, told: dict[str, Any]) -> dict[str, Any]:
    """Mean, scale and weights."""
    matrix, missed = table(rows)
    mean, scale = matrix.mean(axis=0), matrix.std(axis=0) + 1e-9
    x = np.column_stack([np.ones(len(matrix)), (matrix - mean) / scale])
    weights, held = np.zeros(x.shape[1]), np.r_[1e-9, np.full(x.shape[1] - 1, told["ridge"])]
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        curvature = (x * (p * (1 - p))[:, None]).T @ x + np.diag(held)
        weights += np.linalg.solve(curvature, x.T @ (missed - p) - held * weights)
    return {"mean": mean.tolist(), "scale": scale.tolist(), "weights": weights.tolist()}


def probabilities(model: dict[str, Any], matrix: Any) -> Any:
    x = (matrix - np.array(model["mean"])) / np.array(model["scale"])
    return 1 / (1 + np.exp(-(model["weights"][0] + (x * np.array(model["weights"][1:])).sum(axis=1))))


def save(model: dict[str, Any], folder: Path) -> None:
    (folder / "weights.json").write_text(json.dumps(model))


def load(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "weights.json").read_text()))
'''
)
BOOSTED = (
    '''"""Gradient boosting of scikit-learn on a pandas frame, calibrated on later days of the training part."""

from pathlib import Path

import numpy as np
import pandas as pd
import skops.io
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
'''
    + SPLIT
    + '''RISING = ["log_lead_days", "no_show_rate", "reminder_none"]


def fit(rows: Any, told: dict[str, Any]) -> CalibratedClassifierCV:
    """Trees on the older days, a sigmoid on the newer ones."""
    ordered = sorted(rows, key=lambda row: (row.appointment.starts_at, row.appointment_id))
    matrix, missed = table(ordered)
    frame, older = pd.DataFrame(matrix, columns=list(FEATURES)), int(len(ordered) * 0.8)
    trees = HistGradientBoostingClassifier(
        learning_rate=told["learning_rate"], max_iter=120, max_leaf_nodes=6, random_state=told["seed"],
        monotonic_cst=[int(name in RISING) for name in FEATURES],
    ).fit(frame[:older], missed[:older])  # fmt: skip
    return CalibratedClassifierCV(FrozenEstimator(trees), method="sigmoid").fit(frame[older:], missed[older:])


def probabilities(model: CalibratedClassifierCV, matrix: Any) -> Any:
    return model.predict_proba(pd.DataFrame(matrix, columns=list(FEATURES)))[:, 1]


def save(model: CalibratedClassifierCV, folder: Path) -> None:
    skops.io.dump(model, folder / "trees.skops")


def load(folder: Path) -> CalibratedClassifierCV:
    kinds = skops.io.get_untrusted_types(file=folder / "trees.skops")
    return skops.io.load(folder / "trees.skops", trusted=[kind for kind in kinds if kind.startswith("sklearn.")])
'''
)
LIGHT = (
    '''"""LightGBM on a polars frame."""

from pathlib import Path

import lightgbm
import numpy as np
import polars as pl
'''
    + SPLIT
    + '''def fit(rows: Any, told: dict[str, Any]) -> lightgbm.Booster:
    """Small trees that may rise along what is known to be risky."""
    matrix, missed = table(rows)
    frame = pl.DataFrame(matrix, schema=list(FEATURES))
    rising = [int(name in ("log_lead_days", "no_show_rate", "reminder_none")) for name in FEATURES]
    settings = {
        "objective": "binary", "num_leaves": told["leaves"], "learning_rate": 0.06, "seed": told["seed"], "verbosity": -1,
        "deterministic": True, "force_row_wise": True, "num_threads": 1, "monotone_constraints": rising,
    }  # fmt: skip
    data = lightgbm.Dataset(frame.to_numpy(), missed, feature_name=list(FEATURES))
    return lightgbm.train(settings, data, num_boost_round=110)


def probabilities(model: lightgbm.Booster, matrix: Any) -> Any:
    return model.predict(matrix)


def save(model: lightgbm.Booster, folder: Path) -> None:
    model.save_model(folder / "trees.txt")


def load(folder: Path) -> lightgbm.Booster:
    return lightgbm.Booster(model_file=folder / "trees.txt")
'''
)
TESTS = '''"""What a model must do, whatever is inside."""

import unittest
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from noshow.appointment import CLINICS, REMINDERS, Appointment
from noshow.features import feature_matrix
from noshow.table import Row
from practice.model import fit, probabilities, split_by_time
from practice.told import FILE, read

TOLD, START = read(FILE), datetime(2026, 5, 4, 11, 30)


def rows() -> list[Row]:
    draw = np.random.default_rng(11)
    found = []
    for n in range(4000):
        starts = START + timedelta(days=n // 80, minutes=int(draw.integers(500)))
        lead, earlier, reminder = float(draw.uniform(0.1, 90)), int(draw.integers(20)), str(draw.choice(REMINDERS))
        missed = int(draw.integers(earlier + 1))
        odds = -4 + 0.9 * np.log1p(lead) + 4 * (missed + 1) / (earlier + 5) - REMINDERS.index(reminder) * 0.9
        a = Appointment(
            str(draw.choice(CLINICS)), int(draw.integers(90)), starts - timedelta(days=lead), starts, float(draw.uniform(1, 30)),
            earlier, missed, reminder,
        )  # fmt: skip
        found.append(Row(f"A{n:07}", "f", a, bool(draw.random() < 1 / (1 + np.exp(-odds)))))
    return found


ROWS = rows()
MODEL = fit(ROWS, TOLD)
ONE = ROWS[0].appointment


def ask(*appointments: Appointment, model: object = MODEL) -> np.ndarray:
    return np.asarray(probabilities(model, feature_matrix(appointments)))


class Behaviour(unittest.TestCase):
    def test_direction(self) -> None:
        early = [replace(ONE, booked_at=ONE.starts_at - timedelta(days=days)) for days in (1, 5, 20, 45, 89)]
        history = [replace(ONE, previous_appointments=12, previous_no_shows=missed) for missed in (0, 3, 6, 12)]
        reminded = [replace(ONE, reminder=reminder) for reminder in ("call", "none")]
        for cases in (early, history, reminded):
            found = ask(*cases)
            self.assertTrue((np.diff(found) >= 0).all() and found[-1] > found[0] + 0.02, found)

    def test_invariance(self) -> None:
        some = [row.appointment for row in ROWS[::57]]
        together = ask(*some)
        np.testing.assert_allclose(together, [ask(each)[0] for each in some], atol=1e-7)
        np.testing.assert_allclose(together, ask(*some[::-1])[::-1], atol=1e-7)
        for weeks in (1, 5, 22):
            later = timedelta(weeks=weeks)
            moved = [replace(a, booked_at=a.booked_at + later, starts_at=a.starts_at + later) for a in some]
            np.testing.assert_allclose(together, ask(*moved), atol=1e-7)

    def test_scale(self) -> None:
        found = ask(*(row.appointment for row in ROWS))
        self.assertAlmostEqual(found.mean(), np.mean([bool(row.no_show) for row in ROWS]), delta=0.03)
        self.assertTrue((found > 0).all() and (found < 1).all())
        self.assertGreater(found.std(), 0.1)

    def test_again(self) -> None:
        some = [row.appointment for row in ROWS[::9]]
        np.testing.assert_allclose(ask(*some), ask(*some, model=fit(ROWS, TOLD)), atol=1e-7)

    def test_split(self) -> None:
        parts = split_by_time(ROWS, 0.3)
        days = [{row.appointment.starts_at.date() for row in part} for part in (parts.train, parts.test)]
        self.assertLess(max(days[0]), min(days[1]))
        self.assertEqual((len(parts.train), len(parts.test)), (2800, 1200))


if __name__ == "__main__":
    unittest.main()
'''
CONTRACT = """
[training]
config = "FILE"
hyperparameter = "KNOB"
summary = "out/summary.json"
report = "out/page.html"
code = "practice/model.py"
"""
OWN = ("train", "learning", "configuration", "evaluation", "training_report", "score")


def practice(model: str, told: str, file: str, text: str, knob: str, ranges: str, *, convert: bool) -> tuple[Edit, ...]:
    """A package of one's own, with its configuration, its tests and what the contract says of them."""
    reader = TOLD.replace("READ", told).replace("FILE_NAME", file).replace("KNOB", f'"{knob}": {ranges}')
    commands = "".join(f'{name} = "python -m practice {name}"\n' for name in ("train", "export", "score", "serve"))
    given = "".join(f'{name} = "python -m noshow {name}"\n' for name in ("train", "export", "serve"))
    return (
        write("practice/__init__.py", ""),
        write("practice/__main__.py", MAIN),
        write("practice/model.py", model),
        write("practice/told.py", reader.replace("CONVERT", str(convert))),
        write("tests/test_practice.py", TESTS),
        write(file, text),
        append(".gitignore", "\n/runs/\n/out/\n"),
        replace("product.toml", given, commands),
        append("product.toml", CONTRACT.replace("FILE", file).replace("KNOB", knob)),
        remove("tests/test_model.py"),
        remove("training.toml"),
        *(remove(f"noshow/{name}.py") for name in OWN),
    )


INI = """import configparser


def parse(path: Path) -> dict[str, Any]:
    read = configparser.ConfigParser()
    with path.open() as file:
        read.read_file(file)
    return dict(read["training"])
"""
YAML = """import yaml


def parse(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text()))
"""
JSON = """import json


def parse(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))
"""
LOCK = (
    "pip",
    "compile",
    "--group",
    "dev",
    "--universal",
    "--generate-hashes",
    "pyproject.toml",
    "-o",
    "requirements.lock",
)

ALTERNATIVES = (
    Alternative(
        "boosting-calibrated-on-later-days",
        edits=(
            *practice(
                BOOSTED,
                JSON,
                "told/training.json",
                '{\n  "seed": 5,\n  "test_share": 0.25,\n  "learning_rate": 0.05\n}\n',
                "learning_rate",
                "(float, 1e-6, 1.0)",
                convert=False,
            ),
            replace("pyproject.toml", '"mlflow-skinny>=3.6"', '"mlflow-skinny>=3.6", "pandas>=2.3"'),
            uv(*LOCK),
        ),
    ),
    Alternative(
        "newton-in-numpy-with-unittest",
        edits=(
            *practice(
                NEWTON,
                INI,
                "practice.ini",
                "[training]\n; how it all begins\nseed = 1\ntest_share = 0.2  \nridge: 5.0\n",
                "ridge",
                "(float, 1e-9, 1e6)",
                convert=True,
            ),
            replace(
                "product.toml",
                'test = "nox -s tests"',
                'test = "python -m unittest discover -s tests -p test_p*.py"',
            ),
        ),
    ),
    Alternative(
        "lightgbm-on-polars",
        edits=(
            *practice(
                LIGHT,
                YAML,
                "training.yaml",
                "# what training is told\nseed: 3\ntest_share: 0.2\nleaves: 6  # of each tree\n",
                "leaves",
                "(int, 2, 200)",
                convert=False,
            ),
            replace(
                "pyproject.toml",
                '"mlflow-skinny>=3.6"',
                '"lightgbm>=4.6", "mlflow-skinny>=3.6", "polars>=1.30", "pyyaml>=6.0"',
            ),
            uv(*LOCK),
        ),
    ),
)
