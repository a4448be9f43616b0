"""The options of `cohort grade`, and what they mean together."""

from __future__ import annotations

import argparse
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlops_grader.cohort.records import Settings, Why
from mlops_grader.submission import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the step."""
    parser.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="the run's folder; one that is there goes on"
    )
    parser.add_argument("--roster", type=Path, metavar="FILE", help="the class; needed at the first start")
    parser.add_argument(
        "--submissions",
        type=Path,
        metavar="PLACE",
        help="folder of clones or archives, or a list of addresses; needed at the first start",
    )
    parser.add_argument("--module", metavar="KEY", help="such as m06_containers; needed at the first start")
    parser.add_argument(
        "--handout", type=Path, metavar="DIR", help="what `classroom export` made; given files come from it"
    )
    parser.add_argument("--deadline", type=_instant, metavar="TIME", help="such as 2026-10-01T23:59:00+02:00")
    parser.add_argument("--until", type=_instant, metavar="TIME", help="after it nothing is taken at all")
    parser.add_argument(
        "--late", metavar="POLICY", help="what lateness costs: none, flag, percent:10, tokens:3 (default: none)"
    )
    parser.add_argument("--seed", type=int, help="of the inputs (default: drawn at the first start, and kept secret)")
    parser.add_argument("--student", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    which = parser.add_mutually_exclusive_group()
    for why, words in _WHICH.items():
        which.add_argument(
            f"--{_NAMES[why]}", dest="why", action="store_const", const=why, default=Why.FIRST, help=words
        )
    cells = parser.add_argument_group("where, and with what")
    cells.add_argument(
        "--workers", type=_count, metavar="N", help="cells at once on this machine (default: what it can hold)"
    )
    cells.add_argument(
        "--scheduler", metavar="ADDRESS", help="an institution's own, such as tcp://host:8786 or tls://host:8786"
    )
    cells.add_argument(
        "--disposable", action="store_true", help="workers are thrown away: submissions may use an engine of their own"
    )
    cells.add_argument(
        "--memory", type=_size, default="8GiB", metavar="SIZE", help="of one cell, with swap (default: 8GiB)"
    )
    cells.add_argument("--cpus", type=_amount, metavar="N", help="of one cell (default: what the module needs, 1 or 2)")
    cells.add_argument("--disk", type=_size, default="4GiB", metavar="SIZE", help="of one cell (default: 4GiB)")
    cells.add_argument("--seconds", type=_amount, default=3600.0, metavar="N", help="of one cell (default: 3600)")


_NAMES = {Why.CHANGED: "only-changed", Why.FAILED: "rerun-failed", Why.REGRADE: "regrade"}
_WHICH = {
    Why.CHANGED: "grade again whose files, or whose grader, changed since",
    Why.FAILED: "grade again who ended in an error",
    Why.REGRADE: "grade everybody again, and show what changed",
}


@dataclass(frozen=True)
class Sources:
    """Where the class and its work come from, in this start."""

    roster: Path
    submissions: Path
    handout: Path | None


def settings_of(options: argparse.Namespace, kept: Settings | None) -> Settings:
    """What the run is started with: as before, where an option is not given. Raises UsageError for what is missing or clashes."""
    if kept is None:
        if missing := [f"--{name}" for name in ("roster", "submissions", "module") if getattr(options, name) is None]:
            raise UsageError(f"`{options.out}` is a new run: say {' and '.join(missing)} too")
        kept = Settings(
            run=secrets.token_hex(6),
            module=options.module,
            seed=secrets.randbits(62) if options.seed is None else options.seed,
            roster=str(options.roster.absolute()),
            submissions=str(options.submissions.absolute()),
            started_at=datetime.now(UTC),
            late=options.late or "none",
            deadline=options.deadline,
            until=options.until,
            disposable=options.disposable,
            handout=str(options.handout.absolute()) if options.handout else "",
        )
    told = {name: getattr(options, name) for name in ("module", "seed", "late", "deadline", "until")}
    stated = Settings(**{**vars(kept), **{name: value for name, value in told.items() if value is not None}})
    if stated.until and stated.deadline and stated.until < stated.deadline:
        raise UsageError("--until is before --deadline: it is the end of the time for late work")
    return stated


def sources_of(options: argparse.Namespace, kept: Settings) -> Sources:
    """Where to look: what was named now, else what was named at the first start."""
    handout = options.handout or (Path(kept.handout) if kept.handout else None)
    return Sources(options.roster or Path(kept.roster), options.submissions or Path(kept.submissions), handout)


def _instant(told: str) -> datetime:
    try:
        found = datetime.fromisoformat(told)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{told}` is no time such as 2026-10-01T23:59:00+02:00") from None
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"`{told}` says no time zone: add it, such as {found.isoformat()}+00:00")
    return found


def _size(told: str) -> int:
    from dask.utils import parse_bytes

    try:
        size = parse_bytes(told)
    except ValueError:
        raise argparse.ArgumentTypeError(f"`{told}` is no size such as 8GiB") from None
    if size < 2**20:
        raise argparse.ArgumentTypeError(f"`{told}` is less than 1MiB: give a size such as 8GiB")
    return int(size)


def _amount(told: str) -> float:
    found = float(told)
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"`{told}` is no number above 0")
    return found


def _count(told: str) -> int:
    found = int(told)
    if found < 1:
        raise argparse.ArgumentTypeError(f"`{told}` is no number of workers: 1 at least")
    return found
