"""The folder of an expo: whole, the same from the same, and with everything that students wrote as text only."""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

import exhibits
from exhibits import HOSTILE, TEAMS, measured, write_measured, write_team
from mlops_grader.capstone import expo, scores
from mlops_grader.capstone import rubric as rubrics
from mlops_grader.capstone.expo.codes import LENGTH, LETTERS, codes
from mlops_grader.capstone.roster import roster
from mlops_grader.capstone.rubric import Judge
from mlops_grader.figure import Figure
from mlops_grader.submission import UsageError
from mlops_grader.team import load

BASE = "https://expo.example.org/2026"
LOADED = {"script", "link", "iframe", "object", "embed", "form", "base", "video", "audio"}


@pytest.fixture(autouse=True)
def _small_rubric(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rubric of the exhibits."""
    monkeypatch.setattr(rubrics, "load", lambda _path=None: exhibits.rubric())


@pytest.fixture
def teams(tmp_path: Path) -> list[Path]:
    """Six repositories."""
    return [write_team(tmp_path / "teams", number) for number in range(len(TEAMS))]


def make(tmp_path: Path, teams: list[Path], *more: str, to: str = "out") -> tuple[Path, str]:
    """The folder of the expo of these teams, and what was said."""
    parser = argparse.ArgumentParser()
    expo.arguments(parser)
    words = io.StringIO()
    given = ["--teams", *map(str, teams), "--to", str(tmp_path / to), "--date", "2026-12-04", *more]
    assert expo.run(parser.parse_args(given), Console(file=words, width=300)) == 0
    return tmp_path / to, words.getvalue()


def contents(folder: Path) -> dict[str, bytes]:
    """Every file with what it holds."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Tags(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def spoil(project: Path) -> None:
    """Put hostile words wherever a team can write some."""
    words = json.dumps(HOSTILE.replace("\u202e", ""))
    path = project / "team.toml"
    said, owners, areas = path.read_text(encoding="utf-8").partition("[owners]")
    spoilt = re.sub(r"^(name|product) = .*$", lambda found: f"{found[1]} = {words}", said, flags=re.MULTILINE)
    path.write_text(spoilt + owners + areas, encoding="utf-8")
    said = "".join(f"{key} = {words}\n" for key in ("problem", "users", "screenshot_shows", "architecture_shows"))
    (project / "docs/showcase.toml").write_text(
        f'{said}domain = "<b>x</b>"\ndemo = "https://example.org/?a=1&amp;b=2"\n', encoding="utf-8"
    )


def test_everything_is_made(tmp_path: Path, teams: list[Path]) -> None:
    """A card and a page for each team, its pictures, a short address for each judge, and the papers."""
    out, _ = make(tmp_path, teams, "--judge", "ana", "--judge", "tom", "--base-url", BASE)
    names = set(contents(out))
    assert {name for name in names if not name.startswith("site/go/")} == {
        "expo.json", "site/index.html", "print/judges.html", "print/order.html", "print/certificates.html",
        "print/scores-ana.csv", "print/scores-tom.csv",
        *(f"site/teams/{slug}.html" for slug in SLUGS),
        *(f"site/pictures/{slug}-{what}.png" for slug in SLUGS for what in ("screenshot", "architecture")),
    }  # fmt: skip
    assert len([name for name in names if name.startswith("site/go/")]) == 6 * 3


SLUGS = ("team-larch", "northern-lights", "blue-kettle", "paper-boats", "quiet-storm", "second-shift")


def test_the_same_teams_give_the_same_bytes_in_any_order(tmp_path: Path, teams: list[Path]) -> None:
    """Neither the order on the command line nor the name of the folder is seen."""
    documents = [str(write_measured(tmp_path, measured(slug.lower()))) for _, slug, *_ in TEAMS]
    one, _ = make(tmp_path, teams, "--measured", *documents, to="one")
    other, _ = make(tmp_path, teams[::-1], "--measured", *documents[::-1], to="other")
    assert contents(one) == contents(other)


def test_nothing_that_a_team_wrote_becomes_markup(tmp_path: Path, teams: list[Path]) -> None:
    """On no page, published or printed; the words themselves are there to read."""
    spoil(teams[0])
    figure = Figure("<script>alert(2)</script>", 1.0, "<b>")
    document = write_measured(tmp_path, measured("triage", figures=(figure,)))
    out, _ = make(tmp_path, teams, "--measured", str(document), "--base-url", BASE)
    for name, content in contents(out).items():
        if name.endswith(".html"):
            page = Tags(content.decode())
            ours = [each for each in page.tags if each[0] in LOADED]
            assert ours == ([("script", {})] if name == "site/index.html" else []), name
            assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")], name
    index = Tags((out / "site/index.html").read_text(encoding="utf-8"))
    assert "<script>alert(" in index.text
    assert "{{ 7*7 }}" in index.text


def test_the_only_script_is_ours_and_the_policy_names_it(tmp_path: Path, teams: list[Path]) -> None:
    """A browser refuses every other one, by its hash."""
    out, _ = make(tmp_path, teams)
    page = (out / "site/index.html").read_text(encoding="utf-8")
    [script] = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert f"script-src 'sha256-{digest}'" in policy.replace("&#39;", "'")
    team = (out / "site/teams/team-larch.html").read_text(encoding="utf-8")
    assert "script-src 'none'" in team.replace("&#39;", "'")


def test_links_of_teams_lead_to_the_web_only(tmp_path: Path, teams: list[Path]) -> None:
    """And tell nobody where the visitor came from."""
    out, _ = make(tmp_path, teams)
    page = Tags((out / "site/teams/team-larch.html").read_text(encoding="utf-8"))
    away = [attributes for tag, attributes in page.tags if tag == "a" and str(attributes["href"]).startswith("http")]
    assert away == [{"class": "button", "href": "https://triage.example.org/try", "rel": "noopener noreferrer"}]


def test_every_picture_has_words_and_every_page_a_language_and_a_title(tmp_path: Path, teams: list[Path]) -> None:
    """For people who do not see it."""
    out, _ = make(tmp_path, teams)
    for name, content in contents(out).items():
        if name.endswith(".html"):
            page = Tags(content.decode())
            assert [each for each in page.tags if each[0] == "img" and not each[1]["alt"]] == []
            assert [each[1].get("lang") for each in page.tags if each[0] == "html"] == ["en"]
            assert len([each for each in page.tags if each[0] == "title"]) == 1
    index = Tags((out / "site/index.html").read_text(encoding="utf-8"))
    assert len([each for each in index.tags if each[0] == "h1"]) == 1


def test_what_was_measured_is_shown_as_it_stands(tmp_path: Path, teams: list[Path]) -> None:
    """Claims with their state, figures, commit and authority; a closed gate is said."""
    lost = measured(
        "triage",
        lost=("runs-anywhere", "rolls-back"),
        unknown=("goes-red",),
        figures=(Figure("requests lost of 12,400", 0.0),),
    )
    out, _ = make(tmp_path, teams, "--measured", str(write_measured(tmp_path, lost)))
    text = " ".join(Tags((out / "site/teams/team-larch.html").read_text(encoding="utf-8")).text.split())
    for words in (
        "6 of 9 claims shown to work by checks, 1 could not be tried",
        "Did not run on a clean machine",
        "advisory",
    ):
        assert words in text
    assert re.search(r"requests lost of 12,400\s*0", text)


def test_what_is_missing_is_told_and_stops_nothing(tmp_path: Path, teams: list[Path]) -> None:
    """No file, a broken picture and nothing measured: the page is there, and the organiser knows."""
    (teams[0] / "docs/showcase.toml").unlink()
    (teams[1] / "docs/expo/screenshot.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    out, said = make(tmp_path, teams)
    assert "Team Larch: there is no `docs/showcase.toml`" in said
    assert "Northern Lights: `docs/expo/screenshot.png` begins like a picture" in said
    assert said.count("nothing was measured") == 6
    assert "No screenshot yet" in (out / "site/index.html").read_text(encoding="utf-8")


def test_a_wrong_showcase_is_told_and_the_readme_speaks(tmp_path: Path, teams: list[Path]) -> None:
    """One typing error in one team's file does not stop the expo."""
    (teams[0] / "docs/showcase.toml").write_text('problme = "a"')
    out, said = make(tmp_path, teams)
    assert "unknown key `problme`: did you mean `problem`?; its page shows what the README says" in said
    assert "team-larch" in (out / "site/index.html").read_text(encoding="utf-8")


def test_all_broken_team_files_are_told_at_once(tmp_path: Path, teams: list[Path]) -> None:
    """Without knowing who is in a team there is neither a certificate nor a self-vote."""
    (teams[0] / "team.toml").unlink()
    (teams[1] / "team.toml").write_text("name = ")
    with pytest.raises(UsageError) as told:
        make(tmp_path, teams)
    assert (
        "`triage`: there is no `team.toml`" in str(told.value),
        "`docket`: `team.toml` is not valid" in str(told.value),
    ) == (True, True)


@pytest.mark.parametrize(
    ("products", "words"), [(("other",), "which is no product of these teams"), (("triage", "triage"), "two documents")]
)
def test_a_document_belongs_to_exactly_one_team(
    tmp_path: Path, teams: list[Path], products: tuple[str, ...], words: str
) -> None:
    """Nothing measured is shown at the wrong card."""
    paths = []
    for number, product in enumerate(products):
        (tmp_path / str(number)).mkdir()
        paths.append(str(write_measured(tmp_path / str(number), measured(product))))
    with pytest.raises(UsageError, match=words):
        make(tmp_path, teams, "--measured", *paths)


def test_two_products_of_the_same_name_are_refused(tmp_path: Path, teams: list[Path]) -> None:
    """Nobody could tell whose document it is."""
    (teams[1] / "product.toml").write_text('name = "triage"')
    with pytest.raises(UsageError, match="both call their product `triage`"):
        make(tmp_path, teams)


def test_teams_whose_names_have_no_letters_of_ours_have_pages_too(tmp_path: Path) -> None:
    """And two that differ only in their marks do not share one."""
    names = ("团队", "Æ!", "Team Ä", "Team A")
    teams = [write_team(tmp_path / "teams", number, name=name) for number, name in enumerate(names)]
    out, _ = make(tmp_path, teams)
    pages = sorted(path.stem for path in (out / "site/teams").iterdir())
    assert (len(pages), all(re.fullmatch(r"[a-z0-9-]+", page) for page in pages)) == (4, True)


def test_the_score_form_of_a_judge_can_be_read_back(tmp_path: Path, teams: list[Path]) -> None:
    """Filled in, it is what the grade command takes: the same lines as on the sheet."""
    out, _ = make(tmp_path, teams, "--judge", "ana")
    path = out / "print/scores-ana.csv"
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    path.write_text(path.read_text(encoding="utf-8").replace(",,\n", ",pass,\n"), encoding="utf-8")
    everybody = roster(load(team / "team.toml") for team in teams)
    read = scores.read([path], Judge.EXPO, exhibits.rubric(), everybody)
    people = sum(len(team.ids) for team in everybody.teams.values())
    assert len(read) == len(rows) == 6 * 3 + people
    sheet = (out / "print/judges.html").read_text(encoding="utf-8")
    assert [row["line"] for row in rows if f"<code>{row['line']}</code>" not in sheet] == []


def test_each_judge_and_team_has_a_code_of_its_own_that_leads_to_the_team(tmp_path: Path, teams: list[Path]) -> None:
    """As a picture, and to type."""
    out, _ = make(tmp_path, teams, "--judge", "ana", "--judge", "tom", "--base-url", f"{BASE}/")
    sheets = (out / "print/judges.html").read_text(encoding="utf-8")
    addresses = re.findall(rf"{re.escape(BASE)}/go/([{LETTERS}]+)\.html", sheets)
    assert (len(addresses), len(set(addresses)), sheets.count("<svg")) == (12, 12, 12)
    pages = [(out / f"site/go/{code}.html").read_text(encoding="utf-8") for code in addresses]
    assert all(re.search(r'refresh" content="0; url=\.\./teams/[a-z-]+\.html"', page) for page in pages)


def test_without_an_address_there_is_no_code_that_leads_nowhere(tmp_path: Path, teams: list[Path]) -> None:
    """The organiser is told how to get them."""
    out, said = make(tmp_path, teams)
    assert ("--base-url" in said, "<svg" in (out / "print/judges.html").read_text(encoding="utf-8")) == (True, False)


def test_codes_are_alike_for_the_same_names_and_never_twice() -> None:
    """Short, without letters that look like others."""
    made = codes([str(number) for number in range(2000)], 1)
    assert len(set(made.values())) == 2000
    assert made == codes([str(number) for number in reversed(range(2000))], 1)
    assert all(len(code) == LENGTH and set(code) <= set(LETTERS) for code in made.values())


def test_a_certificate_claims_only_what_was_found(tmp_path: Path, teams: list[Path]) -> None:
    """One for each person, with the earned claims of the team, the own areas, and that it is no grade."""
    document = write_measured(tmp_path, measured("triage", lost=("rolls-back",), unknown=("goes-red",)))
    out, _ = make(tmp_path, teams, "--measured", str(document))
    page = (out / "print/certificates.html").read_text(encoding="utf-8")
    certificates = re.split(r'<section class="sheet certificate">', page)[1:]
    assert len(certificates) == sum(len(people) for *_, people in TEAMS)
    [ada] = [each for each in certificates if "<h1>Ada Lindqvist</h1>" in each]
    words = " ".join(Tags(ada).text.split())
    assert ("answered there for product and service" in words, "It is no grade" in words) == (True, True)
    assert ("The container runs as an ordinary user." in words, "7 of 9 claims" in words, "advisory" in words) == (
        True,
        True,
        True,
    )
    assert ("back in service within a minute" in words, "goes red" in words) == (False, False)
    [other] = [each for each in certificates if "<h1>Dana Petrov</h1>" in each]
    assert ("Nothing was measured" in other, "checks found to work" in other) == (True, False)


def test_votes_are_shown_without_their_voters(tmp_path: Path, teams: list[Path]) -> None:
    """Places on the site and on certificates; refused votes on paper and in what is said only."""
    votes = tmp_path / "votes.csv"
    votes.write_text(
        "voter,category,team\nguest-17,Most useful,Team Larch\nguest-18,Most useful,Blue Kettle\nada,Most useful,Team Larch\n"
    )
    out, said = make(tmp_path, teams, "--votes", str(votes))
    assert "`votes.csv`, row 4: `ada` votes for the own team; not counted" in said
    site = b"".join(content for name, content in contents(out / "site").items() if name.endswith(".html"))
    assert (b"guest-17" in site, b"Teams with equally many votes share a place." in site) == (False, True)
    assert "Most useful: place 1, shared with 1 other team, with 1 of 2 votes" in (
        out / "print/certificates.html"
    ).read_text(encoding="utf-8")
    told: dict[str, Any] = json.loads((out / "expo.json").read_text(encoding="utf-8"))["votes"]["categories"][0]
    assert [each["place"] for each in told["placed"]] == [1, 1]


def test_an_earlier_expo_is_replaced_and_nothing_else_is(tmp_path: Path, teams: list[Path]) -> None:
    """A folder with other things in it is left as it is."""
    out, _ = make(tmp_path, teams)
    (out / "site/left-over.html").write_text("old")
    make(tmp_path, teams)
    assert not (out / "site/left-over.html").exists()
    shutil.rmtree(out)
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        make(tmp_path, teams)
    assert [path.name for path in tmp_path.iterdir() if path.name != "teams"] == ["out"]
    assert contents(out) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--minutes", "0"), "--minutes is 1 or more"),
        (("--judge", "../x"), "use small letters"),
        (("--base-url", "javascript:alert(1)"), "is no web address"),
        (("--seed", "-1"), "--seed is 0 or more"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, teams: list[Path], given: tuple[str, str], words: str) -> None:
    """In one sentence, before anything is made."""
    with pytest.raises(UsageError, match=words):
        make(tmp_path, teams, *given)
    assert not (tmp_path / "out").exists()


def test_a_page_for_a_search_needs_no_script(tmp_path: Path, teams: list[Path]) -> None:
    """Without one the cards are there in the running order, and the tools that would do nothing are hidden."""
    out, _ = make(tmp_path, teams)
    page = (out / "site/index.html").read_text(encoding="utf-8")
    assert ('<div class="tools" hidden>' in page, page.count('<li class="card"')) == (True, 6)


def test_a_line_that_the_rubric_lost_is_shown_by_its_id(tmp_path: Path, teams: list[Path]) -> None:
    """A document of an earlier rubric is no reason to fail."""
    one = measured("triage")
    renamed = replace(one, lines=(replace(one.lines[0], id="gone-since"), *one.lines[1:]))
    out, _ = make(tmp_path, teams, "--measured", str(write_measured(tmp_path, renamed)))
    assert "gone-since" in (out / "site/teams/team-larch.html").read_text(encoding="utf-8")
