"""Members who hand in otherwise: archives, broken repositories, nothing, twice, too late, or with dates set back."""

from __future__ import annotations

import shutil
import stat
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

from submissions import append, remove
from synthetic.member import FULL, STARTER, Kind, Member
from synthetic.payloads import probe
from synthetic.writing import SLUG, clone_of

LATE = timedelta(hours=5)
NOTHING = ("not handed in",)
EITHER = ("not handed in", "error")


def handed() -> tuple[Member, ...]:
    """All of them."""
    return (*_without_a_repository(), *_archives(), *_late())


def _without_a_repository() -> tuple[Member, ...]:
    """What can lie in the place of a clone; the words say what is wrong with it."""
    return (
        Member("hostile-corrupt", Kind.HOSTILE, place=_corrupt, status=EITHER),
        Member("starter-empty-repository", Kind.STARTER, place=_empty, status=NOTHING),
        Member("starter-no-repository", Kind.STARTER, place=_folder_only, status=NOTHING),
        Member("starter-nothing", Kind.STARTER, place=lambda project, folder: None, status=NOTHING, quick=True),
        Member("starter-without-a-login", Kind.STARTER, in_roster=False, status=NOTHING),
        Member("full-two-clones", Kind.FULL, solved=True, score=None, place=_twice, status=(*NOTHING, "error", "graded")),
    )


def _archives() -> tuple[Member, ...]:
    """Archives, of which one is honest."""
    return (
        Member("starter-archive", Kind.STARTER, place=_zipped, status=("graded",)),
        Member("hostile-zip-bomb", Kind.HOSTILE, place=_bomb, status=EITHER),
        Member("hostile-archive-path", Kind.HOSTILE, place=_traversing, status=EITHER),
    )


def _late() -> tuple[Member, ...]:
    """What counts is the last commit before the deadline, whoever says when that was."""
    undone = ((LATE, (remove("product.toml"),)),)
    begun = ((LATE, (append("README.md", "\nLate.\n"),)),)
    back = ((LATE, (append("README.md", "\nLate.\n"),)), (-timedelta(hours=1), probe("floods-the-report")))
    return (
        Member("full-then-undone", Kind.FULL, solved=True, score=FULL, later=undone, says="after the deadline"),
        Member("starter-then-late", Kind.STARTER, score=STARTER, later=begun, says="after the deadline", quick=True),
        Member("cheat-backdated", Kind.CHEAT, later=back),
    )


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
    """Four GiB of zeros in a few MiB."""
    with zipfile.ZipFile(folder / f"{project.name}.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        with archive.open(f"{project.name}/README.md", "w", force_zip64=True) as file:
            for _ in range(4 * 2**10 // 16):
                file.write(bytes(2**24))


def _traversing(project: Path, folder: Path) -> None:
    """Members that lead out of the folder, one of them through a link."""
    link = zipfile.ZipInfo(f"{project.name}/out")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / f"{project.name}.zip", "w") as archive:
        archive.writestr(link, "../..")
        archive.writestr(f"{project.name}/out/was-here", "a submission was here")
        for name in ("../was-here", "/tmp/was-here", f"{project.name}/../../was-here", "..\\was-here"):
            archive.writestr(name, "a submission was here")
