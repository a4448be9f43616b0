"""The jobs that a matrix makes of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

LARGEST = 256  # jobs; GitHub refuses more

Combination = dict[str, Any]


class MatrixError(Exception):
    """A matrix that GitHub would refuse."""


def expand(matrix: Any) -> list[Combination]:
    """The combinations of a matrix whose expressions are already replaced; one empty one for no matrix.

    `exclude` first, then `include`, as GitHub does: an include is added to each combination whose own axes it does not
    change, and makes one of its own where there is none. Raises MatrixError.
    """
    if matrix is None:
        return [{}]
    if not isinstance(matrix, Mapping):
        raise MatrixError(f"`matrix` is {type(matrix).__name__}, not a mapping of axes to lists")
    axes = {key: _values(key, values) for key, values in matrix.items() if key not in ("include", "exclude")}
    _must_be_small(axes)
    rows: list[Combination] = [dict(zip(axes, row, strict=True)) for row in product(*axes.values())] if axes else []
    excludes, includes = (_objects(key, matrix.get(key, [])) for key in ("exclude", "include"))
    for exclude in excludes:
        if unknown := [key for key in exclude if key not in axes]:
            raise MatrixError(f"`matrix.exclude` names `{unknown[0]}`, which is no axis of the matrix")
    rows = _included([row for row in rows if not any(_within(left, row) for left in excludes)], axes, includes)
    if len(rows) > LARGEST:
        raise MatrixError(f"the matrix makes {len(rows)} jobs, and GitHub refuses more than {LARGEST}")
    if not rows:
        raise MatrixError("the matrix makes no job")
    return rows


def _values(key: str, values: Any) -> Sequence[Any]:
    if not isinstance(values, list | tuple):
        raise MatrixError(f"`matrix.{key}` is not a list")
    return values


def _objects(key: str, values: Any) -> Sequence[Mapping[str, Any]]:
    listed = _values(key, values)
    if any(not isinstance(value, Mapping) for value in listed):
        raise MatrixError(f"`matrix.{key}` is not a list of mappings")
    return listed


def _must_be_small(axes: Mapping[str, Sequence[Any]]) -> None:
    """Refuse what would take long only to be refused."""
    if empty := [key for key, values in axes.items() if not values]:
        raise MatrixError(f"`matrix.{empty[0]}` is empty")
    if (count := prod(map(len, axes.values()))) > LARGEST**2:
        raise MatrixError(f"the matrix makes {count} combinations, and GitHub refuses more than {LARGEST} jobs")


def _within(part: Mapping[str, Any], row: Combination) -> bool:
    """Whether all that `part` says is true of a combination, in objects too."""
    return all(
        key in row
        and (
            _within(value, row[key]) if isinstance(value, Mapping) and isinstance(row[key], dict) else row[key] == value
        )
        for key, value in part.items()
    )


def _included(
    rows: list[Combination], axes: Mapping[str, Any], includes: Sequence[Mapping[str, Any]]
) -> list[Combination]:
    original = [dict(row) for row in rows]
    alone = []
    for include in includes:
        fits = [
            place
            for place, row in enumerate(original)
            if all(row[key] == include[key] for key in axes if key in include)
        ]
        for place in fits:
            rows[place] |= include
        if not fits:
            alone.append(dict(include))
    return rows + alone
