"""`docs/showcase.toml` is read strictly, and without it the README speaks."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from mlops_grader.capstone.expo.showcase import FILE, READ, Showcase, ShowcaseError, described, found, load


def written(project: Path, text: str | bytes, name: str = FILE) -> Path:
    """A project with that file."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return project


def test_what_the_file_says_is_read(tmp_path: Path) -> None:
    """Lines of a text flow together, and its paragraphs stay."""
    text = 'problem = """\nOne\ntwo.\n\nThree."""\ndomain = "legal"\ndemo = "https://example.org/a?b=c"\n'
    assert load(written(tmp_path, text)) == Showcase(
        "One two.\n\nThree.", domain="legal", demo="https://example.org/a?b=c"
    )


def test_no_file_is_no_error(tmp_path: Path) -> None:
    """Then there is nothing that it says."""
    assert load(tmp_path) is None


WRONG = {
    'problem = "a"\nscreenshoot = "a.png"': "unknown key `screenshoot`: did you mean `screenshot`?",
    "": "has no `problem`",
    'problem = ""': "`problem` is ''",
    "problem = 3": "`problem` is 3",
    'problem = "a"\ndemo = "javascript:alert(1)"': "`demo` is no web address",
    'problem = "a"\ndemo = "https://a.org/\\" onclick=\\"x"': "`demo` is no web address",
    "problem = ": "is not valid TOML",
    "problem = " + "[" * 5000: "is not valid TOML",
    f'problem = "{"a" * 5000}"': "at most 1200 characters",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_named_with_its_file_and_key(tmp_path: Path, text: str) -> None:
    """So that a team can mend it without asking."""
    with pytest.raises(ShowcaseError) as told:
        load(written(tmp_path, text))
    assert (WRONG[text] in str(told.value), FILE in str(told.value)) == (True, True)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"#" * (READ + 1)])
def test_what_is_no_text_is_told(tmp_path: Path, content: bytes) -> None:
    """Also what is far too long."""
    with pytest.raises(ShowcaseError):
        load(written(tmp_path, content))


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    """What lies on the organiser's machine stays there."""
    (tmp_path / "secret").write_text('problem = "secret"')
    (tmp_path / "project" / "docs").mkdir(parents=True)
    (tmp_path / "project" / FILE).symlink_to(tmp_path / "secret")
    (tmp_path / "project" / "README.md").symlink_to(tmp_path / "secret")
    assert (load(tmp_path / "project"), found(tmp_path / "project", None)) == (None, Showcase())


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    """It would wait for ever."""
    os.mkfifo(tmp_path / "README.md")
    assert found(tmp_path, None) == Showcase()


READMES = {
    "# Triage\n\nSorts letters\nby haste.\n\nMore.": "Sorts letters by haste.",
    "# T\n\nTODO(m14): a sentence\n\n## What it does, and for whom\n\n![a](b.png)\n\nIt sorts.\n\n## Run\n\nx": "It sorts.",
    "# T\n\n[![badge](a)](b)\n\n```\ncode\n```\n\nWords.": "Words.",
    "# T\n\nTODO(m14): one sentence": "",
    "# T\n\n## What it does, and for whom\n\nTODO(m14): three": "",
    "": "",
}


@pytest.mark.parametrize("readme", READMES)
def test_the_first_real_paragraph_of_a_readme_is_the_problem(readme: str) -> None:
    """Under the heading of the template, or else at the top; what is still to do says nothing."""
    assert described(readme) == READMES[readme]


def test_pictures_are_found_under_their_usual_names(tmp_path: Path) -> None:
    """So that a team without the file has a card with a picture."""
    written(written(tmp_path, b"x", "docs/expo/screenshot.jpg"), b"x", "docs/architecture.png")
    shown = found(tmp_path, None)
    assert (shown.screenshot, shown.architecture) == ("docs/expo/screenshot.jpg", "docs/architecture.png")


def test_what_a_team_says_counts_before_what_is_found(tmp_path: Path) -> None:
    """Its own words and its own picture."""
    written(written(tmp_path, b"x", "docs/screenshot.png"), "# T\n\nReadme.", "README.md")
    shown = found(tmp_path, Showcase("Problem.", screenshot="own.png"))
    assert (shown.problem, shown.screenshot) == ("Problem.", "own.png")


def test_the_example_of_the_docs_is_one(tmp_path: Path) -> None:
    """What teams copy must load, and shows every key."""
    page = (Path(__file__).parents[3] / "docs" / "expo.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```toml\n(.*?)```", page, flags=re.DOTALL)
    said = load(written(tmp_path, example.replace("\n   ", "\n")))
    assert [key for key, value in vars(said).items() if not value] == []
