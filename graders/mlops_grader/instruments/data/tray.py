"""What a product is fed with: deliveries of one practice, each into a copy of the product of its own."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from mlops_grader.check import Fail
from mlops_grader.instruments.data import delivery as deliveries
from mlops_grader.instruments.data import truth, unusual
from mlops_grader.instruments.data.delivery import Delivery
from mlops_grader.instruments.data.fed import Fed
from mlops_grader.instruments.data.ingestion import KEY, ingestion
from mlops_grader.instruments.data.sheet import sheets
from mlops_grader.instruments.data.spellings import Spelling, respell
from mlops_grader.instruments.data.spoilt import SPOILS
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.world import World, write_days
from mlops_grader.theirs import remove_folder

FEW_DAYS, MANY_DAYS = 12, 34
EVENTS = 5
GOOD_DAYS = 50
PATIENTS_OF_A_MILLION = 100_000
ACCIDENTS = 0.01  # the share of patients whose short pseudonyms may agree by accident


@dataclass(frozen=True)
class Tray:
    """A product, and the seed of the practice whose files it gets. folder: for the copies."""

    product: Product
    seed: int
    folder: Path

    def plain(self) -> Delivery:
        """Files with which nothing is wrong."""
        return deliveries.plain(self.seed, FEW_DAYS)

    def corrected(self, random: Random) -> Delivery:
        """The same files with repetitions and corrections."""
        return deliveries.corrected(self.seed, random)

    def fed(self, name: str, delivery: Delivery | None = None, contents: Mapping[str, bytes] | None = None) -> Fed:
        """A copy of the product that has ingested a delivery, or the same in other words; without one it has no files yet.

        Raises Fail when the `ingest` command does.
        """
        made = self._fed(name, delivery or Delivery({}, truth.EMPTY), contents, KEY)
        if not delivery:
            return made
        started = time.monotonic()
        done = made.ingestion.ingest()
        return replace(made, seconds=time.monotonic() - started, printed=done.output)

    def _fed(self, name: str, delivery: Delivery, contents: Mapping[str, bytes] | None, key: str | None) -> Fed:
        number = len(list(self.folder.iterdir()))
        files = delivery.contents() if contents is None else contents
        return Fed(ingestion(self.product, self.folder / f"{number}-{name.replace(' ', '-')}", files, key), delivery)

    def respelt(self, delivery: Delivery, random: Random) -> Mapping[str, Spelling]:
        """In which ways files of a delivery are written otherwise."""
        return respell(delivery, random)

    def damaged(self, random: Random) -> Fed:
        """The product after a delivery with spoilt rows, unreadable files and marked patients."""
        return self.fed("damaged", deliveries.damaged(self.seed, random))

    def unusual(self, random: Random) -> Fed:
        """The product after a delivery with unusual days."""
        delivery = deliveries.plain(self.seed + 1, MANY_DAYS, 120)
        events = unusual.happen(delivery.sheets, random, EVENTS, first=14)
        return replace(self.fed("unusual", delivery), events=events)

    def part_of(self, delivery: Delivery) -> Delivery:
        """Every second day of a delivery."""
        kept = [sheet.name for sheet in delivery.of("appointments")[::2]]
        ids = [each for name in kept for each in delivery.ids(name)]
        files = {name: sheet for name, sheet in delivery.sheets.items() if name in kept or sheet.kind == "outcomes"}
        return Delivery(files, delivery.clean.loc[ids])

    def heaps(self, delivery: Delivery, random: Random) -> list[dict[str, bytes]]:
        """The files of a delivery in three heaps; the first holds appointments alone, as on the first day of a clinic."""
        contents = delivery.contents()
        first = random.sample([sheet.name for sheet in delivery.of("appointments")], 3)
        others = random.sample(sorted(contents.keys() - set(first)), len(contents) - len(first))
        half = len(others) // 2
        return [{name: contents[name] for name in names} for names in (first, others[:half], others[half:])]

    def with_one_cell_changed(self, delivery: Delivery, random: Random) -> Delivery:
        """The delivery in which one patient lives elsewhere."""
        changed = copy.deepcopy(delivery)
        sheet = random.choice(changed.of("appointments"))
        row = random.randint(1, len(sheet.rows))
        kilometres = float(sheet.cell(row, "distance_km")) + 0.1
        sheet.put(row, "distance_km", f"{kilometres:.1f}")
        changed.clean.loc[sheet.cell(row, "appointment_id"), "distance_km"] = round(kilometres, 1)
        return changed

    def shuffled(self, delivery: Delivery, random: Random) -> dict[str, bytes]:
        """The files of a delivery with their rows in another order."""
        files = copy.deepcopy(delivery.sheets)
        for sheet in files.values():
            random.shuffle(sheet.rows)
        return {name: sheet.text().encode() for name, sheet in files.items()}

    def must_not_share_pseudonyms(
        self, words: str, of: Mapping[str, str], keys: Sequence[str | None], delivery: Delivery
    ) -> None:
        """Raise Fail when patients have the same pseudonym although the keys differ; None: the command is given none."""
        known = [of]
        for key in keys:
            fed = self._fed("another key" if key else "no key", delivery, None, key)
            done = fed.ingestion.run()
            if not done.ok and not key:
                continue  # to refuse work without a key is safe as well
            if not done.ok:
                raise Fail(
                    f"with a key of {len(key or '')} characters, `ingest` fails: {done}", fix="take any long key"
                )
            new = {patient: next(iter(found)) for patient, found in fed.pseudonyms().items()}
            for before in known:
                same = sum(before.get(patient) == pseudonym for patient, pseudonym in new.items())
                if same > ACCIDENTS * len(new):
                    raise Fail(
                        f"{words}, and patients have the same pseudonyms",
                        fix="no key in the code: each machine its own",
                    )
            known.append(new)

    def million(self, rows: int) -> Fed:
        """A copy of the product with the files of a large practice, not yet ingested."""
        frame = World(self.seed, patients=PATIENTS_OF_A_MILLION).appointments(rows)
        fed = self._fed("million", Delivery({}, frame[["no_show"]]), {}, KEY)
        write_days(frame, fed.ingestion.raw)
        return fed

    def delivered(self, product: Product, folder: Path) -> Product:
        """A copy of a product with the files of a good practice in the place of its own."""
        return self._with_files(product, folder, self._good().contents())

    def spoilt_delivery(self, product: Product, folder: Path, number: int) -> tuple[Product, str]:
        """The same with one thing wrong, another for each number; what it is."""
        random = Random(f"spoilt {self.seed}")  # noqa: S311  # reproducible on purpose
        delivery = self._good()
        contents = delivery.contents()
        words = random.sample(SPOILS, len(SPOILS))[number](delivery, contents, random)
        return self._with_files(product, folder, contents), words

    def _good(self) -> Delivery:
        frame = World(self.seed + 2).days(days=GOOD_DAYS, per_day=110 + self.seed % 60)
        return Delivery(sheets(frame), truth.clean(frame))

    def _with_files(self, product: Product, folder: Path, contents: Mapping[str, bytes]) -> Product:
        made = product.copy(folder)
        raw = made.root / made.contract.data.raw
        remove_folder(raw)
        deliveries.write(contents, raw)
        return made
