"""A semester in one repository: adding a module to a project that finished the one before."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import compose
from submissions import commit, make


def contents(folder: Path) -> dict[str, bytes]:
    """Content by path of everything but git's own files."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A project whose module below the next one is done, in the student's own words."""
    project = make(compose.layers("m06_containers")[-2], tmp_path / "project")
    (project / "README.md").write_text("# my own words\n", encoding="utf-8")
    (project / "notes.md").write_text("mine\n", encoding="utf-8")
    commit(project)
    return project


def test_a_new_module_brings_its_files(finished: Path) -> None:
    """Stubs and lesson of the new module arrive, and the project says that it is there."""
    added = compose.add("m06_containers", finished)
    assert {"Dockerfile", ".dockerignore", "lessons/m06_containers.md"} <= set(added.new)
    assert "m06_containers" in (finished / "course.toml").read_text(encoding="utf-8")


def test_no_file_of_the_student_changes(finished: Path) -> None:
    """What was written stays as it was, whatever the course holds under that name."""
    before = contents(finished)
    added = compose.add("m06_containers", finished)
    after = contents(finished)
    changed = {path for path in before if before[path] != after[path]}
    assert changed == set(added.updated)
    assert changed - {"course.toml"} <= compose._given_files(["m01_environment"])
    assert before["README.md"] == after["README.md"]


def test_modules_between_come_solved(tmp_path: Path) -> None:
    """Who goes from module 1 to module 6 gets what the modules between would have made of the project."""
    project = make("m01_environment", tmp_path / "project")
    added = compose.add("m06_containers", project)
    assert "noshow/store.py" in added.new
    assert {"noshow/ingest.py", "noshow/train.py"} <= set(added.updated)
    solved = compose.KIT / "solutions/m02_data/noshow/ingest.py"
    assert (project / "noshow/ingest.py").read_bytes() == solved.read_bytes()


def test_own_words_for_a_finished_module_stay(tmp_path: Path) -> None:
    """Who did module 2 in files of other names gets none of the reference's."""
    project = make("m02_data", tmp_path / "project")
    (project / "noshow/store.py").unlink()
    (project / "noshow/ingest.py").write_text('"""Mine."""\n', encoding="utf-8")
    commit(project)
    added = compose.add("m06_containers", project)
    assert (project / "noshow/ingest.py").read_text(encoding="utf-8") == '"""Mine."""\n'
    assert not (project / "noshow/store.py").exists()
    assert "noshow/ingest.py" not in added.left


def test_a_file_in_the_way_is_left_alone_and_listed(finished: Path) -> None:
    """A student who wrote a Dockerfile early keeps it, and hears of it."""
    (finished / "Dockerfile").write_text("FROM scratch\n", encoding="utf-8")
    commit(finished)
    added = compose.add("m06_containers", finished)
    assert "Dockerfile" in added.left
    assert (finished / "Dockerfile").read_text(encoding="utf-8") == "FROM scratch\n"


def test_given_files_are_brought_up_to_date(finished: Path) -> None:
    """A given file that is not as the course has it becomes so."""
    given = finished / "noshow" / "features.py"
    right = given.read_bytes()
    given.write_text("# changed\n", encoding="utf-8")
    commit(finished)
    assert "noshow/features.py" in compose.add("m06_containers", finished).updated
    assert given.read_bytes() == right


def test_uncommitted_changes_are_refused(finished: Path) -> None:
    """What git could not bring back is never put at risk."""
    (finished / "notes.md").write_text("changed\n", encoding="utf-8")
    before = contents(finished)
    with pytest.raises(compose.StartError, match="uncommitted"):
        compose.add("m06_containers", finished)
    assert contents(finished) == before


def test_a_folder_that_is_no_project_is_refused(tmp_path: Path) -> None:
    """Only a project of the course can be continued."""
    with pytest.raises(compose.StartError, match=r"no course\.toml"):
        compose.add("m06_containers", tmp_path)


def test_the_command_lists_what_it_did(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """New, updated and left files are named, and what to do next."""
    assert compose.main(["m06_containers", "--onto", str(finished)]) == 0
    printed = capsys.readouterr().out
    assert "new: Dockerfile\n" in printed
    assert "nox -s grade" in printed
    status = subprocess.run(
        ["git", "-C", str(finished), "status", "--porcelain"], capture_output=True, text=True, check=True
    ).stdout
    assert "Dockerfile" in status


DOMAINS = compose.questions("m14_capstone")["domain"]


def written(folder: Path) -> dict[str, str]:
    """Text by path of everything in a project but git's own files."""
    return {path: content.decode() for path, content in contents(folder).items()}


@pytest.fixture(scope="module", params=DOMAINS)
def capstone(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, str]]:
    """A domain, and the text by path of an untouched capstone of it."""
    folder = tmp_path_factory.mktemp("capstone") / "larch"
    compose.start("m14_capstone", folder, "Ada", {"domain": request.param})
    return request.param, written(folder)


def test_each_domain_has_its_own_brief_and_no_other(capstone: tuple[str, dict[str, str]]) -> None:
    """The project holds the brief that the template has for that domain, whole, and no file more than any other."""
    domain, project = capstone
    source = compose.KIT / f"templates/m14_capstone/templates/briefs/{domain}.md"
    assert project["docs/brief.md"].strip() == source.read_text(encoding="utf-8").strip()
    assert [path for path in project if path.startswith("docs/") and "brief" in path] == ["docs/brief.md"]


def test_no_placeholder_is_left_in_a_capstone(capstone: tuple[str, dict[str, str]]) -> None:
    """What cookiecutter was to fill in is filled in; only GitHub's own expressions look like it."""
    ours = {path: text for path, text in capstone[1].items() if not path.startswith("lessons/")}
    assert {path for path, text in ours.items() if re.search(r"(?<!\$)\{\{|\{%|cookiecutter", text)} == set()


def test_every_brief_belongs_to_a_domain() -> None:
    """No brief is forgotten when the list of domains changes."""
    briefs = {path.stem for path in (compose.KIT / "templates/m14_capstone/templates/briefs").glob("*")}
    assert briefs == set(DOMAINS)


@pytest.mark.parametrize(
    ("key", "chosen", "says"),
    [
        ("m14_capstone", {"domain": "legl"}, "there is no domain 'legl': did you mean legal"),
        ("m14_capstone", {"domain": "Health care"}, "did you mean health-care"),
        ("m14_capstone", {"domain": "xyz"}, "There are own, health-care"),
        ("m06_containers", {"domain": "legal"}, "m06_containers asks for no domain"),
    ],
)
def test_a_choice_that_is_none_is_refused(key: str, chosen: dict[str, str], says: str, tmp_path: Path) -> None:
    """A typing error says what was meant and what there is; no folder stays behind."""
    with pytest.raises(compose.StartError, match=says):
        compose.start(key, tmp_path / "larch", "Ada", chosen)
    assert list(tmp_path.iterdir()) == []


def test_the_command_takes_a_domain(tmp_path: Path) -> None:
    """`nox -s start -- m14_capstone FOLDER --domain legal` brings the brief of that domain."""
    assert compose.main(["m14_capstone", str(tmp_path / "larch"), "--domain", "legal"]) == 0
    assert (tmp_path / "larch/docs/brief.md").read_text(encoding="utf-8").startswith("# Problem brief: legal")


def test_the_command_says_which_domains_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who did not choose hears what was chosen, and how to choose."""
    assert compose.main(["m14_capstone", str(tmp_path / "larch")]) == 0
    assert "With the domain own; others with --domain: health-care, legal" in capsys.readouterr().out


def test_a_capstone_holds_nothing_of_the_modules_below(tmp_path: Path) -> None:
    """The team's product has nothing in common with the course's own."""
    compose.start("m14_capstone", tmp_path / "larch", "Ada")
    project = written(tmp_path / "larch")
    assert [
        path for path in project if path.startswith(("noshow/", "data/raw")) or re.search(r"m(0\d|1[0-3])_", path)
    ] == []
    assert [path for path in project if re.search(r"TODO\(m(0\d|1[0-3])\)", project[path])] == []


def test_a_capstone_is_a_layer_of_no_module() -> None:
    """Whatever comes after it in the alphabet does not build on it, and it builds on nothing."""
    assert compose.layers("m14_capstone") == ["m14_capstone"]
    others = sorted(set(compose.keys()) - {"m14_capstone"})
    assert [key for key in others if "m14_capstone" in compose.layers(key)] == []


@pytest.mark.parametrize(("present", "key"), [("m14_capstone", "m06_containers"), ("m01_environment", "m14_capstone")])
def test_nothing_is_added_to_or_from_a_module_that_stands_alone(present: str, key: str, tmp_path: Path) -> None:
    """A capstone is started in a folder of its own, and the command says so."""
    compose.start(present, tmp_path / "project", "Ada")
    before = contents(tmp_path / "project")
    with pytest.raises(compose.StartError, match=f"m14_capstone stands alone: start {key} in a folder of its own"):
        compose.add(key, tmp_path / "project")
    assert contents(tmp_path / "project") == before


def test_what_lies_beside_a_lesson_comes_along(tmp_path: Path) -> None:
    """The rubric and the sheets of the capstone lie where the lesson in the project links to them."""
    beside = {path for path in compose._files(compose.KIT / "modules/m14_capstone") if path != "README.md"}
    wanted = {f"lessons/{path}" for path in beside - {"module.toml"} if not path.endswith((".png", ".svg"))}
    compose.start("m14_capstone", tmp_path / "larch", "Ada")
    lessons = {path for path in contents(tmp_path / "larch") if path.startswith("lessons/")}
    assert lessons == wanted | {"lessons/m14_capstone.md"}
