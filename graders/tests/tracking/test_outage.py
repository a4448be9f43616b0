"""Trainings while a server is away are seen as what they are: kept, lost, stopped before, or held up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.check import Fail
from mlops_grader.instruments.tracking import outage
from mlops_grader.instruments.tracking.outage import make_watched, train_without
from mlops_grader.instruments.tracking.place import Place

from .conftest import Shelf

SEND = """
def send():
    run = call("runs/create", status="FINISHED")["run"]["info"]["run_id"]
    call("model-versions/create", name=os.environ["REGISTERED_MODEL"], source="s", run_id=run)
"""
KEEPS = (
    SEND
    + """
import learning, pathlib
learning.fit()
pathlib.Path("waits").touch()
try:
    send()
    pathlib.Path("waits").unlink()
except OSError as error:
    print("the server cannot be reached:", error)
"""
)
FLUSH = (
    SEND
    + """
import pathlib
if pathlib.Path("waits").exists():
    send()
    pathlib.Path("waits").unlink()
"""
)
LOSES = SEND + "\nimport learning\nlearning.fit()\nsend()\n"
STOPS = SEND + '\nimport learning\ncall("model-versions/search", filter="")\nlearning.fit()\nsend()\n'


@pytest.mark.parametrize("state", ["away", "silent"])
@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_what_was_kept_arrives_once(place: Callable[..., Place], shelf: Shelf, state: str, moment: str) -> None:
    """The training ends by itself, and flushing twice sends it once."""
    here = place(train=KEEPS, flush=FLUSH)
    make_watched(here)
    found = train_without(here, state, moment, 10)  # type: ignore[arg-type]  # two words of each kind
    assert (found.finished.ok, found.learned, found.stopped_before) == (True, True, False), found.finished
    assert (len(found.runs), len(found.versions), len(found.flushed)) == (1, 1, 2)
    assert found.arrived().run.id == "r0"


def test_what_was_lost_does_not_arrive(place: Callable[..., Place], shelf: Shelf) -> None:
    """The training learned, failed, and left nothing."""
    here = place(train=LOSES, flush="pass")
    make_watched(here)
    found = train_without(here, "away", "meanwhile", 10)
    assert (found.finished.ok, found.learned, found.stopped_before) == (False, True, False)
    assert (found.runs, found.versions) == ([], [])
    with pytest.raises(Fail, match="has no run in the experiment"):
        found.arrived()


def test_who_stops_before_learning_has_lost_nothing(place: Callable[..., Place], shelf: Shelf) -> None:
    """Nothing was learned, and nothing is flushed."""
    here = place(train=STOPS, flush="pass")
    make_watched(here)
    found = train_without(here, "away", "before", 10)
    assert (found.stopped_before, found.flushed) == (True, ())


def test_the_server_goes_after_learning_began(place: Callable[..., Place], shelf: Shelf) -> None:
    """What is asked before `fit` is answered: stopping before is no way out then."""
    here = place(train=STOPS, flush="pass")
    make_watched(here)
    found = train_without(here, "away", "meanwhile", 10)
    assert (found.learned, found.stopped_before) == (True, False)
    assert [path for _, path, _, _ in shelf.asked if "runs/create" in path] == []


def test_a_training_that_waits_for_ever_is_stopped(
    place: Callable[..., Place], shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is said to have been."""
    monkeypatch.setattr(outage, "PATIENCE", 1.0)
    here = place(train="import time, learning\nlearning.fit()\ntime.sleep(60)\n")
    make_watched(here)
    found = train_without(here, "silent", "meanwhile", 0.2)
    assert found.finished.stopped == "still running after 2 s, ended"
    assert not found.stopped_before


def test_watched_code_is_committed(place: Callable[..., Place]) -> None:
    """A product that refuses to train with changes would refuse otherwise."""
    here = place(train="pass")
    before = here.head()
    make_watched(here)
    assert here.head() != before
    assert "_fit_as_it_was" in (here.root / "learning.py").read_text(encoding="utf-8")
