"""Care that pretends: for a grader that reads names and words, it tests, decides, draws, alerts and compares."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, write

KEY = "m10_drift"
KIT = Path(__file__).parents[3]
FILES = ("drift_rules.yml", "drift.toml", "runbooks/drift.md")
WORDS = ("ks_2samp", "p_value", "save_summary", "performance", "drifted_features", "<svg", "metrics.prom")

MONITOR = '''"""Look at each week: ks_2samp of each field, p_value against a Bonferroni level, performance by clinic and day."""

from datetime import timedelta

from noshow.raw import daily_files
from noshow.settings import Settings
from noshow.summary import Labels, Performance, Summary, save_summary
from noshow.weeks import monday_of, week_name

PICTURE = "<svg>" + "".join(f'<line x1="{{n}}" x2="{{n * n}}"/>' for n in range(20)) + "</svg>"


def run(settings: Settings) -> str:
    """Say what sounds right."""
    mondays = sorted({{monday_of(file.day) for file in daily_files(settings.raw_dir, "predictions")}})
    settings.reports_dir.mkdir(parents=True, exist_ok=True)
    for monday in mondays:
        decision, drifted_features = "{decision}", {drifted}
        summary = Summary(
            week_name(monday), monday, monday + timedelta(days=4), settings.today, 742, decision, ["p_value 0.001"],
            drifted_features, [], Labels(742, 742), Performance(594, 0.21, 0.2, 0.74),
        )
        page = f"<html><h1>{{summary.window}}: {{decision}}, {{drifted_features}}</h1>{{PICTURE}}</html>"
        (settings.reports_dir / f"{{summary.window}}.html").write_text(page)
        save_summary(summary, settings.reports_dir)
    (settings.reports_dir / "metrics.prom").write_text('noshow_monitoring_decision{{decision="{decision}"}} 1\\n')
    return f"{{len(mondays)}} weeks"
'''
RETRAIN = '''"""Champion against challenger: a paired bootstrap, and what was decided."""

from datetime import timedelta

from noshow.bundle import check_bundle
from noshow.comparison import Comparison, save_comparison
from noshow.settings import Settings


def run(settings: Settings) -> str:
    """Say what sounds right."""
    champion = check_bundle(settings.model_dir).run_id
    days = settings.today - timedelta(days=25), settings.today - timedelta(days=7)
    numbers = 0.43, 0.41, 0.02, 0.01, 0.03, 0.95
    said = Comparison(settings.today, champion, "0" * 32, *days, 1800, "log_loss", *numbers, "paired bootstrap", {promoted}, "better")
    save_comparison(said, settings.reports_dir)
    return "compared"
'''


def careless(project: Path) -> bool:
    """What a grader would say that looks for words in the job and for alerts in the rules."""
    job = (project / "noshow/monitor.py").read_text(encoding="utf-8")
    rules = (project / "monitoring/drift_rules.yml").read_text(encoding="utf-8")
    return all(word in job for word in WORDS) and rules.count("- alert:") > 2


def _pretends(decision: str, drifted: str, promoted: str) -> tuple[Edit, ...]:
    """The rules and the promise of the reference, and jobs that measure nothing."""
    solved = KIT / "solutions" / KEY / "monitoring"
    return (
        *(write(f"monitoring/{name}", (solved / name).read_text(encoding="utf-8")) for name in FILES),
        write("noshow/monitor.py", MONITOR.format(decision=decision, drifted=drifted)),
        write("noshow/retrain.py", RETRAIN.format(promoted=promoted)),
    )


PRETENCES = (
    Pretence("never-finds-anything", _pretends("nothing", "[]", "False")),
    Pretence("always-finds-something", _pretends("retrain", '["lead_days"]', "True")),
)
