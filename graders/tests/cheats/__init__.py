"""Submissions that try to earn points without the work."""
