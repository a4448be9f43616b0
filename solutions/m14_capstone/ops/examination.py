"""Is a version fit to serve? It sorts letters whose label is known, and is timed beside the version that serves."""

import json
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any

from containers import Container, RefusedError

KNOWN = Path(__file__).resolve().parent / "known_letters.jsonl"
READY_SECONDS = 45
MISSES = 1
"""Of the known letters so many may be sorted otherwise: a new model may be better and still differ in one."""
TURNS, TIMES_SLOWER, SECONDS_SLOWER = 40, 3.0, 0.05


def wait_until_it_answers(fresh: Container) -> None:
    """Wait for the first answer to a real letter. Raises RefusedError with the last words of what ends or stays silent."""
    letter, end = _known()[0]["letter"], time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        if not fresh.runs():
            raise RefusedError(f"the container ended: {fresh.last_words()}")
        try:
            ask(fresh, letter)
        except RefusedError:
            time.sleep(0.2)
        else:
            return
    raise RefusedError(f"no letter was sorted within {READY_SECONDS} s: {fresh.last_words()}")


def examine(fresh: Container, beside: Container | None) -> None:
    """Raises RefusedError when known letters are sorted wrongly, or much more slowly than by the one that serves."""
    wrong = [each["name"] for each in _known() if ask(fresh, each["letter"])["label"] != each["label"]]
    if len(wrong) > MISSES:
        raise RefusedError(f"{len(wrong)} of {len(_known())} known letters are sorted wrongly, such as {wrong[0]}")
    if beside is None or not _answers(beside):
        return
    pairs = [(_seconds(fresh), _seconds(beside)) for _ in range(TURNS)]
    new, old = (sorted(pair[place] for pair in pairs)[int(0.95 * TURNS)] for place in (0, 1))
    if new > TIMES_SLOWER * old + SECONDS_SLOWER:
        raise RefusedError(
            f"its slow answers take {1000 * new:.0f} ms, those of the version that serves {1000 * old:.0f} ms"
        )


def ask(container: Container, letter: Mapping[str, Any]) -> Mapping[str, Any]:
    """The opinion on a letter. Raises RefusedError when there is none."""
    request = urllib.request.Request(
        f"{container.address()}/v1/letters/classify", json.dumps(letter).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            said: Mapping[str, Any] = json.load(answer)
            return {"label": said["label"]}
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        raise RefusedError(f"a letter is not sorted: {error}") from error


def _answers(container: Container) -> bool:
    try:
        ask(container, _known()[0]["letter"])
    except RefusedError:
        return False
    return True


def _seconds(container: Container) -> float:
    started = time.perf_counter()
    ask(container, _known()[0]["letter"])
    return time.perf_counter() - started


def _known() -> list[dict[str, Any]]:
    return [json.loads(line) for line in KNOWN.read_text(encoding="utf-8").splitlines()]
