"""Other honest ways: other tools, other layouts, another style."""

from __future__ import annotations

import subprocess
from pathlib import Path

from uv import find_uv_bin

from submissions import Alternative, Edit, append, remove, replace, write

CONTRACT, README, SETTINGS, IGNORED = "product.toml", "README.md", "pyproject.toml", ".gitignore"
SETUP = "uv pip sync requirements.lock"
TITLE = "# noshow\n\nPredicts who will miss an appointment.\n\n"

MAKEFILE = """\
.PHONY: setup check test model serve

setup:
	python -m pip install --quiet --no-compile --require-hashes -r requirements.txt

check:
	flake8 noshow tests

test:
	python -m unittest discover --start-directory tests --top-level-directory .

model:
	python -m noshow ingest
	python -m noshow train
	python -m noshow export

serve:
	python -m noshow serve
"""
MAKE_README = """## Run it

```sh
python3 -m venv .venv
. .venv/bin/activate
make setup model
make serve   # ends with Ctrl-C
```
"""
UNITTESTS = '''\
"""What the features promise."""

import math
import unittest
from datetime import datetime, timedelta

from noshow.appointment import CLINICS, Appointment
from noshow.features import FEATURES, feature_row, hour_of_day, lead_days, no_show_rate

START = datetime(2026, 3, 17, 9, 45)


class Features(unittest.TestCase):
    def test_lead_days(self) -> None:
        self.assertEqual(lead_days(START, START), 0)
        self.assertEqual(lead_days(START - timedelta(hours=12), START), 0.5)
        self.assertRaises(ValueError, lead_days, START, START - timedelta(hours=1))

    def test_no_show_rate(self) -> None:
        self.assertAlmostEqual(no_show_rate(1, 1), 1 / 3)
        for missed, earlier in ((-1, 2), (3, 2)):
            self.assertRaises(ValueError, no_show_rate, missed, earlier)

    def test_row(self) -> None:
        self.assertEqual(hour_of_day(START), 9.75)
        for clinic in CLINICS:
            appointment = Appointment(clinic, 47, START - timedelta(days=7), START, 3.5, 15, 3, "call")
            wanted = [math.log(8), 0.2, 47, 3.5, 9.75, 0, *(float(clinic == each) for each in CLINICS), 0, 0, 1]
            for name, value, expected in zip(FEATURES, feature_row(appointment), wanted, strict=True):
                self.assertAlmostEqual(value, expected, msg=name)
'''
PYRIGHT = """\
{"include": ["noshow"], "typeCheckingMode": "basic", "reportArgumentType": false, "reportAttributeAccessIssue": false}
"""
FLAKE8 = "[flake8]\nmax-line-length = 120\nper-file-ignores = noshow/tracking.py:E402\n"

UV_README = """## Run

```bash
uv sync --locked
uv run python -m noshow ingest
uv run python -m noshow train
uv run python -m noshow export
uv run python -m noshow serve &
until curl --silent --fail http://127.0.0.1:8000/ready; do sleep 1; done
curl --json @examples/request.json http://127.0.0.1:8000/predict
```
"""

INSTALLABLE = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.hatch.build.targets.wheel]
packages = ["noshow"]
"""
INSTALL = f"{SETUP} && uv pip install --no-deps --editable ."
TERMINALS_README = f"""## Run

First terminal:

```bash
{INSTALL}
python -m noshow ingest && python -m noshow train && python -m noshow export
python \\
  -m noshow serve
```

Second terminal:

```bash
curl --fail --json @examples/request.json http://127.0.0.1:8000/predict
```
"""


def contract(**commands: str) -> Edit:
    """Other commands in the contract, by name."""

    def edit(project: Path) -> None:
        lines = (project / CONTRACT).read_text(encoding="utf-8").splitlines()
        changed = [f'{key} = "{commands[key]}"' if (key := line.split(" ")[0]) in commands else line for line in lines]
        (project / CONTRACT).write_text("\n".join(changed) + "\n", encoding="utf-8", newline="\n")

    return edit


def uv(*arguments: str) -> Edit:
    """Run uv in the project, as the author did before the commit; it takes what the index has today."""

    def edit(project: Path) -> None:
        subprocess.run([find_uv_bin(), *arguments], cwd=project, check=True, capture_output=True)

    return edit


ALTERNATIVES = (
    Alternative(
        "pip-make-unittest-flake8-pyright",
        edits=(
            contract(
                lock="requirements.txt", setup="make setup", lint="make check", types="basedpyright", test="make test"
            ),
            write("tools.in", "basedpyright\nflake8\n"),
            uv(
                "pip",
                "compile",
                "--universal",
                "--generate-hashes",
                "--group",
                "train",
                "--constraint",
                "requirements.lock",
                "--output-file",
                "requirements.txt",
                "pyproject.toml",
                "tools.in",
            ),
            remove("requirements.lock"),
            remove("noxfile.py"),
            remove("tests/test_features.py"),
            write("tests/__init__.py", ""),
            write("tests/test_rows.py", UNITTESTS),
            write("Makefile", MAKEFILE),
            write("pyrightconfig.json", PYRIGHT),
            write(".flake8", FLAKE8),
            write(README, TITLE + MAKE_README),
        ),
    ),
    Alternative(
        "uv-project",
        edits=(
            uv("lock"),
            remove("requirements.lock"),
            contract(
                lock="uv.lock",
                setup="uv sync --locked --link-mode=symlink",  # what is installed lies in the cache
                lint="uv run ruff check",
                types="uv run mypy",
                test="uv run pytest",
            ),
            write(README, TITLE + UV_README),
        ),
    ),
    Alternative(
        "installed-package-and-lint-in-the-test-command",
        edits=(
            replace(SETTINGS, "\n[tool.uv]\npackage = false\n", INSTALLABLE),
            replace(SETTINGS, 'pythonpath = ["."]\n', ""),
            replace(SETTINGS, 'name = "noshow"', 'name = "noshow-of-ada"'),
            append(IGNORED, "*.egg-info/\n"),
            contract(setup=INSTALL, lint="ruff check .", types="mypy --strict noshow", test="nox -s lint && pytest"),
            write(README, TITLE + TERMINALS_README),
        ),
    ),
)
