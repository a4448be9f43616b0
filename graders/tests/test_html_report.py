"""The page of a grade says everything, runs nothing, loads nothing, and shows what a submission says as text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import pytest

from mlops_grader.check import Verdict
from mlops_grader.plain import LIMIT
from mlops_grader.reports import html
from mlops_grader.reports.lessons import LONGEST
from mlops_grader.result import Graded, Outcome, Result

VOID = {"meta", "br", "hr", "wbr"}
ACTIVE = {"script", "link", "img", "iframe", "object", "embed", "form", "input", "base", "svg", "video", "audio"}
GRADER = "0.1.0+9d1e77ab"
COMMIT, TREE = "3f9a2c1b04" * 4, "8c4a11d0ff" * 4
HOSTILE = """</pre></main><script>alert("1 & 2")</script><img src=x onerror='go()'> &lt;b&gt; "quoted" 'too'"""
KEY = "m06_containers"

LESSON = """# Containers

[docs]: https://docs.example.org/signals "Signals"

## Stops when asked

An orchestrator sends `SIGTERM`, see [the docs][docs] and [the exercise](#exercise).

```sh
# Not a heading
docker stop web
```

### Try it

| form | process 1 |
|---|---|
| shell | sh |

## Becomes ready

About becoming ready.
"""


@dataclass
class Element:
    """A tag with its attributes and all the text inside it."""

    tag: str
    attributes: dict[str, str | None]
    text: str = ""
    inside: list[str] = field(default_factory=list)


class Page(HTMLParser):
    """A page taken apart; a tag that closes another one than the last that opened is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.stack: list[Element] = []
        self.feed(text)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs), inside=[each.tag for each in self.stack])
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.text += data

    def all(self, tag: str, class_: str = "") -> list[Element]:
        return [e for e in self.elements if e.tag == tag and class_ in ["", *(e.attributes.get("class") or "").split()]]

    def one(self, tag: str, class_: str = "") -> Element:
        found = self.all(tag, class_)
        assert len(found) == 1, f"{len(found)} of <{tag} class={class_}>"
        return found[0]

    def with_id(self, name: str) -> Element:
        return next(element for element in self.elements if element.attributes.get("id") == name)


def outcome(name: str = "stops_when_asked", verdict: Verdict = Verdict.FAILED, **changes: object) -> Outcome:
    passed = verdict is Verdict.PASSED
    plain = Outcome(
        id=f"test_{name}",
        title=f"It {name.replace('_', ' ')}.",
        points=10 if passed else 0,
        max_points=10,
        verdict=verdict,
        found="" if passed else f"what was found in {name}",
        fix="" if passed else f"what to do about {name}",
        why=f"The reason for {name}.",
        lesson=f"lessons/{KEY}.md#{name.replace('_', '-')}",
        blocked_by=None,
        seconds=12.34,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields are checked when the test runs


def result(*checks: Outcome, module: str = KEY, **changes: object) -> Result:
    graded = Graded(COMMIT, TREE, True, module)
    plain = Result(GRADER, graded, "advisory", 482913, "2026-11-22T04:46:09Z", 134.2, checks)
    return replace(plain, **changes)  # type: ignore[arg-type]  # the fields are checked when the test runs


def parsed(*results: Result, lesson: str = LESSON) -> Page:
    return Page(html.page(results, {KEY: lesson}))


def found_in(found: str) -> Element:
    """The element that shows this finding."""
    return Page(html.page([result(outcome(found=found))], {})).one("pre")


def lesson_of(lesson: str, anchor: str = "stops-when-asked") -> Page:
    """The page of one failed check whose lesson is this text."""
    return parsed(result(outcome(lesson=f"lessons/{KEY}.md#{anchor}")), lesson=lesson)


PASSED, FAILED = outcome("becomes_ready", Verdict.PASSED), outcome()
BLOCKED = outcome("is_healthy", Verdict.BLOCKED, blocked_by=FAILED.id, fix="")
NOT_RUN = outcome("is_small", Verdict.NOT_RUN)
ERROR = outcome("keeps_secrets", Verdict.ERROR)
MIXED = result(PASSED, FAILED, BLOCKED, NOT_RUN, ERROR)
GRADES = {
    "full": (result(PASSED),),
    "mixed": (MIXED,),
    "several": (result(PASSED, module="m01_environment"), MIXED),
    "hostile": (result(outcome(title=HOSTILE, found=HOSTILE, fix=HOSTILE, why=HOSTILE, lesson=HOSTILE)),),
}


@pytest.fixture(params=sorted(GRADES))
def any_page(request: pytest.FixtureRequest) -> Page:
    return parsed(*GRADES[request.param])


# --- the page as such ---


def test_nothing_runs_and_nothing_is_loaded(any_page: Page) -> None:
    """No active element, no handler, no address to fetch; the policy in the head forbids it too."""
    assert {element.tag for element in any_page.elements} & ACTIVE == set()
    names = {name for element in any_page.elements for name in element.attributes}
    assert {name for name in names if name.startswith("on") or name in {"src", "srcset", "action"}} == set()
    style = any_page.one("style").text
    assert not re.search(r"url\(|@import", style)
    policy = next(e for e in any_page.all("meta") if e.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_links_leave_the_page_from_lessons_only(any_page: Page) -> None:
    """Every other link leads to an element of the page."""
    ids = {element.attributes.get("id") for element in any_page.elements}
    outside = {element.attributes["href"] for element in any_page.all("a") if not is_inside(element, ids)}
    assert outside <= {"https://docs.example.org/signals"}


def is_inside(link: Element, ids: set[str | None]) -> bool:
    target = link.attributes.get("href")
    return target is None or (target.startswith("#") and target[1:] in ids)


def test_ids_are_unique(any_page: Page) -> None:
    ids = [element.attributes["id"] for element in any_page.elements if "id" in element.attributes]
    assert sorted(set(ids), key=str) == sorted(ids, key=str)


def test_headings_make_an_outline(any_page: Page) -> None:
    """One heading of the first level, and no level is left out on the way down."""
    levels = [int(element.tag[1]) for element in any_page.elements if re.fullmatch("h[1-6]", element.tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_page_states_its_language_and_fits_a_phone(any_page: Page) -> None:
    assert any_page.one("html").attributes == {"lang": "en"}
    meta = {element.attributes.get("name"): element.attributes.get("content") for element in any_page.all("meta")}
    assert meta["viewport"] == "width=device-width, initial-scale=1"
    assert meta["color-scheme"] == "light dark"


def test_colours_can_be_told_from_their_background() -> None:
    """Every text colour has a contrast of at least 4.5 on every background, light and dark (WCAG 2.2, 1.4.3)."""
    style = files("mlops_grader.reports").joinpath("page.css").read_text(encoding="utf-8")
    light, dark, _ = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    for block in (light, dark):
        scheme = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
        grounds = {scheme.pop(name) for name in ("page", "card", "box")}
        scheme.pop("hairline")
        assert len(scheme) == 8
        assert min(contrast(ink, ground) for ink in scheme.values() for ground in grounds) >= 4.5


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


# --- what was graded ---


def test_page_says_what_was_graded() -> None:
    page = parsed(MIXED)
    about = page.one("dl", "about").text
    for fact in (COMMIT, TREE, GRADER, "482913", "22 November 2026, 04:46 UTC", "2 min 14 s", "advisory grade"):
        assert fact in about
    assert page.one("title").text == "m06_containers: 10 of 50 points"
    assert {element.attributes["datetime"] for element in page.all("time")} == {"2026-11-22T04:46:09Z"}


@pytest.mark.parametrize(
    ("graded", "words"),
    [
        (Graded(COMMIT, TREE, True, KEY), "commit 3f9a2c1b04"),
        (Graded(COMMIT, TREE, False, KEY), "working tree as if committed"),
        (Graded(None, TREE, True, KEY), "working tree as if committed"),
    ],
)
def test_head_tells_a_commit_from_a_working_tree(graded: Graded, words: str) -> None:
    facts = parsed(result(PASSED, submission=graded)).one("header").text
    assert (words in facts, "commit 3f9a2c1b04" in facts) == (True, words == "commit 3f9a2c1b04")


def test_grade_of_record_is_named_so() -> None:
    header = parsed(result(PASSED, authority="record")).one("header").text
    assert ("grade of record" in header, "advisory" in header) == (True, False)


def test_score_is_a_bar_with_words() -> None:
    """The parts are as long as their points, a label reads the score, a legend names each part."""
    page = parsed(MIXED)
    bar = page.one("div", "bar")
    assert bar.attributes["aria-label"] == "10 of 50 points"
    parts = [e for e in page.all("span") if (e.attributes.get("style") or "").startswith("flex-grow")]
    assert [(e.attributes["class"], e.attributes["style"]) for e in parts] == [
        (verdict.value, "flex-grow:10") for verdict in Verdict
    ]
    assert page.one("ul", "legend").text == "10 passed10 failed10 blocked10 not run10 error"


# --- the next step ---


def test_next_step_comes_first_and_alone() -> None:
    """It is the first check that can be worked on, and it leads there."""
    page = parsed(result(PASSED, BLOCKED, FAILED, NOT_RUN))
    box = page.one("section", "next")
    assert "what to do about stops_when_asked" in box.text
    assert "is_small" not in box.text
    link = next(element for element in page.all("a"))
    assert page.with_id(str(link.attributes["href"])[1:]).text.strip().startswith(FAILED.title)


def test_next_step_without_advice_is_what_was_found() -> None:
    assert FAILED.found in parsed(result(replace(FAILED, fix=""))).one("section", "next").text


def test_next_step_of_a_submission_that_cannot_be_graded() -> None:
    """All checks are blocked by the submission itself: that is never "nothing left to do"."""
    unfit = outcome("builds", Verdict.BLOCKED, found="a link leaves the tree", fix="remove the link")
    assert "remove the link" in parsed(result(unfit)).one("section", "next").text


def test_nothing_is_left_after_full_marks() -> None:
    assert "Nothing is left to do" in parsed(result(PASSED)).one("section", "next").text
    assert "Nothing is left to do" not in parsed(MIXED).one("section", "next").text


# --- the checks ---


@pytest.mark.parametrize("check", [FAILED, NOT_RUN, ERROR, BLOCKED], ids=lambda check: check.verdict.value)
def test_check_that_did_not_pass_says_everything(check: Outcome) -> None:
    card = parsed(MIXED).with_id(f"grade-1-{check.id}").text
    verdict = check.verdict.replace("_", " ")
    for words in (verdict, "0/10 points", check.title, check.found, check.why, check.fix, check.lesson):
        assert words in card


@pytest.mark.parametrize(
    ("check", "meaning"),
    [
        (FAILED, None),
        (BLOCKED, "another check comes first"),
        (NOT_RUN, "nothing is known about it yet"),
        (ERROR, "the grader broke, not your project"),
    ],
)
def test_verdict_that_is_no_judgement_says_so(check: Outcome, meaning: str | None) -> None:
    meanings = [element.text for element in parsed(result(check)).all("span", "meaning")]
    assert meanings == ([meaning] if meaning else [])


def test_blocked_check_leads_to_what_it_waits_for() -> None:
    page = parsed(MIXED)
    link = next(e for e in page.all("a") if "dd" in e.inside and e.attributes.get("href") == f"#grade-1-{FAILED.id}")
    assert link.text == FAILED.title


def test_passed_check_is_one_line_with_its_lesson_folded() -> None:
    page = parsed(MIXED)
    line = page.with_id(f"grade-1-{PASSED.id}")
    summary = next(e for e in page.all("summary") if PASSED.title in e.text)
    assert summary.text.split() == ["passed", "10/10", "points", "12.3", "s", *PASSED.title.split()]
    assert ("About becoming ready." in line.text, "Found" in line.text) == (True, False)
    assert page.all("details")[-1].attributes == {}


def test_open_checks_come_before_passed_ones_in_the_order_of_work() -> None:
    page = parsed(MIXED)
    order = [e.attributes["id"] for e in page.all("li", "check")]
    assert order == [f"grade-1-{each.id}" for each in (FAILED, BLOCKED, NOT_RUN, ERROR, PASSED)]


def test_lines_of_a_finding_are_kept() -> None:
    assert found_in("one\n  two\r\nthree\n").text == "one\n  two\nthree"


@pytest.mark.parametrize(("lines", "reachable"), [(3, False), (100, True)])
def test_long_finding_scrolls_for_the_keyboard_too(lines: int, reachable: bool) -> None:
    attributes = found_in("line\n" * lines).attributes
    assert (attributes.get("tabindex") == "0" and "aria-label" in attributes) == reachable


def test_code_between_backticks_is_set_as_code() -> None:
    page = parsed(result(outcome(fix="run `a <b>` now, not ` alone")))
    assert "a <b>" in [element.text for element in page.all("code") if "dd" in element.inside]
    assert "not ` alone" in page.one("main").text


# --- what comes from a submission ---


@pytest.mark.parametrize("name", ["title", "found", "fix", "why", "lesson"])
def test_markup_of_a_submission_is_text(name: str) -> None:
    page = parsed(result(outcome(verdict=Verdict.FAILED, **{name: HOSTILE})))
    assert HOSTILE in page.one("main").text


def test_markup_in_the_facts_is_text() -> None:
    graded = Graded(HOSTILE, HOSTILE, True, HOSTILE)
    page = parsed(result(PASSED, submission=graded, grader=HOSTILE))
    assert page.one("dl", "about").text.count(HOSTILE) == 3
    assert page.one("title").text == f"{HOSTILE}: 10 of 10 points"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b(B\x1b=text\x1b", "text"),
        ("\x9b31mred", "red"),
        ("bell\x07 null\x00 back\x08 delete\x7f", "bell null back delete"),
        ("10 %\r20 %\r\n30 %", "10 %\n20 %\n30 %"),
        ("tab\tstays", "tab\tstays"),
        ("user\u202etxt.exe", "user\ufffdtxt.exe"),
        ("not utf-8: \udcff", "not utf-8: \ufffd"),
        ("größer · 日本", "größer · 日本"),
    ],
)
def test_controls_are_stripped(raw: str, shown: str) -> None:
    assert found_in(raw).text == shown


def test_page_can_always_be_written() -> None:
    """File names that are not UTF-8 come as lone surrogates, which no encoding takes."""
    assert html.page([result(outcome(found="a\udcffb", title="\ud800"))], {}).encode("utf-8")


def test_endless_text_is_cut_with_a_notice() -> None:
    """The beginning and the end of a megabyte stay, for that is where the reason stands."""
    found = "BEGIN" + "x" * 1_000_000 + "END"
    text = found_in(found).text
    assert text.startswith("BEGIN")
    assert text.endswith("END")
    assert f"[... {len(found) - LIMIT:,} characters left out ...]" in text
    assert len(text) < LIMIT + 100


# --- the lesson ---


def test_section_ends_at_the_next_heading_of_its_level() -> None:
    lesson = lesson_of(LESSON).one("div", "lesson").text
    assert "An orchestrator sends SIGTERM" in lesson
    assert "Not a heading" in lesson
    assert "Try it" in lesson
    assert "About becoming ready" not in lesson


def test_section_ends_at_a_higher_heading() -> None:
    lesson = lesson_of("### Stops when asked\nhere\n## Next\nthere\n").one("div", "lesson").text
    assert ("here" in lesson, "there" in lesson) == (True, False)


def test_section_is_folded_and_set() -> None:
    page = lesson_of(LESSON)
    assert "details" in page.one("div", "lesson").inside
    assert page.one("summary").text == "From the lesson: Stops when asked"
    assert [element.text for element in page.all("th")] == ["form", "process 1"]
    assert page.one("h5").text == "Try it"


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("Stops, when `asked`!", "stops-when-asked"),
        ("Größe_und **Zahl** [linked](https://example.org)", "größe_und-zahl-linked"),
        ("What it is - and is not", "what-it-is---and-is-not"),
    ],
)
def test_anchor_is_made_as_github_makes_it(heading: str, anchor: str) -> None:
    assert "the text" in lesson_of(f"## {heading}\nthe text\n", anchor).one("div", "lesson").text


def test_second_heading_of_the_same_words_has_a_number() -> None:
    twice = "## Example\nfirst\n## Example\nsecond\n"
    assert "first" in lesson_of(twice, "example").one("div", "lesson").text
    assert "second" in lesson_of(twice, "example-1").one("div", "lesson").text


@pytest.mark.parametrize("lesson", ["", "## Something else\ntext\n", "```\n## Stops when asked\n```\n"])
def test_missing_section_leaves_its_path(lesson: str) -> None:
    page = lesson_of(lesson)
    assert page.all("details") == []
    assert page.one("p", "path").text == f"Taught in lessons/{KEY}.md#stops-when-asked"


def test_only_the_beginning_of_an_endless_lesson_is_read() -> None:
    page = lesson_of("word " * LONGEST + "\n## Stops when asked\ntext\n")
    assert page.all("details") == []


def test_markup_of_a_lesson_is_text() -> None:
    page = lesson_of(f"## Stops when asked\n<div>{HOSTILE}</div>\n\ninline <b onclick='x()'>bold</b>\n")
    assert HOSTILE in page.one("div", "lesson").text
    assert "inline <b onclick='x()'>bold</b>" in page.one("div", "lesson").text


def test_comments_of_a_lesson_are_left_out() -> None:
    page = lesson_of("## Stops when asked\n<!-- no-run: engine -->\n\nseen <!-- hidden --> too\n")
    lesson = page.one("div", "lesson").text
    assert ("no-run" in lesson, "hidden" in lesson, "seen  too" in lesson) == (False, False, True)


HINT = "<details>\n<summary>Hint {}</summary>\n\nLook *there*.\n\n</details>\n"


def test_folds_of_a_lesson_stay_folded() -> None:
    page = lesson_of(f"## Stops when asked\n{HINT.format(1)}{HINT.format('2 &amp; &lt;b&gt;')}\nafter\n")
    assert [e.text for e in page.all("summary")][1:] == ["Hint 1", "Hint 2 & <b>"]
    assert "there" in [element.text for element in page.all("em") if element.inside.count("details") == 2]
    after = next(element for element in page.all("p") if element.text == "after")
    assert after.inside.count("details") == 1


@pytest.mark.parametrize(
    "body",
    [
        "<details><summary>never closed</summary>\n\ntext\n",
        "text\n\n</details>\n\n</details>\n\n</div>\n",
        "* item\n\n  <details><summary>in a list</summary>\n\n</details>\n\ntext\n",
        "a <details><summary>inline</summary> b </details>\n",
    ],
)
def test_unbalanced_folds_cannot_break_the_page(body: str) -> None:
    """The parser of this file fails on a tag that is out of place."""
    page = lesson_of(f"## Stops when asked\n{body}")
    assert page.one("dl", "about").inside.count("details") == 0


def test_pictures_of_a_lesson_are_words() -> None:
    page = lesson_of("## Stops when asked\n![a *diagram*](https://example.org/a.png)\n")
    assert "[picture: a diagram]" in page.one("div", "lesson").text


def test_links_of_a_lesson_lead_to_the_web_or_nowhere() -> None:
    web = "https://example.org/?x=1&copy=2"
    page = lesson_of(
        f"## Stops when asked\n[a]({web}) [b](../x.md) [c](#x) [d](javascript:x) [e](data:x) [f](//x.org)\n"
    )
    links = [element.attributes for element in page.all("a") if "div" in element.inside]
    assert [link["href"] for link in links if "href" in link] == [web]


def test_reference_defined_elsewhere_in_the_lesson_works() -> None:
    link = next(element for element in lesson_of(LESSON).all("a") if element.text == "the docs")
    assert link.attributes == {"href": "https://docs.example.org/signals", "rel": "noreferrer"}


# --- several modules ---


def test_several_modules_share_a_page() -> None:
    page = parsed(*GRADES["several"])
    assert page.one("h1").text == "2 modules 20 of 60 points"
    assert [element.text for element in page.all("h2")] == ["Next step", "m01_environment", "m06_containers"]
    rows = [element.text for element in page.all("li") if "nav" in element.inside]
    assert rows == ["m01_environment 10 of 10 points", "m06_containers 10 of 50 points"]


def test_next_step_of_several_modules_is_in_the_first_that_needs_one() -> None:
    page = parsed(result(PASSED, module="m01_environment"), MIXED, result(NOT_RUN, module="m07_ci"))
    link = next(element for element in page.all("a") if "section" in element.inside)
    assert link.attributes["href"] == f"#grade-2-{FAILED.id}"


def test_each_module_has_its_own_lesson() -> None:
    other = result(outcome(), module="m07_ci")
    page = Page(html.page([MIXED, other], {KEY: LESSON, "m07_ci": "## Stops when asked\nof the pipeline\n"}))
    assert "of the pipeline" in page.with_id(f"grade-2-{FAILED.id}").text
    assert "of the pipeline" not in page.with_id(f"grade-1-{FAILED.id}").text
