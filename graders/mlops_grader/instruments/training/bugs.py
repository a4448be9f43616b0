"""Bugs in the training code that tests of the model's behaviour must catch, and changes that harm nobody.

The code of a student is not known here, what its functions promise is: each change defines a function anew, below the code.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from mlops_grader.check import Fail
from mlops_grader.instruments.product import Product

PROMISED = ("split_by_time", "fit", "probabilities")


@dataclass(frozen=True)
class Bug:
    """What is wrong, in words; the function, and the statements that make it so. `before` is the function as it was."""

    words: str
    function: str
    body: str


TRAINING: Sequence[Bug] = (
    Bug(
        "`fit` learns from the outcomes turned round",
        "fit",
        """
        from dataclasses import replace
        return before([replace(row, no_show=not row.no_show) for row in rows], *more, **named)
        """,
    ),
    Bug(
        "`fit` learns from outcomes of other appointments",
        "fit",
        """
        import random
        from dataclasses import replace
        outcomes = [row.no_show for row in rows]
        random.Random(5).shuffle(outcomes)
        mixed = [replace(row, no_show=outcome) for row, outcome in zip(rows, outcomes)]
        return before(mixed, *more, **named)
        """,
    ),
    Bug(
        "`fit` learns from nine in ten rows, drawn anew each time",
        "fit",
        """
        import random
        return before(random.Random().sample(list(rows), len(rows) * 9 // 10), *more, **named)
        """,
    ),
    Bug(
        "`split_by_time` draws the test rows by lot",
        "split_by_time",
        """
        import random
        split, mixed = before(rows, *more, **named), list(rows)
        random.Random(5).shuffle(mixed)
        return type(split)(train=mixed[: len(split.train)], test=mixed[len(split.train) :])
        """,
    ),
    Bug(
        "`split_by_time` tests with the oldest days",
        "split_by_time",
        """
        split = before(rows, *more, **named)
        ordered = sorted(rows, key=lambda row: row.appointment.starts_at.date())
        day = ordered[len(split.test)].appointment.starts_at.date()
        old = [row for row in rows if row.appointment.starts_at.date() < day]
        return type(split)(train=[row for row in rows if row.appointment.starts_at.date() >= day], test=old)
        """,
    ),
    Bug(
        "`probabilities` gives the probability that the patient comes",
        "probabilities",
        "return 1 - before(rows, *more, **named)",
    ),
    Bug(
        "`probabilities` gives 0 or 1",
        "probabilities",
        "return (before(rows, *more, **named) > 0.5).astype(float)",
    ),
    Bug(
        "`probabilities` gives everybody the same",
        "probabilities",
        "return before(rows, *more, **named) * 0 + 0.2",
    ),
    Bug(
        "`probabilities` depends on the other rows: the average of each batch becomes 0.2",
        "probabilities",
        """
        found = before(rows, *more, **named)
        return (found * 0.2 / found.mean()).clip(0, 1)
        """,
    ),
)

_SAME = "return before(rows, *more, **named)"
_COPIED = "return before([*rows], *more, **named)"
NEUTRAL = (Bug("", "split_by_time", _COPIED), Bug("", "fit", _COPIED), Bug("", "probabilities", _SAME))
DISABLED = tuple(Bug("", name, "raise NotImplementedError") for name in PROMISED)


def plant(product: Product, *bugs: Bug) -> None:
    """Define functions of the training code anew, below it. Raises Fail when the code is not there."""
    name = product.contract.training.code
    text = product.submission.read(name)
    if not name.endswith(".py"):
        raise Fail(f"`{name}` is no Python file", fix="name it in `product.toml`: [training] code")
    changed = text.rstrip("\n") + "".join(_anew(bug) for bug in bugs)
    product.submission.path(name).write_text(changed, encoding="utf-8", newline="\n")


def _anew(bug: Bug) -> str:
    """A function of the same name that knows the one before; its first argument may be given by name."""
    body = textwrap.indent(textwrap.dedent(bug.body).strip(), " " * 8)
    first = "model" if bug.function == "probabilities" else "rows"
    return f"""


def _{bug.function}_anew(before):
    def {bug.function}(*more, **named):
        rows, more = (named.pop("{first}"), more) if "{first}" in named else (more[0], more[1:])
{body}

    return {bug.function}


{bug.function} = _{bug.function}_anew({bug.function})
"""
