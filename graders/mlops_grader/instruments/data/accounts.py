"""The accounts of an ingestion: each row of each daily file is in the data or in the quarantine, and in one of them."""

from __future__ import annotations

from collections.abc import Collection

from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.sheet import Spot


def unaccounted(delivery: Delivery, left_out: Collection[Spot]) -> str:
    """The first row that is neither where it must be nor where it may be, as a phrase; empty when the accounts are right.

    That good rows are in the data is another question; here it is asked which rows are in the quarantine.
    """
    if lost := sorted(delivery.left_out - set(left_out)):
        return f"row {lost[0].row} of `{lost[0].file}` does not count, and is not in the quarantine ({len(lost)} such rows)"
    for name in delivery.unreadable:
        every = {Spot(name, row) for row in range(1, len(delivery.sheets[name].rows) + 1)}
        if Spot(name, 0) not in left_out and not (delivery.unreadable[name] and every <= set(left_out)):
            return f"`{name}` cannot be used, and is not in the quarantine as a whole (row 0)"
    for group in delivery.groups:
        kept = [spot for spot in group if spot not in left_out]
        if len(kept) != 1:
            rows = " and ".join(f"row {spot.row} of `{spot.file}`" for spot in group)
            return f"{rows} are the same, and {len(group) - len(kept)} of them are in the quarantine instead of {len(group) - 1}"
    twice = {spot for group in delivery.groups for spot in group}
    allowed = delivery.left_out | twice
    if extra := sorted(s for s in left_out if s not in allowed and s.file not in delivery.unreadable):
        where = f"row {extra[0].row} of `{extra[0].file}`" if extra[0].row else f"`{extra[0].file}` as a whole"
        return f"nothing is wrong with {where}, and it is in the quarantine ({len(extra)} such entries)"
    return ""
