"""Changes that the grader makes in given code: bugs that tests must catch, and one that harms nobody.

Each puts other statements into a function of `noshow/features.py` and leaves its signature and docstring, so it works
however the file is formatted. All of it is typed and free of lint: only a test can tell it from the original.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from mlops_grader.check import Fail

FEATURES = "noshow/features.py"


@dataclass(frozen=True)
class Bug:
    """What is wrong, in words; the function, and the statements that make it so."""

    words: str
    function: str
    body: str


BOUNDARY: Sequence[Bug] = (
    Bug(
        "`lead_days` refuses an appointment that starts at the moment of its booking",
        "lead_days",
        """
        if starts_at <= booked_at:
            raise ValueError(f"starts_at {starts_at} is before booked_at {booked_at}")
        return (starts_at - booked_at) / timedelta(days=1)
        """,
    ),
    Bug(
        "`no_show_rate` accepts more missed appointments than there were",
        "no_show_rate",
        """
        if previous_no_shows < 0:
            raise ValueError(f"{previous_no_shows} appointments missed is impossible")
        return (previous_no_shows + 1) / (previous_appointments + PRIOR_APPOINTMENTS)
        """,
    ),
)

FORMULA: Sequence[Bug] = (
    Bug(
        "`no_show_rate` ignores its prior: one missed first appointment gives 1.0",
        "no_show_rate",
        """
        if not 0 <= previous_no_shows <= previous_appointments:
            raise ValueError(f"{previous_no_shows} appointments missed is impossible")
        return previous_no_shows / max(previous_appointments, 1)
        """,
    ),
    Bug("`hour_of_day` drops the minutes", "hour_of_day", "return float(moment.hour)"),
)

_ROW = """
return [
    math.log1p(lead_days(appointment.booked_at, appointment.starts_at)),
    no_show_rate(appointment.previous_no_shows, appointment.previous_appointments),
    {first},
    {second},
    hour_of_day(appointment.starts_at),
    float(is_monday_or_friday(appointment.starts_at)),
    *{clinics},
    *_one_hot(appointment.reminder, REMINDERS),
]
"""
_AGE, _DISTANCE, _CLINICS = "float(appointment.age)", "appointment.distance_km", "_one_hot(appointment.clinic, CLINICS)"

ORDER: Sequence[Bug] = (
    Bug(
        "`feature_row` puts the distance where the age belongs, and the age where the distance belongs",
        "feature_row",
        _ROW.format(first=_DISTANCE, second=_AGE, clinics=_CLINICS),
    ),
    Bug(
        "`feature_row` marks another clinic than the appointment's",
        "feature_row",
        _ROW.format(first=_AGE, second=_DISTANCE, clinics=f"reversed({_CLINICS})"),
    ),
)

# each feature alone is right where one usually looks; a model that is fitted to them behaves in a way that nobody would accept
BEHAVIOUR: Sequence[Bug] = (
    Bug(
        "`feature_matrix` measures the distances from the average of the batch: a row alone has another value",
        "feature_matrix",
        """
        rows = [feature_row(appointment) for appointment in appointments]
        matrix = np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
        if len(rows):
            matrix[:, FEATURES.index("distance_km")] -= matrix[:, FEATURES.index("distance_km")].mean()
        return matrix
        """,
    ),
    Bug(
        "`feature_matrix` puts the rows in the order of the appointments' times",
        "feature_matrix",
        """
        ordered = sorted(appointments, key=lambda appointment: appointment.starts_at)
        rows = [feature_row(appointment) for appointment in ordered]
        return np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))
        """,
    ),
    Bug(
        "`feature_row` takes a history with many missed appointments for a fault, and puts 0 in its place",
        "feature_row",
        """
        rate = no_show_rate(appointment.previous_no_shows, appointment.previous_appointments)
        return [
            math.log1p(lead_days(appointment.booked_at, appointment.starts_at)),
            rate if rate < 0.4 else 0.0,
            float(appointment.age),
            appointment.distance_km,
            hour_of_day(appointment.starts_at),
            float(is_monday_or_friday(appointment.starts_at)),
            *_one_hot(appointment.clinic, CLINICS),
            *_one_hot(appointment.reminder, REMINDERS),
        ]
        """,
    ),
    Bug(
        "`feature_row` takes a lead time of more than four weeks for a fault, and puts 0 in its place",
        "feature_row",
        """
        lead = lead_days(appointment.booked_at, appointment.starts_at)
        return [
            math.log1p(lead) if lead < 28 else 0.0,
            no_show_rate(appointment.previous_no_shows, appointment.previous_appointments),
            float(appointment.age),
            appointment.distance_km,
            hour_of_day(appointment.starts_at),
            float(is_monday_or_friday(appointment.starts_at)),
            *_one_hot(appointment.clinic, CLINICS),
            *_one_hot(appointment.reminder, REMINDERS),
        ]
        """,
    ),
    Bug(
        "`feature_row` adds the week of the year to the hour of the day",
        "feature_row",
        """
        week = appointment.starts_at.isocalendar().week
        return [
            math.log1p(lead_days(appointment.booked_at, appointment.starts_at)),
            no_show_rate(appointment.previous_no_shows, appointment.previous_appointments),
            float(appointment.age),
            appointment.distance_km,
            hour_of_day(appointment.starts_at) + week - 12,
            float(is_monday_or_friday(appointment.starts_at)),
            *_one_hot(appointment.clinic, CLINICS),
            *_one_hot(appointment.reminder, REMINDERS),
        ]
        """,
    ),
)

# the same results to the last bit, in other words
_REFACTORED: Mapping[str, str] = {
    "lead_days": """
        waiting = starts_at - booked_at
        if waiting < timedelta(0):
            raise ValueError(f"starts_at {starts_at} is before booked_at {booked_at}")
        return waiting / timedelta(days=1)
        """,
    "no_show_rate": """
        if previous_no_shows < 0 or previous_no_shows > previous_appointments:
            counts = f"{previous_no_shows} of {previous_appointments}"
            raise ValueError(f"{counts} previous appointments missed is impossible")
        appointments = previous_appointments + PRIOR_APPOINTMENTS
        return (previous_no_shows + 1) / appointments
        """,
    "hour_of_day": """
        part = moment.minute / 60
        return part + moment.hour
        """,
    "is_monday_or_friday": """
        day = moment.weekday()
        return day in (0, 4)
        """,
    "feature_row": """
        lead = lead_days(appointment.booked_at, appointment.starts_at)
        earlier = appointment.previous_appointments
        row = [math.log1p(lead), no_show_rate(appointment.previous_no_shows, earlier)]
        row += [float(appointment.age), appointment.distance_km]
        row += [hour_of_day(appointment.starts_at)]
        row += [float(is_monday_or_friday(appointment.starts_at))]
        row += _one_hot(appointment.clinic, CLINICS)
        return row + _one_hot(appointment.reminder, REMINDERS)
        """,
}
_PRIVATE = {"_one_hot": "_columns"}  # a name with an underscore is nobody's promise

NEUTRAL = "\n\n# Read once more, and nothing to change.\n"
_UNUSED = ("bisect", "calendar", "csv", "decimal", "enum", "fractions", "heapq", "itertools", "json")
_UNITS = ("days", "hours", "kilometres", "patients", "reminders", "years")


def plant(folder: Path, bug: Bug) -> None:
    """Make a function of the given features wrong. Raises Fail when it is gone."""
    _change(folder, lambda text: _with_body(text, bug.function, bug.body))


def refactor(folder: Path) -> None:
    """Write the features in other words: same names, same results, other lines, another name for what is private."""

    def rewritten(text: str) -> str:
        for function, body in _REFACTORED.items():
            text = _with_body(text, function, body)
        for old, new in _PRIVATE.items():
            text = re.sub(rf"\b{old}\b", new, text)
        return text

    _change(folder, rewritten)


def disable(folder: Path) -> None:
    """Let every function of the features raise an error as soon as it is called."""

    def disabled(text: str) -> str:
        lines = text.splitlines()
        functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
        for node in reversed(functions):
            lines.insert(_statements(node)[0].lineno - 1, "    raise NotImplementedError")
        return "\n".join(lines) + "\n"

    _change(folder, disabled)


def comment(folder: Path) -> None:
    """Add a comment, which changes nothing but the text."""
    _change(folder, lambda text: text + NEUTRAL)


def lint_fault(folder: Path, random: Random) -> str:
    """Import what is never used, every linter's first rule; the fault in words."""
    unused = random.choice(_UNUSED)

    def with_import(text: str) -> str:
        imports = (node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom))
        first = next(node.lineno for node in imports if getattr(node, "module", "") != "__future__")
        lines = text.splitlines()
        return "\n".join([*lines[: first - 1], f"import {unused}", *lines[first - 1 :]]) + "\n"

    _change(folder, with_import)
    return f"an unused `import {unused}`"


def type_fault(folder: Path, random: Random) -> str:
    """Add a function that returns another type than it promises; the fault in words."""
    unit = random.choice(_UNITS)
    code = f"\n\ndef {unit}_as_words({unit}: int) -> str:\n    return {unit}\n"
    _change(folder, lambda text: text + code)
    return "a function that returns a number where it promises text"


def _with_body(text: str, function: str, body: str) -> str:
    """The source with other statements in a function, below its docstring."""
    named = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == function)
    node = next(named, None)
    if node is None:
        raise _changed(f"the given function `{function}` is gone from `{FEATURES}`")
    lines, new = text.splitlines(), textwrap.indent(textwrap.dedent(body).strip(), "    ").splitlines()
    lines[_statements(node)[0].lineno - 1 : node.end_lineno] = new
    return "\n".join(lines) + "\n"


def _statements(node: ast.FunctionDef) -> list[ast.stmt]:
    return node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body


def _change(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / FEATURES
    if not path.is_file():
        raise _changed(f"the given file `{FEATURES}` is gone")
    try:
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    except (SyntaxError, UnicodeDecodeError, StopIteration) as error:
        raise _changed(f"the given file `{FEATURES}` is not what it was: {error}") from None


def _changed(found: str) -> Fail:
    return Fail(found, fix=f"git checkout $(git rev-list --max-parents=0 HEAD) -- {FEATURES}")
