"""The jobs that a matrix makes: axes, exclude, include, and what GitHub refuses."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_grader.instruments.workflow.matrix import MatrixError, expand

ROWS: list[tuple[str, Any, list[dict[str, Any]]]] = [
    ("no matrix is one job", None, [{}]),
    ("one axis", {"os": ["a", "b"]}, [{"os": "a"}, {"os": "b"}]),
    (
        "the last axis goes round first",
        {"os": ["a", "b"], "python": [1, 2]},
        [{"os": "a", "python": 1}, {"os": "a", "python": 2}, {"os": "b", "python": 1}, {"os": "b", "python": 2}],
    ),
    ("exclude by one axis", {"os": ["a", "b"], "exclude": [{"os": "b"}]}, [{"os": "a"}]),
    (
        "exclude wants all of its keys",
        {"os": ["a", "b"], "python": [1], "exclude": [{"os": "a", "python": 2}]},
        [{"os": "a", "python": 1}, {"os": "b", "python": 1}],
    ),
    (
        "exclude looks into objects",
        {"os": [{"name": "a", "new": True}, {"name": "b", "new": True}], "exclude": [{"os": {"name": "b"}}]},
        [{"os": {"name": "a", "new": True}}],
    ),
    ("include alone", {"include": [{"os": "a"}, {"os": "b", "x": 1}]}, [{"os": "a"}, {"os": "b", "x": 1}]),
    (
        "include after exclude brings a combination back",
        {"os": ["a", "b"], "exclude": [{"os": "b"}], "include": [{"os": "b"}]},
        [{"os": "a"}, {"os": "b"}],
    ),
    (
        "the example of GitHub's documentation",
        {
            "fruit": ["apple", "pear"],
            "animal": ["cat", "dog"],
            "include": [
                {"color": "green"},
                {"color": "pink", "animal": "cat"},
                {"fruit": "apple", "shape": "circle"},
                {"fruit": "banana"},
                {"fruit": "banana", "animal": "cat"},
            ],
        },
        [
            {"fruit": "apple", "animal": "cat", "color": "pink", "shape": "circle"},
            {"fruit": "apple", "animal": "dog", "color": "green", "shape": "circle"},
            {"fruit": "pear", "animal": "cat", "color": "pink"},
            {"fruit": "pear", "animal": "dog", "color": "green"},
            {"fruit": "banana"},
            {"fruit": "banana", "animal": "cat"},
        ],
    ),
]

REFUSED: list[tuple[Any, str]] = [
    ("a text", "`matrix` is str, not a mapping of axes to lists"),
    ({"os": "a"}, "`matrix.os` is not a list"),
    ({"os": []}, "`matrix.os` is empty"),
    ({"os": ["a"], "include": "a"}, "`matrix.include` is not a list"),
    ({"os": ["a"], "include": ["b"]}, "`matrix.include` is not a list of mappings"),
    ({"os": ["a"], "exclude": ["b"]}, "`matrix.exclude` is not a list of mappings"),
    ({"os": ["a"], "exclude": [{"so": "a"}]}, "`matrix.exclude` names `so`, which is no axis of the matrix"),
    ({"os": ["a"], "exclude": [{"os": "a"}]}, "the matrix makes no job"),
    ({"os": [*range(257)]}, "the matrix makes 257 jobs, and GitHub refuses more than 256"),
    (
        {name: [*range(100)] for name in "abcdefgh"},
        f"the matrix makes {100**8} combinations, and GitHub refuses more than 256 jobs",
    ),
]


@pytest.mark.parametrize(("matrix", "rows"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_combinations(matrix: Any, rows: list[dict[str, Any]]) -> None:
    """Axes are multiplied, excluded ones taken out, and included ones added as GitHub documents it."""
    assert expand(matrix) == rows


@pytest.mark.parametrize(("matrix", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_refused(matrix: Any, words: str) -> None:
    """What GitHub refuses is refused, with words that name the key."""
    with pytest.raises(MatrixError) as caught:
        expand(matrix)
    assert str(caught.value) == words


def test_256_jobs_are_allowed() -> None:
    """The limit itself is within it."""
    assert len(expand({"n": [*range(256)]})) == 256
