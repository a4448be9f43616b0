"""The configuration of training: one file, every key of it checked before anything is computed."""

from pathlib import Path

from pydantic import BaseModel


class Configuration(BaseModel):
    """What training is told. A key that is missing, unknown, of another type or out of range is an error.

    `seed`: of every random source, 0 or more. `test_share`: of the days with outcomes the newest are for the test, more
    than 0 and less than 1. `inverse_regularisation`: how freely the coefficients follow the data, more than 0.
    """

    seed: int
    test_share: float
    inverse_regularisation: float  # TODO(m03): the ranges, and no other keys and types


def read_configuration(path: Path) -> Configuration:
    """The configuration in a TOML file.

    Raises ProductError, in one line that names the file and the key, when anything about it is wrong.
    """
    raise NotImplementedError  # TODO(m03)
