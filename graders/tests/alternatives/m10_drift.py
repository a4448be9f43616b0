"""Other honest ways to look after a model."""

from __future__ import annotations

from alternatives.m01_environment import uv
from submissions import Alternative, append, remove, replace, write

LOOK = '''"""Look at the weeks: population stability index, rules of thumb, one table for everything."""

import base64
import io
import json
import os
import re
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from sklearn.metrics import brier_score_loss, roc_auc_score

RAW, OUT = Path("data/raw"), Path("care/out")
FORM = {
    "appointment_id": r"A\\d{7}", "starts_at": r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d", "booked_at": r"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d",
    "birth_date": r"\\d{4}-\\d\\d-\\d\\d", "distance_km": r"\\d{1,2}(\\.\\d)?", "clinic": "north|harbour|hill|station",
    "reminder": "none|sms|call", "previous_appointments": r"\\d+", "previous_no_shows": r"\\d+",
}  # fmt: skip
PREDICTED = {"appointment_id": r"A\\d{7}", "run_id": r"[0-9a-f]+", "no_show_probability": r"[01]\\.\\d+", "called": "yes|no"}
OUTCOME = {"appointment_id": r"A\\d{7}", "outcome": "attended|no_show", "recorded_at": r".{16}"}
NUMBERS = ("lead_days", "age", "distance_km", "previous_appointments", "previous_no_shows")
Row = dict[str, Any]


def read(kind: str, form: dict[str, str], today: date) -> tuple[list[Row], list[tuple[date, str, str]]]:
    """Rows that keep the form, and (day, where, what) for what does not."""
    rows: list[Row] = []
    wrong: list[tuple[date, str, str]] = []
    for path in sorted(RAW.glob(f"{kind}_*.csv")):
        day = date.fromisoformat(path.stem[-10:])
        if day > today:
            continue
        try:
            lines = path.read_text("utf-8").splitlines()
        except UnicodeDecodeError:
            wrong.append((day, path.name, "another encoding"))
            continue
        names = lines[0].split(",") if lines else []
        lacking = [name for name in form if name not in names]
        if lacking:
            wrong += [(day, name if names else path.name, f"missing in {path.name}") for name in lacking]
            continue
        if not path.read_text("utf-8").endswith("\\n"):
            wrong.append((day, path.name, "cut off"))
        seen: set[str] = set()
        for line in lines[1:]:
            row: Row = dict(zip(names, _cells(line), strict=False))
            bad = [name for name in form if not re.fullmatch(form[name], row.get(name, ""), re.ASCII)]
            if row.get("appointment_id") in seen:
                bad = [f"{kind}: appointment_id"]
            if bad:
                wrong.append((day, bad[0], f"a value of {path.name}"))
                continue
            seen.add(row["appointment_id"])
            rows.append(row | {"day": day})
    return rows, wrong


def _cells(line: str) -> list[str]:
    return next(__import__("csv").reader([line]))


def table(today: date) -> tuple[list[Row], list[tuple[date, str, str]], dict[str, Row]]:
    """Appointments with what was predicted and what is known; what is wrong; the predictions."""
    rows, wrong = read("appointments", FORM, today)
    predicted, more = read("predictions", PREDICTED, today)
    outcomes, _ = read("outcomes", OUTCOME, today)
    said = {row["appointment_id"]: row for row in predicted}
    known = {row["appointment_id"]: row["outcome"] == "no_show" for row in outcomes if date.fromisoformat(row["recorded_at"][:10]) <= today}
    for row in rows:
        booked, starts = np.datetime64(row["booked_at"]), np.datetime64(row["starts_at"])
        row["lead_days"] = (starts - booked) / np.timedelta64(1, "D")
        born = date.fromisoformat(row["birth_date"])
        row["age"] = row["day"].year - born.year - ((row["day"].month, row["day"].day) < (born.month, born.day))
        for name in ("distance_km", "previous_appointments", "previous_no_shows"):
            row[name] = float(row[name])
        mine = said.get(row["appointment_id"])
        row["p"] = float(mine["no_show_probability"]) if mine else None
        row["run_id"] = mine["run_id"] if mine else None
        row["called"] = bool(mine and mine["called"] == "yes")
        row["y"] = known.get(row["appointment_id"])
    return rows, [*wrong, *more], said


def psi(here: list[Row], there: list[Row], name: str) -> float:
    """Population stability index: ten groups of equal size for numbers, one for each word."""
    a, b = [row[name] for row in here], [row[name] for row in there]
    if name in NUMBERS:
        edges = np.unique(np.quantile(b, np.linspace(0.1, 0.9, 9)))
        counts = [np.bincount(np.digitize(each, edges), minlength=len(edges) + 1) for each in (a, b)]
    else:
        words = sorted({*a, *b})
        counts = [np.array([each.count(word) for word in words]) for each in (a, b)]
    p, q = ((each + 0.5) / (each + 0.5).sum() for each in counts)
    return float(((p - q) * np.log(p / q)).sum())


def season(day: date) -> bool:
    """Check-up days."""
    return (day - timedelta(days=day.weekday())).day <= 7


def main() -> int:
    """Everything, each time."""
    today = date.fromisoformat(os.environ["TODAY_IS"])
    rows, wrong, said = table(today)
    first = min(row["day"] for row in said.values())
    reference = [row for row in rows if row["day"] < first]
    monday, before, newest, told = first - timedelta(days=first.weekday()), None, None, 0
    OUT.mkdir(parents=True, exist_ok=True)
    while monday + timedelta(days=7) <= today:
        week = [row for row in rows if monday <= row["day"] < monday + timedelta(days=7)]
        newest, before = judge(monday, week, reference, wrong, said, today, before)
        monday, told = monday + timedelta(days=7), told + 1
    if newest:
        metrics(newest)
    print(f"{told} weeks")
    return 0


def judge(
    monday: date, week: list[Row], reference: list[Row], wrong: list[Any], said: dict[str, Row], today: date, before: Any
) -> tuple[dict[str, Any], Any]:
    """One week: a summary, a page, and what to remember of it (model, whether it was right)."""
    end = monday + timedelta(days=7)
    facts: dict[str, str] = {}
    for day, where, what in wrong:
        if monday <= day < end:
            facts.setdefault(where, what)
    expected = [row for row in said.values() if monday <= row["day"] < end]
    days = {row["day"] for row in expected}
    for number in range(5):
        if monday + timedelta(days=number) not in days:
            facts[f"predictions_{monday + timedelta(days=number)}.csv"] = "not there"
        if not (RAW / f"outcomes_{monday + timedelta(days=number)}.csv").is_file() and today > end:
            facts["outcomes"] = "a day without any"
    paired = [row for row in week if row["p"] is not None]
    if len(paired) < 0.99 * len(week):
        facts["predictions"] = "some are missing"
    if len(paired) < 0.99 * len(expected):
        facts["appointments"] = "some are missing"
    like = [row for row in reference if season(row["day"]) == season(monday)] or reference
    fields = [name for name in (*NUMBERS, "clinic", "reminder") if name not in facts]
    index = {name: psi(week, like, name) for name in fields} if week else {}
    drifted = sorted((name for name in index if index[name] > 0.1), key=lambda name: -index[name])
    labelled = [row for row in paired if row["y"] is not None]
    quality = None
    if paired and len(labelled) >= 0.95 * len(paired):
        used = [row for row in labelled if not row["called"]]
        p, y = np.array([row["p"] for row in used]), np.array([row["y"] for row in used])
        quality = {"rows": len(used), "mean_prediction": p.mean(), "mean_outcome": y.mean()}
        quality |= {"auc": roc_auc_score(y, p), "brier": brier_score_loss(y, p)}
    bad = bool(quality) and (abs(quality["mean_outcome"] - quality["mean_prediction"]) > 0.06 or quality["auc"] < 0.625)
    runs = [row["run_id"] for row in paired]
    model = max(set(runs), key=runs.count) if runs else None
    if facts:
        decision = "investigate"
    elif bad:
        decision = "roll back" if before and before[1] and before[0] != model else "retrain"
    else:
        decision = "investigate" if drifted else "nothing"
    name = f"{monday.isocalendar()[0]}-W{monday.isocalendar()[1]:02d}"
    summary = {
        "window": name, "first_day": str(monday), "last_day": str(monday + timedelta(days=4)), "as_of": str(today),
        "appointments": len(week), "decision": decision, "because": [f"PSI of {each} {index[each]:.2f}" for each in drifted],
        "drifted_features": [] if facts else drifted, "psi": index,
        "data_faults": [{"where": where, "fact": fact} for where, fact in facts.items()],
        "labels": {"expected": len(paired) if "appointments" not in facts else len(expected), "arrived": len(labelled)},
        "performance": quality,
    }  # fmt: skip
    put(OUT / f"{name}.html", page(summary, week, like))
    put(OUT / f"{name}.json", json.dumps(summary, default=float))
    return summary, ((model, not bad) if quality and not facts else before)


def page(summary: dict[str, Any], week: list[Row], like: list[Row]) -> str:
    """Words and a picture."""
    figure = Figure(figsize=(6, 3))
    axes = figure.add_subplot()
    axes.hist([[row["lead_days"] for row in like], [row["lead_days"] for row in week]], density=True, label=["reference", "week"])
    axes.legend()
    file = io.BytesIO()
    figure.savefig(file, format="png")
    picture = base64.b64encode(file.getvalue()).decode()
    words = "".join(f"<p>{key}: {value}</p>" for key, value in summary.items())
    return f'<html><body><h1>{summary["window"]}</h1>{words}<img alt="lead time" src="data:image/png;base64,{picture}"></body></html>'


def metrics(newest: dict[str, Any]) -> None:
    """The newest week for Prometheus."""
    registry = CollectorRegistry()
    act = Gauge("care_action_required", "What the newest week asks for.", ["action"], registry=registry)
    for action in ("nothing", "investigate", "retrain", "roll back"):
        act.labels(action).set(newest["decision"] == action)
    psi_of = Gauge("care_psi_ratio", "Population stability index.", ["field"], registry=registry)
    for name, value in newest["psi"].items():
        psi_of.labels(name).set(value)
    put(OUT / "care.prom", generate_latest(registry).decode())


def put(path: Path, text: str) -> None:
    """All of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)


if __name__ == "__main__":
    sys.exit(main())
'''

AGAIN = '''"""Train again: Brier score, bootstrap of days, weights for those who were left alone."""

import json
import os
from datetime import date, timedelta

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from care.look import OUT, put, table
from noshow import export
from noshow.appointment import Appointment, parse_minute
from noshow.bundle import load_bundle
from noshow.features import feature_matrix
from noshow.settings import read_settings
from noshow.tracking import Training, open_store, promote, record_challenger

today = date.fromisoformat(os.environ["TODAY_IS"])
rows, _, said = table(today)
first = min(row["day"] for row in said.values())
monday = first - timedelta(days=first.weekday())
weeks = []
while monday + timedelta(days=7) <= today:
    week = [row for row in rows if monday <= row["day"] < monday + timedelta(days=7) and row["p"] is not None]
    if week and sum(row["y"] is not None for row in week) >= 0.95 * len(week):
        weeks.append([row for row in week if row["y"] is not None])
    monday += timedelta(days=7)
limit = min(row["p"] for week in weeks for row in week if row["called"])
learn = [row for week in weeks[-10:-3] for row in week if not row["called"]]
newest = [row for week in weeks[-3:] for row in week if not row["called"]]


def matrix(found):
    fields = ("clinic", "reminder", "distance_km", "age")
    return feature_matrix(
        Appointment(
            booked_at=parse_minute(row["booked_at"]), starts_at=parse_minute(row["starts_at"]),
            previous_appointments=int(row["previous_appointments"]), previous_no_shows=int(row["previous_no_shows"]),
            **{name: row[name] for name in fields},
        )
        for row in found
    )  # fmt: skip


model = Pipeline([("scale", StandardScaler()), ("classify", LogisticRegression(max_iter=1000))])
model.fit(matrix(learn), [row["y"] for row in learn], classify__sample_weight=[4.0 if row["p"] >= limit else 1.0 for row in learn])
settings = read_settings()
old = load_bundle(settings.model_dir)
y = np.array([row["y"] for row in newest])
losses = [(each.predict_proba(matrix(newest))[:, 1] - y) ** 2 for each in (old.model, model)]
gain = losses[0] - losses[1]
days = np.array([row["day"].toordinal() for row in newest])
sums = np.array([[gain[days == day].sum(), (days == day).sum()] for day in np.unique(days)])
draws = sums[np.random.default_rng(0).integers(len(sums), size=(4000, len(sums)))].sum(axis=1)
low, high = np.quantile(draws[:, 0] / draws[:, 1], [0.01, 0.99])
training = Training(
    parameters={"model": "weighted logistic regression"},
    metrics={"brier": losses[1].mean(), "base_rate": float(np.mean([row["y"] for row in learn]))},
    tags={"data_sha256": "", "commit": "", "scikit_learn": sklearn.__version__},
    model=model,
)
store = open_store(settings)
challenger = record_challenger(store, training)
better = bool(low > 0)
if better:
    promote(store, challenger, "better on the newest three weeks")
    export.run(settings)
said_of_it = {
    "as_of": str(today), "champion": old.provenance.run_id, "challenger": challenger.run_id,
    "first_day": str(newest[0]["day"]), "last_day": str(newest[-1]["day"]), "rows": len(newest), "metric": "brier",
    "champion_score": losses[0].mean(), "challenger_score": losses[1].mean(), "improvement": gain.mean(),
    "low": low, "high": high, "confidence": 0.98, "test": "bootstrap of days", "promoted": better,
}  # fmt: skip
put(OUT / "promotions" / f"{today}.json", json.dumps(said_of_it, default=float))
print("promoted" if better else "not promoted")
'''

CARE_RULES = """\
groups:
  - name: care
    rules:
      - alert: SomethingMustBeDone
        expr: sum without (action) (care_action_required{action!="nothing"}) > 0
        for: 10m
        labels: {severity: ticket}
        annotations:
          summary: the newest week asks for something
          runbook_url: https://example.org/noshow/blob/main/care/README.md#what-to-do
"""
CARE_README = """\
# Care of the model

## What to do

Open the page of the newest week in `care/out`. It says what the job decided and which fields have moved. Records that are
faulty go back to the clinic. When patients decide differently, run the training again and read what it says.
"""
CONTRACT = """
[drift]
reports = "care/out"
metrics = "care/out/care.prom"
promise = "care/promise.toml"
rules = ["care/rules.yml"]
clock = "TODAY_IS"
"""

CLASSIFIER = '''"""Whether other patients come: can a classifier tell the week from the reference?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from noshow.appointment import CLINICS, REMINDERS, Appointment
from noshow.features import lead_days
from noshow.weeks import is_check_up_week

NUMBERS = ("lead_days", "distance_km", "age", "previous_appointments", "previous_no_shows")
WORDS = {"clinic": CLINICS, "reminder": REMINDERS}
CLEAR = 3.3
"""Standard errors by which the area under the curve must be above one half."""


@dataclass(frozen=True)
class Difference:
    """How well one field tells the week from the reference: 0 not at all, 1 always. `all_fields`: in standard errors."""

    field: str
    size: float
    z: float
    all_fields: float

    @property
    def drifted(self) -> bool:
        """Whether the week can be told from the reference, and this field does it."""
        return self.all_fields > CLEAR and self.z > 2.5


def of_this_season(reference: Sequence[Appointment], like: Appointment) -> list[Appointment]:
    """The part of the reference that a week can be compared with: check-up weeks with check-up weeks."""
    season = is_check_up_week(like.starts_at.date())
    return [each for each in reference if is_check_up_week(each.starts_at.date()) == season] or list(reference)


def differences(
    appointments: Sequence[Appointment], reference: Sequence[Appointment], left_out: Collection[str] = ()
) -> list[Difference]:
    """The fields by how well they tell the week from the reference, the best first."""
    label = np.array([True] * len(appointments) + [False] * len(reference))
    both = [*appointments, *reference]
    columns = {name: values(name, both)[:, None] for name in NUMBERS if name not in left_out}
    for name, words in WORDS.items():
        if name not in left_out:
            columns[name] = np.array([[getattr(each, name) == word for word in words] for each in both], dtype=float)
    spread = np.column_stack([_bent(each) for each in columns.values()])
    together = _clear(label, spread)[1]
    found = [Difference(name, *_clear(label, _bent(each)), together) for name, each in columns.items()]
    return sorted(found, key=lambda difference: -difference.z)


def values(name: str, appointments: Sequence[Appointment]) -> NDArray[np.float64]:
    """A field of numbers."""
    if name == "lead_days":
        return np.array([lead_days(each.booked_at, each.starts_at) for each in appointments])
    return np.array([float(getattr(each, name)) for each in appointments])


def shares(name: str, appointments: Sequence[Appointment]) -> NDArray[np.float64]:
    """How many appointments have each value of a field of words, in the order of WORDS."""
    found = [getattr(each, name) for each in appointments]
    return np.array([float(found.count(word)) for word in WORDS[name]])


def _bent(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks and their squares, so that a change of the spread is seen too."""
    ranks = rankdata(columns, axis=0) / len(columns)
    return np.column_stack([np.log1p(columns), ranks, (ranks - 0.5) ** 2])


def _clear(label: NDArray[np.bool_], columns: NDArray[np.float64]) -> tuple[float, float]:
    """How well a classifier tells the two apart on what it has not seen: 0 to 1, and in standard errors."""
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=500))
    scores = cross_val_predict(model, columns, label, cv=3, method="decision_function")
    area = float(roc_auc_score(label, scores))
    here, there = int(label.sum()), int((~label).sum())
    error = ((here + there + 1) / (12 * here * there)) ** 0.5
    return max(0.0, 2 * area - 1), (area - 0.5) / error
'''

EVIDENTLY = '''"""Whether other patients come: Evidently compares the fields of a week with the reference."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

from noshow.appointment import Appointment
from noshow.features import lead_days
from noshow.weeks import is_check_up_week

NUMBERS = ("lead_days", "distance_km", "age", "previous_appointments", "previous_no_shows")
WORDS = ("clinic", "reminder")
LEVEL = 0.0005


@dataclass(frozen=True)
class Difference:
    """A field, and how probable its difference is when nothing has changed."""

    field: str
    p_value: float

    @property
    def size(self) -> float:
        """How sure the test is."""
        return 1 - self.p_value

    @property
    def drifted(self) -> bool:
        """Whether it is more than chance."""
        return self.p_value < LEVEL


def of_this_season(reference: Sequence[Appointment], like: Appointment) -> list[Appointment]:
    """The part of the reference that a week can be compared with: check-up weeks with check-up weeks."""
    season = is_check_up_week(like.starts_at.date())
    return [each for each in reference if is_check_up_week(each.starts_at.date()) == season] or list(reference)


def differences(
    appointments: Sequence[Appointment], reference: Sequence[Appointment], left_out: Collection[str] = ()
) -> list[Difference]:
    """The fields by how much they differ, the strongest first."""
    names = [name for name in (*NUMBERS, *WORDS) if name not in left_out]
    said = compared(appointments, reference, names).dict()["metrics"]
    found = [Difference(name, float(metric["value"])) for name, metric in zip(names, said, strict=True)]
    return sorted(found, key=lambda difference: difference.p_value)


def compared(appointments: Sequence[Appointment], reference: Sequence[Appointment], names: Sequence[str]) -> Any:
    """The report of the library."""
    kinds = DataDefinition(
        numerical_columns=[name for name in names if name in NUMBERS],
        categorical_columns=[name for name in names if name in WORDS],
    )
    week, before = (Dataset.from_pandas(_table(each), kinds) for each in (appointments, reference))
    tests = [ValueDrift(column=name, method="ks" if name in NUMBERS else "chisquare") for name in names]
    return Report(tests).run(week, before)


def _table(appointments: Sequence[Appointment]) -> pd.DataFrame:
    rows = [
        {"lead_days": lead_days(each.booked_at, each.starts_at)}
        | {name: getattr(each, name) for name in (*NUMBERS, *WORDS) if name != "lead_days"}
        for each in appointments
    ]
    return pd.DataFrame(rows)
'''

EVIDENT_PAGE = '''"""The page of one week: the decision, and below it the report of Evidently."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from noshow.appointment import Appointment
from noshow.drift import NUMBERS, WORDS, compared, of_this_season
from noshow.replacing import replacing_file
from noshow.summary import Summary
from noshow.windows import Case


def save_page(
    summary: Summary,
    cases: Sequence[Case],
    reference: Sequence[Appointment],
    so_far: Sequence[Summary],
    reports_dir: Path,
) -> None:
    """Write it in one step."""
    facts = [*summary.because, *(f"{fault.where}: {fault.fact}" for fault in summary.data_faults)]
    words = f"<h1>{summary.window}: {summary.decision}</h1><p>{escape('; '.join([*facts, *summary.drifted_features]))}</p>"
    page = f"<html><body>{words}</body></html>"
    if cases:
        here = [case.appointment for case in cases]
        drawn = compared(here, of_this_season(reference, here[0]), (*NUMBERS, *WORDS)).get_html_str(as_iframe=False)
        page = drawn.replace("<body>", f"<body>{words}", 1)
    with replacing_file(reports_dir / f"{summary.window}.html") as new:
        new.write_text(page, encoding="utf-8", newline="\\n")
'''
LOCK = ("pip", "compile", "--no-header", "pyproject.toml", "--group", "dev", "--universal", "--generate-hashes")

ALTERNATIVES = (
    Alternative(
        "stability-index-in-a-package-of-its-own",
        edits=(
            write("care/__init__.py", ""),
            write("care/look.py", LOOK),
            write("care/again.py", AGAIN),
            write("care/rules.yml", CARE_RULES),
            write("care/README.md", CARE_README),
            write("care/promise.toml", "false_alarm_rate = 0.05\n"),
            append(".gitignore", "\n/care/out/\n"),
            append("product.toml", CONTRACT),
            replace(
                "product.toml",
                'serve = "python -m noshow serve"\n',
                'serve = "python -m noshow serve"\nmonitor = "python -m care.look"\nretrain = "python -m care.again"\n',
            ),
            *(
                remove(f"noshow/{name}.py")
                for name in ("windows", "drift", "performance", "page", "state", "monitor", "retrain")
            ),
            *(remove(f"monitoring/{name}") for name in ("drift.toml", "drift_rules.yml", "runbooks/drift.md")),
        ),
    ),
    Alternative(
        "with-the-library-evidently",
        edits=(
            replace("pyproject.toml", '"matplotlib>=3.10"', '"evidently>=0.7", "matplotlib>=3.10"'),
            replace("pyproject.toml", '"scipy>=1.15"', '"pandas>=2.3,<3", "scipy>=1.15"'),
            uv(*LOCK, "--output-file", "requirements.lock"),
            write("noshow/drift.py", EVIDENTLY),
            write("noshow/page.py", EVIDENT_PAGE),
        ),
    ),
    Alternative("can-a-classifier-tell-the-week", edits=(write("noshow/drift.py", CLASSIFIER),)),
)
