"""Votes are counted once for each person, refused for the own team, and ties are handled as they are told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exhibits import measured
from mlops_grader.capstone.expo.entries import Entry
from mlops_grader.capstone.expo.showcase import Showcase
from mlops_grader.capstone.expo.votes import Category, Tally, TieBreak, count
from mlops_grader.capstone.rows import TableError
from mlops_grader.team import Member, Team


def entry(name: str, *ids: str) -> Entry:
    """A team with those members."""
    members = tuple(Member(one, one.title(), (f"{one}@example.org",), f"{one}-hub") for one in ids)
    return Entry(name.lower().replace(" ", "-"), Team(name, "", members, {}), Showcase(), None, None, None, ())


TEAMS = (
    entry("Larch", "ada", "ben"),
    entry("Blue Kettle", "cy"),
    entry("Paper Boats", "dan"),
    entry("Quiet Storm", "eli"),
)


def tally(tmp_path: Path, *rows: str, tie_break: TieBreak = TieBreak.NONE, seed: int = 1) -> Tally:
    """The count of those rows."""
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(["voter,category,team", *rows]) + "\n", encoding="utf-8")
    return count(path, TEAMS, tie_break, seed)


def places(category: Category) -> list[tuple[int, str, int]]:
    """Place, team and votes."""
    return [(each.place, each.entry.slug, each.votes) for each in category.placed]


def test_votes_are_counted_in_each_category(tmp_path: Path) -> None:
    """One person has a vote in each, and spelling makes no other team or category."""
    found = tally(tmp_path, "g1,Useful,Larch", "g1,Engineering,larch", "g2,useful ,LARCH", "g3,Useful,blue-kettle")
    assert [(each.name, places(each)) for each in found.categories] == [
        ("Engineering", [(1, "larch", 1)]),
        ("Useful", [(1, "larch", 2), (2, "blue-kettle", 1)]),
    ]


TIE = ("g1,Useful,Larch", "g2,Useful,Blue Kettle", "g3,Useful,Larch", "g4,Useful,Blue Kettle", "g5,Useful,Paper Boats")


def test_ties_share_a_place_and_the_next_place_is_left_out(tmp_path: Path) -> None:
    """1, 1, 3; who got no vote has no place."""
    found = tally(tmp_path, *TIE)
    assert places(found.categories[0]) == [(1, "blue-kettle", 2), (1, "larch", 2), (3, "paper-boats", 1)]
    assert "share a place" in found.rule


def test_a_lot_decides_where_it_is_asked_for_and_says_so(tmp_path: Path) -> None:
    """The same seed draws the same, the order of the rows decides nothing, and each of both can win."""
    drawn = [tally(tmp_path, *TIE, tie_break=TieBreak.LOT, seed=seed) for seed in range(20)]
    again = [tally(tmp_path, *reversed(TIE), tie_break=TieBreak.LOT, seed=seed) for seed in range(20)]
    assert [places(each.categories[0]) for each in drawn] == [places(each.categories[0]) for each in again]
    assert {places(each.categories[0])[0][1] for each in drawn} == {"larch", "blue-kettle"}
    assert [place for place, _, _ in places(drawn[0].categories[0])] == [1, 2, 3]
    assert drawn[7].rule == "Where teams had equally many votes, a lot decided (seed 7)."


def test_lines_decide_where_they_are_asked_for(tmp_path: Path) -> None:
    """The one with more lines earned comes first; where that is equal too, the place stays shared."""
    better = replace(TEAMS[0], measured=measured("larch"))
    path = tmp_path / "votes.csv"
    path.write_text("voter,category,team\n" + "\n".join(TIE), encoding="utf-8")
    decided = count(path, (better, *TEAMS[1:]), TieBreak.LINES, 1)
    shared = count(path, TEAMS, TieBreak.LINES, 1)
    assert [[place for place, _, _ in places(each.categories[0])] for each in (decided, shared)] == [
        [1, 2, 3],
        [1, 1, 3],
    ]
    assert places(decided.categories[0])[0][1] == "larch"


@pytest.mark.parametrize("voter", ["ada", "ADA@example.org", "ada-hub", "@ada-hub"])
def test_a_vote_for_the_own_team_is_refused_and_told(tmp_path: Path, voter: str) -> None:
    """By whichever name a person is known, and the other votes count."""
    found = tally(tmp_path, f"{voter},Useful,Larch", "g1,Useful,Blue Kettle")
    assert found.refused == (f"`votes.csv`, row 2: `{voter}` votes for the own team; not counted",)
    assert [(places(each), each.votes) for each in found.categories] == [([(1, "blue-kettle", 1)], 1)]


def test_a_category_in_which_no_vote_counts_is_still_there(tmp_path: Path) -> None:
    """It is not forgotten in silence."""
    assert [(each.name, places(each)) for each in tally(tmp_path, "ada,Useful,Larch").categories] == [("Useful", [])]


def test_two_votes_of_one_person_are_an_error_that_names_both_rows(tmp_path: Path) -> None:
    """Also when the person comes under two names."""
    with pytest.raises(TableError) as told:
        tally(
            tmp_path, "g1,Useful,Larch", "cy,Useful,Larch", "g1,USEFUL,Paper Boats", "cy@example.org,Useful,Paper Boats"
        )
    assert [words.partition(": ")[0] for words in told.value.problems] == ["`votes.csv`, row 4", "`votes.csv`, row 5"]
    assert "see `votes.csv`, row 2" in told.value.problems[0]


def test_everything_that_is_unclear_is_told_at_once(tmp_path: Path) -> None:
    """A team that nobody knows with what was meant, and cells that are empty."""
    with pytest.raises(TableError) as told:
        tally(tmp_path, "g1,Useful,Larhc", ",Useful,Larch", "g3,,Larch")
    assert [words.partition(": ")[0] for words in told.value.problems].count("`votes.csv`, row 2") == 1
    assert (len(told.value.problems), "did you mean `Larch`?" in str(told.value)) == (3, True)
