"""Wrong projects, each wrong in one way."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from submissions import Edit, Mistake, append, commit, move, replace, write

CONTRACT, LOCK, IGNORED, SESSIONS, SETTINGS = (
    "product.toml",
    "requirements.lock",
    ".gitignore",
    "noxfile.py",
    "pyproject.toml",
)
TESTS = "tests/test_features.py"
SYNC = "uv pip sync requirements.lock"
SERVE = "python -m noshow serve\n"
KEY = "-----BEGIN {} PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDu6r7yXcM0bVxb0\n-----END {} PRIVATE KEY-----\n".replace(
    "{}", "OPENSSH"
)

WALK_IN = """def test_lead_time_of_a_walk_in_is_zero() -> None:
    assert lead_days(MONDAY, MONDAY) == 0


"""
RATES = "[(0, 0, 0.2), (1, 1, 1 / 3), (0, 5, 0.1), (5, 5, 0.6)]"
ROW_VALUES = """    assert row["age"] == 47
    assert row["distance_km"] == pytest.approx(3.4)
"""
ONE_CLINIC = '[name for name in FEATURES if name.startswith("clinic_") and row[name] == 1] == [f"clinic_{clinic}"]'
NEEDS_THE_MODEL = """

def test_model_is_small() -> None:
    with open("model/model.skops", "rb") as file:
        assert len(file.read()) < 1_000_000
"""
READS_THE_SOURCE = """

def test_lead_time_is_a_difference() -> None:
    assert "(starts_at - booked_at) / timedelta" in inspect.getsource(lead_days)
"""
KNOWS_A_PRIVATE_NAME = """

def test_one_hot() -> None:
    assert _one_hot("b", ("a", "b", "c")) == [0.0, 1.0, 0.0]
"""
TYPES_SWITCHED_OFF = """
[[tool.mypy.overrides]]
module = "noshow.*"
ignore_errors = true
"""
OLDER_INICONFIG = """iniconfig==2.1.0 \\
    --hash=sha256:3abbd2e30b36733fee78f9c7f7308f2d0050e88f0087fd25c2645f63c773e1c7 \\
    --hash=sha256:9deba5723312380e77435581c6bf4935c94cbfab9b1ed33ef8d238ea168eb760
"""


def setup(line: str) -> Edit:
    """Another setup command."""
    return replace(CONTRACT, f'setup = "{SYNC}"', f'setup = "{line}"')


def locked(package: str, entry: str = "") -> Edit:
    """The entry of a package in the lock, rewritten by hand; left out when empty."""

    def edit(project: Path) -> None:
        text = (project / LOCK).read_text(encoding="utf-8")
        changed, count = re.subn(rf"^{package}==.*\n(?:    .*\n)+", entry, text, flags=re.MULTILINE)
        if count != 1:
            raise ValueError(f"`{LOCK}` does not hold `{package}` once: this edit has gone stale")
        (project / LOCK).write_text(changed, encoding="utf-8", newline="\n")

    return edit


def without_hashes(project: Path) -> None:
    """The lock as it is without `--generate-hashes`."""
    text = (project / LOCK).read_text(encoding="utf-8")
    (project / LOCK).write_text(re.sub(r" \\\n +--hash=\S+", "", text), encoding="utf-8", newline="\n")


def committed_once(path: str, content: bytes) -> Edit:
    """Commit a file, ignored or not, and remove it in the next commit."""

    def edit(project: Path) -> None:
        (project / path).write_bytes(content)
        subprocess.run(["git", "-C", str(project), "add", "--force", path], check=True)
        commit(project)
        (project / path).unlink()

    return edit


MISTAKES = (
    Mistake(
        "setup-names-a-file-that-was-renamed",
        fails="test_sets_up_in_a_clean_clone",
        says="File not found: requirements.txt",
        edits=(setup("uv pip sync requirements.txt"),),
    ),
    Mistake(
        "setup-makes-an-environment-of-its-own",
        fails="test_sets_up_in_a_clean_clone",
        says="it made an environment of its own, `.venv`",
        edits=(setup("uv venv .venv && uv pip sync --python .venv requirements.lock"),),
    ),
    Mistake(
        "setup-needs-a-tool-of-the-author",
        fails="test_sets_up_in_a_clean_clone",
        says="it needs a program that this environment lacks",
        edits=(setup("conda-of-ada env update --file environment.yml"),),
    ),
    Mistake(
        "lock-without-pyarrow",
        fails="test_lock_is_complete",
        says="pyarrow",
        edits=(locked("pyarrow"),),
    ),
    Mistake(
        "lock-cleared-of-what-nobody-imports",
        fails="test_lock_is_complete",
        says="h11",
        edits=(locked("h11"),),
    ),
    Mistake(
        "one-more-package-beside-the-lock",
        fails="test_lock_is_exact",
        says="setup installed tabulate",
        edits=(setup(f"{SYNC} && uv pip install tabulate"),),
    ),
    Mistake(
        "upgraded-after-the-lock",
        fails="test_lock_is_exact",
        says="`requirements.lock` pins 2.1.0",
        edits=(locked("iniconfig", OLDER_INICONFIG), setup(f"{SYNC} && uv pip install --upgrade iniconfig")),
    ),
    Mistake(
        "lock-without-hashes",
        fails="test_lock_is_enforced",
        says="`requirements.lock` holds no hashes",
        edits=(without_hashes,),
    ),
    Mistake(
        "hashes-that-nobody-compares",
        fails="test_lock_is_enforced",
        says="with every hash in `requirements.lock` changed, the setup command still ends well",
        edits=(setup("uv pip sync --no-verify-hashes requirements.lock"),),
    ),
    Mistake(
        "test-file-that-pytest-does-not-find",
        fails="test_tests_pass",
        says="no tests ran",
        edits=(move(TESTS, "tests/features.py"),),
    ),
    Mistake(
        "tests-need-a-model-that-was-trained-before",
        fails="test_tests_pass",
        says="model/model.skops",
        edits=(append(TESTS, NEEDS_THE_MODEL),),
    ),
    Mistake(
        "red-tests-end-with-0",
        fails="test_tests_pass",
        says="was made to raise an error, and the test command stays green",
        edits=(replace(CONTRACT, '"nox -s tests"', '"nox -s tests || true"'),),
    ),
    Mistake(
        "tests-read-the-source",
        fails="test_tests_survive_a_refactoring",
        says="test_lead_time_is_a_difference",
        edits=(
            replace(TESTS, "from dataclasses import", "import inspect\nfrom dataclasses import"),
            append(TESTS, READS_THE_SOURCE),
        ),
    ),
    Mistake(
        "tests-know-a-private-name",
        fails="test_tests_survive_a_refactoring",
        says="cannot import name '_one_hot'",
        edits=(
            replace(TESTS, "    FEATURES,\n", "    FEATURES,\n    _one_hot,\n"),
            append(TESTS, KNOWS_A_PRIVATE_NAME),
        ),
    ),
    Mistake(
        "no-test-of-a-walk-in",
        fails="test_tests_catch_a_wrong_boundary",
        says="refuses an appointment that starts at the moment of its booking",
        edits=(replace(TESTS, WALK_IN, ""),),
    ),
    Mistake(
        "impossible-counts-are-only-negative-ones",
        fails="test_tests_catch_a_wrong_boundary",
        says="accepts more missed appointments than there were",
        edits=(replace(TESTS, "[(-1, 3), (4, 3)]", "[(-1, 3), (-4, 3)]"),),
    ),
    Mistake(
        "an-example-in-which-the-prior-does-not-show",
        fails="test_tests_catch_a_wrong_formula",
        says="ignores its prior",
        edits=(replace(TESTS, RATES, "[(1, 5, 0.2), (2, 10, 0.2)]"),),
    ),
    Mistake(
        "whole-hours-only",
        fails="test_tests_catch_a_wrong_formula",
        says="drops the minutes",
        edits=(
            replace(TESTS, "datetime(2026, 3, 16, 9, 45)) == pytest.approx(9.75)", "datetime(2026, 3, 16, 9)) == 9"),
            replace(TESTS, '    assert row["hour_of_day"] == pytest.approx(10.5)\n', ""),
        ),
    ),
    Mistake(
        "row-is-only-counted",
        fails="test_tests_catch_a_wrong_order",
        says="puts the distance where the age belongs",
        edits=(
            replace(TESTS, ROW_VALUES, "    assert len(row) == len(FEATURES)\n"),
            replace(TESTS, '    assert matrix[1, FEATURES.index("age")] == 20\n', ""),
        ),
    ),
    Mistake(
        "some-clinic-is-marked",
        fails="test_tests_catch_a_wrong_order",
        says="marks another clinic",
        edits=(replace(TESTS, ONE_CLINIC, 'sum(row[f"clinic_{name}"] for name in CLINICS) == 1, clinic'),),
    ),
    Mistake(
        "lint-looks-elsewhere",
        fails="test_lint_tells_good_from_bad",
        says="stays green",
        edits=(replace(SESSIONS, '"ruff", "check", "."', '"ruff", "check", "tests"'),),
    ),
    Mistake(
        "lint-is-red-from-the-start",
        fails="test_lint_tells_good_from_bad",
        says="the `lint` command fails",
        edits=(replace(SETTINGS, 'extend-select = ["B", "I", "UP"]', 'extend-select = ["B", "D", "I", "UP"]'),),
    ),
    Mistake(
        "types-are-not-checked-where-it-matters",
        fails="test_types_tell_good_from_bad",
        says="with a function that returns a number where it promises text",
        edits=(append(SETTINGS, TYPES_SWITCHED_OFF),),
    ),
    Mistake(
        "wrong-types-end-with-0",
        fails="test_types_tell_good_from_bad",
        says="the types command stays green",
        edits=(replace(SESSIONS, 'session.run("mypy")', 'session.run("mypy", success_codes=[0, 1])'),),
    ),
    Mistake(
        "tracking-is-not-ignored",
        fails="test_only_source_is_committed",
        says="git would commit `tracking/`",
        edits=(replace(IGNORED, "/tracking/\n", ""),),
    ),
    Mistake(
        "settings-were-committed-once",
        fails="test_only_source_is_committed",
        says="`.env`, line 1, looks like a secret (file of settings and passwords) in the history",
        edits=(committed_once(".env", b"SMS_GATEWAY=https://sms.example.org\n"),),
    ),
    Mistake(
        "a-large-file-was-committed-once",
        fails="test_only_source_is_committed",
        says="`everything.zip` has 8 MiB in the history",
        edits=(committed_once("everything.zip", os.urandom(8 * 2**20)),),
    ),
    Mistake(
        "a-private-key-for-the-tests",
        fails="test_only_source_is_committed",
        says="`tests/server`, line 1, looks like a secret (Private Key) in the tree",
        edits=(write("tests/server", KEY),),
    ),
    Mistake(
        "readme-says-usage",
        fails="test_readme_commands_work",
        says='no shell block under a heading "Run"',
        edits=(replace("README.md", "## Run\n", "## Usage\n"),),
    ),
    Mistake(
        "readme-trains-before-it-ingests",
        fails="test_readme_commands_work",
        says="`python -m noshow train` did not work",
        edits=(replace("README.md", "python -m noshow ingest\npython -m noshow train", "python -m noshow train"),),
    ),
    Mistake(
        "readme-ends-before-the-service",
        fails="test_readme_commands_work",
        says="`python -m noshow export` was the last command",
        edits=(replace("README.md", SERVE, ""),),
    ),
    Mistake(
        "readme-names-another-port",
        fails="test_readme_commands_work",
        says="something listens on port 8001",
        edits=(replace("README.md", SERVE, f"PORT=8001 {SERVE}"),),
    ),
)

# what the gate makes in one project: no check of a group needs another of it, and no edit changes what another changes
TOGETHER = (
    (
        "one-more-package-beside-the-lock",
        "test-file-that-pytest-does-not-find",
        "lint-looks-elsewhere",
        "types-are-not-checked-where-it-matters",
    ),
    ("lock-without-hashes", "tests-read-the-source"),
    (
        "no-test-of-a-walk-in",
        "an-example-in-which-the-prior-does-not-show",
        "row-is-only-counted",
        "tracking-is-not-ignored",
        "readme-says-usage",
    ),
)
