"""Tests of the data in `data/raw`, not of the code: they go red when the clinics deliver what cannot be right."""

# TODO(m02): ingest the daily files into a folder of the test's own, and say what must be true of the data
