"""What was computed once is kept, and what failed once too."""

from __future__ import annotations

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking.once import once


class Counting:
    """Something that counts how often it is asked to work."""

    def __init__(self) -> None:
        self.times = 0

    @once
    def works(self) -> int:
        """How often it was asked."""
        self.times += 1
        return self.times

    @once
    def fails(self) -> int:
        """Nothing: it fails."""
        self.times += 1
        raise Fail(f"failed {self.times}")


def test_a_value_is_computed_once() -> None:
    """For each object by itself."""
    counting = Counting()
    assert (counting.works, counting.works, Counting().works) == (1, 1, 1)


def test_a_failure_is_kept() -> None:
    """The same one is raised again, and nothing is tried again."""
    counting = Counting()
    for _ in range(2):
        with pytest.raises(Fail, match="failed 1"):
            counting.fails  # noqa: B018
    assert counting.times == 1


def test_its_words_are_those_of_the_function() -> None:
    """For whoever reads the class."""
    assert Counting.works.__doc__ == "How often it was asked."
