"""What a template asks for, and the answers of a person: the name of the folder, who writes it, and what is to choose."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent


class StartError(Exception):
    """A project cannot be made; one line that says what to do instead."""


@dataclass(frozen=True)
class Answers:
    """What a person says about the project: its folder and repository, who writes it, and for each question one of its choices."""

    repo_name: str
    author: str
    chosen: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise StartError for an answer that cannot be used."""
        if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", self.repo_name):
            raise StartError(
                f"repo_name is {self.repo_name!r}: use small letters, digits, dots, dashes and underscores, "
                "as in noshow-ada, and begin with a letter or digit"
            )
        if not self.author.strip() or re.search(r'["\\<>\n\r{}]', self.author):
            raise StartError(f"author is {self.author!r}: write a name, without quotes, brackets and backslashes")


def questions(key: str) -> dict[str, list[str]]:
    """What a module's template lets one choose: for each question its choices, of which the first counts when nothing is said."""
    asked = json.loads((TEMPLATES / key / "cookiecutter.json").read_text(encoding="utf-8"))
    return {name: value for name, value in asked.items() if isinstance(value, list) and not name.startswith("_")}


def choose(key: str, chosen: Mapping[str, str]) -> dict[str, str]:
    """An answer to each question of a module. Raises StartError for a question that it does not ask, and for a choice it has not."""
    asked = questions(key)
    for name, answer in chosen.items():
        if name not in asked:
            raise StartError(f"{key} asks for no {name}: leave --{name} out")
        if answer not in asked[name]:
            raise StartError(f"there is no {name} {answer!r}: {_hint(answer, asked[name])}")
    return {name: chosen.get(name, choices[0]) for name, choices in asked.items()}


def _hint(answer: str, choices: list[str]) -> str:
    """The choice that was probably meant, and all there are."""
    word = re.sub(r"[\s_]+", "-", answer.strip().lower())
    close = difflib.get_close_matches(word, choices, n=1)
    return (f"did you mean {close[0]}? " if close else "") + f"There are {', '.join(choices)}"
