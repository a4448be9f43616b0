"""Which of the rows count: one for each appointment, joined with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from noshow.batches import ORIGIN
from noshow.table import QUARANTINE, SCHEMA

KEY = "appointment_id"
REPLACED = "a later row of the same appointment counts"
NO_APPOINTMENT = "no file has this appointment yet"


@dataclass(frozen=True)
class Merged:
    """The clean rows in their order, and the good rows that do not count, in the form of the quarantine."""

    rows: pa.Table
    left_out: Sequence[pa.Table]


def merge(appointments: pa.Table, outcomes: pa.Table) -> Merged:
    """One row for each appointment, with its outcome where it is known.

    Of several rows of one appointment that of the later file counts, and in one file the later row. Of several outcomes
    the one recorded later counts.
    """
    newest, replaced = _newest(appointments, ["day", "row"])
    known, changed = _newest(outcomes, ["outcome_recorded_at", "day", "row"])
    origin = [field.name for field in ORIGIN]
    there = pc.is_in(known[KEY], value_set=newest[KEY].combine_chunks())
    rows = newest.drop_columns(origin).join(known.drop_columns(origin), KEY, join_type="left outer")
    ordered = rows.select(SCHEMA.names).sort_by([("starts_at", "ascending"), (KEY, "ascending")])
    return Merged(
        ordered.cast(SCHEMA),
        (
            _left_out(replaced, "appointments", REPLACED),
            _left_out(changed, "outcomes", REPLACED),
            _left_out(known.filter(pc.invert(there)), "outcomes", NO_APPOINTMENT),
        ),
    )


def _newest(table: pa.Table, order: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """The last row of each appointment in this order, and the others."""
    ordered = table.sort_by([(name, "ascending") for name in (KEY, *order)])
    ids = ordered[KEY].combine_chunks()
    last = pc.not_equal(ids.slice(0, max(len(ids) - 1, 0)), ids.slice(1))
    mask = pa.concat_arrays([last, pa.array([True] * (len(ids) > 0), pa.bool_())])
    return ordered.filter(mask), ordered.filter(pc.invert(mask))


def _left_out(rows: pa.Table, kind: str, reason: str) -> pa.Table:
    days = pc.cast(rows["day"], pa.string())
    files = pc.binary_join_element_wise(f"{kind}_", pc.binary_join_element_wise(days, ".csv", ""), "")
    texts = [pa.array([text] * len(rows), pa.string()) for text in (KEY, reason)]
    return pa.Table.from_arrays([files, rows["row"], *texts], schema=QUARANTINE)
