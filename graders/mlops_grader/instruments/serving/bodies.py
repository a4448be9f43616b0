"""Bodies for a prediction: at the edges of what is allowed, beyond them, and texts that no client means to send."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

CHOICES = {"clinic": ("north", "harbour", "hill", "station"), "reminder": ("none", "sms", "call")}
RANGES = {"age": (0, 120), "distance_km": (0, 1000), "previous_appointments": (0, 9999), "previous_no_shows": (0, 9999)}
WHOLE = ("age", "previous_appointments", "previous_no_shows")
MOMENTS = ("booked_at", "starts_at")

Patient = Mapping[str, Any]


@dataclass(frozen=True)
class Wrong:
    """A body that the contract forbids. `schema`: a document that describes each field by itself can say so too."""

    words: str
    body: str
    schema: bool = False


def edges(patient: Patient) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bodies that are just allowed, each with words for it."""
    roomy = {**patient, "previous_appointments": 9999, "previous_no_shows": 0}
    for name, ends in RANGES.items():
        for end in ends:
            counts = {"previous_appointments": 9999} if name == "previous_no_shows" else {}
            yield f"`{name}` {end}", {**roomy, **counts, name: end}
    for name, choices in CHOICES.items():
        for choice in choices:
            yield f"`{name}` {choice!r}", {**patient, name: choice}


def forbidden(patient: Patient, random: Random, word: str) -> list[Wrong]:
    """One body for each way of being wrong. `word` stands where a text is sent that is not to come back."""
    found = [*_missing(patient), *_of_another_type(patient, word), *_out_of_range(patient, random)]
    found += [*_other_moments(patient, word), *_impossible(patient)]
    found.append(_wrong("an unknown field", {**patient, "note": word}))
    for name, choices in CHOICES.items():
        for value in (word, random.choice(choices).upper(), ""):
            found.append(_wrong(f"`{name}` {value!r}", {**patient, name: value}))
    return [*found, *_no_object(patient)]


def odd(patient: Patient, word: str) -> list[tuple[str, bytes]]:
    """Texts that no client means to send, each with words for it. Most are wrong; none may break the service."""
    whole = json.dumps(dict(patient))
    return [
        ("no JSON", f"{{{word}".encode()),
        ("half a body", whole[: len(whole) // 2].encode()),
        ("bytes that are no UTF-8", b'{"clinic": "\xff\xfe' + word.encode() + b'"}'),
        ("UTF-16", json.dumps({"clinic": word}).encode("utf-16")),
        ("half a character", whole.replace(str(patient["clinic"]), "\\ud800" + word, 1).encode()),
        ("a null character", whole.replace(str(patient["clinic"]), "\\u0000" + word, 1).encode()),
        ("ten thousand brackets", b"[" * 10_000 + b"]" * 10_000),
        ("ten thousand objects in each other", b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
        ("a number of 5000 digits", _with_text(patient, "age", "9" * 5000)),
        ("a distance of 5000 digits", _with_text(patient, "distance_km", "9" * 5000)),
        ("a distance of 1e400", _with_text(patient, "distance_km", "1e400")),
        ("a field that is there twice", (whole[:-1] + f', "clinic": "{word}"}}').encode()),
        ("a name of 10,000 letters", json.dumps({**patient, "x" * 10_000: word}).encode()),
        ("a text of 10,000 letters", json.dumps({**patient, "clinic": word * 1000}).encode()),
        ("names of Python's own", json.dumps({**patient, "__class__": word, "__proto__": {"a": word}}).encode()),
        ("one thousand unknown fields", json.dumps({**patient, **{f"f{n}": word for n in range(1000)}}).encode()),
    ]


def _missing(patient: Patient) -> Iterator[Wrong]:
    for name in patient:
        yield _wrong(f"no `{name}`", {key: value for key, value in patient.items() if key != name})


def _of_another_type(patient: Patient, word: str) -> Iterator[Wrong]:
    for name, value in patient.items():
        others: list[Any] = [None, [value], {"value": value}]
        others += [word, str(value), True] if name in RANGES else [7, False]
        for other in others:
            yield _wrong(f"`{name}` {json.dumps(other)[:60]}", {**patient, name: other})
    for name in WHOLE:
        yield _wrong(f"`{name}` with a fraction", {**patient, name: patient[name] + 0.5})


def _out_of_range(patient: Patient, random: Random) -> Iterator[Wrong]:
    for name, (least, most) in RANGES.items():
        step = 1 if name in WHOLE else 0.1
        far = random.randint(10**5, 10**9)
        for value in (least - step, most + step, -far, far, 10**30):
            counts = {"previous_appointments": 9999} if name == "previous_no_shows" else {"previous_no_shows": 0}
            yield _wrong(f"`{name}` {value}", {**patient, **counts, name: value})
        for text in ("NaN", "Infinity", "-Infinity"):
            yield Wrong(f"`{name}` {text}", _with_text(patient, name, text).decode())


def _other_moments(patient: Patient, word: str) -> Iterator[Wrong]:
    for name in MOMENTS:
        day, _, time = str(patient[name]).partition("T")
        for value in (
            day,
            f"{day} {time}",
            f"{day}T{time}:00Z",
            f"{day}T25:00",
            "2026-02-30T10:30",
            "1772442900",
            word,
            "",
        ):
            body = json.dumps({**patient, name: value})
            yield Wrong(f"`{name}` {value!r}", body, schema=value in (word, "", "1772442900"))


def _impossible(patient: Patient) -> Iterator[Wrong]:
    swapped = {**patient, "booked_at": patient["starts_at"], "starts_at": patient["booked_at"]}
    more = {**patient, "previous_appointments": 2, "previous_no_shows": 3}
    yield Wrong("an appointment before its booking", json.dumps(swapped))
    yield Wrong("more appointments missed than there were", json.dumps(more))


def _no_object(patient: Patient) -> Iterator[Wrong]:
    yield Wrong("an empty body", "")
    for words, value in (
        ("null", None),
        ("an empty object", {}),
        ("a list", [dict(patient)]),
        ("a text", "north"),
        ("7", 7),
    ):
        yield Wrong(words, json.dumps(value), schema=True)


def _wrong(words: str, body: Mapping[str, Any]) -> Wrong:
    return Wrong(words, json.dumps(body), schema=True)


def _with_text(patient: Patient, name: str, text: str) -> bytes:
    """A body in which one value is written in a way that `json.dumps` does not."""
    return json.dumps({**patient, name: "@"}).replace('"@"', text).encode()
