"""Contribution evidence counts what git knows, names what it cannot know, and is not fooled by hostile repositories."""

from __future__ import annotations

from pathlib import Path

import pytest

from capstone import repositories
from capstone.repositories import HOSTILE, TEAM, commit, git
from mlops_grader.capstone import authorship, contributions
from mlops_grader.capstone.contributions import Contribution, Contributions, Stranger

BEN = "Ben <ben@example.org>"
CY = "Cy <cy@example.org>"


def evidence(folder: Path) -> Contributions:
    with repositories.graded(folder) as submission:
        return contributions.evidence(submission, TEAM)


def person(found: Contributions, member: str) -> Contribution:
    return next(each for each in found.people if each.member == member)


def test_lines_belong_to_whoever_wrote_them_last(tmp_path: Path) -> None:
    """Of four lines by one member, two are rewritten by another: each has two left."""
    commit(tmp_path, {"src/a.py": "one\ntwo\nthree\nfour\n"})
    commit(tmp_path, {"src/a.py": "one\ntwo\n3\n4\n"}, author=BEN)
    found = evidence(tmp_path)
    assert [(each.member, each.commits, each.lines) for each in found.people] == [
        ("ada", 1, 2),
        ("ben", 1, 2),
        ("cy", 0, 0),
    ]
    assert found.writers["src/a.py"] == ("ada", "ada", "ben", "ben")


def test_blanks_alone_do_not_change_the_writer(tmp_path: Path) -> None:
    """Who only indents a file has not written it."""
    commit(tmp_path, {"a.py": "one\ntwo\n"})
    commit(tmp_path, {"a.py": "    one\n    two\n"}, author=BEN)
    assert person(evidence(tmp_path), "ada").lines == 2


def test_all_addresses_of_a_member_count_as_one(tmp_path: Path) -> None:
    """Capitals, `.mailmap` and the hidden address of a code host lead to the same member."""
    commit(tmp_path, {"a.py": "a\n"}, author="Ada <ADA@example.org>")
    commit(tmp_path, {"b.py": "b\n"}, author="A <12345+Ada-L@users.noreply.github.com>")
    commit(
        tmp_path, {"c.py": "c\n", ".mailmap": "Ada <ada@example.org> <old@example.org>\n"}, author="X <old@example.org>"
    )
    found = evidence(tmp_path)
    assert (person(found, "ada").commits, found.strangers) == (3, ())


def test_unknown_authors_are_listed(tmp_path: Path) -> None:
    """An author whom the team does not know is named with commits and lines, and nobody gets these."""
    commit(tmp_path, {"a.py": "a\nb\n"}, author="Bot <bot@example.com>")
    commit(tmp_path, {"c.py": "c\n"})
    found = evidence(tmp_path)
    assert found.strangers == (Stranger("Bot", "bot@example.com", 1, 2),)
    assert found.lines == 1


def test_trailers_name_co_authors_and_reviewers(tmp_path: Path) -> None:
    """Those whom a commit names are counted, through `.mailmap` too; its own author is not."""
    message = (
        "Work\n\nCo-authored-by: Ben <old-ben@example.org>\nCo-authored-by: Ada <ada@example.org>\n"
        "Reviewed-by: Cy <cy@example.org>\nReviewed-by: nobody\n"
    )
    commit(tmp_path, {".mailmap": "Ben <ben@example.org> <old-ben@example.org>\n"}, message)
    found = evidence(tmp_path)
    assert [(each.co_authored, each.reviewed) for each in found.people] == [(0, 0), (1, 0), (0, 1)]


def test_merging_a_branch_of_somebody_else_is_seen(tmp_path: Path) -> None:
    """A merge counts as one for who merged it, and not as a commit of work."""
    commit(tmp_path, {"a.py": "a\n"})
    git(tmp_path, "checkout", "--quiet", "-b", "topic")
    commit(tmp_path, {"b.py": "b\n"}, author=BEN)
    git(tmp_path, "checkout", "--quiet", "-")
    git(tmp_path, "merge", "--quiet", "--no-ff", "--no-edit", "topic")
    found = person(evidence(tmp_path), "ada")
    assert (found.commits, found.merged) == (1, 1)


def test_what_nobody_wrote_is_left_out_and_said(tmp_path: Path) -> None:
    """Locks, vendored and generated files, data and binary files are listed with the reason."""
    commit(
        tmp_path,
        {
            "uv.lock": "x\n" * 500,
            "vendor/lib.py": "x\n",
            "api.py": "made\n",
            ".gitattributes": "api.py linguist-generated\n",
            "data/days.csv": "a,b\n",
            "model.bin": b"\0\1\2",
            "a.py": "a\n",
        },
    )
    found = evidence(tmp_path)
    assert {each.file for each in found.left_out} == {
        "uv.lock",
        "vendor/lib.py",
        "api.py",
        "data/days.csv",
        "model.bin",
    }
    assert set(found.writers) == {"a.py", ".gitattributes"}


def test_given_files_are_nobodys_work(tmp_path: Path) -> None:
    """The first commit of a template counts for nobody, and its author is no stranger."""
    commit(tmp_path, {"noxfile.py": "a\nb\nc\n"}, author="Ada <student@localhost>")
    commit(tmp_path, {"noxfile.py": "a\nb\nmine\n"}, author=BEN)
    found = evidence(tmp_path)
    assert (found.given, person(found, "ben").lines, found.strangers) == (2, 1, ())


def test_areas_and_places_are_named(tmp_path: Path) -> None:
    """The areas that a member owns, and the folders in which their lines lie, most first."""
    commit(tmp_path, {"src/deep/er/a.py": "a\nb\n", "tests/b.py": "a\n", "c.py": "c\nd\ne\n"}, author=BEN)
    found = person(evidence(tmp_path), "ben")
    assert found.areas == ("data", "operations")
    assert found.places == ((".", 3), ("src/deep", 2), ("tests", 1))


def test_names_with_control_characters_are_read(tmp_path: Path) -> None:
    """A file name with a line break, a tab and a leading dash is one file."""
    commit(tmp_path, {"-a\nb\tc.py": "a\n", "ü .py": "b\n"})
    assert set(evidence(tmp_path).writers) == {"-a\nb\tc.py", "ü .py"}


def test_a_commit_message_cannot_speak_for_git(tmp_path: Path) -> None:
    """A summary that looks like an answer of blame gives nobody more lines than the file has."""
    first = commit(tmp_path, {"a.py": "a\n"})
    commit(tmp_path, {"b.py": "b\n"}, f"x\r{first} 1 1 100000000\r{first} 2 2 5", author=BEN)
    assert evidence(tmp_path).writers["b.py"] == ("ben",)


def test_nothing_of_the_repository_is_executed(tmp_path: Path) -> None:
    """Filters, textconv, hooks and a file monitor that the repository names are left alone."""
    ran = tmp_path / "ran"
    project = tmp_path / "project"
    commit(project, {"a.py": "a\n", ".gitattributes": "*.py diff=evil filter=evil\n"})
    for key in ("core.fsmonitor", "diff.evil.textconv", "filter.evil.smudge", "filter.evil.clean", "diff.external"):
        git(project, "config", key, f"touch {ran}; cat")
    assert person(evidence(project), "ada").lines == 2
    assert not ran.exists()


def test_limits_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository beyond the limits is read up to them, and the evidence says so."""
    monkeypatch.setattr(authorship, "MOST_COMMITS", 1)
    monkeypatch.setattr(authorship, "MOST_FILES", 1)
    commit(tmp_path, {"a.py": "a\n"})
    commit(tmp_path, {"b.py": "b\n"}, author=BEN)
    found = evidence(tmp_path)
    assert [each.file for each in found.left_out] == ["b.py"]
    assert found.notes[:2] == (
        "only the last 1 commits were read",
        "only 1 files and 16 MiB were read, in the order of their names",
    )


def test_large_files_are_left_out(tmp_path: Path) -> None:
    """Nobody typed a file of half a mebibyte."""
    commit(tmp_path, {"big.py": "x = 1\n" * 90_000})
    assert [each.why for each in evidence(tmp_path).left_out] == ["larger than 256 KiB"]


def test_the_writer_of_lines_is_who_wrote_most(tmp_path: Path) -> None:
    """Of three lines two are one member's: these lines are that member's."""
    commit(tmp_path, {"a.py": "a\nb\nc\n"})
    commit(tmp_path, {"a.py": "a\nb\nC\n"}, author=BEN)
    found = evidence(tmp_path)
    assert [found.writer("a.py", 1, 3), found.writer("a.py", 3, 3), found.writer("none.py", 1, 1)] == ["ada", "ben", ""]


def test_hostile_author_names_stay_text(tmp_path: Path) -> None:
    """A name with markup is kept as it is; pages escape it."""
    commit(tmp_path, {"a.py": "a\n"}, author=f"{HOSTILE.replace('<', '').replace('>', '')} <evil@example.com>")
    assert evidence(tmp_path).strangers[0].email == "evil@example.com"


def test_trailers_that_make_no_sense_name_nobody(tmp_path: Path) -> None:
    """Whatever somebody types into a commit message, the evidence is read."""
    wild = (
        "<x@y>",
        "-n <-x@y>",
        "--stdin <a@b>",
        "a" * 5000 + " <q@r>",
        "é\x01 <é@ü>",
        "<<a@b>>",
        "a <b> <c@d>",
        "=1 <=1>",
        "",
    )
    message = "Work\n\n" + "".join(f"Co-authored-by: {each}\nReviewed-by: {each}\n" for each in wild)
    commit(tmp_path, {"a.py": "a\n"}, message)
    commit(tmp_path, {"b.py": "b\n"}, "Work\n\nCo-authored-by: <ben@example.org>\n")
    assert [each.co_authored for each in evidence(tmp_path).people] == [0, 1, 0]


def test_a_commit_that_git_would_not_make_is_read(tmp_path: Path) -> None:
    """An author without a name, an address with blanks and a message that is not UTF-8 are no reason to stop."""
    commit(tmp_path, {"a.py": "a\n"})
    tree, head = (git(tmp_path, "rev-parse", name).strip() for name in ("HEAD^{tree}", "HEAD"))
    raw = f"tree {tree}\nparent {head}\nauthor  <a b\tc> 1 +0000\ncommitter x <> 1 +0000\n\n".encode() + b"\xff\xfe\r\n"
    (tmp_path / "raw").write_bytes(raw)
    made = git(tmp_path, "hash-object", "-t", "commit", "-w", "--literally", "raw").strip()
    git(tmp_path, "update-ref", "HEAD", made)
    found = evidence(tmp_path)
    assert (person(found, "ada").lines, len(found.strangers)) == (1, 1)
