"""What `team.toml` may say, and the words for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from capstone.rubrics import CLASS, put, team
from mlops_grader.capstone.roster import roster
from mlops_grader.submission import UsageError
from mlops_grader.team import FILE, Member, TeamError, load

GOOD = """
name = "Team Larch"
product = "It sorts letters, for clerks."
[[members]]
id = "ada"
name = "Ada Lovelace"
emails = ["ada@example.org", "1+ada-l@users.noreply.example.com"]
github = "ada-l"
[[members]]
id = "ben"
name = "Ben Örtel"
emails = ["ben@example.org"]
[[members]]
id = "cy-2"
name = "Cy"
emails = ["cy@example.org"]
[owners]
product = "ada"
data = "ben"
model = "ada"
service = "cy-2"
operations = "ben"
"""


def wrong(folder: Path, content: str | bytes) -> tuple[str, str]:
    """What is found wrong with that file, and the way out."""
    with pytest.raises(TeamError) as raised:
        load(put(folder, FILE, content))
    return raised.value.found, raised.value.fix


def changed(old: str, new: str) -> str:
    """The good file with one text replaced."""
    assert GOOD.count(old) >= 1
    return GOOD.replace(old, new, 1)


def test_a_good_file_is_read_whole(tmp_path: Path) -> None:
    found = load(put(tmp_path, FILE, GOOD))
    assert (found.name, found.product, found.ids) == (
        "Team Larch",
        "It sorts letters, for clerks.",
        ("ada", "ben", "cy-2"),
    )
    assert found.members[0] == Member(
        "ada", "Ada Lovelace", ("ada@example.org", "1+ada-l@users.noreply.example.com"), "ada-l"
    )
    assert found.members[1].github == ""
    assert dict(found.owners) == {
        "product": "ada",
        "data": "ben",
        "model": "ada",
        "service": "cy-2",
        "operations": "ben",
    }


def test_a_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    assert load(put(tmp_path, FILE, "\ufeff" + GOOD.replace("\n", "\r\n"))).name == "Team Larch"


def test_blanks_around_values_do_not_count(tmp_path: Path) -> None:
    assert load(put(tmp_path, FILE, changed('"Team Larch"', '" Team Larch "'))).name == "Team Larch"


@pytest.mark.parametrize(
    ("old", "new", "found", "fix"),
    [
        ('name = "Team', 'nmae = "Team', "`team.toml`: has the unknown key `nmae`", "did you mean `name`?"),
        ('name = "Team Larch"', "", "`team.toml`: has no `name`", "add `name`"),
        ('"Team Larch"', '"Team\\tLarch"', r"`team.toml`: `name` is 'Team\tLarch'", "write it on one line"),
        (
            'product = "ada"',
            'product = "Ada"',
            "`team.toml`: [owners] `product` is 'Ada'",
            "use small letters, digits and dashes, as in `ada-l`",
        ),
        (
            "[owners]",
            '[owners]\nprodct = "ada"',
            "`team.toml`: [owners] has the unknown key `prodct`",
            "did you mean `product`?",
        ),
        (
            'id = "ben"',
            'id = "ben"\nmail = "x"',
            "`team.toml`: [[members]] number 2 has the unknown key `mail`",
            "did you mean `emails`?",
        ),
        (
            'id = "ben"',
            'id = "ben"\nzzz = "x"',
            "`team.toml`: [[members]] number 2 has the unknown key `zzz`",
            "known here: id, name, emails, github",
        ),
        (
            'name = "Team Larch"',
            'name = "Team Larch"\ncolour = 1',
            "`team.toml`: has the unknown key `colour`",
            "known here: name, product, members, owners",
        ),
        ('"Team Larch"', '""', "`team.toml`: `name` is ''", "fill it in"),
        ('"Team Larch"', "3", "`team.toml`: `name` is 3", "it should be a valid string"),
        (
            'id = "ben"',
            'id = "Ben"',
            "`team.toml`: [[members]] number 2 `id` is 'Ben'",
            "use small letters, digits and dashes, as in `ada-l`",
        ),
        (
            '"ben@example.org"',
            '"ben"',
            "`team.toml`: [[members]] number 2 `emails` is 'ben'",
            "write addresses as in git, such as `ada@example.org`",
        ),
        (
            '["ben@example.org"]',
            "[]",
            "`team.toml`: [[members]] number 2 `emails` is []",
            "write addresses as in git, such as `ada@example.org`",
        ),
        (
            '"ada-l"',
            '"@ada-l"',
            "`team.toml`: [[members]] number 1 `github` is '@ada-l'",
            "write the name of the account alone, without @ and without an address",
        ),
        (
            'operations = "ben"',
            "",
            "`team.toml`: [owners] has no `operations`",
            "add `operations` with the id of a member",
        ),
        (
            'data = "ben"',
            'data = "bem"',
            "`team.toml`: [owners] `data` is `bem`, who is not a member",
            "did you mean `ben`?",
        ),
        (
            'data = "ben"',
            'data = "zoe"',
            "`team.toml`: [owners] `data` is `zoe`, who is not a member",
            "known here: ada, ben, cy-2",
        ),
        ('id = "ben"', 'id = "ada"', "`team.toml`: two members have the id `ada`", "give each an id of their own"),
        (
            '"ben@example.org"',
            '"Ada@example.org"',
            "`team.toml`: two members have the address `ada@example.org`",
            "each address belongs to one person, as their commits do",
        ),
    ],
)
def test_each_fault_is_told_with_its_place(tmp_path: Path, old: str, new: str, found: str, fix: str) -> None:
    assert wrong(tmp_path, changed(old, new)) == (found, fix)


def test_one_person_may_give_an_address_twice(tmp_path: Path) -> None:
    assert load(put(tmp_path, FILE, changed('"ben@example.org"', '"ben@example.org", "Ben@example.org"')))


@pytest.mark.parametrize(("members", "told"), [(0, 0), (2, 2), (7, 7)])
def test_a_team_has_three_to_six_members(tmp_path: Path, members: int, told: int) -> None:
    one = '[[members]]\nid = "m{0}"\nname = "M"\nemails = ["m{0}@example.org"]\n'
    people = "".join(one.format(number) for number in range(members)) or "members = []\n"
    owners = "[owners]\n" + "".join(
        f'{area} = "m0"\n' for area in ("product", "data", "model", "service", "operations")
    )
    found = wrong(tmp_path, f'name = "A"\nproduct = "B"\n{people}{owners}')
    assert found == (f"`team.toml`: it has {told} members", "a team has 3 to 6, each under a line [[members]]")


@pytest.mark.parametrize("members", [3, 6])
def test_three_and_six_members_are_a_team(tmp_path: Path, members: int) -> None:
    one = '[[members]]\nid = "m{0}"\nname = "M"\nemails = ["m{0}@example.org"]\n'
    people = "".join(one.format(number) for number in range(members))
    owners = "[owners]\n" + "".join(
        f'{area} = "m0"\n' for area in ("product", "data", "model", "service", "operations")
    )
    assert len(load(put(tmp_path, FILE, f'name = "A"\nproduct = "B"\n{people}{owners}')).members) == members


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(TeamError, match=r"^there is no `team.toml`: write one that says who is in the team$"):
        load(tmp_path / FILE)


def test_a_folder_of_that_name_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(TeamError, match=r"^`team.toml` cannot be read"):
        load(tmp_path / FILE)


def test_other_encodings_are_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, GOOD.encode("utf-16")) == ("`team.toml` is not UTF-8 text", "save it as UTF-8")


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    found, fix = wrong(tmp_path, 'name = "A"\n[owners\n')
    assert ("line 2" in found, fix) == (True, "mend that line")


def test_toml_nested_without_end_is_told(tmp_path: Path) -> None:
    assert wrong(tmp_path, "a = " + "[" * 100_000)[1] == "write it flat"


def test_a_class_knows_in_which_team_each_person_is() -> None:
    assert (CLASS.team_of["hal"], sorted(CLASS.teams)) == ("Pine", ["Elm", "Larch", "Oak", "Pine"])


@pytest.mark.parametrize(
    ("teams", "words"),
    [
        ([team("Larch", "ada"), team("Larch", "ben")], "two teams are called `Larch`"),
        ([team("Larch", "ada"), team("Oak", "ada")], "`ada` is the id of a member of `Larch` and of one of `Oak`"),
        ([team("ada", "ben"), team("Oak", "ada")], "`ada` is the name of a team and the id of a person"),
    ],
)
def test_a_name_says_who_is_meant(teams: list, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UsageError, match=words):
        roster(teams)
