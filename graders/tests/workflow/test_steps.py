"""Steps of a job: shells and folders, variables, conditions, and what one leaves for the next."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun

Play = Callable[..., WorkflowRun]
PlaySteps = Callable[..., list[StepRun]]

ONE_STEP = {
    "no shell declared: no pipefail": ("- run: false | true", "success", ""),
    "bash declared: pipefail": ("- {run: false | true, shell: bash}", "failure", "exit code 1"),
    "it stops at the first error": ("- run: |\n    false\n    true", "failure", "exit code 1"),
    "sh": ('- {run: \'test -z "$BASH_VERSION" || test -n "$POSIXLY_CORRECT"\', shell: sh}', "success", ""),
    "python": ("- {run: 'import sys; sys.exit(4)', shell: python}", "failure", "exit code 4"),
    "own template": ("- {run: 'false\n\n  true', shell: 'bash {0}'}", "success", ""),
    "unknown shell": ("- {run: ls, shell: bahs}", "failure", "there is no shell `bahs`"),
    "no such folder": ("- {run: ls, working-directory: nope}", "failure", "there is no folder `nope` to work in"),
    "out of time": ("- {run: sleep 60, timeout-minutes: 0.02}", "failure", "still running after 1.2 s, ended"),
    "expression in run": ("- run: echo ${{ nope.x }}", "failure", "`${{ nope.x }}`: there is no context `nope`"),
    "secrets in if": (
        "- {run: ls, if: secrets.A != ''}",
        "failure",
        "`secrets.A != ''`: there is no context `secrets`",
    ),
    "status function in run": (
        "- run: echo ${{ always() }}",
        "failure",
        "`${{ always() }}`: there is no function `always`",
    ),
    "a line that is no output": (
        "- run: echo x >> $GITHUB_OUTPUT",
        "failure",
        "invalid format 'x': write `name=value`",
    ),
    "a variable with a NUL": (
        '- {run: ls, env: {A: "\\0"}}',
        "failure",
        "it cannot run: no process can have the variable 'A'",
    ),
    "a variable with an odd name": ("- {run: ls, env: {A=B: 1}}", "failure", "it cannot run: no process can have"),
    "not UTF-8": ("- run: printf '\\377\\n'", "success", ""),
    "hashFiles without files": ("- run: test -z '${{ hashFiles('**/*.lock') }}'", "success", ""),
    "hashFiles of odd patterns": ("- run: test -z '${{ hashFiles('', 'a**b', '/etc/passwd') }}'", "success", ""),
}


@pytest.mark.parametrize(("step", "conclusion", "why"), ONE_STEP.values(), ids=ONE_STEP)
def test_one_step(play_steps: PlaySteps, step: str, conclusion: str, why: str) -> None:
    """Each kind of step succeeds, or fails with its reason."""
    (found,) = play_steps(step)
    assert found.conclusion == conclusion
    assert found.why.startswith(why)
    assert bool(found.why) == bool(why)


def test_variables_for_later_steps(play_steps: PlaySteps) -> None:
    """GITHUB_ENV, GITHUB_PATH and GITHUB_OUTPUT work from the next step on; the runner's own variables are kept."""
    *_, last = play_steps("""
        - id: set
          run: |
            mkdir one two
            printf '#!/bin/sh\\necho one' > one/tool; printf '#!/bin/sh\\necho two' > two/tool; chmod +x */tool
            echo "$PWD/one" >> "$GITHUB_PATH"; echo "$PWD/two" >> "$GITHUB_PATH"
            printf 'A=1\\nB<<EOF\\nx\\ny\\nEOF\\nGITHUB_SHA=no\\nRUNNER_OS=no\\nNODE_OPTIONS=no\\nCI=mine\\n' >> "$GITHUB_ENV"
            echo word=hello >> "$GITHUB_OUTPUT"
            echo "now:$A:"
        - run: |
            echo "$A/$B/$CI/$NODE_OPTIONS/${#GITHUB_SHA}/$RUNNER_OS/${{ env.A }}/${{ steps.set.outputs.word }}"
            tool
        """)
    assert last.log == "1/x\ny/mine//40/Linux/1/hello\ntwo\n"
    assert _[0].log == "now::\n"


def test_precedence_of_variables(play: Play) -> None:
    """A step's `env` goes before GITHUB_ENV, that before the job's, that before the workflow's; numbers are texts."""
    run = play("""
        on: push
        env: {A: workflow, B: workflow, C: workflow, D: workflow, N: 1.10, T: true, GITHUB_REF: no}
        jobs:
          one:
            env: {B: job, C: job, D: job}
            runs-on: ubuntu-latest
            steps:
              - run: |
                  echo C=file >> $GITHUB_ENV
                  echo D=file >> $GITHUB_ENV
              - run: echo "$A $B $C $D ${{ env.D }} $N $T $E $GITHUB_REF"
                env: {D: step, E: "${{ env.D }}"}
              - run: echo "$D"
        """)
    assert run.jobs[0].steps[1].log == "workflow job file step step 1.1 true file refs/heads/main\n"
    assert run.jobs[0].steps[2].log == "file\n"


def test_defaults_of_run(play: Play) -> None:
    """Shell and folder come from the step, else from the job, else from the workflow."""
    run = play(
        """
        on: push
        defaults: {run: {shell: python, working-directory: a}}
        jobs:
          one:
            runs-on: ubuntu-latest
            defaults: {run: {working-directory: b}}
            steps:
              - {uses: actions/checkout@v5}
              - run: import os; print(os.path.basename(os.getcwd()))
              - {run: basename "$PWD", shell: bash, working-directory: a}
        """,
        {"a/file": "", "b/file": ""},
    )
    assert [step.log for step in run.jobs[0].steps[1:]] == ["b\n", "a\n"]


def test_outcome_and_conclusion(play_steps: PlaySteps) -> None:
    """`continue-on-error` forgives a failure in the conclusion, and later steps see both; ids are free to be unused."""
    steps = play_steps("""
        - {id: may, run: exit 1, continue-on-error: true}
        - {id: bad, run: "echo ${{ nope.x }}", continue-on-error: true}
        - run: echo ${{ steps.may.outcome }} ${{ steps.may.conclusion }} ${{ job.status }} ${{ steps.none.outcome }}
        """)
    assert [(step.outcome, step.conclusion) for step in steps[:2]] == [("failure", "success")] * 2
    assert steps[2].log == "failure success success\n"


def test_after_a_failed_step(play_steps: PlaySteps) -> None:
    """Only steps that ask for it run after a failure."""
    steps = play_steps("""
        - {id: red, run: exit 1}
        - run: "true"
        - {if: failure() && steps.red.outcome == 'failure', run: "echo ${{ job.status }}"}
        - {if: always(), run: "true"}
        - {if: "'x' == 'x'", run: "true"}
        - {if: cancelled(), run: "true"}
        """)
    conclusions = [step.conclusion for step in steps]
    assert conclusions == ["failure", "skipped", "success", "success", "skipped", "skipped"]
    assert steps[2].log == "failure\n"


FACTS = {
    "$GITHUB_EVENT_NAME": "push",
    "$GITHUB_REF": "refs/heads/main",
    "$GITHUB_REF_NAME": "main",
    "$GITHUB_REPOSITORY": "student/noshow",
    "$GITHUB_JOB": "one",
    "$GITHUB_ACTIONS": "true",
    "$RUNNER_OS": "Linux",
    "$(jq -r .repository.name $GITHUB_EVENT_PATH)": "noshow",
    "$(test $PWD = $GITHUB_WORKSPACE && echo yes)": "yes",
    "$(test $RUNNER_TEMP = ${{ runner.temp }} && echo yes)": "yes",
    "$(test $GITHUB_EVENT_PATH = ${{ github.event_path }} && echo yes)": "yes",
    "$(test ${{ github.workspace }} = $GITHUB_WORKSPACE && echo yes)": "yes",
    "${{ runner.os }}": "Linux",
    "${{ runner.arch }}": "X64",
    "${{ github.event.head_commit.message }}": "work",
    "${{ github.sha == github.event.after }}": "true",
    "${{ github.token }}": "***",
    "${{ vars.WORD }}": "hello",
    "$GITHUB_TOKEN": "",
}


def test_facts_of_the_run(play_steps: PlaySteps) -> None:
    """Variables, contexts and the file of the event say the same."""
    lines = "\n".join(f'    echo "{fact}"' for fact in FACTS)
    (step,) = play_steps(f"- run: |\n{lines}\n", secrets={"GITHUB_TOKEN": "a-token"}, vars={"WORD": "hello"})
    assert dict(zip(FACTS, step.log.splitlines(), strict=True)) == FACTS


def test_hash_files(play_steps: PlaySteps) -> None:
    """The hash changes with contents, looks at the workspace only, and follows no link out of it."""
    steps = play_steps("""
        - run: echo a > a.lock; echo b > b.lock; ln -s /etc/passwd c.lock; mkfifo d.lock
        - run: echo ${{ hashFiles('*.lock') }} ${{ hashFiles('a.lock', 'b.lock') }} ${{ hashFiles('*.lock', '!b.lock') }}
        - run: echo c > b.lock
        - run: echo ${{ hashFiles('*.lock') }} ${{ hashFiles('a.lock') }}
        """)
    (every, both, one), (changed, same) = steps[1].log.split(), steps[3].log.split()
    assert (every, one) == (both, same)
    assert len({every, one, changed}) == 3


def test_a_step_that_removes_its_folders(play_steps: PlaySteps) -> None:
    """Without a workspace a step fails, an action too; without the temporary folder steps go on."""
    steps = play_steps("""
        - run: rm -rf "$RUNNER_TEMP"
        - run: rm -rf "$GITHUB_WORKSPACE"
        - {run: ls, continue-on-error: true}
        - {uses: actions/setup-python@v6, continue-on-error: true}
        - uses: actions/checkout@v5
        - run: ls .github
        """)
    assert [step.outcome for step in steps] == ["success", "success", "failure", "failure", "success", "success"]
    assert steps[2].why == "there is no folder `noshow` to work in"


@pytest.mark.parametrize(
    ("script", "leaks"),
    [
        ('echo "$WORD"', True),
        ('echo "$WORD" | base64', True),
        ('echo "me:$WORD:x" | base64', True),
        ('echo "$WORD" >> "$GITHUB_STEP_SUMMARY"', True),
        ('echo "${#WORD}"', False),
        ('echo "m:$WORD:x" | base64', True),
        ('echo "m$WORD:x" | base64', True),
        ("echo of all", False),
    ],
)
def test_secrets_that_a_step_prints(play_steps: PlaySteps, script: str, leaks: bool) -> None:
    """A secret is hidden in the log, and named when it was there, as it is or as base64; a short one is no alarm."""
    step = f"- env: {{WORD: '${{{{ secrets.WORD }}}}'}}\n  run: {script}"
    (found,) = play_steps(step, secrets={"WORD": "canary-12ab34cd", "SHORT": "~"})
    assert found.leaked == ({"WORD"} if leaks else frozenset())
    assert "canary" not in found.log


def test_masked_words(play: Play) -> None:
    """`add-mask` hides a word from then on, the longer of two secrets goes first, and outputs with secrets are empty."""
    run = play(
        """
        on: push
        jobs:
          one:
            runs-on: ubuntu-latest
            outputs: {secret: "${{ steps.a.outputs.x }}", plain: "1"}
            steps:
              - {id: a, run: 'echo "::add-mask::hidden"; echo "x=hidden" >> "$GITHUB_OUTPUT"'}
              - run: echo hidden abc abcdef
        """,
        secrets={"SHORT": "abc", "LONG": "abcdef"},
    )
    assert run.jobs[0].steps[1].log == "*** *** ***\n"
    assert run.jobs[0].outputs == {"secret": "", "plain": "1"}
