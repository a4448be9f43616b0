"""Counting: figures that can be checked by hand."""

import json

import numpy as np
import pytest

from triage import bayes

ROWS = [["water", "pipe"], ["water", "wall"], ["music"], ["music", "dog"]]
CLASSES = ["repair", "repair", "noise", "noise"]


def test_a_word_counts_for_the_class_that_uses_it() -> None:
    model = bayes.fit(ROWS, CLASSES, smoothing=1.0, least=1)

    # repair: 4 words and 5 that are known, each with 1 added; `water` stands there twice
    assert model.classes == ("noise", "repair")
    assert np.exp(model.weights[model.vocabulary["water"]]) == pytest.approx([1 / 8, 3 / 9], abs=1e-5)
    assert model.probabilities(["water"])[1] == pytest.approx((3 / 9) / (3 / 9 + 1 / 8), abs=1e-5)


def test_words_of_too_few_letters_are_unknown() -> None:
    model = bayes.fit(ROWS, CLASSES, smoothing=1.0, least=2)

    assert sorted(model.vocabulary) == ["music", "water"]
    assert model.known_share(["water", "dog", "zebra", "music"]) == 0.5


def test_a_letter_of_unknown_words_gets_the_shares_of_training() -> None:
    model = bayes.fit([*ROWS, ["wall"], ["pipe"]], [*CLASSES, "repair", "repair"], smoothing=1.0, least=1)

    assert model.probabilities(["zebra"]) == pytest.approx([2 / 6, 4 / 6], abs=1e-5)


def test_a_temperature_makes_it_less_sure_and_never_changes_its_mind() -> None:
    model = bayes.fit(ROWS, CLASSES, smoothing=0.1, least=1)
    cooler = bayes.calibrated(model, [["water"], ["water"], ["music"]], ["repair", "noise", "noise"])

    assert cooler.temperature > 1
    assert 0.5 < cooler.probabilities(["water"])[1] < model.probabilities(["water"])[1]


def test_a_model_is_the_same_after_it_was_written_and_read() -> None:
    model = bayes.fit(ROWS, CLASSES, smoothing=0.5, least=1)

    again = bayes.read(json.loads(json.dumps(model.document())))

    assert again.document() == model.document()
    assert list(again.scores(["water", "dog"])) == list(model.scores(["water", "dog"]))


@pytest.mark.parametrize(
    "change",
    [{"prior": [0.1]}, {"weights": [[0.1]]}, {"prior": [float("nan"), 0.0]}, {"temperature": 0.0}, {"classes": None}],
)
def test_what_does_not_fit_together_is_no_model(change: dict[str, object]) -> None:
    document = bayes.fit(ROWS, CLASSES, smoothing=0.5, least=1).document()

    with pytest.raises(ValueError, match=r"model|fit together"):
        bayes.read(document | change)
