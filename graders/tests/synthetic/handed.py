"""Members who hand in otherwise: archives, broken repositories, nothing, twice, too late, or with dates set back."""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

from submissions import append, remove
from synthetic.member import FULL, STARTER, Kind, Member, Place
from synthetic.payloads import probe
from synthetic.writing import SLUG, clone_of

LATE = timedelta(hours=5)
NOTHING = ("not handed in",)


def handed() -> tuple[Member, ...]:
    """All of them."""
    return (*_without_a_repository(), *_archives(), *_late())


def _without_a_repository() -> tuple[Member, ...]:
    """What can lie in the place of a clone; the words say what is wrong with it."""
    return (
        _nothing("hostile-corrupt", "the repository is broken", _corrupt),
        _nothing("starter-empty-repository", "no commits", _empty),
        _nothing("starter-no-repository", "no git repository", _folder_only),
        _nothing("starter-nothing", "nothing was handed in", _not_at_all, quick=True),
        Member("starter-without-a-login", Kind.STARTER, in_roster=False, says="no login", status=NOTHING),
        _nothing("full-two-clones", "leave one of them", _twice),
    )


def _archives() -> tuple[Member, ...]:
    """Archives, of which one is honest."""
    return (
        Member("starter-archive", Kind.STARTER, place=_zipped, says="setup"),
        _nothing("hostile-zip-bomb", "unpacks to more than", _bomb),
        _nothing("hostile-archive-path", "", _traversing),
    )


def _late() -> tuple[Member, ...]:
    """What counts is the last commit before the deadline, whoever says when that was."""
    undone = ((LATE, (remove("product.toml"),)),)
    begun = ((LATE, (append("README.md", "\nLate.\n"),)),)
    back = ((LATE, (append("README.md", "\nLate.\n"),)), (-timedelta(hours=1), probe("floods-the-report")))
    return (
        Member("full-then-undone", Kind.FULL, solved=True, score=FULL, later=undone, says="after the one that counts"),
        Member(
            "starter-then-late", Kind.STARTER, score=STARTER, later=begun, says="after the one that counts", quick=True
        ),
        Member("cheat-backdated", Kind.CHEAT, later=back, says="dates go backwards"),
    )


def _nothing(name: str, says: str, place: Place, *, quick: bool = False) -> Member:
    """One for whom nothing can be graded, and staff are told why."""
    kinds = {"starter": Kind.STARTER, "hostile": Kind.HOSTILE, "full": Kind.FULL}
    kind = kinds[name.partition("-")[0]]
    return Member(name, kind, solved=kind is Kind.FULL, says=says, status=NOTHING, place=place, quick=quick)


def _not_at_all(project: Path, folder: Path) -> None:
    """Nothing lies there."""


def _corrupt(project: Path, folder: Path) -> None:
    """A clone with objects that hold something else."""
    clone = clone_of(project, folder)
    for path in sorted(clone.glob(".git/objects/*/*")):
        path.chmod(0o644)
        path.write_bytes(b"not an object")


def _empty(project: Path, folder: Path) -> None:
    """A repository before its first commit."""
    place = folder / project.name
    place.mkdir()
    subprocess.run(["git", "-C", str(place), "init", "--quiet"], check=True)


def _folder_only(project: Path, folder: Path) -> None:
    """The files without their repository."""
    shutil.rmtree(clone_of(project, folder) / ".git")


def _twice(project: Path, folder: Path) -> None:
    """Two clones that both say that they are this student's; another's work must not be graded by chance."""
    login = clone_of(project, folder).name.removeprefix(f"{SLUG}-")
    other = folder / f"{SLUG}-{login.upper()}"
    shutil.copytree(folder / f"{SLUG}-{login}", other)
    (other / "README.md").write_text("# the other one\n", encoding="utf-8")


def _zipped(project: Path, folder: Path) -> None:
    """The repository with its history, as a zip."""
    shutil.make_archive(str(folder / project.name), "zip", root_dir=project.parent, base_dir=project.name)


def _bomb(project: Path, folder: Path) -> None:
    """A GiB of zeros in a few MiB."""
    place = folder / f"{project.name}.zip"
    with (
        zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{project.name}/README.md", "w", force_zip64=True) as file,
    ):
        for _ in range(2**10 // 16):
            file.write(bytes(2**24))


def _traversing(project: Path, folder: Path) -> None:
    """Members that lead out of the folder."""
    with zipfile.ZipFile(folder / f"{project.name}.zip", "w") as archive:
        for name in (
            "../was-here",
            "/tmp/was-here",  # noqa: S108  # nothing is written there
            f"{project.name}/../../was-here",
            "..\\was-here",
        ):
            archive.writestr(name, "a submission was here")
