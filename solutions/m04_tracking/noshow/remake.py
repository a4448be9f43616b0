"""`python -m noshow.remake OUT`: what `reproduce` runs in the code of another commit: ingest, learn, and nothing else."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from noshow import ingest
from noshow.bundle import MODEL_FILE, save_model
from noshow.errors import ProductError
from noshow.settings import read_settings
from noshow.train import learn

REMADE = "remade.json"


@dataclass(frozen=True)
class Remade:
    """What came out: the name of the data set and the metrics."""

    data: str
    metrics: dict[str, float]


def read_remade(folder: Path) -> Remade:
    """What was remade into a folder."""
    said: dict[str, Any] = json.loads((folder / REMADE).read_text(encoding="utf-8"))
    return Remade(said["data"], said["metrics"])


def main(out: Path, data: str) -> int:
    """Make the data and the model into an empty folder; the data must be those of that name, before anything is learned."""
    try:
        settings = read_settings()
        ingest.run(settings)
        learned = learn(settings)
        if learned.data != data:
            raise ProductError(f"the daily files of the commit give data set {learned.data}, the run had {data}")
        save_model(learned.model, out / MODEL_FILE)
    except ProductError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    text = json.dumps({"data": learned.data, "metrics": learned.metrics})
    (out / REMADE).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
