"""Stand-in of actions/checkout: a clone of what the run is about, in the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlops_grader.instruments.workflow.played import Bench, Inputs, Played, place
from mlops_grader.instruments.workflow.store import within


def checkout(inputs: Inputs, bench: Bench) -> Played:
    """actions/checkout: the commit that started the run, or `ref`, with as much history as `fetch-depth` says.

    What lies in the folder and is not git's is removed first, as on GitHub.
    """
    if inputs.get("repository") and inputs["repository"].split("/")[-1] != bench.machine.repository:
        return Played(lacking=f"a checkout of another repository, `{inputs['repository']}`")
    folder = place(bench, inputs.get("path", ""))
    if not within(bench.machine.workspace, folder):
        return Played(failed=f"the path `{inputs.get('path')}` lies outside of the workspace")
    folder.mkdir(parents=True, exist_ok=True)
    wanted = inputs.get("ref") or bench.commit
    branch = _branch(inputs, bench)
    commands = [
        ["git", "fetch", "--quiet", "--no-recurse-submodules", *_what(inputs, wanted, branch)],
        ["git", "checkout", "--quiet", "--force", *(["-B", branch] if branch else ["--detach"]), "FETCH_HEAD"],
    ]
    for command in [*_preparing(inputs, bench, folder), *commands]:
        done = bench.run(command, folder)
        if not done.ok:
            return Played(failed=f"`{inputs.get('ref') or bench.ref}` cannot be checked out: {done.tail(2)}")
    bench.machine.touch(folder)
    commit = bench.run(["git", "rev-parse", "HEAD"], folder).output.strip()
    return Played(outputs={"commit": commit, "ref": inputs.get("ref") or bench.ref}, log=f"checked out {commit[:10]}")


def _preparing(inputs: Inputs, bench: Bench, folder: Path) -> list[list[str]]:
    """What makes the folder a clone without leftovers."""
    if (folder / ".git").is_dir():
        clean = [["git", "clean", "-ffdxq"], ["git", "reset", "--quiet", "--hard"]]
        return clean if inputs.get("clean") != "false" else []
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
    address = bench.repository.resolve().as_uri()
    return [["git", "init", "--quiet"], ["git", "remote", "add", "origin", address]]


def _what(inputs: Inputs, wanted: str, branch: str) -> list[str]:
    """What is fetched: one commit, or with depth 0 every branch and tag."""
    depth = inputs.get("fetch-depth") or "1"
    if depth != "0":
        tags = [] if inputs.get("fetch-tags") == "true" else ["--no-tags"]
        return [*tags, "--depth", depth, "origin", f"+{wanted}:refs/remotes/origin/{branch}" if branch else wanted]
    return ["origin", wanted, "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]


def _branch(inputs: Inputs, bench: Bench) -> str:
    """The branch that is checked out, empty for a commit, a tag or a pull request."""
    ref = inputs.get("ref") or bench.ref
    if not inputs.get("ref"):
        return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""
    name = ref.removeprefix("refs/heads/")
    address = bench.repository.resolve().as_uri()
    known = bench.run(["git", "ls-remote", "--exit-code", address, f"refs/heads/{name}"])
    return name if known.ok else ""
