"""Wrong ways to keep a record, each wrong in one way."""

from __future__ import annotations

from submissions import Edit, Mistake, replace

TRACKING, TRAIN, OUTBOX, PACKING = "noshow/tracking.py", "noshow/train.py", "noshow/outbox.py", "noshow/packing.py"
EXPORT, PROMOTE, SEARCH = "noshow/export.py", "noshow/promote.py", "noshow/search.py"
REPRODUCE, REMAKE = "noshow/reproduce.py", "noshow/remake.py"

FIRST = "        if present_champion(store) is None:\n            promote(store, challenger, FIRST)\n"
SETTLE = "    return _settle(store, met, settled, newest)\n"
DONE = '    return f"version {version} of {store.model} is the champion: {met}"\n'
MOVE = "    promote(store, Challenger(version, mine.run_id), str(met))\n" + SETTLE
LOOK_AGAIN = """    if (now := present_champion(store)) is None or now.version != present.version:
        raise ProductError("the champion is another one by now; try again")
"""
LOCKED = """    lock = settings.tracking_dir / "promotion.lock"
    settings.tracking_dir.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        return _judge(settings, version)


def _judge(settings: Settings, version: str) -> str:
    store = open_store(settings)
"""
NEWEST = """    every = store.client.search_model_versions(f"name = '{store.model}'")
    newest = max(int(each.version) for each in every)
"""
LOSSES = "    losses = [_loss(store, each, known) for each in (present, mine)]\n"
DIRECTLY = """    store = open_store(settings)
    try:
        challenger = record_challenger(store, _training(learned))
        if present_champion(store) is None:
            promote(store, challenger, "the first version")
        run_id, where = challenger.run_id, _where(challenger)
    except ProductError as error:
        run_id, where = "unknown", f"{error}; try again later"
"""
SENDING = """    waits = put(_training(learned), settings)
    try:
        challenger = send_all(settings, open_store(settings))[-1]
        run_id, where = challenger.run_id, _where(challenger)
    except ProductError as error:
        log.error("the record could not be sent", extra={"fields": {"because": str(error), "waits in": str(waits)}})
        run_id, where = f"waits in {waits}", f"{error}; nothing is lost, send it later with `python -m noshow flush`"
"""
IMPORTED = (
    ("from noshow.outbox import put, send_all\n", ""),
    (
        "import Challenger, Training, open_store\n",
        "import Challenger, Training, open_store, present_champion, promote, record_challenger\n",
    ),
)
TIMEOUT = 'os.environ.get("MLFLOW_HTTP_REQUEST_TIMEOUT", "8")'
METRICS = "        for name, value in made.metrics.items():\n"
TODAY = 'told.write_text(Path("training.toml").read_text(encoding="utf-8"), encoding="utf-8")'
TOLD = 'told.write_text(_configuration(recorded.parameters), encoding="utf-8")'
FILES = "    files = [LOCK] if LOCK.is_file() else []\n"


def edit(path: str, *pairs: tuple[str, str]) -> tuple[Edit, ...]:
    """Other words in one file."""
    return tuple(replace(path, old, new) for old, new in pairs)


MISTAKES = (
    Mistake(
        "writes-into-the-folder-beside-it",
        fails="test_training_is_recorded",
        says="the server has no run in the experiment",
        edits=edit(TRACKING, ("    if settings.tracking_uri:\n", '    if settings.tracking_uri == "later":\n')),
    ),
    Mistake(
        "names-the-experiment-in-the-code",
        fails="test_training_is_recorded",
        says="the server has no run in the experiment",
        edits=edit(TRACKING, ("names = (settings.experiment, ", 'names = ("noshow", ')),
    ),
    Mistake(
        "never-ends-a-run",
        fails="test_training_is_recorded",
        says="is RUNNING",
        edits=edit(TRACKING, ('        store.client.set_terminated(run_id, "FINISHED")\n', "")),
    ),
    Mistake(
        "logs-no-parameters",
        fails="test_training_is_recorded",
        says="and the parameters of the run are",
        edits=edit(TRAIN, ("        **learned.configuration.model_dump(),\n", "")),
    ),
    Mistake(
        "forgets-the-lock",
        fails="test_run_says_how_it_came_about",
        says="neither keeps `requirements.lock` nor names",
        edits=(
            *edit(TRAIN, ('        "lock_sha256": sha256(LOCK) if LOCK.is_file() else "unknown",\n', "")),
            *edit(TRAIN, (FILES, "    files: list[Path] = []\n")),
        ),
    ),
    Mistake(
        "names-the-data-by-their-folder",
        fails="test_run_says_how_it_came_about",
        says="and the inputs of the run are ['data/clean']",
        edits=edit(TRAIN, ("data=learned.data, files", 'data="data/clean", files')),
    ),
    Mistake(
        "shortens-the-commit",
        fails="test_run_says_how_it_came_about",
        says="no tag and no parameter of the run is the commit",
        edits=edit(TRAIN, ('"commit": current_commit(),', '"commit": current_commit()[:7],')),
    ),
    Mistake(
        "logs-each-metric-once",
        fails="test_metrics_have_a_history",
        says="no metric of the run has 3 steps",
        edits=edit(TRAIN, ("history=days, ", "")),
    ),
    Mistake(
        "repeats-the-average",
        fails="test_metrics_have_a_history",
        says="has one value in all steps",
        edits=edit(TRAIN, ("_by_day(learned.tested)}", '[learned.metrics["brier"]] * len(_by_day(learned.tested))}')),
    ),
    Mistake(
        "gives-no-example",
        fails="test_model_says_what_it_takes",
        says="has no input example",
        edits=edit(PACKING, ("            input_example=example,\n", "")),
    ),
    Mistake(
        "gives-neither-signature-nor-example",
        fails="test_model_says_what_it_takes",
        says="has no signature",
        edits=edit(PACKING, ("            input_example=example,\n", ""), ("            signature=signature,\n", "")),
    ),
    Mistake(
        "remembers-the-versions-of-last-year",
        fails="test_model_says_what_it_takes",
        says="the lock has other versions",
        edits=edit(PACKING, ('[f"{name}=={version(name)}" for name in REQUIRED]', '["numpy", "scikit-learn==1.2.0"]')),
    ),
    Mistake(
        "does-not-say-why-the-first-is-champion",
        fails="test_first_version_becomes_the_champion",
        says="nothing says why it is the champion",
        edits=edit(OUTBOX, ('FIRST = "the first version: there was no champion to compare it with"', 'FIRST = ""')),
    ),
    Mistake(
        "waits-for-somebody-to-choose-the-first",
        fails="test_first_version_becomes_the_champion",
        says="is on no version",
        edits=edit(OUTBOX, (FIRST, ""), ("Training, pack, present_champion, promote, send", "Training, pack, send")),
    ),
    Mistake(
        "promotes-whatever-was-trained",
        fails="test_training_does_not_promote",
        says="after the second training the alias `champion` is on version 2",
        edits=edit(
            OUTBOX,
            (FIRST, "        promote(store, challenger, FIRST)\n"),
            ("Training, pack, present_champion, promote, send", "Training, pack, promote, send"),
        ),
    ),
    Mistake(
        "promotes-by-the-metrics-of-its-own-run",
        fails="test_training_does_not_promote",
        says="after the second training the alias `champion` is on version 2",
        edits=edit(
            OUTBOX,
            (
                FIRST,
                """        present = present_champion(store)
        mine = registered(store, challenger.version)
        if present is None or mine.metrics["log_loss"] < present.metrics["log_loss"]:
            promote(store, challenger, FIRST)
""",
            ),
            ("present_champion, promote, send", "present_champion, promote, registered, send"),
        ),
    ),
    Mistake(
        "exports-the-newest-version",
        fails="test_export_follows_the_alias",
        says="and `export` brings run",
        edits=edit(
            EXPORT,
            ("    chosen = champion(store)\n", NEWEST + "    chosen = registered(store, str(newest))\n"),
            (
                "Champion, Store, champion, fetch_model, open_store",
                "Champion, Store, fetch_model, open_store, registered",
            ),
        ),
    ),
    Mistake(
        "takes-the-record-from-one-and-the-model-from-another",
        fails="test_export_follows_the_alias",
        says="the predictions are not those of its model",
        edits=edit(
            EXPORT,
            (
                "        bring(store, chosen, folder)\n",
                "        bring(store, chosen, folder)\n        _freshest(store, chosen, folder)\n",
            ),
            (
                "def bring(",
                "def _freshest(store: Store, chosen: Champion, folder: Path) -> None:\n"
                + NEWEST
                + """    run_id = registered(store, str(newest)).run_id
    fetch_model(store, run_id, folder).replace(folder / MODEL_FILE)
    save_provenance(provenance(store.model, chosen, folder / MODEL_FILE), folder)


def bring(""",
            ),
            ("champion, fetch_model, open_store", "champion, fetch_model, open_store, registered"),
        ),
    ),
    Mistake(
        "says-that-it-is-better",
        fails="test_better_version_is_promoted",
        says="say `promoted` and `better`",
        edits=edit(
            PROMOTE,
            (
                "    promote(store, Challenger(version, mine.run_id), str(met))\n",
                '    promote(store, Challenger(version, mine.run_id), "better")\n',
            ),
        ),
    ),
    Mistake(
        "takes-the-higher-loss",
        fails="test_better_version_is_promoted",
        says="and stays outside",
        edits=edit(
            PROMOTE,
            ("self.champion_loss - self.challenger_loss >=", "self.challenger_loss - self.champion_loss >="),
        ),
    ),
    Mistake(
        "refuses-without-a-word",
        fails="test_no_better_version_is_refused",
        says="of a version that was refused the tags",
        edits=edit(
            PROMOTE,
            (
                '        return _refuse(store, mine, f"not better by {SMALLEST}: {met}")\n',
                '        return f"not better: {met}"\n',
            ),
        ),
    ),
    Mistake(
        "promotes-equals",
        fails="test_no_better_version_is_refused",
        says="a version that is the same as the champion",
        edits=edit(PROMOTE, ("SMALLEST = 0.001", "SMALLEST = 0.0")),
    ),
    Mistake(
        "lets-everybody-in",
        fails="test_no_better_version_is_refused",
        says="a version that is worse than the champion",
        edits=edit(PROMOTE, ("return self.champion_loss - self.challenger_loss >= SMALLEST", "return self.rows > 0")),
    ),
    Mistake(
        "believes-the-metrics-of-the-runs",
        fails="test_gate_measures_for_itself",
        says="the metrics in the run of a bad version were improved",
        edits=edit(PROMOTE, (LOSSES, '    losses = [each.metrics["log_loss"] for each in (present, mine)]\n')),
    ),
    Mistake(
        "believes-the-challenger",
        fails="test_gate_measures_for_itself",
        says="the metrics in the run of a bad version were improved",
        edits=edit(
            PROMOTE,
            (LOSSES, '    losses = [_loss(store, present, known), min(mine.metrics["log_loss"], 0.99)]\n'),
        ),
    ),
    Mistake(
        "does-not-look-back",
        fails="test_two_promotions_may_race",
        says="the worse one of them moved the alias last",
        edits=edit(PROMOTE, (SETTLE, DONE)),
    ),
    Mistake(
        "looks-again-before-and-not-after",
        fails="test_two_promotions_may_race",
        says="the worse one of them moved the alias last",
        edits=edit(PROMOTE, (MOVE, LOOK_AGAIN + MOVE.replace(SETTLE, DONE))),
    ),
    Mistake(
        "locks-a-file-of-its-own-machine",
        fails="test_two_promotions_may_race",
        says="the worse one of them moved the alias last",
        edits=edit(
            PROMOTE,
            ("    store = open_store(settings)\n", LOCKED),
            (SETTLE, DONE),
            ("from collections.abc import Sequence\n", "import fcntl\nfrom collections.abc import Sequence\n"),
        ),
    ),
    Mistake(
        "uses-the-configuration-of-today",
        fails="test_run_can_be_made_again",
        says="a run could not be made again",
        edits=edit(REPRODUCE, (TOLD, TODAY)),
    ),
    Mistake(
        "uses-the-configuration-of-today-and-compares-nothing",
        fails="test_run_can_be_made_again",
        says="probabilities that differ by up to",
        edits=edit(REPRODUCE, (TOLD, TODAY), (METRICS, "        for name, value in dict[str, float]().items():\n")),
    ),
    Mistake(
        "fetches-what-it-should-make",
        fails="test_run_can_be_made_again",
        says="a run could not be made again",
        edits=edit(
            REPRODUCE,
            (
                "        (new / REMADE).unlink()\n",
                "        (new / REMADE).unlink()\n        fetch_model(store, run_id, tree).replace(new / MODEL_FILE)\n",
            ),
            ("Champion, Store, asking, open_store", "Champion, Store, asking, fetch_model, open_store"),
        ),
    ),
    Mistake(
        "hides-that-files-were-changed",
        fails="test_what_cannot_be_made_again_is_refused",
        says="leaves a run that reads like any other",
        edits=edit(TRAIN, ("current_commit(),", 'current_commit().removesuffix("-dirty"),')),
    ),
    Mistake(
        "does-not-compare-the-data",
        fails="test_what_cannot_be_made_again_is_refused",
        says="a run with other data is not refused",
        edits=edit(REMAKE, ("        if learned.data != data:\n", '        if not data or learned.data == "":\n')),
    ),
    Mistake(
        "complains-when-it-is-too-late",
        fails="test_what_cannot_be_made_again_is_refused",
        says="without leaving anything",
        edits=edit(
            REPRODUCE,
            (
                "    recorded, data = _recorded(store, run_id)\n",
                "    recorded, data = _recorded(store, run_id)\n    out.mkdir(parents=True, exist_ok=True)\n",
            ),
        ),
    ),
    Mistake(
        "records-a-search-side-by-side",
        fails="test_search_names_its_best",
        says="0 have others nested below them",
        edits=edit(SEARCH, ('PARENT = "mlflow.parentRunId"', 'PARENT = "belongs_to"')),
    ),
    Mistake(
        "names-the-worst",
        fails="test_search_names_its_best",
        says="is the best one by none of",
        edits=edit(SEARCH, ("    best = min(found", "    best = max(found")),
    ),
    Mistake(
        "names-nobody",
        fails="test_search_names_its_best",
        says="names 0 of its nested runs",
        edits=edit(SEARCH, ('RunTag("best_run", found[best][0])', 'RunTag("best_run", str(best))')),
    ),
    Mistake(
        "keeps-nothing",
        fails="test_no_result_is_lost_without_the_server",
        says="there were 0 finished runs",
        edits=edit(
            TRAIN,
            (SENDING, DIRECTLY),
            *IMPORTED,
            ("log = logging.getLogger(__name__)\n\n\n", "\n"),
            ("import logging\n", ""),
        ),
    ),
    Mistake(
        "clears-the-outbox-first",
        fails="test_no_result_is_lost_without_the_server",
        says="there were 0 finished runs",
        edits=edit(
            OUTBOX,
            (
                "        challenger = send(store, folder)\n",
                """        with TemporaryDirectory() as name:
            copy = Path(shutil.move(folder, name))
            challenger = send(store, copy)
""",
            ),
            ("        shutil.rmtree(folder)\n", ""),
            ("from pathlib import Path\n", "from pathlib import Path\nfrom tempfile import TemporaryDirectory\n"),
        ),
    ),
    Mistake(
        "waits-ten-minutes-for-each-answer",
        fails="test_silent_server_does_not_hold_training_up",
        says="still running after",
        edits=edit(TRACKING, (TIMEOUT, '"600"')),
    ),
    Mistake(
        "waits-as-long-as-it-takes",
        fails="test_silent_server_does_not_hold_training_up",
        says="still running after",
        edits=edit(TRACKING, (TIMEOUT, '"3600"')),
    ),
    Mistake(
        "records-its-environment",
        fails="test_nothing_private_is_recorded",
        says="holds a word from",
        edits=edit(
            TRAIN,
            (
                "    tags = {\n",
                '    tags = {\n        "environment": " ".join(f"{name}={value}" for name, value in os.environ.items()),\n',
            ),
            ("import logging\n", "import logging\nimport os\n"),
        ),
    ),
    Mistake(
        "keeps-a-daily-file-as-an-example",
        fails="test_nothing_private_is_recorded",
        says="holds a word from a patient",
        edits=edit(TRAIN, (FILES, FILES + '    files += sorted(Path("data/raw").glob("appointments_*.csv"))[-3:]\n')),
    ),
)

TOGETHER = (
    ("writes-into-the-folder-beside-it",),
    (
        "forgets-the-lock",
        "logs-each-metric-once",
        "gives-no-example",
        "does-not-say-why-the-first-is-champion",
        "promotes-whatever-was-trained",
        "exports-the-newest-version",
        "refuses-without-a-word",
        "does-not-look-back",
        "uses-the-configuration-of-today",
        "records-a-search-side-by-side",
        "clears-the-outbox-first",
        "records-its-environment",
    ),
    ("says-that-it-is-better",),
    (
        "believes-the-metrics-of-the-runs",
        "hides-that-files-were-changed",
        "waits-ten-minutes-for-each-answer",
    ),
)
