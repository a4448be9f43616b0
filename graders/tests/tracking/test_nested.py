"""A search is a run with others below it, of which it names the best."""

from __future__ import annotations

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking.nested import search
from mlops_grader.instruments.tracking.registry import PARENT, Run


def run(name: str, parent: str = "", metrics: dict[str, float] | None = None, **words: str) -> Run:
    tags = {PARENT: parent} if parent else {}
    return Run(name, "FINISHED", words, metrics or {}, tags, [], "")


def tried(metric: str, values: list[float], named: str) -> list[Run]:
    children = [run(f"c{n}", "p", {metric: value}, strength=str(n), seed="1") for n, value in enumerate(values)]
    return [run("p", winner=named), *children]


def test_the_children_differ_in_what_was_tried() -> None:
    """Parameters that are others in each child, and metrics that are not the same in all."""
    found = search(tried("loss", [0.3, 0.2, 0.4], "c1"))
    assert found.tried() == {"strength": ["0", "1", "2"]}
    assert found.judged_by() == {"loss": [0.3, 0.2, 0.4]}
    assert [each.id for each in found.named()] == ["c1"]
    assert search(tried("loss", [0.3, 0.3, 0.3], "c1")).judged_by() == {}


@pytest.mark.parametrize(
    ("metric", "named", "best"),
    [
        ("val_log_loss", 1, True),
        ("val_log_loss", 2, False),
        ("brier", 1, True),
        ("AUC", 2, True),
        ("AUC", 1, False),
        ("quality", 1, True),
        ("quality", 2, True),
        ("quality", 0, False),
    ],
)
def test_the_best_is_lowest_or_highest_as_the_name_says(metric: str, named: int, best: bool) -> None:
    """Losses are better when they are lower, scores when they are higher; of other names either may be."""
    found = search(tried(metric, [0.3, 0.2, 0.4], f"c{named}"))
    assert found.best(found.children[named]) is best


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        ([], "of 0 runs that the search left, 0 have others"),
        ([run("a"), run("b")], "of 2 runs that the search left, 0 have others"),
        ([run("p"), run("a", "p"), run("b", "p")], "the search tried 2 values"),
        ([run("p"), run("q"), run("a", "p"), run("b", "q")], "2 have others nested below them"),
    ],
)
def test_what_is_no_search_is_told(runs: list[Run], words: str) -> None:
    """No parent, several, or hardly any values."""
    with pytest.raises(Fail, match=words):
        search(runs)
