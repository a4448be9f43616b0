"""Versions of a product to deploy: good ones that can be told apart by their answers, and others with a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from mlops_grader.check import Fail
from mlops_grader.instruments.client import READY_SECONDS
from mlops_grader.instruments.container import explain
from mlops_grader.instruments.docker_engine import Engine
from mlops_grader.instruments.image import Image
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.production import Production
from mlops_grader.instruments.traffic import Answer, ask

PACKAGE, FEATURES = "noshow/__init__.py", "noshow/features.py"
SAME = 1e-9  # probabilities of one model that was loaded twice
SLOWER = 6  # times the 95th percentile of the version that serves
SLOWEST = 0.5  # seconds: so slow at least that no measurement on a busy machine can miss it
Change = Callable[[Path, Random, float], str]


@dataclass(frozen=True)
class Version:
    """An image in the registry. answers: its probability for each patient, empty where it gives none.

    header: of an answer, with the digest of the image, where versions of one product answer alike; empty where they do not.
    """

    name: str
    image: str
    words: str = ""
    answers: Sequence[float] = ()
    seconds: float = 0.0
    header: str = ""

    @property
    def digest(self) -> str:
        """The digest of the image."""
        return self.image.rpartition("@")[2]

    def gave(self, answer: Answer) -> bool:
        """Whether an answer of production can be of this version. An answer without the header may be anybody's."""
        if self.header:
            said = answer.headers.get(self.header.lower(), self.digest)
            return not answer.lost and said.endswith(self.digest)
        return not answer.lost and abs(self.answers[answer.patient] - answer.probability) < SAME


@dataclass
class Versions:
    """Builds each version of a product when it is first asked for, and puts it into the registry."""

    engine: Engine
    production: Production
    product: Product
    patients: Sequence[Mapping[str, Any]]
    folder: Path
    random: Random
    _made: dict[str, Version] = field(default_factory=dict)

    @property
    def first(self) -> Version:
        """A good version."""
        return self._good("first", as_it_is)

    @property
    def second(self) -> Version:
        """A good version whose answers differ a little. Raises Fail when they do not."""
        version = self._good("second", shifted)
        if any(abs(a - b) < SAME for a, b in zip(self.first.answers, version.answers, strict=True)):
            raise Fail(
                f"images that were built with another `{FEATURES}` answer alike",
                fix="copy the package `noshow` into the image from the build context, and let the service use it",
            )
        return version

    @property
    def third(self) -> Version:
        """The first version with a comment more: it answers as that one does, and is another image."""
        return self._good("third", commented)

    def faulty(self, fault: Change) -> Version:
        """A version with a fault in its code."""
        name = fault.__name__
        if name not in self._made:
            copy = self.product.copy(self.folder / name)
            words = fault(copy.root, self.random, self.first.seconds)
            self._made[name] = Version(name, self.production.push(self._build(copy, name), name), words)
        return self._made[name]

    def _good(self, name: str, change: Change) -> Version:
        if name not in self._made:
            copy = self.product.copy(self.folder / name)
            change(copy.root, self.random, 0)
            image = self._build(copy, name)
            answers, seconds = self._ask(image)
            self._made[name] = Version(name, self.production.push(image, name), "", answers, seconds)
        return self._made[name]

    def _build(self, product: Product, name: str) -> Image:
        place = product.contract.image
        return self.engine.build(
            product.submission.path(place.context), product.submission.path(place.dockerfile), name
        )

    def _ask(self, image: Image) -> tuple[Sequence[float], float]:
        """Its answers when it is started by itself, and the 95th percentile of the seconds that they took."""
        service = self.production.client.service
        with self.engine.start(image, service) as container:
            try:
                container.client.wait_until_ready(self.patients[0], READY_SECONDS)
            except Fail as failure:
                raise explain(container, failure, service.port) from None
            answers = [ask(container.client, number, body) for number, body in enumerate(self.patients)]
        if lost := next((answer.lost for answer in answers if answer.lost), ""):
            raise Fail(f"started by itself, the image gives no prediction for a valid request: {lost}")
        taken = sorted(answer.received - answer.sent for answer in answers)
        return [answer.probability for answer in answers], taken[int(0.95 * len(taken))]


def as_it_is(_root: Path, _random: Random, _seconds: float) -> str:
    """Nothing is changed."""
    return ""


def shifted(root: Path, random: Random, _: float) -> str:
    """Features that are a thousandth larger, and probabilities that differ far behind the point."""
    _append(root / FEATURES, _WRAPPED.format(before="pass", result=f"matrix + {random.uniform(0.001, 0.002):.6f}"))
    return "a version that answers a little differently"


def commented(root: Path, random: Random, _: float) -> str:
    """Another text, the same code."""
    _append(root / PACKAGE, f"# {random.choice(REASONS)}")
    return "a version with a comment more"


def crashes(root: Path, random: Random, _: float) -> str:
    """It ends as soon as it is started."""
    _append(root / PACKAGE, f'raise RuntimeError("{random.choice(REASONS)}")')
    return "a version that ends at its start"


def never_ready(root: Path, random: Random, _: float) -> str:
    """It lives, and never answers."""
    _append(root / PACKAGE, f"import time\n\ntime.sleep({random.randint(3000, 9000)})")
    return "a version that lives and never answers"


def answers_wrongly(root: Path, random: Random, _: float) -> str:
    """It answers every request with a probability that is wrong."""
    result, words = random.choice(
        [
            ("-matrix", "the risk turned round"),
            ("0 * matrix", "the same risk for all"),
            ("matrix[:, ::-1]", "columns mixed up"),
        ]
    )
    _append(root / FEATURES, _WRAPPED.format(before="pass", result=result))
    return f"a version whose answers are well-formed and wrong ({words})"


def answers_slowly(root: Path, random: Random, usual: float) -> str:
    """A good part of its answers take much longer than those of the version that serves."""
    every, seconds = random.choice([3, 4, 5]), max(SLOWER * usual, SLOWEST)
    before = f"if next(_turn) % {every} == 0:\n        time.sleep({seconds:.3f})"
    counting = "import itertools\nimport time\n\n_turn = itertools.count()\n"
    _append(root / FEATURES, counting + _WRAPPED.format(before=before, result="matrix"))
    return f"a version that takes {1000 * seconds:.0f} ms longer for one in {every} of its answers"


REASONS = ("the clinic's settings are incomplete", "the model is of another version", "no licence was found")
_WRAPPED = '''
_plain = feature_matrix


def feature_matrix(*arguments, **named):
    """The features, as a faulty release computes them."""
    {before}
    matrix = _plain(*arguments, **named)
    return {result}
'''


def _append(path: Path, text: str) -> None:
    if not path.is_file():
        raise Fail(f"there is no `{'/'.join(path.parts[-2:])}`", fix="keep the given package `noshow`")
    path.write_text(
        path.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + text.strip("\n") + "\n", encoding="utf-8", newline="\n"
    )
