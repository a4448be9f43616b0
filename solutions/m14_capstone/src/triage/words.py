"""From a letter to the words that the model counts."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from triage.letters import Letter

NUMBER = "#"
"""Every amount, date and number of a flat is this one word: which one it is says nothing, and may say who wrote."""

STEM = 5
"""Longer words count once more by their beginning, so that a slip at the end or a plural is no new word."""

_WORD = re.compile(r"[^\W\d_]+|\d+")
_PERSON = re.compile(r"\b(mr|mrs|ms|dr)\.?\s+[^\W\d_]+")


def words(letter: Letter) -> list[str]:
    """The words of subject and text, pairs of neighbours, and beginnings; the subject's are marked."""
    return [f"subject:{word}" for word in plain(letter.subject)] + list(_features(plain(letter.text)))


def plain(text: str) -> list[str]:
    """The words of a text in one spelling, without names of people and with one word for all numbers.

    >>> plain("Mrs Brandt owes 120 EUROS!")
    ['person', 'owes', '#', 'euros']
    """
    even = unicodedata.normalize("NFKC", text).casefold()
    return [NUMBER if found.isdigit() else found for found in _WORD.findall(_PERSON.sub("person", even))]


def _features(row: list[str]) -> Iterator[str]:
    yield from row
    yield from (f"{first} {second}" for first, second in pairwise(row))
    yield from (f"{word[:STEM]}-" for word in row if len(word) > STEM)
