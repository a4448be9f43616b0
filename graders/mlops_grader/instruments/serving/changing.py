"""A service whose model changes while it runs: none at first, then one, another, broken ones, and a good one again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.client import READY_SECONDS, Client
from mlops_grader.instruments.load import Call, Reply, send
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.service import HostService, started
from mlops_grader.instruments.serving.exports import DAMAGES, MODEL, put
from mlops_grader.instruments.traffic import Answer, traffic
from mlops_grader.theirs import copy_folder, remove_folder

MARGIN = 5.0  # seconds beyond what the contract states, for a busy machine
SETTLE = 1.0  # seconds after a sign of life, for what comes with it
TICK = 0.05
SAME = 1e-9  # between two computations of one probability

Patients = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Beginning:
    """What a service without a model says, and what it says once there is one. `gone`: how it ended instead."""

    live: Reply | None = None
    ready: Reply | None = None
    predict: Reply | None = None
    gone: str = ""
    claimed: bool = False  # that it is ready, after the model came
    first: Reply | None = None  # the first prediction that was asked for after that


@dataclass(frozen=True)
class Batch:
    """The answers to one batch during a change of the model, or what came instead."""

    sent: float
    values: tuple[float, ...] = ()
    lost: str = ""


@dataclass(frozen=True)
class Switch:
    """A change of the model under traffic: what was answered, and by which model after it."""

    old: Sequence[float]
    new: Sequence[float]
    exported: float
    taken: float | None  # seconds after the export, until a prediction of the new model
    answers: Sequence[Answer]
    batches: Sequence[Batch]
    after: str  # what is answered that the new model would not say, when there was time enough
    version: Mapping[str, Any]
    record: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """A broken export: what it was, whether its code ran, and what the service said and answered after it."""

    words: str
    ran: bool
    wrong: str  # what it answers where the old model would say something else
    logged: bool
    told: bool  # what it says of itself changed


@dataclass
class Story:
    """All of it, as far as it came; `trouble` ended it."""

    beginning: Beginning = field(default_factory=Beginning)
    switch: Switch | None = None
    refused: list[Refused] = field(default_factory=list)
    recovered: bool = False
    trouble: Fail | None = None


def play(product: Product, first: Path, truths: tuple[Sequence[float], Sequence[float]], patients: Patients) -> Story:
    """Run the service of a product whose champion is not exported yet, beside the folder of an older model.

    truths: what the older model says of the patients, and what the champion will say.
    """
    story = Story()
    remove_folder(product.root / MODEL)
    with started(product, _log(product)) as service:
        story.beginning = _begin(service, product, first, patients)
    try:
        with started(product, _log(product)) as service:
            service.client.wait_until_ready(patients[0], READY_SECONDS)
            story.switch = _switch(service, product, truths, patients)
            if story.switch.taken is None:
                return story
            story.refused = _refuse_all(service, product, truths[1], patients)
            put(product.root, first)
            story.recovered = (
                _takes(service.client, patients, truths[0], product.contract.service.reload + MARGIN) is not None
            )
    except Fail as failure:
        story.trouble = failure
    return story


def _log(product: Product) -> dict[str, str]:
    return {product.contract.service.settings.log_level: "INFO"}


def _begin(service: HostService, product: Product, first: Path, patients: Patients) -> Beginning:
    """Ask a service without a model; then give it one."""
    client, names = service.client, product.contract.service
    live = _until(client, Call(names.live, method="GET"), READY_SECONDS, 200)
    if live is None:
        put(product.root, first)
        return Beginning(gone=client.alive() or f"GET {names.live} has no answer within {READY_SECONDS} s")
    time.sleep(SETTLE)
    ready = send(client, Call(names.ready, method="GET"), time.monotonic())
    predict = send(client, Call(names.predict, dict(patients[0])), time.monotonic())
    put(product.root, first)
    claimed = _until(client, Call(names.ready, method="GET"), names.reload + MARGIN, 200)
    asked = send(client, Call(names.predict, dict(patients[0])), time.monotonic())
    return Beginning(live, ready, predict, client.alive() or "", claimed is not None, asked)


def _until(client: Client, call: Call, seconds: float, status: int) -> Reply | None:
    """The first answer with that status; None when there is none in time."""
    started = time.monotonic()
    while time.monotonic() - started < seconds and not client.alive():
        reply = send(client, call, time.monotonic())
        if reply.status == status:
            return reply
        time.sleep(TICK)
    return None


def _switch(
    service: HostService, product: Product, truths: tuple[Sequence[float], Sequence[float]], patients: Patients
) -> Switch:
    """Run the product's own export while patients are asked about."""
    old, new = truths
    client = service.client
    _says_of_itself(client)  # whoever keeps what it said once is found out
    with traffic(client, patients) as flow, _batches(client, patients) as batches:
        time.sleep(SETTLE)
        product.must("export")
        exported = time.monotonic()
        taken = _takes(client, patients, new, product.contract.service.reload + MARGIN)
        time.sleep(SETTLE + max(0.0, exported + product.contract.service.reload - time.monotonic()))
        after = _differs(client, patients, new)
    version = send(client, Call(product.contract.service.version, method="GET"), time.monotonic())
    return Switch(old, new, exported, taken, flow.answers, batches, after, _object(version), product.record())


def _takes(client: Client, patients: Patients, wanted: Sequence[float], seconds: float) -> float | None:
    """Seconds until the first patients are answered as that model answers; None when it did not happen in time."""
    started = time.monotonic()
    while time.monotonic() - started < seconds:
        if not _differs(client, patients[:3], wanted):
            return time.monotonic() - started
        time.sleep(TICK)
    return None


def _differs(client: Client, patients: Patients, wanted: Sequence[float]) -> str:
    """What is answered that this model would not say; nothing when all is as it says."""
    for patient, probability in zip(patients, wanted, strict=False):
        try:
            said = client.predict(patient)
        except Fail as failure:
            return failure.found
        if abs(said - probability) > SAME:
            return f"{said:.6f} where the model says {probability:.6f}"
    return ""


@contextmanager
def _batches(client: Client, patients: Patients) -> Iterator[list[Batch]]:
    """Send all patients in one batch, again and again, until the context ends."""
    found: list[Batch] = []
    over = threading.Event()

    def go() -> None:
        while not over.wait(TICK):
            found.append(_batch(client, patients))

    sender = threading.Thread(target=go, daemon=True)
    sender.start()
    try:
        yield found
    finally:
        over.set()
        sender.join()


def _batch(client: Client, patients: Patients) -> Batch:
    sent = time.monotonic()
    reply = send(client, Call(client.service.predict_batch, [dict(patient) for patient in patients]), sent)
    try:
        values = tuple(float(each[client.service.prediction]) for each in json.loads(reply.content))
    except (ValueError, TypeError, KeyError, RecursionError):
        values = ()
    if len(values) == len(patients):
        return Batch(sent, values)
    return Batch(sent, lost=f"POST {client.service.predict_batch} answered {reply.status}: {reply.content[:200]!r}")


def _refuse_all(service: HostService, product: Product, truth: Sequence[float], patients: Patients) -> list[Refused]:
    """Put broken copies of the export that answers in its place, one after the other."""
    good, healthy = product.root.parent / "good", _says_of_itself(service.client)
    copy_folder(product.root / MODEL, good)
    found: list[Refused] = []
    for damage in DAMAGES:
        broken, witness = (product.root.parent / f"{name}-{len(found)}" for name in ("broken", "witness"))
        copy_folder(good, broken)
        words = damage(broken, witness)
        logged = _says_something(service, product, broken)
        wrong = service.client.alive() or _differs(service.client, patients[:3], truth)
        told = _says_of_itself(service.client) != healthy
        found.append(Refused(words, witness.exists(), wrong, logged, told))
    return found


def _says_something(service: HostService, product: Product, broken: Path) -> bool:
    """Put an export in the place of what is there, and ask nothing: whether the log gets a line by itself."""
    time.sleep(SETTLE)
    printed = len(service.running.output)
    put(product.root, broken)
    until = time.monotonic() + product.contract.service.reload + MARGIN / 2
    while time.monotonic() < until and len(service.running.output) == printed:
        time.sleep(TICK)
    time.sleep(SETTLE)
    return len(service.running.output) > printed


def _says_of_itself(client: Client) -> tuple[bytes, ...]:
    names = client.service
    return tuple(
        send(client, Call(path, method="GET"), time.monotonic()).content for path in (names.ready, names.version)
    )


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        said = json.loads(reply.content)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
