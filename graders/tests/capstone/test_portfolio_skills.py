"""The map from checks to skills is strict, names what there is, and leaves no module out."""

from __future__ import annotations

import re

import pytest

from mlops_grader.capstone.portfolio import skills
from mlops_grader.capstone.portfolio.skills import load, read
from mlops_grader.check import checks_in
from mlops_grader.grading import module_named, modules
from mlops_grader.submission import UsageError

ROLE = '[[roles]]\nid = "mlops"\ntitle = "MLOps engineer"\ndoes = "keeps it running"\n'
SKILL = '[[skills]]\nid = "ci"\ntitle = "CI"\nasked = "CI/CD"\narea = "operations"\nroles = ["mlops"]\nchecks = ["m07_ci/test_a"]\n'


def known() -> set[str]:
    """Every check of the course, as `module/check`."""
    return {f"{key}/{each.id}" for key in modules() for each in checks_in(module_named(key))}


def test_every_check_that_a_skill_names_exists() -> None:
    """A check that is renamed would otherwise never be shown again."""
    assert [name for skill in load().skills for name in skill.named if name not in known()] == []


def test_every_module_shows_a_skill() -> None:
    """A new module needs a line here: what is it good for at work?"""
    used = {name.partition("/")[0] for skill in load().skills for name in skill.named}
    assert [key for key in modules() if key not in used] == []


def test_every_check_of_the_capstone_shows_a_skill() -> None:
    """What a team's product is judged by is worth telling."""
    named = {name for skill in load().skills for name in skill.named}
    assert [name for name in sorted(known()) if name.startswith("m14_capstone/") and name not in named] == []


def test_the_roles_of_job_ads_are_there() -> None:
    """The six that the course speaks of, each with several skills."""
    found = load()
    counts = {role.id: sum(role.id in skill.roles for skill in found.skills) for role in found.roles}
    assert list(counts) == ["mlops", "ml", "data", "ai", "analyst", "product"]
    assert min(counts.values()) >= 5


def test_a_map_is_read() -> None:
    """Alternatives in a list of their own, single checks alone."""
    text = ROLE + SKILL.replace(
        '["m07_ci/test_a"]', '["m07_ci/test_a", ["m01_environment/test_b", "m14_capstone/test_c"]]'
    )
    [skill] = read(text).skills
    assert skill.checks == (("m07_ci/test_a",), ("m01_environment/test_b", "m14_capstone/test_c"))


WRONG = {
    ROLE + SKILL.replace("asked", "askd"): "[[skills]] number 1: unknown key `askd`: did you mean `asked`?",
    ROLE + SKILL.replace('"operations"', '"operation"'): "unknown area `operation`: did you mean `operations`?",
    ROLE + SKILL.replace('["mlops"]', '["mlop"]'): "unknown role `mlop`: did you mean `mlops`?",
    ROLE + SKILL + SKILL: "the id `ci` is there twice",
    ROLE + SKILL.replace('["m07_ci/test_a"]', '["m07_ci/test_a", "m07_ci/test_a"]'): "names `m07_ci/test_a` twice",
    ROLE + ROLE.replace("mlops", "ml") + SKILL: "no skill is for the role `ml`",
    ROLE + SKILL.replace("m07_ci/test_a", "test_a"): "[[skills]] number 1",
    ROLE + SKILL.replace('["m07_ci/test_a"]', "[]"): "[[skills]] number 1: `checks`",
    ROLE: "`skills`",
    "[[": "is not valid TOML",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named(text: str) -> None:
    """With the file, the entry and what was meant."""
    with pytest.raises(UsageError, match=re.escape(WRONG[text])) as told:
        read(text)
    assert skills.FILE in str(told.value)
