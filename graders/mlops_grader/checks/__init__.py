"""Checks: one file for each module of the course."""
