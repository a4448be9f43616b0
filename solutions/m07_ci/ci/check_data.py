"""Are the daily files as agreed? `python -m ci.check_data` exits 1 when one is not, and says which and why."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from noshow.cleaning import BadRowError, clean_appointment, clean_outcome
from noshow.errors import ProductError
from noshow.raw import APPOINTMENT_COLUMNS, OUTCOME_COLUMNS, DailyFile, daily_files, read_rows

MOST_BAD = 0.05


def faults(folder: Path) -> list[str]:
    """What is wrong with the daily files in a folder, one line each, with the file's name; empty when nothing is.

    A file is wrong when its columns are not those in `noshow/raw.py`, or when more than one row in twenty cannot be
    used: that is no slip of the pen, somebody changed a unit or a format.
    """
    found = [
        _fault(file, APPOINTMENT_COLUMNS, partial(clean_appointment, day=file.day))
        for file in daily_files(folder, "appointments")
    ]
    found += [_fault(file, OUTCOME_COLUMNS, clean_outcome) for file in daily_files(folder, "outcomes")]
    return [line for line in found if line]


def _fault(file: DailyFile, columns: tuple[str, ...], clean: Callable[[Sequence[str]], object]) -> str:
    facts = []
    try:
        rows = list(read_rows(file.path, columns))
    except ProductError as error:
        return str(error)
    for row in rows:
        try:
            clean(row.values)
        except BadRowError as error:
            facts.append(str(error))
    if len(facts) <= MOST_BAD * len(rows):
        return ""
    return f"{file.path.name}: {len(facts)} of {len(rows)} rows cannot be used; the first one: {facts[0]}"


def main() -> int:
    """Print the faults; 1 when there are any."""
    found = faults(Path("data/raw"))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "the daily files are as agreed\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
