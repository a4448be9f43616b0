"""m09_monitoring: a service that is watched, judged by load, faults, a real Prometheus and what reaches a receiver."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING, Any

import httpx

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract, Service
from mlops_grader.instruments.alerting import Rules, must_lead_somewhere
from mlops_grader.instruments.client import READY_SECONDS, Client, same
from mlops_grader.instruments.contained import Served
from mlops_grader.instruments.dashboard import Panel, answered
from mlops_grader.instruments.exposition import Exposition, counts, moved, scrape
from mlops_grader.instruments.load import Call, Reply, send_all
from mlops_grader.instruments.measured import SAME, distributions, request_counters, timed
from mlops_grader.instruments.objectives import Name, Objective
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.prometheus import promtool
from mlops_grader.instruments.service import HostService, started
from mlops_grader.instruments.serving.bodies import Wrong
from mlops_grader.submission import Submission

if TYPE_CHECKING:
    from mlops_grader.instruments.watch import Episode, Watched

PART = "monitoring"  # of the contract
CPUS = 2.0  # for the record: Prometheus, Alertmanager and load run beside the service, and all of it is on time
Patients = Sequence[Mapping[str, Any]]
WORKERS = 3
MOST_NEW_SERIES = 25
OVERHEAD = 1.5  # an answer takes some 3 ms: a middleware of the framework alone adds a quarter to that
ROUNDS, REQUESTS = 6, 50
TRACE = "X-Request-ID"
SHORTEST = 7  # characters of what names a model
LEAST, LEAST_OF_ANY = (
    0.02,
    0.001,
)  # of what callers wait: some products compute next to nothing, behind a container's proxy
NAME, PHONE = "Zebedee Quartermaine", "07700 900123"


@check(points=10)
def test_metrics_are_true(observed: Served, patients: Patients, absurd: list[Wrong], random: Random) -> None:
    """After a known mix of requests, a counter agrees with what was sent by path and status, and a histogram with the time.

    Who is woken by a number must be able to believe it.
    """
    client, predict = observed.client, observed.client.service.predict
    good, bad, lost = random.randint(20, 40), random.randint(5, 15), random.randint(5, 15)
    calls = [Call(predict, patients[n % len(patients)]) for n in range(good)]
    calls += [Call(predict, _malformed(patients[n], absurd, n)) for n in range(bad)]
    calls += [Call(f"/{random.randbytes(6).hex()}", method="GET") for _ in range(lost)]
    random.shuffle(calls)
    before = scrape(client)
    replies = send_all(client, calls)
    changes = moved(before, scrape(client))
    sent = f"{good} good and {bad} malformed requests to {predict}, and {lost} to paths that do not exist"
    _must_count(changes, predict, {"2": good, "4": bad}, lost, sent)
    least = LEAST_OF_ANY if client.service.any_answer else LEAST
    _must_time(changes, predict, good, bad, [reply for reply in replies if reply.call.path == predict], least)


@check(points=10, requires=test_metrics_are_true)
def test_metrics_are_well_formed(observed: Served) -> None:
    """The metrics endpoint answers in Prometheus's text format, and names, units and help texts keep its conventions.

    Dashboards and alerts are written against names. `latency_ms` beside `duration_seconds` costs a night one day.
    """
    try:
        remarks = promtool.lint_metrics(scrape(observed.client).text)
    except ValueError as error:
        raise Fail(f"Prometheus cannot read the metrics: {error}", fix="generate_latest() writes the format") from None
    if remarks:
        raise Fail("\n".join(remarks[:8]), fix="prometheus.io/docs/practices/naming: base units, `_total`, a help text")


@check(points=5, requires=test_metrics_are_true, product=NOSHOW)
def test_metrics_are_true_with_several_workers(trained: Product, contract: Contract, patients: Patients) -> None:
    """With three workers every scrape shows the sum of all of them.

    Each worker counts for itself. Whoever scrapes one of them at random sees counters that jump, and rates that lie.
    """
    names, predict = contract.service.settings, contract.service.predict
    with started(trained, {names.workers: str(WORKERS)}) as service:
        service.client.wait_until_ready(patients[0], READY_SECONDS)
        if service.processes() <= WORKERS - 1:
            raise Fail(
                f"with {names.workers}={WORKERS} the service is {service.processes()} process",
                fix=f"serve with as many workers as {names.workers} says, as the given `serve.py` does",
            )
        before = _settled(service.client)
        send_all(service.client, [Call(predict, patient) for patient in patients])
        time.sleep(0.5)
        for _ in range(4 * WORKERS):
            found = request_counters(moved(before, scrape(service.client)), predict)
            if not any(each.by_status == {"2": len(patients)} for each in found):
                counted = sum(found[0].by_status.values()) if found else 0
                raise Fail(
                    f"{len(patients)} requests were sent to {WORKERS} workers, and a scrape shows {counted}",
                    fix="PROMETHEUS_MULTIPROC_DIR before the workers start, and a MultiProcessCollector at the endpoint",
                )


@check(points=10, requires=test_metrics_are_true)
def test_series_stay_few(observed: Served, patients: Patients, absurd: list[Wrong], random: Random) -> None:
    """500 different patients, paths, bad inputs and callers add no series of their own, and no personal data shows.

    Each value of a label is a series that Prometheus keeps for weeks. One label with an id in it has ended many a server.
    """
    client, predict = observed.client, observed.client.service.predict
    usual = [Call(predict, patients[0]), Call(predict, {"age": -1}), Call("/nowhere", method="GET"), Call(predict, "{")]
    usual += [Call(predict, method=method) for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")]
    usual += [Call(predict, each.body) for each in absurd]
    send_all(client, [*usual, *(Call(predict, _wrong(patients[0], field)) for field in patients[0])])
    before = scrape(client)
    send_all(client, [_odd(client.service, patients, number, random) for number in range(500)])
    after = scrape(client)
    new = [series for series in after.series if series not in before.series]
    if len(new) > MOST_NEW_SERIES:
        labels = ", ".join(f'{name}="{value}"' for name, value in new[-1].labels)
        raise Fail(
            f"500 different requests added {len(new)} series, such as `{new[-1].name}{{{labels}}}`",
            fix="the route's template as label, one value for all unknown ones, and no ids",
        )
    _must_not_tell(after, observed)


@check(points=10, requires=test_metrics_are_true, product=NOSHOW)
def test_shows_the_model(
    observed: HostService, trained: Product, patients: Patients, random: Random, predicted: set[str]
) -> None:
    """The metrics say which model answers, what it predicts, and which inputs are missing, wrong or outside of what it knows.

    A model that fails raises no exception: it goes on answering. Only its inputs and outputs show it.
    """
    client, service = observed.client, observed.client.service
    record = trained.record()
    names = [str(record[key]) for key in ("run_id", "model_sha256") if record.get(key)]
    before = scrape(client)
    if not any(any(name.startswith(v) for v in s.values if len(v) >= 7 for name in names) for s in before.series):
        raise Fail(
            "no series says which model answers", fix="a gauge that is 1, with the model's `run_id` or hash as a label"
        )
    replies = send_all(client, [Call(service.predict, patient) for patient in patients])
    answers = [float(reply.value(service.prediction) or 0) for reply in replies]
    predicted |= set(distributions(moved(before, scrape(client)), len(answers), sum(answers)))
    if not predicted:
        raise Fail(
            f"{len(answers)} predictions were answered with a sum of {sum(answers):.3f}, and no histogram rose by that",
            fix="observe each probability that is answered in a histogram",
        )
    _must_show_inputs(client, patients, random)


@check(points=5, requires=test_metrics_are_true)
def test_a_request_can_be_found_in_the_logs(
    observed: Served, patients: Patients, absurd: list[Wrong], random: Random
) -> None:
    """By the id of an answer the logs give the prediction and the model behind it; every line is JSON, also for bad requests.

    "Why was Mrs Ito not called?" is answered in a minute or never.
    """
    service = observed.client.service
    trace = f"trace-{random.randbytes(8).hex()}"
    own, other, long = send_all(
        observed.client,
        [
            Call(service.predict, patients[0], headers={service.request_id: trace}),
            Call(service.predict, patients[1]),
            Call(service.predict, patients[2], headers={service.request_id: "x" * 5000}),
        ],
    )
    bad = ["{", "[" * 500, "null", *_some_malformed(patients[0], absurd)]
    send_all(observed.client, [Call(service.predict, body) for body in bad])
    time.sleep(0.5)
    ids = [reply.headers.get(service.request_id.lower(), "") for reply in (own, other, long)]
    if ids[0] != trace:
        raise Fail(
            f"a request with the id `{trace}` is answered with the id `{ids[0]}`",
            fix=f"take the caller's `{service.request_id}` over: it is the same request in every service",
        )
    if len(ids[2]) > 200:
        raise Fail("an id of 5,000 characters is taken over as it is", fix="make an id of your own for what is no id")
    _must_be_json(observed)
    for reply, request_id in ((own, ids[0]), (other, ids[1])):
        _must_be_found(observed, reply, request_id)


@check(points=5, requires=test_metrics_are_true, product=NOSHOW)
def test_measuring_costs_little(trained: Product, contract: Contract, patients: Patients) -> None:
    """The median answer takes at most 1.5 times as long as without metrics, in the same run.

    Measuring that slows the service is switched off one day, and then nobody sees anything.
    """
    name, predict = contract.service.settings.metrics, contract.service.predict
    with ExitStack() as stack:
        services = [stack.enter_context(started(trained, {name: value})) for value in ("on", "off")]
        for service in services:
            service.client.wait_until_ready(patients[0], READY_SECONDS)
        if services[1].client.get(contract.service.metrics).status_code == 200:
            raise Fail(f"with {name}=off the metrics are there", fix=f"measure nothing when {name} says off")
        ratio = min(_overhead(services, predict, patients) for _ in range(2))
    if ratio > OVERHEAD:
        raise Fail(
            f"with metrics the median answer takes {ratio:.2f} times as long",
            fix="count and observe, and nothing more, on the way of a request",
        )


@check(points=10, requires=(test_metrics_are_well_formed, test_shows_the_model), product=NOSHOW)
def test_each_objective_has_its_alerts(
    submission: Submission, contract: Contract, objectives: Mapping[Name, Objective], rules: Rules
) -> None:
    """Each objective has an alert with severity, summary and a runbook; availability and latency look at two windows.

    An alert without a page that says what to do wakes somebody who then starts to read the code.
    """
    tests = contract.monitoring.rule_tests
    if tests in submission.files and (words := promtool.test_rules(submission.path(tests))):
        raise Fail(f"the tests of the rules in `{tests}` fail: {words}", fix=f"promtool test rules {tests}")
    for name in objectives:
        mine = [alert for alert in rules.alerts if alert.labels.get("slo") == name]
        if not mine:
            raise Fail(
                f"no alert has the label `slo: {name}`", fix="label each alert with the objective that it guards"
            )
        for alert in mine:
            must_lead_somewhere(submission, alert.name, alert.labels, alert.annotations)
        if name in ("availability", "latency") and not any(len(rules.ranges(alert.expression)) > 1 for alert in mine):
            raise Fail(
                f"no alert for {name} looks at two windows",
                fix="a long window and a short one: `... [1h] > x and ... [5m] > x`",
            )


@check(points=15, requires=test_each_objective_has_its_alerts, product=NOSHOW)
def test_alerts_fire_for_each_fault(watched: Watched) -> None:
    """For each fault the right alert reaches a receiver within its stated time.

    Here the service fails, slows down, answers wrongly, dies or hangs, and comes back with an old model.
    """
    for episode in _faults(watched):
        if not episode.fired:
            objective = watched.objectives[episode.breaks or "availability"]
            raise Fail(
                f"{episode.words}, and no alert for {episode.breaks} reached a receiver in time"
                f" (of a total failure somebody is to know within {objective.within}){_heard_instead(watched, episode)}",
                fix="promtool test rules, and `python monitoring/watch.py` to see the alert and its way",
            )
        if "<no value>" in (summary := episode.fired.annotations.get("summary", "")):
            raise Fail(f"the summary of `{episode.fired.name}` reads: {summary}", fix="use labels that the alert has")


@check(points=5, requires=test_alerts_fire_for_each_fault, product=NOSHOW)
def test_alerts_stay_quiet(watched: Watched) -> None:
    """While all is well nothing fires, not for one slow request, one failure, a burst, malformed requests or unknown paths.

    Who is woken for nothing three times sleeps through the fourth.
    """
    quiet = next(episode for episode in watched.episodes if episode.name == "quiet")
    if heard := [each for each in watched.alertmanager.since(0) if each.at < quiet.ended]:
        raise Fail(
            f"all is well but for one slow request, one failure and a burst of twice the requests, and `{heard[0].name}` fires: "
            f"{heard[0].annotations.get('summary', '')}",
            fix="alert on the share of the budget that burns, and do not count what callers do wrong",
        )


@check(points=5, requires=test_alerts_fire_for_each_fault, product=NOSHOW)
def test_alerts_end_with_the_fault(watched: Watched) -> None:
    """Within 40 minutes of the service's recovery the alert says that it is over.

    An alert that stays on for hours hides the next one.
    """
    for episode in _faults(watched):
        if episode.fired and not episode.resolved:
            raise Fail(
                f"{episode.words}; 40 minutes after that ended `{episode.fired.name}` still fires",
                fix="add a short window to the condition: it ends when the errors end",
            )


@check(points=10, requires=test_alerts_fire_for_each_fault, product=NOSHOW)
def test_dashboard_answers(watched: Watched, panels: Sequence[Panel], rules: Rules, predicted: set[str]) -> None:
    """Every query returns data under traffic, units are set, and traffic, errors, latency, saturation and the model show.

    At three in the morning nobody reads PromQL. The five questions must have been answered before.
    """
    quiet = next(episode for episode in watched.episodes if episode.name == "quiet")
    for panel in panels:
        if empty := [query for query in panel.queries if not quiet.panels.get(query)]:
            raise Fail(
                f"the panel `{panel.title}` shows nothing under traffic: `{empty[0]}` (in compressed time)",
                fix="ask for series that the service exports; `or vector(0)` where there may be none",
            )
        if panel.unit in ("", "none"):
            raise Fail(
                f"the panel `{panel.title}` has no unit", fix="fieldConfig.defaults.unit: reqps, s, percentunit, short"
            )
    shown = answered(watched, panels, rules.built_on(predicted))
    if missing := [question for question, answered in shown.items() if not answered]:
        raise Fail(
            f"no panel answers {missing[0]}",
            fix={
                "traffic": "requests a second, with the unit reqps",
                "errors": "the share or number of server errors: it moves when predictions fail",
                "latency": "a percentile of the duration, with the unit s: it moves when answers are slow",
                "saturation": "CPU, memory or requests under way: it moves when the service needs more of them",
                "the model": "what is predicted on average: it moves when the features are wrong",
            }[missing[0]],
        )


def _must_count(changes: Mapping[Any, float], predict: str, wanted: Mapping[str, int], lost: int, sent: str) -> None:
    found = request_counters(changes, predict)
    if not found:
        raise Fail(
            f"{sent}; no counter with a label for the path and one for the status moved",
            fix="a counter of requests with the route's path and the status as labels",
        )
    if not any(each.by_status == wanted and each.elsewhere == lost for each in found):
        shown = ", ".join(f"{n} of status {status}xx" for status, n in sorted(found[0].by_status.items()))
        raise Fail(
            f"{sent}; `{found[0].family}` rose by {shown or 'nothing'} for {predict} and by {found[0].elsewhere} elsewhere",
            fix="count each request once, with the status that the caller gets, errors and unknown paths too",
        )


def _must_time(
    changes: Mapping[Any, float], predict: str, good: int, bad: int, replies: Sequence[Reply], least: float
) -> None:
    histograms = timed(changes, predict)
    waited = sum(reply.latency for reply in replies)
    right = [sum_ for count, sum_ in histograms.values() if count in (good, good + bad)]
    if not right:
        seen = (
            ", ".join(f"`{family}` rose by {count}" for family, (count, _) in histograms.items())
            or "no histogram moved"
        )
        raise Fail(
            f"{good + bad} requests to {predict} were sent, and {seen}",
            fix="observe the duration of each request in a histogram with the path as label",
        )
    if not any(least * waited < sum_ <= 1.05 * waited for sum_ in right):
        raise Fail(
            f"callers waited {waited:.2f} s in all, and the histogram says {right[0]:.2f} s",
            fix="observe seconds, from the request's arrival to its answer",
        )


def _malformed(patient: Mapping[str, Any], absurd: Sequence[Wrong], number: int) -> Any:
    """A body that is no valid request."""
    return absurd[number % len(absurd)].body if absurd else {**patient, "age": "old"}


def _some_malformed(patient: Mapping[str, Any], absurd: Sequence[Wrong]) -> list[str]:
    return [each.body for each in absurd] or [json.dumps({**patient, "age": "old"})]


def _settled(client: Client) -> Exposition:
    """What is shown when nothing moves any more: workers may still be coming."""
    for _ in range(20):
        first = scrape(client)
        time.sleep(0.25)
        if not list(counts(moved(first, second := scrape(client)), client.service.predict)):
            return second
    return scrape(client)


def _wrong(patient: Mapping[str, Any], field: str) -> dict[str, Any]:
    return {**patient, field: []}


def _odd(service: Service, patients: Patients, number: int, random: Random) -> Call:
    """Requests of which no two are alike, with what identifies a person in some of them."""
    predict, word = service.predict, random.randbytes(5).hex()
    body = dict(patients[number % len(patients)])
    kind = number % 5
    if kind == 0:
        return Call(f"{predict}?visitor={word}", body, headers={"User-Agent": word, TRACE: f"id-{word}"})
    if kind == 1:
        return Call(f"/patients/{word}", method="GET")
    if kind == 2:
        return Call(predict, {**body, _field_for_words(service, body): f"{NAME} {word}"})
    if kind == 3:
        return Call(predict, {**body, f"field_{word}": f"{NAME}, {PHONE}"})
    if service.any_answer:
        return Call(predict, random.choice(patients), headers={"Referer": f"https://example.org/{word}"})
    return Call(predict, {**body, "age": random.randint(18, 90), "distance_km": random.uniform(1, 60)})


def _field_for_words(service: Service, body: Mapping[str, Any]) -> str:
    """A field into which somebody may write a name."""
    texts = [name for name, value in body.items() if isinstance(value, str)]
    return (texts or ["name"])[0] if service.any_answer else "clinic"


def _must_not_tell(exposition: Exposition, observed: Served) -> None:
    for where, text in (("the metrics", exposition.text), ("the log", "\n".join(observed.lines()))):
        if told := next((word for word in (NAME, PHONE) if word in text), ""):
            raise Fail(
                f"a request held the name and the phone number of a patient, and {where} shows `{told}`",
                fix="say which field is wrong, never what it held",
            )


def _must_show_inputs(client: Client, patients: Patients, random: Random) -> None:
    predict = client.service.predict
    field = random.choice(["age", "distance_km", "previous_appointments"])
    missing = random.choice(["clinic", "reminder", "booked_at"])
    odd = {"age": 118, "distance_km": 640.0, "previous_appointments": 5000}[field]
    few = random.randint(4, 9)
    unusual = [Call(predict, {**patients[n], field: odd}) for n in range(few)]
    incomplete = [Call(predict, {k: v for k, v in patients[n].items() if k != missing}) for n in range(few + 1)]
    for calls, name, what in (
        (unusual, field, f"`{field}` far outside of the training data"),
        (incomplete, missing, f"no `{missing}`"),
    ):
        before = scrape(client)
        send_all(client, calls)
        rises = [change for _, change in counts(moved(before, scrape(client)), name)]
        if len(calls) not in map(round, rises):
            raise Fail(
                f"{len(calls)} requests with {what} were sent, and no counter with the label value `{name}` rose by that",
                fix="a counter with the field's name as label, for values out of range and for fields missing or wrong",
            )


def _must_be_json(observed: Served) -> None:
    if len(observed.events()) == len(observed.lines()):
        return
    odd = next(line for line in observed.lines() if not line.startswith("{"))
    fix = "one JSON object per line, exceptions inside of it; a bad request is no exception"
    raise Fail(f"a line of the log is no JSON object: `{odd[:200]}`", fix=fix)


def _must_be_found(observed: Served, reply: Reply, request_id: str) -> None:
    events = [event for event in observed.events() if request_id and request_id in event.values()]
    answered = reply.value(observed.client.service.prediction)
    told = [event for event in events if any(_is_the_answer(observed, value, answered) for value in event.values())]
    if not told:
        found = f"no line of the log has the id of the answer, `{request_id}`"
        if events:
            own = observed.client.service.any_answer
            said = f"prediction {repr(answered)[:80]}" if own else f"probability {answered:.6f}"
            found = f"{len(events)} lines of the log have the id of the answer, and none the {said}"
        raise Fail(found, fix="log each prediction with the request's id, the probability and the model's run id")
    names = _names(observed)
    if not any(len(str(value)) >= SHORTEST and str(value) in names for event in told for value in event.values()):
        raise Fail("the line of the prediction does not say which model made it", fix="add the model's run id or hash")


def _is_the_answer(observed: Served, value: Any, answered: Any) -> bool:
    if observed.client.service.any_answer:
        return same(value, answered, SAME)
    return isinstance(value, float) and abs(value - float(answered or 0)) < SAME


def _names(observed: Served) -> set[str]:
    """The run id and the hash of the model that answers; of a product of one's own, all that its version endpoint says."""
    path = observed.client.service.version
    if not observed.client.service.any_answer:
        said = observed.client.get(path).json()
        return {str(said.get(key)) for key in ("run_id", "model_sha256")}
    try:
        said = observed.client.get(path).json()
    except (httpx.HTTPError, ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Fail(f"GET {path} gives no JSON object", fix="say there which model answers: its version, run or hash")
    return {str(value) for value in said.values() if isinstance(value, str | int | float)}


def _overhead(services: Sequence[HostService], predict: str, patients: Patients) -> float:
    """The median latency with metrics over that without, in turns: what else the machine does slows both."""
    latencies: list[list[float]] = [[], []]
    for _ in range(ROUNDS):
        for service, found in zip(services, latencies, strict=True):
            calls = [Call(predict, patients[n % len(patients)]) for n in range(REQUESTS)]
            found += [reply.latency for reply in send_all(service.client, calls)]
    with_metrics, without = map(statistics.median, latencies)
    return with_metrics / without


def _faults(watched: Watched) -> list[Episode]:
    return [episode for episode in watched.episodes if episode.breaks]


def _heard_instead(watched: Watched, episode: Episode) -> str:
    since = [each for each in watched.alertmanager.since(episode.began) if each.at < episode.mended]
    return f"; `{since[0].name}` did, without the label `slo: {episode.breaks}`" if since else ""
