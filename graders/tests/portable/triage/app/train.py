"""Counts the words of each team's tickets."""

import csv
import json
from pathlib import Path

from words import counted

with open("data/tickets.csv", newline="", encoding="utf-8") as file:
    rows = [(row["team"], row["text"]) for row in csv.DictReader(file)]
Path("weights").mkdir(exist_ok=True)
Path("weights/words.json").write_text(json.dumps(counted(rows), sort_keys=True), encoding="utf-8")
