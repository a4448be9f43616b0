"""Which checks of a module count for a product of one's own, and which for the course's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from mlops_grader.check import NOSHOW, check, checks_in, portable
from mlops_grader.grading import Order, checks_for, grade, module_named, modules, up_to
from mlops_grader.submission import Submission, UsageError

Make = Callable[..., Path]
Snap = Callable[..., Submission]
OWN = '[inputs]\nexamples = "examples.jsonl"\n'


def test_without_inputs_all_checks_count(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": 'name = "noshow"\n'}))
    assert [checks_for(module_named(key), submission) == checks_in(module_named(key)) for key in modules()] == [
        True for _ in modules()
    ]


def test_with_inputs_those_of_the_courses_product_are_left_out(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": OWN}))
    assert [each.id for each in checks_for(module_named("m09_monitoring"), submission)] == [
        "test_metrics_are_true",
        "test_metrics_are_well_formed",
        "test_series_stay_few",
        "test_a_request_can_be_found_in_the_logs",
    ]


def test_inputs_that_are_wrong_are_inputs_all_the_same(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": "[inputs]\n"}))
    assert len(checks_for(module_named("m09_monitoring"), submission)) == 4


def test_a_part_that_the_product_lacks_is_refused(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": f'parts = ["serving"]\n{OWN}'}))
    with pytest.raises(UsageError, match=r"^m06_containers looks at the part `containers`, and .* has serving: add "):
        checks_for(module_named("m06_containers"), submission)
    assert len(checks_for(module_named("m05_serving"), submission)) == 5


def test_a_module_without_a_part_is_for_every_product(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": f"parts = []\n{OWN}"}))
    assert len(checks_for(module_named("m01_environment"), submission)) == 3


@pytest.mark.parametrize("key", ["m02_data", "m03_training", "m04_tracking", "m10_drift"])
def test_a_module_that_speaks_of_the_course_alone_is_refused(project: Make, snap: Snap, key: str) -> None:
    submission = snap(project({"product.toml": OWN}))
    with pytest.raises(UsageError, match=f"^every check of {key} speaks of the course's own product"):
        checks_for(module_named(key), submission)


def test_the_courses_product_cannot_leave_checks_out_by_naming_inputs(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": OWN, "course.toml": 'module = "m06_containers"\n'}))
    with pytest.raises(UsageError, match=r"^`product.toml` has \[inputs\], which only a product of your own has"):
        checks_for(module_named("m06_containers"), submission)


def test_the_capstone_is_a_product_of_ones_own(project: Make, snap: Snap) -> None:
    submission = snap(project({"product.toml": OWN, "course.toml": 'module = "m14_capstone"\n'}))
    assert len(checks_for(module_named("m05_serving"), submission)) == 5


@check(points=1)
def test_one() -> None:
    """One."""


@check(points=1, requires=test_one, product=NOSHOW)
def test_two() -> None:
    """Two."""


@check(points=1, requires=(test_two, test_one))
def test_three() -> None:
    """Three."""


def test_what_a_requirement_requires_takes_its_place() -> None:
    checks = [each.check for each in (test_one, test_two, test_three)]  # type: ignore[attr-defined]
    assert [(each.id, each.requires) for each in portable(checks)] == [("test_one", ()), ("test_three", ("test_one",))]


INVENTED = """
from mlops_grader.check import NOSHOW, check

@check(points=7, product=NOSHOW)
def test_of_the_course():
    "It is the course's."

@check(points=5, requires=test_of_the_course)
def test_of_any():
    "It is anybody's."
"""


def test_points_and_verdicts_are_of_what_counts(project: Make, tmp_path: Path) -> None:
    import importlib.util

    path = tmp_path / "m99_invented.py"
    path.write_text(INVENTED, "utf-8")
    spec = importlib.util.spec_from_file_location("m99_invented", path)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    own = grade(Order(project({"product.toml": OWN}, name="own"), module))
    course = grade(Order(project({"product.toml": ""}, name="course"), module))
    assert (own.score, own.max_score, course.score, course.max_score) == (5, 5, 12, 12)
    with pytest.raises(UsageError, match="there is no check `test_of_the_course`"):
        grade(Order(tmp_path / "own", module, ("of_the_course",)))


def test_the_capstone_goes_with_the_parts_of_its_contract(project: Make) -> None:
    folder = project({"product.toml": f'parts = ["containers", "ci"]\n{OWN}'})
    assert up_to("m14_capstone", folder) == ("m01_environment", "m06_containers", "m07_ci", "m14_capstone")


def test_a_capstone_without_a_contract_goes_with_no_part(project: Make) -> None:
    assert up_to("m14_capstone", project({"README.md": ""})) == ("m01_environment", "m14_capstone")


def test_any_other_module_goes_with_all_before_it(project: Make) -> None:
    assert up_to("m03_training", project({"README.md": ""})) == ("m01_environment", "m02_data", "m03_training")
