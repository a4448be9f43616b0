"""`training.toml`: what training is told."""

import tomllib
from dataclasses import asdict, dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Configuration:
    """Every key of the file; what each one does is said there."""

    seed: int
    smoothing: float
    least_letters: int
    validate_from: date
    test_from: date
    review_below: float
    urgent_from: float

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}


def load(path: Path) -> Configuration:
    """Read the file. Raises ValueError that names the key."""
    told = tomllib.loads(path.read_text(encoding="utf-8"))
    known = {field.name for field in fields(Configuration)}
    if wrong := set(told) ^ known:
        raise ValueError(f"`{path.name}`: `{min(wrong)}` is {'missing' if min(wrong) in known else 'unknown'}")
    for name in ("validate_from", "test_from"):
        told[name] = date.fromisoformat(told[name])
    for name in ("smoothing", "review_below", "urgent_from"):
        if not isinstance(told[name], float) or told[name] <= 0:
            raise ValueError(f"`{path.name}`: `{name}` must be a positive number with a point")
    if told["validate_from"] >= told["test_from"]:
        raise ValueError(f"`{path.name}`: `validate_from` must lie before `test_from`")
    return Configuration(**told)
