"""Local composite actions, and reusable workflows of the same repository."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun

Play = Callable[..., WorkflowRun]
PlaySteps = Callable[..., list[StepRun]]

GREET = """
name: Greet
description: Says hello
inputs:
  Who: {description: whom, default: world}
  ref: {description: of the run, default: "${{ github.ref }}"}
outputs:
  said: {description: words, value: "${{ steps.say.outputs.said }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      run: |
        echo "hello ${{ inputs.who }} ${{ inputs.ref }} $WHERE"
        echo "said=${{ inputs.Who }}" >> "$GITHUB_OUTPUT"
        echo "LATER=yes" >> "$GITHUB_ENV"
    - shell: bash
      run: bash "$GITHUB_ACTION_PATH/more.sh" "${{ github.action_path }}"
"""
FILES = {"greet/action.yml": GREET, "greet/more.sh": 'test "$(dirname "$0")" = "$1" && echo more\n'}
CHECKOUT = "- {uses: actions/checkout@v5}\n"


def test_composite_action(play_steps: PlaySteps) -> None:
    """Its inputs and defaults, the variables of its step, its outputs, its folder, and what it exports."""
    steps = play_steps(
        CHECKOUT
        + """\
- {id: one, uses: ./greet, with: {who: you}, env: {WHERE: here}}
- uses: ./greet
- run: echo ${{ steps.one.outputs.said }} $LATER $WHERE ${{ steps.say.outputs.said }}!
""",
        FILES,
    )
    assert steps[1].log == "hello you refs/heads/main here\n\nmore\n"
    assert steps[2].log == "hello world refs/heads/main \n\nmore\n"
    assert steps[3].log == "you yes !\n"


def test_unknown_input_of_an_action(play_steps: PlaySteps) -> None:
    """An input that an action does not have is a warning, as on GitHub."""
    steps = play_steps(CHECKOUT + "- {uses: ./greet, with: {whom: you}}", FILES)
    assert (steps[1].conclusion, steps[1].log.splitlines()[0]) == ("success", "unexpected input `whom` for `./greet`")


def test_failure_within_an_action(play_steps: PlaySteps) -> None:
    """A failed step fails the action, whose later steps are skipped unless they ask; actions may nest."""
    inner = "runs: {using: composite, steps: [{name: Break, run: exit 7, shell: bash}, {run: echo no, shell: bash}]}"
    outer = "runs: {using: composite, steps: [{uses: ./inner}, {if: failure(), run: echo yes, shell: bash}]}"
    head = "name: a\ndescription: a\n"
    files = {"inner/action.yml": head + inner, "outer/action.yaml": head + outer}
    steps = play_steps(CHECKOUT + "- {uses: ./outer}\n- {run: ls}", files)
    assert [step.conclusion for step in steps[1:]] == ["failure", "skipped"]
    assert steps[1].why == "Run ./inner: Break: exit code 7"
    assert steps[1].log.split() == ["yes"]
    assert steps[1].exit == 7


REFUSED = {
    "secrets in an action": ("{run: 'echo ${{ secrets.A }}', shell: bash}", "there is no context `secrets`"),
    "an action in itself": ("{uses: ./it}", "actions use each other too deeply"),
    "no such action": ("{uses: ./other}", "there is no such file"),
}


@pytest.mark.parametrize(("step", "words"), REFUSED.values(), ids=REFUSED)
def test_refused_actions(play_steps: PlaySteps, step: str, words: str) -> None:
    """What GitHub refuses in an action fails its step, in words."""
    action = f"name: a\ndescription: a\nruns: {{using: composite, steps: [{step}]}}\n"
    steps = play_steps(CHECKOUT + "- {uses: ./it}", {"it/action.yml": action})
    assert steps[1].conclusion == "failure"
    assert words in steps[1].why


def test_action_before_checkout(play_steps: PlaySteps) -> None:
    """A local action is not there before the repository is."""
    (step,) = play_steps("- {uses: ./greet}", FILES)
    assert (step.conclusion, "there is no such file" in step.why) == ("failure", True)


def test_local_action_in_node(play_steps: PlaySteps) -> None:
    """An action that is not made of steps cannot be played."""
    action = "name: a\ndescription: a\nruns: {using: node20, main: index.js}\n"
    steps = play_steps(CHECKOUT + "- {uses: ./it}", {"it/action.yml": action})
    assert steps[1].lacking == "the action `./it`, which runs in node20"


SHARED = ".github/workflows/shared.yml"
SHARED_TEXT = """
on:
  workflow_call:
    inputs:
      word: {type: string, required: true}
      deep: {type: boolean}
      count: {type: number}
    outputs: {said: {value: "${{ jobs.say.outputs.said }}"}}
    secrets: {KEY: {required: false}}
env: {B: inner}
jobs:
  say:
    runs-on: ubuntu-latest
    outputs: {said: "${{ steps.s.outputs.said }}", own: hidden}
    steps:
      - id: s
        run: |
          echo "${{ inputs.word }} ${{ inputs.deep }} ${{ inputs.count }} A=$A B=$B ${#KEY}"
          echo "said=${{ inputs.word }}" >> "$GITHUB_OUTPUT"
        env: {KEY: "${{ secrets.KEY }}"}
"""


def _caller(lines: str) -> str:
    return f"""
on: push
env: {{A: outer}}
jobs:
  call: {{uses: ./{SHARED}, {lines}}}
  after: {{needs: call, runs-on: ubuntu-latest, env: {{OWN: "${{{{ needs.call.outputs.own }}}}"}},
    steps: [{{run: "echo ${{{{ needs.call.outputs.said }}}} $OWN"}}]}}
"""


@pytest.mark.parametrize(
    ("secrets", "length"), [("inherit", 3), ("{KEY: '${{ secrets.OTHER }}'}", 5), ("{KEY: plain}", 5), (None, 0)]
)
def test_reusable_workflow(play: Play, secrets: str | None, length: int) -> None:
    """Inputs with their types, secrets inherited or mapped, outputs for later jobs; the caller's `env` stays outside."""
    more = f", secrets: {secrets}" if secrets else ""
    run = play(_caller("with: {word: hello}" + more), {SHARED: SHARED_TEXT}, secrets={"KEY": "abc", "OTHER": "abcde"})
    assert [(job.key, job.name) for job in run.jobs] == [("call", "call / say"), ("call", "call"), ("after", "after")]
    assert run.jobs[0].steps[0].log == f"hello false 0 A= B=inner {length}\n"
    assert run.jobs[2].steps[0].log.strip() == "hello"


REFUSED_CALLS = {
    "missing input": ("with: {deep: true}", SHARED_TEXT, "needs the input `word`"),
    "unknown input": ("with: {word: a, wrod: b}", SHARED_TEXT, "has no input `wrod`"),
    "input of another type": ("with: {word: a, deep: maybe}", SHARED_TEXT, "wants a boolean for the input `deep`"),
    "unknown secret": ("with: {word: a}, secrets: {K: b}", SHARED_TEXT, "has no secret `K`"),
    "missing secret": (
        "with: {word: a}",
        SHARED_TEXT.replace("required: false", "required: true"),
        "needs the secret `KEY`",
    ),
    "not to be called": (
        "with: {word: a}",
        "on: push\njobs: {a: {runs-on: x, steps: [{run: ls}]}}",
        "cannot be called",
    ),
    "too deep": ("with: {}", f"on: workflow_call\njobs: {{a: {{uses: ./{SHARED}}}}}", "call each other too deeply"),
}


@pytest.mark.parametrize(("lines", "shared", "words"), REFUSED_CALLS.values(), ids=REFUSED_CALLS)
def test_refused_calls(play: Play, lines: str, shared: str, words: str) -> None:
    """A call that does not fit fails its job in words, and what needs it is skipped."""
    run = play(_caller(lines), {SHARED: shared})
    assert [job.conclusion for job in run.jobs if job.key == "after"] == ["skipped"]
    assert any(job.conclusion == "failure" and words in job.why for job in run.jobs)


def test_a_failure_in_a_called_workflow(play: Play) -> None:
    """The calling job has failed when one of the called jobs has."""
    shared = "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: exit 1}]}}"
    run = play(_caller("with: {}"), {SHARED: shared})
    assert [job.conclusion for job in run.jobs] == ["failure", "failure", "skipped"]
    assert [step.exit for _, step in run.failures] == [1]


def test_workflow_of_another_repository(play: Play) -> None:
    """What lies elsewhere cannot be played, and neither can what needs it."""
    run = play(_caller("with: {}").replace(f"./{SHARED}", "other/repo/.github/workflows/a.yml@v1"))
    assert [job.conclusion for job in run.jobs] == ["not_run", "not_run"]
    assert run.jobs[0].lacking == "the workflow `other/repo/.github/workflows/a.yml@v1` of another repository"
