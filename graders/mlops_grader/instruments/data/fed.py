"""A product that was fed with daily files, and what must be true of its data then."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlops_grader.check import Fail
from mlops_grader.instruments.data import traces
from mlops_grader.instruments.data.accounts import unaccounted
from mlops_grader.instruments.data.dataset import Dataset, differs, read_part
from mlops_grader.instruments.data.days import Day, load_day
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.ingestion import Ingestion
from mlops_grader.instruments.data.sheet import Spot
from mlops_grader.instruments.data.traces import Mark
from mlops_grader.instruments.data.unusual import Event


@dataclass(frozen=True)
class Fed:
    """An ingestion of a delivery. seconds: how long it took; printed: what it said."""

    ingestion: Ingestion
    delivery: Delivery
    seconds: float = 0.0
    printed: str = ""
    events: Mapping[str, Event] = field(default_factory=dict)

    def data(self) -> Dataset:
        """The clean data as they are now. Raises Fail when they cannot be read."""
        return self.ingestion.dataset()

    def must_be_true(self, data: Dataset, without: Collection[str] = ()) -> None:
        """Raise Fail unless the data hold what the files say; without: files that were refused."""
        found = differs(data.rows, self.delivery.clean_without(without))
        if found:
            raise Fail(found, fix="look at that row in the daily file")

    def refused(self, data: Dataset) -> set[str]:
        """The files of which no row was used."""
        left_out = data.left_out()
        names = {spot.file for spot in left_out} & set(self.delivery.sheets)
        return {
            name
            for name in names
            if Spot(name, 0) in left_out
            or all(Spot(name, row + 1) in left_out for row in range(len(self.delivery.sheets[name].rows)))
        }

    def must_be_accounted(self, data: Dataset) -> None:
        """Raise Fail unless the quarantine holds exactly what is not in the data."""
        found = unaccounted(self.delivery, data.left_out())
        if found:
            raise Fail(found, fix="each row is in the data or in the quarantine: count both for each file")

    def must_be_whole(self, happened: str) -> Dataset:
        """The data. Raises Fail, which begins with what happened, when they cannot be read."""
        try:
            return self.data()
        except Fail as fail:
            raise Fail(f"{happened} {fail.found}", fail.fix) from None

    def must_be_one_of(self, names: Mapping[str, str], happened: str) -> None:
        """Raise Fail unless the data are one of these data sets, whole."""
        found = self.must_be_whole(f"{happened}, and").name
        if found not in names:
            raise Fail(f"{happened}, and the data are neither the old ones nor the new", fix="the manifest comes last")

    def must_name_its_sources(self, data: Dataset) -> None:
        """Raise Fail unless the manifest says from which files the data were made."""
        said = {source.file: (source.rows, source.sha256) for source in data.manifest.sources}
        for name, content in sorted(self.delivery.contents().items()):
            true = (len(self.delivery.sheets[name].rows), hashlib.sha256(content).hexdigest())
            if name not in said:
                raise Fail(
                    f"the manifest does not name `{name}` among its sources", fix="name every file that was read"
                )
            if said[name] != true:
                raise Fail(
                    f"of `{name}` the manifest says {said[name]}, and it has {true}", fix="rows and SHA-256 of the file"
                )

    def must_count(self, said: Day, data: Dataset) -> None:
        """Raise Fail unless the summary of a day has the right counts."""
        rows = data.rows[data.rows["starts_at"].dt.date == said.day]
        name = f"appointments_{said.day}.csv"
        true = {
            "appointments": len(rows),
            "outcomes": int(rows["no_show"].notna().sum()),
            "quarantined": sum(spot.file == name for spot in data.left_out()),
        }
        for what, number in true.items():
            if getattr(said, what) != number:
                raise Fail(
                    f"{said.day} has {number} {what}, and its summary says {getattr(said, what)}", fix="count them"
                )

    def must_hold_the_outcomes(self) -> None:
        """Raise Fail unless as many appointments were missed, and as many came, as the files say; for a large delivery."""
        manifest, folder = self.ingestion.manifest(), self.ingestion.folder
        missed = known = 0
        for partition in manifest.partitions:
            column = read_part(folder, partition)["no_show"]
            known += len(column) - column.null_count
            missed += sum(bool(value) for value in column.to_pylist())
        true = int(self.delivery.clean["no_show"].sum())
        if (missed, known) != (true, len(self.delivery.clean)):
            raise Fail(
                f"{true} patients did not come, and {missed} of {known} outcomes in the data say so", fix="join by id"
            )

    def reasons(self, data: Dataset) -> dict[Spot, set[str]]:
        """The columns that the quarantine blames, by row."""
        found: dict[Spot, set[str]] = {}
        for file, row, column in data.quarantine[["file", "row", "column"]].itertuples(index=False):
            found.setdefault(Spot(str(file), int(row)), set()).add(str(column))
        return found

    def pseudonyms(self) -> dict[str, set[str]]:
        """The pseudonyms that each patient has."""
        rows = self.data().rows
        patients = self.delivery.clean["patient_id"]
        found: dict[str, set[str]] = {}
        for name, pseudonym in zip(rows.index, rows["patient"], strict=True):
            if name in patients.index:
                found.setdefault(str(patients[name]), set()).add(str(pseudonym))
        return found

    def largest_file(self) -> int:
        """Bytes of the largest file of the data."""
        return max((self.ingestion.folder / part.file).stat().st_size for part in self.ingestion.manifest().partitions)

    def made(self) -> Iterator[tuple[str, str]]:
        """What ingestion printed and every file that it made, with their content as text."""
        yield "the output of `ingest`", self.printed
        product = self.ingestion.product
        for name, text in traces.made_files(product.root, self.ingestion.raw, product.submission.files):
            yield f"`{name}`", text

    def marks_in(self, text: str) -> list[Mark]:
        """Personal data that a text holds."""
        return traces.traces(text, self.delivery.marks)

    @property
    def days(self) -> Path:
        """Where the summaries and pages of the days are to be."""
        return self.ingestion.product.root / self.ingestion.product.contract.data.days

    def day(self, day: str) -> Day:
        """What is said of a day. Raises Fail when it cannot be read."""
        return load_day(self.days, day, self.ingestion.product.contract.data.days)
