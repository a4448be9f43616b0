"""Links, anchors and claims, read as a code host reads them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments import evidence
from mlops_grader.submission import Submission

GUIDE = '# Guide\n\n## Two words\n\n## Two words\n\n## It`s `code`, *isn\'t* it?\n\n<a name="old"></a>\n'
FILES = {
    "README.md": "# It\n",
    "docs/guide.md": GUIDE,
    "docs/img/a b.png": b"\x89PNG",
    "src/app.py": "one\ntwo\n",
}


@pytest.fixture
def submission(project: Callable[..., Path], snap: Callable[..., Submission]) -> Submission:
    """A small repository."""
    return snap(project(FILES))


def faults(submission: Submission, text: str, page: str = "README.md") -> list[str]:
    """What is wrong with each link of a page of that text."""
    return [why for link in evidence.links(page, text) if (why := evidence.broken(link, submission))]


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/guide.md)",
        "[a](./docs/guide.md)",
        "[a](/docs/guide.md)",
        "[a](docs/)",
        "[a](docs/img/a%20b.png)",
        "![a](<docs/img/a b.png>)",
        "[a][g]\n\n[g]: docs/guide.md",
        '<img src="docs/img/a%20b.png">',
        "[a](docs/guide.md#two-words)",
        "[a](docs/guide.md#two-words-1)",
        "[a](docs/guide.md#its-code-isnt-it)",
        "[a](docs/guide.md#old)",
        "# Top\n\n[a](src/app.py#L1-L2)",
        "[a](https://example.org/nothing), [b](mailto:a@example.org), `[c](nothing.md)`",
        "```\n[a](nothing.md)\n```",
    ],
)
def test_links_that_lead_somewhere(text: str, submission: Submission) -> None:
    """Relative and from the top, with blanks, anchors, line numbers and HTML; addresses and code are left alone."""
    assert faults(submission, text) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a](nothing.md)", "there is no `nothing.md` in a clean clone"),
        ("![a](docs/none.png)", "there is no `docs/none.png`"),
        ('<a href="none.md">a</a>', "there is no `none.md`"),
        ("<p>\n<img alt=\"a\" src='none.png'>\n</p>", "there is no `none.png`"),
        ("[a](../other/README.md)", "it leaves the repository"),
        ("[a](Docs/Guide.md)", "git has `docs/guide.md`, in other letters"),
        ("[a](docs/guide.md#three-words)", "has no heading `#three-words`"),
        ("[a](docs/guide.md#two-words-2)", "has no heading"),
        ("[a](src/app.py#L3)", "has 2 lines, not 3"),
        ("| a |\n|---|\n| [a](none.md) |", "there is no `none.md`"),
    ],
)
def test_links_that_lead_nowhere(text: str, says: str, submission: Submission) -> None:
    """Each says why."""
    assert [says in why for why in faults(submission, text)] == [True]


def test_a_link_is_read_from_the_folder_of_its_page(submission: Submission) -> None:
    """As a browser does."""
    text = "[a](img/a%20b.png) [b](../README.md#it) [c](guide.md) [d](#two-words)"
    assert faults(submission, text, "docs/guide.md") == []
    assert faults(submission, "[a](docs/guide.md)", "docs/guide.md") == [
        "there is no `docs/docs/guide.md` in a clean clone"
    ]


def test_a_link_knows_its_line() -> None:
    """The report names it."""
    assert [link.line for link in evidence.links("README.md", "# It\n\n[a](b.md)\n")] == [3]


def test_what_is_there_and_not_committed_is_no_evidence(
    project: Callable[..., Path], snap: Callable[..., Submission]
) -> None:
    """A clean clone decides."""
    folder = project({**FILES, ".gitignore": "report.md\n"})
    (folder / "report.md").write_text("# here\n", encoding="utf-8")
    assert faults(snap(folder), "[a](report.md)") == ["there is no `report.md` in a clean clone"]


CLAIMS = """# It

* no claim: [a](a.md)

## Claims

* It finds 84 %: [report](reports/a.md).
* It forgets: [here](https://example.org).
    * a detail: [b](b.md)

1. It **answers**, [c](c.md).

### How

* Deeper: [d](d.md)

## After

* [e](e.md)
"""


def test_claims_are_the_items_under_their_heading() -> None:
    """With the links into the repository that each holds, details included."""
    found = [
        (words.split(":")[0], [link.path for link in links])
        for words, links in evidence.claims("README.md", CLAIMS, "claims")
    ]
    assert found == [
        ("It finds 84 %", ["reports/a.md"]),
        ("It forgets", ["b.md"]),
        ("It **answers**, [c](c.md).", ["c.md"]),
        ("Deeper", ["d.md"]),
    ]


def test_the_words_of_a_section_are_its_own() -> None:
    """Comments, quotes and code are not the team's words."""
    text = "# A\n\n## Value\n\n<!-- hint hint -->\n> asked\n\nOne\ntwo *three*.\n\n```\nx\n```\n\n### More\n\nfour\n\n## Users\n"
    assert evidence.section(text, "Value") == "One two three. More four"
    assert (evidence.section(text, "Users"), evidence.section(text, "Risks")) == ("", None)


def test_pages_are_the_readme_and_the_documents(project: Callable[..., Path], snap: Callable[..., Submission]) -> None:
    """Not lessons, and not the READMEs of other folders."""
    names = ("README.md", "docs/a.md", "docs/b/c.md", "lessons/m14.md", "src/README.md", "docs/a.txt")
    assert evidence.pages(snap(project(dict.fromkeys(names, "x")))) == ["README.md", "docs/a.md", "docs/b/c.md"]
