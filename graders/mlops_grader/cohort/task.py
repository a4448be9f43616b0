"""What runs on a worker: one grade at a time, and an answer that is small, plain and never an exception."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from mlops_grader.cohort.recorded import packed
from mlops_grader.cohort.records import CellOrder, Returned
from mlops_grader.grading import identity
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

DOCUMENT = 8 * 2**20  # bytes of a document; a whole report of our own modules has about 30,000
LOG = 20_000  # characters of the grader's own output that are kept, from its end
WORKER = "worker"  # the phase that is the whole time at the worker

Grade = Callable[[bytes, CellOrder], Returned]

# a foreign worker may have several threads, and checks that measure time must not disturb each other
_ONE_AT_A_TIME = threading.Lock()


def work(grade: Grade, parcel: bytes, order: CellOrder, topic: str, token: int) -> Returned:
    """Grade one parcel, after telling the coordinator that its turn has come."""
    from distributed import get_worker

    with _ONE_AT_A_TIME:
        get_worker().log_event(topic, token)
        started = time.monotonic()
        try:
            returned = _fit(grade(parcel, order))
        except (Exception, SystemExit) as error:  # whatever it is, it belongs to this one submission
            last = "".join(traceback.format_exception(error))[-LOG:]
            returned = Returned(None, f"the grader broke: {type(error).__name__}: {error}", retry=True, log=plain(last))
        return dataclasses.replace(returned, phases={**returned.phases, WORKER: time.monotonic() - started})


def welcome(prepare: Callable[[str, bool], None], module: str, grader: str, disposable: bool) -> str:
    """Make a worker ready for a module; why it cannot be, or nothing. grader: the identity of the coordinator's."""
    if identity() != grader:
        return f"it has grader {identity()} and not {grader}: install the same release there, and restart it"
    try:
        prepare(module, disposable)
    except UsageError as error:
        return plain(str(error)) or "it is not fit"
    return ""


def _fit(returned: object) -> Returned:
    """The answer as plain data within its limits; what is not, as an error."""
    if not isinstance(returned, Returned):
        return _rubbish(f"the grader answered with {type(returned).__name__} and no `Returned`")
    try:
        document = None if returned.document is None else packed(dict(returned.document))
        if document is not None and (size := len(document.encode())) > DOCUMENT:
            return _rubbish(f"the grader answered with a document of {size:,} bytes; {DOCUMENT:,} are allowed")
        phases = {str(name)[:40]: float(seconds) for name, seconds in list(returned.phases.items())[:20]}
        packed(phases)
        told = {
            "error": plain(returned.error),
            "log": plain(returned.log[-LOG:]),
            "worker": plain(returned.worker)[:200],
        }
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        return _rubbish(f"the grader answered with what is no plain data ({error})")
    data: dict[str, Any] | None = None if document is None else json.loads(document)
    return Returned(data, retry=bool(returned.retry), phases=phases, **told)


def _rubbish(words: str) -> Returned:
    return Returned(None, words, retry=True)
