"""Reviews that each person owes, and the multiplier of citizenship."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capstone.rubrics import CLASS, LARCH, LINES, PEERS, PROPERTY, RUBRIC, put, review, rubric_of, score, team
from mlops_grader.capstone.peers import Rating, multiplier, read, reviewers, reviews
from mlops_grader.capstone.rows import TableError
from mlops_grader.capstone.rubric import Judge
from mlops_grader.capstone.steps import Operation

HEAD = "rater,ratee,rating\n"


def rate(text: str) -> list[Rating]:
    """Ratings such as "ada>ben:5"."""
    parts = [one.replace(">", ":").split(":") for one in text.split()]
    return [Rating(rater, ratee, int(rating)) for rater, ratee, rating in parts]


def refused(folder: Path, text: str) -> tuple[str, ...]:
    """All that is wrong with these rows."""
    with pytest.raises(TableError) as raised:
        read([put(folder, "r.csv", HEAD + text)], CLASS)
    return raised.value.problems


# reviews


def test_three_complete_reviews_of_other_teams_are_enough() -> None:
    found = reviews(review("ada", "Oak") + review("ada", "Pine", "fail") + review("ada", "Elm"), RUBRIC, CLASS)["ada"]
    assert (found.complete, found.partial, found.lacks) == (("Elm", "Oak", "Pine"), {}, ())


def test_two_reviews_are_one_too_few() -> None:
    found = reviews(review("ada", "Oak") + review("ada", "Pine"), RUBRIC, CLASS)["ada"]
    assert found.lacks == ("2 of 3 complete peer reviews are in, 1 to go",)


def test_a_review_without_every_line_is_not_complete() -> None:
    found = reviews([*review("ada", "Oak"), *review("ada", "Pine"), score("bias", "ada", team="Elm")], RUBRIC, CLASS)[
        "ada"
    ]
    assert found.partial == {"Elm": ("runbook",)}
    assert found.lacks == ("2 of 3 complete peer reviews are in, 1 to go", "the review of Elm lacks runbook")


def test_a_begun_review_beyond_the_three_is_nobodys_trouble() -> None:
    three = review("ada", "Oak") + review("ada", "Pine") + review("ada", "Elm")
    larger = rubric_of(LINES, peers=replace(PEERS, reviews=2))
    found = reviews([one for one in three if (one.team, one.line) != ("Elm", "bias")], larger, CLASS)["ada"]
    assert (found.partial, found.lacks) == ({"Elm": ("bias",)}, ())


def test_who_hands_in_nothing_lacks_all() -> None:
    assert reviews([], RUBRIC, CLASS)["kim"].lacks == ("0 of 3 complete peer reviews are in, 3 to go",)


def test_everybody_of_the_class_is_looked_at() -> None:
    assert set(reviews([], RUBRIC, CLASS)) == set(CLASS.team_of)


def test_staff_scores_are_no_reviews() -> None:
    assert reviews([score("value", "ada", team="Oak")], RUBRIC, CLASS)["ada"].partial == {}


def test_a_review_of_the_own_team_never_counts() -> None:
    assert reviews(review("ada", "Larch"), RUBRIC, CLASS)["ada"].complete == ()


def test_a_rubric_without_lines_for_peers_asks_nothing() -> None:
    bare = rubric_of(one for one in LINES if one.judge is not Judge.PEER)
    assert reviews([], bare, CLASS)["ada"].lacks == ()


def test_lines_for_each_person_are_owed_for_each() -> None:
    personal = rubric_of(replace(one, individual=True) if one.id == "bias" else one for one in LINES)
    done = [score("bias", "ada", person="dee", team="Oak"), score("runbook", "ada", team="Oak")]
    assert reviews(done, personal, CLASS)["ada"].partial == {"Oak": ("bias of eve", "bias of fay")}


def test_each_team_knows_who_reviewed_it() -> None:
    found = reviews(review("gus", "Oak") + review("ada", "Oak") + [score("bias", "ben", team="Oak")], RUBRIC, CLASS)
    assert reviewers(found, CLASS) == {"Larch": (), "Oak": ("ada", "gus"), "Pine": (), "Elm": ()}


# ratings


def test_ratings_are_read_from_csv_and_toml(tmp_path: Path) -> None:
    csv = put(tmp_path, "r.csv", HEAD + "ada,ben,5\n")
    toml = put(tmp_path, "r.toml", "[[ratings]]\nrater = 'ben'\nratee = 'ada'\nrating = 1\nnote = 'late'\n")
    assert read([csv, toml], CLASS) == (Rating("ada", "ben", 5), Rating("ben", "ada", 1))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ada,ada,5\n", "`ada` rates themselves: only team-mates are rated"),
        ("ada,dee,5\n", "`ada` is in `Larch`, `dee` in `Oak`: only team-mates are rated"),
        ("adda,ben,5\n", "there is no person `adda`: did you mean `ada`?"),
        ("ada,bem,5\n", "there is no person `bem`: did you mean `ben`?"),
        ("ada,ben,0\n", "the rating is `0`: write a whole number from 1 to 5"),
        ("ada,ben,6\n", "the rating is `6`: write a whole number from 1 to 5"),
        ("ada,ben,4.5\n", "the rating is `4.5`: write a whole number from 1 to 5"),
        ("ada,ben,\n", "`rating` is empty"),
        (",ben,4\n", "`rater` is empty"),
        ("ada,,4\n", "`ratee` is empty"),
    ],
)
def test_each_fault_of_a_rating_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert refused(tmp_path, text) == (f"`r.csv`, row 2: {words}",)


def test_the_same_rating_twice_is_told(tmp_path: Path) -> None:
    assert refused(tmp_path, "ada,ben,5\nben,ada,5\nada,ben,5\n") == (
        "`r.csv`, row 4: `ada` rated `ben` already, see `r.csv`, row 2: keep one",
    )


# the multiplier

EVERYBODY = "ada>ben:5 ada>cy:4 ben>ada:4 ben>cy:2 cy>ada:3 cy>ben:5"


def test_the_multiplier_is_the_own_mean_by_the_teams() -> None:
    """Means: ada 7/2, ben 5, cy 3; the team's 23/6."""
    found = multiplier("ada", LARCH, rate(EVERYBODY), PEERS)
    assert (found.least, found.most, found.missing, found.notes) == (Fraction(21, 23), Fraction(21, 23), (), ())


def test_the_multiplier_has_a_ceiling() -> None:
    assert multiplier("ben", LARCH, rate(EVERYBODY), PEERS).least == Fraction(21, 20)


def test_every_step_is_shown() -> None:
    steps = [(s.left, s.operation, s.right, s.result) for s in multiplier("ben", LARCH, rate(EVERYBODY), PEERS).steps]
    assert steps == [
        (Fraction(23, 2), Operation.OVER, 3, Fraction(23, 6)),
        (5, Operation.OVER, Fraction(23, 6), Fraction(30, 23)),
        (Fraction(30, 23), Operation.AT_MOST, Fraction(21, 20), Fraction(21, 20)),
    ]


def test_who_did_not_rate_is_noted_and_the_rest_counts() -> None:
    found = multiplier("ada", LARCH, rate("ada>ben:5 ada>cy:4 ben>ada:4 ben>cy:2"), PEERS)
    assert found.notes == ("cy did not rate ada, ben",)
    assert (found.least, found.most, found.missing) == (Fraction(4) / Fraction(12, 3), 1, ())


def test_a_single_rater_is_enough_for_a_mean() -> None:
    found = multiplier("ben", LARCH, rate("cy>ada:5 cy>ben:3 ada>cy:4"), PEERS)
    assert (found.least, found.most) == (Fraction(3, 4), Fraction(3, 4))


def test_whom_nobody_rated_has_a_range_and_is_told() -> None:
    """Means: ben 5, cy 4, ada 1 to 5: so 1 / (10/3) to 5 / (14/3), with the ceiling."""
    found = multiplier("ada", LARCH, rate("ada>ben:5 ada>cy:4"), PEERS)
    assert (found.least, found.most) == (Fraction(3, 10), Fraction(21, 20))
    assert found.missing == ("nobody rated ada's citizenship",)


def test_an_unrated_team_mate_leaves_the_others_a_range() -> None:
    """Means: ben 3, cy 4, ada 1 to 5: so 3 / (12/3) to 3 / (8/3)."""
    found = multiplier("ben", LARCH, rate("ada>ben:3 ada>cy:4"), PEERS)
    assert (found.least, found.most, found.missing) == (
        Fraction(3, 4),
        Fraction(21, 20),
        ("nobody rated ada's citizenship",),
    )


def test_ratings_of_other_teams_do_not_count() -> None:
    both = rate(EVERYBODY + " dee>eve:1 eve>dee:1")
    assert multiplier("ada", LARCH, both, PEERS) == multiplier("ada", LARCH, rate(EVERYBODY), PEERS)


PEOPLE = ("ada", "ben", "cy", "di", "ed", "flo")
PAIRS = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)).filter(lambda pair: pair[0] != pair[1])
RATINGS = st.dictionaries(PAIRS, st.integers(1, 5), max_size=30)


@PROPERTY
@given(RATINGS, st.randoms(use_true_random=False))
def test_the_multiplier_stays_in_its_bounds_in_any_order(drawn: dict[tuple[str, str], int], random: object) -> None:
    ratings = [Rating(*pair, rating) for pair, rating in drawn.items()]
    found = multiplier("ada", team("Six", *PEOPLE), ratings, PEERS)
    random.shuffle(ratings)  # type: ignore[attr-defined]
    assert multiplier("ada", team("Six", *PEOPLE), ratings, PEERS) == found
    assert 0 < found.least <= found.most <= Fraction(21, 20)
    assert found.missing or found.least == found.most


@PROPERTY
@given(RATINGS, st.lists(st.integers(1, 5), min_size=6, max_size=6))
def test_however_the_unrated_are_rated_the_multiplier_was_in_the_range(
    drawn: dict[tuple[str, str], int], later: list[int]
) -> None:
    six = team("Six", *PEOPLE)
    ratings = [Rating(*pair, rating) for pair, rating in drawn.items()]
    before = multiplier("ada", six, ratings, PEERS)
    rated = {one.ratee for one in ratings}
    missing = [
        Rating(PEOPLE[number - 1], person, later[number]) for number, person in enumerate(PEOPLE) if person not in rated
    ]
    after = multiplier("ada", six, ratings + missing, PEERS)
    assert after.least == after.most
    assert before.least <= after.least <= before.most
