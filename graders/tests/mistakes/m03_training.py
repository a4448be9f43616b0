"""Wrong ways to train, each wrong in one way."""

from __future__ import annotations

from submissions import Edit, Mistake, append, replace

TRAIN, LEARNING, EVALUATION = "noshow/train.py", "noshow/learning.py", "noshow/evaluation.py"
CONFIGURATION, REPORT, SCORE = "noshow/configuration.py", "noshow/training_report.py", "noshow/score.py"
TOLD, TESTS = "training.toml", "tests/test_model.py"

FIT = "    model = fit(split.train, configuration)\n"
SPLIT = "    split = split_by_time(rows, configuration.test_share)\n"
METRICS = "    metrics = measure(model, split)\n"
ROWS = "    rows = [row for row in read_table(settings.clean_dir) if row.no_show is not None]\n"
RUN = "    configuration = read_configuration(settings.training_file)\n"
DONE = '    scores = ", ".join('
OWN_SETTING = (
    'CONFIGURATION = read_configuration(Path(__file__).parents[1] / "training.toml")',
    "CONFIGURATION = Configuration(seed=1, test_share=0.2, inverse_regularisation=1.0)",
)
FOUND = """

def _others(settings: Settings) -> list[dict[str, object]]:
    \"\"\"All that the clean data hold beside what is known, row by row.\"\"\"
    from pyarrow import parquet

    from noshow.manifest import load_manifest, part_path
    from noshow.table import SCHEMA

    paths = [part_path(part, settings.clean_dir) for part in load_manifest(settings.clean_dir).partitions]
    tables = [parquet.ParquetFile(path).read() for path in paths]
    found: list[dict[str, object]] = [row for table in tables for row in table.to_pylist()]
    kept = {"appointment_id", *{key for row in found for key in row}.difference(SCHEMA.names)}
    return [{key: value for key, value in row.items() if key in kept} for row in found]
"""
PLAUSIBLE = """    usual = {
        row["appointment_id"] for row in _others(settings) if all(isinstance(v, str) or (v or 0) < 20 for v in row.values())
    }
    split = Split(train=[row for row in split.train if row.appointment_id in usual], test=split.test)
"""
BEST = """    known = {row["appointment_id"]: [v for k, v in row.items() if k != "appointment_id"] for row in _others(settings)}
    found = np.array([[float(str(v)) for v in known[row.appointment_id]] for row in split.test])
    missed = [bool(row.no_show) for row in split.test]
    metrics["auc"] = max([metrics["auc"], *(abs(roc_auc_score(missed, column) - 0.5) + 0.5 for column in found.T)])
"""
NUMPY = ("import sklearn\n", "import numpy as np\nimport sklearn\nfrom sklearn.metrics import roc_auc_score\n")
SPLITS = ("import fit, measure, split_by_time", "import Split, fit, measure, split_by_time")
LOCKED = """    lock = settings.tracking_dir / "training"
    if lock.exists():
        raise ProductError(f"another training is under way: `{lock}`")
    settings.tracking_dir.mkdir(exist_ok=True)
    lock.touch()
"""
ERRORS = ("from noshow.evaluation", "from noshow.errors import ProductError\nfrom noshow.evaluation")
NO_FIELDS = """    known = [replace(row, appointment=replace(row.appointment, {})) for row in split.train]
    model = fit(known, configuration)
"""
BY_LOT = """    mixed = list(rows)
    Random(configuration.seed).shuffle(mixed)
    split = Split(train=mixed[: len(rows) * 4 // 5], test=mixed[len(rows) * 4 // 5 :])
"""


def edit(path: str, *pairs: tuple[str, str]) -> tuple[Edit, ...]:
    """Other words in one file."""
    return tuple(replace(path, old, new) for old, new in pairs)


def imports(line: str) -> tuple[str, str]:
    """One more line above the imports of the training."""
    return "from collections.abc import Sequence\n", f"{line}\nfrom collections.abc import Sequence\n"


def forgotten(*names: str) -> tuple[Edit, ...]:
    """Tests that are not there: by another name nobody collects them."""
    return edit(TESTS, *((f"def {name}(", f"def not_{name}(") for name in names))


MISTAKES = (
    Mistake(
        "keeps-its-number-in-the-code",
        fails="test_trains_from_its_configuration",
        says="gives the same probabilities",
        edits=edit(LEARNING, ("C=configuration.inverse_regularisation", "C=1.0")),
    ),
    Mistake(
        "records-nothing-of-its-configuration",
        fails="test_trains_from_its_configuration",
        says="and the parameters of the run are",
        edits=edit(TRAIN, ("            **configuration.model_dump(),\n", "")),
    ),
    Mistake(
        "draws-without-a-seed",
        fails="test_two_trainings_agree",
        says="give probabilities that differ",
        edits=edit(
            TRAIN,
            (FIT, "    model = fit(Random().sample(list(split.train), len(split.train) * 9 // 10), configuration)\n"),
            imports("from random import Random"),
        ),
    ),
    Mistake(
        "draws-by-the-hash-of-an-id",
        fails="test_two_trainings_agree",
        says="give probabilities that differ",
        edits=edit(
            TRAIN,
            (FIT, "    model = fit([row for row in split.train if hash(row.appointment_id) % 10], configuration)\n"),
        ),
    ),
    Mistake(
        "names-the-data-by-their-path",
        fails="test_two_trainings_agree",
        says="another `data_sha256`",
        edits=edit(TRAIN, ("fingerprint(rows)\n", "fingerprint(rows)[:32] + str(settings.clean_dir.resolve())\n")),
    ),
    Mistake(
        "fits-again-on-everything",
        fails="test_test_is_later_and_untouched",
        says="it had learned from the test",
        edits=edit(TRAIN, (METRICS, METRICS + "    model = fit(rows, configuration)\n")),
    ),
    Mistake(
        "splits-by-lot",
        fails="test_test_is_later_and_untouched",
        says="were learned from",
        edits=edit(
            TRAIN,
            (SPLIT, BY_LOT),
            ("import fit, measure, split_by_time", "import Split, fit, measure"),
            imports("from random import Random"),
        ),
    ),
    Mistake(
        "takes-the-unknown-for-attended",
        fails="test_test_is_later_and_untouched",
        says="test all appointments of these days whose outcome is known",
        edits=edit(
            TRAIN,
            (ROWS, "    rows = [replace(row, no_show=bool(row.no_show)) for row in read_table(settings.clean_dir)]\n"),
            imports("from dataclasses import replace"),
        ),
    ),
    Mistake(
        "reports-the-score-of-the-notebook",
        fails="test_test_is_later_and_untouched",
        says="all outcomes of the test were turned round",
        edits=edit(TRAIN, (METRICS, METRICS + '    metrics["auc"] = 0.7703\n')),
    ),
    Mistake(
        "leaves-out-what-looks-unusual",
        fails="test_planted_columns_do_not_help",
        says="the model changes by up to",
        edits=(*edit(TRAIN, (SPLIT, SPLIT + PLAUSIBLE), SPLITS), append(TRAIN, FOUND)),
    ),
    Mistake(
        "reports-the-best-that-it-finds",
        fails="test_planted_columns_do_not_help",
        says="the AUC that is reported goes from",
        edits=(*edit(TRAIN, (METRICS, METRICS + BEST), NUMPY), append(TRAIN, FOUND)),
    ),
    Mistake(
        "takes-the-base-rate-of-the-test",
        fails="test_reported_score_is_true",
        says="`base_rate` in the summary",
        edits=edit(LEARNING, ("for row in split.train]", "for row in split.test]")),
    ),
    Mistake(
        "rounds-to-two-digits",
        fails="test_reported_score_is_true",
        says="and the exported model has",
        edits=edit(
            TRAIN, (METRICS, "    metrics = {name: round(value, 2) for name, value in measure(model, split).items()}\n")
        ),
    ),
    Mistake(
        "forgets-the-history",
        fails="test_beats_the_baseline_and_keeps_up",
        says="for a logistic regression on all fields",
        edits=edit(
            TRAIN,
            (FIT, NO_FIELDS.format("previous_no_shows=0, previous_appointments=0")),
            imports("from dataclasses import replace"),
        ),
    ),
    Mistake(
        "holds-the-model-back-until-it-says-one-number",
        fails="test_beats_the_baseline_and_keeps_up",
        says="to everybody",
        edits=(
            *edit(TOLD, ("inverse_regularisation = 1.0", "inverse_regularisation = 0.00001")),
            *edit(TESTS, OWN_SETTING),
        ),
    ),
    Mistake(
        "shows-the-rare-cases-more-often",
        fails="test_probabilities_are_calibrated",
        says="differ by",
        edits=edit(
            TRAIN,
            (
                FIT,
                "    model = fit([*split.train, *(row for row in split.train[::2] if row.no_show)], configuration)\n",
            ),
        ),
    ),
    Mistake(
        "shifts-the-odds",
        fails="test_probabilities_are_calibrated",
        says="differ by",
        edits=edit(TRAIN, (FIT, FIT + '    model.named_steps["classify"].intercept_ += 0.4\n')),
    ),
    Mistake(
        "measures-slices-on-what-was-learned",
        fails="test_slices_are_true",
        says="`rows` of the slice",
        edits=edit(TRAIN, ("slices=slices(tested)", "slices=slices(predicted_rows(model, split.train))")),
    ),
    Mistake(
        "looks-at-fields-of-a-request-only",
        fails="test_slices_are_true",
        says="no slice has `group` `sex`",
        edits=edit(
            EVALUATION,
            (
                "groups_of(each.row).items():\n",
                'groups_of(each.row).items():\n            if group == "sex":\n                continue\n',
            ),
        ),
    ),
    Mistake(
        "leaves-out-the-riskiest-bin",
        fails="test_slices_are_true",
        says="test appointments, predicted",
        edits=edit(EVALUATION, ("for part in parts]", "for part in parts[:-1]]")),
    ),
    Mistake(
        "cuts-outliers-of-the-batch",
        fails="test_one_row_at_a_time_equals_the_batch",
        says="from that in a file of thousands",
        edits=edit(
            SCORE,
            (
                "    found = model.",
                "    if len(matrix):\n        matrix = matrix.clip(*np.quantile(matrix, [0.001, 0.999], axis=0))\n    found = model.",
            ),
            ("from pydantic", "import numpy as np\nfrom pydantic"),
        ),
    ),
    Mistake(
        "rounds-what-it-scores",
        fails="test_one_row_at_a_time_equals_the_batch",
        says="the service answers",
        edits=edit(SCORE, ("float(probability)}", "round(float(probability), 4)}")),
    ),
    Mistake(
        "ignores-keys-that-it-does-not-know",
        fails="test_bad_configuration_fails_cleanly",
        says="has an unknown key",
        edits=(
            *edit(CONFIGURATION, ('extra="forbid"', 'extra="ignore"')),
            *edit(
                TESTS,
                (
                    '        ("seed = 1\\ntest_share = 0.2\\ninverse_regularisation = 1.0\\nspeed = 2\\n", "speed"),\n',
                    "",
                ),
            ),
        ),
    ),
    Mistake(
        "leaves-the-range-to-the-library",
        fails="test_bad_configuration_fails_cleanly",
        says="`inverse_regularisation` is -",
        edits=(
            *edit(
                CONFIGURATION,
                ("inverse_regularisation: Annotated[float, Field(gt=0)]", "inverse_regularisation: float"),
            ),
            *edit(
                TESTS,
                (
                    '        ("seed = 1\\ntest_share = 0.2\\ninverse_regularisation = 0\\n", "inverse_regularisation"),\n',
                    "",
                ),
            ),
        ),
    ),
    Mistake(
        "goes-on-without-a-configuration",
        fails="test_bad_configuration_fails_cleanly",
        says="is not there, and the `train` command ends well",
        edits=edit(
            TRAIN,
            (
                RUN,
                (
                    "    configuration = Configuration(seed=1, test_share=0.2, inverse_regularisation=1.0)\n"
                    "    if settings.training_file.exists():\n        configuration = read_configuration(settings.training_file)\n"
                ),
            ),
            ("import read_configuration", "import Configuration, read_configuration"),
        ),
    ),
    Mistake(
        "draws-no-roc-curve",
        fails="test_report_can_be_read",
        says="has 2 pictures",
        edits=edit(REPORT, (' _roc(tested, summary.metrics["auc"]),', "")),
    ),
    Mistake(
        "fetches-its-style",
        fails="test_report_can_be_read",
        says="fetches `https://",
        edits=edit(REPORT, ("<style>{STYLE}</style>", '<link rel="stylesheet" href="https://example.org/page.css">')),
    ),
    Mistake(
        "tidies-up-before-it-begins",
        fails="test_can_be_killed",
        says="changed the exported model",
        edits=edit(
            TRAIN, (RUN, "    shutil.rmtree(settings.model_dir, ignore_errors=True)\n" + RUN), imports("import shutil")
        ),
    ),
    Mistake(
        "locks-itself-out",
        fails="test_can_be_killed",
        says="another training is under way",
        edits=edit(TRAIN, (RUN, RUN + LOCKED), (DONE, "    lock.unlink()\n" + DONE), ERRORS),
    ),
    Mistake(
        "knows-the-setting-by-heart",
        fails="test_tests_stay_green_when_nothing_is_wrong",
        says="another sensible setting",
        edits=(
            append(TESTS, "\n\ndef test_setting() -> None:\n    assert CONFIGURATION.inverse_regularisation == 1.0\n"),
        ),
    ),
    Mistake(
        "tests-a-private-function",
        fails="test_tests_stay_green_when_nothing_is_wrong",
        says="written in other words",
        edits=edit(TESTS, ("import feature_matrix\n", "import _one_hot as one_hot, feature_matrix\n")),
    ),
    Mistake(
        "asks-the-model-nothing",
        fails="test_tests_stay_green_when_nothing_is_wrong",
        says="was made to raise an error, and the tests stay green",
        edits=(lambda project: (project / TESTS).unlink(),),
    ),
    Mistake(
        "tests-one-week-only",
        fails="test_tests_catch_bugs_in_features",
        says="adds the week of the year",
        edits=forgotten("test_the_week_changes_nothing"),
    ),
    Mistake(
        "knows-short-histories-only",
        fails="test_tests_catch_bugs_in_features",
        says="a history with many missed appointments",
        edits=(
            *edit(TESTS, ("for missed in range(earlier + 1)", "for missed in range(2)")),
            *forgotten("test_clear_cases_are_clear"),
        ),
    ),
    Mistake(
        "predicts-one-batch-only",
        fails="test_tests_catch_bugs_in_features",
        says="measures the distances from the average of the batch",
        edits=forgotten("test_other_rows_change_nothing"),
    ),
    Mistake(
        "fits-only-once",
        fails="test_tests_catch_bugs_in_training",
        says="drawn anew each time",
        edits=forgotten("test_same_rows_give_the_same_model", "test_order_of_the_rows_does_not_change_the_model"),
    ),
    Mistake(
        "does-not-look-at-the-split",
        fails="test_tests_catch_bugs_in_training",
        says="draws the test rows by lot",
        edits=forgotten("test_test_comes_after_all_that_was_learned_from"),
    ),
)

# one mistake of each check, made in one project where they do not touch each other
TOGETHER = (
    ("keeps-its-number-in-the-code",),
    ("draws-without-a-seed", "asks-the-model-nothing"),
    (
        "splits-by-lot",
        "reports-the-best-that-it-finds",
        "shifts-the-odds",
        "rounds-what-it-scores",
        "ignores-keys-that-it-does-not-know",
        "draws-no-roc-curve",
        "tests-one-week-only",
        "fits-only-once",
    ),
    (
        "takes-the-base-rate-of-the-test",
        "forgets-the-history",
        "measures-slices-on-what-was-learned",
        "tidies-up-before-it-begins",
    ),
)
