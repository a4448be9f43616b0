"""Other honest pipelines."""

from __future__ import annotations

from submissions import Alternative, remove, write

WORKFLOW = ".github/workflows/ci.yml"
CHECKOUT = """uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false"""
PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0"
UV = "astral-sh/setup-uv@85856786d1ce8acfbcc2f13a5f3fbd6b938f9f41 # v7.1.2"
CACHE = "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830 # v4.3.0"
HEAD = """on:
  push:
    branches: [main]
  pull_request:

permissions:
  contents: read

concurrency:
  group: ${{ github.workflow }}-${{ github.head_ref || github.ref }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}
"""

MAKEFILE = """SHELL = bash
.SHELLFLAGS = -eo pipefail -c

install:
\tpip install --quiet --require-hashes --requirement requirements.lock
\tpip install --quiet --require-hashes --requirement requirements-ci.lock

fast:
\truff check .
\tmypy
\tgit ls-files -z -- ':!*.lock' ':!data' | xargs -0 detect-secrets-hook
\tpython -m ci.check_data
\tcoverage run --source=noshow -m pytest
\tcoverage report | tee -a "$(GITHUB_STEP_SUMMARY)"

model:
\tpython -m noshow ingest
\tpython -m noshow train
\tpython -m noshow export
\tpython -m ci.check_model | tee -a "$(GITHUB_STEP_SUMMARY)"

smoke:
\tdocker build --quiet --tag noshow .
\tdocker run --rm --detach --name smoke --publish 127.0.0.1:8000:8000 noshow
\tcurl --fail --silent --show-error --retry 25 --retry-delay 1 --retry-all-errors --max-time 40 \\
\t\t--json @examples/request.json http://127.0.0.1:8000/predict
"""

ONE_JOB = f"""name: Everything

{HEAD}
jobs:
  all:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - {CHECKOUT}
      - uses: {PYTHON}
        with:
          python-version: "3.13"
          cache: pip
          cache-dependency-path: requirements*.lock
      - run: make install
      - run: make fast
      - run: make model
      - run: make smoke
"""

ACTION = f"""name: Set up
description: Python and the packages of the lock
inputs:
  locks:
    description: the files to install from
    default: requirements.lock
runs:
  using: composite
  steps:
    - uses: {UV}
      with:
        enable-cache: false
    - uses: {CACHE}
      with:
        path: ~/.cache/uv
        key: uv-${{{{ hashFiles('requirements*.lock') }}}}
        restore-keys: uv-
    - run: |
        uv venv --quiet
        for lock in $LOCKS; do uv pip install --quiet --requirement "$lock"; done
        echo "$PWD/.venv/bin" >> "$GITHUB_PATH"
      shell: bash
      env:
        LOCKS: ${{{{ inputs.locks }}}}
"""

MANY_JOBS = f"""name: CI

{HEAD}
env:
  IMAGE: noshow:${{{{ github.sha }}}}

jobs:
  static:
    strategy:
      fail-fast: false
      matrix:
        include:
          - name: Lint
            command: ruff check . && ruff format --check .
          - name: Types
            command: mypy noshow tests
          - name: Secrets
            command: git ls-files -z -- ':!*.lock' ':!data' | xargs -0 detect-secrets-hook
    name: ${{{{ matrix.name }}}}
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: ./.github/actions/set-up
        with:
          locks: requirements.lock requirements-ci.lock
      - run: ${{{{ matrix.command }}}}
        shell: bash

  tests:
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: ./.github/actions/set-up
        with:
          locks: requirements.lock requirements-ci.lock
      - run: coverage run -m pytest
      - name: Coverage
        if: always()
        run: coverage report --include='noshow/*' --format=markdown >> "$GITHUB_STEP_SUMMARY"

  data:
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: ./.github/actions/set-up
      - run: python -m ci.check_data

  model:
    needs: [data, tests]
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: ./.github/actions/set-up
      - run: |
          python -m noshow ingest
          python -m noshow train
          python -m noshow export
      - shell: bash
        run: python -m ci.check_model | tee -a "$GITHUB_STEP_SUMMARY"
      - uses: actions/upload-artifact@330a01c490aca151604b8cf639adc76d48f6c5d4 # v5.0.0
        with:
          name: model
          path: model/

  image:
    needs: [static, model]
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: actions/download-artifact@634f93cb2916e3fdff6788551b99b062d0335ce0 # v5.0.0
        with:
          name: model
          path: model
      - uses: docker/setup-buildx-action@e468171a9de216ec08956ac3ada2f0791b6bd435 # v3.11.1
      - uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0
        with:
          context: .
          load: true
          tags: ${{{{ env.IMAGE }}}}
      - name: Smoke test
        shell: python
        run: |
          import os, subprocess, time, urllib.request

          name = subprocess.check_output(["docker", "run", "-d", "-p", "127.0.0.1:8000:8000", os.environ["IMAGE"]], text=True).strip()
          body = open("examples/request.json", "rb").read()
          for _ in range(25):
              try:
                  request = urllib.request.Request("http://127.0.0.1:8000/predict", body, {{"Content-Type": "application/json"}})
                  print(urllib.request.urlopen(request, timeout=2).read())
                  break
              except OSError:
                  time.sleep(1)
          else:
              subprocess.run(["docker", "logs", name])
              raise SystemExit("the image does not answer")
"""

CALLED = f"""name: Checks

on:
  workflow_call:

permissions:
  contents: read

jobs:
  all:
    runs-on: ubuntu-latest
    steps:
      - {CHECKOUT}
      - uses: {UV}
        with:
          enable-cache: true
          cache-dependency-glob: "*.lock"
      - run: uv venv && uv pip sync requirements.lock requirements-ci.lock && echo "$PWD/.venv/bin" >> "$GITHUB_PATH"
      - run: make fast
      - run: make model
      - run: make smoke
"""
CALLER = """name: {name}
on:
  {event}

permissions:
  contents: read

concurrency:
  group: {name}-${{{{ github.ref }}}}
  cancel-in-progress: true

jobs:
  checks:
    uses: ./.github/workflows/checks.yml
"""

ALTERNATIVES = (
    Alternative(
        "many-jobs-with-a-composite-action",
        (write(".github/actions/set-up/action.yml", ACTION), write(WORKFLOW, MANY_JOBS)),
    ),
    Alternative(
        "two-workflows-that-call-a-third",
        (
            write("Makefile", MAKEFILE),
            remove(WORKFLOW),
            write(".github/workflows/checks.yml", CALLED),
            write(".github/workflows/main.yml", CALLER.format(name="Main", event="push:\n    branches: [main]")),
            write(".github/workflows/request.yaml", CALLER.format(name="Request", event="pull_request:")),
        ),
    ),
    # the last: pip installs everything anew in each of its runs, which takes a quarter of an hour
    Alternative("one-job-with-pip-and-make", (write("Makefile", MAKEFILE), write(WORKFLOW, ONE_JOB))),
)
