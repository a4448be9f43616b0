"""m05_serving: a service with a strict contract, judged by what it answers to right, wrong, hostile and many requests."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from jsonschema import Draft202012Validator

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract, Service
from mlops_grader.instruments.client import differences
from mlops_grader.instruments.contained import Served
from mlops_grader.instruments.load import Call, Reply, send, send_all
from mlops_grader.instruments.product import RECORD, Product
from mlops_grader.instruments.service import HostService
from mlops_grader.instruments.serving import bodies, importing, openapi, speed, training, wire
from mlops_grader.instruments.serving.bodies import Wrong
from mlops_grader.instruments.serving.changing import SAME, Story
from mlops_grader.instruments.serving.failing import AGE
from mlops_grader.instruments.serving.problem import must_be_a_problem, must_show_nothing, shown

PART = "serving"  # of the contract
Patients = list[dict[str, Any]]

OK, REFUSED = 200, (400, 413, 422)
AGREES = 0.3  # correlation with how likely patients really are to miss; a working model has 0.5 or more
KIB, MIB = 2**10, 2**20
SLACK = 8 * MIB  # of a body that is too large, in buffers on the way: those of the sending kernel alone hold half of it
HELD = 40  # connections with unfinished bodies at once
CALLERS, QUESTIONS = 16, 160
SLOWER, LONGER = 4.0, 10.0


@check(points=5, product=NOSHOW)
def test_predicts_what_training_predicts(
    served: HostService, patients: Patients, trained_says: list[float], strangers: tuple[Patients, list[float]]
) -> None:
    """For 50 patients the service answers what the package that trained the model computes, within 1e-9.

    A feature that is computed in two ways, a default in one of them, a model of last week: nobody sees it, and it costs quietly.
    """
    answers = [served.client.predict(patient) for patient in patients]
    if (apart := differences(answers, trained_says)) > SAME:
        raise Fail(
            f"the predictions differ by up to {apart:.3g}: "
            f"the service says {answers[0]:.6f} where the training package says {trained_says[0]:.6f}",
            fix="use `feature_matrix` and the exported model, as training does",
        )
    bodies_of_strangers, likely = strangers
    if training.agreement([served.client.predict(body) for body in bodies_of_strangers], likely) < AGREES:
        raise Fail(
            "what is predicted has little to do with who stays away", fix="answer with the model that `export` made"
        )


@check(points=5, requires=test_predicts_what_training_predicts, product=NOSHOW)
def test_batch_gives_the_same_answers(served: HostService, patients: Patients, trained_says: list[float]) -> None:
    """A batch is answered in its order, each patient as alone.

    The call list of the evening is a batch. If it and the screen of the doctor differ, people believe neither.
    """
    service = served.client.service
    order = [*range(len(patients)), *range(service.max_batch - len(patients))][: service.max_batch]
    order = [number % len(patients) for number in reversed(order)]
    for numbers in (order, [3], [7, 7, 0]):
        reply = _post(served, service.predict_batch, [patients[number] for number in numbers])
        said = _probabilities(reply, service.prediction, len(numbers))
        if (apart := differences(said, [trained_says[number] for number in numbers])) > SAME:
            raise Fail(
                f"in a batch of {len(numbers)} the answers differ from those for each alone by up to {apart:.3g}",
                fix="one row of features for each request, in the order of the requests",
            )


@check(points=10, requires=test_predicts_what_training_predicts, product=NOSHOW)
def test_refuses_what_makes_no_sense(served: HostService, patients: Patients, random: Random) -> None:
    """What is missing, unknown, of another type or out of range is refused, alone or in a batch; the ends of the ranges are answered.

    A model has an answer to everything. An age of 470 gets a probability with six digits, and somebody acts on it.
    """
    service = served.client.service
    patient = random.choice(patients)
    for words, allowed in bodies.edges(patient):
        reply = _post(served, service.predict, allowed)
        if reply.status != OK:
            raise Fail(f"{words} is allowed and answered with {reply.status}: {shown(reply.content)}", fix=RANGES)
    wrong = bodies.forbidden(patient, random, _word(random))
    for each in wrong:
        _must_refuse(send(served.client, Call(service.predict, each.body), time.monotonic()), each.words)
    for each in random.sample([each for each in wrong if each.body.startswith("{")], 12):
        body = f"[{json.dumps(patient)}, {each.body}]"
        reply = send(served.client, Call(service.predict_batch, body), time.monotonic())
        _must_refuse(reply, f"in a batch, {each.words}")


@check(points=5, requires=test_predicts_what_training_predicts)
def test_errors_are_problems(served: Served, patients: Patients, absurd: list[Wrong], random: Random) -> None:
    """Every refusal is a problem document (RFC 9457) under the right status: 404, 405, 413, 415, 422.

    Whoever calls writes one piece of code that reads errors. With five shapes of them nobody reads any.
    """
    service = served.client.service
    large = json.dumps(patients[0]) + " " * (service.max_body + KIB)
    text = {"Content-Type": "text/plain"}
    cases = [
        ("an unknown path", Call(f"/{_word(random)}", method="GET"), (404,)),
        (f"GET {service.predict}", Call(service.predict, method="GET"), (405,)),
        (f"DELETE {service.ready}", Call(service.ready, method="DELETE"), (405,)),
        ("a body that is too large", Call(service.predict, large), (413,)),
        ("a body that says it is plain text", Call(service.predict, json.dumps(patients[0]), headers=text), (415,)),
        *((words, call, (422, 400)) for words, call in _senseless(service, patients, absurd, random)),
    ]
    for what, call, statuses in cases:
        reply = send(served.client, call, time.monotonic())
        if reply.status not in statuses:
            raise Fail(
                f"{what} is answered with {reply.status or 'nothing'}: {shown(reply.content)}",
                fix=f"answer {statuses[0]}",
            )
        must_be_a_problem(what, reply.status, reply.headers, reply.content)
        if reply.status == 405 and not reply.headers.get("allow"):
            raise Fail(f"{what} is answered with 405 and no `Allow`", fix="say which methods there are")


@check(points=5, requires=test_errors_are_problems, product=NOSHOW)
def test_tells_nothing_of_its_inside(served: HostService, patients: Patients, random: Random) -> None:
    """No answer to a wrong or hostile request repeats what was sent or shows how the service is made; nor does the log repeat it.

    What was sent may be a name and a diagnosis. What the service is made of is the first page of the manual for breaking in.
    """
    service, word = served.client.service, _word(random)
    hostile = [(words, Call(service.predict, None), body) for words, body in bodies.odd(patients[0], word)]
    hostile += [
        (f"{words} in a batch", Call(service.predict_batch), b"[" + body + b"]")
        for words, body in bodies.odd(patients[0], word)
    ]
    for each in bodies.forbidden(patients[0], random, word):
        hostile.append((each.words, Call(service.predict), each.body.encode()))
    for words, call, body in hostile:
        heard = wire.ask(
            served.client, wire.head(served.client, call.path, JSON, f"Content-Length: {len(body)}"), [body]
        )
        _must_stay_calm(words, heard, (word,))
    for words, opening in _odd_requests(served, random):
        _must_stay_calm(words, wire.ask(served.client, opening, half_close=True), ())
    served.client.predict(patients[0])  # it lives on
    time.sleep(0.5)
    if line := next((line for line in served.lines() if word in line), ""):
        raise Fail(
            f"a line of the log repeats what was sent: {line[:300]}", fix="log which field was wrong, not its value"
        )


@check(points=5, requires=test_errors_are_problems, product=NOSHOW)
def test_unexpected_errors_stay_in_the_log(failing: HostService, failing_words: str, patients: Patients) -> None:
    """When the code fails for one patient the caller gets a problem with 500, the log the error with the id, and others an answer.

    The one who calls needs an id to ask about, the one who mends needs the traceback, and neither needs the other's.
    """
    client, service = failing.client, failing.client.service
    body, given = {**patients[0], "age": AGE}, ""
    for call in (Call(service.predict_batch, [patients[2], body]), Call(service.predict, body)):
        reply = send(client, call, time.monotonic())
        what = f"POST {call.path}, when a feature cannot be computed,"
        if reply.status != 500:
            raise Fail(
                f"{what} answers {reply.status or 'nothing'}: {shown(reply.content)}",
                fix="answer 500: it is your fault",
            )
        must_be_a_problem(what, reply.status, reply.headers, reply.content)
        must_show_nothing(what, reply.content, (failing_words,))
        given = reply.headers.get(service.request_id.lower(), "")
        if not given:
            raise Fail(f"{what} has no `{service.request_id}`", fix="let the answer to an error carry the id too")
    client.predict(patients[1])
    failing.logged((failing_words, given))
    _must_be_in_the_log(failing, failing_words, given)


@check(points=5, requires=test_batch_gives_the_same_answers)
def test_takes_in_only_so_much(served: Served, patients: Patients) -> None:
    """A body of up to `max_body` bytes and a batch of up to `max_batch` are answered; more is refused before it is all read.

    Memory is what one caller can take from all others, by mistake as well as on purpose.
    """
    client, service = served.client, served.client.service
    full = json.dumps(patients[0]).encode()
    full += b" " * (service.max_body - len(full))
    more = [b" " * KIB] * 2
    length = f"Content-Length: {len(full)}"
    if (heard := wire.ask(client, wire.head(client, service.predict, JSON, length), [full])).status != OK:
        raise Fail(f"a body of {len(full)} bytes, which is allowed, is answered with {heard.status}", fix=LIMIT)
    chunked = wire.head(client, service.predict, JSON, "Transfer-Encoding: chunked")
    for words, opening, pieces in (
        ("a body", wire.head(client, service.predict, JSON, f"Content-Length: {len(full) + 2 * KIB}"), [full, *more]),
        ("a body in chunks", chunked, wire.chunks([full, *more])),
    ):
        if (heard := wire.ask(client, opening, pieces)).status != 413:
            raise Fail(
                f"{words} of {len(full) + 2 * KIB} bytes is answered with {heard.status or 'nothing'}", fix=LIMIT
            )
    endless = wire.ask(client, chunked, wire.chunks(wire.unhurried([b" " * 64 * KIB] * 1000)))
    if endless.sent > service.max_body + SLACK:
        raise Fail(f"{endless.sent // MIB} MiB of a body without end are taken in", fix=LIMIT)
    if service.any_answer:
        return  # a batch is what the course's product has
    many = [patients[number % len(patients)] for number in range(service.max_batch + 1)]
    reply = _post(served, service.predict_batch, many)
    _must_refuse(reply, f"a batch of {len(many)}")


@check(points=5, requires=test_predicts_what_training_predicts)
def test_does_not_wait_for_ever(served: Served, patients: Patients) -> None:
    """Bodies that do not come and idle connections end after `patience` seconds, and others are answered meanwhile.

    Forty callers on a bad line must not hold the service up for the forty-first.
    """
    client, service = served.client, served.client.service
    held = {"a connection on which nothing is asked": [wire.idle(client)]}
    try:
        held["a body of which half came"] = [
            wire.body_that_stops(client, patients[0], service.predict) for _ in range(HELD)
        ]
        held["a body that comes byte by byte"] = [wire.body_that_drips(client, service.predict) for _ in range(3)]
        every = [each for row in held.values() for each in row]
        until = time.monotonic() + service.patience + SPARE
        while time.monotonic() < until and any(each.ended is None for each in every):
            client.predict(patients[1], timeout=5)
            for each in every:
                each.look()
            time.sleep(0.1)
    finally:
        for each in (each for row in held.values() for each in row):
            each.close()
    for words, row in held.items():
        if open_ := [each for each in row if each.ended is None]:
            raise Fail(
                f"{words} is still waited for after {service.patience + SPARE:g} s ({len(open_)} of {len(row)})",
                fix=f"a limit on the time for the whole of a body, and one for idle connections: `patience` is {service.patience:g} s",
            )


@check(points=5, requires=test_predicts_what_training_predicts)
def test_a_request_keeps_its_id(served: Served, patients: Patients, random: Random) -> None:
    """A caller's request id comes back and stands in the log; one that is no id is replaced, and each request without one gets its own.

    One search for the id finds the request in every service that it went through.
    """
    service = served.client.service
    given = f"clinic-7.{random.randbytes(8).hex()}_A"
    odd = ["x" * 5000, f'{_word(random)}" level="CRITICAL', f"{_word(random)} a b", "{}", "<script>alert(1)</script>"]
    calls = [Call(service.predict, patients[0], headers={service.request_id: each}) for each in (given, *odd)]
    calls += [Call(service.predict, patients[0]), Call(service.live, method="GET"), Call("/nowhere", method="GET")]
    ids = [reply.headers.get(service.request_id.lower(), "") for reply in send_all(served.client, calls)]
    if ids[0] != given:
        raise Fail(
            f"a request with the id `{given}` is answered with the id `{ids[0]}`", fix="take the caller's id over"
        )
    for sent, answered in zip(odd, ids[1:], strict=False):
        if not re.fullmatch(r"[\w.:+/=~-]{8,128}", answered, re.ASCII):
            raise Fail(f"a request with the id `{sent[:80]}` is answered with the id `{answered[:80]}`", fix=NO_ID)
    if len(set(ids)) != len(ids):
        raise Fail("two requests have one id", fix="make a new one for each request, such as `uuid.uuid4().hex`")
    served.logged(ids)
    log = served.output
    if missing := [each for each in ids if each not in log]:
        raise Fail(f"no line of the log has the id of an answer, `{missing[0]}`", fix="log each request with its id")
    if taken := [each for each in odd[:3] if each in log or json.dumps(each)[1:-1] in log]:
        raise Fail(f"the log holds what was sent as an id: `{taken[0][:80]}`", fix=NO_ID)


@check(points=5, requires=test_errors_are_problems, product=NOSHOW)
def test_is_ready_only_with_a_model(story: Story, contract: Contract) -> None:
    """Without a model the service lives and is not ready, and says so with 503; once there is one it is ready and answers.

    Whoever sends patients to a service that says "ready" too early loses them, at every start.
    """
    names, began = contract.service, story.beginning
    if began.live is None:
        raise Fail(
            f"without a model the service does not live: {began.gone}", fix="start, load in the background, and wait"
        )
    for path, reply in ((f"GET {names.ready}", began.ready), (f"POST {names.predict}", began.predict)):
        what = f"without a model, {path}"
        if reply is None or reply.status != 503:
            raise Fail(f"{what} answers {reply.status if reply else 'nothing'}", fix="503 until the model is loaded")
        must_be_a_problem(what, reply.status, reply.headers, reply.content)
        must_show_nothing(what, reply.content, ())
    if not began.claimed:
        raise Fail(
            f"a model is there, and GET {names.ready} does not become 200 {began.gone}",
            fix="look for it again and again",
        )
    if began.first is None or began.first.status != OK:
        status = began.first.status if began.first else "nothing"
        raise Fail(
            f"GET {names.ready} says 200, and the next prediction is answered with {status}",
            fix="ready is what answers",
        )


@check(points=5, requires=test_predicts_what_training_predicts, product=NOSHOW)
def test_says_which_model_answers(served: HostService, trained: Product) -> None:
    """The version endpoint gives commit, data and model of what answers, as the record of the export and its files say.

    "Which model said that?" is the first question after every complaint.
    """
    path, record = served.client.service.version, trained.record()
    reply = send(served.client, Call(path, method="GET"), time.monotonic())
    for key in ("commit", "data_sha256", "model_sha256"):
        if reply.status != OK or not reply.value(key) or reply.value(key) != record.get(key):
            raise Fail(
                f"GET {path} answers {reply.status} with the `{key}` {reply.value(key)!r}, and the export has {record.get(key)!r}",
                fix="answer with the record of the model that was loaded",
            )
    folder = (trained.root / RECORD).parent
    files = {hashlib.sha256(each.read_bytes()).hexdigest() for each in folder.rglob("*") if each.is_file()}
    if reply.value("model_sha256") not in files:
        raise Fail(
            f"no file of the export has the `model_sha256` that GET {path} says", fix="hash the file that is loaded"
        )


@check(points=5, requires=(test_batch_gives_the_same_answers, test_a_request_keeps_its_id), product=NOSHOW)
def test_answers_each_caller(
    served: HostService, patients: Patients, trained_says: list[float], random: Random
) -> None:
    """Of many callers at once each gets the answer to its own request, under its own id.

    What requests share, they mix up, and only under load: the patient of the next room is called.
    """
    service = served.client.service

    def question(number: int) -> tuple[list[int], Call]:
        headers = {service.request_id: f"caller-{number}-{random.random()}"}
        if number % 4:
            chosen = random.randrange(len(patients))
            return [chosen], Call(service.predict, patients[chosen], headers=headers)
        several = random.sample(range(len(patients)), 5)
        return several, Call(service.predict_batch, [patients[each] for each in several], headers=headers)

    questions = [question(number) for number in range(QUESTIONS)]
    with ThreadPoolExecutor(CALLERS) as pool:
        replies = list(pool.map(lambda asked: send(served.client, asked[1], time.monotonic()), questions))
    for (numbers, call), reply in zip(questions, replies, strict=True):
        said = _probabilities(reply, service.prediction, len(numbers))
        if differences(said, [trained_says[number] for number in numbers]) > SAME:
            raise Fail(
                f"with {CALLERS} callers at once a patient gets another one's answer",
                fix="keep nothing between requests",
            )
        if reply.headers.get(service.request_id.lower()) != call.headers[service.request_id]:
            raise Fail(
                f"with {CALLERS} callers at once an answer has another request's id",
                fix="keep nothing between requests",
            )


@check(points=10, requires=(test_answers_each_caller, test_says_which_model_answers), product=NOSHOW)
def test_takes_a_new_model_without_losing_a_request(story: Story, contract: Contract) -> None:
    """After an export the new model answers within `reload` seconds, no request is lost, and no batch is answered by two models.

    A better model that waits for somebody to restart the service waits until Monday.
    """
    if story.switch is None:
        raise story.trouble or Fail("the service did not get as far as a change of its model")
    switch, names = story.switch, contract.service
    if switch.taken is None:
        raise Fail(
            f"{names.reload:g} s after an export (and some more) the old model still answers",
            fix="look at the exported record from time to time, and load what is new beside the old",
        )
    lost = [each.lost for each in switch.answers if each.lost]
    lost += [each.lost for each in switch.batches if each.lost]
    if lost:
        raise Fail(
            f"while the model changed, {len(lost)} of {len(switch.answers) + len(switch.batches)} requests were lost: {lost[0]}",
            fix="load the new one beside the old, and swap when it is ready",
        )
    _must_be_of_one_model(story)
    for key in ("commit", "data_sha256", "model_sha256"):
        if switch.version.get(key) != switch.record.get(key):
            raise Fail(
                f"the new model answers, and GET {names.version} says the `{key}` of another",
                fix="swap model and record in one step",
            )


@check(points=5, requires=test_takes_a_new_model_without_losing_a_request, product=NOSHOW)
def test_a_broken_model_changes_nothing(story: Story, contract: Contract) -> None:
    """A broken export is not used and runs no code; the old model answers, log and service say so, and a good one is taken again.

    Half a file, a wrong version, a program in a model file: exports go wrong at night, when nobody looks.
    """
    for refused in story.refused:
        if refused.ran:
            raise Fail(
                f"{refused.words}: the program ran in the service",
                fix="skops or ONNX, and never a pickle: it is a program",
            )
        if refused.wrong:
            raise Fail(
                f"after {refused.words}, a patient is answered {refused.wrong}",
                fix="keep the old model until the new one works",
            )
        if not refused.logged:
            raise Fail(
                f"{refused.words} is passed over in silence: no line of the log", fix="log why a model is refused"
            )
        if not refused.told:
            raise Fail(
                f"after {refused.words}, GET {contract.service.ready} and GET {contract.service.version} say what they said before",
                fix="let one of them say that a newer model was refused",
            )
    if story.trouble:
        raise story.trouble
    if not story.recovered:
        raise Fail("after the broken exports a good one is not taken", fix="try each export that is new")


@check(points=10, requires=(test_refuses_what_makes_no_sense, test_errors_are_problems))
def test_openapi_document_is_true(
    served: Served, patients: Patients, absurd: list[Wrong], random: Random, scratch: Path
) -> None:
    """The OpenAPI document describes every endpoint and field, allows and forbids what the service does, and schemathesis agrees.

    It is what other teams build on. A document that is nearly true costs more than none.
    """
    service, document = served.client.service, openapi.load(served.client)
    for path in (service.live, service.ready, service.version):
        openapi.must_describe(document, "get", path)
    if not service.any_answer:
        openapi.must_describe(document, "post", service.predict_batch)
    schema = openapi.body_of(document, service.predict)
    if silent := openapi.undescribed(document, service.predict, tuple(patients[0])):
        raise Fail(
            f"the OpenAPI document does not say what `{silent[0]}` is", fix="a description with its unit for each field"
        )
    if service.any_answer:
        _must_be_of_one_mind(served, schema, patients, absurd)
    else:
        _must_know_the_limits(schema, random.choice(patients), random)
    openapi.fuzz(served.client, random.randrange(2**31), scratch)


@check(points=5, requires=test_batch_gives_the_same_answers, product=NOSHOW)
def test_is_quick(served: HostService, trained: Product, patients: Patients) -> None:
    """Under callers the p95 is at most 4 times that of a bare endpoint, and a batch of 100 takes at most 10 times a single one.

    Ratios, measured in turns on this machine: what they show is work that is done for each request and need not be.
    """
    found = speed.measure(trained, served.client, patients)
    if found.beside_bare > SLOWER or found.batch_beside_single > LONGER:
        # once more: something else may have kept the machine busy
        found = speed.measure(trained, served.client, patients)
    if found.beside_bare > SLOWER:
        raise Fail(
            f"the p95 of a prediction is {found.p95 * 1000:.0f} ms, {found.beside_bare:.1f} times that of a bare endpoint",
            fix="load the model once, and do nothing in a request that could be done before",
        )
    if found.batch_beside_single > LONGER:
        raise Fail(
            f"a batch of 100 takes {found.batch * 1000:.0f} ms, {found.batch_beside_single:.1f} times as long as a single one",
            fix="one matrix and one call of the model for the whole batch",
        )


@check(points=5, requires=test_predicts_what_training_predicts, product=NOSHOW)
def test_does_nothing_when_imported(served: HostService, trained: Product, scratch: Path) -> None:
    """Importing a module of the package loads no model, opens no file of the project and no port, and starts nothing.

    Tests, tools and every worker import it. What happens at import cannot be configured, awaited or tested.
    """
    importing.must_do_nothing(trained, scratch)


SOME = 6  # senseless requests of many
SPARE = 4.0  # seconds beyond the product's patience
JSON = "Content-Type: application/json"
RANGES = "the ranges stand in the lesson, with both ends allowed"
LIMIT = "count what arrives, and answer 413 as soon as it is more than `max_body` of the contract"
NO_ID = "take over letters, digits, dots and dashes, up to 64 of them, and make a new id of your own for anything else"
ONE_MODEL = "let the document come from the model that checks the requests"


def _word(random: Random) -> str:
    """A word that is nowhere but in one request."""
    return f"Quill{random.randbytes(5).hex()}"


def _post(served: Served, path: str, body: Any) -> Reply:
    return send(served.client, Call(path, body), time.monotonic())


def _senseless(service: Service, patients: Patients, absurd: list[Wrong], random: Random) -> list[tuple[str, Call]]:
    """Some requests that make no sense, each with words for it."""
    if service.any_answer:
        some = random.sample(absurd, min(SOME, len(absurd)))
        return [(each.words, Call(service.predict, each.body)) for each in some]
    return [
        ("an `age` of -1", Call(service.predict, {**patients[0], "age": -1})),
        ("an empty object in a batch", Call(service.predict_batch, [{}])),
        ("a body that is no JSON", Call(service.predict, "{")),
    ]


def _must_know_the_limits(schema: Draft202012Validator, patient: Mapping[str, Any], random: Random) -> None:
    """Raise Fail when the document forbids what is just allowed, or allows what makes no sense."""
    for words, body in bodies.edges(patient):
        if not schema.is_valid(body):
            raise Fail(f"the OpenAPI document forbids {words}, and the service answers it", fix=ONE_MODEL)
    for each in bodies.forbidden(patient, random, _word(random)):
        if each.schema and schema.is_valid(json.loads(each.body)):
            raise Fail(f"the OpenAPI document allows {each.words}, and the service refuses it", fix=ONE_MODEL)


def _must_be_of_one_mind(served: Served, schema: Draft202012Validator, valid: Patients, absurd: list[Wrong]) -> None:
    """Raise Fail when the document and the service do not say the same of a request, good or senseless."""
    path = served.client.service.predict
    cases = [(f"a valid request, {json.dumps(body)[:150]}", json.dumps(body)) for body in valid[:SOME]]
    for words, text in [*cases, *((each.words, each.body) for each in absurd if each.schema)]:
        reply = send(served.client, Call(path, text), time.monotonic())
        allowed, answered = schema.is_valid(json.loads(text)), reply.status == OK
        if allowed != answered:
            says, does = ("allows" if allowed else "forbids"), ("answers" if answered else "refuses")
            raise Fail(f"the OpenAPI document {says} {words}, and the service {does} it", fix=ONE_MODEL)


def _must_refuse(reply: Reply, words: str) -> None:
    if reply.status not in REFUSED:
        raise Fail(
            f"{words} is answered with {reply.status or 'nothing'}: {shown(reply.content)}",
            fix="refuse with 422 what is missing, unknown, of another type, out of range or impossible",
        )


def _probabilities(reply: Reply, key: str, count: int) -> list[float]:
    """The probabilities of an answer to one patient or to a batch. Raises Fail when it is none."""
    try:
        said = json.loads(reply.content) if reply.status == OK else None
        rows: list[Mapping[str, Any]] = said if isinstance(said, list) else [said]  # type: ignore[list-item]
        found = [float(row[key]) for row in rows]
    except (ValueError, TypeError, KeyError, RecursionError):
        found = []
    if len(found) != count:
        raise Fail(
            f"POST {reply.call.path} with {count} patients answers {reply.status or 'nothing'}: {shown(reply.content)}",
            fix=f"a JSON array of requests in, a JSON array of objects with `{key}` out, in the same order",
        )
    return found


def _must_stay_calm(words: str, heard: wire.Heard, sent: tuple[str, ...]) -> None:
    if heard.status >= 500:
        raise Fail(
            f"{words} is answered with {heard.status}: {shown(heard.content)}",
            fix="refuse it before it breaks something",
        )
    if heard.status != OK:
        must_show_nothing(words, heard.content, sent)


def _odd_requests(served: HostService, random: Random) -> list[tuple[str, bytes]]:
    """Requests whose head is odd; a server may close the connection instead of an answer."""
    client, service = served.client, served.client.service
    return [
        ("a path that climbs", wire.head(client, "/../../../../etc/passwd", method="GET")),
        ("a path that climbs in disguise", wire.head(client, "/%2e%2e/%2e%2e/etc/passwd%00", method="GET")),
        ("a path of 5000 letters", wire.head(client, "/" + "a" * 5000, method="GET")),
        (
            "200 headers",
            wire.head(client, service.live, *(f"X-{n}: {random.random()}" for n in range(200)), method="GET"),
        ),
        ("a header of 100,000 letters", wire.head(client, service.live, f"X-Long: {'x' * 100_000}", method="GET")),
        ("a method nobody knows", wire.head(client, service.predict, method="BREW")),
        ("a length that is none", wire.head(client, service.predict, JSON, "Content-Length: many")),
        ("a negative length", wire.head(client, service.predict, JSON, "Content-Length: -1")),
        ("half a body, and no more", wire.head(client, service.predict, JSON, "Content-Length: 200") + b'{"clinic": '),
        ("no HTTP", random.randbytes(200) + b"\r\n\r\n"),
    ]


def _must_be_in_the_log(failing: HostService, words: str, given: str) -> None:
    """Raise Fail unless the log has the error, and with it the id of the request."""
    if not any(words in line for line in failing.lines()):
        raise Fail(
            "the log does not say which error it was", fix="log the exception with its traceback: `log.exception(...)`"
        )
    events = [event for event in failing.events() if words in json.dumps(event)]
    together = any(given in json.dumps(event) for event in events) if events else given in failing.output
    if not together:
        raise Fail(
            f"the log has the error, and not the id of its request, `{given}`",
            fix="log the id in the same line as the error",
        )


def _must_be_of_one_model(story: Story) -> None:
    """Raise Fail unless each answer is wholly the old model's or the new one's, and at last always the new one's."""
    switch = story.switch
    assert switch is not None  # noqa: S101  # the check has looked
    for each in switch.answers:
        old, new = switch.old[each.patient], switch.new[each.patient]
        if min(abs(each.probability - old), abs(each.probability - new)) > SAME:
            raise Fail(
                f"while the model changed, a patient is answered {each.probability:.6f}, which neither model says",
                fix=SWAP,
            )
    for batch in switch.batches:
        if min(differences(batch.values, switch.old), differences(batch.values, switch.new)) > SAME:
            raise Fail("while the model changed, one batch was answered by two models", fix=SWAP)
    if switch.after:
        raise Fail(f"some seconds after the change of the model, a patient is answered {switch.after}", fix=SWAP)


SWAP = "take the model once for each request, and replace model and record as one object"
