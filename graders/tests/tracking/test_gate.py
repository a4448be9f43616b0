"""What a gate did is read from the server; a race is one in which the worse version moves the alias last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from mlops_grader.instruments.tracking import gate
from mlops_grader.instruments.tracking.gate import Judged, flattering, judge, race, scene
from mlops_grader.instruments.tracking.place import Place, Recorded
from mlops_grader.instruments.tracking.registry import Version

from .conftest import Shelf

MOVE = """
call("registered-models/alias", name=os.environ["REGISTERED_MODEL"], alias="champion", version=sys.argv[1])
"""
LOOK_AGAIN = (
    MOVE
    + """
if sys.argv[1] == "2":
    call("registered-models/alias", name=os.environ["REGISTERED_MODEL"], alias="champion", version="3")
"""
)
WAIT_FOR_THE_OTHER = """
import fcntl, tempfile, pathlib, urllib.error
with open(pathlib.Path(tempfile.gettempdir()) / "one-at-a-time", "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/registered-models/alias?name=m&alias=champion"
    try:
        now = json.load(urllib.request.urlopen(url, timeout=5))["model_version"]["version"]
    except urllib.error.HTTPError:
        now = "1"
    if int(sys.argv[1]) > int(now):
        call("registered-models/alias", name="m", alias="champion", version=sys.argv[1])
"""


def version(number: str, model: str = "m", **tags: str) -> Version:
    return Version(model, number, "r", "mlflow-artifacts:/1/r/artifacts/model", tags)


@pytest.mark.parametrize(("script", "champion"), [(MOVE, "2"), (LOOK_AGAIN, "3"), (WAIT_FOR_THE_OTHER, "3")])
def test_a_race_is_lost_by_who_does_not_look_again(
    place: Callable[..., Place], shelf: Shelf, monkeypatch: pytest.MonkeyPatch, script: str, champion: str
) -> None:
    """The alias of version 2 is written last; a gate that looks again, or lets one wait, ends with version 3."""
    monkeypatch.setattr(gate, "PATIENCE", 2.0)
    shelf.seconds["3"] = 0.5  # whoever does not wait for its end moves the alias before it
    shelf.versions += [{"name": "m", "version": number, "source": "s", "tags": []} for number in ("1", "2", "3")]
    slow, quick = race([place(promote=script), place(promote=script)], shelf.url)
    assert (slow.finished.ok, quick.finished.ok) == (True, True), slow.finished
    assert (slow.champion, quick.champion) == (champion, champion)


def test_a_race_ends_when_nobody_moves_the_alias(place: Callable[..., Place], shelf: Shelf) -> None:
    """A gate that refuses, or fails, is not waited for."""
    shelf.versions += [{"name": "m", "version": number, "source": "s", "tags": []} for number in ("1", "2", "3")]
    shelf.aliases["m"] = "1"
    slow, quick = race([place(promote="sys.exit(3)"), place(promote="pass")], shelf.url)
    assert (slow.finished.exit, quick.finished.exit, quick.champion) == (3, 0, "1")


def test_a_scene_begins_with_the_champion_and_without_old_judgements(
    place: Callable[..., Place], shelf: Shelf, tmp_path: Path
) -> None:
    """Version 1 has the alias; tags of the gate are gone, others stay; each challenger has a copy of the product."""
    old = version("7", decision="refused", because="0.1", commit="c")
    places = scene(place(), tmp_path, "scene", version("3"), [old, old])
    assert shelf.aliases == {"scene": "1"}
    assert [each["tags"] for each in shelf.versions] == [[], *[[{"key": "commit", "value": "c"}]] * 2]
    assert [each.root.name for each in places] == ["scene-2", "scene-3"]
    assert {each.model for each in places} == {"scene"}


def test_a_judgement_is_what_stands_on_the_server(place: Callable[..., Place], shelf: Shelf) -> None:
    """The alias is put back first; then alias and tags are read, whatever the command prints."""
    tags = [{"key": "decision", "value": "refused"}, {"key": "because", "value": "0.44 and 0.42 of 1"}]
    shelf.versions += [{"name": "m", "version": number, "source": "s", "tags": tags} for number in ("1", "2")]
    shelf.aliases["m"] = "9"
    found = judge(place(promote="print('promoted')"), "2")
    assert (found.promoted, found.champion, found.decision) == (False, "1", "refused")
    assert found.numbers() == {"0.44", "0.42"}
    assert judge(place(promote=MOVE), "2").promoted


def test_flattering_metrics_are_better_in_each_direction() -> None:
    """A score goes up and a loss goes down, and neither leaves the range from 0 to 1."""
    metrics = ({"auc": 0.78, "brier": 0.14, "rows": 700.0}, {"auc": 0.5, "brier": 0.3, "rows": 700.0, "x": 1.0})
    made = [replace_metrics(each) for each in metrics]
    assert flattering(*made) == pytest.approx({"auc": 0.92, "brier": 0.06, "rows": 700.0})


def replace_metrics(metrics: dict[str, float]) -> Recorded:
    from mlops_grader.instruments.tracking.registry import Run

    run = Run("r", "FINISHED", {}, metrics, {}, [], "")
    return replace(Recorded(cast("Any", None), cast("Any", None), run, version("1")))


def test_numbers_without_decimals_are_no_measurements() -> None:
    """Of version 2 on 1800 appointments: nothing was measured."""
    judged = Judged(
        cast("Any", None), version("2"), "1", "refused", "version 2 on 1800 appointments", cast("Any", None)
    )
    assert judged.numbers() == set()
