"""The page of a training, for people: how good the model is, for whom, and whether its probabilities hold."""

import io
from collections.abc import Sequence
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from noshow.evaluation import Predicted
from noshow.replacing import replacing_file
from noshow.training_summary import Bin, Slice, TrainingSummary

mpl.rcParams.update({"svg.hashsalt": "noshow", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})

STYLE = "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}th,td{text-align:left;padding-right:2em}"


def save_training_report(summary: TrainingSummary, tested: Sequence[Predicted], reports_dir: Path) -> None:
    """Write `training.html` in one step. `tested`: the test rows with their predictions."""
    pictures = [_calibration(summary.calibration), _roc(tested, summary.metrics["auc"]), _slices(summary.slices)]
    with replacing_file(reports_dir / "training.html") as new:
        new.write_text(_html(summary, pictures), encoding="utf-8", newline="\n")


def _html(summary: TrainingSummary, pictures: Sequence[str]) -> str:
    metrics = summary.metrics
    facts = {
        "Learned from": f"{summary.train.rows} appointments, {summary.train.first_day} to {summary.train.last_day}",
        "Measured on": f"{summary.test.rows} appointments, {summary.test.first_day} to {summary.test.last_day}",
        "AUC": f"{metrics['auc']:.4f} (0.5 is chance)",
        "Brier score": f"{metrics['brier']:.4f}, and {metrics['baseline_brier']:.4f} for the base rate",
        "Log loss": f"{metrics['log_loss']:.4f}, and {metrics['baseline_log_loss']:.4f} for the base rate",
        "Base rate": f"{metrics['base_rate']:.4f}",
        **{key: str(value) for key, value in summary.configuration.items()},
        "Data": summary.data_sha256,
    }
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in facts.items())
    groups = "".join(_row(each) for each in summary.slices)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Training {summary.run_id}</title>
<style>{STYLE}</style>
<h1>Training {summary.run_id}</h1>
<table>{rows}</table>
<h2>Calibration, ROC curve and slices</h2>
{"".join(pictures)}
<table><tr><th>Slice</th><th>Appointments</th><th>Missed</th><th>Predicted</th><th>Brier</th><th>AUC</th></tr>{groups}</table>
</html>
"""


def _row(each: Slice) -> str:
    cells = (
        f"{each.group} {each.value}",
        str(each.rows),
        f"{each.no_shows / each.rows:.3f}",
        f"{each.mean_prediction:.3f}",
        f"{each.brier:.4f}",
        "one outcome only" if each.auc is None else f"{each.auc:.3f}",
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _calibration(bins: Sequence[Bin]) -> str:
    """What was predicted against what happened."""
    figure, axes = _figure("Calibration")
    highest = max(max(each.mean_prediction, each.share_missed) for each in bins)
    axes.plot([0, highest], [0, highest], color="grey", linestyle=":")
    axes.plot([each.mean_prediction for each in bins], [each.share_missed for each in bins], marker="o")
    axes.set_xlabel("predicted")
    axes.set_ylabel("missed")
    return _svg(figure)


def _roc(tested: Sequence[Predicted], auc: float) -> str:
    """How many of those who stay away are found, for each share of the others who are called in vain."""
    figure, axes = _figure(f"ROC curve, AUC {auc:.3f}")
    in_vain, found, _ = roc_curve([each.missed for each in tested], [each.probability for each in tested])
    axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    axes.plot(in_vain, found)
    axes.set_xlabel("of those who come, called in vain")
    axes.set_ylabel("of those who miss, found")
    return _svg(figure)


def _slices(slices: Sequence[Slice]) -> str:
    """Predicted and missed, for each group."""
    figure, axes = _figure("Slices: predicted, and missed")
    names = [f"{each.group}\n{each.value}" for each in slices]
    axes.plot(names, [each.mean_prediction for each in slices], "o", label="predicted")
    axes.plot(names, [each.no_shows / each.rows for each in slices], "s", label="missed")
    axes.tick_params(axis="x", rotation=60)
    axes.legend()
    return _svg(figure)


def _figure(title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title)
    return figure, axes


def _svg(figure: Figure) -> str:
    """The figure as part of a page."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return f"<figure>{text[text.index('<svg') :]}</figure>"
