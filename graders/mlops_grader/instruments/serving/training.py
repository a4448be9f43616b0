"""What the training side of a product says of patients, to compare a service with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits

# the given package alone: its features, and its own way to load the model that was exported
SCRIPT = """
import json, sys
from pathlib import Path
from noshow.appointment import Appointment, parse_minute
from noshow.bundle import load_bundle
from noshow.features import feature_matrix
from noshow.learning import probabilities

patients = json.loads(Path(sys.argv[1]).read_text("utf-8"))
moments = ("booked_at", "starts_at")
rows = [Appointment(**{**each, **{name: parse_minute(each[name]) for name in moments}}) for each in patients]
said = probabilities(load_bundle(Path("model")).model, feature_matrix(rows))
Path(sys.argv[2]).write_text(json.dumps([float(value) for value in said]), "utf-8")
"""


def says(product: Product, patients: Sequence[Mapping[str, Any]], folder: Path) -> list[float]:
    """The probabilities of the exported model, computed by the package that trained it. Raises Fail when it cannot."""
    folder.mkdir()
    script, asked, told = (folder / name for name in ("score.py", "patients.json", "probabilities.json"))
    script.write_text(SCRIPT, encoding="utf-8")
    asked.write_text(json.dumps(list(patients)), encoding="utf-8")
    command = [str(product.environment.python), str(script), str(asked), str(told)]
    variables = {**product.environment.variables(), "PYTHONPATH": str(product.root)}
    done = product.sandbox.run(command, product.root, variables, Limits(seconds=120))
    try:
        said = [float(value) for value in json.loads(told.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        said = []
    if len(said) != len(patients):
        raise Fail(
            f"the given package does not score the exported model: {done.tail(3)}",
            fix="leave `noshow/bundle.py`, `features.py` and `learning.py` as they were given; export the model",
        )
    return said


def truth(seed: int, most: int) -> tuple[list[dict[str, Any]], list[float]]:
    """Appointments of the simulated world, and how likely each really was to be missed."""
    from mlops_grader.instruments.world import World, request_bodies

    frame = World(seed).days(days=10, per_day=40).iloc[:most]
    return request_bodies(frame), [float(value) for value in frame["no_show_probability"]]


def agreement(left: Sequence[float], right: Sequence[float]) -> float:
    """The correlation of two rows of numbers: 1 for the same order and distances, 0 for none in common."""
    import numpy as np

    if len(set(left)) == 1 or len(set(right)) == 1:
        return 0.0
    return float(np.corrcoef(left, right)[0, 1])
