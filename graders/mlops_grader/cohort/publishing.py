"""Feedback as issues in the students' own repositories, through `gh`: private ones only, and never twice for the same grade."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from mlops_grader.cohort import letters
from mlops_grader.cohort.gradebook import ABSENT, ERROR, WAITING, Entry
from mlops_grader.cohort.places import Repository, repository
from mlops_grader.cohort.records import Settings
from mlops_grader.plain import plain
from mlops_grader.submission import UsageError

PUSHED = "feedback-pushed.jsonl"  # in the run's folder: a line before each issue is made, and one after
LONGEST = 65_536  # characters of an issue, says GitHub
POINTER = "\n\n**This is cut off: an issue has an end.** The whole report is what the command above shows.\n"
PAUSE = 1.0  # seconds between two issues: GitHub refuses more than 80 new things in a minute
PATIENCE = 120  # seconds for one answer
BEGUN, DONE = "begun", "done"
WAYS = {
    ERROR: "its last try ended in an error: look at it first",
    WAITING: "the last work is not graded yet",
    ABSENT: "nothing was handed in",
}

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """How to push. dry: only say what would be done. even_public: in repositories that everybody can read, too."""

    run: Path
    dry: bool = False
    even_public: bool = False


@dataclass(frozen=True)
class Issue:
    """What a student gets. key: the attempt and the decision that it tells of; the title names both, so that it is found again."""

    student: str
    key: str
    repository: Repository
    title: str
    body: str

    @property
    def place(self) -> str:
        """The repository as `gh` wants it."""
        return f"{self.repository.host}/{self.repository.owner}/{self.repository.name}"


def push(chosen: Sequence[Entry], everybody: Sequence[Entry], settings: Settings, asked: Asked, tell: Tell) -> bool:
    """Make an issue for each of these students who has none for this grade. Whether all went well. Raises UsageError without `gh`."""
    shared = {place for place, count in Counter(map(_repository, everybody)).items() if place and count > 1}
    issues = list(_issues(chosen, shared, settings.module, tell))
    if asked.dry:
        for issue in issues:
            known = _state(asked.run).get((issue.student, issue.key), {}).get("state") == DONE
            tell(
                f"{issue.student}: {'is there already' if known else 'would make'}: {issue.title} ({issue.repository.address})"
            )
        return True
    if shutil.which("gh") is None:
        raise UsageError(
            "--push needs `gh`, which is not on PATH: install the GitHub CLI and log in with `gh auth login`"
        )
    with filelock.FileLock(asked.run / ".feedback.lock"):
        return not [issue for issue in issues if not _sent(issue, asked, tell)]


def _issues(entries: Sequence[Entry], shared: set[Repository], module: str, tell: Tell) -> Iterator[Issue]:
    """The issues to make; for everybody else the reason why there is none."""
    for entry in entries:
        place = _repository(entry)
        if entry.status in WAYS and entry.override is None:
            tell(f"{entry.student.id}: no issue: {WAYS[entry.status]}")
        elif place is None:
            found = plain(entry.submission.place) if entry.submission else ""
            tell(f"{entry.student.id}: no issue: {f'`{found}` has no address on the web' if found else WAYS[ABSENT]}")
        elif place in shared:
            tell(f"{entry.student.id}: no issue: others in the class have the repository {place.address}, too")
        else:
            yield _issue(entry, place, module)


def _repository(entry: Entry) -> Repository | None:
    return repository(entry.submission.place) if entry.submission else None


def _issue(entry: Entry, place: Repository, module: str) -> Issue:
    number = entry.attempt.number if entry.attempt else 0
    decided = f"{entry.override.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if entry.override else ""
    title = f"Feedback on {module}, attempt {number}" + (f", decision of {decided} UTC" if decided else "")
    body = shortened(letters.as_markdown(letters.letter(entry, module)))
    return Issue(entry.student.id, f"{number} {decided}".strip(), place, title, body)


def shortened(body: str, longest: int = LONGEST) -> str:
    """The text as far as an issue can hold it: whole lines, no block of code left open, and where the rest is."""
    if len(body) <= longest:
        return body
    kept, room, fence = [], longest - len(POINTER) - 20, ""
    for line in body.splitlines():
        room -= len(line) + 1
        if room < len(fence):
            break
        kept.append(line)
        if fence:
            fence = "" if line == fence else fence
        elif line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
    return "\n".join([*kept, *([fence] * bool(fence))]) + POINTER


def _sent(issue: Issue, asked: Asked, tell: Tell) -> bool:
    """Make one issue, unless it is there. Every failure is told, and the next student's turn comes."""
    known = _state(asked.run).get((issue.student, issue.key), {})
    if known.get("state") == DONE:
        tell(f"{issue.student}: is there already: {known.get('address')}")
        return True
    try:
        found = _found(issue) if known else ""  # an earlier push was cut off just then
        if not found:
            _must_be_private(issue, asked)
            _record(asked.run, issue, BEGUN, "")
            found = _gh(
                "issue", "create", "--repo", issue.place, "--title", issue.title, "--body-file", "-", given=issue.body
            )
            time.sleep(PAUSE)
    except UsageError as error:
        tell(f"{issue.student}: no issue: {error}")
        return False
    _record(asked.run, issue, DONE, found)
    tell(f"{issue.student}: {found}")
    return True


def _must_be_private(issue: Issue, asked: Asked) -> None:
    if asked.even_public:
        return
    if _gh("repo", "view", issue.place, "--json", "isPrivate", "--jq", ".isPrivate") != "true":
        raise UsageError(f"everybody can read {issue.repository.address}: make it private, or push with --even-public")


def _found(issue: Issue) -> str:
    """The address of an issue with that very title, or ""."""
    fields = ("--state", "all", "--limit", "1000", "--json", "title,url")
    listed = json.loads(_gh("issue", "list", "--repo", issue.place, *fields) or "[]")
    return next((str(each["url"]) for each in listed if each["title"] == issue.title), "")


def _gh(*words: str, given: str = "") -> str:
    """What `gh` answers. Raises UsageError with its own words when it refuses."""
    own = {"GH_PROMPT_DISABLED": "1", "GH_NO_UPDATE_NOTIFIER": "1", "NO_COLOR": "1"}
    try:
        done = subprocess.run(
            ["gh", *words], input=given, env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=PATIENCE
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"`gh {words[0]} {words[1]}` did not answer: {error}") from None
    if done.returncode:
        raise UsageError(f"`gh {words[0]} {words[1]}` says: {plain(done.stderr).strip() or done.returncode}")
    return plain(done.stdout).strip()


def _state(run: Path) -> Mapping[tuple[str, str], Mapping[str, str]]:
    """The last line of each student and grade. A line that was cut off says nothing."""
    path = run / PUSHED
    found = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            told = json.loads(line)
        except ValueError:
            continue
        found[told["student"], told["key"]] = told
    return found


def _record(run: Path, issue: Issue, state: str, address: str) -> None:
    line = {
        "student": issue.student,
        "key": issue.key,
        "state": state,
        "address": address,
        "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }
    with (run / PUSHED).open("a", encoding="utf-8") as file:
        file.write(f"\n{json.dumps(line)}\n")  # the blank line ends one that was cut off
        file.flush()
        os.fsync(file.fileno())
