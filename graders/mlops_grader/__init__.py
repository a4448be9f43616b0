"""Grades the behaviour of a machine-learning product: it builds, runs, breaks and stops the real thing."""

from importlib.metadata import version

__version__ = version("mlops-grader")
