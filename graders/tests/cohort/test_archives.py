"""Archives: whose each is, what they may hold, and bombs that do not go off."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.handed_in import DEADLINE, DUE, GIVEN, LATE, OWN, Desk, Files, commit, git, repository, text, tree, write
from mlops_grader.cohort import archives, unpacking
from mlops_grader.cohort.records import Student
from mlops_grader.submission import UsageError

PROJECT: Files = {**GIVEN, **OWN}
WHEN = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """An empty folder of submissions, and a run."""
    (tmp_path / "in").mkdir()
    return Desk(tmp_path)


def content(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode()


def noise(size: int) -> bytes:
    """Bytes that no compression makes smaller, the same each time."""
    return Random(size).randbytes(size)  # noqa: S311  # reproducible on purpose


def zipped(path: Path, files: Files, at: datetime = WHEN, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip with these files, all of one instant; a name that ends with a slash is a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, value in files.items():
            archive.writestr(zipfile.ZipInfo(name.rstrip("!"), at.timetuple()[:6]), content(value), method)
    return path


def tarred(path: Path, files: Files, mode: str = "w:gz", at: datetime = WHEN) -> Path:
    """A tar with these files, all of one instant."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # the mode is a variable
        for name, value in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content(value)), int(at.timestamp())
            archive.addfile(entry, io.BytesIO(content(value)))
    return path


def refused(path: Path) -> str:
    """Why an archive is not unpacked; nothing lies beside its folder then."""
    target = path.parent / "target" / "files"
    target.parent.mkdir()
    with pytest.raises(UsageError) as error:
        unpacking.unpack(path, target)
    assert [one.name for one in target.parent.iterdir()] == ["files"]
    return str(error.value)


@pytest.mark.parametrize("name", ["ada.zip", "ada.tar", "ada.tar.gz", "ADA.TGZ", "ada.tar.xz"])
def test_an_archive_is_a_submission(desk: Desk, name: str) -> None:
    """A repository is made of it, with one commit of the instant of its newest file."""
    mode = {"gz": "w:gz", "gz ": "", "xz": "w:xz"}.get(name.lower().replace("tgz", "gz")[-2:], "w:")
    path = desk.source / name
    zipped(path, PROJECT) if name.endswith("zip") else tarred(path, PROJECT, mode)
    found = desk.one()
    assert (found.problem, found.committed_at, found.place) == ("", WHEN, name)
    assert found.notes[0] == "it holds no repository: dated by its newest file, 2026-03-01 10:00 UTC"
    assert tree(desk.parcel(found)) == text(PROJECT)


def test_the_times_of_a_zip_are_in_the_zone_of_the_deadline(desk: Desk) -> None:
    """A zip says hours and no zone."""
    zipped(desk.source / "ada.zip", PROJECT)
    east = DEADLINE.astimezone(timezone(timedelta(hours=2)))
    assert desk.one(settings=replace(DUE, deadline=east)).committed_at == WHEN - timedelta(hours=2)


def test_late_files_are_for_a_person_to_judge(desk: Desk) -> None:
    """The platform knows when they were handed in, and their own dates say little."""
    zipped(desk.source / "ada.zip", PROJECT, LATE)
    found = desk.one(settings=DUE)
    assert (found.problem, found.late) == ("", timedelta(hours=22))
    assert found.notes[0] == (
        "its newest file is of 2026-03-03 10:00 UTC, after the deadline: a person decides whether it was in time"
    )


def test_a_project_one_folder_down(desk: Desk) -> None:
    """As most programs pack it; what systems add is no part of it."""
    files = {f"m06-ada/{name}": value for name, value in PROJECT.items()}
    zipped(desk.source / "ada.zip", {**files, "__MACOSX/._x": "x", ".DS_Store": "x"})
    assert tree(desk.parcel(desk.one())) == text(PROJECT)


def test_given_files_of_an_archive_are_restored(desk: Desk) -> None:
    """As they are in a clone."""
    zipped(desk.source / "ada.zip", {**PROJECT, "noshow/api.py": "evil"})
    found = desk.one(given=desk.handout())
    assert ("noshow/api.py", "edited") in [(change.path, change.how) for change in found.changes]
    assert tree(desk.parcel(found)) == text(PROJECT)


def pack_folder(folder: Path, path: Path, below: str = "", beside: Files | None = None) -> None:
    files = {
        f"{below}{one.relative_to(folder).as_posix()}": one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }
    empty = {f"{below}{one.relative_to(folder).as_posix()}/": "" for one in folder.rglob("*") if one.is_dir()}
    zipped(path, {**empty, **files, **(beside or {})})


@pytest.mark.parametrize(
    ("below", "beside"),
    [
        ("", {}),
        ("project/", {}),
        ("project/", {"notes.txt": "x"}),
        ("a/project/", {}),
        ("", {"vendor/.git/HEAD": "x"}),
    ],
)
def test_a_repository_in_an_archive(desk: Desk, below: str, beside: Files) -> None:
    """Has a history, and its last commit counts, whatever lies beside it."""
    work = repository(desk.folder / "work", {"noshow/api.py": "x"})
    last = commit(work, {"more.py": "x"})
    pack_folder(work, desk.source / "ada.zip", below, beside)
    found = desk.one()
    assert (found.problem, found.commit) == ("", last)


def test_several_repositories_in_an_archive(desk: Desk) -> None:
    """None of them is chosen: all files are graded."""
    files: Files = {f"{name}/{file}": "x" for name in "ab" for file in (".git/HEAD", "x.py")}
    zipped(desk.source / "ada.zip", files)
    assert tree(desk.parcel(desk.one())) == {"a/x.py": "x", "b/x.py": "x"}


def test_a_repository_in_an_archive_names_no_commit(desk: Desk) -> None:
    """What the download of a classroom states is a person's word; in an archive it is the student's."""
    work = repository(desk.folder / "work")
    first, last = git(work, "rev-parse", "HEAD"), commit(work, {"more.py": "x"})
    stated = json.dumps({"schema": "classroom50/result/v1", "commit": first})
    pack_folder(work, desk.source / "ada.zip", beside={"result.json": stated})
    assert desk.one().commit == last


def test_a_broken_repository_in_an_archive(desk: Desk) -> None:
    """Its files are graded in spite of it."""
    work = repository(desk.folder / "work")
    name = git(work, "rev-parse", "HEAD:Dockerfile")
    (work / ".git/objects" / name[:2] / name[2:]).unlink()
    pack_folder(work, desk.source / "ada.zip")
    found = desk.one()
    assert found.notes[0].startswith("its `.git` was left out: the repository is broken")
    assert tree(desk.parcel(found)) == text(PROJECT)


def test_what_only_looks_like_a_repository(desk: Desk) -> None:
    """Is left out and told; the files are graded."""
    zipped(
        desk.source / "ada.zip", {**PROJECT, ".git/HEAD": "ref: refs/heads/main", ".git/objects/": "", ".git/refs/": ""}
    )
    zipped(desk.source / "bob.zip", {**PROJECT, ".git": "gitdir: /elsewhere"})
    ada, bob = desk.collect("ada", "bob").submissions
    assert ada.notes[0] == "its `.git` was left out: the repository has no commits"
    assert bob.notes[0].startswith("its `.git` was left out: its `.git` points to another place")
    assert tree(desk.parcel(ada)) == tree(desk.parcel(bob)) == text(PROJECT)


def test_a_repository_inside_the_project(desk: Desk) -> None:
    """Its files are the project's, its history is not."""
    zipped(
        desk.source / "ada.zip",
        {**PROJECT, "vendor/.git/HEAD": "x", "vendor/.git/sub/.git": "x", "vendor/x.py": "x", "v2/.GIT": "x"},
    )
    found = desk.one()
    assert found.notes[:2] == (
        "`v2/.GIT` was left out: a repository inside the project",
        "`vendor/.git` was left out: a repository inside the project",
    )
    assert tree(desk.parcel(found)) == text({**PROJECT, "vendor/x.py": "x"})


def test_what_git_ignores_is_left_out_and_told(desk: Desk) -> None:
    """As if it had been committed."""
    zipped(desk.source / "ada.zip", {**PROJECT, ".gitignore": ".venv/\n", ".venv/x": "x"})
    found = desk.one()
    assert "left out, because `.gitignore` names them: `.venv/`" in found.notes
    assert ".venv/x" not in tree(desk.parcel(found))


def test_filters_of_an_archive_do_not_run(desk: Desk) -> None:
    """Attributes name them; nobody has configured them."""
    zipped(desk.source / "ada.zip", {**PROJECT, ".gitattributes": "* filter=lfs text eol=crlf\n"})
    assert tree(desk.parcel(desk.one()))["Dockerfile"] == "FROM scratch"


def test_programs_stay_programs(desk: Desk) -> None:
    """In zips of Unix and in tars, and nothing else becomes one."""
    modes = {"run.sh": 0o755, "x.py": 0o644}
    with zipfile.ZipFile(desk.source / "ada.zip", "w") as archive:
        for name, mode in modes.items():
            entry = zipfile.ZipInfo(name, WHEN.timetuple()[:6])
            entry.create_system, entry.external_attr = 3, (0o100000 | mode) << 16
            archive.writestr(entry, "x")
    with tarfile.open(desk.source / "bob.tar", "w") as tar:
        for name, mode in modes.items():
            member = tarfile.TarInfo(name)
            member.mode = mode
            tar.addfile(member)
    for found in desk.collect("ada", "bob").submissions:
        listed = git(desk.parcel(found), "ls-tree", "HEAD").splitlines()
        assert [(line[:6], line.split("\t")[1]) for line in listed] == [("100755", "run.sh"), ("100644", "x.py")]


def test_an_archive_is_the_same_commit_whenever_it_is_taken(desk: Desk) -> None:
    """Else who changed nothing would be graded again."""
    zipped(desk.source / "ada.zip", PROJECT)
    found = desk.one()
    dates = git(desk.parcel(found), "log", "-1", "--format=%at %ct", found.commit)
    assert dates == f"{int(WHEN.timestamp())} {int(WHEN.timestamp())}"


LOVELACE = Student("ada-l", "ada-l", "Ada Lovelace", extra={"ID": "4711"})
TURING = Student("alan", "alan", "Turing, Alan")
CLASS = (LOVELACE, TURING, Student("ada", "ada", "Ada Smith"), Student("row-9", "", "Grace Hopper", row=9))


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("ada-l.zip", "ada-l"),
        ("ADA-L.zip", "ada-l"),
        ("m06-ada-l.zip", "ada-l"),
        ("m06-ada-l-main.zip", "ada-l"),
        (f"m06-ada-l-{'0a' * 20}.zip", "ada-l"),
        ("m06-ada-l-main (1).zip", "ada-l"),
        ("ada-l (1).zip", "ada-l"),
        ("lovelace_ada-l_12345_project.zip", "ada-l"),
        ("whoever_4711_98765_project.zip", "ada-l"),
        ("lovelaceada_1234_98765_project.tar.gz", "ada-l"),
        ("lovelaceada_LATE_1234_98765_alan.zip", "ada-l"),
        ("turingalan_99_98765_ada-l.zip", "alan"),
        ("Alan Turing_81234_assignsubmission_file_my project.zip", "alan"),
        ("Alan Turing_81234_assignsubmission_file_/project.zip", "alan"),
        ("Grace Hopper_5_assignsubmission_file_project.zip", "row-9"),
        ("alan.rar", "alan"),
        ("alan.tar.bz2", "alan"),
        ("alan_and_ada.zip", None),
        ("somebody_1_2_alan.zip", None),
        ("project.zip", None),
    ],
)
def test_names_of_platforms_and_code_hosts(desk: Desk, name: str, owner: str | None) -> None:
    """What a platform wrote says whose it is; what the student wrote does not."""
    zipped(desk.source / name, PROJECT)
    found = desk.collect(*CLASS)
    assert [one.student for one in found.submissions if one.place] == [owner] * bool(owner)
    assert found.strays == (() if owner else (name,))


def test_canvas_says_what_was_late(desk: Desk) -> None:
    """By the name of the file, when it is one that Canvas gave."""
    zipped(desk.source / "lovelaceada_LATE_1234_98765_x.zip", PROJECT)
    assert desk.one(LOVELACE).notes[0] == "Canvas marks it as late"
    zipped(desk.source / "alan_LATE.zip", PROJECT)
    assert "Canvas" not in " ".join(desk.one(TURING).notes)


def test_two_archives_of_one_student(desk: Desk) -> None:
    """Which of them counts is for a person to say."""
    zipped(desk.source / "ada.zip", PROJECT)
    tarred(desk.source / "m06-ada.tgz", PROJECT)
    repository(desk.source / "Ada")
    assert desk.one().problem == "`Ada` and `ada.zip` and `m06-ada.tgz` are all of this student: leave one of them"


def test_an_archive_of_another_kind(desk: Desk) -> None:
    """Is refused with those that are taken."""
    write(desk.source, {"ada.rar": "x"})
    assert desk.one().problem.startswith("`ada.rar` is neither zip nor tar (.zip, .tar, ")


def test_the_whole_class_in_one_archive(desk: Desk) -> None:
    """Is to be unpacked by a person."""
    with pytest.raises(UsageError, match="unpack it, and name the folder"):
        desk.collect("ada", source=zipped(desk.folder / "all.zip", PROJECT))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "the absolute path `/etc/passwd`"),
        ("C:/x", "the absolute path `C:/x`"),
        ("C:\\x", "the absolute path"),
        ("\\\\host\\x", "the absolute path"),
        ("../x", "`../x`, which leads out"),
        ("a/../../x", "which leads out"),
        ("a\\..\\..\\x", "which leads out"),
        ("a/..", "which leads out"),
        ("a\nb", "a name that no file can have everywhere"),
        ("a\x1b[2J", "a name that no file can have everywhere"),
        ("x" * 256, "a name that no file can have everywhere"),
        ("é" * 128, "a name that no file can have everywhere"),
        ("/".join("x" * 600), "a name that no file can have everywhere"),
    ],
)
@pytest.mark.parametrize("make", [zipped, tarred])
def test_names_that_lead_out(tmp_path: Path, make: Callable[..., Path], name: str, words: str) -> None:
    """Of the folder, or of what a name may be."""
    path = tmp_path / ("x.zip" if make is zipped else "x.tar.gz")
    assert words in refused(make(path, {"ok.py": "x", name: "x"}))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE]
)
def test_links_and_devices_of_a_tar(tmp_path: Path, kind: bytes) -> None:
    """Are refused, wherever they lead."""
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        entry = tarfile.TarInfo("x")
        entry.type, entry.linkname = kind, "ok.py"
        archive.addfile(entry)
    assert refused(tmp_path / "x.tar") == "`x` is a link, a device or has holes: pack the files themselves"


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o060644])
def test_links_and_devices_of_a_zip(tmp_path: Path, mode: int) -> None:
    """The same."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        entry = zipfile.ZipInfo("x")
        entry.create_system, entry.external_attr = 3, mode << 16
        archive.writestr(entry, "/etc/passwd")
    assert refused(tmp_path / "x.zip") == "`x` is a link or a device: pack the files themselves"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.py": "x", "A.py": "x"}, "it holds `a.py` and `A.py`, which are one on some machines: rename one"),
        ({"src/a.py": "x", "SRC/b.py": "x"}, "it holds `src/` and `SRC/`, which are one on some machines: rename one"),
        ({"é": "x", "e\u0301": "x"}, "which are one on some machines"),
        ({"\u1fb4": "x", "\u03b1\u0345\u0301": "x"}, "which are one on some machines"),
        ({"\u01f0\u0323": "x", "J\u0323\u030c": "x"}, "which are one on some machines"),
        ({"a": "x", "a/b": "x"}, "it holds `a` and `a/`"),
        ({"a/b": "x", "a": "x"}, "it holds `a/` and `a`"),
        ({"a": "x", "./a": "x"}, "it holds `a` twice: pack it again"),
        ({"a": "x", "a!": "y"}, "it holds `a` twice: pack it again"),
    ],
)
def test_names_that_are_one(tmp_path: Path, files: Files, words: str) -> None:
    """Which of them would be graded depends on the machine."""
    assert words in refused(zipped(tmp_path / "x.zip", files))


def test_a_zip_of_windows(tmp_path: Path) -> None:
    """Its separators are the other ones, and its attributes say nothing about links."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("a\\", "a\\b.py"):
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.create_system, entry.external_attr = name, 0, 0o120777 << 16
            archive.writestr(entry, "x" if name.endswith("py") else "")
    unpacking.unpack(tmp_path / "x.zip", tmp_path / "files")
    assert (tmp_path / "files/a/b.py").read_text() == "x"


@pytest.mark.usefixtures("small")
def test_a_zip_of_many_names_is_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard library reads all of them into memory."""
    path = zipped(tmp_path / "x.zip", {str(number): "" for number in range(50)})
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert refused(path).startswith("it holds more than 20 files")


@pytest.mark.parametrize("size", [4, 5, 6, 7, 100])
def test_names_are_counted_wherever_a_piece_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Each once."""
    monkeypatch.setattr(unpacking, "MIB", size)
    (tmp_path / "x").write_bytes(b"xPK\x01\x02" * 7)
    assert sum(unpacking._counts(tmp_path / "x")) == 7


def test_an_encrypted_zip(tmp_path: Path) -> None:
    """Nobody has its password."""
    path = zipped(tmp_path / "x.zip", {"a": "x"})
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    path.write_bytes(raw)
    assert refused(path) == "`a` is encrypted: pack it again without a password"


def test_a_zip_of_another_method(tmp_path: Path) -> None:
    """Only what every program of files writes: others need memory without bound."""
    assert "packed in an unusual way" in refused(zipped(tmp_path / "x.zip", {"a": "x"}, method=zipfile.ZIP_LZMA))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that a test reaches soon, and not with the first bytes."""
    for name, value in {
        "LARGEST": 50_000,
        "HARMLESS": 20_000,
        "MOST_FILES": 20,
        "LARGEST_HEADER": 30_000,
        "CHUNK": 4096,
    }.items():
        monkeypatch.setattr(unpacking, name, value)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar.xz", "x.tar"])
def test_bombs(tmp_path: Path, name: str) -> None:
    """By size, by number, and by ratio; nothing larger than a limit is ever written."""
    zeros = {"a": b"\0" * 45_000}
    large = {"a": noise(60_000)}
    many = {str(number): "" for number in range(50)}
    words = []
    for place, files in enumerate((zeros, large, many)):
        path = tmp_path / str(place) / name
        kind = {"zip": "", "gz": "w:gz", "xz": "w:xz", "tar": "w:"}[name.rpartition(".")[2]]
        zipped(path, files) if name == "x.zip" else tarred(path, files, kind)
        if (name, place) == ("x.tar", 0):
            words.append("")  # nothing in a tar is smaller than it is
        else:
            words.append(refused(path))
            assert sum(one.stat().st_size for one in path.parent.rglob("target/*/*")) <= 50_000
    assert ("100 times its size" in words[0], "MiB" in words[1], "more than 20 files" in words[2]) == (
        name != "x.tar",
        True,
        True,
    )


@pytest.mark.usefixtures("small")
def test_a_little_that_was_packed_well_is_no_bomb(tmp_path: Path) -> None:
    """A notebook with an empty table is many times smaller than it is."""
    path = zipped(tmp_path / "x.zip", {"a": b"\0" * 19_000})
    assert path.stat().st_size * unpacking.RATIO < 19_000
    unpacking.unpack(path, tmp_path / "files")
    assert (tmp_path / "files/a").stat().st_size == 19_000


def test_the_limits_are_those_that_students_read() -> None:
    """In the page about what is taken in."""
    said = (Path(__file__).parents[3] / "docs/intake.md").read_text(encoding="utf-8")
    megabytes = unpacking.LARGEST // unpacking.MIB
    words = f"more than {unpacking.MOST_FILES:,} files, more than {megabytes} MiB, more than {unpacking.RATIO} times"
    assert words in said


def test_the_newest_file_dates_an_archive(tmp_path: Path) -> None:
    """Whatever its place; and no date is so far away that it cannot be written."""
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, at in (("a", 100), ("b", 300), ("c", 200)):
            entry = tarfile.TarInfo(name)
            entry.mtime = at
            archive.addfile(entry)
    assert unpacking.unpack(tmp_path / "x.tar", tmp_path / "files").timestamp() == 300
    with tarfile.open(tmp_path / "y.tar", "w") as archive:
        entry = tarfile.TarInfo("a")
        entry.mtime = 2**50
        archive.addfile(entry)
    assert unpacking.unpack(tmp_path / "y.tar", tmp_path / "far").year == 9999
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as zipped_:
        zipped_.writestr(zipfile.ZipInfo("a", (1980, 0, 0, 0, 0, 0)), "")
    assert unpacking.unpack(tmp_path / "z.zip", tmp_path / "none").timestamp() == 0


@pytest.mark.usefixtures("small")
def test_a_zip_that_lies_about_sizes(tmp_path: Path) -> None:
    """What really comes out counts."""
    path = zipped(tmp_path / "x.zip", {"a": b"\0" * 45_000})
    raw = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", raw, raw.index(mark) + offset, 10)
    path.write_bytes(raw)
    assert "broken" in refused(path)
    assert (tmp_path / "target/files/a").stat().st_size <= 10


@pytest.mark.usefixtures("small")
def test_a_tar_whose_headers_are_the_bomb(tmp_path: Path) -> None:
    """A header is read into memory, so it has an end before that."""
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("a")
        entry.pax_headers = {"comment": "x" * 40_000}
        archive.addfile(entry)
    assert "the header of a file is larger than" in refused(tmp_path / "x.tar.gz")


def test_an_xz_that_needs_all_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own demand is looked at first."""
    monkeypatch.setattr(unpacking, "MEMORY", 2**16)
    assert "the archive is broken (Memory usage limit" in refused(tarred(tmp_path / "x.tar.xz", {"a": "x"}, "w:xz"))


@pytest.mark.parametrize("name", ["x.zip", "x.tar.gz", "x.tar.xz", "x.tar"])
@pytest.mark.parametrize("how", ["cut", "empty", "noise"])
def test_broken_archives(tmp_path: Path, name: str, how: str) -> None:
    """Are a problem and no crash, and never half a project."""
    kind = {"gz": "w:gz", "xz": "w:xz", "tar": "w:"}.get(name.rpartition(".")[2], "")
    files = {"a": noise(5000), "b": "x"}
    path = tmp_path / name
    zipped(path, files) if name == "x.zip" else tarred(path, files, kind)
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:3000], "empty": b"", "noise": noise(3000)}[how])
    assert refused(path).startswith("the archive ")


@pytest.mark.parametrize(
    ("local", "central", "value", "words"),
    [
        (31, None, 0xFF, "the archive is broken (Error -3 while decompressing"),
        (6, 8, 0x20, "the archive cannot be read (compressed patched data"),
        (7, 9, 0x08, "the archive cannot be read ('utf-8' codec"),
    ],
    ids=["content", "patched", "name"],
)
def test_a_zip_with_a_damaged_byte(tmp_path: Path, local: int, central: int | None, value: int, words: str) -> None:
    """Whatever the standard library makes of it, staff read a sentence."""
    path = zipped(tmp_path / "x.zip", {"A": "x" * 100})
    raw = bytearray(path.read_bytes().replace(b"A", b"\xff"))
    raw[raw.index(b"PK\x03\x04") + local] = value
    if central is not None:
        raw[raw.index(b"PK\x01\x02") + central] = value
    path.write_bytes(raw)
    assert words in refused(path)


def test_a_tar_with_a_damaged_header(tmp_path: Path) -> None:
    """The standard library takes it for the end, and the rest would be lost in silence."""
    path = tarred(tmp_path / "x.tar", {"a": "x", "b": "y"}, "w:")
    raw = bytearray(path.read_bytes())
    raw[1024 + 148] = ord("z")
    path.write_bytes(raw)
    assert "broken" in refused(path)


def test_an_archive_of_nothing(tmp_path: Path) -> None:
    """Is said."""
    assert refused(zipped(tmp_path / "x.zip", {})) == "the archive is empty"


_NAMES = st.text(st.sampled_from("ab./\\.:~\n "), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(_NAMES, min_size=1, max_size=5))
def test_whatever_the_names_all_lies_below_the_target(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    """Each file of the archive is unpacked, or the archive is refused."""
    folder = tmp_path_factory.mktemp("any")
    path = tarred(folder / "x.tar", dict.fromkeys(names, "x"), "w:")
    target = folder / "target" / "files"
    target.parent.mkdir()
    try:
        unpacking.unpack(path, target)
    except UsageError:
        pass
    else:
        assert sum(one.is_file() for one in target.rglob("*")) == len(set(names))
    assert {one.name for one in folder.iterdir()} == {"x.tar", "target"}
    assert [one.name for one in target.parent.iterdir()] == ["files"]


def test_who_is_named_by_a_file() -> None:
    """The parts of a name, without files."""
    names: Mapping[str, tuple[str, str]] = {
        "ada_1_2_x.zip": ("ada", "1"), "m06-ada-main.zip": ("m06-ada", ""), "ada.tar.gz": ("ada", ""), "ada 2024.zip": ("ada 2024", "")
    }  # fmt: skip
    assert {name: (archives.owner(name), archives.number(name)) for name in names} == names
