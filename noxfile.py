"""The kit's commands: `nox -l` lists them, `nox -s NAME -- ARGUMENTS` runs one."""

from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "tests"]

PROJECT = nox.project.load_toml("pyproject.toml")


def prepare(session: nox.Session, group: str) -> None:
    """Install the grader from this clone and what a group of sessions needs, unless it is there: that needs no network."""
    wanted = ["-e", ".[all]", *nox.project.dependency_groups(PROJECT, group)]
    stamp, facts = Path(session.virtualenv.location) / "installed", repr((wanted, PROJECT))
    if not stamp.is_file() or stamp.read_text() != facts:
        session.install(*wanted)
        stamp.write_text(facts)


@nox.session
def start(session: nox.Session) -> None:
    """Make a project to work in: nox -s start -- m06_containers [FOLDER] [--onto PROJECT] [--domain DOMAIN]."""
    prepare(session, "kit")
    session.run("python", "templates/compose.py", *session.posargs)


@nox.session
def grade(session: nox.Session) -> None:
    """Grade a project: nox -s grade [-- FOLDER | KEY | --solution KEY]; with nothing given, start module 1."""
    prepare(session, "kit")
    session.run("python", "graders/kit.py", "grade", *session.posargs)


@nox.session
def doctor(session: nox.Session) -> None:
    """Say what this machine has and lacks: nox -s doctor [-- KEY] [--install]."""
    prepare(session, "kit")
    session.run("python", "graders/kit.py", "doctor", *session.posargs)


@nox.session
def capstone(session: nox.Session) -> None:
    """Measure, grade and show the products of teams: nox -s capstone -- sheets | measure | debrief | grade | expo | portfolio."""
    prepare(session, "kit")
    session.run("python", "-I", "-m", "mlops_grader", "capstone", *session.posargs)


@nox.session
def classroom(session: nox.Session) -> None:
    """Hand a module out to a class: nox -s classroom -- export m06_containers --to FOLDER."""
    prepare(session, "kit")
    session.run("python", "templates/handout.py", *session.posargs)


@nox.session
def cohort(session: nox.Session) -> None:
    """Grade a whole class for the record: nox -s cohort -- grade | gradebook | override | dashboard | feedback | history."""
    prepare(session, "kit")
    session.run("python", "graders/kit.py", "cohort", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test of the kit, the course's examination of itself included."""
    prepare(session, "tests")
    session.run("python", "-m", "pytest", "--numprocesses=3", "--dist=worksteal", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes in code, workflows, scripts, imports between layers, and tables gone stale."""
    prepare(session, "lint")
    # templates have settings of their own, and ruff would leave a cache beside each: in every project made from them
    session.env["RUFF_CACHE_DIR"] = str(Path(".ruff_cache").resolve())
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports")
    session.run("cog", "--check", "-I", "graders", "README.md", *sorted(map(str, Path("modules").glob("*/README.md"))))
    session.run("shellcheck", ".ci/run", ".ci/base-images")
    workflows = sorted(map(str, Path(".github/workflows").glob("*.yml")))
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    session.run("zizmor", "--offline", "--persona=pedantic", ".github/workflows")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    prepare(session, "types")
    session.run("mypy")


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the grader against the bare operations, as ratios in one run."""
    prepare(session, "tests")
    session.run("python", "graders/bench.py", *session.posargs)


@nox.session
def new(session: nox.Session) -> None:
    """Begin a module in all of its five places: nox -s new -- m02_data."""
    prepare(session, "kit")
    session.run("python", "templates/new_module.py", *session.posargs)
