"""Requests that are made from what a contract supplies, and the words for supplies that are no good."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_grader.contract import load
from mlops_grader.instruments import drawing, inputs
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

Make = Callable[..., Path]
Snap = Callable[..., Submission]

TICKETS = [
    {"text": "the printer on the second floor is jammed again", "channel": "mail", "urgent": False, "age": 3},
    {"text": "I cannot log in since this morning, please help me", "channel": "chat", "urgent": True, "age": 40.5},
    {"text": "our invoice of last month shows the wrong amount", "channel": "mail", "urgent": False, "age": 0},
    {
        "text": "when will the new laptops for our team arrive",
        "channel": "phone",
        "urgent": False,
        "age": 12,
        "place": "hq",
    },
    {"text": "somebody sent me a strange mail with an attachment", "channel": "mail", "urgent": True, "age": 1},
]
LINES = "\n".join(map(json.dumps, TICKETS)) + "\n"
SCHEMA = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 10, "maxLength": 80},
        "channel": {"enum": ["mail", "chat"]},
        "age": {"$ref": "#/$defs/days"},
        "code": {"type": ["string", "null"], "pattern": r"^[A-Z]{2}-\d+$"},
    },
    "required": ["text", "age"],
    "additionalProperties": False,
    "$defs": {"days": {"type": "integer", "minimum": 0, "exclusiveMaximum": 60}},
}


@pytest.fixture
def drawn(project: Make, snap: Snap, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Requests for a product whose `[inputs]` say that, with these files beside it."""

    def draw(line: str, count: int = 20, seed: int = 1, **files: str) -> list[dict[str, Any]]:
        named = {name.replace("_", "."): text for name, text in files.items()}
        folder = project(
            {"product.toml": f"[inputs]\n{line}\n", **named}, name=f"project{len(list(tmp_path.iterdir()))}"
        )
        submission, sandbox = snap(folder), HostSandbox(tmp_path / "home")
        product = Product(submission, Environment(tmp_path / "none"), sandbox, load(folder))
        return inputs.requests(product, product.contract, count, seed)

    return draw


@pytest.fixture
def wrong(drawn: Callable[..., object], told: Callable[[Callable[[], object]], str]) -> Callable[..., str]:
    """What is found wrong with such a product."""
    return lambda line, **files: told(lambda: drawn(line, **files))


EXAMPLES = 'examples = "tickets.jsonl"'


def test_examples_give_as_many_bodies_as_are_wanted(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    bodies = drawn(EXAMPLES, 50, tickets_jsonl=LINES)
    assert len({json.dumps(each) for each in bodies}) == 50


def test_the_same_seed_gives_the_same_bodies_and_another_one_others(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    first, again, other = (drawn(EXAMPLES, seed=seed, tickets_jsonl=LINES) for seed in (1, 1, 2))
    assert (first == again, first == other) == (True, False)


def test_a_short_value_is_one_that_an_example_has(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    bodies = drawn(EXAMPLES, 50, tickets_jsonl=LINES)
    assert {each["channel"] for each in bodies} == {"mail", "chat", "phone"}


def test_a_field_is_there_where_its_example_has_it(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    bodies = drawn(EXAMPLES, 50, tickets_jsonl=LINES)
    assert {"place" in each for each in bodies} == {True, False}


def test_a_text_is_made_of_the_words_of_two_and_no_longer_than_the_longest(
    drawn: Callable[..., list[dict[str, Any]]],
) -> None:
    texts = [each["text"] for each in drawn(EXAMPLES, 50, tickets_jsonl=LINES)]
    known = {word for each in TICKETS for word in str(each["text"]).split()}
    assert {word for text in texts for word in text.split()} <= known
    assert len(set(texts)) > 20
    assert max(map(len, texts)) <= max(len(str(each["text"])) for each in TICKETS)


def test_a_value_keeps_its_type(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    lines = "\n".join(
        json.dumps({"kind": kind, "value": value})
        for kind, value in [("n", 1), ("n", 2), ("s", "a"), ("s", None), ("b", True)]
    )
    bodies = drawn(EXAMPLES, 40, tickets_jsonl=lines)
    assert {type(each["value"]).__name__ for each in bodies} == {"int", "str", "NoneType", "bool"}


def test_objects_within_are_recombined_too(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    lines = "\n".join(json.dumps({"who": {"a": n, "b": n}}) for n in range(6))
    assert any(each["who"]["a"] != each["who"]["b"] for each in drawn(EXAMPLES, tickets_jsonl=lines))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "`tickets.jsonl` holds 0 examples"),
        ('{"a": 1}\n' * 4, "`tickets.jsonl` holds 4 examples"),
        ('{"a": 1}\n[1]\n', "`tickets.jsonl`, line 2, is no JSON object with fields: '[1]'"),
        ('{"a": 1}\n\n{"a": 2\n', "`tickets.jsonl`, line 3, is no JSON (Expecting"),
        ('{"a": NaN}\n', "`tickets.jsonl`, line 1, is no JSON (NaN is no value of JSON)"),
        ("{}\n" * 6, "`tickets.jsonl`, line 1, is no JSON object with fields: '{}'"),
        ("[" * 100_000 + "\n", "`tickets.jsonl`, line 1, is no JSON"),
    ],
)
def test_bad_examples_are_named_with_their_line(wrong: Callable[..., str], text: str, words: str) -> None:
    assert wrong(EXAMPLES, tickets_jsonl=text).startswith(words)


def test_a_file_that_is_not_there_is_named(wrong: Callable[..., str]) -> None:
    assert wrong(EXAMPLES) == "there is no `tickets.jsonl` in a clean clone"


def test_a_path_out_of_the_project_is_refused(wrong: Callable[..., str]) -> None:
    assert wrong('examples = "../../etc/passwd"') == "`../../etc/passwd` lies outside the project"


BY_SCHEMA = 'schema = "body.json"'


def test_a_schema_gives_bodies_that_it_admits(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    import jsonschema

    bodies = drawn(BY_SCHEMA, 50, body_json=json.dumps(SCHEMA))
    assert [each for each in bodies if not jsonschema.Draft202012Validator(SCHEMA).is_valid(each)] == []
    assert len({json.dumps(each) for each in bodies}) == 50
    assert {"channel" in each for each in bodies} == {True, False}


def test_a_schema_and_a_seed_give_the_same_bodies(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    first, again, other = (drawn(BY_SCHEMA, seed=seed, body_json=json.dumps(SCHEMA)) for seed in (1, 1, 2))
    assert (first == again, first == other) == (True, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "`body.json` is no JSON: "),
        ("[]", "`body.json` is no JSON Schema: it is no object"),
        ('{"type": "objekt"}', "`body.json` is no JSON Schema: `type`: "),
        ('{"type": "string"}', "`body.json` admits no JSON object, or too few to be found"),
        ('{"type": "object", "required": ["a"], "properties": {"a": false}}', "`body.json` admits no JSON object"),
        ('{"$ref": "https://example.org/body.json"}', "`body.json` refers to `https://example.org/body.json`"),
        ('{"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}', "no bodies can be drawn from `body.json`: "),
        (
            '{"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}',
            "`body.json` admits no JSON object",
        ),
        ('{"not": ' * 500 + "{}" + "}" * 500, "`body.json` is no JSON Schema: it is nested too deep"),
    ],
)
def test_bad_schemas_are_named_with_the_fact(wrong: Callable[..., str], text: str, words: str) -> None:
    assert wrong(BY_SCHEMA, body_json=text).startswith(words)


def test_a_schema_that_takes_too_long_is_given_up(wrong: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "SECONDS", 0.01)
    assert wrong(BY_SCHEMA, body_json=json.dumps(SCHEMA)).endswith("could be drawn from `body.json` within 0.01 s")


PRINTS = """import json, os, random, sys
random.seed(int(os.environ["SEED"]))
print("a warning", file=sys.stderr)
for _ in range(int(os.environ["COUNT"])):
    print(json.dumps({"value": random.random()}))
"""


def test_a_generator_gives_what_it_prints(drawn: Callable[..., list[dict[str, Any]]]) -> None:
    first, again, other = (drawn('generator = "python3 make.py"', seed=seed, make_py=PRINTS) for seed in (1, 1, 2))
    assert (len(first), first == again, first == other) == (20, True, False)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("print('hello')\n" * 20, "the generator `python3 make.py`: line 1 is no JSON (Expecting"),
        ("print('[1]')\n" * 20, "the generator `python3 make.py`: line 1 is no JSON object"),
        ("", "the generator `python3 make.py` prints 0 lines where COUNT is 20"),
        ("raise SystemExit('no data')", "the generator `python3 make.py` fails: exit code 1\nno data"),
        ("while True: print('{}' * 1000)", "the generator `python3 make.py` fails: printed more than 2 MiB, ended"),
    ],
)
def test_bad_generators_are_named_with_what_they_did(wrong: Callable[..., str], code: str, words: str) -> None:
    assert wrong('generator = "python3 make.py"', make_py=code).startswith(words)


def test_a_generator_that_hangs_is_ended(wrong: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "GENERATING", inputs.Limits(seconds=0.5))
    words = wrong('generator = "python3 make.py"', make_py="import time\ntime.sleep(600)")
    assert words == "the generator `python3 make.py` fails: still running after 0.5 s, ended"
