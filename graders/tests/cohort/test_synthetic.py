"""The synthetic class is what it says: sixty people, every known attack, points known by construction, and harmless here."""

from __future__ import annotations

import ast
import csv
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import synthetic
from cheats.payloads import CHEATS
from mlops_grader.checks import m01_environment
from mlops_grader.cohort import cell_image
from synthetic.hostile import witness_of
from synthetic.member import FULL, KEY, without
from synthetic.payloads import PROGRAMS, USERS, source
from synthetic.writing import DEADLINE, NAMES, SLUG, Class

MEMBERS = {member.name: member for member in synthetic.members()}
# the known attacks on graders, each with the member who tries it; those on services, metrics and alerts belong to later modules
ATTACKS = {
    "conftest or plugin that rewrites reports": "cheat-conftest",
    "patches pytest at import": "cheat-patches-pytest",
    "object that equals everything": "cheat-equals-everything",
    "skip and xfail counted as pass": "cheat-skips-and-xfails",
    "atexit rewrites the results": "cheat-rewrites-at-exit",
    "surviving daemon rewrites the results": "cheat-daemon-rewrites",
    "deletes a given file": "cheat-deleted-given",
    "edits a given file": "cheat-edited-given",
    "says that it is another product": "cheat-no-course-file",
    "os._exit(0)": "cheat-quick-exit",
    "prints notices, forged JSON and sentinels": "cheat-forged-output",
    "writes to the command files": "hostile-floods-the-report",
    "pytest.py in the working directory": "cheat-pytest-module",
    "sitecustomize.py in the working directory": "cheat-sitecustomize",
    "*.pth beside the packages": "cheat-pth-files",
    "environment and interpreter that are forged": "cheat-forged-environment",
    "git hook, monitor, filter": "hostile-git-settings",
    "links out of the tree": "hostile-links",
    "pickled results": "cheat-pickled-results",
    "fork bomb": "hostile-fork-bomb",
    "filled disk": "hostile-fills-disk",
    "endless output": "hostile-endless-output",
    "endless loop": "hostile-endless-loop",
    "reads hidden inputs": "cheat-reads-hidden",
    "reads tokens": "cheat-reads-tokens",
    "instructs a judge": "cheat-tells-the-judge",
    "|| true": "cheat-exit-zero",
    "tests that assert nothing": "cheat-asserts-nothing",
    "always red": "cheat-always-red",
    "poisons the shared cache": "hostile-poisons-cache",
    "kills every process": "hostile-kills-everything",
    "writes everywhere": "hostile-writes-everywhere",
    "network and the engine's socket": "hostile-scans-network",
    "takes all memory": "hostile-hogs-memory",
    "100,000 small files": "hostile-many-small-files",
    "huge file": "hostile-huge-file",
    "zip bomb": "hostile-zip-bomb",
    "corrupt repository": "hostile-corrupt",
    "empty repository": "starter-empty-repository",
    "no repository": "starter-no-repository",
    "nothing handed in": "starter-nothing",
    "no login": "starter-without-a-login",
    "two clones": "full-two-clones",
    "commits after the deadline": "full-then-undone",
    "backdated commit": "cheat-backdated",
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the payloads are written for POSIX")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Class:
    """The reduced class, and some who hand in otherwise."""
    more = (
        "cheat-backdated",
        "starter-empty-repository",
        "full-two-clones",
        "starter-archive",
        "starter-without-a-login",
    )
    members = [*synthetic.reduced(), *(MEMBERS[name] for name in more)]
    return synthetic.write(tmp_path_factory.mktemp("class"), members, 7)


def _git(folder: Path, *arguments: str) -> str:
    safe = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "safe.directory=*")
    return subprocess.run(
        ["git", *safe, "-C", str(folder), *arguments], capture_output=True, text=True, check=True
    ).stdout


def _clone(small: Class, name: str) -> Path:
    return small.submissions / f"{SLUG}-{name}"


def test_sixty_people_of_every_kind() -> None:
    kinds = Counter(member.kind for member in synthetic.members())
    assert (len(MEMBERS), len(synthetic.members()), set(kinds)) == (60, 60, set(synthetic.Kind))


def test_every_known_attack_has_a_member() -> None:
    assert [name for name in ATTACKS.values() if name not in MEMBERS] == []


def test_the_reduced_class_has_every_kind() -> None:
    assert {member.kind for member in synthetic.reduced()} == set(synthetic.Kind)


def test_logins_are_what_a_code_host_takes() -> None:
    assert [
        name for name in MEMBERS if not name.replace("-", "").isalnum() or len(name) > 39 or name.endswith("-")
    ] == []


def test_points_follow_from_the_checks() -> None:
    """What a failed check costs, with all that requires it; nothing of it is written down twice."""
    assert (without(()), without(("test_sets_up_in_a_clean_clone",))) == (FULL, 0)
    points = m01_environment.test_lint_tells_good_from_bad.check.points  # type: ignore[attr-defined]  # a check carries its claim
    assert without(("test_lint_tells_good_from_bad",)) == FULL - points
    with pytest.raises(ValueError, match="no check test_unknown"):
        without(("test_unknown",))


def test_the_roster_names_everybody_once_and_one_without_a_login(small: Class) -> None:
    with small.roster.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    logins = sorted(row["username"] for row in rows)
    assert logins == sorted(m.name if m.in_roster else "" for m in small.members)
    assert set(NAMES) <= {row["first_name"] for row in rows}


def test_the_same_seed_makes_the_same_class(small: Class, tmp_path: Path) -> None:
    again = synthetic.write(tmp_path, small.members, 7)
    heads = [
        _git(_clone(each, "full-reference"), "rev-parse", "HEAD") + each.roster.read_text(encoding="utf-8-sig")
        for each in (small, again)
    ]
    assert heads[0] == heads[1]


def test_work_comes_before_the_deadline_and_more_of_it_after(small: Class) -> None:
    def times(name: str) -> list[bool]:
        told = _git(_clone(small, name), "log", "--format=%ct").split()
        return [int(each) <= DEADLINE.timestamp() for each in told]

    assert times("full-reference") == [True, True]
    assert times("starter-then-late") == [False, True, True]
    assert times("cheat-backdated") == [True, False, True, True], "the newest says that it is older than its parent"


def test_what_lies_there_instead_of_a_clone(small: Class) -> None:
    assert not _clone(small, "starter-nothing").exists()
    assert _clone(small, "starter-archive").with_suffix(".zip").is_file()
    assert _git(_clone(small, "starter-empty-repository"), "rev-list", "--all") == ""
    assert _clone(small, "FULL-TWO-CLONES").is_dir()


def test_traps_spring_with_plain_git_and_not_while_the_class_is_written(small: Class, tmp_path: Path) -> None:
    """The twin of the one whose repository runs programs."""
    project = _clone(small, "hostile-git-settings")
    before = witness_of(project).exists()
    (project / "noxfile.py").write_text("changed\n", encoding="utf-8")
    subprocess.run(["git", "-C", str(project), "status"], capture_output=True, timeout=60, check=False)
    assert (before, witness_of(project).exists()) == (False, True)


def test_reading_the_pickled_results_runs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The twin of the one that leaves results which execute."""
    monkeypatch.chdir(tmp_path)
    for edit in MEMBERS["cheat-pickled-results"].edits[-1:]:
        edit(tmp_path)
    pickle.loads((tmp_path / "result.json").read_bytes())  # noqa: S301  # that is what it is for
    assert (tmp_path / "pickled-witness").exists()


def test_payloads_run_as_the_users_of_a_cell_and_nobody_else() -> None:
    assert range(cell_image.FIRST_UID, cell_image.FIRST_UID + cell_image.USERS) == USERS


@pytest.mark.parametrize("name", PROGRAMS)
def test_every_payload_is_a_program(name: str) -> None:
    assert "@" not in ast.unparse(ast.parse(source(name))).replace("@SUM", "")


@pytest.mark.parametrize("name", PROGRAMS)
def test_no_payload_runs_outside_a_cell(name: str, tmp_path: Path) -> None:
    """Whoever starts one by mistake on a machine of their own is told so, and nothing happens."""
    (tmp_path / "payload.py").write_text(source(name), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "payload.py"], cwd=tmp_path, capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (1, f"{name} refuses to run outside a cell")
    assert [path.name for path in tmp_path.iterdir()] == ["payload.py"]


HONEST_HERE = [
    pytest.param(MEMBERS[name], id=name)
    for name in (
        "partial-group-1", "cheat-equals-everything", "cheat-patches-pytest", "cheat-exit-zero", "cheat-hashes-the-source",
        "full-one-folder-down",
    )
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.whole
@pytest.mark.parametrize("member", HONEST_HERE)
def test_points_known_by_construction_are_those_of_the_grader(member: synthetic.Member, tmp_path: Path) -> None:
    """The ordinary grader, on this machine, says of them what the class expects: their code harms nobody."""
    from submissions import grade, told

    small = synthetic.write(tmp_path, [member], 1)
    _git(tmp_path, "clone", "--quiet", str(_clone(small, member.name)), str(tmp_path / "project"))
    result = grade(tmp_path / "project", tmp_path / "result.json", "--module", KEY)
    assert member.is_right(result.score), told(result)
    assert member.says in told(result)


def test_the_listed_cheats_are_those_of_the_course() -> None:
    """Each has its twin in `test_cheats.py`; two about git have members of their own here."""
    elsewhere = {"git-config": "hostile-git-settings", "link-out-of-the-tree": "hostile-links"}
    named = {elsewhere.get(cheat.name, f"cheat-{cheat.name}") for cheat in CHEATS}
    assert named <= set(MEMBERS)


def test_a_wrong_score_is_seen() -> None:
    """The expectations can fail."""
    cheat, honest = MEMBERS["cheat-conftest"], MEMBERS["partial-group-1"]
    assert (cheat.is_right(0), cheat.is_right(5), cheat.is_right(None)) == (True, False, True)
    assert honest.score is not None
    assert (honest.is_right(honest.score), honest.is_right(honest.score + 5), honest.is_right(None)) == (
        True,
        False,
        False,
    )
