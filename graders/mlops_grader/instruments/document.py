"""A JSON document that a product leaves, read as data of a form that is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, TypeVar

import pydantic

from mlops_grader.check import Fail

LARGEST = 2**20  # bytes of a file that are read
Share = Annotated[float, pydantic.Field(ge=0, le=1)]
Count = Annotated[int, pydantic.Field(ge=0)]


class Said(pydantic.BaseModel):
    """A part of a document. What else stands there is nobody's business; numbers are finite."""

    model_config = pydantic.ConfigDict(frozen=True, allow_inf_nan=False)


Model = TypeVar("Model", bound=Said)


def read(path: Path, model: type[Model], shown: str) -> Model:
    """The document in a file. shown: the file as the project names it. Raises Fail that names file, key and fact."""
    try:
        if not path.is_file():
            raise OSError("it is no file")
        if path.stat().st_size > LARGEST:
            raise Fail(f"`{shown}` has more than {LARGEST // 2**20} MiB", fix="a summary, not the data")
        document: Any = json.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(document)
    except (OSError, UnicodeDecodeError) as error:
        raise Fail(f"`{shown}` cannot be read: {error}", fix="write it as UTF-8 text, in one step") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the whole"
        found = f"`{shown}`: `{key}` is {repr(first['input'])[:100]}: {first['msg']}"
        raise Fail(found, fix="write it with the functions that are given") from None
    except (ValueError, RecursionError) as error:
        raise Fail(
            f"`{shown}` is no JSON: {error}", fix="write it in one step: half a file is worse than none"
        ) from None
