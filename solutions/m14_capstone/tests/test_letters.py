"""What is a letter, and what is none."""

from pathlib import Path
from typing import Any

import pytest

from triage.letters import LONGEST_TEXT, Letter, UnfitError, read_corpus, read_letter

GOOD = {"subject": "", "text": "hello", "channel": "post"}


@pytest.mark.parametrize(
    "change", [{}, {"subject": "s" * 200}, {"text": "t"}, {"text": "t" * LONGEST_TEXT}, {"channel": "portal"}]
)
def test_the_ends_of_what_is_allowed_are_letters(change: dict[str, str]) -> None:
    body = GOOD | change

    assert read_letter(body) == Letter(body["subject"], body["text"], body["channel"])


@pytest.mark.parametrize(
    ("body", "field", "reason"),
    [
        ([], "", "wrong"),
        (None, "", "wrong"),
        ({}, "subject", "missing"),
        ({"subject": "", "channel": "post"}, "text", "missing"),
        (GOOD | {"text": 7}, "text", "wrong"),
        (GOOD | {"text": ""}, "text", "long"),
        (GOOD | {"text": " \n\t"}, "text", "empty"),
        (GOOD | {"text": "t" * (LONGEST_TEXT + 1)}, "text", "long"),
        (GOOD | {"subject": "s" * 201}, "subject", "long"),
        (GOOD | {"channel": "fax"}, "channel", "wrong"),
        (GOOD | {"name": "Quill"}, "", "unknown"),
    ],
)
def test_what_is_no_letter_is_named_and_not_repeated(body: Any, field: str, reason: str) -> None:
    with pytest.raises(UnfitError) as caught:
        read_letter(body)

    assert (caught.value.field, caught.value.reason) == (field, reason)
    assert "Quill" not in str(caught.value) and "fax" not in str(caught.value)


def test_a_bad_line_of_the_corpus_is_named(tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    head = "letter_id,received,channel,writer,subject,text,label,urgency\n"
    path.write_text(
        f"{head}L1,2025-01-02,post,native,,hello,rent,ordinary\nL2,2025-01-02,post,native,,hello,taxes,ordinary\n"
    )

    with pytest.raises(ValueError, match=r"`letters\.csv`, line 3"):
        read_corpus(path)
