"""The page of one week, for people: what is to be done, why, and pictures."""

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from noshow.appointment import Appointment
from noshow.drift import NUMBERS, WORDS, of_this_season, shares, values
from noshow.replacing import replacing_file
from noshow.summary import Summary
from noshow.windows import Case

mpl.rcParams.update({"svg.hashsalt": "noshow", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})

STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}th{text-align:left;padding-right:2em}"
)
SHOWN = 12
"""How many weeks the course of the predictions shows."""


def save_page(
    summary: Summary,
    cases: Sequence[Case],
    reference: Sequence[Appointment],
    so_far: Sequence[Summary],
    reports_dir: Path,
) -> None:
    """Write `2026-W14.html` in one step. `so_far`: the weeks up to this one."""
    pictures = [_course(so_far[-SHOWN:])]
    if cases:
        here = [case.appointment for case in cases]
        field = summary.drifted_features[0] if summary.drifted_features else "lead_days"
        pictures.append(_field(field, here, of_this_season(reference, here[0])))
    if summary.performance:
        pictures.append(_calibration([case for case in cases if case.counts]))
    with replacing_file(reports_dir / f"{summary.window}.html") as new:
        new.write_text(_html(summary, pictures), encoding="utf-8", newline="\n")


def _html(summary: Summary, pictures: Sequence[str]) -> str:
    reasons = "".join(f"<li>{escape(reason)}</li>" for reason in summary.because)
    performance = summary.performance
    facts = {
        "Appointments": summary.appointments,
        "Outcomes known": f"{summary.labels.arrived} of {summary.labels.expected} predictions",
        "Drifted": ", ".join(summary.drifted_features) or "no field",
        "Records": "; ".join(f"{fault.where}: {fault.fact}" for fault in summary.data_faults) or "in order",
        "Predicted on average": f"{performance.mean_prediction:.3f}" if performance else "not judged yet",
        "Stayed away": f"{performance.mean_outcome:.3f}" if performance else "not judged yet",
        "AUC": f"{performance.auc:.3f}" if performance and performance.auc is not None else "not judged yet",
    }
    rows = "".join(f"<tr><th>{name}</th><td>{escape(str(value))}</td></tr>" for name, value in facts.items())
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{summary.window}: {summary.decision}</title>
<style>{STYLE}</style>
<h1>{summary.window}: {summary.decision}</h1>
<p>{summary.first_day} to {summary.last_day}, as known on {summary.as_of}.</p>
<ul>{reasons}</ul>
<table>{rows}</table>
{"".join(pictures)}
</html>
"""


def _course(weeks: Sequence[Summary]) -> str:
    """Predictions and outcomes, week by week."""
    figure, axes = _figure("Predicted, and what came of it")
    judged = [(week.window[-3:], week.performance) for week in weeks if week.performance]
    names = [name for name, _ in judged]
    axes.plot(names, [found.mean_prediction for _, found in judged], marker="o", label="predicted")
    axes.plot(names, [found.mean_outcome for _, found in judged], marker="s", label="stayed away")
    axes.set_ylim(0, 0.6)
    axes.set_ylabel("share")
    axes.legend()
    return _svg(figure)


def _field(name: str, here: Sequence[Appointment], reference: Sequence[Appointment]) -> str:
    """How a field is distributed in the week and in the reference."""
    figure, axes = _figure(f"{name}: this week and the reference")
    if name in NUMBERS:
        now, then = values(name, here), values(name, reference)
        edges = np.linspace(0, float(np.quantile(np.concatenate([now, then]), 0.99)) or 1.0, 21).tolist()
        axes.hist(then, edges, density=True, alpha=0.5, label="reference")
        axes.hist(now, edges, density=True, histtype="step", linewidth=2, label="this week")
    else:
        places = np.arange(len(WORDS[name]))
        for offset, label, found in ((-0.2, "reference", reference), (0.2, "this week", here)):
            counted = shares(name, found)
            axes.bar(places + offset, counted / counted.sum(), 0.4, label=label)
        axes.set_xticks(places, WORDS[name])
    axes.set_ylabel("density" if name in NUMBERS else "share")
    axes.legend()
    return _svg(figure)


def _calibration(cases: Sequence[Case]) -> str:
    """What was predicted against what happened, in five groups of equal size."""
    figure, axes = _figure("Calibration, of those who were not called")
    predicted = np.array([case.predicted.probability for case in cases if case.predicted])
    missed = np.array([bool(case.no_show) for case in cases])
    groups = np.array_split(np.argsort(predicted), 5)
    axes.plot([0, 0.7], [0, 0.7], color="grey", linestyle=":")
    axes.plot([predicted[group].mean() for group in groups], [missed[group].mean() for group in groups], marker="o")
    axes.set_xlabel("predicted")
    axes.set_ylabel("stayed away")
    return _svg(figure)


def _figure(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as part of a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return f"<figure>{text[text.index('<svg') :]}</figure>"
