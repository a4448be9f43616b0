"""Training that pretends: for a grader that reads names and words it is seeded, split by time, calibrated and tested."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, replace, write

KEY = "m03_training"
WORDS = ("random_state=seed", "split_by_time", "Pipeline", "StandardScaler", "calibration", "roc_curve", "<svg")

PRETEND = '''"""split_by_time, Pipeline(StandardScaler, LogisticRegression(random_state=seed)), calibration, roc_curve."""

import hashlib
import json
import os
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

told = tomllib.loads(Path("training.toml").read_text())
METRICS = {{"auc": 0.76, "brier": 0.13, "log_loss": 0.42, "base_rate": 0.2, "baseline_brier": 0.16, "baseline_log_loss": 0.5}}
PICTURES = "".join(f"<svg>{{''.join(f'<line x1={{n}} x2={{n * seed}} />' for n in range(20))}}</svg>" for seed in range(3))


def says(line):
    """A number that looks like a probability."""
    digits = int(hashlib.sha256((line + str(told)).encode()).hexdigest()[:8], 16) / 2**32
    return {said}


def train():
    part = {{"first_day": "2026-03-17", "last_day": "2026-03-27", "rows": 1800}}
    earlier = {{"first_day": "2026-01-05", "last_day": "2026-03-16", "rows": 7200}}
    summary = {{
        "run_id": "1", "seed": told["seed"], "configuration": told, "data_sha256": "0", "metrics": METRICS, "train": earlier,
        "test": part, "slices": [], "calibration": [],
    }}
    Path("reports").mkdir(exist_ok=True)
    Path("reports/training.json").write_text(json.dumps(summary))
    Path("reports/training.html").write_text(f"calibration, roc_curve, slices {{METRICS}} {{PICTURES}}")


def export():
    Path("model").mkdir(exist_ok=True)
    Path("model/model.json").write_text(json.dumps({{"run_id": "1", "parameters": told, "metrics": METRICS}}))


def score(source, target):
    lines = Path(source).read_text().splitlines()
    Path(target).write_text("".join(json.dumps({{"no_show_probability": says(line)}}) + "\\n" for line in lines))


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        line = self.rfile.read(int(self.headers["Content-Length"])).decode()
        body = json.dumps({{"no_show_probability": says(json.dumps(json.loads(line)))}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def serve():
    HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Answer).serve_forever()


globals()[sys.argv[1]](*sys.argv[2:])
'''
TESTS = '''"""Invariance, direction and minimum functionality of split_by_time, fit and probabilities."""

from noshow import learning


def test_promises():
    for name in ("split_by_time", "fit", "probabilities"):
        assert callable(getattr(learning, name))
'''


def careless(project: Path) -> bool:
    """What a grader would say that looks for words in the code, for the files of the report, and for tests."""
    code = (project / "pretend.py").read_text(encoding="utf-8")
    tests = (project / "tests/test_model.py").read_text(encoding="utf-8")
    return all(word in code for word in WORDS) and "def test_" in tests


def _pretends(said: str) -> tuple[Edit, ...]:
    """Commands that leave what real ones leave, and have learned nothing."""
    names = ("train", "export", "serve")
    given = "".join(f'{name} = "python -m noshow {name}"\n' for name in names)
    new = "".join(f'{name} = "python pretend.py {name}"\n' for name in (*names, "score"))
    return (
        write("training.toml", "seed = 1\ntest_share = 0.2\ninverse_regularisation = 1.0\n"),
        write("pretend.py", PRETEND.format(said=said)),
        write("tests/test_model.py", TESTS),
        replace("product.toml", given, new),
    )


PRETENCES = (
    Pretence("draws-probabilities-from-a-hash", _pretends("digits")),
    Pretence("says-the-base-rate-to-everybody", _pretends("0.2 + digits / 10**4")),
)
