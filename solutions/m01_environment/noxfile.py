"""The project's sessions: `nox -s tests`, `nox -s lint`, `nox -s types`, `nox -s grade`."""

import os
import shlex

import nox

nox.options.sessions = ["lint", "types", "tests"]
nox.options.default_venv_backend = "none"  # they run in the environment that requirements.lock made


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests."""
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes and unusual style."""
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    session.run("mypy")


@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def grade(session: nox.Session) -> None:
    """Grade this project, in an environment of the grader's own."""
    pinned = nox.project.load_toml("course.toml")["grader"]
    session.install(*shlex.split(os.environ.get("GRADER") or pinned))
    session.run("python", "-I", "-m", "mlops_grader", "grade", ".", *session.posargs)
