"""`python -m noshow monitor`: look at each week of predictions, and say what is to be done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from noshow.drift import Difference, differences, of_this_season
from noshow.page import save_page
from noshow.performance import Judgement, judge, mature
from noshow.settings import Settings
from noshow.state import save_metrics
from noshow.summary import Decision, Summary, save_summary
from noshow.weeks import OPEN_DAYS
from noshow.windows import History, Week, read_history


@dataclass(frozen=True)
class Judged:
    """A week and all that was found out about it."""

    week: Week
    fields: Sequence[Difference]
    judgement: Judgement | None

    @property
    def drifted(self) -> list[str]:
        """The fields that differ from the reference by more than chance."""
        return [difference.field for difference in self.fields if difference.drifted]

    @property
    def wrong(self) -> bool:
        """Whether the outcomes show that the model is not right."""
        return bool(self.judgement and self.judgement.wrong)


def run(settings: Settings) -> str:
    """Judge every week that has predictions and ended before today, with the outcomes that were recorded by today.

    The reference is all that came before the first prediction. Leaves in `settings.reports_dir`, for each week, a summary
    (`save_summary`) and a page of the same name, `2026-W14.html`; and `metrics.prom` for Prometheus.
    """
    history = read_history(settings.raw_dir, settings.today)
    judged = [_judge(week, history) for week in history.weeks]
    summaries = [_summary(now, judged[:number], settings) for number, now in enumerate(judged)]
    for number, (summary, found) in enumerate(zip(summaries, judged, strict=True)):
        save_page(summary, found.week.cases, history.reference, summaries[: number + 1], settings.reports_dir)
        save_summary(summary, settings.reports_dir)
    save_metrics(summaries, judged[-1].fields if judged else [], settings.reports_dir)
    told = [f"{summary.window} {summary.decision}" for summary in summaries if summary.decision != "nothing"]
    return f"{len(summaries)} weeks in `{settings.reports_dir}`: {', '.join(told) or 'nothing to do'}"


def _judge(week: Week, history: History) -> Judged:
    appointments = [case.appointment for case in week.cases]
    if not appointments:
        return Judged(week, [], None)
    reference = of_this_season(history.reference, appointments[0])
    fields = differences(appointments, reference, left_out=week.faulty_fields)
    known = mature(week.labels) and not week.broken
    return Judged(week, fields, judge(week.cases) if known else None)


def _summary(now: Judged, before: Sequence[Judged], settings: Settings) -> Summary:
    week = now.week
    decision, because = _decide(now, before)
    return Summary(
        window=week.name,
        first_day=week.monday,
        last_day=week.monday + timedelta(days=OPEN_DAYS - 1),
        as_of=settings.today,
        appointments=len(week.cases),
        decision=decision,
        because=because,
        drifted_features=[] if week.broken else now.drifted,
        data_faults=list(week.faults),
        labels=week.labels,
        performance=now.judgement.performance if now.judgement else None,
    )


def _decide(now: Judged, before: Sequence[Judged]) -> tuple[Decision, list[str]]:
    """What is to be done, and why. Faulty records come first: nothing that is computed from them means anything."""
    if now.week.broken:
        return "investigate", [f"{fault.where}: {fault.fact}" for fault in now.week.faults]
    because = [f"{name} is not distributed as in the reference" for name in now.drifted]
    if not now.wrong:
        return ("investigate", because) if because else ("nothing", ["all is as in the reference"])
    assert now.judgement is not None
    because = [f"the errors are not chance: {', '.join(now.judgement.wrong)}", *because]
    if _is_new(now, before):
        return "roll back", [f"the version {now.week.run_id} began to answer", *because]
    return "retrain", because


def _is_new(now: Judged, before: Sequence[Judged]) -> bool:
    """Whether the version of this week has never been right, and the one before it was right to its last week."""
    known = [judged for judged in before if judged.judgement]
    others = [judged for judged in known if judged.week.run_id != now.week.run_id]
    right = any(not judged.wrong for judged in known if judged.week.run_id == now.week.run_id)
    return bool(others) and not others[-1].wrong and not right
