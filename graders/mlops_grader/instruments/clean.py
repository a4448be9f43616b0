"""A machine on which nothing of the product is yet: the product is made from nothing there, and put into service."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.contract import Contract
from mlops_grader.instruments.client import READY_SECONDS, Client, same
from mlops_grader.instruments.container import explain
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.environment import Environment, made_anew, needs_none
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits, Sandbox
from mlops_grader.instruments.service import started
from mlops_grader.submission import Submission

WORK = Limits(seconds=900)
MAKING = ("ingest", "train", "export")
HASH_SEED = "PYTHONHASHSEED"  # decides, in Python, in which order a set of words comes


@dataclass(frozen=True)
class CleanMachine:
    """Makes the product as often as asked, each time in a clean copy and an environment of its own.

    engine: None when the product has no containers.
    """

    submission: Submission
    contract: Contract
    sandbox: Sandbox
    engine: Engine | None
    folder: Path

    def make(self, name: str, hash_seed: int) -> Product:
        """Clone, set up, and make what the service needs, with the commands of the contract and nothing else.

        Raises Fail with the command that did not work and its last words.
        """
        clone = self.submission.copy(self.folder / name / "clone")
        product = Product(clone, self._environment(clone, name), self.sandbox, self.contract)
        for command in MAKING:
            if getattr(self.contract.commands, command).strip():
                product.must(command, {HASH_SEED: str(hash_seed)}, WORK)
        return product

    def _environment(self, clone: Submission, name: str) -> Environment:
        place = self.folder / name / "environment"
        if needs_none(self.contract):
            return Environment(place, bare=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        return made_anew(self.sandbox, clone, place)

    @contextmanager
    def serving(self, product: Product, body: Mapping[str, Any], hash_seed: int) -> Iterator[Client]:
        """The product in service and ready: in its container where it has one, else by its `serve` command."""
        if self.engine:
            with self._in_a_container(self.engine, product, body, hash_seed) as client:
                yield client
            return
        with started(product, {HASH_SEED: str(hash_seed)}) as service:
            service.client.wait_until_ready(body, READY_SECONDS)
            yield service.client

    @contextmanager
    def _in_a_container(
        self, engine: Engine, product: Product, body: Mapping[str, Any], hash_seed: int
    ) -> Iterator[Client]:
        place, service = self.contract.image, self.contract.service
        context, dockerfile = product.submission.path(place.context), product.submission.path(place.dockerfile)
        image = engine.build(context, dockerfile, product.root.parent.name)
        with engine.start(image, service, {HASH_SEED: str(hash_seed)}) as container:
            try:
                container.client.wait_until_ready(body, READY_SECONDS)
            except Fail as failure:
                raise explain(container, failure, service.port) from None
            yield container.client


def answers(client: Client, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
    """What it answers to each of these valid requests. Raises Fail that shows the request that it refused."""
    return [_answer(client, body) for body in bodies]


def _answer(client: Client, body: Mapping[str, Any]) -> Any:
    try:
        return client.predict(body)
    except Fail as failure:
        raise Fail(f"the valid request {shown(body)}: {failure.found}", fix=failure.fix or REFUSED) from None


REFUSED = "answer what your own [inputs] allow, or let [inputs] say what you do not answer"


def first_difference(left: Sequence[Any], right: Sequence[Any]) -> int | None:
    """The place of the first answer that is another one there; None when they are the same. Rounding does not count."""
    return next((place for place, pair in enumerate(zip(left, right, strict=True)) if not same(*pair)), None)


def shown(value: Any, most: int = 200) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most else text[: most - 4] + " ..."
