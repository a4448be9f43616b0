"""Members whose code attacks the machine, the grader or the neighbours, and one that only goes on for ever."""

from __future__ import annotations

import subprocess
from pathlib import Path

from submissions import replace, write
from synthetic.member import Kind, Member, without
from synthetic.payloads import probe, probe_in

CONTRACT = "product.toml"
LINT = "test_lint_tells_good_from_bad"
NOTHING = "; reached: nothing"
QUICK = ("kills-everything", "writes-everywhere", "poisons-cache")
ENDED = ("graded", "error")  # a machine that was brought to its limit may end in words for a person: never in points
# what the run must say; a payload whose words are not said may have been let through, or never have run
SAYS = {
    "fork-bomb": "",  # the sandbox, which says so, or the kernel, which kills without a word: whichever is first
    "fills-disk": "",
    "hogs-memory": "",
    "many-small-files": "ran many-small-files",
    "endless-output": "printed more than",
    "kills-everything": f"ran kills-everything{NOTHING}",
    "writes-everywhere": f"ran writes-everywhere{NOTHING}",
    "poisons-cache": "ran poisons-cache",
    "floods-the-report": "ran floods-the-report",
}


def hostile() -> tuple[Member, ...]:
    """All whose repository is one that can be taken; the others are in `handed.py`."""
    setups = tuple(
        Member(f"hostile-{name}", Kind.HOSTILE, probe(name), says=says, status=ENDED, quick=name in QUICK)
        for name, says in SAYS.items()
    )
    return (*setups, *_in_the_lint_command(), *_repositories())


def _in_the_lint_command() -> tuple[Member, ...]:
    """The reference with one bad command: it costs the points of that command and no others."""
    looping = (
        write("loop.py", "while True:\n    pass\n"),
        replace(CONTRACT, 'lint = "nox -s lint"', 'lint = "python loop.py"'),
    )
    scan = probe_in("scans-network", "lint", "nox -s lint")
    left, says = without((LINT,)), f"ran scans-network{NOTHING}"
    return (
        Member("hostile-endless-loop", Kind.HOSTILE, looping, solved=True, score=left, says="still running after"),
        Member("hostile-scans-network", Kind.HOSTILE, scan, solved=True, score=left, says=says, quick=True),
    )


def _repositories() -> tuple[Member, ...]:
    """Repositories that git, or who reads them, could stumble over."""
    traps = (write(".gitattributes", "* filter=trap diff=trap merge=trap\n"),)
    return (
        Member("hostile-git-settings", Kind.HOSTILE, traps, says="setup", traps=(set_traps,), quick=True),
        Member(
            "hostile-links",
            Kind.HOSTILE,
            (_links, _submodule),
            says="link that leaves",
            status=("graded", "not handed in"),
        ),
        Member("hostile-file-names", Kind.HOSTILE, (_names,), says="", status=("graded", "not handed in")),
        Member("hostile-huge-file", Kind.HOSTILE, (_huge,), says="MiB", status=("graded", "not handed in")),
    )


def witness_of(project: Path) -> Path:
    """What the traps of a repository write when somebody springs them: a file in its own `.git`."""
    return project / ".git" / "sprung"


def set_traps(project: Path) -> None:
    """Hooks, a monitor, filters and a pager that leave a witness."""
    script = project / ".git" / "trap.sh"
    script.write_text(f'#!/bin/sh\necho sprung >> "{witness_of(project).resolve()}"\ncat\n', encoding="utf-8")
    script.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction", "pre-auto-gc"):
        (project / ".git" / "hooks").mkdir(exist_ok=True)
        (project / ".git" / "hooks" / hook).symlink_to(script)
    named = ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "uploadpack.packObjectsHook")
    filters = (f"filter.trap.{kind}" for kind in ("clean", "smudge", "process"))
    for key in (*named, *filters, "diff.trap.command", "merge.trap.driver", "alias.log"):
        subprocess.run(["git", "-C", str(project), "config", key, str(script)], check=True)


def _links(project: Path) -> None:
    """Links to the machine and to the neighbours."""
    (project / "data" / "machine").symlink_to("/etc")
    (project / "data" / "neighbours").symlink_to("../..")
    (project / "examples" / "request.json").unlink()
    (project / "examples" / "request.json").symlink_to("/etc/passwd")


def _submodule(project: Path) -> None:
    """A repository within, at an address that is a command."""
    (project / ".gitmodules").write_text('[submodule "lib"]\n\tpath = lib\n\turl = ext::sh -c id\n', encoding="utf-8")
    link = ("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},lib")
    subprocess.run(["git", "-C", str(project), *link], check=True)
    (project / "lib").mkdir()


def _names(project: Path) -> None:
    """File names with all that a name may hold."""
    for name in (
        "-rf",
        "$(id)",
        "a\nb",
        "\u202efdp.exe",
        "<img src=x onerror=alert(1)>",
        "=cmd|calc",
        "`id`",
        "a b'\"c",
        "%s%n",
    ):
        (project / name).write_text("x\n", encoding="utf-8")
    (project / "caf\udce9").write_bytes(b"latin-1\n")


def _huge(project: Path) -> None:
    """One file that no code host takes, small as git keeps it."""
    with (project / "huge.bin").open("wb") as file:
        file.truncate(110 * 2**20)
