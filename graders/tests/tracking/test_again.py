"""A clone that has gone on, a record that says unclean, and what counts as a refusal."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, cast

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.tracking import again
from mlops_grader.instruments.tracking.again import Attempt, says_unclean
from mlops_grader.instruments.tracking.place import Place, Recorded, recorded
from mlops_grader.instruments.tracking.registry import Run

from .conftest import Shelf, run_of

RAW = {f"data/raw/appointments_2026-01-0{day}.csv": "x\n" for day in range(1, 7)}
TOLD = {"training.toml": "inverse_regularisation = 1.0\n", **RAW}


def of(**words: str) -> Recorded:
    return Recorded(
        cast("Any", None), cast("Any", None), Run("r", "FINISHED", {}, {}, words, [], ""), cast("Any", None)
    )


@pytest.mark.parametrize(
    ("unclean", "clean", "says"),
    [
        ({"commit": "abc-dirty"}, {"commit": "abc"}, True),
        ({"git.dirty": "true"}, {"git.dirty": "false"}, True),
        ({"git.dirty": "true"}, {"git.dirty": "true"}, False),
        ({"state": "uncommitted changes"}, {}, True),
        ({"commit": "abd"}, {"commit": "abc"}, False),
    ],
)
def test_a_record_says_unclean_in_a_word_that_a_clean_one_does_not(
    unclean: dict[str, str], clean: dict[str, str], says: bool
) -> None:
    """A flag that is always there says nothing."""
    assert says_unclean(of(**unclean), of(**clean)) is says


@pytest.mark.parametrize(
    ("exit_code", "output", "stopped", "left", "refused"),
    [
        (1, "error: the commit is gone", None, False, True),
        (0, "done", None, False, False),
        (1, "error: too late", None, True, False),
        (1, "", None, False, False),
        (1, "Traceback (most recent call last):", None, False, False),
        (-9, "error", "still running after 300 s, ended", False, False),
    ],
)
def test_a_refusal_is_one_that_says_why_and_leaves_nothing(
    exit_code: int, output: str, stopped: str | None, left: bool, refused: bool
) -> None:
    """A crash, a silence and a half-made model are none."""
    assert Attempt("a run", Finished("reproduce", exit_code, output, 1.0, stopped), left).refused is refused


def test_a_project_that_went_on_has_other_data_and_another_configuration(place: Callable[..., Place]) -> None:
    """Three days are gone and committed; the configuration has changed twice, the second time without a commit."""
    here = place(files=TOLD, train="pass")
    before = here.head()
    again.go_on_working(here, Random(1))  # noqa: S311
    assert len(list((here.root / "data/raw").iterdir())) == 3
    assert here.head() != before
    assert (here.root / "training.toml").read_text() != TOLD["training.toml"]


def test_a_clone_holds_what_git_knows(place: Callable[..., Place]) -> None:
    """Ignored files are gone."""
    here = place(files=TOLD, train="pass")
    (here.root / "__pycache__").mkdir()
    (here.root / "new.txt").touch()
    here.as_cloned()
    assert [(here.root / name).exists() for name in ("__pycache__", "new.txt", "training.toml")] == [False, False, True]


@pytest.mark.parametrize(
    ("runs", "versions", "words"),
    [
        ([], ["a"], "has no run in the experiment"),
        (["a"], [], "has 0 new versions"),
        (["a", "b"], ["a", "b"], "has 2 new versions"),
        (["a"], ["x"], "belongs to run x, which is not in the experiment"),
    ],
)
def test_a_training_leaves_one_run_and_one_version(
    place: Callable[..., Place], shelf: Shelf, runs: list[str], versions: list[str], words: str
) -> None:
    """What is more, less, or elsewhere is told."""
    shelf.runs += [run_of(run) for run in runs]
    shelf.versions += [
        {"name": "m", "version": str(n), "source": "s", "run_id": run} for n, run in enumerate(versions, 1)
    ]
    with pytest.raises(Fail, match=words):
        recorded(place(train="pass"), Finished("train", 0, "", 1.0))


def test_versions_that_were_there_before_do_not_count(place: Callable[..., Place], shelf: Shelf) -> None:
    """The new one is found among them."""
    shelf.runs += [run_of("a"), run_of("b")]
    shelf.versions += [{"name": "m", "version": str(n), "source": "s", "run_id": run} for n, run in enumerate("ab", 1)]
    found = recorded(place(train="pass"), Finished("train", 0, "", 1.0), frozenset({"1"}))
    assert (found.version.number, found.run.id) == ("2", "b")
