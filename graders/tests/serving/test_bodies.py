"""What is sent: every wrong body is wrong in its one way, every edge is allowed, and the odd texts are what they are called."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from mlops_grader.instruments.serving import bodies

Patient = Mapping[str, Any]


def random(seed: int) -> Random:
    """Numbers that depend on the seed alone."""
    return Random(seed)  # noqa: S311  # reproducible on purpose


def differing(body: str, patient: Patient) -> set[str]:
    """The fields in which an object differs from the patient; empty when it is no object."""
    try:
        said = json.loads(body)
    except ValueError:
        return set()
    return (
        {name for name in {*said, *patient} if said.get(name, "") != patient.get(name, "")}
        if isinstance(said, dict)
        else set()
    )


def test_each_field_is_missing_once_and_of_another_type(patient: Patient) -> None:
    wrong = bodies.forbidden(patient, random(1), "Quill")
    missing = [each for each in wrong if each.words.startswith("no `")]
    assert {name for each in missing for name in differing(each.body, patient)} == set(patient)
    changed = Counter(name for each in wrong for name in differing(each.body, patient))
    assert min(changed[name] for name in patient) >= 5


@pytest.mark.parametrize(("name", "ends"), bodies.RANGES.items())
def test_ranges_are_left_by_one_step(patient: Patient, name: str, ends: tuple[int, int]) -> None:
    wrong = [
        json.loads(each.body)
        for each in bodies.forbidden(patient, random(1), "Quill")
        if each.words.startswith(f"`{name}`")
    ]
    values = [body[name] for body in wrong if isinstance(body[name], int | float) and not isinstance(body[name], bool)]
    step = 1 if name in bodies.WHOLE else 0.1
    assert {ends[0] - step, ends[1] + step} <= set(values)
    inside = [value for value in values if ends[0] <= value <= ends[1] and value == value // step * step]
    assert inside == []


def test_the_ends_of_the_ranges_are_possible_appointments(patient: Patient) -> None:
    allowed = [body for _, body in bodies.edges(patient)]
    assert {
        name: {body[name] for body in allowed} >= set(ends) for name, ends in bodies.RANGES.items()
    } == dict.fromkeys(bodies.RANGES, True)
    assert all(body["previous_no_shows"] <= body["previous_appointments"] for body in allowed)
    assert all(set(body) == set(patient) for body in allowed)


def test_what_a_schema_can_refuse_is_json(patient: Patient) -> None:
    """What is marked so can be compared with a document, which knows JSON and no NaN."""
    wrong = [each for each in bodies.forbidden(patient, random(2), "Quill") if each.schema]
    assert len(wrong) > 60
    for each in wrong:
        json.loads(each.body, parse_constant=pytest.fail)


def test_other_seeds_send_other_values(patient: Patient) -> None:
    first, second = ([each.body for each in bodies.forbidden(patient, random(seed), "Quill")] for seed in (1, 2))
    assert first != second


def test_odd_bodies_are_what_they_are_called(patient: Patient) -> None:
    odd = dict(bodies.odd(patient, "Quill"))
    assert json.loads(odd["a number of 5000 digits"].replace(b"9" * 5000, b"9"))["age"] == 9
    assert json.loads(odd["a distance of 1e400"])["distance_km"] == float("inf")
    assert odd["a field that is there twice"].count(b'"clinic"') == 2
    with pytest.raises(UnicodeDecodeError):
        odd["bytes that are no UTF-8"].decode()
    with pytest.raises(ValueError, match="column"):
        json.loads(odd["half a body"])
    with pytest.raises(RecursionError):
        json.loads(odd["ten thousand brackets"])
