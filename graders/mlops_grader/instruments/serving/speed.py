"""How quick a service is beside a bare endpoint, measured in turns so that both meet the same machine."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.client import Client, free_port
from mlops_grader.instruments.load import Call, Reply, send
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits

CALLERS = 2
ROUNDS, EACH = 5, 60  # rounds, and requests of each round to each of the two
BATCHES = 25  # of one hundred, each beside a single one
BARE = Path(__file__).with_name("bare.py")


@dataclass(frozen=True)
class Speed:
    """95th percentiles under callers, of the round whose ratio is the median, and medians one after the other, in seconds."""

    p95: float
    bare_p95: float
    single: float
    batch: float

    @property
    def beside_bare(self) -> float:
        """How many times slower than a bare endpoint a prediction is for the unlucky."""
        return self.p95 / self.bare_p95

    @property
    def batch_beside_single(self) -> float:
        """How many times longer than one prediction a hundred take together."""
        return self.batch / self.single


def measure(product: Product, client: Client, patients: Sequence[Mapping[str, Any]]) -> Speed:
    """Ask both in turns. Raises Fail when the service does not answer."""
    service = client.service
    singles = [Call(service.predict, dict(patient)) for patient in patients]
    hundred = Call(
        service.predict_batch, [dict(patient) for _, patient in zip(range(100), cycle(patients), strict=False)]
    )
    with _bare(product, client) as bare, ThreadPoolExecutor(CALLERS) as pool:

        def latencies(target: Client, calls: Sequence[Call], count: int) -> list[float]:
            replies = pool.map(lambda n: send(target, calls[n % len(calls)], time.monotonic()), range(count))
            return [_answered(reply).latency for reply in replies]

        plain = [replace(call, path="/predict") for call in singles]
        for target, calls in ((client, singles), (bare, plain)):
            latencies(target, calls, EACH)  # the first requests find everything cold
        rounds = [(_p95(latencies(client, singles, EACH)), _p95(latencies(bare, plain, EACH))) for _ in range(ROUNDS)]
    p95, bare_p95 = sorted(rounds, key=lambda pair: pair[0] / pair[1])[ROUNDS // 2]  # a busy moment spoils one round
    alone = [
        [_answered(send(client, call, time.monotonic())).latency for call in (singles[0], hundred)]
        for _ in range(BATCHES)
    ]
    single, batch = (statistics.median(row) for row in zip(*alone, strict=True))
    return Speed(p95, bare_p95, single, batch)


def _p95(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1]


def _answered(reply: Reply) -> Reply:
    if reply.status != 200:
        raise Fail(f"under load, POST {reply.call.path} is answered with {reply.status or 'nothing'}")
    return reply


@contextmanager
def _bare(product: Product, client: Client) -> Iterator[Client]:
    """A bare FastAPI endpoint: with the product's own libraries where it has them, else with the grader's."""
    variables = product.environment.variables()
    for python in (str(product.environment.python), sys.executable):
        if product.sandbox.run([python, "-c", "import fastapi, uvicorn"], product.root, variables).ok:
            break
    else:
        raise NotRun("the Python package fastapi is not installed", fix="uv pip install 'mlops-grader[serving]'")
    port = free_port()
    with product.sandbox.start(
        [python, str(BARE)], product.root, {**variables, "PORT": str(port)}, Limits(seconds=600)
    ) as running:
        bare = Client(port, client.service, lambda: str(running.poll() or "") or None)
        call = Call("/predict", {"a": 1})
        until = time.monotonic() + 60
        while send(bare, call, time.monotonic()).status != 200:
            if bare.alive() or time.monotonic() > until:
                raise NotRun(f"a bare FastAPI endpoint does not start: {running.output[-300:]}", fix="grade again")
            time.sleep(0.1)
        yield bare
