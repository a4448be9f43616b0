"""Events, filter patterns and inputs, as GitHub's documentation has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mlops_grader.instruments.workflow.document import WorkflowError
from mlops_grader.instruments.workflow.model import Workflow, load
from mlops_grader.instruments.workflow.triggers import Event, dispatch_inputs, matches, triggers

JOBS = "jobs: {test: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"


def _workflow(root: Path, on: str) -> Workflow:
    (root / "ci.yml").write_text(f"on: {on}\n{JOBS}", encoding="utf-8")
    return load(root, "ci.yml")


REFS = [
    ("feature/*", "feature/my-branch feature/your-branch", "feature feature/a/b"),
    ("feature/**", "feature/beta-a/my-branch feature/your-branch feature/mona/the/octocat", "feature features/a"),
    ("main", "main", "Main main2 a/main"),
    ("releases/mona-the-octocat", "releases/mona-the-octocat", "releases/mona"),
    ("*", "main releases", "all/the/branches"),
    ("**", "all/the/branches every/tag main", ""),
    ("*feature", "mona-feature feature ver-10-feature", "features a/feature"),
    ("v2*", "v2 v2.0 v2.9", "v1 xv2"),
    ("v[12].[0-9]+.[0-9]+", "v1.10.1 v2.0.0", "v3.0.0 v1.1 v1x10x1 v1..1"),
    ("[CB]at", "Cat Bat", "cat CBat"),
    ("[1-2]00", "100 200", "300 -00"),
    ("v?1", "v1 1", "vv1"),
    (r"a\+b\*", "a+b*", "aab a+bc"),
    ("a(b|c)", "a(b|c)", "ab"),
    ("[a.b]c", ".c ac", "xc"),
    ("[z-a]c", "-c ac zc", "bc"),
    ("a[", "a[", "a"),
    ("*+b", "b aab", "a/b"),
    ("?a", "?a", "a"),
    ("é*", "été", "e"),
]
PATHS = [
    ("*", "README.md server.rb", "docs/README.md"),
    ("*.jsx?", "page.js page.jsx", "page.jsxx a/page.js"),
    ("**", "all/the/files.md", ""),
    ("*.js", "app.js index.js", "js/index.js"),
    ("**.js", "index.js js/index.js src/js/app.js", "index.jsx"),
    ("docs/*", "docs/README.md docs/file.txt", "docs/a/b.txt"),
    ("docs/**", "docs/README.md docs/mona/octocat.txt", "docs my/docs/a"),
    ("docs/**/*.md", "docs/README.md docs/mona/hello-world.md docs/a/markdown/file.md", "docs.md docs/a.txt"),
    ("**/docs/**", "docs/hello.md dir/docs/my-file.txt space/docs/plan/space.doc", "mydocs/a docs"),
    ("**/README.md", "README.md js/README.md", "MYREADME.md README.md/a"),
    ("**/*src/**", "a/src/app.js my-src/code/js/app.js", "src srcs/a"),
    ("**/*-post.md", "my-post.md path/their-post.md", "post.md"),
    ("**/migrate-*.sql", "migrate-10909.sql db/migrate-v1.0.sql db/sept/migrate-v1.sql", "migrate.sql"),
    ("*.md !README.md", "hello.md", "README.md docs/hello.md"),
    ("*.md !README.md README*", "hello.md README.md README.doc", "docs/README.md"),
    ("releases/** !releases/**-alpha", "releases/10 releases/beta/mona", "releases/10-alpha releases/beta/3-alpha"),
    ("sub/** !sub/docs/**", "sub/index.js sub/src/index.js", "sub/docs/readme.md"),
    ("!README.md *.md", "README.md", "a.txt"),
    ("!a", "", "a b"),
    ("a!b", "a!b", "ab"),
    ("src/a**/b.py", "src/ab/b.py src/a/c/b.py", "src/b.py src/a.py"),
]


@pytest.mark.parametrize(("patterns", "through", "kept_out"), [*REFS, *PATHS])
def test_a_pattern_matches_what_the_documentation_says(patterns: str, through: str, kept_out: str) -> None:
    names = [*through.split(), *kept_out.split()]
    assert [name for name in names if matches(patterns.split(), name)] == through.split()


def test_a_pattern_of_many_stars_is_matched_at_once() -> None:
    """A repetition of repetitions would take hours here."""
    assert not matches(["*+*+*+?**+**+**+" + "a+++" * 20], "a" * 300 + "/b")


MAIN = Event("push", branch="main")
TAG = Event("push", tag="v1")
PULL = Event("pull_request", branch="main", head="fix")
EVENTS: list[tuple[str, Event, bool]] = [
    ("push", MAIN, True),
    ("push", TAG, True),
    ("push", PULL, False),
    ("[push, pull_request]", PULL, True),
    ("{push: }", MAIN, True),
    ("{push: {branches: [main]}}", MAIN, True),
    ("{push: {branches: main}}", MAIN, True),
    ("{push: {branches: [dev]}}", MAIN, False),
    ("{push: {branches: [main]}}", TAG, False),
    ("{push: {branches-ignore: [dev]}}", MAIN, True),
    ("{push: {branches-ignore: [main]}}", MAIN, False),
    ("{push: {branches-ignore: [dev]}}", TAG, False),
    ("{push: {tags: ['v*']}}", TAG, True),
    ("{push: {tags: ['v*']}}", MAIN, False),
    ("{push: {tags: [1.0]}}", Event("push", tag="1.0"), True),
    ("{push: {tags-ignore: ['v*']}}", TAG, False),
    ("{push: {tags-ignore: [x]}}", TAG, True),
    ("{push: {tags-ignore: [x]}}", MAIN, False),
    ("{push: {branches: [main], tags: ['v*']}}", MAIN, True),
    ("{push: {branches: [main], tags: ['v*']}}", TAG, True),
    ("{push: {branches: [main], tags: ['w*']}}", TAG, False),
    ("{push: {paths: ['src/**']}}", Event("push", branch="main", changed=("src/a.py", "b")), True),
    ("{push: {paths: ['src/**']}}", Event("push", branch="main", changed=("b",)), False),
    ("{push: {paths: ['src/**']}}", MAIN, False),
    ("{push: {paths: ['src/**']}}", TAG, True),
    ("{push: {paths-ignore: ['**.md']}}", Event("push", branch="main", changed=("a.md",)), False),
    ("{push: {paths-ignore: ['**.md']}}", Event("push", branch="main", changed=("a.md", "b")), True),
    ("{push: {paths-ignore: ['**']}}", TAG, True),
    ("{push: {branches: [dev], paths: ['*']}}", Event("push", branch="main", changed=("a",)), False),
    ("{push: {branches: [main], paths: ['x']}}", Event("push", branch="main", changed=("a",)), False),
    ("{pull_request: {branches: [main]}}", PULL, True),
    ("{pull_request: {branches: [fix]}}", PULL, False),
    ("{pull_request: {branches-ignore: [main]}}", PULL, False),
    ("{pull_request: {paths: [a]}}", Event("pull_request", branch="main", changed=("a",)), True),
    ("{pull_request: {paths: [b]}}", Event("pull_request", branch="main", changed=("a",)), False),
    ("pull_request", Event("pull_request", branch="main", action="synchronize"), True),
    ("pull_request", Event("pull_request", branch="main", action="closed"), False),
    ("{pull_request: {types: [closed]}}", Event("pull_request", branch="main", action="closed"), True),
    ("{pull_request: {types: closed}}", Event("pull_request", branch="main", action="closed"), True),
    ("{pull_request: {types: [closed]}}", PULL, False),
    ("{release: {types: [published]}}", Event("release", action="published"), True),
    ("{release: {types: published}}", Event("release", action="created"), False),
    ("release", Event("release", action="created"), True),
    ("{release: {types: [published]}}", Event("release"), True),
    ("workflow_dispatch", Event("workflow_dispatch"), True),
    ("push", Event("workflow_dispatch"), False),
    ("{schedule: [{cron: '0 5 * * *'}]}", Event("schedule"), True),
    ("{repository_dispatch: {types: [retrain]}}", Event("repository_dispatch", action="retrain"), True),
    ("{repository_dispatch: {types: [retrain]}}", Event("repository_dispatch", action="deploy"), False),
    ("{workflow_run: {workflows: [CI], branches: [main]}}", Event("workflow_run", branch="dev"), False),
    (
        "{workflow_run: {workflows: [CI], types: [completed]}}",
        Event("workflow_run", branch="x", action="completed"),
        True,
    ),
]


@pytest.mark.parametrize(("on", "event", "starts"), EVENTS)
def test_an_event_starts_the_workflows_that_want_it(tmp_path: Path, on: str, event: Event, starts: bool) -> None:
    assert triggers(_workflow(tmp_path, on), event) == starts


INPUTS = """
  workflow_dispatch:
    inputs:
      level: {type: choice, options: [info, debug], default: debug}
      size: {type: choice, options: [1, 2]}
      dry: {type: boolean}
      loud: {type: boolean, default: 'true'}
      epochs: {type: number, default: 3}
      share: {type: number}
      where: {type: environment}
      plain: {default: 1.5}
"""
UNTOUCHED = {
    "level": "debug", "size": "1", "dry": False, "loud": True, "epochs": 3, "share": 0, "where": "", "plain": "1.5"
}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        ({}, {}),
        ({"level": "info"}, {"level": "info"}),
        ({"dry": "True", "loud": False}, {"dry": True, "loud": False}),
        ({"epochs": "7", "share": "0.5"}, {"epochs": 7, "share": 0.5}),
        ({"plain": True, "where": "prod"}, {"plain": "true", "where": "prod"}),
    ],
)
def test_inputs_have_their_defaults_and_types(tmp_path: Path, given: dict[str, Any], changed: dict[str, Any]) -> None:
    values = dispatch_inputs(_workflow(tmp_path, INPUTS), given)
    assert values == UNTOUCHED | changed
    assert [type(value) for value in values.values()] == [type(value) for value in (UNTOUCHED | changed).values()]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"level": "loud"}, "the input `level` is `loud`; its options are `info`, `debug`"),
        ({"dry": "yes"}, "the input `dry` is `yes`; wanted is true or false"),
        ({"epochs": "many"}, "the input `epochs` is `many`; wanted is a number"),
        ({"epoch": 1}, "there is no input `epoch`"),
    ],
)
def test_a_wrong_input_is_refused(tmp_path: Path, given: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowError) as refused:
        dispatch_inputs(_workflow(tmp_path, INPUTS), given)
    assert [problem.words for problem in refused.value.problems] == [words]


def test_a_required_input_must_be_given(tmp_path: Path) -> None:
    workflow = _workflow(tmp_path, "{workflow_dispatch: {inputs: {tag: {required: true}}}}")
    with pytest.raises(WorkflowError, match="the input `tag` is required and has no default"):
        dispatch_inputs(workflow, {})
    assert dispatch_inputs(workflow, {"tag": "v1"}) == {"tag": "v1"}


def test_a_workflow_without_inputs_takes_none(tmp_path: Path) -> None:
    assert dispatch_inputs(_workflow(tmp_path, "[workflow_dispatch]"), {}) == {}
    with pytest.raises(WorkflowError, match="there is no input `a`"):
        dispatch_inputs(_workflow(tmp_path, "workflow_dispatch"), {"a": 1})
