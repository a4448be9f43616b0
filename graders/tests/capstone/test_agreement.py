"""Agreement of judges: the published examples come out, and what is not defined is said in words."""

from __future__ import annotations

import sys
from fractions import Fraction
from math import isnan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capstone.rubrics import PROPERTY, RUBRIC, line, rubric_of, score
from mlops_grader.capstone import agreement
from mlops_grader.capstone.agreement import Agreement, agree, by_kind
from mlops_grader.capstone.rubric import Judge
from mlops_grader.capstone.scores import Mark, Score

# Table 1 of J. L. Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971): how many
# of six psychiatrists gave each of 30 patients each of five diagnoses; he reports a kappa of .430
FLEISS_1971 = (
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
)
# J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960), as counts
# of 200 patients: observed agreement .70, by chance .41, kappa .492
COHEN_1960 = [[88, 14, 18], [10, 40, 10], [2, 6, 12]]
# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): section A, two observers and two values, alpha .095;
# section C, four observers, five values, data missing, alpha .743
KRIPPENDORFF_A = ("0100000010", "1110010000")
KRIPPENDORFF_C = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def scores(**judges: str) -> list[Score]:
    """What each judge said about one line after another: 1 passes, 0 fails, a dot is no score."""
    return [
        score(f"l{number:02}", judge, "pass" if mark == "1" else "fail")
        for judge, marks in judges.items()
        for number, mark in enumerate(marks)
        if mark != "."
    ]


LINES = rubric_of(line(f"l{number:02}", "data", 1, Judge.STAFF) for number in range(50))


def agreed(**judges: str) -> Agreement:
    """The agreement of these judges."""
    return agree(scores(**judges), LINES)


def coefficient(name: str, **judges: str) -> tuple[float | None, str]:
    """The value and the words of one coefficient."""
    found = {one.name.split("'")[0]: one for one in agreed(**judges).coefficients}[name]
    return found.value, found.why


def test_fleiss_gets_the_kappa_of_his_paper() -> None:
    table = [[int(count) for count in patient] for patient in FLEISS_1971.split()]
    assert agreement._fleiss(table) == pytest.approx(0.430, abs=0.0005)


def test_cohen_gets_the_kappa_of_his_paper() -> None:
    assert agreement._cohen(COHEN_1960) == pytest.approx(0.492, abs=0.0005)


def test_krippendorff_gets_the_alpha_of_his_example_with_missing_data() -> None:
    table = [[unit.count(value) for value in "12345"] for unit in zip(*KRIPPENDORFF_C, strict=True)]
    assert agreement._krippendorff(table) == pytest.approx(0.743, abs=0.0005)


def test_krippendorff_gets_the_alpha_of_his_example_of_two_values() -> None:
    value, why = coefficient("Krippendorff", roe=KRIPPENDORFF_A[0], poe=KRIPPENDORFF_A[1])
    assert (value, why) == (pytest.approx(0.095, abs=0.0005), "")


def test_cohen_reads_the_lines_of_a_rubric() -> None:
    """20 times both pass, 15 times both fail, 5 and 10 times one of them: observed .7, by chance .5, kappa .4."""
    roe, poe = "1" * 20 + "1" * 5 + "0" * 10 + "0" * 15, "1" * 20 + "0" * 5 + "1" * 10 + "0" * 15
    assert coefficient("Cohen", roe=roe, poe=poe) == (pytest.approx(0.4), "")


def test_fleiss_reads_the_lines_of_a_rubric() -> None:
    """Three judges: P = (1 + 1/3) / 2 = 2/3, by chance (2/3)^2 + (1/3)^2 = 5/9, kappa = (2/3 - 5/9) / (4/9) = 1/4."""
    assert coefficient("Fleiss", roe="11", poe="10", vip="10") == (pytest.approx(-1 / 8 + 3 / 8), "")


def test_krippendorff_leaves_out_lines_with_one_judge() -> None:
    both = coefficient("Krippendorff", roe="1100", poe="1010")
    assert coefficient("Krippendorff", roe="110010", poe="1010..") == both


def test_cohen_leaves_out_lines_that_one_of_the_two_did_not_score() -> None:
    assert coefficient("Cohen", roe="11001.", poe="1010.0") == coefficient("Cohen", roe="1100", poe="1010")


@pytest.mark.parametrize(
    ("name", "judges", "why"),
    [
        ("Cohen", {"roe": "1"}, "it is for two judges, and there are 1"),
        ("Cohen", {"roe": "10", "poe": "10", "vip": "10"}, "it is for two judges, and there are 3"),
        ("Cohen", {"roe": "1.", "poe": ".1"}, "no line was scored by both judges"),
        (
            "Cohen",
            {"roe": "00", "poe": "00"},
            "all judges gave the same answer, fail, to every line: there is no variation to agree about",
        ),
        ("Fleiss", {"roe": "10", "poe": "1."}, "lines have between 1 and 2 judges, it needs the same number"),
        ("Fleiss", {"roe": "1.", "poe": ".1"}, "each line has one judge"),
        (
            "Fleiss",
            {"roe": "11", "poe": "11"},
            "all judges gave the same answer, pass, to every line: there is no variation to agree about",
        ),
        ("Fleiss", {}, "there are no scores"),
        ("Krippendorff", {"roe": "10"}, "no line was scored by two judges"),
        (
            "Krippendorff",
            {"roe": "11.0", "poe": "11.."},
            "all judges gave the same answer, pass, to every line: there is no variation to agree about",
        ),
        ("Krippendorff", {}, "there are no scores"),
    ],
)
def test_what_is_not_defined_is_said_in_words(name: str, judges: dict[str, str], why: str) -> None:
    assert coefficient(name, **judges) == (None, why)


@pytest.mark.parametrize("name", ["Cohen", "Fleiss", "Krippendorff"])
def test_without_the_libraries_it_is_said_what_to_install(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    words = "the Python package numpy is not installed: uv pip install 'mlops-grader[capstone]'"
    assert coefficient(name, roe="10", poe="11") == (None, words)


def test_one_judge_who_never_varies_is_at_chance() -> None:
    assert coefficient("Cohen", roe="1111", poe="1010") == (pytest.approx(0), "")


def test_each_line_has_its_mean_spread_and_pairs() -> None:
    one, two, three = agreed(roe="111", poe="1.0", vip="0..").items
    assert (one.judges, one.passes, one.mean, one.pairs) == (3, 2, Fraction(2, 3), Fraction(1, 3))
    assert one.spread == pytest.approx((2 / 9) ** 0.5)
    assert (two.mean, two.spread, two.pairs) == (1, 0, None)
    assert (three.mean, three.spread, three.pairs) == (Fraction(1, 2), 0.5, 0)


def test_over_all_lines_means_are_averaged_and_pairs_pooled() -> None:
    found = agreed(roe="11", poe="11", vip="1.", zoe="0.")
    assert (found.judges, found.mean) == (("poe", "roe", "vip", "zoe"), Fraction(7, 8))
    assert found.spread == pytest.approx((3 / 16) ** 0.5 / 2)
    assert found.pairs == Fraction(3 + 1, 6 + 1)


def test_without_scores_there_is_nothing_to_average() -> None:
    found = agreed()
    assert (found.judges, found.items, found.mean, found.spread, found.pairs, found.disputed) == (
        (),
        (),
        None,
        None,
        None,
        (),
    )


def test_one_judge_has_no_pairs() -> None:
    assert agreed(roe="10").pairs is None


def test_divided_lines_are_listed_the_most_divided_first() -> None:
    """Line 3 is split 2 to 2, line 1 is split 1 to 1, line 2 is split 3 to 1; lines 0, 4 and 5 are not divided."""
    found = agreed(roe="101110", poe="111110", vip="1.1010", zoe="1.00.0")
    assert [item.line for item in found.disputed] == ["l03", "l01", "l02"]


def test_lines_divided_alike_are_in_the_order_of_the_rubric() -> None:
    found = agree([score("value", "roe"), score("value", "poe", "fail"), score("data-card", "roe"),
                   score("data-card", "poe", "fail"), score("canary", "roe"), score("canary", "poe", "fail")], RUBRIC)  # fmt: skip
    assert [item.line for item in found.disputed] == ["value", "data-card", "canary"]


def test_the_same_line_of_two_teams_or_people_is_two_items() -> None:
    found = agree(
        [
            score("oral", "roe", person="ada"),
            score("oral", "roe", "fail", "ben"),
            score("oral", "roe", person="dee", team="Oak"),
        ],
        RUBRIC,
    )
    assert [(item.team, item.person, item.passes) for item in found.items] == [
        ("Larch", "ada", 1),
        ("Larch", "ben", 0),
        ("Oak", "dee", 1),
    ]


def test_each_kind_of_judge_is_compared_with_its_own() -> None:
    found = by_kind([score("value", "roe"), score("bias", "dee"), score("bias", "gus", "fail")], RUBRIC)
    assert {kind: one.judges for kind, one in found.items()} == {Judge.STAFF: ("roe",), Judge.PEER: ("dee", "gus")}


@PROPERTY
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.sampled_from(["roe", "poe", "vip"]), st.sampled_from(["Larch", "Oak"])),
        st.sampled_from(Mark),
        max_size=18,
    ),
    st.randoms(use_true_random=False),
)
def test_order_does_not_matter_and_nothing_is_ever_not_a_number(
    marks: dict[tuple[int, str, str], Mark], random: object
) -> None:
    given_scores = [score(f"l{number:02}", judge, mark, team=team) for (number, judge, team), mark in marks.items()]
    found = agree(given_scores, LINES)
    random.shuffle(given_scores)  # type: ignore[attr-defined]
    assert agree(given_scores, LINES) == found
    for one in found.coefficients:
        assert bool(one.why) == (one.value is None)
        assert one.value is None or (not isnan(one.value) and -1 <= one.value <= 1)
