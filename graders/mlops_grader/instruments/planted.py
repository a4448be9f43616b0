"""Faults that the grader commits to a copy of a project, to see whether its pipeline notices. Each says what it did, in words."""

from __future__ import annotations

import base64
import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from random import Random

from mlops_grader.check import Fail
from mlops_grader.contract import FILE, Contract, is_of_its_own, load
from mlops_grader.instruments import bugs, failing_tests

Fault = Callable[[Path, Random], str]

WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "inlet", "juniper", "knoll", "larch")


def lint(root: Path, random: Random) -> str:
    """An import that nothing uses."""
    return bugs.lint_fault(root, random)


def types(root: Path, random: Random) -> str:
    """A function that returns another type than it promises."""
    return bugs.type_fault(root, random)


def broken_code(root: Path, _: Random) -> str:
    """Features that all raise an error."""
    bugs.disable(root)
    return f"an error in every function of `{bugs.FEATURES}`"


def feature_bug(root: Path, random: Random) -> str:
    """A bug in the features that the tests of m01 catch."""
    bug = random.choice([*bugs.BOUNDARY, *bugs.FORMULA, *bugs.ORDER])
    bugs.plant(root, bug)
    return f"a bug in `{bugs.FEATURES}` ({bug.words})"


def failing_test(root: Path, random: Random) -> str:
    """One more test, which fails, at the end of a file of tests."""
    if is_of_its_own(root):
        return failing_tests.plant(root, random, f"{random.choice(WORDS)}_{random.choice(WORDS)}")
    files = sorted(
        path
        for path in root.rglob("*.py")
        if re.match(r"test_|.*_test\.py$", path.name) and "def test" in _text(path) and not _is_test_of_data(root, path)
    )
    if not files:
        raise Fail("the project has no file of tests", fix="write tests that the test command finds")
    path, left, right = random.choice(files), random.randint(2, 90), random.randint(2, 90)
    name = f"test_{random.choice(WORDS)}_{random.choice(WORDS)}"
    body = f'"""Numbers add up."""\n    assert sum([{left}, {right}]) == {left + right + 1}\n'
    if "TestCase" in _text(path):
        parent = "unittest.TestCase" if re.search(r"^import unittest\b", _text(path), re.MULTILINE) else "TestCase"
        body = f"\n\nclass Test{name[5:].title().replace('_', '')}({parent}):\n    def {name}(self) -> None:\n        {body}"
        body = body.replace("\n    assert", "\n        assert")
    else:
        body = f"\n\ndef {name}() -> None:\n    {body}"
    _write(path, _text(path).rstrip("\n") + "\n" + body)
    return f"a failing test, `{name}`, in `{path.name}`"


def _is_test_of_data(root: Path, path: Path) -> bool:
    """Whether a file of tests is run by the `test_data` command, and not by `test`."""
    contract = load(root) if (root / FILE).is_file() else Contract()
    named = (root / word for word in contract.commands.test_data.split())
    return any(place != root and path.is_relative_to(place) for place in named)


def data_schema(root: Path, random: Random) -> str:
    """One day on which the clinic wrote a column in another way: every value is well-formed, and means something else."""
    path = random.choice(_daily(root, "appointments"))
    change, words = random.choice(
        [
            (_in_metres, "`distance_km` in metres"),
            (_days_first, "`birth_date` written as day/month/year"),
            (_in_capitals, "`reminder` in capitals"),
        ]
    )
    rows = list(csv.DictReader(io.StringIO(_text(path))))
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(change(row) for row in rows)
    _write(path, out.getvalue())
    return f"`{path.name}` with {words}"


def _in_metres(row: dict[str, str]) -> dict[str, str]:
    return {**row, "distance_km": f"{float(row['distance_km'] or 0) * 1000 + 2000:.0f}"}


def _days_first(row: dict[str, str]) -> dict[str, str]:
    return {**row, "birth_date": "/".join(reversed(row["birth_date"].split("-")))}


def _in_capitals(row: dict[str, str]) -> dict[str, str]:
    return {**row, "reminder": row["reminder"].upper()}


def worse_model(root: Path, random: Random) -> str:
    """Outcomes of some appointments that were joined to others: every file is well-formed, and the model learns less."""
    share = random.uniform(0.3, 0.5)
    for path in _daily(root, "outcomes"):
        head, *rows = _text(path).splitlines()
        place = head.split(",").index("outcome")
        values = [row.split(",") for row in rows]
        mixed = [row for row in values if random.random() < share]
        outcomes = [row[place] for row in mixed]
        random.shuffle(outcomes)
        for row, outcome in zip(mixed, outcomes, strict=True):
            row[place] = outcome
        _write(path, "\n".join([head, *map(",".join, values)]) + "\n")
    return f"the outcomes of {share:.0%} of the appointments beside others, so that the model learns less"


def broken_image(root: Path, random: Random, dockerfile: str = "Dockerfile", port: int = 8000) -> str:
    """An image that builds and does not start the service: it ends, lives on idly, or answers with something else."""
    path = root / dockerfile
    if not path.is_file():
        raise Fail(f"there is no `{dockerfile}`", fix="name it in `product.toml`, [image]")
    line = random.choice(
        [
            'ENTRYPOINT ["/bin/false"]',
            'ENTRYPOINT ["sleep", "600"]',
            'ENTRYPOINT ["sh", "-c", "exit 3"]',
            f'ENTRYPOINT ["python3", "-m", "http.server", "{port}"]',
        ]
    )
    _write(path, _text(path).rstrip("\n") + f"\n{line}\nCMD []\n")
    return f"an image that does not start the service (`{line}`)"


def secret(root: Path, random: Random) -> str:
    """A credential in a new file of the package."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    name, key = random.choice(WORDS), "".join(random.choice(letters) for _ in range(16))
    token = "".join(random.choice(letters + letters.lower()) for _ in range(36))
    pem = "\n".join(base64.b64encode(random.randbytes(48)).decode() for _ in range(8))
    kind, content = random.choice(
        [
            ("an access key of a cloud", f'"""Where reports go."""\n\nACCESS_KEY = "AKIA{key}"\n'),
            ("a token of a code host", f'"""Where reports go."""\n\nTOKEN = "ghp_{token}"\n'),
            ("a private key", f"-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----\n"),
        ]
    )
    path = root / (f"noshow/{name}.py" if content.startswith('"') else f"ci/{name}.txt")
    if is_of_its_own(root):
        path = root / f"settings/{name}.ini"
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, content)
    return f"{kind} in `{path.relative_to(root).as_posix()}`"


def harmless(root: Path) -> str:
    """Two changes that harm nobody: a comment, and other words inside functions."""
    bugs.refactor(root)
    bugs.comment(root)
    return "a comment and a rewritten function"


def _daily(root: Path, kind: str) -> list[Path]:
    names = f"{kind}_????-??-??.csv"  # those in `data`, where there is one: others are there to practise with
    files = sorted((root / "data").rglob(names)) or sorted(root.rglob(names))
    if not files:
        raise Fail(f"the daily files `{kind}_YYYY-MM-DD.csv` are gone", fix="restore `data/raw` with git")
    return files


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
