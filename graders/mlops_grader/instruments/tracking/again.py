"""Making a run again in a clone that has gone on since, and runs that nobody can make again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.product import RECORD
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.tracking.place import Place, Recorded, recorded
from mlops_grader.instruments.training.configuration import configuration, write
from mlops_grader.instruments.training.trained import score
from mlops_grader.instruments.world.chance import Floats
from mlops_grader.theirs import copy_folder, remove_folder

OUT = "made-again"


@dataclass(frozen=True)
class Attempt:
    """How `reproduce` ended, and whether it left anything."""

    words: str
    finished: Finished
    left: bool

    @property
    def refused(self) -> bool:
        """It ended by itself with an error, said why, and left nothing."""
        done = self.finished
        spoke = bool(done.output.strip()) and "Traceback" not in done.output
        return not done.ok and not done.stopped and spoke and not self.left


def predictions(place: Place, bodies: list[dict[str, Any]]) -> Floats:
    """What the exported model says of some requests."""
    return score(place.product, bodies)


def go_on_working(place: Place, random: Random) -> None:
    """Let the project change after the run: other data and another configuration, partly not even committed."""
    found = configuration(place.product)
    setting = found.setting(place.product.contract.training.hyperparameter)
    write(place.product, found.having(setting.key, setting.other(random)))
    days = sorted((place.root / place.product.contract.data.raw).glob("appointments_*.csv"))
    for day in random.sample(days, 3):
        day.unlink()
    place.commit("Work went on")
    found = configuration(place.product)
    write(place.product, found.having(setting.key, setting.other(random)))


@contextmanager
def without_its_model(made: Recorded) -> Iterator[None]:
    """Take the files of a version's model away for a while: what is to be made cannot be fetched."""
    folder = made.place.registry.model_folder(made.version)
    aside = folder.with_name(f"{folder.name}-aside")
    if not folder.is_dir():
        raise Fail(f"version {made.version.number} has no files on the server", fix="log the model with MLflow")
    folder.rename(aside)
    try:
        yield
    finally:
        aside.rename(folder)


def reproduce(place: Place, run_id: str, words: str) -> Attempt:
    """Make a run again."""
    finished = place.told("reproduce", run_id, OUT)
    return Attempt(words, finished, (place.root / OUT).exists())


def take(place: Place) -> None:
    """Put what was made again in the place of the exported model. Raises Fail when it is no model."""
    model = (place.root / RECORD).parent
    if not (place.root / OUT).is_dir():
        raise Fail(f"`reproduce` leaves no folder `{OUT}`", fix="put there what `export` puts into `model/`")
    remove_folder(model)
    copy_folder(place.root / OUT, model)


def unclean(place: Place) -> Recorded | Finished:
    """Train with a change that is not committed; how the command ended when it refused to."""
    shown = place.product.contract.training.code
    path = place.product.submission.path(shown)
    path.write_text(path.read_text(encoding="utf-8") + "\n# only to try something\n", encoding="utf-8", newline="\n")
    done = place.told("train")
    if not done.ok:
        return done
    return recorded(place, done)


def says_unclean(unclean: Recorded, clean: Recorded) -> bool:
    """Whether its record says in some word, which that of a clean run does not, that not all was committed."""
    before = clean.run.words()
    for key, value in unclean.run.words().items():
        spoken = any(
            word in f"{key} {value}".lower() for word in ("dirty", "uncommitted", "modified", "unclean", "changes")
        )
        if spoken and before.get(key) != value:
            return True
    return False
