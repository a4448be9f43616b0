"""What is wrong with a workflow file, in the words that its author reads."""

from __future__ import annotations

import pytest

from mlops_grader.instruments.workflow.schema import action_problems, problems

JOBS = """jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: pytest
"""
PUSH = f"on: push\n{JOBS}"
TWO_JOBS = f"{PUSH}  build:\n    runs-on: x\n    steps: [{{run: make}}]\n"
CALLED = "`./.github/workflows/file.yml` or `owner/repository/.github/workflows/file.yml@version`"
TAB = "while scanning for the next token found character '\\t' that cannot start any token"

ACCEPTED = {
    "plain": PUSH,
    "carriage returns": PUSH.replace("\n", "\r\n"),
    "byte-order mark": "\ufeff" + PUSH,
    "types as text": f"on: {{pull_request: {{types: opened}}}}\n{JOBS}",
    "branches as text": f"on: {{push: {{branches: main}}}}\n{JOBS}",
    "null filters": f"on:\n  push:\n  pull_request:\n{JOBS}",
    "container that may be empty": f"{PUSH}    container: ${{{{ matrix.image }}}}\n",
    "only include": f"{PUSH}    strategy: {{matrix: {{include: [{{python: 3.12}}]}}}}\n",
    "matrix from an output": f"{PUSH}    strategy: {{matrix: '${{{{ fromJson(needs.plan.outputs.it) }}}}'}}\n",
    "axis of objects": f"{PUSH}    strategy: {{matrix: {{on: [{{image: a, tag: 1}}, {{image: b}}]}}}}\n",
    "null in an axis": f"{PUSH}    strategy: {{matrix: {{extra: [null, a]}}}}\n",
    "strategy without matrix": f"{PUSH}    strategy: {{fail-fast: false}}\n",
    "action of the repository": f"{PUSH}      - uses: ./\n      - uses: ./.github/actions/x\n",
    "numbers for text": f"name: 1\n{PUSH}        name: 3.10\n    outputs: {{a: 1}}\n",
    "empty name": f"name:\n{PUSH}",
    "empty variable": f"env: {{A: }}\n{PUSH}",
    "functions in any case": f"{PUSH}        if: SUCCESS() && contains(tojson(needs.*.result), 'x')\n",
    "needs in another case": f"{TWO_JOBS}    needs: TEST\n",
    "no type of input": f"on: {{workflow_dispatch: {{inputs: {{a: {{default: true}}}}}}}}\n{JOBS}",
    "called workflow": "on: push\njobs: {a: {uses: ./.github/workflows/b.yml, secrets: inherit}}\n",
    "anchors": f"x: &a 1\n{PUSH}".replace("x: &a 1", "env: &a {A: b}") + "    env: *a\n",
    "underscore in a number": f"env: {{A: 1_000}}\n{PUSH}",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_github_accepts_has_no_problems(name: str) -> None:
    assert problems("ci.yml", ACCEPTED[name]) == []


REFUSED = [
    ("", [(None, "is empty")]),
    (" ", [(None, "is empty")]),
    ("# nothing\n", [(None, "is empty")]),
    (
        "- run: pytest\n",
        [(1, "is a list; a workflow has the keys `on` and `jobs` at its top, and steps stand in a job's `steps`")],
    ),
    (
        "pytest\n",
        [(1, "is no mapping; a workflow has the keys `on` and `jobs` at its top, and steps stand in a job's `steps`")],
    ),
    (JOBS, [(1, "`on`: is missing")]),
    ("on: push\n", [(1, "`jobs`: is missing")]),
    ("on: push\njobs:\n", [(2, "`jobs`: is empty; wanted is a mapping")]),
    (f"on:\n{JOBS}", [(1, "`on`: is empty; wanted is text or a list or a mapping")]),
    (
        f"true: push\n{JOBS}",
        [
            (1, "`true`: unknown key; did you mean `on`? A tool for YAML 1.1 writes `on` as the boolean true"),
            (1, "`on`: is missing"),
        ],
    ),
    (f"on: pusj\n{JOBS}", [(1, "`on`: `pusj` is not known; did you mean `push`?")]),
    (f"on:\n  push:\n    branch: [a]\n{JOBS}", [(3, "`on.push.branch`: unknown key; did you mean `branches`?")]),
    (f"on:\n  push: [main]\n{JOBS}", [(2, "`on.push`: is a list; wanted is nothing or a mapping")]),
    (
        f"on:\n  push: {{paths: [a], paths-ignore: [b]}}\n{JOBS}",
        [(2, "`on.push`: `paths` and `paths-ignore` cannot stand together; in the first, `!` before a pattern excludes")],
    ),
    (
        f"on:\n  push:\n    tags: ['!v1']\n{JOBS}",
        [(3, "`on.push.tags`: every pattern begins with `!`, so nothing matches; use `tags-ignore` without `!`")],
    ),
    (
        f"on:\n  workflow_dispatch:\n    inputs:\n      a: {{type: choice}}\n{JOBS}",
        [(4, "`on.workflow_dispatch.inputs.a.options`: is missing for a choice")],
    ),
    (f"{PUSH}      - runs: make\n", [(7, "`jobs.test.steps[2].runs`: unknown key; did you mean `run`?")]),
    (f"{PUSH}      - name: make\n", [(7, "`jobs.test.steps[2]`: has neither `run` nor `uses`")]),
    (
        f"{PUSH}        uses: actions/checkout@v5\n",
        [(6, "`jobs.test.steps[1]`: has both `run` and `uses`; make two steps of it")],
    ),
    (
        f"{PUSH}        with: {{a: b}}\n",
        [(7, "`jobs.test.steps[1].with`: is for actions; give values to `run` through `env`")],
    ),
    (
        f"{PUSH}      - uses: ./\n        shell: bash\n",
        [(8, "`jobs.test.steps[2].shell`: needs `run` beside it")],
    ),
    (f"{PUSH}      - parallel: [{{run: a}}]\n", [(7, "`jobs.test.steps[2].parallel`: this grader does not run steps side by side")]),
    (
        f"{PUSH}        id: a\n      - run: b\n        id: A\n",
        [(9, "`jobs.test.steps[2].id`: `A` is taken by the step in line 7")],
    ),
    (
        f"{PUSH}        id: my step\n",
        [(7, "`jobs.test.steps[1].id`: `my step` is no id; use letters, digits, `-` and `_`, and begin with a letter or one `_`")],
    ),
    (f"{TWO_JOBS}    needs: tests\n", [(10, "`jobs.build.needs`: there is no job `tests`; did you mean `test`?")]),
    (
        f"{TWO_JOBS}    needs: [build]\n",
        [(10, "`jobs.build.needs`: the jobs wait for each other: `build` needs `build`")],
    ),
    (
        f"{TWO_JOBS}    needs: Build\n",
        [(10, "`jobs.build.needs`: the jobs wait for each other: `build` needs `build`")],
    ),
    (
        "on: push\njobs:\n  a: {needs: b, runs-on: x, steps: [{run: a}]}\n  b: {needs: a, runs-on: x, steps: [{run: b}]}\n",
        [(3, "`jobs.a.needs`: the jobs wait for each other: `a` needs `b` needs `a`")],
    ),
    (
        "on: push\njobs:\n  a: {runs-on: x}\n",
        [(3, "`jobs.a`: has neither `steps` nor `uses`, so there is nothing to run")],
    ),
    ("on: push\njobs:\n  a: {steps: [{run: a}]}\n", [(3, "`jobs.a.runs-on`: is missing")]),
    (
        "on: push\njobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    steps: []\n",
        [(5, "`jobs.a.steps`: cannot stand beside `uses`; a job has steps of its own or calls a workflow")],
    ),
    (
        "on: push\njobs:\n  a: {uses: b}\n",
        [
            (
                3,
                f"`jobs.a.uses`: `b` names no workflow; write {CALLED}",
            )
        ],
    ),
    (
        "on: push\njobs:\n  2nd: {runs-on: x, steps: [{run: a}]}\n",
        [(3, "`jobs.2nd`: is no name; use letters, digits, `-` and `_`, and begin with a letter or `_`")],
    ),
    (
        f"{PUSH}    timeout-minutes: ten\n",
        [(7, "`jobs.test.timeout-minutes`: is the text `ten`; wanted is a number or an expression `${{ }}`")],
    ),
    (f"{PUSH}    permissions: {{contents: reed}}\n", [(7, "`jobs.test.permissions.contents`: `reed` is not known; did you mean `read`?")]),
    (f"{PUSH}    strategy: {{matrix: {{a: []}}}}\n", [(7, "`jobs.test.strategy.matrix.a`: is empty")]),
    (f"{PUSH}    env:\n", [(7, "`jobs.test.env`: is empty; wanted is a mapping")]),
    (f"{PUSH}{JOBS}", [(7, "the key `jobs` is there twice")]),
    (f"env: {{A: 1, a: 2}}\n{PUSH}", [(1, "the keys `A` and `a` differ only in case, and GitHub takes them for the same")]),
    (f"{PUSH}    <<: {{name: a}}\n", [(7, "GitHub does not merge with `<<`; write the keys out")]),
    (
        "on:\n\tpush:\n",
        [
            (
                2,
                f"is not valid YAML: {TAB}; indent with spaces, not with tabs",
            )
        ],
    ),
    (
        "on:\n  push:\n    paths:\n      - **/a\n",
        [(4, "is not valid YAML: found undefined alias '*/a'; put quotes around what begins with `*`")],
    ),
    ("a: &a [*a]\n", [(None, "unfolds to more than any workflow needs; check its aliases")]),
    ("[" * 600, [(None, "is nested too deeply")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), REFUSED)
def test_what_github_refuses_is_told_with_its_line(text: str, expected: list[tuple[int | None, str]]) -> None:
    assert [(problem.line, problem.words) for problem in problems("ci.yml", text)] == expected


def test_every_problem_names_the_file_and_they_come_by_line() -> None:
    found = problems("ci.yml", "jobs:\n  a: {runs-on: x, needs: b, steps: [{run: 1, wiht: 2}]}\n  c: 1\n")
    assert {problem.file for problem in found} == {"ci.yml"}
    assert [problem.line for problem in found] == [1, 2, 2, 3]


RUN = "{run: make, shell: bash}"
ACTIONS = [
    (f"runs: {{using: composite, steps: [{RUN}]}}\n", []),
    (f"inputs: {{a: {{required: true}}}}\noutputs: {{b: {{value: c}}}}\nruns: {{using: composite, steps: [{RUN}]}}\n", []),
    ("runs: {using: node20, main: index.js}\n", []),
    ("runs: {using: docker, image: Dockerfile}\n", []),
    ("name: a\n", [(1, "`runs`: is missing")]),
    ("runs: {using: composite}\n", [(1, "`runs.steps`: is missing")]),
    (
        "runs:\n  using: composite\n  steps:\n    - run: make\n",
        [(4, "`runs.steps[1].shell`: is missing; in an action each `run` names one")],
    ),
    (f"runs:\n  using: compsite\n  steps: [{RUN}]\n", [(2, "`runs.using`: is the text `compsite`; wanted is `composite`")]),
    (
        f"inputs:\n  a: {{defaul: 1}}\nruns: {{using: composite, steps: [{RUN}]}}\n",
        [(2, "`inputs.a.defaul`: unknown key; did you mean `default`?")],
    ),
    ("- run: make\n", [(1, "is a list; an action has the keys `name`, `description` and `runs` at its top")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ACTIONS)
def test_the_metadata_of_an_action_is_checked_too(text: str, expected: list[tuple[int | None, str]]) -> None:
    assert [(problem.line, problem.words) for problem in action_problems("action.yml", text)] == expected
