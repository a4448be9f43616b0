"""What a class hands in, for tests: repositories with dated commits, a small handout, and a run that takes them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from mlops_grader.cohort import handout, intake
from mlops_grader.cohort.handout import Handout
from mlops_grader.cohort.intake import Collected
from mlops_grader.cohort.records import Settings, Student, Submission

Files = Mapping[str, str | bytes]

DEADLINE = datetime(2026, 3, 2, 12, tzinfo=UTC)
EARLY, EVE, LATE, LATER = (datetime(2026, 3, day, 10, tzinfo=UTC) for day in (1, 2, 3, 4))
GIVEN: Files = {
    "product.toml": 'name = "noshow"\n',
    "course.toml": 'module = "m06_containers"\n',
    "lessons/m06.md": "# Containers\n",
    "run.sh": "#!/bin/sh\n",
    "noshow/api.py": "given = 1\n",
}
OWN: Files = {"Dockerfile": "FROM scratch\n", "noshow/mine.py": "mine = 1\n"}
SETTINGS = Settings("run", "m06_containers", 1, "roster.csv", "in", datetime(2026, 3, 5, tzinfo=UTC))
DUE = replace(SETTINGS, deadline=DEADLINE)


def git(folder: Path, *arguments: str, at: datetime = EARLY, stdin: bytes = b"") -> str:
    """Run git as a student does, at an instant."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    person = {f"GIT_{role}_{key}": "a@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_COMMITTER_DATE": at.isoformat()}
    command = [
        "git",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "protocol.file.allow=always",
        "-C",
        str(folder),
        *arguments,
    ]
    done = subprocess.run(command, env={**kept, **person, **own}, input=stdin, capture_output=True, check=True)
    return done.stdout.decode().strip()


def write(folder: Path, files: Files) -> None:
    """Write files below a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def repository(folder: Path, files: Files | None = None, at: datetime = EARLY) -> Path:
    """A repository with one commit; without files, the project as it is handed out, and a little of their own."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    commit(folder, {**GIVEN, **OWN} if files is None else files, at)
    return folder


def commit(folder: Path, files: Files, at: datetime = EARLY) -> str:
    """Commit files; the name of the commit."""
    write(folder, files)
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message=work", at=at)
    return git(folder, "rev-parse", "HEAD")


def students(*logins: str) -> tuple[Student, ...]:
    """Students with these logins."""
    return tuple(Student(login.lower(), login, login.title(), row=row) for row, login in enumerate(logins, 2))


def handed_out(folder: Path, given: Files = GIVEN, programs: Iterable[str] = ("run.sh",)) -> Path:
    """A handout with these given files and a stub, in the format of the export."""
    repo = folder / "repository"
    write(repo, {**given, "Dockerfile": "# TODO(m06)\n"})
    for name in set(programs) & set(given):
        (repo / name).chmod(0o755)
    git(repo, "init", "--quiet")
    name = commit(repo, {})
    document = {
        "schema": "mlops-grader/given/v1",
        "module": "m06_containers",
        "grader": "0.1.0",
        "commit": name,
        "given": {path: digest(content) for path, content in given.items()},
        "student": ["Dockerfile"],
    }
    (folder / "given.json").write_text(json.dumps(document))
    return folder


def digest(content: str | bytes) -> str:
    """The SHA-256 of a content."""
    return hashlib.sha256(content if isinstance(content, bytes) else content.encode()).hexdigest()


@dataclass
class Desk:
    """A run that takes what lies in a folder."""

    folder: Path
    told: list[tuple[str, str]] = field(default_factory=list)

    @property
    def source(self) -> Path:
        """Where students' work lies."""
        return self.folder / "in"

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self.folder / "run"

    def collect(
        self,
        *logins: str | Student,
        settings: Settings = SETTINGS,
        given: Handout | None = None,
        source: Path | None = None,
    ) -> Collected:
        """Take the work of students with these logins."""
        people = [one if isinstance(one, Student) else students(one)[0] for one in logins]
        return intake.collect(
            source or self.source, people, settings, given, self.run, lambda who, words: self.told.append((who, words))
        )

    def one(
        self, login: str | Student = "ada", settings: Settings = SETTINGS, given: Handout | None = None
    ) -> Submission:
        """Take the work of one student."""
        return self.collect(login, settings=settings, given=given).submissions[0]

    def handout(self, given: Files = GIVEN) -> Handout:
        """A handout of these given files."""
        return handout.load(handed_out(self.folder / "handout" / "m06_containers", given))

    def parcel(self, submission: Submission) -> Path:
        """A clone of a parcel."""
        target = self.folder / f"parcel-{submission.student}"
        git(self.folder, "clone", "--quiet", str(self.run / submission.parcel), str(target))
        return target


def tree(folder: Path) -> dict[str, str]:
    """The content of every file that the last commit of a repository has, by path; links and submodules by their mode."""
    found = {}
    for line in filter(None, git(folder, "ls-tree", "-r", "-z", "HEAD").split("\0")):
        facts, _, name = line.partition("\t")
        mode, kind, blob = facts.split()
        found[name] = git(folder, "cat-file", "blob", blob) if kind == "blob" and mode != "120000" else mode
    return found


def text(files: Files) -> dict[str, str]:
    """Files as `tree` gives them."""
    return {
        name: (content if isinstance(content, str) else content.decode()).strip() for name, content in files.items()
    }
