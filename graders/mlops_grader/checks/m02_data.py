"""m02_data: daily files that become data one can trust, judged by feeding good, bad, late and corrected ones."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from mlops_grader.check import NOSHOW, Fail, check
from mlops_grader.instruments.page import read_page
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.sandbox import Limits

if TYPE_CHECKING:
    from pathlib import Path

    from mlops_grader.instruments.data.fed import Fed
    from mlops_grader.instruments.data.tray import Tray

MEMORY = 2**30  # bytes resident, all processes of the command together
MILLION = 1_000_000
OTHER_KEY = "another key of the grader, fedcba9876543210"
KILLS, MOMENTS = 3, 12  # so many of the first changes in the folder of the data
SPOILT_DELIVERIES = 4
FALSE_ALARMS = 0.05


@check(points=10, product=NOSHOW)
def test_clean_days_become_data(clean_days: Fed) -> None:
    """Daily files with which nothing is wrong become Parquet, one partition for each day, with every value as it was written.

    What is wrong here is wrong in every model, report and decision that comes after.
    """
    data = clean_days.data()
    clean_days.must_be_true(data)
    if data.left_out():
        raise Fail("rows with which nothing is wrong are in the quarantine", fix="look at their reasons")


@check(points=10, requires=test_clean_days_become_data, product=NOSHOW)
def test_bad_rows_are_quarantined(spoilt: Fed) -> None:
    """Rows with a wrong unit, category, range, moment, order or shape are in the quarantine, with file, row and column.

    A number that was let through is believed by everybody; a row that is refused with its reason is mended by noon.
    """
    data = spoilt.data()
    reasons = spoilt.reasons(data)
    for bad in spoilt.delivery.bad:
        where = f"row {bad.spot.row} of `{bad.spot.file}`"
        if bad.spot not in reasons:
            raise Fail(f"{bad.kind.words}: {where} is not in the quarantine", fix="declare what each column may hold")
        if bad.kind.columns and not set(bad.kind.columns) & reasons[bad.spot]:
            named = ", ".join(f"`{column}`" for column in sorted(reasons[bad.spot]) if column) or "none"
            raise Fail(
                f"{bad.kind.words}: for {where} the quarantine names the column {named}",
                fix=f"put `{bad.kind.columns[0]}` into `column`",
            )


@check(points=10, requires=test_bad_rows_are_quarantined, product=NOSHOW)
def test_no_row_is_lost(spoilt: Fed) -> None:
    """Each row of each file is in the data or in the quarantine, and a file that cannot be read stops no other.

    "Where did the other two hundred go?" is asked months later, when nobody can answer.
    """
    data = spoilt.data()
    spoilt.must_be_accounted(data)
    spoilt.must_be_true(data)


@check(points=5, requires=test_clean_days_become_data, product=NOSHOW)
def test_later_rows_replace_earlier_ones(tray: Tray, random: Random) -> None:
    """An appointment that comes again counts once, as the later file has it; of two outcomes the one recorded later counts.

    Clinics correct themselves. Who takes both counts a patient twice, and who takes the first trains on what was withdrawn.
    """
    fed = tray.fed("corrected", tray.corrected(random))
    data = fed.data()
    fed.must_be_true(data)
    fed.must_be_accounted(data)


@check(points=5, requires=test_clean_days_become_data, product=NOSHOW)
def test_same_files_give_the_same_data(clean_days: Fed) -> None:
    """Run twice, the ingestion gives the same data of the same name, and changes no file of them.

    A job that was started twice by mistake must not be an incident.
    """
    first = clean_days.data()
    clean_days.ingestion.ingest()
    second = clean_days.data()
    if first.name != second.name:
        raise Fail(f"the same files are the data set {first.name}, and {second.name} when run again", fix=OF_CONTENT)
    if first.manifest.partitions != second.manifest.partitions:
        raise Fail("run again, the partitions are other files", fix="write the same rows to the same bytes")


@check(points=5, requires=test_later_rows_replace_earlier_ones, product=NOSHOW)
def test_order_of_arrival_does_not_matter(tray: Tray, random: Random) -> None:
    """Files that arrive in any order, one heap after the other, end as the same data as all at once.

    One clinic's line is down on Tuesday, and its file comes on Friday together with its own correction.
    """
    delivery = tray.corrected(random)
    whole = tray.fed("all at once", delivery).data()
    piecemeal = tray.fed("piecemeal")
    for heap in tray.heaps(delivery, random):
        piecemeal.ingestion.deliver(heap)
        piecemeal.ingestion.ingest()
    if (found := piecemeal.data().name) != whole.name:
        raise Fail(
            f"all files at once are the data set {whole.name}, and {found} when they come in three heaps",
            fix="decide by what a row says of itself, never by when it came",
        )


@check(points=5, requires=test_clean_days_become_data, product=NOSHOW)
def test_other_spellings_of_a_file_are_read(tray: Tray, random: Random) -> None:
    """Byte order marks, other line ends and quoted line breaks change nothing; other encodings are read right or refused whole.

    Somebody opens the file in a spreadsheet, looks at it and saves it.
    """
    delivery = tray.plain()
    respelt = tray.respelt(delivery, random)
    contents = {name: spelling.write(delivery.sheets[name]) for name, spelling in respelt.items()}
    fed = tray.fed("respelt", delivery, {**delivery.contents(), **contents})
    data = fed.data()
    doubtful = {name for name, spelling in respelt.items() if spelling.doubtful}
    for spot in sorted(data.left_out()):
        if spot.file.startswith("appointments") and spot.file not in doubtful:
            words = respelt[spot.file].words if spot.file in respelt else "as ever"
            raise Fail(f"row {spot.row} of `{spot.file}` ({words}) is refused", fix="a CSV reader, with `utf-8-sig`")
    refused = fed.refused(data) & doubtful
    fed.must_be_true(data, without=refused)


@check(points=10, requires=test_same_files_give_the_same_data, product=NOSHOW)
def test_survives_being_killed(tray: Tray, random: Random) -> None:
    """Killed at any moment, or out of disk, it leaves the old data or the new ones, whole; the next run completes the work.

    Machines restart at night. Half a data set looks like a whole one, and the model that learns from it looks like a model.
    """
    old, new = tray.plain(), tray.corrected(random)
    complete = tray.fed("complete", new)
    fed = tray.fed("cut short", old)
    names = {fed.data().name: "old", complete.data().name: "new"}
    fed.ingestion.deliver(new.contents())
    fed.ingestion.killed_after(complete.seconds * random.uniform(0.3, 1.0))
    fed.must_be_one_of(names, "it was killed")
    for number in random.sample(range(1, MOMENTS), KILLS):
        fed.ingestion.killed_at_a_change(number)
        fed.must_be_one_of(names, "it was killed while it wrote")
    for delivery in (new, old, new):
        fed.ingestion.deliver(delivery.contents())
        fed.ingestion.killed_when_an_old_file_goes()
        fed.must_be_one_of(names, "it was killed when the first file of before was gone or changed")
    for share in (0.1, 0.6):
        fed.ingestion.out_of_disk(int(complete.largest_file() * share))
        fed.must_be_one_of(names, "the disk was full")
    fed.ingestion.ingest()
    if names.get(fed.data().name) != "new":
        raise Fail(
            "after it was cut short, the next run gives other data", fix="keep no state but the data and the files"
        )


@check(points=10, requires=test_no_row_is_lost, product=NOSHOW)
def test_holds_no_personal_data(spoilt: Fed) -> None:
    """No name, phone number, birth date, patient number or reply is in anything that ingestion makes or prints.

    Data are copied: to laptops, to notebooks, to a vendor. What is not in them cannot leak.
    """
    for name, text in spoilt.made():
        if found := spoilt.marks_in(f"{name}\n{text}"):
            mark = found[0]
            raise Fail(
                f"{name} holds the {mark.what.replace('_', ' ')} of a patient",
                fix="leave personal columns behind first, and repeat no cell in a reason or a log",
            )


@check(points=5, requires=test_clean_days_become_data, product=NOSHOW)
def test_patients_have_pseudonyms(clean_days: Fed, tray: Tray) -> None:
    """A patient has the same pseudonym everywhere, another one under another key, and nobody finds the patient without the key.

    A plain hash of a patient's number is undone by hashing a million numbers, which takes a second.
    """
    from mlops_grader.instruments.data.pseudonyms import undone

    pairs = clean_days.pseudonyms()
    if twice := [patient for patient, found in pairs.items() if len(found) > 1]:
        raise Fail(f"{len(twice)} patients have more than one pseudonym", fix="one keyed hash of the patient's number")
    of = {patient: next(iter(found)) for patient, found in pairs.items()}
    if len(set(of.values())) < len(of):
        raise Fail("two patients have one pseudonym", fix="keep more characters of the hash")
    if plain := [patient for patient, found in of.items() if undone(patient, found)]:
        raise Fail(
            f"the pseudonym of {len(plain)} patients follows from their number without a key", fix="HMAC with the key"
        )
    again = tray.fed("again", tray.part_of(clean_days.delivery)).pseudonyms()
    if any(found != {of[patient]} for patient, found in again.items()):
        raise Fail("with the same key and other files, patients have other pseudonyms", fix="from number and key alone")
    for words, keys in (("two keys", (OTHER_KEY,)), ("two machines without a key", (None, None))):
        tray.must_not_share_pseudonyms(words, of, keys, clean_days.delivery)


@check(points=5, requires=test_same_files_give_the_same_data, product=NOSHOW)
def test_data_have_a_name(clean_days: Fed, tray: Tray, random: Random) -> None:
    """The manifest says from which files the data were made and which files they are, and another cell is another name.

    "Which data was this model trained on?" has an answer of sixteen characters, or it has none.
    """
    data = clean_days.data()
    clean_days.must_name_its_sources(data)
    if strays := clean_days.ingestion.strays(data.manifest):
        raise Fail(
            f"`{strays[0]}` lies among the data, and the manifest does not name it", fix="remove what no longer counts"
        )
    changed = tray.fed("another cell", tray.with_one_cell_changed(clean_days.delivery, random))
    if changed.data().name == data.name:
        raise Fail("one cell of one file is another, and the data set has the same name", fix=OF_CONTENT)
    shuffled = tray.fed("other order of rows", clean_days.delivery, tray.shuffled(clean_days.delivery, random))
    if shuffled.data().name != data.name:
        raise Fail("the rows of the files come in another order, and the data set has another name", fix=OF_CONTENT)
    changed.ingestion.deliver(clean_days.delivery.contents())
    changed.ingestion.ingest()
    if strays := changed.ingestion.strays(changed.ingestion.manifest()):
        raise Fail(
            f"after a correction `{strays[0]}` of before is left", fix="remove what the manifest no longer names"
        )
    changed.ingestion.damage()
    changed.ingestion.ingest()
    changed.must_be_whole("a file of the data was damaged, and after the next run")


@check(points=5, requires=test_clean_days_become_data, product=NOSHOW)
def test_unusual_days_are_reported(unusual: Fed) -> None:
    """For each day a summary with true counts; a day with other patients, fewer rows or a broken field stands out, others do not.

    Every value may be possible and the day may still be wrong. Only the days before can tell.
    """
    data = unusual.data()
    flagged = []
    for partition in data.manifest.partitions:
        said = unusual.day(partition.day.isoformat())
        unusual.must_count(said, data)
        event = unusual.events.get(partition.day.isoformat())
        named = {anomaly.where for anomaly in said.anomalies}
        if event and not named & set(event.where):
            raise Fail(
                f"{partition.day}: {event.words}, and its anomalies name {sorted(named) or 'nothing'}",
                fix=f"compare with the days before; `where` is `{event.where[0]}`",
            )
        flagged += [said] if named and not event else []
    if len(flagged) > max(1, FALSE_ALARMS * len(data.manifest.partitions)):
        first = flagged[0]
        raise Fail(
            f"{len(flagged)} ordinary days are called unusual; on {first.day} it is `{first.anomalies[0].where}`: "
            f"{first.anomalies[0].fact}",
            fix="allow for chance: a day has a few hundred rows, and many numbers are looked at",
        )


@check(points=5, requires=test_unusual_days_are_reported, product=NOSHOW)
def test_day_can_be_read(unusual: Fed) -> None:
    """Each day has a page that says what is unusual and shows pictures of that day, without a network.

    The person who calls the clinic does not read JSON.
    """
    pages = {}
    for day in unusual.events:
        shown = f"{unusual.ingestion.product.contract.data.days}/{day}.html"
        page = read_page(unusual.days / f"{day}.html", shown)
        if page.fetched:
            raise Fail(f"`{shown}` fetches `{page.fetched[0][:100]}`", fix="put everything into the page")
        words = [anomaly.where for anomaly in unusual.day(day).anomalies]
        if missing := [word for word in words if word.lower() not in page.text.lower()]:
            raise Fail(f"`{shown}` does not say `{missing[0]}`, which its summary does", fix="make both from one value")
        if not page.pictures:
            raise Fail(f"`{shown}` has no picture", fix="draw the day beside the days before")
        pages[day] = page.pictures
    if len(set(pages.values())) < len(pages):
        raise Fail("the pages of two different days have the same pictures", fix="draw the day's own data")


@check(points=5, requires=test_no_row_is_lost, product=NOSHOW)
def test_a_million_rows_fit(tray: Tray) -> None:
    """A million appointments and their outcomes are ingested within 1 GiB of memory, and none is lost.

    The file that does not fit into memory comes on the day after the merger, at four in the morning.
    """
    fed = tray.million(MILLION)
    fed.ingestion.ingest(Limits(seconds=900, memory=MEMORY))
    manifest = fed.ingestion.manifest()
    rows = sum(partition.rows for partition in manifest.partitions)
    if (rows, manifest.quarantine.rows) != (MILLION, 0):
        raise Fail(
            f"of {MILLION} rows {rows} are in the data and {manifest.quarantine.rows} in the quarantine",
            fix="try it with the files of a larger practice",
        )
    fed.must_hold_the_outcomes()


@check(points=5, requires=test_no_row_is_lost, product=NOSHOW)
def test_data_tests_catch_bad_deliveries(product: Product, tray: Tray, scratch: Path) -> None:
    """The tests of the data are green for good deliveries of another practice, and go red when one is spoilt.

    Ingestion survives a bad file. Somebody must still hear of it before the model learns from what is left.
    """
    good = tray.delivered(product, scratch / "good")
    done = good.run("test_data")
    if not done.ok:
        raise Fail(
            f"the data tests go red for good files: {done}", fix="no numbers of one practice, and allow for chance"
        )
    for number in range(SPOILT_DELIVERIES):
        bad, words = tray.spoilt_delivery(product, scratch / f"bad-{number}", number)
        if bad.run("test_data").ok:
            raise Fail(f"{words}, and the data tests stay green", fix="test what ingestion makes of the files")


OF_CONTENT = "let the name follow from the content of the partitions alone"
