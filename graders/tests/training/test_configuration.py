"""One number is changed in a configuration, whatever its format, and everything else stays as it was."""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from ruamel.yaml import YAML

from mlops_grader.instruments.product import Product
from mlops_grader.instruments.training.configuration import Configuration, Setting, configuration, misspelt, write

Told = Callable[[Callable[[], object]], str]


def ini(text: str) -> dict[str, str]:
    read = configparser.ConfigParser(inline_comment_prefixes=";")
    read.read_string(text)
    return dict(read["training"])


FORMATS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "toml": ("# told\nseed = 3\n\n[model]\nrate = 0.5 # of learning\nseeds = 8\n", lambda t: tomllib.loads(t)["model"]),
    "yaml": ("seed: 3\nmodel:\n  rate: 0.5   # of learning\n", lambda t: YAML(typ="safe").load(t)["model"]),
    "json": ('{\n  "seed": 3,\n  "rate": 0.5\n}\n', json.loads),
    "ini": ("[training]\nseed = 3\nrate = 0.5 ; of learning\n", ini),
}
CASES = pytest.mark.parametrize(("text", "parse"), FORMATS.values(), ids=FORMATS)


@CASES
def test_a_number_is_found(text: str, parse: Callable[[str], Any]) -> None:
    """Without its comment."""
    assert Configuration("told", text).setting("rate") == Setting("rate", "0.5")


@CASES
@pytest.mark.parametrize("value", ["0.0123", "-3"])
def test_only_its_value_is_changed(text: str, parse: Callable[[str], Any], value: str) -> None:
    """The file is still of its format."""
    before, after = parse(text), parse(Configuration("told", text).having("rate", value))
    assert float(after.pop("rate")) == float(value)
    assert after == {key: said for key, said in before.items() if key != "rate"}


@CASES
def test_text_can_stand_there(text: str, parse: Callable[[str], Any]) -> None:
    """Quoted as three of the formats want it."""
    assert parse(Configuration("told", text).having("rate", '"many"'))["rate"].strip('"') == "many"


@CASES
def test_one_more_key_is_written(text: str, parse: Callable[[str], Any]) -> None:
    """Beside the one that is known, with its value."""
    after = parse(Configuration("told", text).with_unknown("rate", "raet"))
    assert (float(after["raet"]), float(after["rate"])) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("text", "count"), [("speed = 1\n", "no line"), ("rate = 1\nrate = 2\n", "2 lines"), ("# rate = 1\n", "no line")]
)
def test_a_key_that_does_not_stand_there_once_is_told(told: Told, text: str, count: str) -> None:
    """A comment is no key."""
    found = told(lambda: Configuration("told.toml", text).setting("rate"))
    assert found == f"`told.toml` has {count} with the key `rate` and its value"


def test_a_value_that_is_no_number_is_told(told: Told) -> None:
    """Nothing could be changed about it."""
    assert told(lambda: Setting("rate", "fast").number) == "`rate` is fast in the configuration, not a number"


@pytest.mark.parametrize(("text", "other"), [("8", "4"), ("3", "1"), ("1", "2"), ("0", "2")])
def test_a_whole_number_stays_one(text: str, other: str) -> None:
    """Half of it, or 2."""
    assert Setting("leaves", text).other(Random(1)) == other  # noqa: S311  # reproducible on purpose


@pytest.mark.parametrize("text", ["1.0", "0.001", "250.0", "1e-3"])
def test_another_number_is_smaller_and_plain(text: str) -> None:
    """Not every format reads 1e-05 as a number."""
    for seed in range(20):
        other = Setting("rate", text).other(Random(seed))  # noqa: S311  # reproducible on purpose
        assert "e" not in other
        assert 0.001 < float(other) / float(text) < 0.021


@pytest.mark.parametrize("key", ["inverse_regularisation", "C", "ridge", "aaaa", "ab"])
def test_a_misspelt_key_is_another_word(key: str) -> None:
    """With each seed."""
    for seed in range(20):
        wrong = misspelt(key, Random(seed))  # noqa: S311  # reproducible on purpose
        assert wrong != key
        assert sorted(wrong.rstrip("s")) == sorted(key.rstrip("s"))


def test_the_configuration_is_that_of_the_contract(product: Callable[..., Product], told: Told) -> None:
    """It is read and written where the contract says."""
    there = product({"training.toml": "seed = 1\n"})
    write(there, "seed = 2\n")
    assert configuration(there) == Configuration("training.toml", "seed = 2\n")
    (there.root / "training.toml").unlink()
    assert told(lambda: configuration(there)) == "there is no `training.toml` in a clean clone"
