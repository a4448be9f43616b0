"""What the trained sorter can be relied on for: minimum functionality, invariance, direction."""

import csv
from dataclasses import replace

import pytest

from tests.conftest import TOP
from triage import keywords, reporting
from triage.evaluation import evaluate
from triage.letters import Letter
from triage.sorter import Sorter
from triage.training import Periods

SIMPLE = [
    ("repair", "the tap in the bathroom has been dripping for weeks"),
    ("repair", "the heating stays cold"),
    ("repair", "a pipe has burst and the kitchen is under water"),
    ("rent", "I cannot pay the full rent this month"),
    ("rent", "the direct debit has to be changed"),
    ("neighbours", "the people upstairs play loud music at night"),
    ("neighbours", "the dog of my neighbour barks all day"),
    ("termination", "I hereby give notice for my flat"),
    ("termination", "we are moving and want to end the lease"),
]
URGENT = [
    "it smells of gas in the stairwell",
    "a pipe has burst and the flat is under water",
    "the eviction is set for Monday and I have two small children",
    "he has threatened me with a knife",
]
ORDINARY = [
    "the tap drips, there is no hurry",
    "please send me a receipt for the deposit",
    "somebody smokes in the lift and throws the ends on the floor",
    "what is the period of notice after four years in the flat",
]
LETTER = Letter("Question", "The tap in the kitchen has been dripping since Monday. The window does not close.", "mail")


@pytest.mark.parametrize(("label", "text"), SIMPLE)
def test_simple_letters_are_sorted(sorter: Sorter, label: str, text: str) -> None:
    assert sorter.sort(Letter("", text, "portal")).label == label


@pytest.mark.parametrize("text", URGENT)
def test_danger_is_urgent(sorter: Sorter, text: str) -> None:
    assert sorter.sort(Letter("", text, "portal")).urgency == "urgent"


@pytest.mark.parametrize("text", ORDINARY)
def test_everyday_trouble_is_not(sorter: Sorter, text: str) -> None:
    assert sorter.sort(Letter("", text, "portal")).urgency == "ordinary"


@pytest.mark.parametrize(
    "other",
    [
        replace(LETTER, text=LETTER.text.upper()),
        replace(LETTER, text=LETTER.text.replace(" ", "\n  ")),
        replace(LETTER, text=LETTER.text.replace(".", "!!!")),
        replace(LETTER, channel="post"),
    ],
    ids=["capitals", "white space", "punctuation", "channel"],
)
def test_how_it_is_written_changes_nothing(sorter: Sorter, other: Letter) -> None:
    assert sorter.sort(other) == sorter.sort(LETTER)


@pytest.mark.parametrize(("one", "other"), [("Mr Celik", "Mrs Brandt"), ("Mrs Duarte", "Mr Oyelaran"), ("12", "3")])
def test_who_it_is_about_changes_nothing(sorter: Sorter, one: str, other: str) -> None:
    text = "{} from flat 7 throws rubbish into the garden"

    assert sorter.sort(Letter("", text.format(one), "mail")) == sorter.sort(Letter("", text.format(other), "mail"))


def test_danger_in_a_letter_raises_its_urgency(sorter: Sorter) -> None:
    worse = replace(LETTER, text=LETTER.text + " Now water is coming through the ceiling and runs down the wall.")

    assert sorter.sort(worse).urgent > sorter.sort(LETTER).urgent + 0.2


def test_calm_words_lower_the_urgency(sorter: Sorter) -> None:
    calmer = replace(LETTER, text=LETTER.text + " There is no hurry. It can wait until next month.")

    assert sorter.sort(calmer).urgent < sorter.sort(LETTER).urgent


def test_what_it_has_never_seen_goes_to_a_person(sorter: Sorter) -> None:
    assert sorter.sort(Letter("", "xylophone quartz blimp", "mail")).review


def test_it_beats_the_list_of_keywords(sorter: Sorter, periods: Periods) -> None:
    report = evaluate(sorter, periods.test, periods.trained, 7)
    rule = report["baselines"]["keywords"]

    assert report["model"]["accuracy"] > rule["accuracy"] + 0.1
    assert report["model"]["urgent_found"] > rule["urgent_found"] + 0.3


def test_no_group_of_writers_is_left_far_behind(sorter: Sorter, periods: Periods) -> None:
    rows = evaluate(sorter, periods.test, periods.trained, 7)["slices"]
    for group in ("writer", "channel"):
        found = [row["accuracy"] for row in rows if row["group"] == group]
        assert max(found) - min(found) < 0.12


def test_the_page_that_is_committed_is_what_training_finds(sorter: Sorter, periods: Periods) -> None:
    found = reporting.markdown(evaluate(sorter, periods.test, periods.trained, 7))

    assert (TOP / "docs" / "evaluation.md").read_text(encoding="utf-8") == found


def test_test_letters_came_after_all_others(periods: Periods) -> None:
    assert max(each.received for each in periods.trained) < min(each.received for each in periods.test)


def test_the_rule_knows_its_words() -> None:
    assert keywords.label(Letter("", "the rent and the deposit", "mail")) == "rent"
    assert keywords.urgency(Letter("", "it smells of GAS", "mail")) == "urgent"
    assert keywords.urgency(Letter("", "it can wait", "mail")) == "ordinary"


def test_the_corpus_is_what_its_program_writes() -> None:
    import importlib.util
    from random import Random

    spec = importlib.util.spec_from_file_location("write_letters", TOP / "corpus" / "write_letters.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    import tomllib

    phrases = tomllib.loads((TOP / "corpus" / "phrases.toml").read_text(encoding="utf-8"))
    with (TOP / "corpus" / "letters.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == module.letters(phrases, Random(module.SEED))
