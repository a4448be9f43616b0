"""m14_capstone: any product of a team's own, judged through its contract on a machine that has never seen it."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from mlops_grader import team
from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import FILE, Contract
from mlops_grader.figure import Figure
from mlops_grader.instruments import evidence, inputs, nonsense, scoping
from mlops_grader.instruments.clean import CleanMachine, answers, first_difference, shown
from mlops_grader.instruments.client import Client
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.serving import wire
from mlops_grader.submission import Submission

Bodies = list[dict[str, Any]]
INSIDE = "engine"  # what these checks use themselves: for the record only on a worker that is thrown away
DIFFERENT = 10  # valid requests that a contract has to lead to
ASKED = 40  # requests from which they are counted
HASH_SEED, OTHER_HASH_SEED = 0, 4711
CLAIMS = 3  # in a README
RAW = (("bytes that are not UTF-8", b'{"\xff\xfe": "\xc3\x28"}'), ("30000 open brackets", b"[" * 30_000))
MOST_AREAS = 2  # of one member


@pytest.fixture(scope="session")
def first_copy(clean_machine: CleanMachine) -> Product:
    """The product made from nothing in a clean copy."""
    return clean_machine.make("first", HASH_SEED)


@pytest.fixture(scope="session")
def requests(request: pytest.FixtureRequest, submission: Submission, contract: Contract, seed: int) -> Bodies:
    """Valid requests, other ones for each seed, of which none is committed."""
    if contract.inputs is None:
        return list(request.getfixturevalue("patients"))
    source = request.getfixturevalue("first_copy") if contract.inputs.generator else submission
    made = inputs.requests(source, contract, ASKED, seed)
    known = inputs.examples(submission, contract.inputs.examples) if contract.inputs.examples else []
    return [body for body in made if body not in known] or made


@pytest.fixture(scope="session")
def first_service(clean_machine: CleanMachine, first_copy: Product, requests: Bodies) -> Iterator[Client]:
    """That product in service, ready."""
    with clean_machine.serving(first_copy, requests[0], HASH_SEED) as client:
        yield client


@pytest.fixture(scope="session")
def first_answers(first_service: Client, requests: Bodies) -> list[Any]:
    """What it answers to these requests, in this order, before it has been asked anything else."""
    return answers(first_service, requests)


@check(points=10)
def test_contract_says_what_the_product_is(submission: Submission, contract: Contract, seed: int) -> None:
    """`product.toml` names the product, the parts that it has, and from what valid requests for it can be made.

    Whoever runs a product at night has not built it. One file that says what is there, and is true, is what they need.
    """
    if contract.name == "product":
        raise Fail(f"`{FILE}` calls the product `product`", fix="give it a name of its own")
    if contract.inputs is None and contract.name != NOSHOW:
        raise Fail(f"`{FILE}` has no [inputs]", fix="name `examples`, a `schema` or a `generator` there")
    if lacking := next(_lacking(submission, contract), ""):
        raise Fail(f"`{FILE}`: {lacking}", fix="let `parts` say what is there, and only that")
    if contract.inputs and not contract.inputs.generator:  # a generator runs once the product is set up
        made = inputs.requests(submission, contract, ASKED, seed)
        if (there := len({json.dumps(body, sort_keys=True) for body in made})) < DIFFERENT:
            raise Fail(
                f"only {there} different requests can be made from [inputs] in `{FILE}`, and {DIFFERENT} are wanted",
                fix="give examples that differ more, or a schema that allows more",
            )


@check(points=20, requires=test_contract_says_what_the_product_is)
def test_runs_on_a_clean_machine(
    clean_machine: CleanMachine, first_answers: list[Any], requests: Bodies, figures: list[Figure]
) -> None:
    """From a clean clone the contract's commands alone put the product into service, twice, with the same answers.

    What runs on one laptop is a demonstration. A product is what anybody can set up on any day, to the same effect.
    """
    second = clean_machine.make("second", HASH_SEED)
    with clean_machine.serving(second, requests[0], HASH_SEED) as client:
        again = answers(client, requests)
    if (place := first_difference(first_answers, again)) is not None:
        raise Fail(
            f"made a second time from the same commit, it answers {shown(requests[place])} "
            f"with {shown(again[place])}, and the first time with {shown(first_answers[place])}",
            fix="fix every seed and every version, and let nothing depend on the time or on what a download holds today",
        )
    figures.append(Figure("requests answered alike by two products made from nothing", len(first_answers)))


@check(points=15, requires=test_runs_on_a_clean_machine)
def test_answers_depend_on_the_input(
    first_service: Client, first_answers: list[Any], requests: Bodies, random: Random
) -> None:
    """Different requests get different answers, and the same request the same one, whatever was asked before.

    A service that says the same to everybody, or something else each time, looks well in every graph of a dashboard.
    """
    said = first_answers
    if all(first_difference([said[0]], [each]) is None for each in said):
        raise Fail(
            f"{len(said)} different requests all get the answer {shown(said[0])}",
            fix="let the answer come from the model and the request; an answer for known requests alone is none",
        )
    order = random.sample(range(len(said)), len(said))
    again = answers(first_service, [requests[place] for place in order])
    if (place := first_difference([said[each] for each in order], again)) is not None:
        raise Fail(
            f"asked again, in another order, it answers {shown(requests[order[place]])} with "
            f"{shown(again[place])}, and before with {shown(said[order[place]])}",
            fix="keep nothing of one request for the next one",
        )


@check(points=10, requires=test_runs_on_a_clean_machine)
def test_refuses_what_makes_no_sense(
    first_service: Client, submission: Submission, contract: Contract, requests: Bodies, random: Random
) -> None:
    """A request that makes no sense is refused with a status from 400 to 499, and the next good one is answered.

    A guess in answer to nonsense is believed by somebody. A crash is worse: one bad caller takes the service from all.
    """
    schema = inputs.schema(submission, contract.inputs) if contract.inputs else None
    wrong = [(each.words, each.body.encode()) for each in nonsense.nonsense(requests, random, schema)]
    for words, body in (*wrong, *RAW):
        status, said = _posted(first_service, body)
        if not 400 <= status < 500:
            raise Fail(
                f"POST {contract.service.predict} with {words} is answered with {said}",
                fix="check every body against a schema before anything is computed, and answer 400 or 422",
            )
    answers(first_service, requests[:1])


@check(points=15, requires=test_runs_on_a_clean_machine)
def test_training_is_repeatable(
    clean_machine: CleanMachine, first_copy: Product, first_answers: list[Any], contract: Contract, requests: Bodies
) -> None:
    """Made again with another hash seed, the product gives the same answers; one that trains is trained again for that.

    When a model changes although nothing was changed, no comparison of two models means anything. A product without the
    part `training` is only started again: what it answers must not depend on the process either.
    """
    again = clean_machine.make("third", OTHER_HASH_SEED) if "training" in contract.parts else first_copy
    with clean_machine.serving(again, requests[0], OTHER_HASH_SEED) as client:
        differently = answers(client, requests)
    if (place := first_difference(first_answers, differently)) is not None:
        raise Fail(
            f"with another PYTHONHASHSEED it answers {shown(requests[place])} with "
            f"{shown(differently[place])}, and before with {shown(first_answers[place])}",
            fix="sort what comes out of a set before anything depends on its order, and never use `hash()` on text",
        )


@check(points=10)
def test_scoping_is_complete(submission: Submission) -> None:
    """The scoping has words in each section, and figures that promise more than what works without a model.

    Most products that failed were built well, and for nobody. An hour on value, users and baseline is the cheapest one.
    """
    if thin := scoping.thin_sections(submission):
        name, count = thin[0]
        found = "is missing" if count is None else f"has {count} words of yours"
        raise Fail(f'the section "{name}" of `{scoping.PAGE}` {found}', fix=f"write at least {scoping.WORDS} words")
    facts = scoping.load(submission)
    if not facts.promises_more:
        raise Fail(
            f"the target {facts.metric.target:g} is no better than the baseline {facts.baseline.value:g}, "
            f"and {facts.metric.direction} is better",
            fix="promise more than what works without a model, or build the baseline instead",
        )
    if not submission.path(facts.baseline.measured).is_file():
        raise Fail(
            f"the baseline is measured in `{facts.baseline.measured}`, which is not in a clean clone",
            fix="commit the script or the report that makes the number, and name it",
        )
    for name, line in scoping.marks(submission):
        raise Fail(f"`{name}`, line {line}, still has the mark {scoping.MARK}", fix=f'git grep -n "{scoping.MARK}"')


@check(points=10)
def test_every_area_has_an_owner(submission: Submission) -> None:
    """`team.toml` names the members and, for each of the five areas, the one who answers for it.

    What everybody owns nobody mends. At three in the morning one name has to stand beside each part.
    """
    submission.read(team.FILE)
    try:
        owners = team.load(submission.path(team.FILE)).owners
    except team.TeamError as error:
        raise Fail(error.found, fix=error.fix) from None
    for member, areas in Counter(owners.values()).items():
        if areas > MOST_AREAS:
            raise Fail(
                f"`{team.FILE}`: `{member}` answers for {areas} of the {len(owners)} areas",
                fix=f"at most {MOST_AREAS} for each: whoever owns all of it explains all of it alone",
            )


@check(points=10)
def test_claims_lead_to_evidence(submission: Submission, contract: Contract) -> None:
    """Each claim of the README links to the file that shows it, and no link of README and `docs/` leads to nothing.

    A claim that one can follow to a number is believed. One dead link, and nobody follows the next one.
    """
    read = {page: evidence.links(page, submission.read(page)) for page in evidence.pages(submission)}
    for link in (link for links in read.values() for link in links):
        if why := evidence.broken(link, submission):
            place = f"`{link.page}`" + (f", line {link.line}," if link.line else "")
            raise Fail(f"{place} links to `{link.target}`: {why}", fix="mend the link, or commit what it leads to")
    claims = evidence.claims("README.md", submission.read("README.md"), "Claims")
    if len(claims) < CLAIMS:
        raise Fail(
            f'`README.md` has {len(claims)} claims in a list under the heading "Claims"',
            fix=f"write at least {CLAIMS}, each with a link to the file that shows it",
        )
    if bare := [words for words, links in claims if not links]:
        raise Fail(f'the claim "{bare[0][:120]}" has no link into the repository', fix="link the file that shows it")
    for path in _main_evidence(contract):
        if not evidence.to(read["README.md"], path):
            raise Fail(
                f"`README.md` has no link to `{path}`", fix="a reader has only the README to begin from: link it"
            )


def _posted(client: Client, body: bytes) -> tuple[int, str]:
    """Send these bytes as JSON: the status of the answer, 0 for none, and words for it."""
    head = wire.head(client, client.service.predict, "Content-Type: application/json", f"Content-Length: {len(body)}")
    heard = wire.ask(client, head, [body])
    if not heard.status:
        return 0, f"nothing ({client.alive() or 'the connection was closed'})"
    return heard.status, f"{heard.status}: {heard.content[:120].decode('utf-8', errors='replace')}"


def _main_evidence(contract: Contract) -> Iterator[str]:
    """What a README has to lead to, given the parts of the product."""
    yield scoping.PAGE
    yield "docs/decisions"
    if "ci" in contract.parts:
        yield ".github/workflows"
    if "monitoring" in contract.parts:
        yield contract.monitoring.dashboard


def _lacking(submission: Submission, contract: Contract) -> Iterator[str]:
    """What the contract says and the repository does not have, and the other way round."""
    parts, commands = contract.parts, contract.commands
    if not commands.serve.strip() and "containers" not in parts:
        yield "it has no `serve` command and no part `containers`, so nothing can be put into service"
    for part, command in (("training", "train"), ("delivery", "deploy"), ("delivery", "rollback")):
        if part in parts and not getattr(commands, command).strip():
            yield f"it has the part `{part}` and no `{command}` command"
    if commands.train.strip() and "training" not in parts:
        yield "it has a `train` command and no part `training`"
    if "containers" in parts and not submission.path(contract.image.dockerfile).is_file():
        yield f"it has the part `containers`, and there is no `{contract.image.dockerfile}` in a clean clone"
    if "ci" in parts and not any(re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", name) for name in submission.files):
        yield "it has the part `ci`, and no workflow lies in `.github/workflows/`"
