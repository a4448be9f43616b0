"""The rubric file: what the course's own says, and the words for everything that a rubric must not say."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_grader.capstone.rubric import AREAS, Judge, RubricError, load, own, read
from mlops_grader.capstone.sound import unknown_checks
from mlops_grader.grading import modules
from mlops_grader.submission import UsageError

TEXT = own().read_text(encoding="utf-8")
RUBRIC = load()
PHASES = [("scoping", 10), ("data", 20), ("model", 25), ("deployment", 25), ("expo", 20)]
TO_COME = tuple({"m14_capstone"} - set(modules()))
PORTABLE = {
    "m01_environment": "sets_up_in_a_clean_clone tests_pass readme_commands_work",
    "m05_serving": "errors_are_problems takes_in_only_so_much does_not_wait_for_ever a_request_keeps_its_id openapi_document_is_true",
    "m06_containers": "dockerfile_is_clean image_builds base_image_is_pinned becomes_ready settings_come_from_the_environment "
    "runs_as_an_ordinary_user runs_with_a_read_only_file_system stops_when_asked secrets_stay_out_of_the_image "
    "health_check_tells_the_truth",
    "m07_ci": "runs_on_push_and_pull_request goes_red_for_a_failing_test goes_red_for_a_committed_secret is_hard_to_abuse "
    "cancels_what_is_superseded",
    "m08_delivery": "puts_a_version_into_service refuses_a_version_that_crashes refuses_a_version_that_is_never_ready "
    "rolls_back_within_a_minute",
    "m09_monitoring": "metrics_are_well_formed metrics_are_true series_stay_few a_request_can_be_found_in_the_logs",
    "m14_capstone": "contract_says_what_the_product_is runs_on_a_clean_machine answers_depend_on_the_input "
    "refuses_what_makes_no_sense training_is_repeatable scoping_is_complete every_area_has_an_owner claims_lead_to_evidence",
}
KEY = re.compile(r"^([a-z_]+) = ", re.MULTILINE)
HEADER = re.compile(r"^\[+([a-z.]+)\]+$", re.MULTILINE)


def wrong(text: str) -> str:
    """What is said about a rubric that cannot be used."""
    with pytest.raises(RubricError) as raised:
        read(text)
    return str(raised.value)


def changed(old: str, new: str, text: str = TEXT) -> str:
    """The course's rubric with one place of it changed; the place must be there."""
    assert old in text
    return text.replace(old, new, 1)


# --- the course's own ---


def test_the_phases_and_their_points_are_those_of_the_course() -> None:
    assert [(phase.key, phase.points) for phase in RUBRIC.phases] == PHASES


def test_the_must_lines_add_up_to_100() -> None:
    assert sum(line.points for line in RUBRIC.must) == 100


def test_every_check_that_suits_any_product_decides_on_exactly_one_line() -> None:
    named = Counter(check for line in RUBRIC.lines for check in line.checks)
    portable = [f"{key}/test_{name}" for key, names in PORTABLE.items() for name in names.split()]
    assert named == Counter(portable)


def test_every_check_that_a_line_names_exists() -> None:
    assert unknown_checks(RUBRIC, modules_to_come=TO_COME) == []


def test_a_check_belongs_to_the_part_of_its_line() -> None:
    """Otherwise a product could lose a line for a part that it never said it had."""
    parts = {"m05": "serving", "m06": "containers", "m07": "ci", "m08": "delivery", "m09": "monitoring"}
    strange = [
        (line.id, check)
        for line in RUBRIC.lines
        for check in line.checks
        if check[:3] in parts and parts[check[:3]] != line.part
    ]
    assert strange == []


def test_the_gate_closes_the_deployment() -> None:
    gate = RUBRIC.line(RUBRIC.gate.line)
    assert (gate.checks, RUBRIC.gate.closes) == (("m14_capstone/test_runs_on_a_clean_machine",), ("deployment",))


def test_the_rules_of_peers_and_lateness_are_exact() -> None:
    late = RUBRIC.late
    assert (RUBRIC.peers.reviews, RUBRIC.peers.ceiling) == (3, Fraction(21, 20))
    assert (late.tokens, late.hours, late.percent, late.most) == (8, 24, 10, 50)


def test_the_oral_is_worth_ten_points() -> None:
    assert sum(line.points for line in RUBRIC.lines if line.individual) == 10


def test_every_kind_of_judge_is_asked_at_the_end() -> None:
    assert {line.judge for line in RUBRIC.phases[-1].lines} == set(Judge)


def test_every_area_answers_for_lines() -> None:
    assert {line.owner for line in RUBRIC.lines} == set(AREAS)


def test_most_phases_have_a_difficult_line_and_none_needs_one() -> None:
    difficult = {line.phase for line in RUBRIC.bonus}
    assert (len(difficult) >= 4, RUBRIC.bonus_cap) == (True, 10)
    assert sum(line.points for line in RUBRIC.bonus) > RUBRIC.bonus_cap


def test_each_claim_is_one_sentence() -> None:
    claims = [line.claim for line in RUBRIC.lines]
    assert [claim for claim in claims if not claim.endswith(".") or ". " in claim or len(claim) > 180] == []


def test_there_is_a_question_for_each_individual_line_in_each_area() -> None:
    wanted = {(line.id, area) for line in RUBRIC.lines if line.individual for area in AREAS}
    assert {(question.line, question.area) for question in RUBRIC.questions} == wanted


def test_a_line_is_found_by_its_id() -> None:
    assert RUBRIC.line("data-card").phase == "data"


def test_an_unknown_line_is_guessed() -> None:
    with pytest.raises(RubricError, match=r"^the rubric has no line `data-cart`: did you mean `data-card`\?$"):
        RUBRIC.line("data-cart")


# --- files ---


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text("\ufeff" + TEXT.replace("\n", "\r\n"), encoding="utf-8")
    assert load(path) == RUBRIC


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^there is no rubric `.*none\.toml`: name the file of one$"):
        load(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RubricError, match=r"^`.*ours\.toml` cannot be read: .*; save it as UTF-8 text$"):
        load(path)


def test_an_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(changed("points = 10", "points = 11"), encoding="utf-8")
    with pytest.raises(RubricError, match=r"^`.*ours\.toml`: phase `scoping` is worth 11"):
        load(path)


# --- keys ---


def _occurrences() -> list[tuple[int, str]]:
    """Where each key and each header of the file stands, and its name."""
    keys = [(found.start(1), found[1]) for found in KEY.finditer(TEXT)]
    headers = [
        (found.start(1) + place.start(), place[0])
        for found in HEADER.finditer(TEXT)
        for place in re.finditer(r"[a-z]+", found[1])
    ]
    return keys + headers


@settings(deadline=None)  # a busy machine is no finding
@given(st.sampled_from(_occurrences()), st.data())
def test_any_slip_in_a_key_is_told_by_its_name(occurrence: tuple[int, str], data: st.DataObject) -> None:
    """One letter doubled, lost or exchanged, anywhere in the file: the message names the key that was written."""
    start, key = occurrence
    place = data.draw(st.integers(0, len(key) - 1))
    letter = data.draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz_"))
    slip = data.draw(
        st.sampled_from(
            [
                key[:place] + letter + key[place:],
                key[:place] + key[place + 1 :],
                key[:place] + letter + key[place + 1 :],
            ]
        )
    )
    if slip and slip != key:
        assert f"`{slip}`" in wrong(TEXT[:start] + slip + TEXT[start + len(key) :])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("bonus_cap = 10", "bonus_cup = 10", "the file has the unknown key `bonus_cup`: did you mean `bonus_cap`?"),
        ("[[phases]]", "[[phase]]", "the header [phase] has the unknown key `phase`: did you mean `phases`?"),
        ("[late]", "[latte]", "the file has the unknown key `latte`: did you mean `late`?"),
        ("reviews = 3", "review = 3", "[peers] has the unknown key `review`: did you mean `reviews`?"),
        (
            "evidence = ",
            "evidense = ",
            "line `scope-complete` has the unknown key `evidense`: did you mean `evidence`?",
        ),
        (
            'title = "Scoping"',
            'tidle = "Scoping"',
            "phase `scoping` has the unknown key `tidle`: did you mean `title`?",
        ),
        ("listen = ", "zzz = ", "question number 1 has the unknown key `zzz`: known here: line, area, ask, listen"),
        ('id = "scope-complete"\n', "", "line number 1 has no `id`: add it"),
        ("tokens = 8", "", "[late] has no `tokens`: add it"),
        ('version = "1.0"', "", "the file has no `version`: add it"),
        (
            'id = "scope-complete"',
            'id = "scope-complete"\nphase = "scoping"',
            "line `scope-complete` has the key `phase`: leave it out, the line stands below its phase",
        ),
    ],
)
def test_what_is_unknown_or_missing_is_told_with_its_place(old: str, new: str, words: str) -> None:
    assert wrong(changed(old, new)).startswith(words)


# --- values ---


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("points = 2", "points = 5", "line `scope-complete` has `points` = 5, but it should be less than or equal to 4"),
        ("points = 2", "points = 0", "line `scope-complete` has `points` = 0, but it should be greater than or equal to 1"),
        ("points = 2", 'points = "2"', "line `scope-complete` has `points` = '2', but it should be a valid integer"),
        ("points = 2", "points = true", "line `scope-complete` has `points` = True, but it should be a valid integer"),
        ("points = 2", "points = 1.5", "line `scope-complete` has `points` = '1.5', but it should be a valid integer"),
        ('judge = "check"', 'judge = "cheque"', "line `scope-complete` has `judge` = 'cheque', but it should be 'check', 'staff'"),
        ('id = "scope-complete"', 'id = "Scope"', "line `Scope` has `id` = 'Scope', but it should match"),
        ('claim = "The scoping', 'claim = "\\nThe scoping', "line `scope-complete` has `claim`"),
        ("ceiling = 1.05", 'ceiling = "much"', "[peers] has `ceiling` = 'much', but it should be a number, such as 1.05"),
        ("ceiling = 1.05", "ceiling = 0.5", "[peers] has `ceiling` = '0.5', but it should be greater than or equal to 1"),
        ("percent = 10", "percent = 101", "[late] has `percent` = 101, but it should be less than or equal to 100"),
        ("bonus_cap = 10", "bonus_cap = -1", "the file has `bonus_cap` = -1, but it should be greater than or equal to 0"),
        ('["m14_capstone/test_scoping_is_complete"]', '["scoping"]', "line `scope-complete` has `checks` = 'scoping', but it should match"),
        ('["m14_capstone/test_scoping_is_complete"]', '"scoping"', "line `scope-complete` has `checks` = 'scoping', but it"),
        ('closes = ["deployment"]', "closes = []", "[gate] has `closes` = [], but it should have at least 1 item"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_told_with_its_place(old: str, new: str, words: str) -> None:
    assert wrong(changed(old, new)).startswith(words)


# --- between the lines ---


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "points = 10\n",
            "points = 12\n",
            "phase `scoping` is worth 12 points, but its must lines add up to 10: mend either",
        ),
        (
            'owner = "product"',
            'owner = "produkt"',
            "line `scope-complete` has the unknown owner `produkt`: did you mean `product`?",
        ),
        (
            'part = "training"',
            'part = "trianing"',
            "line `model-repeatable` has the unknown part `trianing`: did you mean `training`?",
        ),
        ('id = "scope-contract"', 'id = "scope-complete"', "2 lines are called `scope-complete`: give each a name of its own"),
        ('key = "data"', 'key = "scoping"', "2 phases are called `scoping`: give each a name of its own"),
        (
            'checks = ["m14_capstone/test_scoping_is_complete"]\n',
            "",
            "line `scope-complete` is judged by checks and names none: add checks = [",
        ),
        ('judge = "check"', 'judge = "staff"', "line `scope-complete` is judged by staff and names checks: leave them out"),
        (
            '["m14_capstone/test_scoping_is_complete"]',
            '["m14_capstone/test_a", "m14_capstone/test_a"]',
            "line `scope-complete` names the check `m14_capstone/test_a` 2 times: once is enough",
        ),
        (
            'line = "deploy-clean-machine"',
            'line = "deploy-clean-maschine"',
            "[gate] names the line `deploy-clean-maschine`, which does not exist: did you mean `deploy-clean-machine`?",
        ),
        ('line = "deploy-clean-machine"', 'line = "deploy-alert"', "[gate] names the line `deploy-alert`: a gate is a must line"),
        (
            'closes = ["deployment"]',
            'closes = ["deploymint"]',
            "[gate] closes the phase `deploymint`, which does not exist: did you mean `deployment`?",
        ),
        ('judge = "judge"', 'judge = "judge"\nindividual = true', "line `expo-live` is scored for each person, which only staff"),
        ("individual = true", "individual = true\nbonus = true", "line `oral-decision` is a bonus line, which a team earns together"),
        (
            'line = "oral-night"',
            'line = "oral-knight"',
            "a question belongs to `oral-knight`, which is no individual line: did you mean `oral-night`?",
        ),
        ('area = "service"', 'area = "servise"', "a question of `oral-decision` has the unknown area `servise`: did you mean `service`?"),
    ],
)  # fmt: skip
def test_what_does_not_agree_is_told_with_the_way_out(old: str, new: str, words: str) -> None:
    assert wrong(changed(old, new)).startswith(words)


def test_phases_that_do_not_add_up_to_100_are_told() -> None:
    text = changed("points = 10\n", "points = 11\n", changed("points = 2\nclaim", "points = 3\nclaim"))
    assert wrong(text) == "the phases add up to 101 points, not 100: mend their points"


def test_a_check_that_no_module_has_is_guessed() -> None:
    rubric = read(changed("test_stops_when_asked", "test_stops_when_aksed"))
    [words] = unknown_checks(rubric, modules_to_come=TO_COME)
    assert words == (
        "line `deploy-image-honest` names the check `m06_containers/test_stops_when_aksed`, which does not exist: "
        "did you mean `m06_containers/test_stops_when_asked`?"
    )


# --- no rubric at all ---


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title = [", "it is not valid TOML"),
        ("x = " + "[" * 5000, "it is not valid TOML: it is nested too deep"),
        ("", "the file has no `title`: add it"),
        ("phases = 3", "the file has"),
        ("phases = [3]", "the file has"),
        ("[[phases]]\nlines = [3]", "the file has"),
    ],
)
def test_other_files_are_refused(text: str, words: str) -> None:
    assert wrong(text).startswith(words)


@pytest.mark.parametrize("value", ["3", "[3]", "{}", "[[3]]"])
def test_a_value_where_a_table_must_stand_is_refused(value: str) -> None:
    """Whatever stands there, the answer is a sentence and not a crash."""
    start = TEXT[: TEXT.index("# --- scoping")]
    assert "`phases`" in wrong(f"phases = {value}\n{start}")


def _paths(table: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to each value of the document."""
    items = table.items() if isinstance(table, dict) else enumerate(table) if isinstance(table, list) else ()
    return [way for key, value in items for way in ((*path, key), *_paths(value, (*path, key)))]


DOCUMENT = tomllib.loads(TEXT)


@settings(deadline=None)  # a busy machine is no finding
@given(
    st.sampled_from(_paths(DOCUMENT)),
    st.sampled_from(["3", "-1.5", "nan", "true", '""', "[]", "[1]", "{}", "{a = 1}", "2026-01-01"]),
)
def test_a_wrong_value_anywhere_is_a_sentence(path: tuple[str | int, ...], value: str) -> None:
    """No value of another kind brings the loader down: it is taken, or refused in one line."""
    said = "taken as it is"
    try:
        read(_toml(DOCUMENT, path, value))
    except RubricError as error:
        said = str(error)
    assert re.fullmatch(r"[^\n]{10,}", said)


def _toml(
    value: object, path: tuple[str | int, ...], instead: str, here: tuple[str | int, ...] = (), top: bool = True
) -> str:
    """A document as TOML with inline tables, and another text in one place."""
    if here == path:
        return instead
    if isinstance(value, dict):
        pairs = [f"{key} = {_toml(each, path, instead, (*here, key), False)}" for key, each in value.items()]
        return "\n".join(pairs) if top else "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return (
            "[" + ", ".join(_toml(each, path, instead, (*here, place), False) for place, each in enumerate(value)) + "]"
        )
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)
