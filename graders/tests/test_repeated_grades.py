"""A grade that is repeated, with the same seed and a builder that remembers the first, finds what the first one found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from mlops_grader.checks import m06_containers
from mlops_grader.instruments.product import Product
from mlops_grader.submission import Submission

SOURCE = "src/noshow/serve.py"


def test_a_rebuild_is_of_a_change_that_no_builder_has_seen(
    project: Callable[..., Path], snap: Callable[..., Submission], tmp_path: Path
) -> None:
    """With a fixed change the second grade finds each step cached, and a Dockerfile that installs too late passes."""
    submission = snap(project({"product.toml": 'name = "noshow"\n', SOURCE: "x = 1\n"}))
    product = Product(submission, cast("Any", None), cast("Any", None), cast("Any", None))
    held = SimpleNamespace(path=f"app/{SOURCE}", size=len("x = 1\n"))
    inside = SimpleNamespace(files=[held], installed=dict)
    contract = SimpleNamespace(name="noshow", image=SimpleNamespace(context=".", dockerfile="Dockerfile"))
    built: list[str] = []

    def build(context: Path, *_: object) -> object:
        built.append((context / SOURCE).read_text(encoding="utf-8"))
        return SimpleNamespace(build=SimpleNamespace(executed=()))

    for grade in ("first", "second"):
        m06_containers.test_rebuilds_without_installing_again(
            cast("Any", SimpleNamespace(build=build)), product, cast("Any", None), cast("Any", inside),
            cast("Any", contract), tmp_path / grade, Random(7),  # noqa: S311  # reproducible on purpose
        )  # fmt: skip
    assert built[0] != built[1]
