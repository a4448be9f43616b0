"""A portfolio says what documents show, at which commit and by whose authority, and what is not shown yet."""

from __future__ import annotations

import argparse
import io
import json
import random
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from exhibits import COMMIT, HOSTILE, measured, outcome, result, write_measured, write_team
from mlops_grader.capstone import portfolio
from mlops_grader.capstone.portfolio.evidence import Standing, collect
from mlops_grader.capstone.portfolio.section import BEGIN, END, renewed
from mlops_grader.capstone.portfolio.skills import load
from mlops_grader.check import Verdict
from mlops_grader.figure import Figure
from mlops_grader.reports.unmarked import code, inline
from mlops_grader.result import Result
from mlops_grader.submission import UsageError

SCHEMA = json.loads(Path(__file__).with_name("open_badges_3.schema.json").read_text(encoding="utf-8"))
CONTAINERS = ("test_image_builds", "test_becomes_ready", "test_stops_when_asked")
LOST = Figure("requests lost of 12,400", 0.0)


def containers(*lost: str, authority: str = "advisory", **more: Any) -> Result:
    """The grade of m06 with the checks that the skill needs, of which these failed."""
    outcomes = [outcome(each, Verdict.FAILED if each in lost else Verdict.PASSED) for each in CONTAINERS]
    return result("m06_containers", outcomes, authority=authority, **more)


def standing(skill: str, *results: Result) -> Standing:
    """What these results say about one skill."""
    [found] = [each for each in collect(None, results, load()).findings if each.skill.id == skill]
    return found.standing


def write(path: Path, *results: Result) -> Path:
    """Result documents in a file."""
    path.write_text(json.dumps([each.document() for each in results]), encoding="utf-8")
    return path


def make(tmp_path: Path, *given: object, to: str = "out") -> Path:
    """The folder of a portfolio."""
    parser = argparse.ArgumentParser()
    portfolio.arguments(parser)
    options = parser.parse_args([*map(str, given), "--to", str(tmp_path / to)])
    assert portfolio.run(options, Console(file=io.StringIO())) == 0
    return tmp_path / to


@pytest.fixture
def team(tmp_path: Path) -> Path:
    """The `team.toml` of a team of three: Ada answers for product and service, Ben for data and operations, Cy for the model."""
    return write_team(tmp_path / "teams", 0) / "team.toml"


@pytest.fixture
def capstone(tmp_path: Path) -> Path:
    """What was measured of its product."""
    return write_measured(tmp_path, measured("triage", figures=(LOST,)))


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def text_of(page: str) -> str:
    """What a person reads on a page."""
    words: list[str] = []

    class Text(HTMLParser):
        def handle_data(self, data: str) -> None:
            words.append(data)

    Text().feed(page.partition("</style>")[2])
    return " ".join(" ".join(words).split())


def test_a_skill_is_shown_when_all_its_checks_passed() -> None:
    """Not before."""
    assert standing("containers", containers()) is Standing.SHOWN
    assert standing("containers", containers("test_becomes_ready")) is Standing.PARTLY
    assert standing("containers", containers(*CONTAINERS)) is Standing.NOT_YET
    assert standing("containers") is Standing.NOT_YET


def test_of_alternatives_one_is_enough() -> None:
    """The check of the module, or the one for products of one's own."""
    for module, check in (
        ("m03_training", "test_two_trainings_agree"),
        ("m14_capstone", "test_training_is_repeatable"),
    ):
        assert standing("reproducible-training", result(module, [outcome(check)])) is Standing.SHOWN


def test_checks_that_say_more_do_not_show_a_skill_by_themselves() -> None:
    """A small image that nobody has seen starting is no skill."""
    assert standing("containers", result("m06_containers", [outcome("test_image_is_small")])) is Standing.NOT_YET


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.BLOCKED, Verdict.NOT_RUN, Verdict.ERROR])
def test_only_what_passed_is_shown(verdict: Verdict) -> None:
    """A machine without an engine shows nothing about containers."""
    outcomes = [outcome(each, verdict) for each in CONTAINERS]
    assert standing("containers", result("m06_containers", outcomes)) is Standing.NOT_YET


def test_a_skill_is_of_record_only_when_all_its_checks_are() -> None:
    """One advisory check makes it advisory."""
    record = containers(authority="record")
    advisory = result("m06_containers", [outcome(CONTAINERS[0])])
    partly = result("m06_containers", [outcome(each) for each in CONTAINERS[1:]], authority="record")
    found = [collect(None, results, load()) for results in ([record], [advisory, partly])]
    assert [next(f.authority for f in each.findings if f.skill.id == "containers") for each in found] == [
        "record",
        "advisory",
    ]


def test_a_grade_of_record_counts_before_an_advisory_one_and_then_the_later() -> None:
    """In both directions, and whatever the order of the files."""
    later = replace(containers(), started_at="2026-12-24T12:00:00Z")
    assert standing("containers", later, containers("test_becomes_ready", authority="record")) is Standing.PARTLY
    assert standing("containers", containers("test_becomes_ready"), later) is Standing.SHOWN
    assert standing("containers", later, containers("test_becomes_ready")) is Standing.SHOWN


def test_what_passed_and_belongs_to_no_skill_is_told_too() -> None:
    """Nothing that somebody has shown is lost."""
    found = collect(None, [result("m06_containers", [outcome("test_predicts_the_same_as_on_the_host")])], load())
    assert [fact.name for fact in found.others] == ["m06_containers/test_predicts_the_same_as_on_the_host"]


def test_a_person_alone_needs_no_capstone(tmp_path: Path) -> None:
    """Results of modules are enough."""
    out = make(tmp_path, "--result", write(tmp_path / "r.json", containers(figures=(LOST,))), "--name", "Ada L.")
    text = text_of((out / "index.html").read_text(encoding="utf-8"))
    for words in ("Ada L.", "Containers that start ready", "requests lost of 12,400 0", "Advisory.", "Not shown yet"):
        assert words in text
    assert [path.name for path in (out / "credentials").iterdir()] == ["containers.json"]


def test_every_figure_stands_in_a_document(tmp_path: Path) -> None:
    """None is rounded away, none is made up, and a name with a number in it stays whole."""
    figures = (Figure("a", 12400.0), Figure("b", 0.0004, "s"), Figure("c", 0.9734999, ""), Figure("d", 318.4, "MB"))
    out = make(tmp_path, "--result", write(tmp_path / "r.json", containers(figures=figures)), "--name", "Ada")
    shown = re.findall(r"<dt>(.)</dt><dd>(.*?)</dd>", (out / "index.html").read_text(encoding="utf-8"))
    assert shown == [("a", "12,400"), ("b", "0.0004 s"), ("c", "0.973"), ("d", "318.4 MB")]


def test_a_member_is_told_apart_from_the_team(tmp_path: Path, team: Path, capstone: Path) -> None:
    """Ada answers for the service, Cy for the model; each gets credentials for the own areas only."""
    ada = make(tmp_path, "--measured", capstone, "--team", team, "--person", "ada", to="ada")
    cy = make(tmp_path, "--measured", capstone, "--team", team, "--person", "cy", to="cy")
    whole = make(tmp_path, "--measured", capstone, "--team", team, to="team")
    files = [sorted(path.stem for path in folder.glob("credentials/*")) for folder in (ada, cy, whole)]
    assert files == [["clean-setup"], ["reproducible-training"], ["clean-setup", "reproducible-training"]]
    text = text_of((ada / "index.html").read_text(encoding="utf-8"))
    assert "Answered for product and service in Team Larch" in text
    assert (
        text.index("Projects that a stranger")
        < text.index("Shown elsewhere in the team's product")
        < text.index("Models that can be made again")
    )
    assert "not who wrote which part" in text


def test_modules_that_a_member_did_alone_count_as_own(tmp_path: Path, team: Path, capstone: Path) -> None:
    """Whatever the areas in the team."""
    results = write(tmp_path / "r.json", containers())
    out = make(tmp_path, "--measured", capstone, "--team", team, "--person", "cy", "--result", results)
    assert sorted(path.stem for path in out.glob("credentials/*")) == ["containers", "reproducible-training"]


def test_a_member_without_an_area_answers_for_none(tmp_path: Path, team: Path, capstone: Path) -> None:
    """And is a member all the same."""
    team.write_text(team.read_text(encoding="utf-8").replace('model = "cy"', 'model = "ada"'), encoding="utf-8")
    out = make(
        tmp_path,
        "--measured",
        capstone,
        "--team",
        team,
        "--person",
        "cy",
        "--result",
        write(tmp_path / "r.json", containers()),
    )
    assert "Member in Team Larch" in text_of((out / "index.html").read_text(encoding="utf-8"))
    assert "was a member" in (out / "credentials/containers.json").read_text(encoding="utf-8")


def test_anybody_can_run_it_again(tmp_path: Path, team: Path, capstone: Path) -> None:
    """Repository, commit, grader, seed and the exact command, on the page and in the section."""
    results = write(tmp_path / "r.json", containers())
    out = make(
        tmp_path,
        "--measured",
        capstone,
        "--team",
        team,
        "--result",
        results,
        "--repository",
        "https://git.example.org/a/b",
    )
    measure = f"mlops-grader capstone measure . --json measured.json --commit {COMMIT} --seed 7"
    grade = f"mlops-grader grade . --module m06_containers --commit {COMMIT} --seed 7"
    lines = [
        "git clone https://git.example.org/a/b project && cd project",
        measure,
        "# in a clone of the project of the modules",
        grade,
    ]
    section = (out / "README-section.md").read_text(encoding="utf-8")
    assert re.findall(r"```bash\n(.*?)\n```", section, flags=re.DOTALL) == ["\n".join(lines)]
    page = (out / "index.html").read_text(encoding="utf-8")
    assert [measure in page, grade in page, page.count("0.1.0+9d1e77ab")] == [True, True, 2]


def test_what_was_not_committed_is_said_to_be_unrepeatable(tmp_path: Path) -> None:
    """Nobody else has it."""
    out = make(tmp_path, "--result", write(tmp_path / "r.json", containers(clean=False)), "--name", "Ada")
    for name in ("index.html", "README-section.md"):
        assert "nobody else can repeat it exactly" in (out / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("person", [None, "ada"])
def test_credentials_have_the_form_of_open_badges(
    tmp_path: Path, team: Path, capstone: Path, person: str | None
) -> None:
    """Every field that version 3.0 requires; no proof, and it says so."""
    given = ["--measured", capstone, "--team", team, "--repository", "https://git.example.org/a/b"]
    out = make(tmp_path, *given, *(["--person", person] if person else []))
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("credentials/*.json")]
    assert documents
    for document in documents:
        jsonschema.validate(document, SCHEMA, cls=jsonschema.Draft202012Validator)
        assert (
            "proof" in document,
            "is not signed" in document["description"],
            "advisory" in document["description"],
        ) == (False, True, True)
        assert {each["id"] for each in document["evidence"]} == {"https://git.example.org/a/b"}
        assert all(COMMIT in each["narrative"] and "--seed 7" in each["narrative"] for each in document["evidence"])


def test_a_credential_holds_no_address_of_a_person(tmp_path: Path, team: Path, capstone: Path) -> None:
    """A portfolio is published; what it needs is a name."""
    out = make(tmp_path, "--measured", capstone, "--team", team, "--person", "ada")
    assert [name for name, content in contents(out).items() if b"@example.org" in content] == []


def test_the_same_documents_give_the_same_bytes(tmp_path: Path, team: Path, capstone: Path) -> None:
    """Whatever the order of the files and of the results in them."""
    many = [containers(figures=(LOST,)), containers(authority="record"), result("m07_ci", [outcome("test_fails_fast")])]
    made = []
    for number in range(4):
        random.Random(number).shuffle(many)  # noqa: S311  # shuffled inputs
        path = write(tmp_path / f"r{number}.json", *many)
        made.append(
            contents(make(tmp_path, "--measured", capstone, "--team", team, "--result", path, to=f"out{number}"))
        )
    assert made == [made[0]] * 4


def test_nothing_that_somebody_wrote_becomes_markup(tmp_path: Path) -> None:
    """Neither in the page nor in the Markdown."""
    titled = replace(containers(), checks=tuple(replace(each, title=HOSTILE) for each in containers().checks))
    spoilt = replace(titled, figures=(Figure(HOSTILE, 1.0, "<b>"),), grader="<i>`x`")
    out = make(tmp_path, "--result", write(tmp_path / "r.json", spoilt), "--name", f"{HOSTILE}\n# Heading\n{END}")
    page = (out / "index.html").read_text(encoding="utf-8")
    assert [tag for tag in re.findall(r"<(\w+)", page) if tag in {"script", "img", "b", "i"}] == []
    section = (out / "README-section.md").read_text(encoding="utf-8")
    html = MarkdownIt("commonmark", {"html": True}).enable("table").render(section)
    assert [tag for tag in re.findall(r"<(\w+)", html) if tag in {"script", "img", "b", "i", "h1"}] == []
    assert (section.count(BEGIN), section.count(END)) == (1, 1)


MEAN = [
    "# a",
    "- a",
    "1. a",
    "12) a",
    "+ a",
    "a | b",
    "[a](javascript:b)",
    "![a](b)",
    "`a`",
    "<b>a</b>",
    "**a**",
    "a\n\n# b",
    "~~a~~",
    "&lt;",
    "==",
]


@pytest.mark.parametrize("words", MEAN)
def test_words_stay_words_in_markdown(words: str) -> None:
    """What is read is what was written, on one line."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    [block] = [each for each in parser.parse(f"* {inline(words)}") if each.type == "inline"]
    assert {each.type for each in block.children or ()} == {"text"}
    assert "".join(each.content for each in block.children or ()) == " ".join(words.split())


@pytest.mark.parametrize("words", ["a`b", "``", "a"])
def test_code_stays_code_in_markdown(words: str) -> None:
    """Whatever quotes are in it."""
    [block] = [each for each in MarkdownIt().parse(code(words)) if each.type == "inline"]
    assert [(each.type, each.content) for each in block.children or ()] == [("code_inline", words)]


MADE = f"{BEGIN}\nnew\n{END}\n"
READMES = {
    "": MADE,
    "# Mine\n": f"# Mine\n\n{MADE}",
    f"# Mine\n\n{BEGIN}\nold\n{END}\n\n## More\n": f"# Mine\n\n{MADE}\n## More\n",
    f"a\r\n{BEGIN}\r\nold\r\n{END}\r\nb\r\n": f"a\r\n{BEGIN}\r\nnew\r\n{END}\r\nb\r\n",
    "\ufeff# Mine\n": f"\ufeff# Mine\n\n{MADE}",
}


@pytest.mark.parametrize("readme", READMES)
def test_a_section_is_made_anew_and_nothing_around_it_changes(readme: str) -> None:
    """At its place, or at the end; twice is the same as once."""
    once = renewed(readme, MADE, "README.md")
    assert once == READMES[readme]
    assert renewed(once, MADE, "README.md") == once


@pytest.mark.parametrize("readme", [BEGIN, END, f"{END}\n{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}", f"{BEGIN}{BEGIN}{END}"])
def test_marks_that_are_no_pair_are_told_and_nothing_is_lost(readme: str) -> None:
    """Guessing would delete somebody's text."""
    with pytest.raises(UsageError, match=r"`README\.md` must hold"):
        renewed(readme, MADE, "README.md")


def test_a_readme_is_renewed_on_disk_only_when_all_is_well(tmp_path: Path) -> None:
    """With --readme."""
    readme = tmp_path / "README.md"
    readme.write_bytes(f"# Mine\r\n{BEGIN}\r\n{END}\r\n".encode())
    given = ("--result", write(tmp_path / "r.json", containers()), "--name", "Ada", "--readme", readme)
    make(tmp_path, *given)
    once = readme.read_bytes()
    make(tmp_path, *given)
    assert (readme.read_bytes(), once.startswith(b"# Mine\r\n"), b"Containers that start" in once) == (once, True, True)
    readme.write_text(BEGIN)
    with pytest.raises(UsageError):
        make(tmp_path, *given, to="other")
    assert (readme.read_text(), (tmp_path / "other").exists()) == (BEGIN, False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ((), "there is nothing to show"),
        (("--measured", "m.json"), "name its `team.toml` with --team"),
        (("--result", "r.json"), "nothing says whose portfolio it is"),
        (("--result", "r.json", "--person", "ada"), "is a member of a team"),
        (("--result", "r.json", "--name", "A", "--repository", "ftp://x"), "is no web address"),
        (("--result", "r.json", "--name", "A", "--repository", "https://x.org/a;rm"), "is no web address"),
        (("--result", "none.json", "--name", "A"), "there is no `none.json`"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, ...], words: str) -> None:
    """In one sentence that says what to type."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=re.escape(words)):
        make(tmp_path, *given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", ["{}", "[1]", "{", "\ufeff"])
def test_a_file_that_is_no_result_is_told(tmp_path: Path, content: str) -> None:
    """With its name."""
    (tmp_path / "r.json").write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=r"r\.json` (is no result|cannot be read)"):
        make(tmp_path, "--result", tmp_path / "r.json", "--name", "A")


def test_an_unknown_person_is_told_with_those_who_are_known(tmp_path: Path, team: Path, capstone: Path) -> None:
    """A typing error is quickly mended."""
    with pytest.raises(UsageError, match="`Team Larch` has no member `adda`: its members are ada, ben, cy"):
        make(tmp_path, "--measured", capstone, "--team", team, "--person", "adda")
