"""Random numbers in named streams: every column has its own, so the order of calls changes nothing."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]
Times = npt.NDArray[np.datetime64]


def generator(seed: int, stream: str) -> np.random.Generator:
    """Return the generator of one stream of a seed.

    Draws are only ever taken with `Generator.random`, whose bits NumPy has kept since PCG64 exists.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, zlib.crc32(stream.encode())])))


def uniform(seed: int, stream: str, *shape: int) -> Floats:
    """Draw numbers in [0, 1). The first k rows are the same however many rows are drawn."""
    return generator(seed, stream).random(shape)


def normal(seed: int, stream: str, size: int) -> Floats:
    """Draw standard normal numbers (Box and Muller), the first k the same for every size."""
    radius, angle = uniform(seed, stream, size, 2).T
    return np.asarray(np.sqrt(-2 * np.log1p(-radius)) * np.cos(2 * np.pi * angle))


def choose(draws: Floats, shares: npt.ArrayLike) -> Integers:
    """Turn uniform draws into the indices 0, 1, ... that come with these shares.

    `shares` is one row for all draws, or one row for each draw. The last share is what the others leave.
    """
    edges = np.cumsum(np.asarray(shares, dtype=np.float64), axis=-1)[..., :-1]
    return np.asarray((draws[:, None] >= edges).sum(axis=1), dtype=np.int64)


def pick(options: tuple[Any, ...], indices: Integers) -> Texts:
    """Look the options up by index."""
    return np.array(options, dtype=object)[indices]
