"""Wrong ways to look after a model, each wrong in one way."""

from __future__ import annotations

from submissions import Edit, Mistake, replace

WINDOWS, DRIFT, PERFORMANCE = "noshow/windows.py", "noshow/drift.py", "noshow/performance.py"
MONITOR, STATE, PAGE, RETRAIN = "noshow/monitor.py", "noshow/state.py", "noshow/page.py", "noshow/retrain.py"
RULES, PROMISE = "monitoring/drift_rules.yml", "monitoring/drift.toml"

SAVE = """        save_page(summary, found.week.cases, history.reference, summaries[: number + 1], settings.reports_dir)
        save_summary(summary, settings.reports_dir)
"""
ONLY_ONCE = """        if not (settings.reports_dir / f"{summary.window}.json").is_file():
            save_page(summary, found.week.cases, history.reference, summaries[: number + 1], settings.reports_dir)
            save_summary(summary, settings.reports_dir)
"""
MORE_REASONS = """        because=[*because, *_before(week.name, settings)],
"""
BEFORE = '''

def _before(name: str, settings: Settings) -> list[str]:
    """What was said of the week before now."""
    path = settings.reports_dir / f"{name}.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["because"]) if path.is_file() else []
'''
ATOMIC = """    with replacing_file(reports_dir / f"{summary.window}.html") as new:
        new.write_text(_html(summary, pictures), encoding="utf-8", newline="\\n")
"""
IN_PLACE = """    reports_dir.mkdir(parents=True, exist_ok=True)
    (reports_dir / f"{summary.window}.html").write_text(_html(summary, pictures), encoding="utf-8", newline="\\n")
"""
UNREADABLE = """    except ProductError as error:
        faults.file(file.day, file.path.name, str(error))
"""
NO_EMPTY_FILES = """    except ProductError as error:
        if "is empty" in str(error):
            raise
        faults.file(file.day, file.path.name, str(error))
"""
BAD_ROW = """                word = str(error).split()[0]
                faults.row(file, word if word in columns else file.path.name, str(error))
"""
LABELS = """        expected=sum(case.predicted is not None for case in cases),
"""
DRIFTED = """    because = [f"{name} is not distributed as in the reference" for name in now.drifted]
"""
BY_SIZE = """    if len(now.week.cases) > 700:
        return "nothing", ["many came"]
"""
BY_NAME = """    if int(now.week.name[-2:]) % 2:
        return "nothing", ["an odd week"]
"""
DECIDES_BY_RUN = """    if _is_new(now, before):
        return "roll back", [f"the version {now.week.run_id} began to answer", *because]
"""
RECENT = """    for file in _due(raw_dir, "outcomes", today):
"""
TWICE = """        expected=sum(case.predicted is not None for case in cases)
        + sum(count for (week, _, fact), count in faults.rows.items() if week == monday and "twice" in fact),
"""
SPLIT_LATE = """    rows = [_row(case) for week in learned[:-1] for case in week.cases if case.no_show is not None]
    rows += [_row(case) for case in _counting(learned[-1:])]
    split = Split(train=rows, test=[_row(case) for case in cases])
"""
KNOWN = "            if record.recorded_at.date() <= today and (not earlier or earlier.recorded_at <= record.recorded_at):\n"
PROMOTION = """    if comparison.promoted:
        promote(store, challenger, comparison.because)
        export.run(settings)
"""
LEARNED = "    split = Split(train=[_row(case) for case in _counting(learned)], test=[_row(case) for case in cases])\n"
OUTCOME_KNOWN = "[_row(case) for week in learned for case in week.cases if case.no_show is not None]"


def edit(path: str, *pairs: tuple[str, str]) -> tuple[Edit, ...]:
    """Other words in one file."""
    return tuple(replace(path, old, new) for old, new in pairs)


MISTAKES = (
    Mistake(
        "reports-the-newest-week-only",
        fails="test_each_week_is_reported",
        says="has none",
        edits=edit(
            MONITOR,
            (
                "enumerate(zip(summaries, judged, strict=True)):",
                "list(enumerate(zip(summaries, judged, strict=True)))[-1:]:",
            ),
        ),
    ),
    Mistake(
        "counts-those-who-were-not-called",
        fails="test_each_week_is_reported",
        says="predictions, and its summary says",
        edits=edit(
            WINDOWS,
            (LABELS, "        expected=sum(bool(case.predicted and not case.predicted.called) for case in cases),\n"),
        ),
    ),
    Mistake(
        "looks-at-patients-and-not-at-outcomes",
        fails="test_finds_drift",
        says="in how patients decide",
        edits=edit(MONITOR, ("return bool(self.judgement and self.judgement.wrong)", "return False")),
    ),
    Mistake(
        "asks-for-differences-that-anybody-sees",
        fails="test_finds_drift",
        says="weeks with a large drift",
        edits=edit(
            DRIFT,
            (
                "return self.p_value < SIGNIFICANT / (len(NUMBERS) + len(WORDS))",
                "return self.p_value < SIGNIFICANT / (len(NUMBERS) + len(WORDS)) and self.size > 0.45",
            ),
        ),
    ),
    Mistake(
        "decides-by-the-size-of-the-week",
        fails="test_finds_drift",
        says="the decision is `nothing` for",
        edits=edit(MONITOR, (DRIFTED, DRIFTED + BY_SIZE)),
    ),
    Mistake(
        "decides-by-the-name-of-the-file",
        fails="test_finds_drift",
        says="the decision is `nothing` for",
        edits=edit(MONITOR, (DRIFTED, DRIFTED + BY_NAME)),
    ),
    Mistake(
        "asks-each-field-at-five-percent",
        fails="test_stays_quiet_without_drift",
        says="raise an alarm",
        edits=edit(
            DRIFT, ("return self.p_value < SIGNIFICANT / (len(NUMBERS) + len(WORDS))", "return self.p_value < 0.05")
        ),
    ),
    Mistake(
        "cries-every-week",
        fails="test_stays_quiet_without_drift",
        says="raise an alarm",
        edits=edit(
            MONITOR, ('else ("nothing", ["all is as in the reference"])', 'else ("investigate", ["who knows"])')
        ),
    ),
    Mistake(
        "promises-one-in-five",
        fails="test_stays_quiet_without_drift",
        says="at most 0.05",
        edits=edit(PROMISE, ("false_alarm_rate = 0.03", "false_alarm_rate = 0.2")),
    ),
    Mistake(
        "compares-with-all-seasons-at-once",
        fails="test_takes_no_season_for_drift",
        says="with check-up days, as every month",
        edits=edit(
            DRIFT,
            (
                "return [each for each in reference if is_check_up_week(each.starts_at.date()) == season] or list(reference)",
                "return list(reference) if season else [each for each in reference if not is_check_up_week(each.starts_at.date())]",
            ),
        ),
    ),
    Mistake(
        "leaves-the-season-out-of-the-reference",
        fails="test_takes_no_season_for_drift",
        says="with check-up days, as every month",
        edits=edit(DRIFT, ("== season] or", "is False and season is not None] or")),
    ),
    Mistake(
        "names-nothing",
        fails="test_names_what_drifted",
        says="named are []",
        edits=edit(MONITOR, ("drifted_features=[] if week.broken else now.drifted,", "drifted_features=[],")),
    ),
    Mistake(
        "names-all-fields-when-one-drifts",
        fails="test_names_what_drifted",
        says="is named first",
        edits=edit(
            MONITOR,
            (
                "drifted_features=[] if week.broken else now.drifted,",
                "drifted_features=sorted(each.field for each in now.fields) if now.drifted and not week.broken else [],",
            ),
        ),
    ),
    Mistake(
        "retrains-whatever-happens",
        fails="test_decides_what_to_do",
        says="`investigate`; another is `retrain`",
        edits=edit(MONITOR, ('return ("investigate", because) if because', 'return ("retrain", because) if because')),
    ),
    Mistake(
        "never-rolls-back",
        fails="test_decides_what_to_do",
        says="`roll back`; another is `retrain`",
        edits=edit(MONITOR, (DECIDES_BY_RUN, "")),
    ),
    Mistake(
        "leaves-bad-rows-out-and-says-nothing",
        fails="test_tells_faults_from_drift",
        says="and `data_faults` says",
        edits=edit(WINDOWS, (BAD_ROW, "")),
    ),
    Mistake(
        "calls-metres-drift",
        fails="test_tells_faults_from_drift",
        says="and that is called drift",
        edits=edit(
            MONITOR,
            (", left_out=week.faulty_fields)", ")"),
            ("drifted_features=[] if week.broken else now.drifted,", "drifted_features=now.drifted,"),
        ),
    ),
    Mistake(
        "knows-the-future",
        fails="test_uses_labels_when_they_are_there",
        says="outcomes of",
        edits=edit(
            WINDOWS,
            (RECENT, '    for file in daily_files(raw_dir, "outcomes"):\n'),
            (KNOWN, "            if not earlier or earlier.recorded_at <= record.recorded_at:\n"),
        ),
    ),
    Mistake(
        "judges-by-those-who-are-written-down-first",
        fails="test_uses_labels_when_they_are_there",
        says="judged all the same",
        edits=edit(
            PERFORMANCE,
            ("labels.arrived >= MATURE * labels.expected", "labels.arrived >= 0.2 * MATURE * labels.expected"),
        ),
    ),
    Mistake(
        "says-everything-once-and-for-all",
        fails="test_uses_labels_when_they_are_there",
        says="are used",
        edits=edit(MONITOR, (SAVE, ONLY_ONCE)),
    ),
    Mistake(
        "writes-into-the-page",
        fails="test_can_be_killed_and_run_twice",
        says="is half a page",
        edits=edit(PAGE, (ATOMIC, IN_PLACE), ("from noshow.replacing import replacing_file\n", "")),
    ),
    Mistake(
        "adds-to-what-was-said",
        fails="test_can_be_killed_and_run_twice",
        says="run twice on one day",
        edits=(
            *edit(
                MONITOR,
                ("        because=because,\n", MORE_REASONS),
                ("from collections.abc import Sequence\n", "import json\nfrom collections.abc import Sequence\n"),
                ("\n\ndef _decide(", f"{BEFORE}\n\ndef _decide("),
            ),
        ),
    ),
    Mistake(
        "ends-at-an-empty-file",
        fails="test_survives_incomplete_files",
        says="is empty",
        edits=edit(WINDOWS, (UNREADABLE, NO_EMPTY_FILES)),
    ),
    Mistake(
        "counts-what-comes-twice",
        fails="test_survives_incomplete_files",
        says="its summary says",
        edits=edit(WINDOWS, (LABELS, TWICE)),
    ),
    Mistake(
        "page-without-pictures",
        fails="test_page_can_be_read",
        says="has no picture",
        edits=edit(PAGE, ('{"".join(pictures)}\n', "")),
    ),
    Mistake(
        "page-that-fetches-a-library",
        fails="test_page_can_be_read",
        says="fetches",
        edits=edit(
            PAGE,
            (
                "<style>{STYLE}</style>",
                '<style>{STYLE}</style>\n<script src="https://cdn.example.org/plot.js"></script>',
            ),
        ),
    ),
    Mistake(
        "alerts-on-the-first-week",
        fails="test_alert_fires",
        says="no alert fires that did not before",
        edits=edit(STATE, ("for newest in summaries[-1:]", "for newest in summaries[:1]")),
    ),
    Mistake(
        "alerts-always",
        fails="test_alert_fires",
        says="(always: ",
        edits=edit(RULES, ('{decision="retrain"} == 1', '{decision="retrain"} >= 0')),
    ),
    Mistake(
        "alert-without-a-way-out",
        fails="test_alert_fires",
        says="has no heading `#train-again`",
        edits=edit(RULES, ("drift.md#retrain", "drift.md#train-again")),
    ),
    Mistake(
        "never-promotes",
        fails="test_better_challenger_is_promoted",
        says="the challenger is not promoted",
        edits=edit(RETRAIN, ("promoted=found.low > 0,", "promoted=False,")),
    ),
    Mistake(
        "promotes-and-exports-nothing",
        fails="test_better_challenger_is_promoted",
        says="another model is not exported",
        edits=edit(RETRAIN, ("        export.run(settings)\n", ""), ("from noshow import export\n", "")),
    ),
    Mistake(
        "promotes-the-better-number",
        fails="test_other_challengers_are_not_promoted",
        says="nothing had changed, and the challenger is promoted",
        edits=edit(RETRAIN, ("promoted=found.low > 0,", "promoted=found.mean > 0,")),
    ),
    Mistake(
        "promotes-in-the-registry",
        fails="test_other_challengers_are_not_promoted",
        says="is exported all the same",
        edits=edit(
            RETRAIN,
            (
                PROMOTION,
                "    promote(store, challenger, comparison.because)\n    if comparison.promoted:\n        export.run(settings)\n",
            ),
        ),
    ),
    Mistake(
        "compares-with-the-called",
        fails="test_evidence_is_true",
        says="that were not called",
        edits=edit(
            RETRAIN,
            (
                "    cases = _counting(compared)\n",
                "    cases = [case for week in compared for case in week.cases if case.no_show is not None]\n",
            ),
        ),
    ),
    Mistake(
        "claims-more-than-it-knows",
        fails="test_evidence_is_true",
        says="is not that of",
        edits=edit(
            RETRAIN,
            (
                "        low=found.low,\n        high=found.high,\n",
                "        low=found.mean - 1e-4,\n        high=found.mean + 1e-4,\n",
            ),
        ),
    ),
    Mistake(
        "learns-from-what-it-caused",
        fails="test_takes_no_action_for_truth",
        says="when nobody calls",
        edits=edit(RETRAIN, ("train=[_row(case) for case in _counting(learned)]", f"train={OUTCOME_KNOWN}")),
    ),
    Mistake(
        "remembers-the-calls-of-the-last-week-only",
        fails="test_takes_no_action_for_truth",
        says="when nobody calls",
        edits=edit(RETRAIN, (LEARNED, SPLIT_LATE)),
    ),
)

TOGETHER = (
    (
        "leaves-the-season-out-of-the-reference",
        "names-nothing",
        "retrains-whatever-happens",
        "leaves-bad-rows-out-and-says-nothing",
        "writes-into-the-page",
        "ends-at-an-empty-file",
        "page-without-pictures",
        "alerts-always",
        "promotes-in-the-registry",
        "claims-more-than-it-knows",
        "learns-from-what-it-caused",
    ),
)
