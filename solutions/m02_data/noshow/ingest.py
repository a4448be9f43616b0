"""`python -m noshow ingest`: the clinics' daily files become clean data, partitioned by day."""

import logging
from collections.abc import Sequence

import pyarrow as pa

from noshow.batches import APPOINTMENTS, OUTCOMES, Batch, read_appointments, read_outcomes
from noshow.daily import Day
from noshow.errors import ProductError
from noshow.merging import merge
from noshow.profiling import report
from noshow.pseudonyms import read_key
from noshow.raw import daily_files
from noshow.settings import Settings
from noshow.store import save
from noshow.table import QUARANTINE

log = logging.getLogger(__name__)


def run(settings: Settings) -> str:
    """Make the clean data from all daily files that are there; one sentence about what was done.

    The same files give the same data, in whatever order they came. Each row of each file is in the data or in the
    quarantine. Ended at any moment, the data are those of before or the new ones. Raises ProductError when there are no
    daily files, and the earlier data stay.
    """
    files = daily_files(settings.raw_dir, "appointments")
    if not files:
        raise ProductError(f"`{settings.raw_dir}` holds no `appointments_YYYY-MM-DD.csv`; put the daily files there")
    key = read_key(settings.pseudonym_key, settings.clean_dir.parent)
    appointments = [read_appointments(file, key) for file in files]
    outcomes = [read_outcomes(file) for file in daily_files(settings.raw_dir, "outcomes")]
    merged = merge(_rows(appointments, APPOINTMENTS), _rows(outcomes, OUTCOMES))
    if not merged.rows.num_rows:
        raise ProductError(f"`{settings.raw_dir}` holds no row that can be used: {_first_reason(appointments)}")
    batches = [*appointments, *outcomes]
    quarantine = pa.concat_tables([QUARANTINE.empty_table(), *(batch.left_out for batch in batches), *merged.left_out])
    ordered = quarantine.sort_by([("file", "ascending"), ("row", "ascending")])
    manifest = save(merged.rows, ordered, [batch.source for batch in batches], settings.clean_dir)
    days = report(manifest, settings)
    _warn(batches, days)
    known = merged.rows.num_rows - merged.rows["no_show"].null_count
    unusual = sum(bool(day.anomalies) for day in days)
    return (
        f"{len(batches)} files: {merged.rows.num_rows} appointments on {len(days)} days, {known} with outcome; "
        f"{ordered.num_rows} rows in quarantine, {unusual} unusual days; "
        f"data set {manifest.name} in `{settings.clean_dir}`"
    )


def _rows(batches: list[Batch], schema: pa.Schema) -> pa.Table:
    return pa.concat_tables([schema.empty_table(), *(batch.rows for batch in batches)])


def _warn(batches: Sequence[Batch], days: Sequence[Day]) -> None:
    """Log each file of which something was left out, with the first reason, and each unusual day."""
    for batch in batches:
        if batch.left_out.num_rows:
            first = batch.left_out.slice(0, 1).to_pylist()[0]
            rows = {"rows": batch.left_out.num_rows, "of": batch.source.rows} if first["row"] else {"rows": "all"}
            fields = {"file": batch.source.file, **rows, "reason": first["reason"]}
            log.warning("rows in quarantine", extra={"fields": fields})
    for day in days:
        for anomaly in day.anomalies:
            fields = {"day": str(day.day), "where": anomaly.where, "fact": anomaly.fact}
            log.warning("unusual day", extra={"fields": fields})


def _first_reason(batches: list[Batch]) -> str:
    """Why the first row was left out, of those that were."""
    reasons = [reason for batch in batches for reason in batch.left_out["reason"].to_pylist()]
    return reasons[0] if reasons else "the files are empty"
