"""Stand-ins of checkout, artifacts and caches do what the actions do on GitHub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_grader.instruments.workflow.conclusions import StepRun, WorkflowRun
from mlops_grader.instruments.workflow.model import load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event

from .conftest import FILE, PUSH, one_job

PlaySteps = Callable[..., list[StepRun]]
Git = Callable[..., str]


@pytest.fixture
def history(runner: Callable[..., Runner], git: Git) -> Callable[..., list[StepRun]]:
    """Run steps on the second commit of main, which has a tag; beside it there is a branch `other`."""

    def run(steps: str, event: Event = PUSH) -> list[StepRun]:
        made = runner(one_job(steps), {"a.txt": "a\n"})
        top = made.source.repository
        git(top, "branch", "other")
        git(top, "commit", "--quiet", "--allow-empty", "--message=second")
        git(top, "tag", "v1")
        last = Runner(made.machine, type(made.source)(top, git(top, "rev-parse", "HEAD")))
        return list(last.run(load(top, FILE), event).jobs[0].steps)

    return run


SEEN = (
    "echo $(git log --format=%s | tr '\\n' ' ')/$(git branch --show-current)/$(git tag)/$(git branch -r | tr -d '\\n ')"
)
CHECKOUTS = {
    "one commit": ("{}", "second/main//origin/main"),
    "all": ("{fetch-depth: 0}", "second first/main/v1/origin/main origin/other"),
    "two commits": ("{fetch-depth: 2}", "second first/main//origin/main"),
    "a branch": ("{ref: other}", "first/other//origin/other"),
    "with tags": ("{fetch-tags: true}", "second/main/v1/origin/main"),
    "a tag": ("{ref: v1}", "second///"),
}


@pytest.mark.parametrize(("inputs", "seen"), CHECKOUTS.values(), ids=CHECKOUTS)
def test_checkout(history: Callable[..., list[StepRun]], inputs: str, seen: str) -> None:
    """As much history as asked for, on the branch that is run or the ref that is named."""
    steps = history(f'- {{uses: actions/checkout@v5, with: {inputs}}}\n- run: "{SEEN}"\n'.replace("\\n", "\\\\n"))
    assert steps[1].log.strip().replace(" ", "") == seen.replace(" ", "")


def test_checkout_of_a_pull_request(play: Callable[..., WorkflowRun]) -> None:
    """The merge of a pull request is on no branch."""
    text = one_job('- {uses: actions/checkout@v5}\n- run: echo "[$(git branch --show-current)] $GITHUB_HEAD_REF"')
    event = Event("pull_request", branch="main", head="mine")
    run = play(text.replace("on: push", "on: pull_request"), event=event)
    assert run.jobs[0].steps[1].log == "[] mine\n"


def test_checkout_cleans(play_steps: PlaySteps) -> None:
    """What was there before a checkout is gone, and a folder may be named, within the workspace only."""
    steps = play_steps("""
        - run: echo left > left
        - uses: actions/checkout@v5
        - run: test ! -e left && echo made > made
        - {uses: actions/checkout@v5, with: {clean: false}}
        - run: test -e made
        - uses: actions/checkout@v5
        - run: test ! -e made
        - {uses: actions/checkout@v5, with: {path: sub/folder}}
        - run: test -e sub/folder/.github/workflows/ci.yml
        - {uses: actions/checkout@v5, with: {path: ../..}, continue-on-error: true}
        - {uses: actions/checkout@v5, with: {ref: nowhere}, continue-on-error: true}
        """)
    assert [step.conclusion for step in steps] == ["success"] * 11
    assert steps[9].why == "the path `../..` lies outside of the workspace"
    assert "`nowhere` cannot be checked out" in steps[10].why


UPLOADED: dict[str, tuple[str, list[str]]] = {
    "a folder is stripped": ("{path: out}", ["a.txt", "deep/b.txt"]),
    "a file is alone": ("{path: out/deep/b.txt}", ["b.txt"]),
    "a glob keeps what follows it": ("{path: 'out/*/b.txt'}", ["deep/b.txt"]),
    "several paths share a base": ("{path: 'out/a.txt\\n  more/c.txt'}", ["more/c.txt", "out/a.txt"]),
    "exclusion": ("{path: 'out\\n  !out/deep/**'}", ["a.txt"]),
    "hidden files": ("{path: out, include-hidden-files: true}", [".hidden", "a.txt", "deep/b.txt"]),
    "the whole workspace": ("{path: .}", ["more/c.txt", "out/a.txt", "out/deep/b.txt"]),
}
MAKE = """
- run: |
    mkdir -p out/deep more; echo a > out/a.txt; echo b > out/deep/b.txt; echo h > out/.hidden; echo c > more/c.txt
    ln -s /etc/passwd out/outside; ln -s /etc out/folder; ln -s nowhere out/broken
"""


@pytest.mark.parametrize(("inputs", "files"), UPLOADED.values(), ids=UPLOADED)
def test_upload(play: Callable[..., WorkflowRun], inputs: str, files: list[str]) -> None:
    """Files are chosen and placed as upload-artifact does; what links lead to outside is left out."""
    inputs = inputs.replace("\\n  ", "\\n").replace("'", '"')
    run = play(one_job(MAKE + f"- {{uses: actions/upload-artifact@v5, with: {inputs}}}\n"))
    kept = run.artifacts["artifact"]
    assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()) == files


UPLOAD = "uses: actions/upload-artifact@v5, continue-on-error: true, with:"


def test_upload_refuses(play_steps: PlaySteps) -> None:
    """A name twice, a name that is not valid, no path, and no files where that is an error."""
    steps = play_steps(
        MAKE
        + f"""
- {{{UPLOAD} {{path: out}}}}
- {{{UPLOAD} {{path: more}}}}
- {{{UPLOAD} {{path: more, overwrite: true}}}}
- {{{UPLOAD} {{path: out, name: b}}}}
- {{{UPLOAD} {{path: out, name: a/b}}}}
- {{{UPLOAD} {{name: x}}}}
- {{{UPLOAD} {{path: none, name: x}}}}
- {{{UPLOAD} {{path: none, name: x, if-no-files-found: error}}}}
- {{uses: actions/download-artifact@v5, with: {{path: got}}}}
- run: echo $(find got -type f | sort)
"""
    )
    assert [step.why for step in steps[1:9]] == [
        "",
        "an artifact with the name `artifact` exists already in this run",
        "",
        "",
        'the artifact name `a/b` is not valid: it has one of the characters " : < > | * ? \\ /',
        "the input `path` is missing",
        "",
        "no files were found with the path none",
    ]
    assert steps[-1].log.split() == ["got/artifact/c.txt", "got/b/a.txt", "got/b/deep/b.txt"]


def test_download(play: Callable[..., WorkflowRun]) -> None:
    """One artifact by name, all or some each in a folder, or all in one; a later job gets them too."""
    run = play("""
        on: push
        jobs:
          make:
            runs-on: ubuntu-latest
            steps:
              - run: echo 1 > one; echo 2 > two
              - {uses: actions/upload-artifact@v5, with: {name: part-1, path: one}}
              - {uses: actions/upload-artifact@v5, with: {name: other, path: two}}
          use:
            needs: make
            runs-on: ubuntu-latest
            steps:
              - {uses: actions/download-artifact@v5, with: {name: part-1}}
              - {uses: actions/download-artifact@v5, with: {path: all}}
              - {uses: actions/download-artifact@v5, with: {path: some, pattern: part-*}}
              - {uses: actions/download-artifact@v5, with: {path: flat, merge-multiple: true}}
              - run: echo $(find . -type f | sort)
              - {uses: actions/download-artifact@v5, with: {name: part-2}}
        """)
    steps = run.jobs[1].steps
    assert steps[4].log.split() == [
        "./all/other/two",
        "./all/part-1/one",
        "./flat/one",
        "./flat/two",
        "./one",
        "./some/part-1/one",
    ]
    assert steps[5].why == "there is no artifact `part-2`; this run has part-1, other"


CACHED = """
- uses: actions/cache@v4
  id: cache
  with: {{key: "{key}", restore-keys: "{prefixes}", path: "kept\\noutside\\n~/.mine\\nfile-*.txt"}}
- run: |
    echo "[${{{{ steps.cache.outputs.cache-hit }}}}]" $(cat kept/a file-1.txt ~/.mine/b; ls kept)
    mkdir -p kept ~/.mine; echo "{key}" > kept/a; echo b > ~/.mine/b; echo f > file-1.txt
    ln -sf /etc/hostname kept/link; ln -sfn /etc kept/folder; ln -sfn /etc/init.d outside; {more}
"""


def _cached(made: Runner, key: str, prefixes: str = "", more: str = "true") -> tuple[WorkflowRun, str]:
    """Run a job with a cache; the run and what the job saw."""
    path = made.source.repository / FILE
    path.write_text(one_job(CACHED.format(key=key, prefixes=prefixes, more=more)))
    run = made.run(load(made.source.repository, FILE), PUSH)
    return run, run.jobs[0].steps[1].log.strip().splitlines()[-1]


def test_cache(runner: Callable[..., Runner], tmp_path: Path) -> None:
    """Nothing at first; an exact hit; the newest that begins with the key or a prefix; nothing saved after a failure."""
    made = runner(one_job("- run: ls"))
    assert _cached(made, "a-1", more="exit 1")[1] == "[]"
    assert _cached(made, "a-1")[1] == "[]"
    run, seen = _cached(made, "a-1")
    assert (seen, [(use.key, use.found, use.hit) for use in run.caches]) == (
        "[true] a-1 f b a link",
        [("a-1", "a-1", True)],
    )
    assert _cached(made, "a-2", "x-\\na-")[1] == "[false] a-1 f b a link"
    assert _cached(made, "a-3", "a-")[1] == "[false] a-2 f b a link"
    assert _cached(made, "a")[1] == "[false] a-3 f b a link"
    assert _cached(made, "b", "c-")[1] == "[]"
    stored = [path for path in (tmp_path / "machine/caches").rglob("*") if path.is_file() and not path.is_symlink()]
    assert {path.name for path in stored} == {"key", "a", "b", "file-1.txt"}


def test_restore_and_save(play_steps: PlaySteps) -> None:
    """The halves of the cache: one saves at once, the other never does."""
    steps = play_steps("""
        - {id: r1, uses: actions/cache/restore@v4, with: {key: k, path: kept}}
        - run: mkdir kept; echo 1 > kept/a
        - {uses: actions/cache/save@v4, with: {key: k, path: kept}}
        - run: rm -r kept
        - {id: r2, uses: actions/cache/restore@v4, with: {key: k, path: kept}}
        - run: echo "[${{ steps.r1.outputs.cache-hit }}] [${{ steps.r2.outputs.cache-hit }}] $(cat kept/a)"
        - {uses: actions/cache/restore@v4, with: {key: x, path: kept, fail-on-cache-miss: true}, continue-on-error: true}
        - {uses: actions/cache@v4, with: {path: kept}}
        """)
    assert steps[5].log == "[] [true] 1\n"
    assert [step.why for step in steps[6:]] == ["there is no cache with the key `x`", "the input `key` is missing"]


def test_restore_never_saves(runner: Callable[..., Runner]) -> None:
    """A job that only restores leaves nothing for the next run."""
    step = "- {uses: actions/cache/restore@v4, with: {key: k, path: kept}}\n- run: mkdir kept; touch kept/a\n"
    made = runner(one_job(step))
    runs = [made.run(load(made.source.repository, FILE), PUSH) for _ in range(2)]
    assert [(run.conclusion, run.caches[0].found) for run in runs] == [("success", None)] * 2
