"""The scoping of a product: figures that are figures, and words that are the team's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from alternatives.m14_capstone import FIGURES, SCOPING
from mlops_grader.instruments import scoping
from mlops_grader.submission import Submission

Snap = Callable[..., Submission]
Make = Callable[..., Path]
Told = Callable[[Callable[[], object]], str]


def submission(project: Make, snap: Snap, figures: str = FIGURES, page: str = SCOPING) -> Submission:
    """A repository with these two files."""
    return snap(project({"docs/scoping.toml": figures, "docs/scoping.md": page}))


def test_whole_figures_are_read(project: Make, snap: Snap) -> None:
    """With whole numbers as well as broken ones."""
    facts = scoping.load(submission(project, snap))
    assert (facts.metric.target, facts.baseline.value, facts.budget.money) == (0.35, 0.27, 0)
    assert facts.promises_more


@pytest.mark.parametrize(
    ("direction", "target", "more"),
    [("higher", 0.35, True), ("higher", 0.27, False), ("lower", 0.35, False), ("lower", 0.2, True)],
)
def test_more_depends_on_the_direction(direction: str, target: float, more: bool, project: Make, snap: Snap) -> None:
    """An error is to go down."""
    figures = FIGURES.replace('"higher"', f'"{direction}"').replace("0.35", str(target))
    assert scoping.load(submission(project, snap, figures)).promises_more is more


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("target = 0.35", 'target = "0.35"', "[metric] `target` is '0.35'"),
        ("target = 0.35", "target = true", "[metric] `target` is True"),
        ("target = 0.35", "target = nan", "[metric] `target` is nan"),
        ("target = 0.35\n", "", "[metric] `target` is missing"),
        ("value = 0.27", "value = 0.27\nunit = 3", "[baseline] `unit` is 3"),
        ('"higher"', '"up"', "[metric] `direction` is 'up'"),
        ('"EUR"', '"euros"', "[budget] `currency` is 'euros'"),
        ("money = 0", "money = -1", "[budget] `money` is -1"),
        ("[budget]", "[budgets]", "[budget] is missing"),
        ("[budget]", "[budget", "is not valid TOML"),
    ],
)
def test_a_wrong_figure_is_named(old: str, new: str, says: str, project: Make, snap: Snap, told: Told) -> None:
    """The file, the table and the key."""
    made = submission(project, snap, FIGURES.replace(old, new))
    assert says in told(lambda: scoping.load(made))


def test_sections_with_words_are_complete(project: Make, snap: Snap) -> None:
    """Nothing is thin."""
    assert scoping.thin_sections(submission(project, snap)) == []


def test_hints_are_not_words_of_the_team(project: Make, snap: Snap) -> None:
    """A section that holds what the template asked, and a heading that is gone."""
    page = SCOPING.replace("Every sixth appointment", "> Every sixth appointment").replace("## Risks", "## Danger")
    page = page.replace("## Users", "> hint\n\n## Users")
    thin = dict(scoping.thin_sections(submission(project, snap, page=page)))
    assert thin == {"Value": 0, "Risks": None}


def test_marks_are_found_everywhere_but_in_lessons(project: Make, snap: Snap) -> None:
    """With file and line; what is no text harms nobody."""
    mark = "x\n# TODO(m14): y\n"
    files = {"a/b.toml": mark, "lessons/m14_capstone.md": mark, "c.bin": b"\xff\x00\xfe", "d.md": "TODO(m01)\n"}
    assert list(scoping.marks(snap(project(files)))) == [("a/b.toml", 2)]
