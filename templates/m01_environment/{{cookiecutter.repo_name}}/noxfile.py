"""The project's sessions: `nox -s grade`."""

import os
import shlex

import nox

# TODO(m01): the sessions tests, lint and types


@nox.session(venv_backend="uv|virtualenv", reuse_venv=True)
def grade(session: nox.Session) -> None:
    """Grade this project, in an environment of the grader's own."""
    pinned = nox.project.load_toml("course.toml")["grader"]
    session.install(*shlex.split(os.environ.get("GRADER") or pinned))
    session.run("python", "-I", "-m", "mlops_grader", "grade", ".", *session.posargs)
