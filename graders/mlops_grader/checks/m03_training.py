"""m03_training: a model that can be made again and believed, judged by training it on days whose future is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.contract import Contract
from mlops_grader.instruments import bugs as feature_bugs
from mlops_grader.instruments.client import READY_SECONDS
from mlops_grader.instruments.environment import SETUP
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Finished
from mlops_grader.instruments.service import on_host
from mlops_grader.instruments.training import bugs, configuration

if TYPE_CHECKING:
    from mlops_grader.instruments.training.said import Metrics
    from mlops_grader.instruments.training.trainings import Trainings

SAME = 1e-6  # between two answers of one model, or of two that are to be the same
TOLD = 1e-3  # between a number that is reported and the same number computed again: people round
CHANCE = 4  # standard errors: chance alone exceeds them once in 16,000 grades
LEARNED = 0.6  # the AUC of whoever has learned anything; chance is 0.5
KEEPS_UP = 0.97  # of the AUC of the grader's own model
BETTER = 0.95  # of the Brier score of the base rate, at most
CALIBRATED = 0.03  # mean difference from the true probabilities; honest models had at most 0.016 in trials
PICTURES = 3  # calibration, ROC curve, slices
ALONE = 60  # requests that the service is asked for one at a time
PART = "training"  # of the contract


@check(points=5, product=NOSHOW)
def test_trains_from_its_configuration(trainings: Trainings) -> None:
    """Training learns as its configuration says: with another value there the run's parameters and the model are others.

    A number that stands in the code is changed by whoever is in a hurry, and nobody can say which model had which.
    """
    from mlops_grader.instruments.training import quality

    found, setting, value = trainings.setting
    before, after = trainings.first, trainings.changed
    if (auc := quality.auc(trainings.practice.future["no_show"].to_numpy(), before.future)) < LEARNED:
        raise Fail(
            f"on unseen weeks the AUC of the trained model is {auc:.3f}, hardly more than chance",
            fix="learn from the rows with an outcome, and let `score` use what was exported",
        )
    recorded = after.record.get("parameters")
    if not isinstance(recorded, dict) or not any(_is(said, value) for said in recorded.values()):
        raise Fail(
            f"`{setting.key}` in `{found.name}` is {value}, and the parameters of the run are {recorded}",
            fix="record every key of the configuration as a parameter of the run",
        )
    if not any(_is(said, value) for said in after.summary.configuration.values()):
        raise Fail(
            f"`{setting.key}` is {value}, and `configuration` in the summary is {after.summary.configuration}",
            fix="write down what the training was told",
        )
    if _furthest(before.future, after.future) < SAME:
        raise Fail(
            f"with `{setting.key}` {value} in place of {setting.text} the model gives the same probabilities",
            fix="hand the configuration to what fits the model, or name another key in `product.toml`, [training]",
        )


@check(points=10, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_two_trainings_agree(trainings: Trainings) -> None:
    """Trained again, in another folder, another time zone and with another hash seed, the model gives the same probabilities.

    Who cannot make a model again cannot mend it, and cannot tell a better idea from a lucky draw.
    """
    first, twin = trainings.first, trainings.twin
    furthest = max(_furthest(first.past, twin.past), _furthest(first.future, twin.future))
    if furthest > SAME:
        raise Fail(
            f"two trainings with the same files and configuration give probabilities that differ by up to {furthest:.2g}",
            fix="seed every random source, sort what has no order, and use no clock and no path",
        )
    said, other = first.summary, twin.summary
    if not _same_metrics(said.metrics, other.metrics) or said.data_sha256 != other.data_sha256:
        raise Fail(
            "two trainings with the same files and configuration report other metrics or another `data_sha256`",
            fix="compute both from the rows alone",
        )


@check(points=10, requires=test_two_trainings_agree, product=NOSHOW)
def test_test_is_later_and_untouched(trainings: Trainings) -> None:
    """The test days come after all days that were learned from, and nothing about them enters the model.

    At work every prediction is about the future. A test that mixes the days asks for something easier.
    """
    said, past = trainings.first.summary, trainings.practice.past
    if said.train.last_day >= said.test.first_day:
        raise Fail(
            f"the test begins on {said.test.first_day}, and days up to {said.train.last_day} were learned from",
            fix="split by days: the oldest to learn from, the newest to test",
        )
    trainings.first.tested()
    share = said.test.rows / len(past)
    if not 0.05 <= share <= 0.5:
        raise Fail(
            f"the test has {share:.0%} of the appointments", fix="from 5 % to 50 %: enough to judge, and to learn"
        )
    turned = trainings.turned
    if (furthest := _furthest(trainings.first.future, turned.future)) > SAME:
        raise Fail(
            f"the outcomes from {said.test.first_day} on were turned round, and the model changed by up to {furthest:.2g}: "
            "it had learned from the test",
            fix="fit, calibrate and choose on the train days alone, and export that very model",
        )
    if abs(turned.summary.metrics.auc + said.metrics.auc - 1) > TOLD:
        raise Fail(
            f"all outcomes of the test were turned round, and the AUC that is reported went from {said.metrics.auc:.4f} to "
            f"{turned.summary.metrics.auc:.4f} instead of {1 - said.metrics.auc:.4f}",
            fix="measure on the test days, with the outcomes that are in the data",
        )


@check(points=10, requires=test_two_trainings_agree, product=NOSHOW)
def test_planted_columns_do_not_help(trainings: Trainings) -> None:
    """A column that tells the outcome, and one that is known only after the appointment, change nothing.

    The best model that ever left a notebook knew whether the invoice had been paid. It was worth nothing on the day.
    """
    tempted, shown = trainings.tempted, " and ".join(f"`{name}`" for name in trainings.columns)
    if (furthest := _furthest(trainings.first.future, tempted.future)) > SAME:
        raise Fail(
            f"with {shown} in the clean data the model changes by up to {furthest:.2g}",
            fix="learn from the fields of a request and from nothing else: name them",
        )
    before, after = trainings.first.summary.metrics.auc, tempted.summary.metrics.auc
    if abs(after - before) > TOLD:
        raise Fail(
            f"with {shown} in the clean data the AUC that is reported goes from {before:.4f} to {after:.4f}",
            fix="learn from the fields of a request and from nothing else: name them",
        )


@check(points=10, requires=test_test_is_later_and_untouched, product=NOSHOW)
def test_reported_score_is_true(trainings: Trainings) -> None:
    """The metrics in summary and record are those of the exported model on its test days, and they hold on unseen weeks after.

    The score of a model is a promise about next month. Whoever staffs the telephones relies on it.
    """
    from mlops_grader.instruments.training import reported

    reported.must_be_measured(trainings.first, TOLD)
    reported.must_hold(trainings.first, CHANCE)


@check(points=5, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_beats_the_baseline_and_keeps_up(trainings: Trainings) -> None:
    """On unseen weeks the model beats the base rate, and its AUC is at least 0.97 of a plain logistic regression's.

    A model that is no better than one number costs more than that number. And who starts with less than a plain one has a bug.
    """
    from mlops_grader.instruments.training import quality

    missed, found = trainings.practice.future["no_show"].to_numpy(), trainings.first.future
    auc, plain = quality.auc(missed, found), quality.auc(missed, trainings.practice.reference())
    if auc < KEEPS_UP * plain:
        raise Fail(
            f"on unseen weeks the AUC is {auc:.4f}, and {plain:.4f} for a logistic regression on all fields",
            fix="use every field of a request, and hold the model back less",
        )
    rate = float(trainings.practice.past["no_show"].mean())
    mine, base = quality.brier(missed, found), quality.brier(missed, found * 0 + rate)
    if mine > BETTER * base:
        raise Fail(
            f"on unseen weeks the Brier score is {mine:.4f}, and {base:.4f} for saying {rate:.3f} to everybody",
            fix="look at predictions beside outcomes; a plain logistic regression gets about 0.85 of the base rate's",
        )


@check(points=5, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_probabilities_are_calibrated(trainings: Trainings) -> None:
    """Of patients who are said to miss with 30 % about 30 % miss: from safe to risky, on unseen weeks.

    The clinic multiplies these numbers with the price of an empty hour. A ranking cannot be multiplied.
    """
    from mlops_grader.instruments.training import quality

    truth = trainings.practice.future["no_show_probability"].to_numpy()
    error, (said, true) = quality.calibration_error(truth, trainings.first.future)
    if error > CALIBRATED:
        raise Fail(
            f"predicted and true probabilities differ by {error:.3f} on average; where it is worst {said:.2f} is said "
            f"and {true:.2f} is true",
            fix="no weights for classes; a model that is overconfident can be calibrated on days that it has not learned from",
        )


@check(points=5, requires=test_test_is_later_and_untouched, product=NOSHOW)
def test_slices_are_true(trainings: Trainings) -> None:
    """For each clinic, sex, age group and reminder the summary says how many there are and how good the model is for them.

    A model that is good on average may be useless for the old, or for one clinic. They will notice.
    """
    from mlops_grader.instruments.training import slices

    frame, predicted = trainings.first.tested()
    slices.must_be_those_of(trainings.first.summary.slices, frame, predicted, TOLD)
    slices.must_be_bins_of(trainings.first.summary.calibration, frame, predicted, TOLD)


@check(points=10, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_one_row_at_a_time_equals_the_batch(trainings: Trainings, random: Random) -> None:
    """A request gets the same probability in a file of thousands, in a file of its own, and from the service.

    What training knows about a batch, such as its average, is not there when one patient books.
    """
    from mlops_grader.instruments.training.trained import score
    from mlops_grader.instruments.world import request_bodies

    first, future = trainings.first, trainings.practice.future
    chosen = random.sample(range(len(future)), ALONE)
    bodies, batch = request_bodies(future.iloc[chosen]), first.future[chosen]
    for some in (chosen[:1], chosen[1:]):
        places = [chosen.index(each) for each in some]
        found = score(first.product, [bodies[place] for place in places])
        if (furthest := _furthest(found, batch[places])) > SAME:
            raise Fail(
                f"in a file of {len(some)} requests a probability differs by {furthest:.2g} from that in a file of thousands",
                fix="keep what preprocessing learned in the model, and compute each row by itself",
            )
    with on_host(first.product) as client:
        client.wait_until_ready(bodies[0], READY_SECONDS)
        for body, wanted in zip(bodies, batch, strict=True):
            if abs((answer := client.predict(body)) - wanted) > SAME:
                raise Fail(
                    f"the service answers {answer:.6f} where `score` writes {wanted:.6f}",
                    fix="let both compute features and probabilities with the same functions and the same model",
                )


@check(points=5, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_bad_configuration_fails_cleanly(trainings: Trainings, random: Random) -> None:
    """An unknown key, a wrong type, an impossible value and a missing file end training with one line, and change nothing.

    A typo that is ignored trains for a night with the default, and the report says otherwise.
    """
    from mlops_grader.instruments.training.wrong import must_be_refused, wrongs

    must_be_refused(trainings, wrongs(trainings, random))


@check(points=5, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_report_can_be_read(trainings: Trainings, contract: Contract) -> None:
    """The report shows calibration, ROC curve and slices of this very training, with its numbers, and needs no network.

    People decide by this page whether the model goes to work. They decide by what they see.
    """
    shown, page = contract.training.report, trainings.first.page
    if page.fetched:
        raise Fail(f"`{shown}` fetches `{page.fetched[0][:100]}`", fix="put everything into the page")
    summary = trainings.first.summary
    words = ["calibration", "roc", *sorted({each.value for each in summary.slices})]
    if missing := [word for word in words if word.lower() not in page.text.lower()]:
        raise Fail(f"`{shown}` does not say `{missing[0]}`", fix="show calibration, ROC curve, and every slice by name")
    for name in ("auc", "brier", "baseline_brier"):
        value = getattr(summary.metrics, name)
        if not any(f"{value:.{digits}f}" in page.text for digits in (3, 4, 5)):
            raise Fail(f"`{shown}` does not show {value:.4f}, `{name}` of the summary", fix="make both from one value")
    if len(page.pictures) < PICTURES:
        drawn = len(page.pictures)
        raise Fail(f"`{shown}` has {drawn} pictures", fix="draw calibration, ROC curve and slices, one each")
    if len(own := page.pictures - trainings.changed.page.pictures) < PICTURES:
        raise Fail(
            f"two different models, and {len(own)} of {len(page.pictures)} pictures in `{shown}` differ",
            fix="draw calibration, ROC curve and slices from the predictions of this training",
        )


@check(points=5, requires=(test_two_trainings_agree, test_report_can_be_read), product=NOSHOW)
def test_can_be_killed(trainings: Trainings) -> None:
    """Killed while it trains, it leaves the model that was there, and the next training gives the usual model and report.

    Machines are taken away in the middle of the night. What was half done must not be in the way in the morning.
    """
    again = trainings.interrupted()
    if (furthest := _furthest(trainings.first.future, again.future)) > SAME:
        raise Fail(
            f"after two trainings that were killed the next one gives other probabilities, by up to {furthest:.2g}",
            fix="begin anew each time, or go on from what was finished",
        )
    same = _same_metrics(again.reported.metrics, trainings.first.summary.metrics)
    if not same or len(again.page.pictures) != len(trainings.first.page.pictures):
        raise Fail(
            "after two trainings that were killed summary or report are others than usual", fix="write them in one step"
        )


@check(points=5, requires=test_trains_from_its_configuration, product=NOSHOW)
def test_tests_stay_green_when_nothing_is_wrong(product: Product, scratch: Path, random: Random) -> None:
    """The tests pass, also when the code is written in other words, with another seed and another sensible setting.

    Tests that know coefficients by heart go red with every improvement, and soon nobody looks.
    """

    def rewritten(copy: Product) -> None:
        feature_bugs.refactor(copy.root)
        bugs.plant(copy, *bugs.NEUTRAL)

    def set_otherwise(copy: Product) -> None:
        said = contract.seed, contract.hyperparameter
        seed, setting = (configuration.configuration(copy).setting(key) for key in said)
        configuration.write(copy, configuration.configuration(copy).having(seed.key, str(random.randint(1, 10**6))))
        value = f"{setting.number * 0.7:g}" if "." in setting.text else setting.text
        configuration.write(copy, configuration.configuration(copy).having(setting.key, value))

    contract = product.contract.training
    changes: tuple[tuple[str, Callable[[Product], None]], ...] = (
        ("nothing was changed", lambda _: None),
        ("features and training were written in other words and do the same", rewritten),
        ("another seed and another sensible setting were configured", set_otherwise),
        ("every function of the training code raises an error", lambda copy: bugs.plant(copy, *bugs.DISABLED)),
    )
    *green, red = _tested(product, scratch, [change for _, change in changes])
    for (words, _), done in zip(changes, green, strict=False):
        if not done.ok:
            raise Fail(
                f"{words}, and the tests are red: {done}", fix="test what a model promises, not what it looks like"
            )
    if red.ok:
        raise Fail(
            f"every function of `{contract.code}` was made to raise an error, and the tests stay green",
            fix=f"test {', '.join(f'`{name}`' for name in bugs.PROMISED)} of `{contract.code}`",
        )


@check(points=5, requires=test_tests_stay_green_when_nothing_is_wrong, product=NOSHOW)
def test_tests_catch_bugs_in_features(product: Product, scratch: Path) -> None:
    """The tests go red when a feature is wrong in a way that only the behaviour of the model shows.

    Each number looks plausible alone. That risky patients come out as safe shows when somebody asks the model.
    """
    found = feature_bugs.BEHAVIOUR
    ends = _tested(product, scratch, [partial(_plant_in_features, bug) for bug in found])
    _must_be_red([bug.words for bug in found], ends)


@check(points=5, requires=test_tests_stay_green_when_nothing_is_wrong, product=NOSHOW)
def test_tests_catch_bugs_in_training(product: Product, scratch: Path) -> None:
    """The tests go red when the model is fitted to wrong outcomes, split by lot, or gives something else than probabilities.

    None of this raises an error. The program runs, writes a report, and is wrong.
    """
    ends = _tested(product, scratch, [partial(_plant_in_training, bug) for bug in bugs.TRAINING])
    _must_be_red([bug.words for bug in bugs.TRAINING], ends)


def _is(said: Any, value: str) -> bool:
    try:
        return math.isclose(float(said), float(value), rel_tol=1e-6)
    except (TypeError, ValueError):
        return False


def _same_metrics(left: Metrics, right: Metrics) -> bool:
    return all(
        math.isclose(getattr(left, name), getattr(right, name), abs_tol=SAME) for name in type(left).model_fields
    )


def _furthest(left: Any, right: Any) -> float:
    return float(abs(left - right).max())


def _tested(product: Product, folder: Path, changes: Sequence[Callable[[Product], None]]) -> list[Finished]:
    """How the `test` command ends in copies with these changes, two at a time.

    Where `setup` installs the project itself, it is installed from each copy, one after the other.
    """
    copies = [product.copy(folder / f"clone-{number}") for number in range(len(changes))]
    for copy, change in zip(copies, changes, strict=True):
        change(copy)

    def run(copy: Product) -> Finished:
        if copy.environment.local():
            copy.must("setup", limits=SETUP)
        return copy.run("test")

    with ThreadPoolExecutor(1 if product.environment.local() else 2) as pool:
        return list(pool.map(run, copies))


def _plant_in_features(bug: feature_bugs.Bug, copy: Product) -> None:
    feature_bugs.plant(copy.root, bug)


def _plant_in_training(bug: bugs.Bug, copy: Product) -> None:
    bugs.plant(copy, bug)


def _must_be_red(words: Sequence[str], ends: Sequence[Finished]) -> None:
    for each, done in zip(words, ends, strict=True):
        if done.stopped:
            raise Fail(f"with a bug planted, the test command did not end: {done.stopped}", fix="let every test end")
        if done.ok:
            raise Fail(
                f"a planted bug was not noticed: {each}",
                fix="test direction, invariance and clear cases over all that a request may hold",
            )
