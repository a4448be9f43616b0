"""What a product says of each day of its data, read as data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import pydantic

from mlops_grader.check import Fail

LARGEST = 2**20  # bytes of a file that are read
Count = Annotated[int, pydantic.Field(ge=0)]


class Anomaly(pydantic.BaseModel):
    """Something that is not as on the days before."""

    where: str
    fact: str


class Day(pydantic.BaseModel):
    """What is said of one day."""

    day: date
    appointments: Count
    outcomes: Count
    quarantined: Count
    statistics: dict[str, float]
    anomalies: Sequence[Anomaly]


def load_day(folder: Path, day: str, shown: str) -> Day:
    """Read what is said of a day. Raises Fail that names the file and the fact. shown: the folder by its name."""
    name = f"{shown}/{day}.json"
    try:
        content = (folder / f"{day}.json").read_bytes()[:LARGEST]
        said = Day.model_validate(json.loads(content))
    except OSError:
        raise Fail(f"there is no `{name}`", fix="`save_day` for each day of the data") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise Fail(
            f"`{name}`: `{'.'.join(map(str, first['loc']))}`: {first['msg']}", fix="the form is in `noshow/daily.py`"
        ) from None
    except (ValueError, RecursionError) as error:
        raise Fail(f"`{name}` is no JSON: {error}", fix="`save_day`") from None
    if said.day.isoformat() != day:
        raise Fail(f"`{name}` is about {said.day}", fix="one file for each day, by its name")
    return said
