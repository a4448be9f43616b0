"""The name of the cells' image changes with all that is in it, and locks of the course are found for each module."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_grader.cohort import cell, cell_image, package_cache
from mlops_grader.grading import modules


def test_the_name_is_the_same_for_the_same_grader() -> None:
    assert cell.image_name() == cell.image_name()
    assert cell.image_name().startswith("mlops-grader/cell:")


def test_another_base_is_another_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cell.image_name()
    monkeypatch.setenv(cell_image.BASE, "registry.example.org/python:3.13")
    assert cell.image_name() != before


def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = cell.image_name()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    monkeypatch.setattr(cell_image, "_package", lambda: iter(()))
    assert cell.image_name() != before


def test_versions_are_those_of_this_environment() -> None:
    from importlib.metadata import version

    assert f"httpx=={version('httpx')}\n" in cell_image._constraints()
    assert "mlops-grader" not in cell_image._constraints()


def test_what_only_the_outside_needs_is_left_out() -> None:
    wanted = cell_image._requirements()
    assert ("mlflow" in wanted, "distributed" in wanted, "copydetect" in wanted) == (True, False, False)


def test_each_module_has_the_lock_that_its_reference_installs() -> None:
    found = {key: package_cache.lock_of(key) for key in modules() if key.startswith("m")}
    names = {key: lock and lock.parent.name for key, lock in found.items()}
    assert (names["m01_environment"], names["m02_data"]) == ("m01_environment", "m01_environment")
    assert (names["m05_serving"], names["m09_monitoring"]) == ("m04_tracking", "m09_monitoring")
