"""Where a student's commands ran, the grader as root follows their links no further than they could go themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import Contract
from mlops_grader.instruments import bugs, secrets
from mlops_grader.instruments.environment import Environment
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.instruments.serving import exports
from mlops_grader.owner import hand_over
from mlops_grader.submission import Submission
from mlops_grader.theirs import READ_LIMIT, Theirs, as_its_owner, copy_folder, remove_folder

STUDENT = 60600
ORDER = '{"seed": 4711}'
DAY = "data/raw/appointments_2026-03-02.csv"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0,
    reason="only root of a Linux machine can be led by a link",
)


@pytest.fixture
def graders(tmp_path: Path) -> Path:
    """A file of the grader's that says what no student may know, where no student may go."""
    folder = tmp_path / "grader"
    folder.mkdir(mode=0o700)
    (folder / "order.json").write_text(ORDER)
    return folder / "order.json"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A project in a folder of the grader's, given to the user of the student's commands."""
    root = tmp_path / "scratch" / "clone"
    for name, text in (
        ("noshow/features.py", "import math\n\n\ndef one() -> int:\n    return 1\n"),
        (DAY, "a,b\n"),
        ("model/model.json", "{}"),
        ("model/model.bin", "model"),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    root.parent.chmod(0o700)
    hand_over(root, STUDENT)
    return root


@pytest.fixture
def product(clone: Path, tmp_path: Path) -> Product:
    """The project as checks see it."""
    submission = Submission(clone, clone, None, "", True, files=(DAY,))
    return Product(submission, Environment(tmp_path / "environment"), HostSandbox(tmp_path / "home"), Contract())


def link(place: Path, target: Path) -> None:
    """What a student's command leaves in the place of a file."""
    place.unlink(missing_ok=True)
    place.symlink_to(target)
    os.lchown(place, STUDENT, STUDENT)


Act = Callable[[Product], object]
WRITES: dict[str, tuple[str, Act]] = {
    "a bug in the features": ("noshow/features.py", lambda product: bugs.comment(product.root)),
    "a secret": (".env", lambda product: secrets.plant(product.root, 1)),
    "a file of the project": ("lock", lambda product: (product.root / "lock").write_text("changed")),
    "a mark": ("mark", lambda product: (product.root / "mark").touch()),
    "a folder": ("there", lambda product: (product.root / "there" / "new").mkdir()),
    "a day that is put back": (DAY, lambda product: _hold_a_day_back(product)),
}


def _hold_a_day_back(product: Product) -> None:
    (product.root / DAY).write_text("what the student wants to be there")
    with product.with_a_day_missing(Random(1)):  # noqa: S311  # reproducible on purpose
        link(product.root / DAY, product.root.parents[1] / "grader" / "order.json")


@pytest.mark.parametrize("what", WRITES)
def test_nothing_is_written_through_a_link(what: str, product: Product, graders: Path) -> None:
    name, act = WRITES[what]
    link(product.root / name, graders.parent if what == "a folder" else graders)
    os.utime(graders, (1, 1))
    with pytest.raises(Fail, match="is no file that a command could have written"):
        act(product)
    assert (graders.read_text(), graders.stat().st_mtime, [*graders.parent.iterdir()]) == (ORDER, 1, [graders])


def test_nothing_is_read_through_a_link(product: Product, graders: Path) -> None:
    link(product.root / "model" / "model.json", graders)
    with pytest.raises(Fail, match="is no file that a command could have written"):
        product.record()


def test_a_copy_of_an_export_holds_nothing_of_the_graders(product: Product, graders: Path) -> None:
    """The next command of the student's would read it."""
    link(product.root / "model" / "model.bin", graders)
    broken = product.root.parent / "broken"
    copy_folder(product.root / "model", broken)
    exports.put(product.root, broken)
    assert (product.root / "model" / "model.bin").is_symlink()
    with pytest.raises(Fail, match="is no file that a command could have written"):
        exports.cut_off(broken, product.root)


def test_a_copy_of_a_project_holds_files_folders_and_links_alone(product: Product, tmp_path: Path) -> None:
    os.mkfifo(product.root / "pipe")
    link(product.root / "noshow" / "again.py", Path("features.py"))
    copy = product.copy(tmp_path / "other" / "clone").root
    kept = (copy / "noshow" / "again.py", copy / "noshow" / "features.py", copy)
    assert not (copy / "pipe").exists()
    assert [place.lstat().st_uid for place in kept] == [STUDENT] * 3
    assert (copy / "noshow" / "again.py").read_text() == (product.root / "noshow" / "features.py").read_text()


def test_what_cannot_be_read_is_a_finding(product: Product, tmp_path: Path) -> None:
    (product.root / "closed").mkdir(mode=0o000)
    os.chown(product.root / "closed", STUDENT, STUDENT)
    with pytest.raises(Fail, match="`closed` cannot be read"):
        product.copy(tmp_path / "copy")


def test_nobody_waits_at_a_pipe(product: Product) -> None:
    os.mkfifo(product.root / "model" / "pipe")
    os.chown(product.root / "model" / "pipe", STUDENT, STUDENT)
    for mode in ("r", "w", "a"):
        with pytest.raises(Fail, match="`pipe` is no file that a command could have written"):
            (product.root / "model" / "pipe").open(mode)


def test_neither_a_device_nor_a_file_without_end_is_read(product: Product) -> None:
    link(product.root / "zeros", Path("/dev/zero"))
    (product.root / "long").touch()
    os.truncate(product.root / "long", READ_LIMIT + 1)
    for name in ("zeros", "long"):
        with pytest.raises(Fail, match=f"`{name}` is no file"):
            (product.root / name).read_bytes()


def test_removing_stops_at_a_link(product: Product, graders: Path) -> None:
    link(product.root / "data" / "link", graders.parent)
    remove_folder(product.root / "data" / "link" / "order.json")
    remove_folder(product.root / "data" / "link")
    remove_folder(product.root / "data")
    assert not (product.root / "data").exists()
    assert graders.read_text() == ORDER


def test_what_the_grader_writes_there_belongs_to_the_student(product: Product) -> None:
    """The next command may change it, and links within the project lead where they should."""
    link(product.root / "link", Path("model"))
    (product.root / "link" / "new" / "below").mkdir(parents=True)
    (product.root / "link" / "new" / "file").write_text("text")
    made = [product.root / "model" / "new" / name for name in ("below", "file")]
    assert [place.stat().st_uid for place in made] == [STUDENT, STUDENT]


def test_an_error_names_the_place(product: Product) -> None:
    with pytest.raises(FileNotFoundError, match=str(product.root / "nowhere")):
        (product.root / "nowhere").read_text()


def test_root_is_root_again_afterwards(clone: Path, graders: Path) -> None:
    with as_its_owner(clone / "model") as place, as_its_owner(place):
        (place / "inner").touch()
        with pytest.raises(PermissionError):
            graders.read_text()
    assert (clone / "model" / "inner").stat().st_uid == STUDENT
    assert graders.read_text() == ORDER


def test_where_nobody_else_was_nothing_changes(graders: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(graders)
    assert Theirs(tmp_path / "link").read_text() == ORDER
