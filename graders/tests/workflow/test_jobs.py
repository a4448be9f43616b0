"""Jobs of a run: their order, their conditions, what they hand to each other, and the machine that each one gets."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.instruments.workflow.conclusions import WorkflowRun
from mlops_grader.instruments.workflow.triggers import Event

Play = Callable[..., WorkflowRun]

RED_AND_AFTER = """
on: push
jobs:
  after: {{needs: between, if: "{condition}", runs-on: ubuntu-latest, steps: [{{run: "true"}}]}}
  between: {{needs: red, runs-on: ubuntu-latest, steps: [{{run: "true"}}]}}
  red: {{runs-on: ubuntu-latest, steps: [{{run: "{script}"}}]}}
"""
CONDITIONS = {
    "": "skipped",
    "always()": "success",
    "failure()": "success",
    "cancelled()": "skipped",
    "'x' == 'x'": "skipped",
    "!cancelled()": "success",
    "always() && needs.between.result == 'skipped'": "success",
}


def _conclusions(run: WorkflowRun) -> dict[str, str]:
    return {job.key: job.conclusion for job in run.jobs}


@pytest.mark.parametrize(("condition", "conclusion"), CONDITIONS.items())
def test_after_a_failure(play: Play, condition: str, conclusion: str) -> None:
    """What needs a failed job, directly or through another, is skipped unless its condition says otherwise."""
    run = play(RED_AND_AFTER.format(condition=condition, script="exit 3"))
    assert _conclusions(run) == {"red": "failure", "between": "skipped", "after": conclusion}
    assert run.conclusion == "failure"


def test_order_and_outputs(play: Play) -> None:
    """Jobs run after those that they need, and read their outputs and results."""
    run = play("""
        on: push
        jobs:
          last:
            needs: [first]
            runs-on: ubuntu-latest
            steps: [{run: "echo ${{ needs.first.outputs.word }} ${{ needs.first.result }} ${{ needs.other.result }}!"}]
          first:
            runs-on: ubuntu-latest
            outputs: {word: "${{ steps.say.outputs.word }}", none: "${{ steps.say.outputs.none }}"}
            steps: [{id: say, run: 'echo word=hello >> "$GITHUB_OUTPUT"'}]
        """)
    assert [job.key for job in run.jobs] == ["first", "last"]
    assert run.jobs[0].outputs == {"word": "hello", "none": ""}
    assert run.jobs[1].steps[0].log == "hello success !\n"


def test_matrix_fails_fast(play: Play) -> None:
    """The jobs of a matrix after a failed one are cancelled, and named by their values; the whole has failed."""
    run = play("""
        on: push
        jobs:
          one:
            strategy: {matrix: {code: [0, 1, 2]}}
            runs-on: ubuntu-latest
            steps: [{run: "exit ${{ matrix.code }}"}]
          two: {needs: one, if: needs.one.result == 'failure' && failure(), runs-on: ubuntu-latest, steps: [{run: ls}]}
        """)
    found = [(job.name, job.conclusion) for job in run.jobs]
    assert found == [("one (0)", "success"), ("one (1)", "failure"), ("one (2)", "cancelled"), ("two", "success")]


def test_matrix_goes_on(play: Play) -> None:
    """With `fail-fast: false`, or a job that may fail, every combination runs."""
    run = play("""
        on: push
        jobs:
          one:
            name: Try ${{ matrix.code }}
            strategy: {fail-fast: false, matrix: {code: [1, 0]}}
            runs-on: ubuntu-latest
            steps: [{run: "exit ${{ matrix.code }}"}]
          two:
            strategy: {matrix: {code: [1, 0]}}
            continue-on-error: ${{ matrix.code == 1 }}
            runs-on: ubuntu-latest
            steps: [{run: "echo ${{ strategy.job-index }}/${{ strategy.job-total }}; exit ${{ matrix.code }}"}]
          three: {needs: two, runs-on: ubuntu-latest, steps: [{run: ls}]}
        """)
    found = [(job.name, job.conclusion) for job in run.jobs]
    ones, twos = [("Try 1", "failure"), ("Try 0", "success")], [("two (1)", "success"), ("two (0)", "success")]
    assert found == [*ones, *twos, ("three", "success")]
    assert run.jobs[3].steps[0].log == "1/2\n"
    assert [(job.name, step.exit) for job, step in run.swallowed] == [("two (1)", 1)]


def test_matrix_from_an_output(play: Play) -> None:
    """A matrix may be computed by an earlier job; outputs of its jobs come together, empty ones left out."""
    run = play("""
        on: push
        jobs:
          plan:
            runs-on: ubuntu-latest
            outputs: {rows: "${{ steps.rows.outputs.rows }}"}
            steps: [{id: rows, run: "echo 'rows=[\\"a\\", \\"b\\"]' >> $GITHUB_OUTPUT"}]
          work:
            needs: plan
            strategy: {matrix: {row: "${{ fromJSON(needs.plan.outputs.rows) }}"}}
            runs-on: ubuntu-latest
            outputs: {a: "${{ matrix.row == 'a' && 'x' || '' }}", last: "${{ matrix.row }}"}
            steps: [{run: "true"}]
          show: {needs: work, runs-on: ubuntu-latest, steps: [{run: "echo '${{ toJSON(needs.work.outputs) }}'"}]}
        """)
    assert '"a": "x"' in run.jobs[-1].steps[0].log
    assert '"last": "b"' in run.jobs[-1].steps[0].log


WORDS = {
    "matrix in if": ("if: matrix.x == 1", "`matrix.x == 1`: there is no context `matrix`"),
    "secrets in if": ("if: secrets.A != ''", "there is no context `secrets`"),
    "unknown function": ("if: succes()", "did you mean `success`?"),
    "env in env": ("env: {A: '${{ env.B }}'}", "there is no context `env`"),
    "runner in env": ("env: {A: '${{ runner.temp }}'}", "there is no context `runner`"),
    "broken matrix": ("strategy: {matrix: {a: '${{ github.ref }}'}}", "`matrix.a` is not a list"),
    "broken JSON": ("strategy: {matrix: '${{ fromJSON(github.ref) }}'}", "fromJSON"),
    "output": ("outputs: {a: '${{ stepz.a }}'}", "did you mean `steps`?"),
}


@pytest.mark.parametrize(("line", "words"), WORDS.values(), ids=WORDS)
def test_expressions_that_github_refuses(play: Play, line: str, words: str) -> None:
    """An expression that cannot be read fails its job, in words."""
    run = play(f"on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    {line}\n    steps: [{{run: 'true'}}]\n")
    assert (run.jobs[0].conclusion, run.jobs[0].key) == ("failure", "one")
    assert words in run.jobs[0].why


def test_each_job_has_a_fresh_machine(play: Play) -> None:
    """Files, the home folder, installed programs, variables and background processes end with their job."""
    run = play("""
        on: push
        jobs:
          first:
            runs-on: ubuntu-latest
            steps:
              - run: |
                  touch file ~/file "$RUNNER_TEMP/file"
                  printf '#!/bin/sh\\n' > "$(dirname "$(command -v python)")/mine"
                  printf '#!/bin/sh\\n' > "$(dirname "$(command -v git)")/mine"
                  chmod +x "$(dirname "$(command -v python)")/mine" "$(dirname "$(command -v git)")/mine"
                  mkdir -p closed/inside; touch closed/inside/file; chmod 0 closed/inside closed
                  mine
                  echo A=1 >> "$GITHUB_ENV"
          second:
            needs: first
            runs-on: ubuntu-latest
            steps:
              - run: |
                  ls -A . ~ "$RUNNER_TEMP" | grep -E '^(file|closed)$' && exit 1
                  command -v mine && exit 2
                  test -z "$A"
        """)
    assert _conclusions(run) == {"first": "success", "second": "success"}


def test_background_processes_live_as_long_as_their_job(play: Play) -> None:
    """What one step starts is there for the next one, and gone for the next job."""
    run = play("""
        on: push
        jobs:
          first:
            runs-on: ubuntu-latest
            steps:
              - run: sleep 60.0123 & echo "$!" > pid
              - id: see
                run: ps -o stat= -p "$(cat pid)" | grep -v Z && echo "pid=$(cat pid)" >> "$GITHUB_OUTPUT"
            outputs: {pid: "${{ steps.see.outputs.pid }}"}
          second: {needs: first, runs-on: ubuntu-latest, steps: [{run: "ps -o stat= -p ${{ needs.first.outputs.pid }} | grep -v Z"}]}
        """)
    assert [job.conclusion for job in run.jobs] == ["success", "failure"]


def test_a_job_out_of_time_is_cancelled(play: Play) -> None:
    """After `timeout-minutes` of a job the step is ended; only steps that always run, or on cancellation, still do."""
    run = play("""
        on: push
        jobs:
          slow:
            runs-on: ubuntu-latest
            timeout-minutes: 0.03
            steps: [{run: sleep 60}, {run: ls}, {if: failure(), run: ls}, {if: cancelled(), run: ls}, {if: always(), run: ls}]
        """)
    steps = [step.conclusion for step in run.jobs[0].steps]
    assert steps == ["cancelled", "skipped", "skipped", "success", "success"]
    assert (run.conclusion, run.jobs[0].why) == ("cancelled", "the job ran longer than its `timeout-minutes`")


def test_inputs_of_a_run_that_somebody_starts(play: Play) -> None:
    """`workflow_dispatch` inputs have their types, and stand in the event too."""
    text = """
        on:
          workflow_dispatch:
            inputs: {deep: {type: boolean}, count: {type: number, default: 2}, word: {type: string}}
        jobs:
          one:
            if: inputs.deep
            runs-on: ubuntu-latest
            steps: [{run: "echo ${{ inputs.count }} ${{ inputs.word }} ${{ github.event.inputs.word }}"}]
        """
    run = play(text, event=Event("workflow_dispatch", branch="main", inputs={"deep": True, "word": "x"}))
    assert run.jobs[0].steps[0].log == "2 x x\n"


def test_names_and_summary(play: Play) -> None:
    """The run has the workflow's name, and the summaries of its steps in order."""
    run = play("""
        name: Check
        on: push
        jobs:
          b: {needs: a, runs-on: ubuntu-latest, steps: [{run: "echo three >> $GITHUB_STEP_SUMMARY"}]}
          a:
            runs-on: ubuntu-latest
            steps: [{run: "echo one >> $GITHUB_STEP_SUMMARY; echo two >> $GITHUB_STEP_SUMMARY; exit 0"}]
        """)
    assert (run.name, run.file, run.summary.split()) == ("Check", ".github/workflows/ci.yml", ["one", "two", "three"])
