"""The dashboard of five hundred students in a real browser: it loads from the file system, sorts, filters, and can be used by anybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright
from playwright.sync_api import Error as BrowserError

from cohort import invented_class
from cohort.invented_class import HOSTILE
from conftest import lack
from mlops_grader.capstone import folder
from mlops_grader.cohort.dashboard import site
from mlops_grader.cohort.dashboard.anonymous import anonymous, nameless
from mlops_grader.cohort.dashboard.site import Board
from mlops_grader.cohort.similar import Match, Pair, Similarity

pytestmark = pytest.mark.slow

STUDENTS, FEW = 500, 60
DESKTOP, PHONE = (1280, 800), (390, 844)
HEAT_LIMIT = 3 * 2**20  # bytes of the heaviest page
TAP = 24  # pixels: WCAG 2.2, target size (minimum)
KINDS = (
    "index",
    "students",
    "checks",
    "errors",
    "late",
    "changes",
    "similar",
    "checks/test_stops_when_asked",
    "students/{student}",
)


@dataclass
class Watched:
    """A page, and everything that it must not do."""

    page: Page
    root: Path
    wrong: list[str] = field(default_factory=list)

    def open(self, name: str, state: str = "") -> Page:
        self.page.goto(f"{(self.root / name).as_uri()}.html{state}")
        return self.page


@dataclass(frozen=True)
class Site:
    """The folder of a site, and a student with several attempts in it."""

    root: Path
    student: str
    hostile: str

    def kinds(self) -> list[str]:
        return [name.format(student=self.student) for name in KINDS]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium of this machine, or Playwright's own."""
    with sync_playwright() as playwright:
        launched = _launched(playwright)
        try:
            yield launched
        finally:
            launched.close()


def _launched(playwright: Playwright) -> Browser:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    try:
        return playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
    except BrowserError as error:
        lack(f"no browser starts ({str(error).splitlines()[0]}). To run this test: playwright install chromium")


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The class with names, and a pair to look at."""
    return _site(_named(STUDENTS), tmp_path_factory.mktemp("named") / "site")


def _named(number: int) -> Board:
    made = invented_class.make(number)
    one, two = (entry.student.id for entry in made.entries[:2])
    similarity = Similarity(
        (Pair(one, two, 91, 72, (Match("noshow/a.py", "noshow/b.py", 93),)),), number, (), ("a note",)
    )
    return Board(made.settings, made.entries, made.overrides, made.strays, similarity, folder="/srv/runs/containers")


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A small class, with the same kinds of pages: axe looks at every cell for long."""
    return _site(_named(FEW), tmp_path_factory.mktemp("few") / "site")


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A small class without names."""
    made = invented_class.make(FEW)
    board = Board(nameless(made.settings), tuple(anonymous(made.entries)), anonymous=True)
    return _site(board, tmp_path_factory.mktemp("shown") / "site")


def _site(board: Board, root: Path) -> Site:
    folder.replace(root, site.files(board), site.MARK)
    several = next(
        entry.student.id for entry in board.entries if sum(each.document is not None for each in entry.attempts) > 2
    )
    hostile = next((entry.student.id for entry in board.entries if entry.student.name == HOSTILE), "")
    return Site(root, several, hostile)


@pytest.fixture
def watch(browser: Browser, named: Site, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A page of the named site; whatever goes wrong on it fails the test. Parameter: its size and its colours."""
    (width, height), colours = getattr(request, "param", (DESKTOP, "light"))
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=colours)
    watched = Watched(context.new_page(), named.root)

    def stop_at_the_door(route: Route) -> None:
        if route.request.url.startswith("file://"):
            route.continue_()
        else:
            watched.wrong.append(f"request: {route.request.url}")
            route.abort()

    context.route("**/*", stop_at_the_door)
    watched.page.on("console", lambda told: watched.wrong.append(f"console: {told.text}"))
    watched.page.on("pageerror", lambda error: watched.wrong.append(f"error: {error}"))
    watched.page.on("dialog", lambda dialog: (watched.wrong.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield watched
    context.close()
    assert watched.wrong == []


def shown_rows(page: Page) -> int:
    return page.locator("#students tbody tr:visible").count()


def column(page: Page, place: int) -> list[str]:
    """What stands in a column of the rows that are seen, from the top."""
    script = """place => [...document.querySelectorAll('#students tbody tr:not([hidden])')]
        .map(row => row.cells[place].dataset.v ?? row.cells[place].textContent.trim())"""
    found: list[str] = page.evaluate(script, place)
    return found


def barriers(page: Page) -> list[tuple[str, str]]:
    """What axe calls serious or critical, with all folds open."""
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")]


def test_every_student_is_on_the_heat_map_and_it_is_light_enough(watch: Watched, named: Site) -> None:
    """Symbols stand beside colours, and the file is small enough to be sent."""
    page = watch.open("students")
    assert shown_rows(page) == STUDENTS
    assert (named.root / "students.html").stat().st_size < HEAT_LIMIT
    cell = page.locator("td[data-w=failed]").first
    assert (cell.text_content(), cell.get_attribute("aria-label")) == ("✗ 0", "failed 0")


def test_a_click_sorts(watch: Watched) -> None:
    """By number with the greatest first, by text from A, and back to the first order; aria-sort says which."""
    page = watch.open("students")
    before = column(page, 0)
    for name in ("test_stops_when_asked", "late", "status", "student", "score"):
        page.locator(f"th[data-key={name}] button").click()
    scores = [int(text) for text in column(page, 1) if text]
    assert sorted(scores, reverse=True) == scores
    assert [""] * (STUDENTS - len(scores)) == column(page, 1)[len(scores) :], "who has no score stands last"
    head = page.locator("th[data-key=score]")
    assert head.get_attribute("aria-sort") == "descending"
    head.locator("button").click()
    assert sorted(scores) == [int(text) for text in column(page, 1) if text]
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("th[aria-sort]:not([aria-sort=none])").count() == 1
    head.locator("button").click()
    assert before == column(page, 0)


def test_filters_work_together_and_stand_in_the_address(watch: Watched) -> None:
    """A copy of the address shows the same to a colleague."""
    page = watch.open("students")
    page.get_by_label("Verdict").select_option("failed")
    page.get_by_label("of check").select_option("test_image_builds")
    page.get_by_label("Section").select_option("Monday")
    seen = shown_rows(page)
    assert 0 < seen < STUDENTS / 4
    expected = page.evaluate(
        """() => {
        const at = [...document.querySelectorAll('#students thead th')].findIndex(th => th.dataset.check === 'test_image_builds');
        return [...document.querySelectorAll('#students tbody tr')]
            .filter(row => row.dataset.section === 'Monday' && row.cells[at].dataset.w === 'failed').length }"""
    )
    assert expected == seen
    assert page.locator("output").text_content() == f"{seen} of {STUDENTS} shown"
    other = watch.page.context.new_page()
    other.goto(page.url)
    assert shown_rows(other) == seen
    assert other.get_by_label("Section").input_value() == "Monday"
    other.get_by_role("button", name="Show all").click()
    assert shown_rows(other) == STUDENTS


def test_words_find_names_with_and_without_accents(watch: Watched) -> None:
    """People type "zoe garcia" for Zoë García."""
    page = watch.open("students", "#q=zoe")
    assert shown_rows(page) > 0
    assert all("Zoë" in name for name in column(page, 0))
    page.get_by_label("Find").fill("nobody is called so")
    assert shown_rows(page) == 0


def test_a_tile_of_the_overview_leads_to_its_students(watch: Watched) -> None:
    """The number on the tile is the number of rows."""
    page = watch.open("index")
    for words in ("not handed in", "below 50 points"):
        tile = page.locator(".tile a", has_text=words)
        number = int(tile.locator("strong").text_content() or "-1")
        tile.click()
        page.wait_for_url("**/students.html#*")
        assert number == shown_rows(page)
        page.go_back()
        page.wait_for_url("**/index.html")


def test_the_keyboard_sorts(watch: Watched) -> None:
    """Tab reaches the button of the first column, Enter sorts, and the focus stays."""
    page = watch.open("students")
    page.locator("#students thead th button").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("th[data-key=student]").get_attribute("aria-sort") == "ascending"
    assert page.evaluate("document.activeElement.closest('th').dataset.key") == "student"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('th').dataset.key") == "score"


def test_another_address_in_the_same_tab_is_shown(watch: Watched) -> None:
    """One pastes what a colleague sent over what one sees, and nothing is loaded again."""
    page = watch.open("students")
    watch.open("students", "#section=Monday&students.sort=-score")
    expect(page.get_by_label("Section")).to_have_value("Monday")
    expect(page.locator("th[data-key=score]")).to_have_attribute("aria-sort", "descending")
    assert shown_rows(page) == page.locator("tr[data-section=Monday]").count()


def test_what_is_no_longer_chosen_leaves_the_address(watch: Watched) -> None:
    """And the way back stays short; the order is no filter, and stays."""
    page = watch.open("students", "#students.sort=late")
    before = page.evaluate("history.length")
    page.get_by_label("Section").select_option("Monday")
    page.get_by_label("Find").fill("x")
    page.get_by_label("Section").select_option("")
    assert page.url.endswith("#students.sort=late&q=x")
    page.get_by_role("button", name="Show all").click()
    assert page.url.endswith("#students.sort=late")
    assert page.locator("output").text_content() == f"{STUDENTS} shown"
    assert page.evaluate("history.length") == before


def test_every_word_has_to_be_there(watch: Watched) -> None:
    """In any order, and in the words of the student: not among the signs and points of checks."""
    page = watch.open("students", "#q=monday+zoe")
    names = column(page, 0)
    assert names
    assert all("Zoë" in name for name in names)
    assert page.locator("tr[data-section]:not([data-section=Monday]):visible").count() == 0
    page.get_by_label("Find").fill("✗")
    assert shown_rows(page) == 0


def test_a_verdict_of_any_check(watch: Watched) -> None:
    """Who has it somewhere."""
    page = watch.open("students", "#verdict=not_run")
    having = page.locator("#students tbody tr", has=page.locator("td[data-w=not_run]"))
    assert 0 < shown_rows(page) < STUDENTS
    assert shown_rows(page) == having.count()


def test_enter_in_the_search_loads_nothing(watch: Watched) -> None:
    """The page would come back without what is chosen."""
    page = watch.open("students")
    sent = "form => form.dispatchEvent(new SubmitEvent('submit', { cancelable: true }))"
    assert page.locator("form.tools").evaluate(sent) is False


@pytest.mark.parametrize("watch", [(PHONE, "light")], indirect=True)
def test_a_phone_folds_filters_that_are_not_used(watch: Watched) -> None:
    """What hides rows is seen."""
    folded = watch.open("students").locator("details.more")
    assert folded.get_attribute("open") is None
    watch.page.goto("about:blank")
    assert watch.open("students", "#section=Monday").locator("details.more").get_attribute("open") is not None


def test_labels_sort_as_people_count(watch: Watched, shown: Site) -> None:
    """Student 2 stands before Student 10."""
    watch.root = shown.root
    page = watch.open("students", "#students.sort=student")
    assert column(page, 0) == [f"Student {number}" for number in range(1, FEW + 1)]


def test_a_column_sorts_by_the_words_that_are_seen(watch: Watched) -> None:
    """Where cells hold no value of their own to sort by."""
    page = watch.open("students", "#students.sort=status")
    place = page.locator("th[data-key=status]").evaluate("head => head.cellIndex")
    words = column(page, place)
    assert len(set(words)) > 1
    assert words == sorted(words, key=str.casefold)


@pytest.mark.parametrize("name", ["students", "checks", "late", "changes", "checks/test_stops_when_asked"])
def test_each_button_says_and_sorts_its_column(watch: Watched, few: Site, name: str) -> None:
    """People who hear the page are told which, by the name and not by the sign."""
    watch.root = few.root
    page = watch.open(name)
    assert page.locator("th[data-sort]:not([aria-sort=none])").count() == 0
    for head in page.locator("table.sortable th[data-sort]").all():
        said = head.get_attribute("data-name") or (head.text_content() or "").strip()
        head.get_by_role("button", name=f"Sort by {said}", exact=True).click()
        assert head.get_attribute("aria-sort") in ("ascending", "descending")
        assert page.locator("th[aria-sort]:not([aria-sort=none])").count() == 1


def test_without_script_the_pages_are_plain_tables(browser: Browser, named: Site) -> None:
    """Everything is there; what could not work is not shown."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{(named.root / 'students').as_uri()}.html")
    assert page.locator("#students tbody tr").count() == STUDENTS
    assert page.locator("form.tools").is_hidden()
    assert page.locator(".sort").count() == 0
    context.close()


@pytest.mark.parametrize("watch", [(PHONE, "light")], indirect=True)
def test_a_phone_shows_every_page(watch: Watched, named: Site) -> None:
    """No page is wider than the screen, and what one taps is large enough or stands in a line of text."""
    small = f"""() => [...document.querySelectorAll('button, select, input, summary, nav a')].filter(each => each.checkVisibility())
        .map(each => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
        .filter(([, box]) => box.height < {TAP} || box.width < {TAP}).map(([what]) => what)"""
    for name in named.kinds():
        page = watch.open(name)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], name
        assert page.evaluate(small) == [], name
        ends = "[...document.querySelectorAll('nav a')].map(each => each.getBoundingClientRect().right)"
        assert max(page.evaluate(ends)) <= PHONE[0], "all pages can be reached without looking for them"


def test_heads_of_rows_and_columns_stay_in_view(watch: Watched) -> None:
    """After scrolling to the last student and the last check."""
    page = watch.open("students")
    page.locator(".heat").evaluate("each => each.scrollTo(each.scrollWidth, each.scrollHeight)")
    box = page.locator(".heat").bounding_box()
    head, name = page.locator("thead th.check").last.bounding_box(), page.locator("tbody th").last.bounding_box()
    assert box
    assert head
    assert name
    assert abs(head["y"] - box["y"]) < 3
    assert abs(name["x"] - box["x"]) < 3


@pytest.mark.parametrize("watch", [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light")], indirect=True)
def test_no_serious_barrier_on_any_kind_of_page(watch: Watched, few: Site) -> None:
    """As axe sees it: contrast, names, order, tables, regions that scroll."""
    watch.root = few.root
    for name in few.kinds():
        assert barriers(watch.open(name)) == [], name


def test_an_anonymous_dashboard_has_no_barrier_either(watch: Watched, shown: Site) -> None:
    """And its pages run without an error too."""
    watch.root = shown.root
    for name in shown.kinds():
        page = watch.open(name)
        assert "students.example.org" not in (page.text_content("body") or "")
        assert barriers(page) == [], name


def test_hostile_words_do_nothing(watch: Watched, named: Site) -> None:
    """On every page that shows them: no dialog, no request, no script; they are read as they were written."""
    for name in (*named.kinds(), f"students/{named.hostile}"):
        watch.open(name).wait_for_timeout(50)
    page = watch.open(f"students/{named.hostile}")
    assert HOSTILE in (page.locator("h1").text_content() or "")
    assert page.locator("main a[href^='javascript']").count() == 0
    watch.open(
        "students", "#q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&section=%3Cscript%3E&students.sort=__proto__"
    ).wait_for_timeout(50)
