"""Are the daily files as agreed? `python -m ci.check_data` exits 1 when one is not, and says which and why."""

import sys
from pathlib import Path


def faults(folder: Path) -> list[str]:
    """What is wrong with the daily files in a folder, one line each, with the file's name; empty when nothing is.

    A file is wrong when its columns are not those in `noshow/raw.py`, or when more than one row in twenty cannot be
    used: that is no slip of the pen, somebody changed a unit or a format.
    """
    # TODO(m07): `noshow/raw.py` reads the files, `noshow/cleaning.py` knows what a good row is
    return []


def main() -> int:
    """Print the faults; 1 when there are any."""
    found = faults(Path("data/raw"))
    sys.stdout.write("".join(f"{line}\n" for line in found) or "the daily files are as agreed\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
