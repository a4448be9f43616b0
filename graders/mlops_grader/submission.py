"""A student's project as the checks see it: what a clean clone of it would hold, and nothing else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_grader import contract
from mlops_grader.check import Fail, Finding
from mlops_grader.owner import as_owner
from mlops_grader.theirs import Theirs, copy_folder

COURSE_FILE = "course.toml"
LARGEST_FILE = 100 * 2**20  # bytes; code hosts refuse larger files
GIT_SECONDS = 900
TEXT_LIMIT = 2**20  # bytes that are read of any file that is shown or parsed


class UsageError(Exception):
    """The grader was asked for something that it cannot do; one line that says what to do instead."""


@dataclass(frozen=True)
class Submission:
    """One project at one commit, or its working tree as it would be committed.

    source: where the student works. root: the project in a clean clone, which the grader owns.
    files: what git tracks there, relative to root. commit is None before the first one.
    problems: what makes the clone unfit to be graded.
    """

    source: Path
    root: Path
    commit: str | None
    tree: str
    clean: bool
    files: tuple[str, ...] = ()
    problems: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Theirs(self.root))

    def contract(self) -> contract.Contract:
        """What `product.toml` says. Raises Fail when it is missing or malformed."""
        return contract.load(self.root)

    def path(self, name: str) -> Path:
        """The path of a file of the project. Raises Fail when that name leads out of the project."""
        path = self.root / name
        if not _is_inside(path, self.root):
            raise Fail(f"`{name}` lies outside the project", fix="name a path inside the project")
        return path

    def read(self, name: str) -> str:
        """The text of a file, of at most 1 MiB. Raises Fail when it is missing, larger or not UTF-8."""
        path = self.path(name)
        if not path.is_file():
            raise Fail(f"there is no `{name}` in a clean clone", fix=f"create `{name}` and commit it")
        if path.stat().st_size > TEXT_LIMIT:
            raise Fail(f"`{name}` is larger than {TEXT_LIMIT // 2**20} MiB", fix="keep it small enough to read")
        try:
            return path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise Fail(f"`{name}` is not UTF-8 text", fix="save it as UTF-8") from None

    def copy(self, folder: Path) -> Submission:
        """The same project in a clone of its own in another folder, to be changed there."""
        top = next((path for path in (self.root, *self.root.parents) if (path / ".git").is_dir()), self.root)
        copy_folder(top, folder)
        return replace(self, root=folder / self.root.relative_to(top))


def locate(path: Path) -> Path:
    """The folder of the one project at or one folder below a path. Raises UsageError."""
    if not path.is_dir():
        raise UsageError(f"there is no folder `{path}`: name the folder of a project, or a module key")
    top = repository(path)
    folder = path.resolve()
    if (folder / contract.FILE).exists():
        return folder
    below = sorted(found.parent for found in folder.glob(f"*/{contract.FILE}") if repository(found.parent) == top)
    if len(below) > 1:
        names = " and ".join(f"`{found.name}`" for found in below)
        raise UsageError(f"`{path}` holds several projects, {names}: name the folder of one of them")
    return below[0] if below else folder


def repository(path: Path) -> Path:
    """The top folder of the git repository around a path. Raises UsageError."""
    try:
        done = _call(["git", "-C", str(path), "rev-parse", "--show-toplevel"], safe_environment())
    except FileNotFoundError:
        raise UsageError("git is not installed: a submission is what git would clone, so install git") from None
    if done.returncode:
        if "dubious ownership" in done.stderr:
            raise UsageError(
                f"git does not trust `{path}`, which belongs to another user: "
                f"git config --global --add safe.directory {path.resolve()}"
            )
        raise UsageError(f"`{path}` is not in a git repository: git init, git add --all, git commit")
    return Path(done.stdout.strip())


def module_of(project: Path) -> str | None:
    """The module that `course.toml` says this project is at; None without that file. Raises UsageError."""
    path = project / COURSE_FILE
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8-sig"))["module"])
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, OSError) as error:
        raise UsageError(
            f"`{path}` does not say which module this is ({error}): restore it with git, or name the module with --module"
        ) from None


def snapshot(project: Path, folder: Path, commit: str | None = None) -> Submission:
    """Clone a project into an empty folder: at a commit, or with its working tree as if committed.

    Untracked files count unless git ignores them, ignored ones do not. Nothing of the submission is executed:
    its repository's configuration, filters and hooks stay behind. Raises UsageError when git cannot do it.
    """
    top = repository(project)
    clone = folder / "clone"
    _git(top.parent, "clone", "--quiet", "--no-local", "--no-checkout", "--", str(top), str(clone))
    problems: tuple[Finding, ...] = ()
    if commit:
        _checkout(clone, commit)
    else:
        problems = _lay_working_tree(top, clone)
    root = clone / project.resolve().relative_to(top.resolve())
    head = _maybe(clone, "rev-parse", "--verify", "--quiet", "HEAD")
    clean = bool(head) and _git(clone, "write-tree").strip() == _git(clone, "rev-parse", "HEAD^{tree}").strip()
    if not clean:
        _git(clone, "commit", "--quiet", "--allow-empty", "--message", "Graded as if committed")
    tree = _maybe(root if root.is_dir() else clone, "rev-parse", "--verify", "HEAD:./") or _git(
        clone, "rev-parse", "HEAD^{tree}"
    )
    problems += tuple(_unfit(clone))
    root.mkdir(parents=True, exist_ok=True)
    listed = tuple(filter(None, _git(root, "ls-files", "-z").split("\0")))
    return Submission(project, root, head.strip() or None, tree.strip(), clean, listed, problems)


def _checkout(clone: Path, commit: str) -> None:
    found = _maybe(clone, "rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if not found:
        raise UsageError(f"the repository has no commit `{commit}`: see git log")
    _git(clone, "checkout", "--quiet", "--detach", found.strip())


def _lay_working_tree(top: Path, clone: Path) -> tuple[Finding, ...]:
    if _maybe(clone, "rev-parse", "--verify", "--quiet", "HEAD"):
        _git(clone, "read-tree", "HEAD")
    listing = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
    problems = []
    for name in filter(None, _git(top, *listing).split("\0")):
        try:
            _copy(top, clone, name)
        except Finding as problem:
            problems.append(problem)
    _git(clone, "add", "--all", "--force", ".")
    _git(clone, "checkout-index", "--all", "--force")
    return tuple(problems)


def _copy(top: Path, clone: Path, name: str) -> None:
    """Copy one listed file as git would add it. Raises Finding for one that no repository should hold."""
    source, target = top / name, clone / PurePosixPath(name)
    if name.endswith("/"):
        raise Finding(f"`{name}` is a git repository of its own", fix=f"remove `{name}.git`, or ignore the folder")
    try:
        facts = source.lstat()
    except OSError:
        return  # deleted in the working tree
    if any((top / folder).is_symlink() for folder in PurePosixPath(name).parents):
        return  # a link took the place of its folder: git sees that link, and this file as deleted
    if stat.S_ISDIR(facts.st_mode):
        target.mkdir(parents=True, exist_ok=True)  # a submodule stays in git's list while its folder is there
    elif stat.S_ISREG(facts.st_mode) and facts.st_size > LARGEST_FILE:
        raise _too_large(name, facts.st_size)
    elif stat.S_ISLNK(facts.st_mode) or stat.S_ISREG(facts.st_mode):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def _unfit(clone: Path) -> Iterator[Finding]:
    """What a clone holds and should not: submodules, links out of it, files too large for a code host."""
    for line in filter(None, _git(clone, "ls-files", "--stage", "-z").split("\0")):
        facts, _, name = line.partition("\t")
        path = clone / PurePosixPath(name)
        if facts.startswith("160000"):
            yield Finding(
                f"`{name}` is a submodule: a clean clone leaves it empty",
                fix=f"git rm --cached {name}, then add its files",
            )
        elif not _is_inside(path, clone):
            yield Finding(
                f"`{name}` is a link that leaves the project",
                fix=f"replace it by the file itself: git rm --cached {name}",
            )
        elif path.is_file() and path.stat().st_size > LARGEST_FILE:
            yield _too_large(name, path.stat().st_size)


def _too_large(name: str, size: int) -> Finding:
    return Finding(
        f"`{name}` has {size // 2**20} MiB; code hosts refuse files over {LARGEST_FILE // 2**20} MiB",
        fix=f"keep it out of git: git rm --cached {name}, and add it to `.gitignore`",
    )


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to a place in that folder, once all links are followed; a link to itself stays where it is."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def git(folder: Path, *arguments: str) -> str:
    """What git prints about the grader's own clone. Raises UsageError with git's own words.

    A clone that was given to the user of a student's commands may name programs in its settings: they run as that user.
    """
    with as_owner(folder) as user:
        return _git(folder, *arguments, **user)


def _git(folder: Path, *arguments: str, **options: Any) -> str:
    done = _call(["git", *SAFE, "-C", str(folder), *arguments], safe_environment(), **options)
    if done.returncode:
        words = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()
        raise UsageError(f"git {arguments[0]} failed in `{folder}`: {words[-1]}")
    return done.stdout


def _maybe(folder: Path, *arguments: str) -> str:
    done = _call(["git", *SAFE, "-C", str(folder), *arguments], safe_environment())
    return "" if done.returncode else done.stdout


# a repository's own configuration may name commands and addresses that git uses: none of them counts here
SAFE: Sequence[str] = (
    "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "core.autocrlf=input",
    "-c", "core.safecrlf=false", "-c", "advice.detachedHead=false", "-c", "gc.auto=0", "-c", "commit.gpgSign=false",
)  # fmt: skip


def safe_environment() -> dict[str, str]:
    """The environment for git on a repository that is not trusted: the grader's name, no prompt, no address but of files."""
    person = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _GRADER.items()}
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, **person, **_CLOSED, "LC_ALL": "C.UTF-8"}


_CLOSED = {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "file"}
_GRADER = {"NAME": "mlops-grader", "EMAIL": "mlops-grader@localhost"}


def _call(command: Sequence[str], environment: dict[str, str], **options: Any) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
            check=False,
            timeout=GIT_SECONDS,
            **options,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"git did not answer after {GIT_SECONDS // 60} minutes: git gc, then grade again") from None
