"""Given files: what a student made of them, what is graded instead, and a handout that is not whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.handed_in import GIVEN, OWN, Desk, Files, commit, digest, git, handed_out, repository, text, tree, write
from mlops_grader.cohort import handout, plumbing
from mlops_grader.cohort.given import NOT_RESTORED, project_folder, read, restore
from mlops_grader.cohort.handout import GivenFile, Handout
from mlops_grader.cohort.records import Change, Submission
from mlops_grader.submission import UsageError


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder of submissions, and a run."""
    (tmp_path / "in").mkdir()
    return Desk(tmp_path)


def graded(desk: Desk, files: Files, base: Files | None = None) -> tuple[Submission, dict[str, str]]:
    """What is graded of a student who committed these files on top of what was handed out."""
    ada = repository(desk.source / "ada", {**GIVEN, **OWN} if base is None else base)
    (ada / "run.sh").chmod(0o755) if (ada / "run.sh").exists() else None
    commit(ada, files)
    found = desk.one(given=desk.handout())
    assert found.problem == ""
    return found, tree(desk.parcel(found))


def test_an_honest_submission_is_graded_as_it_is(desk: Desk) -> None:
    """Own files may be anything, also beside given ones."""
    files = {
        "Dockerfile": "FROM python\n",
        "conftest.py": "x",
        "pytest.ini": "x",
        "sub/course.toml": "x",
        "noshow/b.py": "x",
    }
    found, has = graded(desk, files)
    assert (found.changes, found.notes, found.tree) == ((), (), found.graded_tree)
    assert has == text({**GIVEN, **OWN, **files})


def test_edited_and_deleted_files_are_restored_and_listed(desk: Desk) -> None:
    """The student's own stay."""
    kept = {name: content for name, content in GIVEN.items() if name != "lessons/m06.md"}
    found, has = graded(desk, {"noshow/api.py": "given = 2\n"}, {**kept, **OWN})
    assert found.changes == (Change("lessons/m06.md", "deleted"), Change("noshow/api.py", "edited"))
    assert has == text({**GIVEN, **OWN})
    assert found.tree != found.graded_tree


def test_the_mode_of_a_given_file_is_restored(desk: Desk) -> None:
    """A program that cannot be executed is not as it was given."""
    ada = repository(desk.source / "ada")
    git(ada, "update-index", "--chmod=-x", "run.sh")
    found = desk.one(given=desk.handout())
    assert found.changes == (Change("run.sh", "edited"),)
    assert git(desk.parcel(found), "ls-tree", "HEAD", "run.sh").startswith("100755 ")


def test_a_given_file_that_became_a_folder(desk: Desk) -> None:
    """What lay in it goes."""
    kept = {name: content for name, content in GIVEN.items() if name != "course.toml"}
    found, has = graded(desk, {"course.toml/x/y": "evil"}, {**kept, **OWN})
    assert found.changes == (Change("course.toml", "edited"), Change("course.toml/x/y", "added"))
    assert found.notes == ("`course.toml/x/y`: left out, because a given file has to be there",)
    assert has == text({**GIVEN, **OWN})


def test_a_given_folder_that_became_a_file(desk: Desk) -> None:
    """So does that."""
    kept = {name: content for name, content in GIVEN.items() if not name.startswith("lessons")}
    found, has = graded(desk, {"lessons": "evil"}, {**kept, **OWN})
    assert found.changes == (Change("lessons/m06.md", "deleted"), Change("lessons", "added"))
    assert has == text({**GIVEN, **OWN})


@pytest.mark.parametrize("link", ["course.toml", "lessons"])
def test_a_link_in_the_place_of_a_given_file_or_folder(desk: Desk, link: str) -> None:
    """Nothing is written through it."""
    (desk.folder / "outside").write_text("untouched")
    kept = {name: content for name, content in GIVEN.items() if not name.startswith(link)}
    ada = repository(desk.source / "ada", {**kept, **OWN})
    (ada / "run.sh").chmod(0o755)
    (ada / link).symlink_to(desk.folder / "outside")
    commit(ada, {})
    found = desk.one(given=desk.handout())
    assert tree(desk.parcel(found)) == text({**GIVEN, **OWN})
    assert found.changes[0].path.startswith(link)
    assert (desk.folder / "outside").read_text() == "untouched"


@pytest.mark.parametrize("path", ["Course.toml", "NOSHOW/API.py", "LESSONS", "lesson\u017f/m06.md"])
def test_a_given_file_in_other_letters(desk: Desk, path: str) -> None:
    """On some machines it would be in the given file's place."""
    found, has = graded(desk, {path: "evil"})
    assert found.changes == (Change(path, "added"),)
    assert has == text({**GIVEN, **OWN})


def test_a_given_file_whose_name_is_written_in_another_way(desk: Desk) -> None:
    """One letter, or a letter and its accent: some file systems keep only one of the two."""
    given = {**GIVEN, "lessons/ha\u01f0/index.md": "given"}
    ada = repository(desk.source / "ada", {**given, **OWN})
    (ada / "run.sh").chmod(0o755)
    commit(ada, {"lessons/HAJ\u030c/index.md": "evil", "lessons/haj\u030c": "evil"})
    found = desk.one(given=desk.handout(given))
    assert found.changes == (
        Change("lessons/HAJ\u030c/index.md", "added"),
        Change("lessons/haj\u030c", "added"),
    )
    assert tree(desk.parcel(found)) == text({**given, **OWN})


def test_many_files_in_the_place_of_a_given_one(desk: Desk) -> None:
    """The list has an end, and says so."""
    found, _ = graded(desk, {f"COURSE.toml/{number:02}": "x" for number in range(60)})
    assert len(found.changes) == 50
    assert found.notes == (
        "`COURSE.toml/00`, `COURSE.toml/01`, `COURSE.toml/02` and 57 more: left out, because a given file has to be there",
    )


def test_a_project_one_folder_down(desk: Desk) -> None:
    """Given files are restored where the project is."""
    files = {f"project/{name}": content for name, content in {**GIVEN, **OWN}.items()}
    ada = repository(desk.source / "ada", {**files, "README.md": "x"})
    (ada / "project/run.sh").chmod(0o755)
    commit(ada, {"project/noshow/api.py": "evil"})
    found = desk.one(given=desk.handout())
    assert found.changes == (Change("project/noshow/api.py", "edited"),)
    assert found.notes == ("the project is in the folder `project/`",)
    assert tree(desk.parcel(found)) == text({**files, "README.md": "x"})


@pytest.mark.parametrize(
    ("paths", "prefix", "words"),
    [
        ({"product.toml", "a/product.toml"}, "", ""),
        ({"a/product.toml", "b/x"}, "a/", "in the folder `a/`"),
        ({"a/product.toml", "b/product.toml"}, "", "several folders hold a `product.toml`, `a/`, `b/`"),
        ({"a/product.toml", "b/course.toml"}, "a/", "in the folder `a/`"),
        ({"b/course.toml"}, "b/", "in the folder `b/`"),
        ({"a/b/product.toml"}, "", "there is no `product.toml`"),
        (set(), "", "there is no `product.toml`"),
    ],
)
def test_where_the_project_is(paths: set[str], prefix: str, words: str) -> None:
    """Where the grader will look for it; in doubt at the top."""
    found, notes = project_folder(paths)
    assert found == prefix
    assert words in " ".join(notes)


def test_several_projects(desk: Desk) -> None:
    """The top has the given files then, and so the grader looks there."""
    files = {**{f"a/{name}": "evil" for name in GIVEN}, **{f"b/{name}": "evil" for name in GIVEN}}
    found, has = graded(desk, {}, files)
    assert {name: has[name] for name in GIVEN} == text(GIVEN)
    assert len(found.changes) == len(GIVEN)


def test_without_a_handout_nothing_is_restored(desk: Desk) -> None:
    """And each submission says so."""
    ada = repository(desk.source / "ada")
    commit(ada, {"noshow/api.py": "evil"})
    found = desk.one()
    assert (found.changes, found.notes) == ((), (NOT_RESTORED,))
    assert tree(desk.parcel(found))["noshow/api.py"] == "evil"


def test_a_variant_for_one_student(desk: Desk) -> None:
    """Who has one is graded with it; others with the common files."""
    folder = handed_out(desk.folder / "handout")
    write(folder / "variants", {"ada/noshow/api.py": "given = 'ada'\n"})
    (folder / "variants/ada.json").write_text(json.dumps({"given": {"noshow/api.py": digest("given = 'ada'\n")}}))
    own = handout.load(folder)
    for name in ("Ada", "bob"):
        repository(desk.source / name)
    ada, bob = desk.collect("Ada", "bob", given=own).submissions
    assert Change("noshow/api.py", "edited") in ada.changes
    assert tree(desk.parcel(ada))["noshow/api.py"] == "given = 'ada'"
    assert tree(desk.parcel(bob))["noshow/api.py"] == "given = 1"


def hostile(desk: Desk, *entries: tuple[str, str, str]) -> str:
    """Commit a tree that git itself would not write: mode, name and content of each entry."""
    ada = desk.source / "ada"
    raw = b""
    for mode, name, content in entries:
        blob = git(ada, "hash-object", "-w", "--stdin", stdin=content.encode())
        if mode == "40000":
            blob = git(ada, "mktree", stdin=f"100644 blob {blob}\tx\n".encode())
        raw += f"{mode} {name}".encode() + b"\0" + bytes.fromhex(blob)
    made = git(ada, "hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=raw)
    git(ada, "update-ref", "refs/heads/main", git(ada, "commit-tree", made, "-m", "x"))
    return desk.one(given=desk.handout()).problem


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ([("100644", "course.toml", "evil"), ("100644", "course.toml", 'module = "m06_containers"\n')], "twice"),
        ([("100644", "a", "x"), ("40000", "a", "x")], "below a file"),
        ([("40000", ".git", "x")], "`.git/x`, which git refuses"),
        ([("40000", ".GIT", "x")], "`.GIT/x`, which git refuses"),
        ([("40000", "..", "x")], "`../x`, which git refuses"),
    ],
    ids=["twice", "file and folder", "git", "git in capitals", "above"],
)
def test_trees_that_no_git_writes(desk: Desk, entries: list[tuple[str, str, str]], words: str) -> None:
    """What would be checked out of them is anybody's guess."""
    repository(desk.source / "ada")
    assert words in hostile(desk, *entries)


_NAMES = st.sampled_from(
    ["a", "A", "b", "noshow", "Noshow", "course.toml", "COURSE.toml", "lessons", "api.py", "m06.md", "é"]
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map("/".join)


def _consistent(files: Mapping[str, str]) -> dict[str, str]:
    """Files without those that lie below another one."""
    above = {path: ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 1)] for path in files}
    return {path: content for path, content in files.items() if not any(folder in files for folder in above[path])}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> tuple[plumbing.Git, Handout]:
    """A repository of the grader's, and a handout."""
    folder = tmp_path_factory.mktemp("trees")
    return plumbing.new(folder / "own"), handout.load(handed_out(folder / "handout"))


@settings(max_examples=15, deadline=None)
@given(files=st.dictionaries(_PATHS, st.sampled_from(["", "x", "given = 1\n"]), max_size=8).map(_consistent))
def test_any_tree(bench: tuple[plumbing.Git, Handout], files: dict[str, str]) -> None:
    """Every given path has the bytes of the handout, every other one is the student's, and each difference is listed."""
    git_, own = bench
    index = {"GIT_INDEX_FILE": str(git_.folder / "test-index")}
    git_("read-tree", "--empty", environment=index)
    blobs = {
        content: git_("hash-object", "-w", "--stdin", stdin=content.encode()).decode().strip()
        for content in files.values()
    }
    lines = "".join(f"100644 {blobs[content]}\t{path}\0" for path, content in files.items())
    git_("update-index", "-z", "--index-info", stdin=lines.encode(), environment=index)
    before = git_.text("write-tree", environment=index)

    found = restore(git_, before, own, "ada")
    prefix = project_folder(files)[0]
    after = read(git_, found.tree)
    wanted = {prefix + path: file for path, file in own.files("ada").items()}
    changed = {change.path for change in found.changes}
    assert {path: after[path] for path in wanted} == wanted
    assert {path: file for path, file in after.items() if path not in wanted}.items() <= read(git_, before).items()
    missing = set(files) - set(after)
    assert missing == {change.path for change in found.changes if change.how == "added"}
    folded = {folder.casefold() for path in wanted for folder in [path, *above(path)]}
    assert all(any(part.casefold() in folded for part in [path, *above(path)]) for path in missing)
    assert changed - missing == {path for path, file in wanted.items() if read(git_, before).get(path) != file}


def above(path: str) -> list[str]:
    return ["/".join(path.split("/")[:end]) for end in range(1, path.count("/") + 1)]


def test_a_handout_is_found_one_folder_down(desk: Desk) -> None:
    """The folder of the export, or that of the module."""
    handed_out(desk.folder / "out" / "m06_containers")
    assert handout.load(desk.folder / "out").module == "m06_containers"


def test_what_a_handout_says(desk: Desk) -> None:
    """Modes, names of git, and the bytes."""
    own = desk.handout()
    assert own.student == ("Dockerfile",)
    assert own.content("noshow/api.py", "ada") == b"given = 1\n"
    assert own.files("ada")["run.sh"] == GivenFile("100755", "1a2485251c33a70432394c93fb89330ef214bfc9")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            lambda folder: (folder / "repository/course.toml").write_text("x"),
            "`.*course.toml` is not as it was handed out",
        ),
        (lambda folder: (folder / "repository/course.toml").unlink(), "`.*course.toml` cannot be read"),
        (lambda folder: (folder / "given.json").write_text("{"), "`.*given.json` is damaged"),
        (lambda folder: (folder / "given.json").unlink(), "holds no `given.json`"),
        (lambda folder: (folder / "repository/.git").rename(folder / "x"), "is no git repository"),
        (lambda folder: change(folder, schema="v2"), "`.*given.json` is damaged .schema: "),
        (lambda folder: change(folder, commit="x"), "`.*given.json` is damaged .commit: "),
        (lambda folder: change(folder, given={"../x": "0" * 64}), "`../x` is no path in a project"),
        (lambda folder: change(folder, given={".git/config": "0" * 64}), "is no path in a project"),
        (lambda folder: change(folder, given={"none": "0" * 64}), "has no file `none`"),
        (lambda folder: change(folder, given={"course.toml": "x"}), "is damaged .given.course.toml: "),
        (lambda folder: write(folder, {"variants/ada.json": "[]"}), "`.*ada.json` is damaged"),
        (
            lambda folder: write(folder, {"variants/ada.json": json.dumps({"given": {"x": "0" * 64}})}),
            "ada/x` cannot be read",
        ),
    ],
)
def test_a_damaged_handout(desk: Desk, damage: object, words: str) -> None:
    """The file, the fact, and the way out."""
    folder = handed_out(desk.folder / "handout")
    damage(folder)  # type: ignore[operator]
    with pytest.raises(UsageError, match=words) as refused:
        handout.load(folder)
    assert "nox -s classroom" in str(refused.value)


def change(folder: Path, **values: object) -> None:
    """Change what a handout says."""
    path = folder / "given.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_no_handout(desk: Desk) -> None:
    """A folder that is not there, and one with several."""
    with pytest.raises(UsageError, match="there is no folder"):
        handout.load(desk.folder / "none")
    for name in ("m05", "m06"):
        handed_out(desk.folder / "out" / name)
    with pytest.raises(UsageError, match="several handouts, `m05`, `m06`: name the folder of one"):
        handout.load(desk.folder / "out")
