"""`python -m noshow reproduce RUN_ID OUT`: make the model of a run again, from what the run says and nothing else."""

import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from noshow.bundle import MODEL_FILE, save_provenance
from noshow.configuration import Configuration
from noshow.digests import sha256
from noshow.errors import ProductError
from noshow.export import provenance
from noshow.pseudonyms import read_key
from noshow.remake import REMADE, read_remade
from noshow.replacing import replacing_folder
from noshow.settings import Settings
from noshow.tracking import Champion, Store, asking, open_store
from noshow.train import LOCK

CLOSE = 1e-9


def run(settings: Settings, run_id: str, out: Path) -> str:
    """Check the commit of the run out beside the working tree, and ingest and train there as the run was told.

    The folder `out` then holds what `export` would put into `model/`. Raises ProductError, and leaves no `out`, when the
    run was made from files that were not committed, when its commit or its data are gone, when the packages are others
    now, and when the metrics come out differently.
    """
    store = open_store(settings)
    recorded, data = _recorded(store, run_id)
    _must_be_reproducible(recorded)
    key = read_key(settings.pseudonym_key, settings.clean_dir.parent).decode()
    with replacing_folder(out) as new, _checked_out(recorded.tags["commit"]) as tree:
        told = tree / "reproduced.toml"
        told.write_text(_configuration(recorded.parameters), encoding="utf-8")
        _remake(tree, new, data, {"PSEUDONYM_KEY": key, "TRAINING_FILE": str(told)})
        made = read_remade(new)
        for name, value in made.metrics.items():
            if not math.isclose(value, recorded.metrics.get(name, math.nan), rel_tol=CLOSE):
                raise ProductError(f"`{name}` is {value} now, and was {recorded.metrics.get(name)}: not the same model")
        (new / REMADE).unlink()
        save_provenance(provenance(store.model, recorded, new / MODEL_FILE), new)
    return f"run {run_id} made again from commit {recorded.tags['commit']} and data set {data}, in `{out}`"


def _recorded(store: Store, run_id: str) -> tuple[Champion, str]:
    """The record of a run, and the name of its data set."""
    with asking(store, f"run {run_id}"):
        run = store.client.get_run(run_id)
    if not run.inputs.dataset_inputs:
        raise ProductError(f"run {run_id} does not say which data it had")
    recorded = Champion("", run_id, run.info.end_time or 0, run.data.params, run.data.metrics, run.data.tags)
    return recorded, str(run.inputs.dataset_inputs[0].dataset.name)


def _must_be_reproducible(recorded: Champion) -> None:
    commit = recorded.tags.get("commit", "unknown")
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise ProductError(f"run {recorded.run_id} was made from commit {commit}: not all of its code was committed")
    lock = sha256(LOCK) if LOCK.is_file() else "unknown"
    if recorded.tags.get("lock_sha256") != lock:
        raise ProductError(
            f"run {recorded.run_id} had other packages than `{LOCK}` names now: check out its commit in another folder, "
            "set up an environment there, and reproduce it in that"
        )


@contextmanager
def _checked_out(commit: str) -> Iterator[Path]:
    """A commit in a folder of its own, with an index of its own: the working tree stays as it is."""
    with TemporaryDirectory() as name:
        tree = Path(name)
        top = _git("rev-parse", "--show-toplevel")
        below = Path.cwd().resolve().relative_to(Path(top).resolve())
        if not _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}", missing=""):
            raise ProductError(f"commit {commit} is not in this repository: git fetch, or it is gone")
        _git(f"--work-tree={tree}", "-C", top, "checkout", commit, "--", ".", index=str(tree / ".index"))
        yield tree / below


def _git(*arguments: str, index: str = "", missing: str | None = None) -> str:
    own = {**os.environ, "GIT_INDEX_FILE": index} if index else dict(os.environ)
    done = subprocess.run(["git", *arguments], env=own, capture_output=True, text=True, check=False)
    if done.returncode and missing is None:
        raise ProductError(f"git {arguments[-1]}: {done.stderr.strip() or 'it fails'}")
    return done.stdout.strip() if not done.returncode else str(missing)


def _configuration(parameters: Mapping[str, str]) -> str:
    try:
        return "".join(f"{key} = {parameters[key]}\n" for key in Configuration.model_fields)
    except KeyError as error:
        raise ProductError(f"the run does not say {error}, which training must be told") from error


def _remake(tree: Path, out: Path, data: str, told: Mapping[str, str]) -> None:
    """Run the commit's own code with what the run was told; nothing of this machine's folders reaches it."""
    folders = ("RAW_DIR", "CLEAN_DIR", "REPORTS_DIR", "TRACKING_DIR", "MODEL_DIR", "MLFLOW_TRACKING_URI")
    own = {name: value for name, value in os.environ.items() if name not in folders}
    command = [sys.executable, "-m", "noshow.remake", str(out.resolve()), data]
    done = subprocess.run(command, cwd=tree, env={**own, **told}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProductError((done.stderr.strip() or "it fails without a word").splitlines()[-1])
