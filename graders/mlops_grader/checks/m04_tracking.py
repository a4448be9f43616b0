"""m04_tracking: a record of every model, a champion and a gate, judged beside a real tracking server that is sometimes away."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments.lock import pins

if TYPE_CHECKING:
    from mlops_grader.instruments.tracking.gate import Judged
    from mlops_grader.instruments.tracking.outage import Outage
    from mlops_grader.instruments.tracking.tracked import Tracked

SAME = 1e-6  # between two answers of one model
STEPS = 3  # of a metric, from which on it has a history
NUMBERS = 2  # in a reason: what was measured of one and of the other
PART = "training"  # of the contract


@check(points=5, product=NOSHOW)
def test_training_is_recorded(tracked: Tracked, contract: Contract) -> None:
    """A training leaves one run that has ended well, with parameters and metrics, and one version of the registered model.

    In half a year somebody asks why a patient was not called. The run is where that question is answered or given up.
    """
    from mlops_grader.instruments.training.configuration import configuration

    made = tracked.good
    if made.run.status != "FINISHED":
        raise Fail(f"the run of a training that ended well is {made.run.status}", fix="end each run with its status")
    setting = configuration(made.place.product).setting(contract.training.hyperparameter)
    if not any(_is(value, setting.number) for value in made.run.parameters.values()):
        raise Fail(
            f"`{setting.key}` is {setting.text}, and the parameters of the run are {dict(made.run.parameters)}",
            fix="log every key of the configuration as a parameter",
        )
    if made.run.metrics == tracked.first.run.metrics:
        raise Fail(
            f"two trainings on different outcomes recorded the same metrics: {dict(made.run.metrics) or 'none'}",
            fix="log what was measured on the test days",
        )
    if not any(path.is_file() for path in made.place.registry.model_folder(made.version).rglob("*")):
        raise Fail(f"version {made.version.number} has no files on the server", fix="log the model to the run")


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_run_says_how_it_came_about(tracked: Tracked, contract: Contract) -> None:
    """A run names its data set, its commit and its locked environment.

    Code, data and packages make a model. Where one of them is not known, it can never be made again.
    """
    made = tracked.good
    name = str(json.loads((made.place.root / contract.data.manifest).read_text(encoding="utf-8")).get("name"))
    if not any(name in (each.name, each.digest) for each in made.run.data):
        raise Fail(
            f"the data set is {name}, and the inputs of the run are {[each.name for each in made.run.data] or 'none'}",
            fix="log it as a data set input (`log_inputs` or `log_input`), with the manifest's name and a digest",
        )
    commit = made.place.head()
    if not any(commit == value for value in made.run.words().values()):
        raise Fail(f"no tag and no parameter of the run is the commit, {commit}", fix="tag each run with its commit")
    _must_name_the_lock(tracked, contract)


def _must_name_the_lock(tracked: Tracked, contract: Contract) -> None:
    made = tracked.good
    lock = made.place.product.submission.path(contract.environment.lock).read_bytes()
    digest, folder = hashlib.sha256(lock).hexdigest(), made.place.registry.place(made.run.artifacts)
    kept = any(path.is_file() and path.read_bytes() == lock for path in folder.rglob("*")) if folder.is_dir() else False
    if not kept and not any(digest in value for value in made.run.words().values()):
        raise Fail(
            f"the run neither keeps `{contract.environment.lock}` nor names its SHA-256",
            fix="tag the run with the hash of the lock, or log the lock as an artifact",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_metrics_have_a_history(tracked: Tracked) -> None:
    """At least one metric was recorded over time, in three steps or more, with what was measured in each.

    One number says how good a model was on average. A curve says that it was getting worse.
    """
    run, registry = tracked.good.run, tracked.server.registry
    histories = {name: dict(registry.history(run.id, name)) for name in run.metrics}
    over_time = {name: steps for name, steps in histories.items() if len(steps) >= STEPS}
    if not over_time:
        raise Fail(
            f"no metric of the run has {STEPS} steps; recorded are {', '.join(histories)}",
            fix="log a metric once for each day, fold or iteration, with its step",
        )
    others = {name: dict(registry.history(tracked.worse.run.id, name)) for name in over_time}
    if not any(len(set(steps.values())) > 1 and steps != others[name] for name, steps in over_time.items()):
        raise Fail(
            f"`{next(iter(over_time))}` has one value in all steps, or the same ones for a model that is much worse",
            fix="log in each step what was measured in it",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_model_says_what_it_takes(tracked: Tracked, contract: Contract) -> None:
    """The registered model has a signature, an input example that fits it, and its requirements as the lock pins them.

    Who finds the model without you sees what goes in, what comes out, and with which versions it was made.
    """
    from mlops_grader.instruments.tracking.packed import packed

    made = tracked.good
    found = packed(made.place.registry.model_folder(made.version))
    if not found.signed:
        raise Fail(
            "the model has no signature of inputs and outputs",
            fix="give MLflow a signature: `infer_signature` makes one",
        )
    if found.example is None:
        raise Fail("the model has no input example", fix="give MLflow an `input_example`")
    if found.columns and found.example_columns() and found.example_columns() != found.columns:
        raise Fail(
            f"the example has the columns {found.example_columns()}, and the signature {found.columns}",
            fix="make signature and example from the same table",
        )
    locked = pins(contract.environment.lock, made.place.product.submission.read(contract.environment.lock))
    wrong = [
        f"{name} {version}"
        for name, version in found.requirements.items()
        if version not in locked.get(name, {version})
    ]
    if wrong or not found.requirements.keys() & locked.keys():
        raise Fail(
            f"the requirements of the model are {', '.join(wrong) or 'none that the lock has'}; the lock has other versions",
            fix="state what the model needs (`pip_requirements`) with the versions that are installed",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_first_version_becomes_the_champion(tracked: Tracked, contract: Contract) -> None:
    """The first training registers a version, gives it the alias, and says why.

    Somebody has to be the first. That nobody was there to compare with is a reason, and has to be readable.
    """
    made, champion = tracked.first, tracked.champion_of_all
    if champion != made.version.number:
        raise Fail(
            f"after the first training the alias `{contract.tracking.alias}` is on {_version(champion)}",
            fix="where there is no champion, the version of a training becomes it",
        )
    decision, because = made.place.tags(made.version)
    if not decision or not because:
        raise Fail(
            f"version {made.version.number} has the tags {dict(made.version.tags)}: nothing says why it is the champion",
            fix=f"give it the tags `{contract.tracking.decision}` and `{contract.tracking.because}`",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_training_does_not_promote(tracked: Tracked, contract: Contract) -> None:
    """With a champion in place, a training registers its version and leaves the alias where it is.

    A training that promotes turns every experiment on somebody's laptop into next week's service.
    """
    tracked.good  # noqa: B018  # the training after the first
    if tracked.champion_after_good != tracked.champion_of_all:
        raise Fail(
            f"after the second training the alias `{contract.tracking.alias}` is on {_version(tracked.champion_after_good)}",
            fix="register the version; moving the alias is the work of `promote`",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_export_follows_the_alias(tracked: Tracked) -> None:
    """`export` brings the version that has the alias now, also when it was moved back to an older one.

    Taking a model back is moving an alias and exporting. It is done at night, in a hurry, and must not need a training.
    """
    from mlops_grader.instruments.training.quality import brier

    newer, older = tracked.followed
    for exported, made in ((newer, tracked.good), (older, tracked.first)):
        if exported.run_id != made.run.id:
            raise Fail(
                f"the alias is on the version of run {made.run.id}, and `export` brings run {exported.run_id}",
                fix="export the version that has the alias, whatever was trained last",
            )
    missed = tracked.clinic.missed()
    if brier(missed, newer.predictions) >= brier(missed, older.predictions):
        raise Fail(
            "the alias was moved, the record names the other run, and the predictions are not those of its model",
            fix="take the model from the same version as the record",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_better_version_is_promoted(tracked: Tracked) -> None:
    """`promote` gives the alias to a version that is better than the champion, and says with which numbers.

    A gate that lets nobody through is no gate. What is better has to reach the patients.
    """
    judged = tracked.better
    if not judged.promoted:
        raise Fail(
            f"a version that has learned from true outcomes meets a champion that has not, and stays outside: {judged.finished}",
            fix="compare both on the test days of the present data, and give the alias to the better one",
        )
    _must_say_why(judged, "promoted")


@check(points=10, requires=test_better_version_is_promoted, product=NOSHOW)
def test_no_better_version_is_refused(tracked: Tracked) -> None:
    """A version that is worse than the champion, or just as good, does not get the alias, and its tags say why.

    Every change has a price and a risk. Who changes for nothing pays it for nothing.
    """
    worse, equal, _ = tracked.refusals
    for judged, words in ((worse, "worse than"), (equal, "the same as")):
        if judged.champion != "1":
            raise Fail(
                f"a version that is {words} the champion is put before the gate, and the alias is on {_version(judged.champion)}: "
                f"{judged.finished}",
                fix="promote only what is better, by more than nothing",
            )
    _must_say_why(worse, "refused")
    if worse.decision == tracked.better.decision:
        raise Fail(
            f"the decision about a version that was promoted and about one that was not reads `{worse.decision}`",
            fix="let the tag say which of the two it was",
        )


@check(points=5, requires=test_no_better_version_is_refused, product=NOSHOW)
def test_gate_measures_for_itself(tracked: Tracked) -> None:
    """A version whose run claims better metrics than it has is refused: the gate measures both on the same days.

    Two runs were measured on different days, by different code, sometimes by a hopeful hand. Their metrics do not compare.
    """
    *_, lying = tracked.refusals
    if lying.champion != "1":
        raise Fail(
            f"the metrics in the run of a bad version were improved, and the alias is on {_version(lying.champion)}",
            fix="load both models and measure them on the same appointments, now",
        )


@check(points=10, requires=test_better_version_is_promoted, product=NOSHOW)
def test_two_promotions_may_race(tracked: Tracked) -> None:
    """Two versions are promoted at the same time, from two machines, and in the end the better one is the champion.

    Between looking and moving there is a moment. In it the other pipeline moves the alias.
    """
    middling, good = tracked.race
    if good.champion not in ("2", "3"):
        raise Fail(
            f"two better versions were promoted at once, and the alias is on {_version(good.champion)}: "
            f"{middling.finished}; {good.finished}",
            fix="the better one of the two becomes the champion",
        )
    if good.champion == "2":
        raise Fail(
            "two versions were promoted at once; the worse one of them moved the alias last, and nobody noticed",
            fix="make one promotion wait for the other, or look again after moving the alias",
        )
    for judged in (middling, good):
        if not judged.decision or not judged.because:
            raise Fail(
                f"two versions were promoted at once, and nothing says what became of version {judged.version.number}",
                fix="say of each what was decided and why, also of the one that had to give way",
            )


@check(points=10, requires=test_training_is_recorded, product=NOSHOW)
def test_run_can_be_made_again(tracked: Tracked, contract: Contract) -> None:
    """From the id of a run alone a clone makes its model again, although the project has gone on and the model is gone.

    A record is worth what can be made from it. Nobody knows whether it is enough before somebody has tried.
    """
    import numpy as np

    attempt, found = tracked.made_again
    if not attempt.finished.ok or found is None:
        raise Fail(
            f"a run could not be made again: {attempt.finished}",
            fix="check out its commit beside the working tree, ingest there, and train with the parameters of the run",
        )
    wanted = tracked.followed[0].predictions
    if (furthest := float(np.abs(found - wanted).max())) > SAME:
        raise Fail(
            f"the model that was made again gives probabilities that differ by up to {furthest:.2g}",
            fix="take code, data and parameters from the record of the run, and nothing from the working tree",
        )


@check(points=5, requires=test_run_can_be_made_again, product=NOSHOW)
def test_what_cannot_be_made_again_is_refused(tracked: Tracked) -> None:
    """A run with uncommitted changes says so; it, a run whose commit is gone and one with other data are refused.

    A model that is nearly the one of the record is worse than none: from then on it is taken for that one.
    """
    from mlops_grader.instruments.sandbox import Finished
    from mlops_grader.instruments.tracking.again import says_unclean

    unclean = tracked.unclean
    if not isinstance(unclean, Finished) and not says_unclean(unclean, tracked.good):
        raise Fail(
            "training with a change that is not committed leaves a run that reads like any other",
            fix="let the record say that the working tree was dirty, or refuse to train",
        )
    for attempt in tracked.not_made_again:
        if not attempt.refused:
            raise Fail(
                f"{attempt.words} is not refused with one line and without leaving anything: {attempt.finished}",
                fix="compare commit and data set with the record before training, and leave no model when they differ",
            )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_search_names_its_best(tracked: Tracked) -> None:
    """A search is one run with a nested run for each value, and names the best of them.

    What was tried and turned down is worth as much as what was found. Next year somebody has the same idea.
    """
    from mlops_grader.instruments.tracking.nested import search

    finished, runs = tracked.searched
    if not finished.ok:
        raise Fail(f"the `search` command fails: {finished}", fix="mend what it says")
    found = search(runs)
    if any(run.status != "FINISHED" for run in (found.parent, *found.children)):
        raise Fail("a run of the search has not ended", fix="end the search and each nested run with their status")
    if not found.tried():
        raise Fail("no parameter differs between all nested runs", fix="log in each what was tried in it")
    if not (judged := found.judged_by()):
        raise Fail("the nested runs share no metric with different values", fix="log in each how good it was")
    if len(named := found.named()) != 1:
        raise Fail(
            f"the run of the search names {len(named)} of its nested runs",
            fix="give it a tag with the id of the best one, and no other",
        )
    if not found.best(named[0]):
        raise Fail(
            f"the nested run that is named is the best one by none of {', '.join(judged)}",
            fix="name the one that was best on days that no test looks at",
        )


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_no_result_is_lost_without_the_server(tracked: Tracked) -> None:
    """While the server is away a training keeps its result and sends it later, or stops before it learns anything.

    Trainings run at night, and servers are patched at night. What took hours must not hang on one request.
    """
    for outage in tracked.outages:
        if not outage.stopped_before:
            _must_have_arrived(outage, tracked)


@check(points=5, requires=test_no_result_is_lost_without_the_server, product=NOSHOW)
def test_silent_server_does_not_hold_training_up(tracked: Tracked) -> None:
    """A server that takes requests and never answers is given up before long, and nothing is lost.

    A job that waits for ever is found on Monday. One that says what it waits for is mended in the night.
    """
    _must_have_arrived(tracked.silence, tracked)


@check(points=5, requires=test_training_is_recorded, product=NOSHOW)
def test_nothing_private_is_recorded(tracked: Tracked) -> None:
    """No key, no token, no password and no word of a patient stands on the server.

    Everybody who trains reads the tracking server, and nobody ever clears it up.
    """
    from mlops_grader.instruments.tracking.leaks import leaks

    for made in (tracked.first, tracked.good):
        made.place.registry.run(made.run.id)
    private = tracked.private()
    if found := leaks(tracked.server.folder, private):
        word, place = found[0]
        raise Fail(
            f"{place} on the server holds a word from {private[word]}, {word[:4]}...",
            fix="record names and hashes of data, an invented example, and no environment, address or daily file",
        )


def _must_say_why(judged: Judged, what: str) -> None:
    names = judged.place.product.contract.tracking
    if not judged.decision or len(judged.numbers()) < NUMBERS:
        raise Fail(
            f"of a version that was {what} the tags `{names.decision}` and `{names.because}` say `{judged.decision}` and "
            f"`{judged.because}`",
            fix="say what was decided, and what was measured of the version and of the champion",
        )


def _must_have_arrived(outage: Outage, tracked: Tracked) -> None:
    """The training ended, spoke of it, and its record is on the server by now, once."""
    if outage.finished.stopped:
        raise Fail(
            f"{outage.words}, and training was {outage.finished.stopped}",
            fix="give requests a timeout and few attempts (MLFLOW_HTTP_REQUEST_TIMEOUT, MLFLOW_HTTP_REQUEST_MAX_RETRIES)",
        )
    if not re.search(r"server|flush|later|reach|connect|unavailable", outage.finished.output, re.IGNORECASE):
        raise Fail(f"{outage.words}, and training does not say so: {outage.finished}", fix="say what waits, and where")
    finished = [run for run in outage.runs if run.status == "FINISHED" and not run.parent]
    if len(finished) != 1 or len(outage.versions) != 1:
        flushed = "; ".join(map(str, outage.flushed)) or "there is no `flush` command"
        raise Fail(
            f"{outage.words}; afterwards, when `flush` had run twice, there were {len(finished)} finished runs and "
            f"{len(outage.versions)} versions of this training: {outage.finished}; {flushed}",
            fix="keep the whole result on disk until the server has it, and send it once",
        )
    _must_be_whole(outage, tracked)


def _must_be_whole(outage: Outage, tracked: Tracked) -> None:
    from mlops_grader.instruments.tracking.packed import packed

    arrived, usual = outage.arrived(), tracked.good
    for kind in ("parameters", "metrics", "tags"):
        missing = set(getattr(usual.run, kind)) - set(getattr(arrived.run, kind))
        if missing and kind != "tags":
            raise Fail(
                f"{outage.words}, and the run that arrived later lacks `{min(missing)}` of its {kind}",
                fix="keep the whole result, and not only the model",
            )
    if len(arrived.run.data) < len(usual.run.data):
        raise Fail(f"{outage.words}, and the run that arrived later lacks its data set", fix="keep the whole result")
    packed(arrived.place.registry.model_folder(arrived.version))


def _is(said: str, value: float) -> bool:
    try:
        return abs(float(said) - value) <= 1e-9 * max(1.0, abs(value))
    except ValueError:
        return False


def _version(number: str | None) -> str:
    return f"version {number}" if number else "no version"
