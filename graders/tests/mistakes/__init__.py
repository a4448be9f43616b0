"""Plausible wrong edits of the reference, one list for each module."""
