"""What a dashboard says is what one counts by hand; what people wrote is text; names stay in the run's folder."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from cohort import invented_class
from cohort.invented_class import HOSTILE, document, settings
from mlops_grader.check import Check, Verdict
from mlops_grader.cohort import command
from mlops_grader.cohort.dashboard import facts, site
from mlops_grader.cohort.dashboard.compared import compared
from mlops_grader.cohort.dashboard.facts import Green
from mlops_grader.cohort.dashboard.site import Board
from mlops_grader.cohort.gradebook import Entry
from mlops_grader.cohort.joblog import JobLog
from mlops_grader.cohort.records import Attempt, Override, Returned, State, Student, Submission, Why
from mlops_grader.cohort.similar import Match, Pair, Similarity
from mlops_grader.submission import UsageError

BUILDS = Check("test_builds", "It builds.", "Because.", 10, ())
STARTS = Check("test_starts", "It starts.", "", 20, ("test_builds",))
STOPS = Check("test_stops", "It stops.", "", 30, ("test_starts",))
SHINES = Check("test_shines", "It shines.", "", 40, ())
CHECKS = (BUILDS, STARTS, STOPS, SHINES)
START = datetime(2026, 11, 1, tzinfo=UTC)


def attempt(
    student: str, number: int, commit: str, hours: float, *passed: Check, state: State = State.GRADED
) -> Attempt:
    """A grade that ended so many hours after the first of November, with these checks passed."""
    told = (
        document({each.id: Verdict.PASSED for each in passed}, commit * 40, known=CHECKS)
        if state is State.GRADED
        else None
    )
    ended = START + timedelta(hours=hours)
    return Attempt(number, student, "invented", "", Why.FIRST, state, ended_at=ended, commit=commit * 40, document=told)


def entry(login: str, /, *attempts: Attempt, final: int | None = None, **changes: object) -> Entry:
    graded = [each for each in attempts if each.state is State.GRADED]
    known = {
        "student": Student(login, login, login.title()),
        "submission": Submission(login, "", attempts[-1].commit) if attempts else None,
        "attempt": graded[-1] if graded else None,
        "attempts": attempts,
        "measured": final,
        "max_score": 100,
        "late": timedelta(),
        "deduction": 0,
        "override": None,
        "final": final,
        "status": "graded" if graded else "not handed in",
    }
    return Entry(**{**known, **changes})  # type: ignore[arg-type]  # the tests name what they change


ADA = entry(
    "ada",
    attempt("ada", 1, "1", 0, BUILDS),
    attempt("ada", 4, "1", 1, BUILDS, STARTS),  # the same commit, graded again
    attempt("ada", 6, "2", 5.5, *CHECKS),
    final=100,
)
BEN = entry("ben", attempt("ben", 2, "3", 0, BUILDS, SHINES), final=50)  # does not start; to stop waits for that
CLEO = entry("cleo", attempt("cleo", 3, "4", 2, SHINES), final=40, late=timedelta(hours=3))  # does not build
DAN = entry("dan")
EVA = entry("eva", attempt("eva", 5, "5", 2, state=State.ERROR), status="error")
CLASS = (ADA, BEN, CLEO, DAN, EVA)


def test_the_overview_counts_everybody_once() -> None:
    """Five students: three graded, one absent, one error."""
    found = facts.overview(CLASS, 50)
    assert dict(found.statuses) == {"graded": 3, "not handed in": 1, "error": 1}
    assert (found.students, found.late, found.overridden, found.pass_mark, found.below, found.above) == (
        5,
        1,
        0,
        50,
        1,
        2,
    )
    assert (found.median, found.mean) == (50, 190 / 3)


def test_every_final_score_lies_in_exactly_one_bin() -> None:
    """The greatest score is in the last bin."""
    found = facts.bins(CLASS)
    assert [found[0][:2], found[-1][:2]] == [(0, 9), (90, 100)]
    assert {(low, high): number for low, high, number in found if number} == {(40, 49): 1, (50, 59): 1, (90, 100): 1}


def columns() -> Mapping[str, facts.Column]:
    return {column.id: column for column in facts.columns(CLASS, "invented")}


def test_what_waits_counts_for_the_check_that_it_waits_for_in_the_end() -> None:
    """Ben's stop waits for his start; Cleo's start and stop both wait for her build, one directly and one through the other."""
    found = columns()
    assert {name: column.blocks for name, column in found.items()} == {
        "test_builds": 2,
        "test_starts": 1,
        "test_stops": 0,
        "test_shines": 0,
    }
    assert {name: column.behind for name, column in found.items()} == {
        "test_builds": 10 + 20 + 30,
        "test_starts": 20 + 30,
        "test_stops": 0,
        "test_shines": 0,
    }
    assert {name: column.next_for for name, column in found.items()} == {
        "test_builds": 1,
        "test_starts": 1,
        "test_stops": 0,
        "test_shines": 0,
    }


def test_verdicts_are_those_of_the_attempts_that_count() -> None:
    """Ada's earlier failures count no more."""
    found = columns()
    assert found["test_stops"].verdicts == {Verdict.PASSED: 1, Verdict.BLOCKED: 2}
    assert found["test_starts"].verdicts == {Verdict.PASSED: 1, Verdict.FAILED: 1, Verdict.BLOCKED: 1}
    assert found["test_builds"].passed_share == 2 / 3


def test_time_to_green_counts_commits_and_hours_from_the_first_grade() -> None:
    """A second grade of the same commit is no second try; its hour counts."""
    assert {
        "test_builds": Green(1, 0.0),
        "test_starts": Green(1, 1.0),
        "test_stops": Green(2, 5.5),
        "test_shines": Green(2, 5.5),
    } == facts.first_greens(ADA.attempts)
    found = columns()
    assert (found["test_shines"].tries, found["test_shines"].hours) == ((1 + 1 + 2) / 3, 5.5)
    assert (found["test_builds"].tries, found["test_builds"].hours) == (1, None)
    assert columns_of(DAN) == ()


def columns_of(*entries: Entry) -> tuple[facts.Column, ...]:
    return facts.columns(entries, "invented")


def test_a_ring_of_checks_that_wait_for_each_other_ends() -> None:
    """No grader makes one; a document that says so must not keep the dashboard from being made."""
    ring = attempt("ada", 1, "1", 0)
    for check in ring.document["checks"] if ring.document else ():
        check.update(
            verdict="blocked", blocked_by="test_stops" if check["id"] != "test_stops" else "test_starts", points=0
        )
    assert len(columns_of(entry("ada", ring, final=0))) == 4


PAIR = Pair("ada", "ben", 91, 72, (Match("noshow/a.py", "noshow/<b>.py", 93),))


def board(**changes: object) -> Board:
    known = {
        "settings": settings(module="invented"),
        "entries": CLASS,
        "similarity": Similarity((PAIR,), 3, ("cleo",), ("a note",)),
    }
    return Board(**{**known, **changes})  # type: ignore[arg-type]  # the tests name what they change


class Page(HTMLParser):
    """The tags of a page, the addresses in it and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.handlers: list[str] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.words += data


def pages(made: Mapping[str, str | bytes]) -> dict[str, Page]:
    return {name: Page(str(text)) for name, text in made.items() if name.endswith(".html")}


def test_every_link_leads_to_a_file_that_is_there() -> None:
    """From every page, also from those in folders."""
    made = site.files(board())
    for name, page in pages(made).items():
        for address in page.addresses:
            target = (Path(name).parent / address.partition("#")[0]).as_posix() if address[0] != "#" else name
            resolved = re.sub(r"(^|/)[^/.]+/\.\./", r"\1", target)
            assert resolved in made, (name, address)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("3 h 00 min late: that costs nothing here", "3 h 00 min late: that costs nothing here"),
        ("late: 5 points", "3 h 00 min: late: 5 points"),
        ("", "3 h 00 min"),
    ],
)
def test_how_late_stands_once(words: str, told: str) -> None:
    """A policy's own words may say it, and need not."""
    page = str(site.files(board(entries=(replace(CLEO, words=words),), similarity=None))["students/cleo.html"])
    assert f"<dt>Late</dt><dd>{told}</dd>" in page


def test_what_people_wrote_is_text() -> None:
    """Names, findings, places, reasons, errors and paths that look like markup or like a program: on no page do they become any."""
    strange = Student("row-2", "", HOSTILE, HOSTILE, HOSTILE)
    told = document({}, "1" * 40, found=HOSTILE, known=CHECKS)
    told["checks"] = [{**each, "fix": f"type `{HOSTILE}`"} for each in told["checks"]]
    good = Attempt(
        1, "row-2", "invented", "", Why.FIRST, State.GRADED, commit="1" * 40, document=told, log=HOSTILE, worker=HOSTILE
    )
    bad = Attempt(2, "row-2", "invented", "", Why.FIRST, State.ERROR, error=HOSTILE, log=HOSTILE, worker=HOSTILE)
    decision = Override("row-2", "invented", 3, HOSTILE, HOSTILE, START)
    found = Submission("row-2", "javascript:alert(1)", notes=(HOSTILE,))
    one = entry(
        "row-2", good, bad, final=0, student=strange, submission=found, override=decision, status="error", words=HOSTILE
    )
    pair = Similarity((Pair("row-2", "ada", 90, 90, (Match(HOSTILE, HOSTILE, 90),)),), 2, (), (HOSTILE,))
    made = site.files(
        board(entries=(one, ADA), overrides=(decision,), strays=(HOSTILE,), similarity=pair, folder=HOSTILE)
    )
    for name, page in pages(made).items():
        scripts = 0 if name.startswith("students/") else 1
        assert (scripts, 0) == (page.tags.count("script"), page.tags.count("img")), name
        assert page.handlers == [], name
        assert not any(address.startswith("javascript") for address in page.addresses), name
    assert HOSTILE in pages(made)["students/row-2.html"].words


def test_the_script_that_may_run_is_ours_alone() -> None:
    """The policy of each page names its hash, and nothing may be loaded but the style sheet beside it."""
    for name, text in site.files(board()).items():
        if name.endswith(".html"):
            policy = re.search(r'Content-Security-Policy" content="([^"]+)"', str(text))
            assert policy, name
            assert re.fullmatch(
                r"default-src 'none'; style-src 'self' file:; script-src 'sha256-[A-Za-z0-9+/=]+'; base-uri 'none'; form-action 'none'",
                policy[1].replace("&#39;", "'").replace("&#43;", "+"),
            ), policy[1]


def test_a_student_whose_id_is_no_file_name_gets_a_page_all_the_same() -> None:
    """And nothing is written outside of the folder."""
    made = site.files(board(entries=(entry("../../x", attempt("../../x", 1, "1", 0), final=0),), similarity=None))
    assert [name for name in made if name.startswith("students/")] == ["students/row.1.html"]


def test_an_empty_class_has_pages() -> None:
    """A roster without anybody, or a run that was cut off before its first grade."""
    made = site.files(board(entries=(), similarity=None))
    assert "0 students" in pages(made)["index.html"].words


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run of two students in a real job log: one graded, one absent."""
    folder = tmp_path / "run"
    students = (Student("ada", "ada", "Ada Abara", "ada@example.org"), Student("ben", "ben", "Ben Berg"))
    with JobLog(folder, make=True) as log:
        log.begin(settings(late="none"), students)
        handed = Submission("ada", "/clones/ada", "a" * 40, "b" * 40, START, "c" * 40)
        log.take_in([handed, Submission("ben", "", problem="no folder has this name")], ["stray-1"])
        log.queue([(handed, "key", Why.FIRST)], invented_class.MODULE)
        log.start(1, "worker-1")
        log.end(1, Returned(document({}, "a" * 40)))
    return folder


def made(run_folder: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    command.arguments(parser)
    options = parser.parse_args(["dashboard", str(run_folder), *more])
    return int(options.run(options, Console(quiet=True)))


def test_the_step_makes_the_site_of_a_run(run_folder: Path) -> None:
    """In the run's folder, from its job log."""
    assert made(run_folder) == 0
    text = (run_folder / "dashboard" / "students.html").read_text(encoding="utf-8")
    assert "Ada Abara" in text
    assert "not handed in" in text
    assert made(run_folder) == 0, "and once more in its place"


def test_names_leave_the_run_only_when_somebody_says_so(run_folder: Path, tmp_path: Path) -> None:
    """Outside of the run's folder the step asks for --anonymous or --with-names."""
    outside = tmp_path / "public"
    with pytest.raises(UsageError, match=r"--anonymous .* --with-names"):
        made(run_folder, "--to", str(outside))
    assert not outside.exists()
    (run_folder / "link").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="--with-names"):
        made(run_folder, "--to", str(run_folder / "link" / "public"))
    assert made(run_folder, "--to", str(outside), "--with-names") == 0
    assert made(run_folder, "--to", str(tmp_path / "shown"), "--anonymous") == 0
    assert "Ada" not in (tmp_path / "shown" / "students.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("more", "words"),
    [(("--pass-mark", "101"), "--pass-mark"), (("--to", "."), "run's folder itself")],
)
def test_what_makes_no_sense_is_refused(
    run_folder: Path, more: tuple[str, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the way out."""
    monkeypatch.chdir(run_folder)
    with pytest.raises(UsageError, match=words):
        made(run_folder, *more)


def test_a_folder_with_something_else_is_left_alone(run_folder: Path) -> None:
    """The run's own results must not go because of a slip."""
    (run_folder / "results").mkdir()
    (run_folder / "results" / "ada.json").write_text("{}")
    with pytest.raises(UsageError, match="something else"):
        made(run_folder, "--to", str(run_folder / "results"))


@pytest.mark.slow
def test_parcels_are_compared_when_they_are_there(
    run_folder: Path, project: Callable[..., Path], git: Callable[..., str]
) -> None:
    """Without a handout the page says that given files are among the pairs."""
    folder = project({"a.py": "x = 1\n"})
    (run_folder / "parcels").mkdir()
    git(folder, "bundle", "create", "--quiet", str(run_folder / "parcels" / "ada.bundle"), "main")
    with JobLog(run_folder) as log:
        log.take_in([Submission("ada", "/clones/ada", "a" * 40, parcel="parcels/ada.bundle")])
    assert made(run_folder) == 0
    text = (run_folder / "dashboard" / "similar.html").read_text(encoding="utf-8")
    assert "grade with --handout" in text.split("<details")[0], "it is no small print"
    assert "without what the course gave" not in text
    assert "1 submission has too little code" in text


@pytest.mark.slow
def test_what_was_handed_out_is_taken_away(
    tmp_path: Path, run_folder: Path, project: Callable[..., Path], git: Callable[..., str]
) -> None:
    """Two untouched starters are no pair when the run knows its handout, and they are one when it does not."""
    code = "".join(
        f"def step_{n}(rows, limit={n}):\n    return [row.get('{n}') for row in rows if row > limit * {n}]\n\n"
        for n in range(30)
    )
    handout = tmp_path / "handout" / invented_class.MODULE
    course = project({"noshow/steps.py": code})
    handout.mkdir(parents=True)
    course.rename(handout / "repository")
    told = {
        "schema": "mlops-grader/given/v1",
        "module": invented_class.MODULE,
        "grader": "0.1.0",
        "given": {},
        "student": [],
    }
    commit = git(handout / "repository", "rev-parse", "HEAD")
    (handout / "given.json").write_text(json.dumps({**told, "commit": commit}))
    (run_folder / "parcels").mkdir()
    for student in ("ada", "ben"):
        bundle = run_folder / "parcels" / f"{student}.bundle"
        git(handout / "repository", "bundle", "create", "--quiet", str(bundle), "main")
    handed = [
        replace(entry(name), submission=Submission(name, "", parcel=f"parcels/{name}.bundle"))
        for name in ("ada", "ben")
    ]
    (tmp_path / "handout" / "another_module").mkdir()
    (tmp_path / "handout" / "another_module" / "given.json").write_text("{}")
    for named in (handout, handout.parent):
        found = compared(run_folder, settings(handout=str(named)), handed)
        assert (found.pairs, found.unknown) == ((), "")
    unknown = compared(run_folder, settings(), handed)
    (pair,) = unknown.pairs
    assert (pair.left, pair.right, pair.percent) == ("ada", "ben", 100)
    assert "grade with --handout" in unknown.unknown
