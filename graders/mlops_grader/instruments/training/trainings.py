"""All trainings of one grade: each is made once, when a check asks for it, in a copy of its own."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training import planted
from mlops_grader.instruments.training.configuration import Configuration, Setting, configuration, write
from mlops_grader.instruments.training.practice import Practice
from mlops_grader.instruments.training.trained import WORK, Trained, killed, prepare, train

ELSEWHERE = {"TZ": "Pacific/Auckland", "LC_ALL": "C"}  # another machine, as far as one machine can be another


@dataclass
class Trainings:
    """What a product learns from one practice, under different circumstances."""

    product: Product
    folder: Path
    seed: int

    @cached_property
    def practice(self) -> Practice:
        """What there is to learn from."""
        return Practice(self._random("practice").randrange(2**31))

    @cached_property
    def ingested(self) -> Product:
        """The product with the files of the practice, before any training: where there is a gate, it is open to the first one."""
        return prepare(self.product, self.folder / "ingested", self.practice)

    @cached_property
    def first(self) -> Trained:
        """The product as it is, with the files of the practice."""
        return train(self._copy("first"), self.practice)

    @cached_property
    def setting(self) -> tuple[Configuration, Setting, str]:
        """The configuration, the number in it that shapes the model, and another value for it."""
        found = configuration(self.first.product)
        setting = found.setting(self.product.contract.training.hyperparameter)
        return found, setting, setting.other(self._random("setting"))

    @cached_property
    def columns(self) -> Mapping[str, planted.Of]:
        """Two columns that tell what nobody knows before."""
        return planted.tempting(self.practice.past, self._random("tempted"))

    @property
    def twin(self) -> Trained:
        """The same in another folder, at another place in the world, with another hash seed."""
        return self._others["twin"].result()

    @property
    def changed(self) -> Trained:
        """With another value of the number that shapes the model."""
        return self._others["changed"].result()

    @property
    def tempted(self) -> Trained:
        """With the two columns in the clean data."""
        return self._others["tempted"].result()

    @property
    def turned(self) -> Trained:
        """With the outcomes of the days of the test turned round."""
        return self._others["turned"].result()

    @cached_property
    def _others(self) -> Mapping[str, Future[Trained]]:
        """All others, two at a time: who asks for one will ask for the rest. What goes wrong is told to who asks for it."""
        self.first  # noqa: B018  # two trainings at a time are enough
        with ThreadPoolExecutor(2) as pool:
            makers = (self._changed, self._twin, self._tempted, self._turned)
            return {maker.__name__.strip("_"): pool.submit(maker) for maker in makers}

    def _twin(self) -> Trained:
        other = {**ELSEWHERE, "PYTHONHASHSEED": str(self._random("twin").randint(1, 10**6))}
        folder = self.folder / "somewhere else" / "twin"
        folder.parent.mkdir()
        return train(prepare(self.product, folder, self.practice), self.practice, other)

    def _changed(self) -> Trained:
        found, setting, value = self.setting
        copy = self._copy("changed")
        write(copy, found.having(setting.key, value))
        return train(copy, self.practice)

    def _tempted(self) -> Trained:
        copy = self._copy("tempted")
        planted.rewrite(copy, self.columns)
        try:
            return train(copy, self.practice)
        except Fail as fail:
            names = " and ".join(f"`{name}`" for name in self.columns)
            raise Fail(f"the clean data hold {names} too, and {fail.found}", fix=fail.fix) from None

    def _turned(self) -> Trained:
        copy = self._copy("turned")
        planted.rewrite(copy, planted.turned(self.practice.past, self.first.summary.test.first_day))
        return train(copy, self.practice)

    def interrupted(self) -> Trained:
        """Killed twice while it trained, and then trained once more. Raises Fail when the model that was there suffered."""
        copy = self.first.product.copy(self.folder / "killed")
        for after in (0.0, self._random("killed").uniform(0.05, 0.5)):
            killed(copy, after)
        if not self._unchanged(copy):
            raise Fail("a training that was killed changed the exported model", fix="only `export` writes it")
        if copy.contract.commands.export:
            copy.must("export", limits=WORK)
        return train(copy, self.practice)

    def _unchanged(self, product: Product) -> bool:
        try:
            return product.record() == self.first.record
        except Fail:
            return False

    def _copy(self, name: str) -> Product:
        return self.ingested.copy(self.folder / name)

    def _random(self, name: str) -> Random:
        return Random(f"{name} {self.seed}")  # noqa: S311  # reproducible on purpose
