"""The service level objectives that a project states."""

from __future__ import annotations

import difflib
import tomllib
from typing import Annotated, Literal

import pydantic

from mlops_grader.check import Fail
from mlops_grader.instruments.prometheus.compression import FACTOR, milliseconds
from mlops_grader.submission import Submission

Name = Literal["availability", "latency", "freshness", "prediction"]
NAMES: tuple[Name, ...] = ("availability", "latency", "freshness", "prediction")
SHORTEST = "1m"
LONGEST = {"availability": "10m", "latency": "10m", "freshness": "1h", "prediction": "1h"}
Duration = Annotated[str, pydantic.Field(pattern=r"^(\d{1,6}(ms|[smhdwy])){1,7}$")]


class Objective(pydantic.BaseModel):
    """One objective. `objective` is the share that must be good; `within` how long a total failure may go on unseen."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    promise: Annotated[str, pydantic.Field(min_length=10)]
    objective: Annotated[float, pydantic.Field(ge=0.9, le=0.999)]
    window: Duration
    within: Duration
    seconds: Annotated[float, pydantic.Field(gt=0, le=2)] | None = None
    max_age_days: Annotated[float, pydantic.Field(gt=0, le=365)] | None = None

    @property
    def patience(self) -> float:
        """`within` in seconds of compressed time."""
        return milliseconds(self.within) / 1000 / FACTOR


def load(submission: Submission, file: str) -> dict[Name, Objective]:
    """Read the objectives. Raises Fail that names the file, the fact and the way out."""
    try:
        document = tomllib.loads(submission.read(file))
    except tomllib.TOMLDecodeError as error:
        raise Fail(f"`{file}` is not valid TOML: {error}", fix="mend that line") from None
    except RecursionError:
        raise Fail(f"`{file}` is not valid TOML: it is nested too deep", fix="write it flat") from None
    tables = document.pop("slo", [])
    if document or not isinstance(tables, list):
        close = difflib.get_close_matches("slo", document, n=1)
        found = f"`{file}` holds `{close[0] if close else next(iter(document), 'slo')}`"
        raise Fail(found, fix="one table `[[slo]]` for each objective, and nothing else")
    try:
        objectives = [Objective.model_validate(table) for table in tables]
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "a table"
        raise Fail(
            f"`{file}`: `{key}` is {repr(first['input'])[:100]}: {first['msg']}", fix="mend that value"
        ) from None
    return _complete(file, objectives)


def _complete(file: str, objectives: list[Objective]) -> dict[Name, Objective]:
    by_name = {objective.name: objective for objective in objectives}
    if missing := [name for name in NAMES if name not in by_name]:
        raise Fail(f"`{file}` states no objective `{missing[0]}`", fix=f'add [[slo]] with name = "{missing[0]}"')
    if len(by_name) < len(objectives):
        raise Fail(f"`{file}` states one objective twice", fix="one table for each name")
    for objective in objectives:
        if milliseconds(objective.within) < milliseconds(SHORTEST):
            found = f"`{file}`: nobody can know of a failure of {objective.name} within {objective.within}"
            raise Fail(found, fix=f"{SHORTEST} at least: one scrape is no failure")
        if milliseconds(objective.within) > milliseconds(LONGEST[objective.name]):
            found = f"`{file}`: after a total failure of {objective.name} you want to know within {objective.within}"
            raise Fail(found, fix=f"{LONGEST[objective.name]} at most: somebody is waiting meanwhile")
    if by_name["latency"].seconds is None:
        raise Fail(f"`{file}`: latency promises no `seconds`", fix="seconds = 0.5, or what you can keep")
    if by_name["freshness"].max_age_days is None:
        raise Fail(f"`{file}`: freshness promises no `max_age_days`", fix="max_age_days = 30, or what you can keep")
    return by_name
