"""Changes of a configuration in any format in which a key and its value stand on a line of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product

_LINE = r"""^(?P<before>[ \t]*["']?){key}(?P<between>["']?[ \t]*[=:][ \t]*)(?P<value>[^,#;\s]+)(?P<after>[ \t]*,?[ \t]*([#;].*)?)$"""


@dataclass(frozen=True)
class Setting:
    """A number in the configuration, as it is written there."""

    key: str
    text: str

    @property
    def number(self) -> float:
        """Its value. Raises Fail when it is no number."""
        try:
            return float(self.text)
        except ValueError:
            raise Fail(f"`{self.key}` is {self.text} in the configuration, not a number", fix=IN_CONTRACT) from None

    def other(self, random: Random) -> str:
        """Another value that is as sensible: a smaller one of the same kind."""
        if re.fullmatch(r"\d+", self.text):
            return str(int(self.text) // 2 if int(self.text) > 1 else 2)
        number = float(f"{self.number * random.uniform(0.002, 0.02):.3g}")
        return f"{number:.12f}".rstrip("0")  # not every format knows 1e-05


IN_CONTRACT = "write `key = value` on a line of its own, and name file and keys in `product.toml`, [training]"


@dataclass(frozen=True)
class Configuration:
    """The text of a configuration. name: the file as the project names it."""

    name: str
    text: str

    def setting(self, key: str) -> Setting:
        """The number of a key. Raises Fail when it does not stand there exactly once."""
        return Setting(key, self._line(key)["value"].strip("\"'"))

    def having(self, key: str, value: str) -> str:
        """The text with another value for a key."""
        line = self._line(key)
        return self.text[: line.start("value")] + value + self.text[line.end("value") :]

    def with_unknown(self, key: str, name: str) -> str:
        """The text with one more key of that name, beside a known one and written in the same way."""
        line = self._line(key)
        comma = "," if self.text.lstrip().startswith("{") else ""
        more = f"{line['before']}{name}{line['between']}{line['value']}{comma}\n"
        return self.text[: line.start()] + more + self.text[line.start() :]

    def _line(self, key: str) -> re.Match[str]:
        found = list(re.finditer(_LINE.format(key=re.escape(key)), self.text, re.MULTILINE))
        if len(found) != 1:
            there = "no line" if not found else f"{len(found)} lines"
            raise Fail(f"`{self.name}` has {there} with the key `{key}` and its value", fix=IN_CONTRACT)
        return found[0]


def configuration(product: Product) -> Configuration:
    """The configuration of a product as it is now. Raises Fail when there is none."""
    name = product.contract.training.config
    return Configuration(name, product.submission.read(name))


def write(product: Product, text: str) -> None:
    """Put another text in its place."""
    product.submission.path(product.contract.training.config).write_text(text, encoding="utf-8", newline="\n")


def misspelt(key: str, random: Random) -> str:
    """The key with two neighbours exchanged, so that it is another word."""
    places = [n for n in range(1, len(key) - 1) if key[n] != key[n + 1] and "_" not in key[n : n + 2]]
    if not places:
        return f"{key}s"
    place = random.choice(places)
    return key[:place] + key[place + 1] + key[place] + key[place + 2 :]
