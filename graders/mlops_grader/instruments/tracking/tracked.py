"""Everything that one grade does with a product and a tracking server: each is done once, when a check asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import TypeVar

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.tracking import again, gate, outage
from mlops_grader.instruments.tracking.again import Attempt
from mlops_grader.instruments.tracking.clinic import Clinic, Quality
from mlops_grader.instruments.tracking.gate import Judged
from mlops_grader.instruments.tracking.once import once
from mlops_grader.instruments.tracking.outage import Moment, Outage
from mlops_grader.instruments.tracking.place import Place, Recorded, add_remote, trained, with_credentials
from mlops_grader.instruments.tracking.proxy import State
from mlops_grader.instruments.tracking.registry import Run
from mlops_grader.instruments.tracking.server import Server
from mlops_grader.instruments.training import planted
from mlops_grader.instruments.world.chance import Floats
from mlops_grader.theirs import remove_folder

Left = TypeVar("Left")
Right = TypeVar("Right")
TOKEN = "CLINIC_API_TOKEN"  # noqa: S105  # the name of a variable
WHERE: Mapping[Quality, str] = {"first": "clinic", "good": "clinic", "middling": "clinic-b", "worse": "clinic-c"}


@dataclass(frozen=True)
class Exported:
    """What `export` left: the run that the record names, and what the model says."""

    run_id: str
    predictions: Floats


@dataclass
class Tracked:
    """A product that keeps its record on a server, and what happens to it."""

    product: Product
    server: Server
    folder: Path
    seed: int

    @once
    def clinic(self) -> Clinic:
        """What there is to learn from."""
        return Clinic(self._random("clinic").randrange(2**31))

    @once
    def secrets(self) -> dict[str, str]:
        """What nobody else is to know, by the place where a training could find it."""
        random = self._random("secrets")
        words = ("the key of the pseudonyms", "the environment", "MLFLOW_TRACKING_URI", "the address of a git remote")
        return {word: f"{random.getrandbits(128):032x}" for word in words}

    @once
    def ready(self) -> Place:
        """The product with the daily files of the clinic, committed and ingested."""
        copy = self.product.copy(self.folder / "ready")
        key = self.secrets["the key of the pseudonyms"]
        place = Place(copy, self.server.registry, self.server.url, "clinic", "clinic", key)
        raw = copy.root / copy.contract.data.raw
        remove_folder(raw)
        self.clinic.write(raw)
        place.commit("The daily files of the clinic")
        add_remote(copy.root, f"https://clinic:{self.secrets['the address of a git remote']}@git.invalid/noshow.git")
        if copy.contract.commands.ingest:
            place.must("ingest")
        self.server.wait()
        return place

    @once
    def first(self) -> Recorded:
        """The first training of all, of a model that has not learned much."""
        place = self._learning("first")
        url = with_credentials(place.url, "reporter", self.secrets["MLFLOW_TRACKING_URI"])
        made = trained(replace(place, url=url), more={TOKEN: self.secrets["the environment"]})
        return replace(made, place=place)

    @once
    def champion_of_all(self) -> str | None:
        """The number of the version that was the champion after the first training."""
        return self.first.place.champion()

    @once
    def good(self) -> Recorded:
        """The second training, of a good model, under the same names as the first."""
        self.champion_of_all  # noqa: B018  # before there is a second version
        known = frozenset({self.first.version.number})
        made = trained(replace(self.ready, experiment="clinic"), known)
        self.champion_after_good = made.place.champion()
        return made

    champion_after_good: str | None = None

    @property
    def middling(self) -> Recorded:
        """A training of a model that is better than the first and worse than the good one."""
        return self._others[0]

    @property
    def worse(self) -> Recorded:
        """A training of a model that has learned everything the wrong way round."""
        return self._others[1]

    @once
    def _others(self) -> tuple[Recorded, Recorded]:
        return _both(lambda: trained(self._learning("middling")), lambda: trained(self._learning("worse")))

    def _learning(self, quality: Quality) -> Place:
        """A copy of the product whose clean data lead to a model of that quality."""
        place = self.ready.copy(self.folder / quality, WHERE[quality])
        planted.rewrite(place.product, self.clinic.outcomes(quality))
        return place

    @once
    def followed(self) -> list[Exported]:
        """What `export` brings: with the alias at the good version, and then at the first one again."""
        place = self.ready.copy(self.folder / "followed", "followed")
        versions = place.registry.register("followed", [self.first.version, self.good.version])
        return [self._exported(place, version.number) for version in reversed(versions)]

    def _exported(self, place: Place, number: str) -> Exported:
        version = next(each for each in place.registry.versions(place.model) if each.number == number)
        place.registry.give_alias(version, place.product.contract.tracking.alias)
        place.must("export")
        said = str(place.product.record().get("run_id"))
        return Exported(said, again.predictions(place, self.clinic.requests()))

    @once
    def better(self) -> Judged:
        """The good version before the gate, whose champion is the first one."""
        return self._judgements[0]

    @once
    def refusals(self) -> tuple[Judged, ...]:
        """Before a gate whose champion is the good version: a worse one, an equal one, and the worse one with false metrics."""
        return self._judgements[1]

    @once
    def _judgements(self) -> tuple[Judged, tuple[Judged, ...]]:
        good, first, worse = self.good.version, self.first.version, self.worse.version
        [promotion] = gate.scene(self.ready, self.folder, "promotion", first, [good])
        refusing, lying, equal = gate.scene(self.ready, self.folder, "refusal", good, [worse, worse, good])

        def refuse() -> tuple[Judged, ...]:
            found = [gate.judge(refusing, "2"), gate.judge(equal, "4")]
            self.server.registry.say_of(worse.run_id, gate.flattering(self.good, self.first))
            return (*found, gate.judge(lying, "3"))

        return _both(lambda: gate.judge(promotion, "2"), refuse)

    @once
    def race(self) -> list[Judged]:
        """A middling and a good version that are promoted at once, over the first one."""
        challengers = [self.middling.version, self.good.version]
        places = gate.scene(self.ready, self.folder, "race", self.first.version, challengers)
        return gate.race(places, self.server.url)

    @property
    def made_again(self) -> tuple[Attempt, Floats | None]:
        """The good run made again in a clone that has gone on since, and what that model says."""
        return self._reproductions[0]

    @property
    def unclean(self) -> Recorded | Finished:
        """A training with a change that was not committed."""
        return self._reproductions[1]

    @property
    def not_made_again(self) -> list[Attempt]:
        """Runs that cannot be made again: not all of their code, not their commit, not their data are there."""
        return self._reproductions[2]

    @once
    def _reproductions(self) -> tuple[tuple[Attempt, Floats | None], Recorded | Finished, list[Attempt]]:
        self.good  # noqa: B018  # what is made again
        elsewhere = self.ready.copy(self.folder / "elsewhere", "clinic")
        elsewhere.as_cloned()
        dirty = self.ready.copy(self.folder / "unclean", "unclean")
        forged = self.ready.copy(self.folder / "forged", "clinic")
        trials = _both(lambda: self._remade(elsewhere), lambda: self._refused(dirty, forged))
        return trials[0], *trials[1]

    def _remade(self, place: Place) -> tuple[Attempt, Floats | None]:
        again.go_on_working(place, self._random("work"))
        with again.without_its_model(self.good):
            attempt = again.reproduce(place, self.good.run.id, "the run of the good model")
        if not attempt.finished.ok:
            return attempt, None
        again.take(place)
        return attempt, again.predictions(place, self.clinic.requests())

    def _refused(self, dirty: Place, forged: Place) -> tuple[Recorded | Finished, list[Attempt]]:
        unclean = again.unclean(dirty)
        attempts = []
        if isinstance(unclean, Recorded):
            words = "a run with changes that were never committed"
            attempts.append(again.reproduce(forged, unclean.run.id, words))
            remove_folder(forged.root / again.OUT)
        gone = {self.ready.head(): f"{self._random('commit').getrandbits(160):040x}"}
        other = {word: word[::-1] for each in self.good.run.data for word in (each.name, each.digest) if len(word) > 7}
        for words, changed in (("a run whose commit is not in the repository", gone), ("a run with other data", other)):
            run_id = self.server.registry.forge(self.good.run, f"forged-{len(attempts)}", changed)
            attempts.append(again.reproduce(forged, run_id, words))
            remove_folder(forged.root / again.OUT)
        return unclean, attempts

    @once
    def searched(self) -> tuple[Finished, list[Run]]:
        """The search: how it ended, and the runs that it left."""
        place = self.ready.copy(self.folder / "searched", "searched")
        finished = place.told("search")
        return finished, place.registry.runs(place.experiment)

    @property
    def outages(self) -> list[Outage]:
        """Trainings while the server is away: from the beginning, and from the moment at which they learn."""
        return self._outages[1:]

    @property
    def silence(self) -> Outage:
        """A training during which the server stops answering."""
        return self._outages[0]

    @once
    def _outages(self) -> list[Outage]:
        cases: Sequence[tuple[str, State, Moment]] = (
            ("silent", "silent", "meanwhile"),
            ("gone", "away", "meanwhile"),
            ("away", "away", "before"),
        )
        usual = self.first.finished.seconds
        watched = self.ready.copy(self.folder / "watched", "watched")
        outage.make_watched(watched)
        places = [watched.copy(self.folder / name, name) for name, _, _ in cases]
        with ThreadPoolExecutor(2) as pool:
            trials = [
                pool.submit(outage.train_without, place, state, moment, usual)
                for place, (_, state, moment) in zip(places, cases, strict=True)
            ]
            return [trial.result() for trial in trials]

    def private(self) -> dict[str, str]:
        """Words that must not stand on the server, and what each is."""
        people = self.clinic.people(self._random("people"))
        return {**{word: what for what, word in self.secrets.items()}, **dict.fromkeys(people, "a patient")}

    def _random(self, name: str) -> Random:
        return Random(f"tracked {name} {self.seed}")  # noqa: S311  # reproducible on purpose


def _both(left: Callable[[], Left], right: Callable[[], Right]) -> tuple[Left, Right]:
    """What two makers make at the same time."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.submit(left), pool.submit(right)
        return first.result(), second.result()
