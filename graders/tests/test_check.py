"""What `@check` keeps of a function, and what it refuses."""

from __future__ import annotations

from types import FunctionType, ModuleType

import pytest

from mlops_grader.check import Check, Fail, check, checks_in


def module_with(source: str, name: str = "invented") -> ModuleType:
    """A module made of this source."""
    module = ModuleType(name)
    exec(f"from mlops_grader.check import check\n{source}", vars(module))  # noqa: S102  # written in this file
    return module


def claim_of(function: object) -> Check:
    """The claim that a check carries."""
    assert isinstance(function, FunctionType)
    claim = vars(function)["check"]
    assert isinstance(claim, Check)
    return claim


@check(points=3)
def test_stops_when_asked_to() -> None:
    """It stops.

    Orchestrators ask
    and then kill.
    """


def test_the_first_line_of_the_docstring_is_the_requirement() -> None:
    assert claim_of(test_stops_when_asked_to).title == "It stops."


def test_the_rest_of_the_docstring_is_the_reason_on_one_line() -> None:
    assert claim_of(test_stops_when_asked_to).why == "Orchestrators ask and then kill."


def test_the_name_of_the_function_is_the_heading_of_the_lesson() -> None:
    assert claim_of(test_stops_when_asked_to).heading == "Stops when asked to"


def test_the_anchor_is_the_heading_as_code_hosts_link_it() -> None:
    assert claim_of(test_stops_when_asked_to).anchor == "stops-when-asked-to"


def test_requirements_are_kept_by_name() -> None:
    @check(points=1, requires=test_stops_when_asked_to)
    def test_one() -> None:
        """One."""

    @check(points=1, requires=(test_one, test_stops_when_asked_to))
    def test_two() -> None:
        """Two."""

    assert claim_of(test_one).requires == ("test_stops_when_asked_to",)
    assert claim_of(test_two).requires == ("test_one", "test_stops_when_asked_to")


def test_a_requirement_that_is_no_check_is_refused() -> None:
    with pytest.raises(TypeError, match="is required but is not a check"):
        check(points=1, requires=claim_of)  # type: ignore[arg-type]  # the mistake that is tested


def test_a_check_without_words_is_refused() -> None:
    def test_silent() -> None:
        pass

    with pytest.raises(TypeError, match="test_silent has no docstring"):
        check(points=1)(test_silent)


def test_checks_come_in_the_order_of_the_file() -> None:
    module = module_with(
        """
@check(points=1)
def test_b():
    "b"
@check(points=1)
def test_a():
    "a"
"""
    )
    assert [found.id for found in checks_in(module)] == ["test_b", "test_a"]


def test_functions_without_the_mark_are_no_checks() -> None:
    assert checks_in(module_with("def test_c():\n    'c'")) == ()


def test_checks_that_a_module_imports_are_not_its_own() -> None:
    module = module_with("")
    vars(module)["test_stops_when_asked_to"] = test_stops_when_asked_to
    assert checks_in(module) == ()


def test_a_failure_carries_what_was_found_and_what_to_do() -> None:
    failure = Fail("it ran on", fix="stop it")
    assert (failure.found, failure.fix, str(failure)) == ("it ran on", "stop it", "it ran on")
