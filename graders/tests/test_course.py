"""The course examines itself: folders, points, starters, solutions, mistakes and honest alternatives."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

import compose
from mlops_grader.check import Verdict, checks_in
from mlops_grader.grading import module_named, modules
from submissions import Alternative, Mistake, grade, make, marks_of, not_passed, of_module, together, told

KIT = Path(__file__).parents[2]
KEYS = modules()

# (module, check) that an untouched starter passes already, and why that is right
PASSED_BY_STARTERS: dict[tuple[str, str], str] = {}


def marked(key: str, name: str, value: object, *, later: bool = False, in_turn: bool = False) -> object:
    """A case of a module: what needs an engine says so, what waits for its turn, and what only a whole examination has time for."""
    marks = [
        *marks_of(key),
        *([pytest.mark.whole] if later else []),
        *([pytest.mark.in_turn(key)] if in_turn else []),
    ]
    return pytest.param(key, value, id=f"{key}-{name}", marks=marks)


MISTAKES = [
    marked(key, mistake.name, mistake, later=mistake.fails in tried_before, in_turn=True)
    for key in KEYS
    for mistakes in [of_module("mistakes", key)]
    for in_groups in [{mistake.fails for group in together(key) for mistake in group}]
    for place, mistake in enumerate(mistakes)
    for tried_before in [in_groups | {earlier.fails for earlier in mistakes[:place]}]
]
GROUPS = [marked(key, group[0].name + "-and-others", group, in_turn=True) for key in KEYS for group in together(key)]
ALTERNATIVES = [
    marked(key, other.name, other, later=place > 0, in_turn=True)
    for key in KEYS
    for place, other in enumerate(of_module("alternatives", key))
]
STARTERS = [marked(key, "starter", None) for key in KEYS]
SOLUTIONS = [marked(key, "solution", None) for key in KEYS]


def tracked() -> list[str]:
    """What git tracks in the kit, and what it would track."""
    listing = ["git", "-C", str(KIT), "ls-files", "--cached", "--others", "--exclude-standard"]
    return subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()


def test_five_folders_hold_the_same_modules() -> None:
    """One module is one key in five places."""
    places = {
        "modules": {path.parent.name for path in (KIT / "modules").glob("*/module.toml")},
        "templates": set(compose.keys()),
        "solutions": {path.name for path in (KIT / "solutions").iterdir() if path.is_dir()},
        "mistakes": {path.stem for path in (KIT / "graders/tests/mistakes").glob("m*.py")},
    }
    assert places == {place: set(KEYS) for place in places}


@pytest.mark.parametrize("key", KEYS)
def test_points_sum_to_100(key: str) -> None:
    """Every module is worth 100 points."""
    assert sum(check.points for check in checks_in(module_named(key))) == 100


@pytest.mark.parametrize("key", KEYS)
def test_each_check_is_taught_under_its_own_heading(key: str) -> None:
    """The report links to a heading of the lesson for every check."""
    headings = re.findall(
        r"^### (.+)$", (KIT / "modules" / key / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    wanted = [check.heading for check in checks_in(module_named(key))]
    assert [heading for heading in headings if heading in wanted] == wanted


@pytest.mark.parametrize("key", KEYS)
def test_each_check_has_two_mistakes(key: str) -> None:
    """A check that no wrong submission fails proves nothing."""
    counts = {check.id: 0 for check in checks_in(module_named(key))}
    for mistake in of_module("mistakes", key):
        counts[mistake.fails] += 1
    assert {check: count for check, count in counts.items() if count < 2} == {}


def test_no_stray_files_hide_in_the_mirrored_folders() -> None:
    """Nothing lies in the five places but what a module needs."""
    usual = re.compile(
        r"modules/m\d\d_\w+/(README\.md|module\.toml|[\w.-]+\.png)|"
        r"modules/m14_capstone/([\w-]+/)?[\w.-]+\.(toml|md|html)|templates/m14_capstone/templates/briefs/[\w-]+\.md|"
        r"templates/(answers|bundle|compose|handout|new_module|repeatable)\.py|templates/classroom/(autograder\.py|classroom\.yml)|"
        r"templates/m\d\d_\w+/(cookiecutter\.json|hooks/post_gen_project\.py|\{\{cookiecutter\.repo_name\}\}/.+)|"
        r"solutions/m\d\d_\w+/.+|graders/mlops_grader/checks/(__init__\.py|pytest\.ini|m\d\d_\w+\.py)|"
        r"graders/tests/(mistakes|alternatives|cheats)/\w+\.py"
    )
    places = ("modules/", "templates/", "solutions/", "graders/mlops_grader/checks/", "graders/tests/mistakes/")
    junk = re.compile(r"(^|/)(\.DS_Store|Thumbs\.db|__pycache__|.*\.(orig|rej|swp|pyc))($|/)")
    stray = [path for path in tracked() if path.startswith(places) and (not usual.fullmatch(path) or junk.search(path))]
    assert stray == []


@pytest.mark.parametrize("key", KEYS)
def test_a_solution_replaces_only_files_marked_for_its_module(key: str) -> None:
    """A file of the template that the solution replaces is a stub of that module; given files stay as they are."""
    template, mark = compose._template_folder(key), f"TODO({key[:3]})"
    below = [compose._template_folder(layer) for layer in compose.layers(key)[:-1]]
    solved = list(compose._files(KIT / "solutions" / key))
    given = [
        path
        for path in solved
        if (template / path).is_file() and mark not in (template / path).read_text(encoding="utf-8")
    ]
    hidden = [
        path for path in solved for folder in below if (folder / path).is_file() and not (template / path).is_file()
    ]
    assert (given, hidden) == ([], [])


@pytest.mark.parametrize("key", KEYS)
def test_every_stub_is_solved(key: str) -> None:
    """Each file with a mark has its solution, and no mark is left in it."""
    marked_files = [
        path
        for path in compose._files(compose._template_folder(key))
        if compose._is_stub(compose._template_folder(key) / path)
    ]
    solution = KIT / "solutions" / key
    left = [path for path in marked_files if not (solution / path).is_file() or compose._is_stub(solution / path)]
    assert left == []


@pytest.mark.parametrize("key", KEYS)
def test_a_solution_keeps_what_the_stub_promised(key: str) -> None:
    """Names, signatures and docstrings of a Python stub are those of its solution."""
    for path in compose._files(compose._template_folder(key)):
        if path.endswith(".py") and compose._is_stub(compose._template_folder(key) / path):
            promised = _promises(compose._template_folder(key) / path)
            kept = _promises(KIT / "solutions" / key / path)
            assert {name: kept.get(name) for name in promised} == promised


@pytest.mark.parametrize("key", KEYS)
def test_no_edit_has_gone_stale(key: str, tmp_path: Path) -> None:
    """What mistakes and alternatives change is still there, also of those that this run does not grade."""
    project = make(key, tmp_path / "project")
    git = ["git", "-C", str(project)]
    start = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    stale = []
    for each in (*of_module("mistakes", key), *of_module("alternatives", key)):
        try:
            for edit in each.edits:
                edit(project)
        except (OSError, ValueError) as error:
            stale.append((each.name, str(error)))
        subprocess.run([*git, "reset", "--quiet", "--hard", start], check=True)
        subprocess.run([*git, "clean", "--quiet", "-ffdx"], check=True)
    assert stale == []


@pytest.mark.parametrize(("key", "_"), STARTERS)
def test_a_starter_earns_nothing(key: str, _: None, tmp_path: Path) -> None:
    """The untouched starter passes none of the checks that the student is to earn."""
    result = grade(make(key, tmp_path / "project", solved=False), tmp_path / "result.json")
    earned = {(key, outcome.id) for outcome in result.checks if outcome.verdict is Verdict.PASSED}
    broken = [outcome.id for outcome in result.checks if outcome.verdict in (Verdict.ERROR, Verdict.NOT_RUN)]
    assert (earned, broken) == ({pair for pair in PASSED_BY_STARTERS if pair[0] == key}, []), told(result)


@pytest.mark.parametrize(("key", "_"), SOLUTIONS)
def test_a_solution_earns_everything(key: str, _: None, tmp_path: Path) -> None:
    """The reference gets full marks."""
    result = grade(make(key, tmp_path / "project"), tmp_path / "result.json")
    assert result.score == result.max_score, told(result)


@pytest.mark.parametrize(("key", "mistake"), MISTAKES)
def test_a_mistake_fails_exactly_its_check(
    key: str, mistake: Mistake, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """One wrong edit fails one check, with the words that help; others pass or are blocked.

    Without `--whole` only that check and those that it requires are tried.
    """
    only = () if pytestconfig.getoption("--whole") else ("--only", mistake.fails)
    result = grade(make(key, tmp_path / "project", mistake.edits), tmp_path / "result.json", *only)
    failed = [(outcome.verdict, outcome.id) for outcome in not_passed(result)]
    assert failed == [(Verdict.FAILED, mistake.fails)], told(result)
    assert mistake.says in f"{not_passed(result)[0].found}\n{not_passed(result)[0].fix}"


@pytest.mark.parametrize(("key", "group"), GROUPS)
def test_mistakes_made_together_fail_exactly_their_checks(key: str, group: Sequence[Mistake], tmp_path: Path) -> None:
    """What several wrong edits break in one project, each by itself, is found in one grade."""
    only = [word for mistake in group for word in ("--only", mistake.fails)]
    edits = [edit for mistake in group for edit in mistake.edits]
    result = grade(make(key, tmp_path / "project", edits), tmp_path / "result.json", *only)
    failed = {outcome.id: f"{outcome.found}\n{outcome.fix}" for outcome in not_passed(result)}
    wanted = {mistake.fails: mistake.says for mistake in group}
    assert set(failed) == set(wanted), told(result)
    assert {check: words for check, words in wanted.items() if words not in failed[check]} == {}, told(result)
    assert {outcome.verdict for outcome in not_passed(result)} == {Verdict.FAILED}, told(result)


@pytest.mark.parametrize(("key", "other"), ALTERNATIVES)
def test_an_honest_alternative_earns_everything(key: str, other: Alternative, tmp_path: Path) -> None:
    """The task can be done with other tools, other layouts and another style."""
    result = grade(make(key, tmp_path / "project", other.edits), tmp_path / "result.json")
    assert result.score == result.max_score, told(result)


def _promises(path: Path) -> dict[str, tuple[str, str | None]]:
    """Signature and docstring of each function and class of a module, by name."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = (
                ast.unparse(node.args) + str(node.returns and ast.unparse(node.returns)),
                ast.get_docstring(node),
            )
        elif isinstance(node, ast.ClassDef):
            found[node.name] = ("", ast.get_docstring(node))
    return found
