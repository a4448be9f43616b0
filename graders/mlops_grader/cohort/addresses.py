"""Submissions from a list of git addresses: whose each is, and a clone of it that runs nothing and shows no credential."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from mlops_grader.capstone.rows import TableError
from mlops_grader.cohort import plumbing, taking
from mlops_grader.cohort.roster_text import decoded
from mlops_grader.cohort.taking import Stated, Taken
from mlops_grader.plain import plain
from mlops_grader.submission import SAFE, UsageError, safe_environment

SCHEMES = ("https", "ssh", "file")
SECONDS = 600  # of one clone
LARGEST = 2**30  # bytes of one clone
LOGINS = ("login", "username", "github_username")
URLS = ("url", "repository", "repository_url", "student_repository_url")

_SCP = re.compile(r"(?:(?P<user>[A-Za-z0-9._-]+)@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/:][^:]*)")
_HIDDEN = re.compile(r"(?<=://)[^/\s@]*@")


@dataclass(frozen=True)
class Address:
    """One line of a list. url: without a credential, as it is shown and kept. secret: user and password, for git alone.

    login: "" when the last part of the path says whose it is. wrong: why it cannot be cloned.
    """

    row: int
    url: str
    login: str = ""
    commit: str = ""
    secret: str = ""
    wrong: str = ""

    def __repr__(self) -> str:
        return f"Address({self.url!r})"


def read(path: Path) -> tuple[Address, ...]:
    """The addresses in a file: `login,url[,commit]` under a header, or one on each line. Raises TableError, by row."""
    text = decoded(path)[0]
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        raise TableError([f"`{path.name}` is empty: write an address on each line, or `login,url` for each student"])
    delimiter = max(",;\t", key=lines[0].count)
    header = [cell.strip(' "').lower() for cell in lines[0].split(delimiter)]
    if set(header) & set(URLS):
        return tuple(_table(path.name, text, delimiter))
    return tuple(_lines(path.name, text))


def _lines(name: str, text: str) -> Iterator[Address]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            if re.search(r"[\s,;]", words):
                raise TableError([f"`{name}`, row {number}: more than an address: write a header `login,url` above"])
            yield _address(number, words)


def _table(name: str, text: str, delimiter: str) -> Iterator[Address]:
    problems = []
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows.fieldnames = [cell.strip().lower() for cell in rows.fieldnames or ()]
    for number, row in enumerate(rows, 2):
        cells = {key: (value or "").strip() for key, value in row.items() if isinstance(value, str)}
        url = next(filter(None, (cells.get(column, "") for column in URLS)), "")
        login = next(filter(None, (cells.get(column, "") for column in LOGINS)), "")
        if not any(cells.values()):
            continue
        if not url:
            problems.append(f"`{name}`, row {number}: there is no address for `{plain(login)}`")
            continue
        yield _address(number, url, login, cells.get("commit", ""))
    if problems:
        raise TableError(problems)


def _address(row: int, text: str, login: str = "", commit: str = "") -> Address:
    """An address apart from its credential; what is wrong with it is kept, so that it is told where its student is."""
    scp = _SCP.fullmatch(text)
    if scp:
        text = f"ssh://{scp['user'] + '@' if scp['user'] else ''}{scp['host']}/{scp['path']}"
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return Address(row, _HIDDEN.sub("", plain(text)), login, commit, wrong="it is no address")
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    shown = plain(urlunsplit((parts.scheme, f"{user}{host}{port}", parts.path, "", "")))
    secret = parts.netloc.rpartition("@")[0] if parts.scheme == "https" else ""
    return Address(row, shown, login, commit, unquote(secret), _wrong(parts.scheme, host, parts.path, parts.query))


def _wrong(scheme: str, host: str, path: str, query: str) -> str:
    if scheme not in SCHEMES:
        return (
            f"the address begins with `{plain(scheme)}:`: {', '.join(SCHEMES)} are taken"
            if scheme
            else f"it is no address: {', '.join(SCHEMES)} are taken, such as file:///srv/class/ada"
        )
    if (scheme != "file" and not host) or host.startswith("-") or not path.strip("/"):
        return "the address names no repository"
    return "the address has a part after `?`: name the repository alone" if query else ""


def take(address: Address, work: Path) -> Taken:
    """A clone of the repository at an address. Raises UsageError, in words that hold no credential."""
    if address.wrong:
        raise UsageError(f"row {address.row}: {address.wrong}")
    clone = work / "clone"
    command = ["git", *SAFE, "-c", "submodule.recurse=false", "clone", "--quiet", "--bare",
               "--template=", "--no-recurse-submodules", "--", address.url, str(clone)]  # fmt: skip
    _run(command, _environment(address), clone, address)
    taken = taking.take(clone, work)
    stated = Stated(address.commit, f"row {address.row} of the list") if address.commit else None
    return replace(taken, stated=stated)


def _environment(address: Address) -> Mapping[str, str]:
    """git may ask its own helpers for credentials, never a person; one of the list goes in a header that no other program sees."""
    own = {
        "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
        "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
        "GIT_ASKPASS": "",
    }
    if not address.secret:
        return {**safe_environment(), **own}
    header = f"Authorization: Basic {_basic(address)}"
    key = f"http.{address.url}.extraHeader"
    return {**safe_environment(), **own, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": header}


def _basic(address: Address) -> str:
    user = address.secret if ":" in address.secret else f"{address.secret}:"
    return base64.b64encode(user.encode()).decode()


def _run(command: list[str], environment: Mapping[str, str], clone: Path, address: Address) -> None:
    log = clone.with_name("clone-log")
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _watch(process, clone)
        finally:
            plumbing.end(process)
    if process.returncode:
        said = plumbing.words(log.read_bytes()[-(2**16) :]) or f"exit code {process.returncode}"
        raise UsageError(f"git cannot clone it: {without_secrets(said, address)}")


def _watch(process: subprocess.Popen[bytes], clone: Path) -> None:
    end = time.monotonic() + SECONDS
    while process.poll() is None:
        if time.monotonic() > end:
            raise UsageError(f"cloning took more than {SECONDS // 60} minutes")
        if _size(clone) > LARGEST:
            raise UsageError(f"the repository is larger than {LARGEST // 2**30} GiB: look at what was committed")
        time.sleep(0.05)


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size  # noqa: PTH118  # many, and often
            except OSError:
                continue  # git has moved it
    return total


def without_secrets(words: str, address: Address) -> str:
    """What git said, without user names and passwords of addresses."""
    secrets = (address.secret, *address.secret.split(":", 1), _basic(address)) if address.secret else ()
    for secret in secrets:
        words = words.replace(secret, "***") if len(secret) > 3 else words
    return _HIDDEN.sub("", words)
