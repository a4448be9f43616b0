"""Wrong ways to ingest daily files, each wrong in one way."""

from __future__ import annotations

from submissions import Edit, Mistake, replace

CLEANING, BATCHES, MERGING = "noshow/cleaning.py", "noshow/batches.py", "noshow/merging.py"
STORE, INGEST, PSEUDONYMS = "noshow/store.py", "noshow/ingest.py", "noshow/pseudonyms.py"
PROFILING, PAGE, TESTS = "noshow/profiling.py", "noshow/day_page.py", "data_tests/test_daily_files.py"

BAD_ROW = """            except BadRowError as error:
                bad.append((number, _column(str(error), columns), str(error)))
"""
ORPHANS = """            _left_out(known.filter(pc.invert(there)), "outcomes", NO_APPOINTMENT),
"""
KEEP = """    if not (clean_dir / file).is_file() or sha256(clean_dir / file) != digest:
        with replacing_file(clean_dir / file) as new:
            new.write_bytes(content)
    return file, digest
"""
IN_PLACE = """    file = f"{folder}/part.parquet"
    (clean_dir / folder).mkdir(parents=True, exist_ok=True)
    (clean_dir / file).write_bytes(content)
    return file, digest
"""
SAVE = """    save_manifest(manifest, clean_dir)
    _remove_others(manifest, clean_dir)
"""
REMOVES_FIRST = """    _remove_others(manifest, clean_dir)
    save_manifest(manifest, clean_dir)
"""
REMOVE_ALL = """    shutil.rmtree(clean_dir, ignore_errors=True)
    partitions = []
"""
REPLACING = """    with replacing_file(path) as new:
        new.touch(mode=0o600)
        new.write_text(secrets.token_hex(32) + "\\n", encoding="ascii")
"""
FIXED_KEY = """    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(hashlib.sha256(b"noshow").hexdigest() + "\\n", encoding="ascii")
"""
HMAC = "hmac.new(key, patient_id.encode(), hashlib.sha256).hexdigest()[:32]"
NAME = "manifest = Manifest(name_of(partitions), "
READ = """        good, bad, number = [], [(0, "", str(error).replace(str(file.path), file.path.name))], 0
"""


def edit(path: str, *pairs: tuple[str, str]) -> tuple[Edit, ...]:
    """Other words in one file."""
    return tuple(replace(path, old, new) for old, new in pairs)


MISTAKES = (
    Mistake(
        "age-on-the-day-of-booking",
        fails="test_clean_days_become_data",
        says="`age` is",
        edits=edit(
            CLEANING, ("age_on(row.birth_date, row.starts_at.date())", "age_on(row.birth_date, row.booked_at.date())")
        ),
    ),
    Mistake(
        "partitions-by-the-day-of-booking",
        fails="test_clean_days_become_data",
        says="partition by the day of `starts_at`",
        edits=(
            *edit(STORE, ('rows["starts_at"].to_numpy()', 'rows["booked_at"].to_numpy()')),
            *edit(MERGING, ('sort_by([("starts_at", "ascending")', 'sort_by([("booked_at", "ascending")')),
        ),
    ),
    Mistake(
        "reads-any-number-as-kilometres",
        fails="test_bad_rows_are_quarantined",
        says="`distance_km` in another unit or form",
        edits=edit(
            CLEANING,
            (
                'Kilometres = Annotated[float, Field(le=MAX_DISTANCE_KM), _written(r"\\d{1,9}(\\.\\d{1,9})?", "kilometres like 3.4")]',
                "Kilometres = Annotated[float, BeforeValidator(_kilometres)]",
            ),
            (
                "AppointmentId = ",
                (
                    "def _kilometres(text: str) -> float:\n"
                    '    """Read what is meant."""\n'
                    '    kilometres = float(text.replace(",", ".").removesuffix(" km"))\n'
                    "    if not 0 <= kilometres <= MAX_DISTANCE_KM:\n"
                    '        raise ValueError("wanted kilometres")\n'
                    "    return kilometres\n\n\n"
                    "AppointmentId = "
                ),
            ),
        ),
    ),
    Mistake(
        "blames-no-column",
        fails="test_bad_rows_are_quarantined",
        says="the quarantine names the column none",
        edits=edit(
            BATCHES,
            ("bad.append((number, _column(str(error), columns), str(error)))", 'bad.append((number, "", str(error)))'),
        ),
    ),
    Mistake(
        "lets-impossible-histories-pass",
        fails="test_bad_rows_are_quarantined",
        says="more appointments missed than there were",
        edits=edit(
            CLEANING, ("if row.previous_no_shows > row.previous_appointments:", "if row.previous_no_shows > 9999:")
        ),
    ),
    Mistake(
        "forgets-outcomes-without-an-appointment",
        fails="test_no_row_is_lost",
        says="does not count, and is not in the quarantine",
        edits=edit(MERGING, (ORPHANS, "")),
    ),
    Mistake(
        "skips-a-file-that-cannot-be-read",
        fails="test_no_row_is_lost",
        says="is not in the quarantine as a whole",
        edits=edit(BATCHES, (READ, "        good, bad, number = [], [], 0\n")),
    ),
    Mistake(
        "the-first-row-counts",
        fails="test_later_rows_replace_earlier_ones",
        says="in the data, and the daily files say",
        edits=edit(
            MERGING,
            (
                "for name in (KEY, *order)])",
                'for name in (KEY, *order[:-2])] + [("day", "descending"), ("row", "descending")])',
            ),
        ),
    ),
    Mistake(
        "the-later-file-of-outcomes-counts",
        fails="test_later_rows_replace_earlier_ones",
        says="in the data, and the daily files say",
        edits=edit(MERGING, ('["outcome_recorded_at", "day", "row"]', '["day", "row"]')),
    ),
    Mistake(
        "names-data-by-the-moment",
        fails="test_same_files_give_the_same_data",
        says="when run again",
        edits=edit(
            STORE,
            (NAME, 'manifest = Manifest(f"{datetime.now():%Y%m%dT%H%M%S%f}", '),
            ("from datetime import date", "from datetime import date, datetime"),
        ),
    ),
    Mistake(
        "writes-the-moment-into-each-file",
        fails="test_same_files_give_the_same_data",
        says="when run again",
        edits=edit(
            STORE,
            (
                "parquet.write_table(table.combine_chunks(), sink)",
                (
                    'written = table.combine_chunks().replace_schema_metadata({"written": str(datetime.now())})\n'
                    "    parquet.write_table(written, sink)"
                ),
            ),
            ("from datetime import date", "from datetime import date, datetime"),
        ),
    ),
    Mistake(
        "adds-to-what-is-there",
        fails="test_order_of_arrival_does_not_matter",
        says="when they come in three heaps",
        edits=(
            *edit(
                INGEST,
                (
                    "    batches = [*appointments, *outcomes]\n",
                    (
                        "    merged = replace(merged, rows=_with_what_is_there(merged.rows, settings))\n"
                        "    batches = [*appointments, *outcomes]\n"
                    ),
                ),
                ("import logging\n", "import logging\nfrom dataclasses import replace\n"),
                (
                    "def _first_reason",
                    (
                        "def _with_what_is_there(rows: pa.Table, settings: Settings) -> pa.Table:\n"
                        '    """An appointment that is in the data already stays as it is."""\n'
                        '    if not (settings.clean_dir / "_manifest.json").is_file():\n'
                        "        return rows\n"
                        "    paths = [part_path(part, settings.clean_dir) for part in load_manifest(settings.clean_dir).partitions]\n"
                        "    there = pa.concat_tables([parquet.ParquetFile(path).read() for path in paths])\n"
                        '    new = pc.invert(pc.is_in(rows["appointment_id"], value_set=there["appointment_id"].combine_chunks()))\n'
                        "    both = pa.concat_tables([there, rows.filter(new)])\n"
                        '    return both.sort_by([("starts_at", "ascending"), ("appointment_id", "ascending")])\n\n\n'
                        "def _first_reason"
                    ),
                ),
                (
                    "import pyarrow as pa\n",
                    "import pyarrow as pa\nimport pyarrow.compute as pc\nfrom pyarrow import parquet\n",
                ),
                (
                    "from noshow.merging import merge\n",
                    "from noshow.manifest import load_manifest, part_path\nfrom noshow.merging import merge\n",
                ),
            ),
        ),
    ),
    Mistake(
        "names-data-by-their-sources",
        fails="test_order_of_arrival_does_not_matter",
        says="when they come in three heaps",
        edits=edit(
            STORE,
            (NAME, "manifest = Manifest(_named(partitions, clean_dir), "),
            (
                "def _days(",
                (
                    "def _named(partitions: Sequence[Partition], clean_dir: Path) -> str:\n"
                    '    """The name, with how many other data sets there were before."""\n'
                    '    path = clean_dir.parent / "generation"\n'
                    '    name, *before = path.read_text().split() if path.is_file() else [""]\n'
                    "    now = name_of(partitions)\n"
                    "    names = before if now in before else [*before, now]\n"
                    '    path.write_text(" ".join(["names", *names]))\n'
                    '    return f"{now}-{names.index(now)}"\n\n\n'
                    "def _days("
                ),
            ),
        ),
    ),
    Mistake(
        "takes-a-byte-order-mark-for-a-column",
        fails="test_other_spellings_of_a_file_are_read",
        says="UTF-8 with a byte order mark) is refused",
        edits=edit("noshow/raw.py", ('encoding="utf-8-sig"', 'encoding="utf-8"')),
    ),
    Mistake(
        "splits-lines-by-hand",
        fails="test_other_spellings_of_a_file_are_read",
        says="(line breaks within quotes)",
        edits=edit(
            "noshow/raw.py",
            (
                "lines = csv.reader(file, strict=True)",
                "lines = csv.reader((line.rstrip() for line in file), strict=True)",
            ),
            (
                "yield from (RawRow(lines.line_num, values) for values in lines if values)",
                "yield from _rows(path, columns)",
            ),
            (
                "def _require_columns",
                (
                    "def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[RawRow]:\n"
                    '    """Line by line."""\n'
                    '    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines()[1:], start=2):\n'
                    "        yield RawRow(number, next(csv.reader([line]), []))\n\n\n"
                    "def _require_columns"
                ),
            ),
        ),
    ),
    Mistake(
        "writes-in-place",
        fails="test_survives_being_killed",
        says="is another file than the manifest says",
        edits=edit(STORE, (KEEP, IN_PLACE)),
    ),
    Mistake(
        "clears-the-folder-first",
        fails="test_survives_being_killed",
        says="it was killed",
        edits=edit(STORE, ("    partitions = []\n", REMOVE_ALL)),
    ),
    Mistake(
        "removes-before-it-names",
        fails="test_survives_being_killed",
        says="which is not there",
        edits=edit(STORE, (SAVE, REMOVES_FIRST)),
    ),
    Mistake(
        "keeps-the-reply",
        fails="test_holds_no_personal_data",
        says="`data/clean/day=",
        edits=(
            *edit(
                "noshow/table.py",
                (
                    '        pa.field("no_show", pa.bool_()',
                    '        pa.field("reply", pa.string()),\n        pa.field("no_show", pa.bool_()',
                ),
            ),
            *edit(BATCHES, ("a.reminder),\n        )", "a.reminder, cells[-1]),\n        )")),
        ),
    ),
    Mistake(
        "repeats-a-header-that-it-does-not-know",
        fails="test_holds_no_personal_data",
        says="of a patient",
        edits=edit(
            "noshow/raw.py",
            (
                '    return "; ".join(missing + unknown)',
                '    unknown += [repr(found)]\n    return "; ".join(missing + unknown)',
            ),
        ),
    ),
    Mistake(
        "logs-the-row-that-it-refuses",
        fails="test_holds_no_personal_data",
        says="the output of `ingest`",
        edits=edit(
            BATCHES,
            (
                BAD_ROW,
                BAD_ROW
                + '                log.warning("bad row", extra={"fields": {"file": file.path.name, "row": row.values}})\n',
            ),
            ("from collections.abc import Callable", "import logging\nfrom collections.abc import Callable"),
            (
                "@dataclass(frozen=True)\nclass Batch",
                "log = logging.getLogger(__name__)\n\n\n@dataclass(frozen=True)\nclass Batch",
            ),
        ),
    ),
    Mistake(
        "says-in-the-reason-what-was-written",
        fails="test_holds_no_personal_data",
        says="of a patient",
        edits=edit(
            CLEANING,
            ("cannot be used: {first['msg']", "cannot be used, it is {first['input']!r}: {first['msg']"),
        ),
    ),
    Mistake(
        "hashes-without-a-key",
        fails="test_patients_have_pseudonyms",
        says="follows from their number without a key",
        edits=edit(PSEUDONYMS, (HMAC, "hashlib.sha256(patient_id.encode()).hexdigest()[:32]")),
    ),
    Mistake(
        "has-its-key-in-the-code",
        fails="test_patients_have_pseudonyms",
        says="two machines without a key",
        edits=edit(PSEUDONYMS, (REPLACING, FIXED_KEY)),
    ),
    Mistake(
        "numbers-patients-as-they-come",
        fails="test_patients_have_pseudonyms",
        says="with the same key and other files",
        edits=(
            *edit(
                BATCHES,
                ("known = cache(lambda patient_id: pseudonym(patient_id, key))", "known = _number"),
                (
                    "def left_out(",
                    (
                        "@cache\n"
                        "def _number(patient_id: str) -> str:\n"
                        '    """The next number."""\n'
                        '    return f"patient-{_number.cache_info().currsize:06d}"\n\n\n'
                        "def left_out("
                    ),
                ),
            ),
        ),
    ),
    Mistake(
        "never-tidies-up",
        fails="test_data_have_a_name",
        says="is left",
        edits=edit(STORE, ("    _remove_others(manifest, clean_dir)\n    return manifest", "    return manifest")),
    ),
    Mistake(
        "names-data-by-their-days",
        fails="test_data_have_a_name",
        says="one cell of one file is another",
        edits=edit(
            STORE,
            (NAME, 'manifest = Manifest(f"{rows.num_rows}-rows-of-{len(partitions)}-days", '),
        ),
    ),
    Mistake(
        "trusts-a-file-by-its-name",
        fails="test_data_have_a_name",
        says="is not the file that",
        edits=edit(STORE, (".is_file() or sha256(clean_dir / file) != digest:", ".is_file():")),
    ),
    Mistake(
        "looks-at-numbers-of-rows-alone",
        fails="test_unusual_days_are_reported",
        says="and its anomalies name nothing",
        edits=edit(PROFILING, ("for name in now]", "for name in COUNTS]")),
    ),
    Mistake(
        "every-day-is-unusual",
        fails="test_unusual_days_are_reported",
        says="ordinary days are called unusual",
        edits=edit(PROFILING, ("FAR = 6.0", "FAR = 1.0")),
    ),
    Mistake(
        "counts-the-rows-of-all-files",
        fails="test_unusual_days_are_reported",
        says="and its summary says",
        edits=edit(PROFILING, ('quarantined[f"appointments_{partition.day}.csv"]', "quarantined.total()")),
    ),
    Mistake(
        "a-page-of-tables",
        fails="test_day_can_be_read",
        says="has no picture",
        edits=edit(PAGE, ("<td>{_line(name, values)}</td>", "<td>{min(values):g} to {max(values):g}</td>")),
    ),
    Mistake(
        "a-page-without-its-finding",
        fails="test_day_can_be_read",
        says="which its summary does",
        edits=edit(
            PAGE,
            ("<li>{escape(each.where)}: {escape(each.fact)}</li>", "<li>{escape(each.fact)}</li>"),
            ("<td>{escape(name)}</td>", "<td>{escape(LABELS.get(name.split()[0], name))}</td>"),
            (
                "WIDTH, HEIGHT = 260, 44\n",
                (
                    'WIDTH, HEIGHT = 260, 44\nLABELS = {"age": "years", "distance_km": "far", "appointments": "rows", "reminder": "told",\n'
                    '          "clinic": "place", "previous_appointments": "before", "previous_no_shows": "missed",\n'
                    '          "lead_days": "lead", "hour": "when", "quarantined": "out"}\n'
                ),
            ),
            ("<p>{appointments} appointments, {outcomes}", "<p>{appointments} rows, {outcomes}"),
            ("rows of the day's file in quarantine", "rows left out"),
            ("<title>{escape(label)}</title>", ""),
            ('aria-label="{escape(label)}" {size}>', "{size}>"),
        ),
    ),
    Mistake(
        "keeps-every-row-as-objects",
        fails="test_a_million_rows_fit",
        says="used more than 1 GiB of memory",
        edits=edit(
            INGEST,
            (
                "    merged = merge(",
                (
                    '    raw = [list(csv.reader(file.path.open(encoding="utf-8-sig"))) for file in files]\n'
                    '    log.info("%d files are in memory", len(raw))\n'
                    "    merged = merge("
                ),
            ),
            ("import logging\n", "import csv\nimport logging\n"),
        ),
    ),
    Mistake(
        "a-limit-of-rows-for-each-file",
        fails="test_a_million_rows_fit",
        says="rows",
        edits=edit(
            BATCHES,
            (
                "enumerate(read_rows(file.path, columns), start=1)",
                "enumerate(islice(read_rows(file.path, columns), 2000), start=1)",
            ),
            ("from functools import cache\n", "from functools import cache\nfrom itertools import islice\n"),
        ),
    ),
    Mistake(
        "data-tests-know-the-practice",
        fails="test_data_tests_catch_bad_deliveries",
        says="go red for good files",
        edits=edit(
            TESTS,
            (
                '    assert [row["reason"]',
                '    assert sum(part.rows for part in ingested.manifest.partitions) == 9000\n    assert [row["reason"]',
            ),
        ),
    ),
    Mistake(
        "data-tests-that-only-ingest",
        fails="test_data_tests_catch_bad_deliveries",
        says="and the data tests stay green",
        edits=edit(
            TESTS,
            ("MOST_BAD = 0.02", "MOST_BAD = 2.0"),
            ("for anomaly in day.anomalies] == []", "for anomaly in day.anomalies if not anomaly.fact] == []"),
            (
                "if day.weekday() < OPEN_DAYS and day not in days] == []",
                "if day.weekday() > OPEN_DAYS and day in days] == []",
            ),
            ("LABELLED = 0.9", "LABELLED = 0.0"),
            ('if row["row"] == 0] == []', 'if not row["reason"]] == []'),
            ("if source.rows == 0] == []", "if source.rows < 0] == []"),
        ),
    ),
)

TOGETHER = (
    (
        "writes-in-place",
        "keeps-the-reply",
        "has-its-key-in-the-code",
        "a-page-of-tables",
        "a-limit-of-rows-for-each-file",
        "data-tests-know-the-practice",
    ),
    (
        "forgets-outcomes-without-an-appointment",
        "the-later-file-of-outcomes-counts",
        "never-tidies-up",
        "looks-at-numbers-of-rows-alone",
    ),
    ("names-data-by-their-sources", "takes-a-byte-order-mark-for-a-column"),
    ("blames-no-column", "names-data-by-the-moment"),
)
