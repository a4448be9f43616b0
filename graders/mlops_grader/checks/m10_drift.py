"""m10_drift: a model that is looked after, judged by what its jobs say of many weeks whose truth is known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments.alerting import load_rules, must_lead_somewhere
from mlops_grader.instruments.drift.job import after
from mlops_grader.instruments.drift.promise import false_alarm_rate
from mlops_grader.instruments.page import read_page
from mlops_grader.instruments.prometheus import promtool
from mlops_grader.instruments.world import ConceptDrift, CovariateDrift
from mlops_grader.submission import Submission

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_grader.instruments.drift.job import Job
    from mlops_grader.instruments.drift.judged import Judged
    from mlops_grader.instruments.drift.retraining import Kind, Retrained

PART = "monitoring"  # of the contract
LARGE, MEDIUM, RIGHT = 0.90, 0.60, 0.75
SAME = 1e-4  # between two computations of one quality
DRIFTED = 2  # the number of the drifted week in the diary


@check(points=5, product=NOSHOW)
def test_each_week_is_reported(diary: Job) -> None:
    """Every week of predictions that has ended has a summary and a page, and its numbers are those of the records.

    What nobody wrote down on the day cannot be looked up when somebody asks why the model was left at work.
    """
    diary.monitor(after(diary.practice, len(diary.practice.orders)))
    for monday, frame in zip(diary.practice.mondays, diary.practice.weeks, strict=True):
        said = diary.summary(monday)
        read_page(diary.reports / f"{said.window}.html", f"{diary.product.contract.drift.reports}/{said.window}.html")
        for what, number in (("appointments", said.appointments), ("predictions", said.labels.expected)):
            if number != len(frame):
                raise Fail(
                    f"{said.window} has {len(frame)} {what}, and its summary says {number}",
                    fix="a week is Monday to Friday, by the day of the appointment; join by `appointment_id`",
                )


@check(points=10, requires=test_each_week_is_reported, product=NOSHOW)
def test_finds_drift(weeks: Sequence[Judged]) -> None:
    """Of the weeks with a large drift at least 90 % are found, of those with a medium one 60 %.

    Here other patients come, or patients decide differently, in one of nine ways and in two sizes, in two practices.
    """
    for size, wanted in (("large", LARGE), ("medium", MEDIUM)):
        drifted = [week for week in weeks if week.order.size == size]
        missed = [week for week in drifted if not week.detected]
        if 1 - len(missed) / len(drifted) < wanted:
            raise Fail(
                f"of {len(drifted)} weeks with a {size} drift {len(drifted) - len(missed)} are found; "
                f"the decision is `nothing` for {', '.join(dict.fromkeys(week.words for week in missed[:4]))}",
                fix="test each field against the reference, and predictions against outcomes: their average and their order",
            )


@check(points=10, requires=test_finds_drift, product=NOSHOW)
def test_stays_quiet_without_drift(weeks: Sequence[Judged], submission: Submission, contract: Contract) -> None:
    """In weeks without any change the false-alarm rate is at most what the project states, and that is at most 5 %.

    A detector that cries every third Monday is muted by summer, and then it is as good as none.
    """
    rate = false_alarm_rate(submission, contract.drift.promise)
    _must_be_quiet([week for week in weeks if week.quiet and not week.check_up], rate, "in which nothing changed")


@check(points=5, requires=test_stays_quiet_without_drift, product=NOSHOW)
def test_takes_no_season_for_drift(weeks: Sequence[Judged], submission: Submission, contract: Contract) -> None:
    """Weeks with check-up days, which the reference contains too, raise no more alarms than others.

    Every business has its Mondays, its ends of month and its summers. Who calls them drift is not asked again.
    """
    rate = false_alarm_rate(submission, contract.drift.promise)
    _must_be_quiet([week for week in weeks if week.quiet and week.check_up], rate, "with check-up days, as every month")


@check(points=5, requires=test_finds_drift, product=NOSHOW)
def test_names_what_drifted(weeks: Sequence[Judged]) -> None:
    """For three in four weeks in which other patients came, the field that changed is the first that is named.

    "Something has changed" costs somebody a day. "They book earlier" costs a telephone call.
    """
    drifted = [
        (week, week.order.drift) for week in weeks if week.detected and isinstance(week.order.drift, CovariateDrift)
    ]
    wrong = [(week, drift) for week, drift in drifted if not _is(drift.feature, week.summary.drifted_features[:1])]
    if len(wrong) > (1 - RIGHT) * len(drifted):
        week, drift = wrong[0]
        raise Fail(
            f"for {len(wrong)} of {len(drifted)} weeks another field or none is named first: "
            f"in {week.summary.window} it was `{drift.feature}`, and named are {week.summary.drifted_features}",
            fix="`drifted_features`: fields of a request or `lead_days`, the strongest first",
        )


@check(points=5, requires=test_finds_drift, product=NOSHOW)
def test_decides_what_to_do(weeks: Sequence[Judged]) -> None:
    """New patients are investigated, new behaviour leads to retraining, and a release that is worse to rolling back.

    A report that ends in numbers ends nowhere. Somebody has to do something, and a different thing each time.
    """
    kinds: dict[str, tuple[list[Judged], str]] = {
        "other patients come": (
            [week for week in weeks if isinstance(week.order.drift, CovariateDrift)],
            "investigate",
        ),
        "patients decide differently": (
            [week for week in weeks if isinstance(week.order.drift, ConceptDrift)],
            "retrain",
        ),
        "a worse version began to answer": ([week for week in weeks if week.order.release == "bad"], "roll back"),
    }
    for words, (found, wanted) in kinds.items():
        detected = [week for week in found if week.detected]
        right = [week for week in detected if week.summary.decision == wanted]
        if len(right) < RIGHT * max(len(detected), 1):
            other = next((week.summary.decision for week in detected if week not in right), "nothing")
            raise Fail(
                f"{words} in {len(found)} weeks, and for {len(right)} the decision is `{wanted}`; another is `{other}`",
                fix="look at the fields, at the outcomes, and at which version answered, and decide from all three",
            )


@check(points=10, requires=test_each_week_is_reported, product=NOSHOW)
def test_tells_faults_from_drift(unusable: Job) -> None:
    """A broken unit, a renamed or missing column, other spellings and gaps are faults of the records and not drift.

    Retraining on kilometres that became metres makes the fault permanent.
    """
    unusable.monitor(after(unusable.practice, len(unusable.practice.orders)))
    for monday, order in zip(unusable.practice.mondays, unusable.practice.orders, strict=True):
        said = unusable.summary(monday)
        if order.damage:
            _must_tell(unusable, said, order.damage)
        elif said.data_faults:
            fault = said.data_faults[0]
            raise Fail(
                f"nothing is wrong with the records of {said.window}, and it is said of `{fault.where}`: {fault.fact}",
                fix="count what is wrong in the week's own files",
            )


@check(points=10, requires=test_each_week_is_reported, product=NOSHOW)
def test_uses_labels_when_they_are_there(diary: Job) -> None:
    """On each day only outcomes recorded by then are used, joined to the right prediction, and judged when nearly all are there.

    What the clinic writes down first are the patients who came. A quality measured on Monday is too good on every Monday.
    """
    early = diary.practice.mondays[DRIFTED] + timedelta(days=7)
    diary.forget()
    for today in (early, after(diary.practice, DRIFTED + 1)):
        diary.monitor(today)
        for number in range(DRIFTED + 1):
            _must_be_known(diary, number, today)


@check(points=5, requires=test_each_week_is_reported, product=NOSHOW)
def test_can_be_killed_and_run_twice(diary: Job, random: Random) -> None:
    """Killed at any moment, or out of disk, the job leaves no half report, and the next run says what it would have said.

    Machines restart at night, and disks are full. What was being written then is read in the morning.
    """
    today = after(diary.practice, len(diary.practice.orders))
    diary.forget()
    seconds = diary.monitor(today).seconds
    whole, page = diary.summaries(), diary.smallest_page()
    diary.monitor(today)
    if diary.summaries() != whole:
        raise Fail("run twice on one day, the job says something else", fix="no state between runs but the records")
    diary.forget()
    for part in (0.6, 0.85):
        diary.killed(today, seconds * random.uniform(part - 0.1, part + 0.1))
        diary.must_be_whole("the job was killed")
    diary.forget()
    diary.out_of_disk(today, page // 2)
    diary.must_be_whole("the disk was full")
    diary.monitor(today)
    if diary.summaries() != whole:
        raise Fail("after the job was cut short the next run says something else", fix="judge every week in each run")


@check(points=5, requires=test_each_week_is_reported, product=NOSHOW)
def test_survives_incomplete_files(incomplete: Job) -> None:
    """An empty, cut off, doubled or missing file is named, nothing counts twice, and the other weeks are judged as ever.

    The one file that did not arrive must not take the other four hundred with it.
    """
    incomplete.monitor(after(incomplete.practice, len(incomplete.practice.orders)))
    for monday, order, frame in incomplete.practice.story():
        said = incomplete.summary(monday)
        if order.damage:
            _must_tell(incomplete, said, order.damage)
        most = len(frame)
        least = most if not order.damage else 0
        for what, number in (("appointments", said.appointments), ("predictions", said.labels.expected)):
            if not least <= number <= most:
                raise Fail(
                    f"{order.damage.words if order.damage else 'another week has a broken file'}: "
                    f"{said.window} has {most} {what}, and its summary says {number}",
                    fix="each appointment once, and a broken file is the trouble of its own week",
                )


@check(points=5, requires=test_each_week_is_reported, product=NOSHOW)
def test_page_can_be_read(diary: Job) -> None:
    """The page of a week says what to do and why, shows pictures of that week, and needs no network.

    The decision is made in a meeting, by people who will not open a JSON file.
    """
    diary.monitor(after(diary.practice, len(diary.practice.orders)))
    pages = []
    for monday in diary.practice.mondays[:2]:
        said = diary.summary(monday)
        shown = f"{diary.product.contract.drift.reports}/{said.window}.html"
        page = read_page(diary.reports / f"{said.window}.html", shown)
        if page.fetched:
            raise Fail(f"`{shown}` fetches `{page.fetched[0][:100]}`", fix="put everything into the page")
        words = [said.decision, *said.drifted_features[:3]]
        if missing := [word for word in words if word.lower() not in page.text.lower()]:
            raise Fail(f"`{shown}` does not say `{missing[0]}`, which its summary does", fix="make both from one value")
        pages.append(page)
        if not page.pictures:
            raise Fail(f"`{shown}` has no picture", fix="draw the distributions, and predictions against outcomes")
    if pages[0].pictures == pages[1].pictures:
        raise Fail("the pages of two different weeks have the same pictures", fix="draw the week's own data")


@check(points=5, requires=test_finds_drift, product=NOSHOW)
def test_alert_fires(diary: Job, submission: Submission, contract: Contract, scratch: Path) -> None:
    """When a week says that something is to be done an alert fires, with severity, summary and runbook; then it ends.

    Nobody reads a page that says that all is well, fifty times a year, to find the one that does not.
    """
    from mlops_grader.instruments.drift.alarm import listen

    rules = load_rules(submission, contract.drift.rules)
    quiet, drifted = (diary.metrics(after(diary.practice, weeks)) for weeks in (DRIFTED, DRIFTED + 1))
    try:
        remarks = promtool.lint_metrics(drifted)
    except ValueError as error:
        raise Fail(f"Prometheus cannot read `{contract.drift.metrics}`: {error}", fix="write_to_textfile()") from None
    if remarks:
        raise Fail(f"`{contract.drift.metrics}`: {remarks[0]}", fix="prometheus.io/docs/practices/naming")
    heard = listen(scratch / "prometheus", quiet, drifted, rules.documents, contract.name)
    if not heard.fired:
        always = f" (always: {', '.join(heard.always)})" if heard.always else ""
        raise Fail(
            f"a week after which the model must be retrained, and no alert fires that did not before{always}",
            fix=f"alert on what `{contract.drift.metrics}` says of the newest week",
        )
    first = heard.fired[0]
    must_lead_somewhere(submission, first.name, first.labels, first.annotations)
    if heard.unended:
        raise Fail(f"all is quiet again, and `{heard.unended[0]}` still fires", fix="alert on the newest week")


@check(points=5, requires=test_uses_labels_when_they_are_there, product=NOSHOW)
def test_better_challenger_is_promoted(retrained: Retrained) -> None:
    """After patients began to decide differently the challenger is promoted and exported, and it is better in the next week.

    A model that nobody dares to replace is a model of last year.
    """
    better = retrained.attempts["better"]
    said = better.comparison()
    if not said.promoted or not better.changed:
        what = "and another model is not exported" if said.promoted else "and the challenger is not promoted"
        raise Fail(
            f"patients decide differently for twelve weeks, {what}: `improvement` {said.improvement:.4f}, "
            f"from {said.low:.4f} to {said.high:.4f}",
            fix="learn from recent outcomes, promote, and run the export",
        )
    if better.after.get("run_id") != said.challenger:
        raise Fail(
            f"`{said.challenger}` is promoted and `{better.after.get('run_id')}` is exported", fix="export what won"
        )
    old, new = retrained.in_the_next_week()
    if new >= old:
        raise Fail(
            f"in the week after, the log loss of the new model is {new:.4f} and that of the old one {old:.4f}",
            fix="learn from the weeks since the change",
        )


@check(points=5, requires=test_better_challenger_is_promoted, product=NOSHOW)
def test_other_challengers_are_not_promoted(retrained: Retrained) -> None:
    """A challenger that is equal, and seems better by chance, or worse now is not promoted, also by the next export.

    Each change of a model has a price. Chance alone would pay it every second week.
    """
    kinds: tuple[Kind, ...] = ("equal", "worse")
    for kind in kinds:
        attempt = retrained.attempts[kind]
        said = attempt.comparison()
        if said.promoted or attempt.changed:
            how = "is promoted" if said.promoted else "is not promoted, and is exported all the same"
            raise Fail(
                f"{attempt.words}, and the challenger {how}: `improvement` {said.improvement:.4f}, "
                f"from {said.low:.4f} to {said.high:.4f}",
                fix="promote when the whole interval is above 0, measured on the newest weeks that nobody learned from",
            )


@check(points=5, requires=test_better_challenger_is_promoted, product=NOSHOW)
def test_evidence_is_true(retrained: Retrained) -> None:
    """The recorded comparison is that of both models on the newest three weeks, with an interval that fits its test.

    In half a year somebody asks why this model serves. The answer must still hold when they compute it again.
    """
    attempt = retrained.attempts["better"]
    said, frame = attempt.comparison(), attempt.compared()
    days = frame["starts_at"].dt.date
    if (said.first_day, said.last_day, said.rows) != (days.min(), days.max(), len(frame)):
        raise Fail(
            f"compared were {said.rows} appointments from {said.first_day} to {said.last_day}; the newest three weeks with mature "
            f"labels have {len(frame)} that were not called, from {days.min()} to {days.max()}",
            fix="both on the same appointments: outcome known, not called, newer than all that was learned",
        )
    found = retrained.evidence(said.metric)
    for what, value, wanted in (
        ("champion_score", said.champion_score, found.champion),
        ("challenger_score", said.challenger_score, found.challenger),
        ("improvement", said.improvement, found.improvement),
    ):
        if abs(value - wanted) > 0.002:
            raise Fail(
                f"`{what}` is {value:.4f}, and asked again the models give {wanted:.4f}", fix="measure what serves"
            )
    if not said.low < said.improvement < said.high or not found.fits(said) or said.low <= 0:
        raise Fail(
            f"the interval from {said.low:.4f} to {said.high:.4f} is not that of {said.rows} appointments "
            f"with a confidence of {said.confidence}",
            fix="a paired test of the differences, or a bootstrap of them by day",
        )


@check(points=5, requires=test_better_challenger_is_promoted, product=NOSHOW)
def test_takes_no_action_for_truth(retrained: Retrained) -> None:
    """Patients who came because the reception called them do not teach the new model that they are safe.

    A model that learns from what it caused forgets whom to call. Next month nobody calls them, and they stay away.
    """
    predicted, truth = retrained.among_the_risky()
    if predicted < 0.8 * truth:
        raise Fail(
            f"of the riskiest fifth {truth:.0%} stay away when nobody calls, and the new model says {predicted:.0%} on average",
            fix="learn from appointments with `called` no: one in four of the risky was left alone for that",
        )


def _must_be_quiet(quiet: Sequence[Judged], rate: float, words: str) -> None:
    from mlops_grader.instruments.drift.judged import most_false_alarms

    alarms = [week for week in quiet if week.detected]
    if len(alarms) > most_false_alarms(len(quiet), rate):
        first = alarms[0].summary
        raise Fail(
            f"of {len(quiet)} weeks {words} {len(alarms)} raise an alarm, and {rate:.0%} are promised: "
            f"{first.window} says {first.decision}, {'; '.join(first.because)[:200]}",
            fix="ask how often chance alone gives such a difference, for all the tests together",
        )


def _is(feature: str, named: Sequence[str]) -> bool:
    return any(re.search(rf"(^|_){feature}(_|$)", name) for name in named)


def _must_tell(job: Job, said: Any, damage: Any) -> None:
    told = " ".join(f"{fault.where} {fault.fact}" for fault in said.data_faults)
    if not any(word in told for word in damage.where):
        raise Fail(
            f"in {said.window} {damage.words}, and `data_faults` says {told[:200] or 'nothing'}",
            fix=f"a DataFault that names `{damage.where[0]}`",
        )
    if said.decision != "investigate":
        raise Fail(f"in {said.window} {damage.words}, and the decision is `{said.decision}`", fix="somebody must look")
    if damage.where[0] in said.drifted_features:
        raise Fail(f"in {said.window} {damage.words}, and that is called drift", fix="leave out what cannot be trusted")


def _must_be_known(diary: Job, number: int, today: Any) -> None:
    """What is said of a week on that day must be what was known then."""
    from mlops_grader.instruments.drift.job import known

    said, frame = diary.summary(diary.practice.mondays[number]), diary.practice.weeks[number]
    wanted = known(frame, today)
    if said.labels.arrived not in (wanted.arrived, wanted.before):  # the job may run in the morning or at night
        raise Fail(
            f"on {today} {wanted.arrived} of {len(frame)} outcomes of {said.window} had been recorded, and {said.labels.arrived} are used",
            fix="an outcome exists from its `recorded_at` on, whatever lies in the folder",
        )
    if (said.performance is None) != (wanted.quality is None):
        how = "not judged" if said.performance is None else "judged all the same"
        raise Fail(
            f"on {today} {wanted.arrived} of {len(frame)} outcomes of {said.window} are known, and it is {how}",
            fix="from MATURE on",
        )
    if said.performance and wanted.quality:
        for name, value in wanted.quality.items():
            if abs((getattr(said.performance, name) or 0) - value) > SAME:
                raise Fail(
                    f"`{name}` of {said.window} is {getattr(said.performance, name)}, and over its appointments with an outcome and "
                    f"without a call it is {value:.6g}",
                    fix="join by `appointment_id`, and leave out whom the reception called",
                )
