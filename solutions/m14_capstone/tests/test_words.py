"""From letters to words."""

import pytest

from triage.letters import Letter
from triage.words import plain, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("The TAP drips!", ["the", "tap", "drips"]),
        ("120 euros on 3.4.", ["#", "euros", "on", "#", "#"]),
        ("Mrs Brandt and Mr. Celik", ["person", "and", "person"]),
        ("Straße \uff21", ["strasse", "a"]),
    ],
)
def test_spellings_become_one(text: str, found: list[str]) -> None:
    assert plain(text) == found


def test_pairs_beginnings_and_the_subject_are_counted() -> None:
    letter = Letter("Noise", "music plays nightly", "mail")

    assert words(letter) == [
        "subject:noise", "music", "plays", "nightly", "music plays", "plays nightly", "night-",
    ]  # fmt: skip


def test_the_channel_says_nothing() -> None:
    assert words(Letter("a", "b", "post")) == words(Letter("a", "b", "portal"))
