"""Lists of addresses: whose each is, what is cloned, and that no credential is kept."""

from __future__ import annotations

import base64
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cohort.handed_in import EVE, Desk, commit, git, repository
from mlops_grader.capstone.rows import TableError
from mlops_grader.cohort import addresses
from mlops_grader.cohort.addresses import Address
from mlops_grader.submission import UsageError

TOKEN = "hunter2-0123456789"  # noqa: S105  # invented


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A run, and a place for a list."""
    return Desk(tmp_path)


def listed(desk: Desk, *lines: str) -> Path:
    path = desk.folder / "list.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def url(desk: Desk) -> Callable[[str], str]:
    """The address of a new repository of that name."""

    def address(name: str) -> str:
        return f"file://{repository(desk.folder / 'host' / name)}"

    return address


def test_a_table_of_addresses(desk: Desk, url: Callable[[str], str]) -> None:
    """Logins in any letters; a commit that is stated counts."""
    first = url("first")
    stated = git(desk.folder / "host/first", "rev-parse", "HEAD")
    commit(desk.folder / "host/first", {"more.py": "x"}, EVE)
    source = listed(desk, '"login","url",commit', f"ADA,{first},{stated[:12]},more", ",,", f"bob,{url('second')},")
    ada, bob = desk.collect("ada", "bob", source=source).submissions
    assert (ada.problem, ada.commit, ada.place, ada.notes[0]) == (
        "",
        stated,
        first,
        "row 2 of the list names this commit",
    )
    assert bob.problem == ""


def test_an_address_on_each_line(desk: Desk, url: Callable[[str], str]) -> None:
    """The last part of the path says whose it is; what fits nobody is named."""
    source = listed(desk, "# our class", url("m06-ada") + "/", "", url("m06-zoe"))
    found = desk.collect("ada", source=source)
    assert found.submissions[0].problem == ""
    assert found.strays == (f"row 4: file://{desk.folder}/host/m06-zoe",)


def test_a_login_that_nobody_has(desk: Desk) -> None:
    """Is named with its row, and nothing is guessed from the address."""
    found = desk.collect("ada", source=listed(desk, "login;url", "zoe;https://git.example/ada"))
    assert (found.submissions[0].problem, found.strays) == (
        "nothing was handed in",
        ("row 2: zoe, https://git.example/ada",),
    )


def test_two_addresses_of_one_student(desk: Desk) -> None:
    """Both are named."""
    source = listed(desk, "login,url", "ada,https://git.example/a", "ada,https://git.example/b")
    (found,) = desk.collect("ada", source=source).submissions
    assert (
        found.problem
        == "`https://git.example/a` and `https://git.example/b` are all of this student: leave one of them"
    )


def test_a_commit_that_is_not_there(desk: Desk, url: Callable[[str], str]) -> None:
    """Nothing else is graded in its place."""
    source = listed(desk, "login,url,commit", f"ada,{url('a')},{'0' * 40}")
    assert "row 2 of the list names the commit" in desk.collect("ada", source=source).submissions[0].problem


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("ext::sh -c touch% x", "the address begins with `ext:`"),
        ("http://git.example/a", "the address begins with `http:`: https, ssh, file are taken"),
        ("git://git.example/a", "the address begins with `git:`"),
        ("--upload-pack=evil", "it is no address"),
        ("/etc", "it is no address: https, ssh, file are taken, such as file:///"),
        ("ssh://-oProxyCommand=evil/a", "the address names no repository"),
        ("https:///a", "the address names no repository"),
        ("https://git.example/", "the address names no repository"),
        ("https://git.example/a?token=x", "the address has a part after `?`"),
        ("https://git.example:port/a", "it is no address"),
    ],
)
def test_addresses_that_are_refused(desk: Desk, address: str, words: str) -> None:
    """With the row, before git sees them."""
    (found,) = desk.collect("ada", source=listed(desk, "login,url", f"ada,{address}")).submissions
    assert found.problem.startswith("row 2: ")
    assert words in found.problem


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            ["login,url", "ada,", "bob,"],
            ("row 2: there is no address for `ada`", "row 3: there is no address for `bob`"),
        ),
        (["ada https://git.example/a"], ("row 1: more than an address: write a header `login,url` above",)),
    ],
)
def test_a_list_that_is_none(desk: Desk, lines: list[str], words: tuple[str, ...]) -> None:
    """Everything that is wrong, by row."""
    with pytest.raises(TableError) as refused:
        desk.collect("ada", source=listed(desk, *lines))
    assert refused.value.problems == tuple(f"`list.csv`, {word}" for word in words)


def test_an_empty_list(desk: Desk) -> None:
    """Says what belongs in it."""
    with pytest.raises(TableError, match=r"`list.csv` is empty: write an address on each line"):
        desk.collect("ada", source=listed(desk, ""))


@pytest.mark.parametrize(
    ("written", "shown", "secret"),
    [
        (f"https://user:{TOKEN}@git.example/a.git", "https://git.example/a.git", f"user:{TOKEN}"),
        (f"https://{TOKEN}@git.example:8443/a", "https://git.example:8443/a", TOKEN),
        (f"https://u:{TOKEN}%40x@git.example/a", "https://git.example/a", f"u:{TOKEN}@x"),
        (f"ssh://git:{TOKEN}@git.example/a", "ssh://git@git.example/a", ""),
        ("git@git.example:class/a.git", "ssh://git@git.example/class/a.git", ""),
        ("git.example:a", "ssh://git.example/a", ""),
        (f"https://{TOKEN}@git.example:port/a", "https://git.example:port/a", ""),
        (f"http://{TOKEN}@git.example/a", "http://git.example/a", ""),
        (f"https://git.example/a?token={TOKEN}", "https://git.example/a", ""),
        (f"https://git.example/a#{TOKEN}", "https://git.example/a", ""),
    ],
)
def test_a_credential_is_kept_apart(desk: Desk, written: str, shown: str, secret: str) -> None:
    """It is in nothing that is shown or kept."""
    (one,) = addresses.read(listed(desk, "login,url", f"ada,{written}"))
    assert (one.url, one.secret) == (shown, secret)
    assert TOKEN not in repr(one)


@pytest.mark.parametrize(("written", "sent"), [(f"user:{TOKEN}", f"user:{TOKEN}"), (TOKEN, f"{TOKEN}:")])
def test_git_gets_the_credential_in_a_header(desk: Desk, written: str, sent: str) -> None:
    """Not in its arguments, which every user of the machine can see, and for this address alone."""
    (one,) = addresses.read(listed(desk, "login,url", f"ada,https://{written}@git.example/a"))
    environment = addresses._environment(one)
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://git.example/a.extraHeader"
    header = environment["GIT_CONFIG_VALUE_0"].removeprefix("Authorization: Basic ")
    assert base64.b64decode(header).decode() == sent


def program(desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> Path:
    """A program that is found before any other of its name."""
    path = desk.folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    return path


@pytest.mark.parametrize(
    "said",
    [
        f"user:{TOKEN}",
        TOKEN,
        f"https://x:{TOKEN}@git.example",
        "https://other:password-of-another@git.example",
        f"Authorization: Basic {base64.b64encode(f'user:{TOKEN}'.encode()).decode()}",
        "$*",
    ],
)
def test_a_clone_that_fails_shows_no_credential(desk: Desk, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Whatever git says of the address."""
    program(desk, monkeypatch, "git", f'echo "fatal: {said}" >&2\nexit 128')
    source = listed(desk, "login,url", f"ada,https://user:{TOKEN}@git.example/a")
    found = desk.collect("ada", source=source)
    assert found.submissions[0].problem.startswith("git cannot clone it: fatal: ")
    words = repr(found) + repr(desk.told)
    assert not [secret for secret in (TOKEN, "password-of-another", "dXNlcjpo") if secret in words]
    assert not [path for path in desk.run.rglob("*") if path.is_file()]


def test_a_clone_that_fails_without_a_word(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code is told, whichever it is."""
    program(desk, monkeypatch, "git", "exit 3")
    (found,) = desk.collect("ada", source=listed(desk, "login,url", "ada,https://git.example/a")).submissions
    assert found.problem == "git cannot clone it: exit code 3"


def test_a_clone_asks_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window with a question would hold a class up; ssh may use keys, and git its helpers."""
    asks = program(desk, monkeypatch, "asks", f"touch {desk.folder}/asked; echo word")
    for name in ("GIT_ASKPASS", "SSH_ASKPASS"):
        monkeypatch.setenv(name, str(asks))
    environment = addresses._environment(Address(2, "https://git.example/a"))
    said = subprocess.run(
        ["git", "credential", "fill"],
        env=dict(environment),
        input=b"protocol=https\nhost=git.example\n\n",
        capture_output=True,
        check=False,
    )
    assert b"terminal prompts disabled" in said.stderr
    assert not (desk.folder / "asked").exists()
    program(desk, monkeypatch, "ssh", f'echo "$@" > {desk.folder}/ssh-said; exit 1')
    desk.collect("ada", source=listed(desk, "login,url", "ada,git@git.example:a"))
    assert "-oBatchMode=yes" in (desk.folder / "ssh-said").read_text()


def test_a_clone_goes_nowhere_else(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this person's own configuration makes of an address, and whatever their shell says of git."""
    home = desk.folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[protocol]\nallow = always\n[url "ext::touch {desk.folder}/ran #"]\ninsteadOf = https://git.example/\n'
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", str(desk.folder / "elsewhere"))
    monkeypatch.setenv("GIT_TRACE", str(desk.folder / "trace"))
    (found,) = desk.collect("ada", source=listed(desk, "login,url", "ada,https://git.example/a")).submissions
    assert found.problem == "git cannot clone it: fatal: transport 'ext' not allowed"
    assert not [name for name in ("ran", "trace", "elsewhere") if (desk.folder / name).exists()]


def test_a_repository_that_is_not_there(desk: Desk) -> None:
    """git's own words, without a question to anybody."""
    (found,) = desk.collect("ada", source=listed(desk, "login,url", f"ada,file://{desk.folder}/none")).submissions
    assert found.problem.startswith("git cannot clone it: fatal: ")
    assert found.place == f"file://{desk.folder}/none"


def test_a_clone_has_an_end(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """In time and in size; what git has started ends with it."""
    marker = desk.folder / "still-alive"
    script = (
        f'(sleep 0.4; touch {marker}) &\nfor last in "$@"; do :; done\n'
        'mkdir -p "$last"; head -c 5000 /dev/zero > "$last/pack"\nsleep 60'
    )
    program(desk, monkeypatch, "git", script)
    one = Address(2, "https://git.example/a")
    for limit, value, words in (("SECONDS", 0, "more than 0 minutes"), ("LARGEST", 1000, "larger than")):
        (desk.folder / limit).mkdir()
        with monkeypatch.context() as patch:
            patch.setattr(addresses, limit, value)
            with pytest.raises(UsageError, match=words):
                addresses.take(one, desk.folder / limit)
    time.sleep(0.6)
    assert not marker.exists()


def test_a_clone_runs_nothing(desk: Desk, url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    """No hook of a template, no submodule, no filter of this person's own configuration."""
    trap = desk.folder / "trap"
    trap.write_text(f"#!/bin/sh\necho ran >> {desk.folder}/ran\n")
    trap.chmod(0o755)
    template = desk.folder / "template/hooks"
    template.mkdir(parents=True)
    (template / "post-checkout").symlink_to(trap)
    home = desk.folder / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        f'[init]\ntemplateDir = {desk.folder}/template\n[filter "evil"]\nsmudge = {trap}\nclean = {trap}\n[submodule]\nrecurse = true\n'
    )
    monkeypatch.setenv("HOME", str(home))
    address = url("a")
    folder = desk.folder / "host/a"
    git(folder, "submodule", "--quiet", "add", url("lib"), "lib")
    commit(folder, {".gitattributes": "* filter=evil\n"})
    (found,) = desk.collect("ada", source=listed(desk, "login,url", f"ada,{address}")).submissions
    assert found.problem == ""
    assert "`lib`: submodules are left empty" in found.notes
    assert not (desk.folder / "ran").exists()
