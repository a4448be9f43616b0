"""The scoping of a product: its figures in `docs/scoping.toml`, its words in `docs/scoping.md`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import pydantic

from mlops_grader.check import Fail
from mlops_grader.instruments.evidence import section
from mlops_grader.submission import TEXT_LIMIT, Submission

FIGURES, PAGE = "docs/scoping.toml", "docs/scoping.md"
SECTIONS = ("Value", "Users", "Metric", "Baseline", "Data card", "Risks", "Budget", "Out of scope")
WORDS = 15  # in each section
MARK = "TODO(m14)"

Words = Annotated[str, pydantic.Field(min_length=1, pattern=r"\S")]
Number = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Amount = Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)]


class Table(pydantic.BaseModel):
    """A table of the file: unknown keys are errors, and a number is no text."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)


class Metric(Table):
    """What the product promises to improve."""

    name: Words
    direction: Literal["higher", "lower"]
    target: Number
    why: Words


class Baseline(Table):
    """The best that works without a model; `measured` is the file that shows it."""

    name: Words
    value: Number
    measured: Words


class Budget(Table):
    """What may be spent, in one currency, and hours of a week."""

    currency: Annotated[str, pydantic.Field(pattern=r"^[A-Z]{3}$")]
    money: Amount
    cloud_credits: Amount
    per_month: Amount
    hours: Amount


class Scoping(Table):
    """All of the file."""

    metric: Metric
    baseline: Baseline
    budget: Budget

    @property
    def promises_more(self) -> bool:
        """Whether the target is better than the baseline."""
        gain = self.metric.target - self.baseline.value
        return gain > 0 if self.metric.direction == "higher" else gain < 0


def load(submission: Submission) -> Scoping:
    """The figures. Raises Fail that names the key and what is wrong with it."""
    text = submission.read(FIGURES)
    try:
        return Scoping.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Fail(f"`{FIGURES}` is not valid TOML: {error}", fix="mend that line") from None
    except pydantic.ValidationError as error:
        raise _explained(error.errors()[0]) from None


def _explained(first: Any) -> Fail:
    *table, key = (str(part) for part in first["loc"])
    place = f"[{'.'.join(table)}] `{key}`" if table else f"[{key}]"
    if first["type"] == "missing":
        return Fail(f"`{FIGURES}`: {place} is missing", fix="write it; numbers stand without quotes")
    words = re.sub(r"^Input should", "it should", first["msg"])
    return Fail(f"`{FIGURES}`: {place} is {first['input']!r:.80}: {words}", fix="numbers stand without quotes: 0.8")


def thin_sections(submission: Submission) -> list[tuple[str, int | None]]:
    """The sections of the page that are missing (None) or hold too few words, with how many they hold."""
    text = submission.read(PAGE)
    found = ((name, section(text, name)) for name in SECTIONS)
    counted = ((name, None if words is None else len(re.findall(r"\w\S*", words))) for name, words in found)
    return [(name, count) for name, count in counted if count is None or count < WORDS]


def marks(submission: Submission) -> Iterator[tuple[str, int]]:
    """File and line of each mark that says that something is still to do; the lessons speak of it, and do not count."""
    for name in submission.files:
        path = submission.root / name
        if name.startswith("lessons/") or not path.is_file() or path.stat().st_size > TEXT_LIMIT:
            continue
        for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
            if MARK.encode() in line:
                yield name, number
