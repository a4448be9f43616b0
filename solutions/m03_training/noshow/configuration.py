"""The configuration of training: one file, every key of it checked before anything is computed."""

import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from noshow.errors import ProductError


class Configuration(BaseModel):
    """What training is told. A key that is missing, unknown, of another type or out of range is an error.

    `seed`: of every random source, 0 or more. `test_share`: of the days with outcomes the newest are for the test, more
    than 0 and less than 1. `inverse_regularisation`: how freely the coefficients follow the data, more than 0.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    seed: Annotated[int, Field(ge=0, lt=2**32)]
    test_share: Annotated[float, Field(gt=0, lt=1)]
    inverse_regularisation: Annotated[float, Field(gt=0)]


def read_configuration(path: Path) -> Configuration:
    """The configuration in a TOML file.

    Raises ProductError, in one line that names the file and the key, when anything about it is wrong.
    """
    try:
        return Configuration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise ProductError(f"`{path}` does not exist; it says how to train: restore it with git") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProductError(f"`{path}` cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise ProductError(f"`{path}`: `{key}` is {first['input']!r}: {first['msg']}") from error
