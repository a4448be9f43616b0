"""What a product says of its weeks and of its champion: the files that its jobs leave, read as data."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import pydantic

from mlops_grader.check import Fail
from mlops_grader.instruments.document import Count, Said, Share, read


class DataFault(Said):
    """Something that is wrong with the records of a week."""

    where: str
    fact: str


class Labels(Said):
    """How many predictions there are, and how many outcomes of them are known."""

    expected: Count
    arrived: Count


class Performance(Said):
    """How good the predictions were, over appointments with an outcome whose patients were not called."""

    rows: Count
    mean_prediction: Share
    mean_outcome: Share
    auc: Share | None = None


class Summary(Said):
    """What the monitoring job says of one week."""

    window: str
    first_day: date
    last_day: date
    as_of: date
    appointments: Count
    decision: Literal["nothing", "investigate", "retrain", "roll back"]
    because: list[str]
    drifted_features: list[str]
    data_faults: list[DataFault]
    labels: Labels
    performance: Performance | None


class Comparison(Said):
    """What retraining says of champion and challenger."""

    as_of: date
    champion: str
    challenger: str
    first_day: date
    last_day: date
    rows: Count
    metric: Literal["log_loss", "brier", "auc"]
    champion_score: float
    challenger_score: float
    improvement: float
    low: float
    high: float
    confidence: Annotated[float, pydantic.Field(gt=0.5, lt=1)]
    test: Annotated[str, pydantic.Field(min_length=3)]
    promoted: bool


def _monday(week: str) -> date:
    """The first day of a week such as 2026-W14; the records may begin later."""
    year, number = map(int, week.split("-W"))
    try:
        return date.fromisocalendar(year, number, 1)
    except ValueError:
        raise Fail(f"there is no week {week}", fix="name each file as its ISO week") from None


def summaries(folder: Path, shown: str) -> dict[date, Summary]:
    """What is said of each week, by its Monday. shown: the folder as the project names it. Raises Fail."""
    found: dict[date, Summary] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        if re.fullmatch(r"\d{4}-W\d\d", path.stem):
            summary = read(path, Summary, f"{shown}/{path.name}")
            if summary.window != path.stem:
                raise Fail(f"`{shown}/{path.name}` speaks of {summary.window}", fix="name each file as its week")
            found[_monday(path.stem)] = summary
    return found


def comparison(folder: Path, shown: str, day: date) -> Comparison:
    """What is said of the retraining of a day. Raises Fail when nothing is."""
    path = folder / "promotions" / f"{day}.json"
    if not path.is_file():
        raise Fail(
            f"the `retrain` command leaves no `{shown}/promotions/{day}.json`", fix="save_comparison(...) in any case"
        )
    return read(path, Comparison, f"{shown}/promotions/{path.name}")
