"""`python -m noshow score IN OUT`: the probabilities of many requests at once, with the exported model."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from noshow.appointment import Appointment
from noshow.bundle import load_bundle
from noshow.contract import PredictionRequest
from noshow.errors import ProductError
from noshow.features import feature_matrix
from noshow.replacing import replacing_file
from noshow.settings import Settings


def run(settings: Settings, source: Path, target: Path) -> str:
    """Write one JSON object with `no_show_probability` for each line of `source`, in its order, in one step.

    A line is a JSON object as `/predict` takes it, and its probability is the one that the service answers. Raises
    ProductError that names the line when one is no such request; nothing is written then.
    """
    model = load_bundle(settings.model_dir).model
    matrix = feature_matrix(_appointments(source))
    found = model.predict_proba(matrix)[:, 1] if len(matrix) else []
    with replacing_file(target) as new:
        lines = [json.dumps({"no_show_probability": float(probability)}) + "\n" for probability in found]
        new.write_text("".join(lines), encoding="utf-8", newline="\n")
    return f"{len(matrix)} requests scored, in `{target}`"


def _appointments(source: Path) -> Iterator[Appointment]:
    try:
        lines = source.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ProductError(f"`{source}` cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            yield PredictionRequest.model_validate_json(line).appointment()
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            field = ".".join(map(str, first["loc"])) or "the request"
            raise ProductError(f"`{source}`: line {number}: {field}: {first['msg']}") from error
