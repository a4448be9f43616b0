"""m08_delivery: releases and deployments, judged by releasing, deploying, breaking and rolling back under traffic."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.figure import Figure
from mlops_grader.instruments import versions as faults
from mlops_grader.instruments.derived import Derived
from mlops_grader.instruments.planted import failing_test
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.production import Production, image_of
from mlops_grader.instruments.traffic import Traffic, traffic
from mlops_grader.instruments.versions import Change, Version, Versions

if TYPE_CHECKING:
    from mlops_grader.instruments.pipeline import Pipeline
    from mlops_grader.instruments.release import Release, Released

PART = "delivery"  # of the contract
INSIDE = "engine"  # what these checks use themselves: for the record only on a worker that is thrown away
Patients = Sequence[Mapping[str, Any]]
BEFORE, AFTER = 0.5, 1.5  # seconds of traffic round what is measured
ROLLBACK_SECONDS = 60
MOMENTS = ((0.1, 0.35), (0.35, 0.65), (0.65, 0.95))  # parts of a deployment in which it is killed


@check(points=5)
def test_puts_a_version_into_service(production: Production, versions: Versions | Derived, patients: Patients) -> None:
    """The deploy command brings an image from the registry into an empty production, and requests are answered by it.

    Deploying is one command with one argument. What needs a person who remembers the steps goes wrong on a Friday.
    """
    _serve(production, versions.first)
    if not production.serving():
        raise Fail(
            "the deploy command ends with exit code 0, and nothing runs in production's network",
            fix='docker run --detach --network "$PRODUCTION_NETWORK" --env-file ... "$IMAGE"',
        )
    with traffic(production.client, patients) as flow:
        time.sleep(AFTER)
    flow.must_lose_nothing("after the first deployment")
    _only(production, flow, versions.first, 0, "after the first deployment")


@check(points=10, requires=test_puts_a_version_into_service)
def test_replaces_a_version_without_losing_a_request(
    production: Production, versions: Versions | Derived, patients: Patients, figures: list[Figure]
) -> None:
    """Under steady traffic the next version takes over: no request is lost, and when the command ends only it answers.

    Patients do not know that you deploy today. Teams that lose requests with each release soon release once a month.
    """
    _serve(production, versions.first)
    with traffic(production.client, patients) as flow:
        time.sleep(BEFORE)
        production.deploy(versions.second.image).must_succeed("the second version cannot be deployed")
        over = time.monotonic()
        time.sleep(AFTER)
    flow.must_lose_nothing("while the second version took over")
    _only(production, flow, versions.second, over, "after the command had ended")
    _is_tidy(production, "after the second deployment")
    figures.append(Figure("requests answered while one version replaced another, none lost", len(flow.answers)))


@check(points=5, requires=test_puts_a_version_into_service, product=NOSHOW)
def test_gives_the_service_its_settings(production: Production, versions: Versions | Derived) -> None:
    """The service gets all that production's `service.env` says, its secret too, which no log of the deployment shows.

    The same image runs in test and in production. What differs comes from outside, and what is secret stays there.
    """
    deployment = production.deploy(versions.first.image)
    deployment.must_succeed("the first version cannot be deployed")
    settings = production.settings()
    for handle in production.serving():
        given = dict(line.split("=", 1) for line in handle.attrs["Config"]["Env"] if "=" in line)
        for name, value in settings.items():
            if given.get(name) != value:
                found = "lacks" if name not in given else "has another value for"
                raise Fail(f"the service {found} `{name}` of `service.env`", fix="docker run --env-file")
    if settings["CLINIC_KEY"] in deployment.said:
        raise Fail("the deployment prints the secret `CLINIC_KEY`", fix="print names of settings, never values")


@check(points=5, requires=test_replaces_a_version_without_losing_a_request)
def test_refuses_a_version_that_crashes(
    production: Production, versions: Versions | Derived, patients: Patients, refusals: dict[str, str]
) -> None:
    """A version that ends at its start is refused: exit code not 0, and the version before serves every request.

    Many releases fail this way: a setting is missing, a file was left out. It must be the release that fails.
    """
    fix = "start the new container beside the old one, and look whether it still runs before it gets any request"
    refusals["crashes"] = _must_refuse(production, versions, patients, faults.crashes, fix)


@check(points=5, requires=test_replaces_a_version_without_losing_a_request)
def test_refuses_a_version_that_is_never_ready(
    production: Production, versions: Versions | Derived, patients: Patients, refusals: dict[str, str]
) -> None:
    """A version that lives and never answers is refused, after a time that the deployment limits itself.

    A process that runs is not a service that answers. Without a limit the release waits for ever, and so does the next.
    """
    fix = "ask it for a prediction until it answers, for a minute at most, before it gets any request"
    refusals["is never ready"] = _must_refuse(production, versions, patients, faults.never_ready, fix)


@check(points=5, requires=test_replaces_a_version_without_losing_a_request, product=NOSHOW)
def test_refuses_a_version_that_answers_wrongly(
    production: Production, versions: Versions | Derived, patients: Patients, refusals: dict[str, str]
) -> None:
    """A version that is ready and gives wrong probabilities is refused: it is asked for cases with known answers first.

    Wrong predictions raise no error and turn no light red. Nobody but you can tell that they are wrong.
    """
    fix = "ask the new container for all cases of `production/cases.json`, and compare each with its limits"
    refusals["answers wrongly"] = _must_refuse(production, versions, patients, faults.answers_wrongly, fix)


@check(points=5, requires=test_replaces_a_version_without_losing_a_request, product=NOSHOW)
def test_refuses_a_version_that_is_slow(
    production: Production, versions: Versions | Derived, patients: Patients, refusals: dict[str, str]
) -> None:
    """A version whose 95th percentile is far beyond that of the version which serves is refused.

    The median hides it: if one request in four takes a second, three in four are fast, and a patient with four
    appointments has waited all the same.
    """
    fix = "time some dozens of requests on both containers, in turn, and compare the 95th percentiles"
    refusals["is slow"] = _must_refuse(production, versions, patients, faults.answers_slowly, fix)


@check(
    points=5,
    requires=(
        test_refuses_a_version_that_crashes,
        test_refuses_a_version_that_is_never_ready,
        test_refuses_a_version_that_answers_wrongly,
        test_refuses_a_version_that_is_slow,
    ),
    product=NOSHOW,
)
def test_says_why_it_refuses(refusals: dict[str, str]) -> None:
    """The page of the run says why a version was refused: other words for a crash, a silence, wrong answers and slowness.

    "Deployment failed" sends somebody into the logs of three machines. One sentence with the fact does not.
    """
    known: dict[str, str] = {}
    for name, page in refusals.items():
        words = re.sub(r"[\W\d_]*\b(?=\w*\d)\w+|\W+", " ", page.lower()).strip()
        if not words:
            raise Fail(
                f"nothing stands on the page of the run when a version {name}",
                fix='append the reason to "$GITHUB_STEP_SUMMARY"',
            )
        if words in known:
            found = f"the page of the run says the same when a version {name} and when it {known[words]}: {page.strip()[:200]}"
            raise Fail(found, fix="say which examination it failed, and what was found")
        known[words] = name


@check(points=10, requires=test_replaces_a_version_without_losing_a_request)
def test_rolls_back_within_a_minute(
    production: Production, versions: Versions | Derived, patients: Patients, figures: list[Figure]
) -> None:
    """One command brings the earlier image back, by its digest, within a minute and without losing a request.

    In an incident the first question is what changed, and the best answer is that it has been changed back.
    """
    _serve(production, versions.first)
    _serve(production, versions.second)
    with traffic(production.client, patients) as flow:
        back = production.rollback()
        over = time.monotonic()
        time.sleep(AFTER)
    back.must_succeed("the rollback fails")
    if back.done.seconds > ROLLBACK_SECONDS:
        raise Fail(
            f"it took {back.done.seconds:.0f} s",
            fix="keep the digest of the image before, and start that: build nothing",
        )
    flow.must_lose_nothing("during the rollback")
    _only(production, flow, versions.first, over, "after the rollback")
    if (digest := production.digests()) != {versions.first.digest}:
        raise Fail(
            f"after the rollback the image {' and '.join(sorted(digest))} runs, not {versions.first.digest}",
            fix="remember the image before by its digest",
        )
    figures.append(Figure("to roll back to the version before", back.done.seconds, "s"))
    figures.append(Figure("requests answered during a rollback, none lost", len(flow.answers)))


@check(points=5, requires=test_puts_a_version_into_service, product=NOSHOW)
def test_can_be_repeated(production: Production, versions: Versions | Derived, patients: Patients) -> None:
    """Deploying the version that serves once more changes nothing that a patient could notice, and leaves nothing behind.

    A job that was cut off is started again, by a person who is not sure how far it came. That must be safe.
    """
    _serve(production, versions.first)
    before = len(production.serving())
    with traffic(production.client, patients) as flow:
        again = production.deploy(versions.first.image)
        over = time.monotonic()
        time.sleep(AFTER)
    again.must_succeed("deploying the same version again fails")
    flow.must_lose_nothing("while the same version was deployed again")
    _only(production, flow, versions.first, over, "after it was deployed again")
    _is_tidy(production, "after the same version was deployed again", before)


@check(points=5, requires=test_replaces_a_version_without_losing_a_request, product=NOSHOW)
def test_two_at_once_do_no_harm(
    production: Production, versions: Versions | Derived, patients: Patients, random: Random
) -> None:
    """Two deployments at once: no request is lost, and in the end one of those that reported success serves, alone.

    Two people merge within a minute, and two jobs begin. Each of them must leave a production that one person can explain.
    """
    _serve(production, versions.first)
    _deploy_both(production, patients, (versions.second, versions.third), 0)
    _deploy_both(production, patients, (versions.first, versions.second), random.uniform(0.2, 2))


def _deploy_both(production: Production, patients: Patients, both: Sequence[Version], later: float) -> None:
    """Deploy two versions, the second some seconds after the first. Raises Fail when production is not one of them alone."""
    with traffic(production.client, patients) as flow:
        with ExitStack() as stack:
            one = stack.enter_context(production.deploying(both[0].image))
            time.sleep(later)
            two = stack.enter_context(production.deploying(both[1].image))
            ended = [one.wait(), two.wait()]
        over = time.monotonic()
        time.sleep(AFTER)
    flow.must_lose_nothing("while two versions were deployed at once")
    succeeded = [version for version, done in zip(both, ended, strict=True) if done.ok]
    if not succeeded:
        fix = "let the second wait until the first is over"
        raise Fail(f"of two deployments at once none succeeds: {ended[0]}", fix=fix)
    running = production.digests()
    serving = [version for version in succeeded if running == {version.digest}]
    if not serving:
        raise Fail(
            f"{len(succeeded)} of two deployments at once report success, and {len(running)} images run",
            fix="take a lock at the beginning, which ends with the process, as `flock` does",
        )
    _only(production, flow, serving[0], over, "after both had ended")
    _is_tidy(production, "after two deployments at once")


@check(points=10, requires=test_replaces_a_version_without_losing_a_request, product=NOSHOW)
def test_survives_being_killed(
    production: Production, versions: Versions | Derived, patients: Patients, random: Random
) -> None:
    """Killed at any moment, a deployment leaves a production that serves; the next one works and tidies up.

    Runners are cut off, laptops are closed, connections end. There is no moment at which that cannot happen.
    """
    _serve(production, versions.first)
    whole = _serve(production, versions.second)
    before = len(production.serving())
    old, new = versions.second, versions.first
    for begin, end in MOMENTS:
        part = random.uniform(begin, end)
        when = f"when a deployment is killed after {part:.0%} of its time"
        with traffic(production.client, patients) as flow:
            with production.deploying(new.image):
                time.sleep(part * whole)
            time.sleep(AFTER)
        flow.must_lose_nothing(when)
        if strange := next((answer for answer in flow.answers if not (old.gave(answer) or new.gave(answer))), None):
            raise Fail(f"{when}, a request is answered with {strange.probability}, which neither version gave")
        if words := production.route_is_valid():
            raise Fail(
                f"{when}, the proxy could not start again: {words}",
                fix="put its file in place whole, and only when its container runs",
            )
        production.deploy(new.image).must_succeed(f"{when}, the next deployment fails")
        with traffic(production.client, patients) as flow:
            time.sleep(BEFORE)
        _only(production, flow, new, 0, f"{when}, and after the next deployment,")
        _is_tidy(production, f"{when}, and after the next deployment", before)
        old, new = new, old


@check(points=10, requires=test_puts_a_version_into_service, product=NOSHOW)
def test_a_tag_releases_what_was_tested(released: Released) -> None:
    """A version tag builds one image, pushes it and deploys it by its digest, in a named environment, with labels that say its origin.

    What was tested is what runs: the same bytes. A tag can be moved, a second build can differ, a digest cannot.
    """
    release = released.release
    release.run.must_be_playable()
    if not release.run.green:
        raise Fail(f"the release is red\n{release.run.why_red()}", fix="run the steps by hand, in a fresh clone")
    if not released.digests:
        fix = "deploy in a job with `runs-on: [self-hosted, production]`"
        raise Fail("after the release nothing runs in production", fix=fix)
    if not any(job.environment for job in release.deploying):
        fix = "`environment: production`: people approve what goes there"
        raise Fail("the job that deploys names no environment", fix=fix)
    if release.builds != 1:
        fix = "build once, push it, and hand its digest to the next job"
        raise Fail(f"{release.builds} steps build an image", fix=fix)
    if not released.in_registry:
        fix = "push it, and deploy `name@sha256:...`"
        raise Fail("the image that runs is not in the registry by its digest", fix=fix)
    _says_its_origin(released.labels, release)


def _says_its_origin(labels: Mapping[str, str], release: Release) -> None:
    """Raise Fail when a label of the image does not say commit, version or repository."""
    wanted = {
        "revision": (release.commit,),
        "version": (release.tag, release.tag.removeprefix("v")),
        "source": (release.source, f"{release.source}.git"),
    }
    for name, values in wanted.items():
        label = f"org.opencontainers.image.{name}"
        if labels.get(label) not in values:
            fix = f'docker build --label "{label}=..."'
            raise Fail(f"the label `{label}` is {labels.get(label)!r}, not {values[0]!r}", fix=fix)


@check(points=5, requires=test_a_tag_releases_what_was_tested, product=NOSHOW)
def test_an_answer_leads_to_its_origin(released: Released, complete: Product, contract: Contract) -> None:
    """A response of production leads to commit, model, data and image, and each of them is true.

    "Which model told this patient 0.8?" is asked months later, by a lawyer or a colleague. The answer has to be one request away.
    """
    said, service = released.document, contract.service
    trained_with = complete.record().get("data_sha256")
    for name, true in (("commit", released.release.commit), ("data_sha256", trained_with)):
        if said.get(name) != true:
            raise Fail(
                f"GET {service.version} says {said.get(name)!r} for `{name}`; true is {true!r}",
                fix="train and export in the release, from the tagged commit and nothing else",
            )
    if not released.holds_model:
        raise Fail(
            f"GET {service.version} says {said.get('model_sha256')!r} for `model_sha256`; the container holds no such file",
            fix="let the service say the hash of the file that it loaded",
        )
    digest = released.answer.headers.get(service.digest_header.lower())
    if digest not in released.digests:
        raise Fail(
            f"a prediction comes with `{service.digest_header}: {digest}`; the image that runs is {' '.join(released.digests)}",
            fix="let the deployment write the digest into the proxy's file: add_header ... always;",
        )


@check(points=5, requires=test_a_tag_releases_what_was_tested, product=NOSHOW)
def test_releases_only_from_main(production: Production, pipeline: Pipeline) -> None:
    """A tag on a commit that is not on the main branch releases nothing.

    Anybody who can push can tag any commit. Review happens on the way to main, so main is where releases come from.
    """
    _must_stop(production, pipeline, "v9.0.1", "the tag is on a branch beside `main`", branch="experiment",
               fix='fetch the history (`fetch-depth: 0`) and ask `git merge-base --is-ancestor "$GITHUB_SHA" origin/main`')  # fmt: skip


@check(points=5, requires=test_a_tag_releases_what_was_tested, product=NOSHOW)
def test_releases_only_what_is_green(production: Production, pipeline: Pipeline, random: Random) -> None:
    """A tag on a commit whose pipeline is red releases nothing.

    A tag is pushed in a second, also on a commit that nobody should use. The release asks; it does not trust.
    """
    _must_stop(production, pipeline, "v9.0.2", "CI is red for the commit", ci="failure",
               change=lambda root: failing_test(root, random),
               fix='ask before building: gh run list --commit "$GITHUB_SHA" --workflow ci.yml --json conclusion')  # fmt: skip


def _must_stop(production: Production, pipeline: Pipeline, tag: str, words: str, fix: str, **how: Any) -> None:
    from mlops_grader.instruments.release import push_tag

    before = production.repositories()
    release = push_tag(pipeline, production, tag, **how)
    release.run.must_be_playable()
    if production.serving():
        raise Fail(f"{words}, and the release is deployed", fix=fix)
    if production.repositories() != before:
        raise Fail(f"{words}, and an image is pushed", fix=fix)


def _serve(production: Production, version: Version) -> float:
    """Deploy a good version; the seconds that it took."""
    deployment = production.deploy(version.image)
    deployment.must_succeed(f"the {version.name} version cannot be deployed")
    return deployment.done.seconds


def _only(production: Production, flow: Traffic, version: Version, moment: float, when: str) -> None:
    """Raise Fail when a request that was sent after a moment was answered by another version."""
    answers = flow.since(moment)
    other = [answer for answer in answers if not version.gave(answer)]
    if other:
        found = f"{when} {len(other)} of {len(answers)} requests are not answered by the version that was deployed"
        raise Fail(
            f"{found}; the first: {other[0].lost or other[0].probability}",
            fix="end the command when the proxy sends every request to the new container",
        )
    if version.header and (running := production.digests()) != {version.digest}:
        listed = " and ".join(sorted(running)) or "no image"
        raise Fail(f"{when} {listed} runs in production's network, not {version.digest} alone", fix=END)


END = "end the command when the proxy sends every request to the new container, and the old one is gone"


def _is_tidy(production: Production, when: str, wanted: int = 0) -> None:
    """Raise Fail when containers of more than one image are there, or more than before."""
    found = production.containers()
    if len({image_of(handle).id for handle in found}) > 1 or (wanted and len(found) > wanted):
        listed = ", ".join(f"{handle.name} ({handle.status})" for handle in found)
        raise Fail(f"{when} there are {len(found)} containers: {listed}", fix="stop and remove what no longer serves")


def _must_refuse(
    production: Production, versions: Versions | Derived, patients: Patients, fault: Change, fix: str
) -> str:
    """Deploy a faulty version over the first; what stands on the page of the run. Raises Fail unless it is refused."""
    _serve(production, versions.first)
    bad = versions.faulty(fault)
    with traffic(production.client, patients) as flow:
        deployment = production.deploy(bad.image)
        time.sleep(BEFORE)
    if deployment.done.stopped:
        raise Fail(f"{bad.words}: the deployment is {deployment.done.stopped}", fix=fix)
    if deployment.done.ok:
        raise Fail(f"{bad.words} is deployed, with exit code 0", fix=fix)
    flow.must_lose_nothing(f"while {bad.words} was refused")
    _only(production, flow, versions.first, 0, f"while {bad.words} was refused,")
    _is_tidy(production, f"after {bad.words} was refused")
    return deployment.page
