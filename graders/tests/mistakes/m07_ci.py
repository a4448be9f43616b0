"""Wrong pipelines, each wrong in one way."""

from __future__ import annotations

import hashlib
from pathlib import Path

from submissions import Edit, Mistake, replace, write

WORKFLOW, DATA, MODEL, TESTS = (
    ".github/workflows/ci.yml",
    "ci/check_data.py",
    "ci/check_model.py",
    "tests/test_features.py",
)
LINT, TYPES = "run: nox -s lint\n", "run: nox -s types\n"
RUN_TESTS = "run: coverage run --source=noshow -m pytest\n"
SCAN = "run: git ls-files -z -- ':!*.lock' ':!data' | xargs -0 detect-secrets-hook\n"
COMPARE = 'python -m ci.check_model >> "$GITHUB_STEP_SUMMARY"\n'
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
CONCURRENCY = """concurrency:
  group: ci-${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: true
"""
COVERAGE = """      - name: Coverage
        run: |
          {
            echo "## Coverage"
            coverage report --format=markdown
          } >> "$GITHUB_STEP_SUMMARY"
"""
LINT_STEP = f"      - name: Lint\n        {LINT}"
LINT_JOB = f"""
  lint:
    name: Lint
    needs: image
    runs-on: ubuntu-latest
    timeout-minutes: 5
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: astral-sh/setup-uv@85856786d1ce8acfbcc2f13a5f3fbd6b938f9f41 # v7.1.2
        with:
          activate-environment: true
      - run: uv pip sync requirements.lock
{LINT_STEP}"""
LITTLE = '''"""What the features hold at nine o'clock."""

from datetime import datetime

from noshow.features import FEATURES, hour_of_day


def test_features_have_names() -> None:
    assert all(FEATURES)


def test_nine_is_nine() -> None:
    assert hour_of_day(datetime(2026, 3, 2, 9)) == 9
'''
LOOKS = f"""name: CI
on: [push, pull_request]
permissions: {{}}
jobs:
  look:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0
      - run: pip install ruff==0.14.5
      - run: ruff check
"""


def frozen_features(project: Path) -> None:
    """A step that fails when a file is not the one of today."""
    digest = hashlib.sha256((project / "noshow/features.py").read_bytes()).hexdigest()
    for edit in step("Frozen", f'echo "{digest}  noshow/features.py" | sha256sum --check'):
        edit(project)


def workflow(old: str, new: str) -> tuple[Edit, ...]:
    """Other words in the workflow."""
    return (replace(WORKFLOW, old, new),)


def step(name: str, run: str) -> tuple[Edit, ...]:
    """One more step, before the linter."""
    return workflow(LINT_STEP, f"      - name: {name}\n        run: {run}\n{LINT_STEP}")


TELLS = (
    Mistake(
        "tools-are-not-installed",
        fails="test_tells_good_from_bad",
        says="it is red on a clean clone",
        edits=workflow("uv pip sync requirements.lock requirements-ci.lock", "uv pip sync requirements.lock"),
    ),
    Mistake(
        "key-that-nobody-knows",
        fails="test_tells_good_from_bad",
        says="did you mean `runs-on`?",
        edits=workflow("runs-on:", "run-on:"),
    ),
    Mistake(
        "needs-a-job-that-is-not-there",
        fails="test_tells_good_from_bad",
        says="did you mean `model`?",
        edits=workflow("needs: model", "needs: modle"),
    ),
    Mistake(
        "code-may-not-change",
        fails="test_tells_good_from_bad",
        says="with a comment and a rewritten function it is red",
        edits=(frozen_features,),
    ),
    Mistake(
        "looks-and-never-runs",
        fails="test_tells_good_from_bad",
        says="with an error in every function of `noshow/features.py` it is green",
        edits=(write(WORKFLOW, LOOKS),),
    ),
)

RUNS = (
    Mistake(
        "only-on-push",
        fails="test_runs_on_push_and_pull_request",
        says="no workflow starts on pull_request",
        edits=workflow("  pull_request:\n", ""),
    ),
    Mistake(
        "only-on-another-branch",
        fails="test_runs_on_push_and_pull_request",
        says="no workflow starts on push",
        edits=workflow("branches: [main]", "branches: [release]"),
    ),
)

CODE = (
    Mistake(
        "lint-is-forgiven",
        fails="test_goes_red_for_a_lint_fault",
        says="what stands after `||` hides the failure",
        edits=workflow(LINT, "run: nox -s lint || true\n"),
    ),
    Mistake(
        "lints-the-tests-only",
        fails="test_goes_red_for_a_lint_fault",
        says="it is green",
        edits=workflow(LINT, "run: ruff check tests\n"),
    ),
    Mistake(
        "types-may-fail",
        fails="test_goes_red_for_a_type_fault",
        says="and the run is green all the same",
        edits=workflow(TYPES, f"continue-on-error: true\n        {TYPES}"),
    ),
    Mistake(
        "types-are-forgotten",
        fails="test_goes_red_for_a_type_fault",
        says="it is green",
        edits=workflow(f"      - name: Types\n        {TYPES}", ""),
    ),
    Mistake(
        "only-old-tests",
        fails="test_goes_red_for_a_failing_test",
        says="it is green",
        edits=workflow(RUN_TESTS, RUN_TESTS.replace("pytest", 'pytest -k "lead or rate or hour or row or monday"')),
    ),
    Mistake(
        "red-tests-are-known",
        fails="test_goes_red_for_a_failing_test",
        says="it is green",
        edits=workflow(RUN_TESTS, RUN_TESTS.replace("pytest", 'pytest || test "$?" = 1')),
    ),
    Mistake(
        "tests-that-show-nothing",
        fails="test_goes_red_for_a_bug_in_a_feature",
        says="a bug in `noshow/features.py`",
        edits=(write(TESTS, LITTLE),),
    ),
    Mistake(
        "skips-what-is-slow-to-mend",
        fails="test_goes_red_for_a_bug_in_a_feature",
        says="a bug in `noshow/features.py`",
        edits=workflow(
            RUN_TESTS, RUN_TESTS.replace("pytest", 'pytest -k "not (lead or rate or hour or row or clinic)"')
        ),
    ),
)

DATA_AND_MODEL = (
    Mistake(
        "half-a-file-is-enough",
        fails="test_goes_red_for_changed_data",
        says="it is green",
        edits=(replace(DATA, "MOST_BAD = 0.05", "MOST_BAD = 1.0"),),
    ),
    Mistake(
        "data-are-checked-on-release-only",
        fails="test_goes_red_for_changed_data",
        says="it is green",
        edits=workflow(
            "        run: python -m ci.check_data\n",
            "        if: github.ref == 'refs/heads/release'\n        run: python -m ci.check_data\n",
        ),
    ),
    Mistake(
        "a-pipe-hides-the-comparison",
        fails="test_goes_red_for_a_worse_model",
        says="a pipe ends with the exit code of its last program",
        edits=workflow(COMPARE, 'python -m ci.check_model | tee -a "$GITHUB_STEP_SUMMARY"\n'),
    ),
    Mistake(
        "compares-and-never-refuses",
        fails="test_goes_red_for_a_worse_model",
        says="it is green",
        edits=(replace(MODEL, "return 1 if worse else 0", "return 0"),),
    ),
)

IMAGE = (
    Mistake(
        "gives-up-quietly",
        fails="test_goes_red_for_an_image_that_does_not_start",
        says="it is green",
        edits=workflow("          docker logs smoke\n          exit 1\n", "          docker logs smoke\n"),
    ),
    Mistake(
        "builds-and-never-starts",
        fails="test_goes_red_for_an_image_that_does_not_start",
        says="it is green",
        edits=workflow(
            "          docker run --detach --name smoke --publish 127.0.0.1:8000:8000 noshow:ci\n", "          exit 0\n"
        ),
    ),
)

SECRETS = (
    Mistake(
        "scans-settings-only",
        fails="test_goes_red_for_a_committed_secret",
        says="it is green",
        edits=workflow("':!*.lock' ':!data'", "'*.toml'"),
    ),
    Mistake(
        "secrets-are-forgiven",
        fails="test_goes_red_for_a_committed_secret",
        says="what stands after `||` hides the failure",
        edits=workflow(SCAN, SCAN.replace("-hook", "-hook || true")),
    ),
)

AROUND = (
    Mistake(
        "nobody-waits-for-the-linter",
        fails="test_fails_fast",
        says="still built an image",
        edits=workflow("    needs: code\n", ""),
    ),
    Mistake(
        "lint-comes-last",
        fails="test_fails_fast",
        says="still built an image",
        edits=(
            *workflow(LINT_STEP, ""),
            *workflow(
                "          docker logs smoke\n          exit 1\n",
                f"          docker logs smoke\n          exit 1\n{LINT_JOB}",
            ),
        ),
    ),
    Mistake(
        "nothing-is-cancelled",
        fails="test_cancels_what_is_superseded",
        says="both run to their end",
        edits=workflow(CONCURRENCY, ""),
    ),
    Mistake(
        "everybody-cancels-everybody",
        fails="test_cancels_what_is_superseded",
        says="cancel each other",
        edits=workflow("ci-${{ github.workflow }}-${{ github.ref }}", "ci"),
    ),
    Mistake(
        "cache-does-not-know-the-lock",
        fails="test_caches_what_it_downloads",
        says="the key of the cache stays",
        edits=workflow("cache-dependency-glob: requirements*.lock", "cache-dependency-glob: pyproject.toml"),
    ),
    Mistake(
        "no-cache",
        fails="test_caches_what_it_downloads",
        says="no step asks for a cache",
        edits=workflow("enable-cache: true", "enable-cache: false"),
    ),
    Mistake(
        "tag-instead-of-commit",
        fails="test_is_hard_to_abuse",
        says="unpinned-uses",
        edits=workflow(CHECKOUT, "actions/checkout@v5"),
    ),
    Mistake(
        "title-becomes-script",
        fails="test_is_hard_to_abuse",
        says="template-injection",
        edits=step("Say what is tested", 'echo "Testing ${{ github.event.pull_request.title }}"'),
    ),
    Mistake(
        "prints-a-token",
        fails="test_is_hard_to_abuse",
        says="prints the secret `GITHUB_TOKEN`",
        edits=workflow(
            LINT_STEP,
            "      - name: Debug\n        env:\n          TOKEN: ${{ secrets.GITHUB_TOKEN }}\n"
            f'        run: echo "$TOKEN" | base64 --wrap=0\n{LINT_STEP}',
        ),
    ),
    Mistake(
        "summary-of-good-models-only",
        fails="test_summary_says_what_was_measured",
        says="of a run whose model is worse",
        edits=workflow(
            COMPARE, 'python -m ci.check_model > table.md\n          cat table.md >> "$GITHUB_STEP_SUMMARY"\n'
        ),
    ),
    Mistake(
        "coverage-is-measured-and-not-shown",
        fails="test_summary_says_what_was_measured",
        says="does not show the coverage",
        edits=workflow(COVERAGE, ""),
    ),
)

MISTAKES = TELLS + RUNS + CODE + DATA_AND_MODEL + IMAGE + SECRETS + AROUND

# what the gate makes in one project: no check of a group needs another of it, and no edit changes what another changes
TOGETHER = (
    (
        "lint-is-forgiven",
        "types-may-fail",
        "only-old-tests",
        "half-a-file-is-enough",
        "gives-up-quietly",
        "scans-settings-only",
        "nothing-is-cancelled",
        "tag-instead-of-commit",
    ),
    (
        "tests-that-show-nothing",
        "nobody-waits-for-the-linter",
        "cache-does-not-know-the-lock",
        "summary-of-good-models-only",
    ),
)
