"""m07_ci: a pipeline that goes red for the right reasons, judged by running it on clean, faulty and harmless trees."""

from __future__ import annotations

import re
import tomllib
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments import planted
from mlops_grader.instruments.planted import Fault
from mlops_grader.submission import Submission

if TYPE_CHECKING:
    from mlops_grader.instruments.pipeline import Pipeline, PipelineRun

PART = "ci"  # of the contract
INSIDE = "engine"  # what these checks use themselves: for the record only on a worker that is thrown away
PUSH, PULL_REQUEST = "push", "pull_request"
ACCEPTED = "ci/accepted.toml"


@check(points=20, product=NOSHOW)
def test_tells_good_from_bad(pipeline: Pipeline, contract: Contract, random: Random) -> None:
    """It is green on the project as it is and after a harmless change, and red when the features are broken.

    A pipeline that is red for nothing is switched off within a week. One that is always green protects nobody.
    """
    clean = _clean(pipeline)
    _must_be_green(clean)
    clean.must_be_playable()
    harmless = pipeline.run("harmless", PULL_REQUEST, partial(_harmless, lock=contract.environment.lock), random)
    if not harmless.green:
        found = f"with {harmless.change} it is red\n{harmless.why_red()}"
        raise Fail(found, fix="check what code does, not how it is written")
    broken = pipeline.run("broken", PUSH, planted.broken_code, random)
    if broken.green:
        broken.must_be_playable()
        raise Fail(f"with {broken.change} it is green", fix="let it run the tests, on every push and pull request")


@check(points=10, requires=test_tells_good_from_bad)
def test_runs_on_push_and_pull_request(pipeline: Pipeline) -> None:
    """A push to the main branch and a pull request to it each start the pipeline.

    The pull request is where a fault is still cheap. The push shows whether the main branch itself is sound.
    """
    for kind in (PUSH, PULL_REQUEST):
        if not pipeline.started_by(pipeline.event(kind)):
            raise Fail(f"no workflow starts on {kind} to `main`", fix=f"add `{kind}:` below `on:`")


@check(points=5, requires=test_runs_on_push_and_pull_request, product=NOSHOW)
def test_goes_red_for_a_lint_fault(pipeline: Pipeline, random: Random) -> None:
    """An unused import fails a job.

    What the linter says on one laptop only is soon nobody's rule.
    """
    _must_notice(pipeline, planted.lint, random, fix="run the lint command of `product.toml` in a step of its own")


@check(points=5, requires=test_runs_on_push_and_pull_request, product=NOSHOW)
def test_goes_red_for_a_type_fault(pipeline: Pipeline, random: Random) -> None:
    """A function that returns another type than it says fails a job.

    Types that nobody checks are comments, and comments lie.
    """
    _must_notice(pipeline, planted.types, random, fix="run the types command of `product.toml` in a step of its own")


@check(points=5, requires=test_runs_on_push_and_pull_request)
def test_goes_red_for_a_failing_test(pipeline: Pipeline, random: Random) -> None:
    """A test that fails, fails a job.

    This is the least that a pipeline does, and the easiest to switch off by accident.
    """
    fix = "run the tests in a step of their own, and let their exit code be the step's"
    _must_notice(pipeline, planted.failing_test, random, fix=fix)


@check(points=5, requires=test_goes_red_for_a_failing_test, product=NOSHOW)
def test_goes_red_for_a_bug_in_a_feature(pipeline: Pipeline, random: Random) -> None:
    """A wrong feature fails a job, because the tests of the features run there.

    A bug in a feature raises no error. The model learns from it, and is worse for months.
    """
    fix = "run all tests in the pipeline, and test what the docstrings of the features promise"
    _must_notice(pipeline, planted.feature_bug, random, fix=fix)


@check(points=5, requires=test_runs_on_push_and_pull_request, product=NOSHOW)
def test_goes_red_for_changed_data(pipeline: Pipeline, random: Random) -> None:
    """A daily file in another format or unit fails a job.

    Most models that go wrong in production were fed with something else. No exception is raised: rows are just left out.
    """
    fix = "check the daily files before training: how many rows of each can be used?"
    _must_notice(pipeline, planted.data_schema, random, fix=fix)


@check(points=5, requires=test_runs_on_push_and_pull_request, product=NOSHOW)
def test_goes_red_for_a_worse_model(pipeline: Pipeline, random: Random) -> None:
    """A model that is worse than the accepted one fails a job.

    Code, data and tests can all be in order, and the model can still be of no use to a patient.
    """
    _must_notice(pipeline, planted.worse_model, random, fix=f"train in the pipeline and compare with `{ACCEPTED}`")


@check(points=10, requires=test_runs_on_push_and_pull_request, product=NOSHOW)
def test_goes_red_for_an_image_that_does_not_start(pipeline: Pipeline, contract: Contract, random: Random) -> None:
    """An image that builds and does not start the service fails a job.

    "It builds" is half of the question. The other half is asked in production otherwise, at the first start.
    """
    plant = partial(planted.broken_image, dockerfile=contract.image.dockerfile, port=contract.service.port)
    fix = "start the image that was built, and send it `examples/request.json` until it answers, for at most a minute"
    run = _must_notice(pipeline, plant, random, fix=fix)
    for step in run.steps:
        if step.builds_image:
            return
        if step.conclusion == "failure":
            raise Fail(f"it is red before the image is built, at the step `{step.name}`", fix=fix)


@check(points=5, requires=test_runs_on_push_and_pull_request)
def test_goes_red_for_a_committed_secret(pipeline: Pipeline, random: Random) -> None:
    """A credential in a committed file fails a job.

    Robots read public commits within minutes. The later it is noticed, the more has been done with it.
    """
    _must_notice(pipeline, planted.secret, random, fix="scan what git tracks, for example with detect-secrets-hook")


@check(points=5, requires=test_goes_red_for_a_lint_fault, product=NOSHOW)
def test_fails_fast(pipeline: Pipeline) -> None:
    """A lint fault is reported before an image is built.

    The cheapest check goes first: an answer in one minute is read, one in twenty is found after lunch.
    """
    run = pipeline.known("lint")
    built = [step for step in run.steps if step.builds_image]
    if built:
        raise Fail(
            f"with {run.change} the step `{built[0].name}` still built an image",
            fix="let the job that builds the image need the one that lints: `needs:`",
        )


@check(points=5, requires=test_runs_on_push_and_pull_request)
def test_cancels_what_is_superseded(pipeline: Pipeline) -> None:
    """A newer push to a pull request cancels the run before it, and no other one.

    Runs that nobody waits for keep the runs waiting that somebody does wait for.
    """
    for name, older, newer, other in pipeline.concurrency():
        if not older.group or older.group != newer.group or not newer.cancels:
            raise Fail(
                f"`{name}`: two pushes to one pull request both run to their end",
                fix="add `concurrency:` with a group made from github.ref, and `cancel-in-progress: true`",
            )
        if newer.group == other.group:
            raise Fail(
                f"`{name}`: two pull requests share the group `{newer.group}`, and cancel each other",
                fix="make the group from github.ref",
            )


@check(points=5, requires=test_goes_red_for_a_type_fault, product=NOSHOW)
def test_caches_what_it_downloads(pipeline: Pipeline, contract: Contract) -> None:
    """A second run with the same lock restores its packages from a cache; with another lock it does not.

    A cache without the lock in its key gives old packages for ever. Without a cache each run waits for the same download.
    """
    first, same, other = pipeline.known("clean"), pipeline.known("types"), pipeline.known("harmless")
    if not first.caches:
        raise Fail(
            "no step asks for a cache", fix="switch on the cache of setup-uv or setup-python, or use actions/cache"
        )
    hits = {use.key for use in same.caches if use.hit}
    if not hits:
        raise Fail(
            "the second run with the same lock found nothing in the cache", fix="make the key from the lock alone"
        )
    if not hits - {use.key for use in other.caches}:
        raise Fail(
            f"with another `{contract.environment.lock}` the key of the cache stays `{min(hits)}`",
            fix="put the hash of the lock in the key: hashFiles, cache-dependency-glob or cache-dependency-path",
        )


@check(points=5, requires=test_tells_good_from_bad)
def test_is_hard_to_abuse(pipeline: Pipeline) -> None:
    """Actions are pinned by commit, permissions are least, no foreign text becomes script, and no log shows a secret.

    A pipeline runs other people's code with your credentials. In March 2025 a popular action was replaced behind its tag.
    """
    if remarks := pipeline.audit():
        listed = "\n".join(f"`{remark.file}`, line {remark.line}: {remark.words}" for remark in remarks[:6])
        raise Fail(listed, fix=f"see {remarks[0].page}")
    for step in _clean(pipeline).steps:
        if step.leaked:
            raise Fail(
                f"the step `{step.name}` prints the secret `{min(step.leaked)}`",
                fix="hand secrets to programs through `env`, and print none of it",
            )


@check(points=5, requires=test_goes_red_for_a_worse_model, product=NOSHOW)
def test_summary_says_what_was_measured(pipeline: Pipeline, submission: Submission) -> None:
    """The page of the run shows the coverage, and the new model beside the accepted one; also when the model is worse.

    A red cross sends people into logs. A table with two numbers lets them decide.
    """
    accepted = _accepted(submission)
    for name in ("clean", "worse_model"):
        run = pipeline.known(name)
        if (auc := run.metric("auc")) is None:
            raise Fail("no job of the pipeline leaves a record of its model", fix="export the model in the pipeline")
        if not _shows(run.summary, auc):
            raise Fail(
                f"the summary {'of a run whose model is worse ' if name != 'clean' else ''}does not show its AUC, {auc:.4f}",
                fix='append it to the file "$GITHUB_STEP_SUMMARY" before the step can fail',
            )
    summary = pipeline.known("clean").summary
    if not re.search(r"cover[\s\S]*?\d+(\.\d+)? ?\\?%", summary, re.IGNORECASE):
        raise Fail("the summary does not show the coverage", fix="coverage report --format=markdown")
    if not _shows(summary, accepted):
        raise Fail(
            "the summary does not show the accepted model's AUC", fix="show the accepted value beside the new one"
        )


def _harmless(root: Path, _: Random, lock: str) -> str:
    words = planted.harmless(root)
    with (root / lock).open("a", encoding="utf-8") as file:
        file.write("\n")
    return words


def _clean(pipeline: Pipeline) -> PipelineRun:
    """The pipeline on the project as it is; it runs once."""
    return pipeline.run("clean", PUSH)


def _must_be_green(clean: PipelineRun) -> None:
    if not clean.green:
        raise Fail(f"it is red on a clean clone\n{clean.why_red()}", fix="run the same commands in a fresh clone")


def _must_notice(pipeline: Pipeline, fault: Fault, random: Random, fix: str) -> PipelineRun:
    """Run the pipeline on a copy with the fault, for a push or a pull request, and see it fail by a clean failure."""
    _must_be_green(_clean(pipeline))  # what is red without a fault shows nothing
    name = fault.func.__name__ if isinstance(fault, partial) else fault.__name__
    run = pipeline.run(name, random.choice((PUSH, PULL_REQUEST)), fault, random)
    if run.green:
        run.must_be_playable()
        swallowed = run.why_green()
        raise Fail(f"with {run.change} it is green{': ' if swallowed else ''}{swallowed}", fix=pipeline.hides() or fix)
    if not run.failures or not run.failures[0][1].failed_cleanly:
        raise Fail(f"with {run.change} it is red for another reason\n{run.why_red()}", fix=fix)
    return run


def _shows(text: str, value: float) -> bool:
    """Whether a text shows a number to at least two places, as it is or in percent."""
    for found in re.findall(r"\d+\.\d+", text):
        places = len(found.partition(".")[2])
        near = 0.51 * 10**-places
        if (places >= 2 and abs(float(found) - value) <= near) or abs(float(found) - 100 * value) <= near:
            return True
    return False


def _accepted(submission: Submission) -> float:
    """The AUC of the model that the clinic accepted."""
    try:
        return float(tomllib.loads(submission.read(ACCEPTED))["metrics"]["auc"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError):
        raise Fail(f"`{ACCEPTED}` does not say the accepted AUC", fix="keep `auc` below [metrics] there") from None
