"""What a step hands over: files of variables, and commands in its log."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_grader.instruments.workflow.command_files import LARGEST, CommandFileError, Files, pairs, read

PAIRS = {
    "nothing": ("", {}),
    "one": ("a=1\n", {"a": "1"}),
    "without a last line end": ("a=1", {"a": "1"}),
    "an equals sign in the value": ("a=b=c\n", {"a": "b=c"}),
    "an empty value": ("a=\n", {"a": ""}),
    "spaces stay": ("a= 1 \n", {"a": " 1 "}),
    "the last one counts": ("a=1\na=2\n", {"a": "2"}),
    "a shift in the value": ("a=1 << 2\n", {"a": "1 << 2"}),
    "a block": ("a<<EOF\none\ntwo=2\nEOF\nb=3\n", {"a": "one\ntwo=2", "b": "3"}),
    "an empty block": ("a<<EOF\nEOF\n", {"a": ""}),
    "a block with empty lines": ("a<<E\n\n1\n\nE\n", {"a": "\n1\n"}),
    "a delimiter with an equals sign": ("a<<E=1\nx\nE=1\n", {"a": "x"}),
    "other separators are no line ends": ("a=x\x0c\u2028y\n", {"a": "x\x0c\u2028y"}),
}

REFUSED = {
    "no equals sign": ("justtext\n", "invalid format 'justtext': write `name=value`"),
    "no name": ("=1\n", "invalid format '=1': write `name=value`"),
    "a second line of a value": ("a=1\n2\n", "invalid format '2': write `name=value`"),
    "a missing delimiter": ("a<<EOF\none\n", "matching delimiter not found 'EOF'"),
    "an indented delimiter": ("a<<EOF\none\n EOF\n", "matching delimiter not found 'EOF'"),
}


@pytest.mark.parametrize(("text", "found"), PAIRS.values(), ids=PAIRS)
def test_pairs(text: str, found: dict[str, str]) -> None:
    """`name=value` lines and blocks are read as the runner does."""
    assert pairs(text) == found


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_lines(text: str, words: str) -> None:
    """A line that is neither, or a block without its end, is an error."""
    with pytest.raises(CommandFileError) as caught:
        pairs(text)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("log", "outputs"),
    [
        ("::set-output name=a::1", {"a": "1"}),
        ("  ::set-output name=a::1", {"a": "1"}),
        ("x ::set-output name=a::1", {}),
        ("::set-output::1", {}),
        ("::set-output name=a::100%25%0Adone %20", {"a": "100%\ndone %20"}),
        ("::set-output name=a::http://x::y", {"a": "http://x::y"}),
        ("::stop-commands::word\n::set-output name=a::1\n::word::\n::set-output name=b::2", {"b": "2"}),
        ("::stop-commands::a b!\n::set-output name=a::1\n::a b!::\n::set-output name=b::2", {"b": "2"}),
    ],
)
def test_set_output(log: str, outputs: dict[str, str]) -> None:
    """The old command for outputs is still obeyed, unless commands are stopped."""
    assert read(log).outputs == outputs


def test_masks_and_annotations() -> None:
    """`add-mask` hides a value, `error` and its like are kept; an empty mask would hide everything and is left out."""
    said = read("::add-mask::word\n::add-mask:: \n::error file=a.py,line=1::broken\nplain\n::notice::hello")
    assert (said.masks, said.annotations) == (["word"], [("error", "broken"), ("notice", "hello")])


def test_files_are_made_empty_and_read(tmp_path: Path) -> None:
    """Each file has its variable; what is written there is read, a byte order mark and broken letters do no harm."""
    files = Files(tmp_path / "files")
    variables = files.variables()
    assert sorted(variables) == ["GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"]
    assert files.read("OUTPUT") == ""
    Path(variables["GITHUB_OUTPUT"]).write_bytes(b"\xef\xbb\xbfa=\xff\n")
    assert files.read("OUTPUT") == "a=�\n"


def test_files_that_a_step_removed_or_replaced(tmp_path: Path) -> None:
    """A file that is gone is empty, a link is not followed, and of a large one only the beginning is read."""
    files = Files(tmp_path / "files")
    places = {name: Path(path) for name, path in files.variables().items()}
    places["GITHUB_ENV"].unlink()
    places["GITHUB_PATH"].unlink()
    places["GITHUB_PATH"].symlink_to(__file__)
    places["GITHUB_OUTPUT"].write_text("x" * (LARGEST + 1))
    assert (files.read("ENV"), files.read("PATH"), len(files.read("OUTPUT"))) == ("", "", LARGEST)
