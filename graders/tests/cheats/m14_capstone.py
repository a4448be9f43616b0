"""Capstones that pretend: for a grader that looks for words and files, they have a contract, a team, a scoping and claims."""

from __future__ import annotations

from pathlib import Path

from alternatives.m14_capstone import FIGURES, SCOPING, TEAM
from submissions import Pretence, write

KEY = "m14_capstone"
SECTIONS = ("Value", "Users", "Metric", "Baseline", "Data card", "Risks", "Budget", "Out of scope")
CONTRACT = """name = "oracle"
parts = ["training", "serving", "containers", "ci", "delivery", "monitoring"]
[inputs]
examples = "examples/requests.jsonl"
[service]
prediction = "label"
[commands]
setup = "true"
train = "true"
serve = "true"
"""
LINKED = """# Oracle

## Claims

* It finds 97 %: [report](reports/report.md).
* It never fails: [tests](tests/), [dashboard](monitoring/board.json).
* It is fair: [study](docs/fairness.md).
* Why: [scoping](docs/scoping.md), [decisions](docs/decisions/), [pipeline](.github/workflows/ci.yml).
"""
SAID = LINKED.replace("](", "](https://example.org/")
WORDS = (
    "We create value for all users with artificial intelligence, at scale, in real time, for everybody, from day one. "
)


def careless(project: Path) -> bool:
    """Whether a grader that looks for files and words would be content."""
    read = {name: (project / name).read_text(encoding="utf-8") for name in ("README.md", "team.toml", "product.toml")}
    page = (project / "docs/scoping.md").read_text(encoding="utf-8")
    return (
        "## Claims" in read["README.md"]
        and read["README.md"].count("](") >= 3
        and read["team.toml"].count("[[members]]") == 3
        and all(f'"{part}"' in read["product.toml"] for part in ("training", "containers", "ci", "monitoring"))
        and all(f"## {name}" in page for name in SECTIONS)
        and len(page.split()) > 150
    )


PRETENCES = (
    Pretence(
        "names-what-is-not-there",
        (
            write("product.toml", CONTRACT),
            write("examples/requests.jsonl", "".join(f'{{"text": "the flat number {n} is cold"}}\n' for n in range(9))),
            write("README.md", LINKED),
            write("team.toml", TEAM.replace("tomasz@example.org", "ines@example.org")),
            write("docs/scoping.md", "".join(f"## {name}\n\n<!-- {WORDS * 2} -->\n\n" for name in SECTIONS)),
            write("docs/scoping.toml", FIGURES),
        ),
    ),
    Pretence(
        "says-what-nothing-shows",
        (
            write("product.toml", CONTRACT),
            write("Dockerfile", "FROM scratch\n"),
            write("examples/requests.jsonl", '{"text": "hello"}\n' * 9),
            write("README.md", SAID),
            write(
                "team.toml", TEAM.replace('= "tomasz"\n', '= "somebody"\n').replace('id = "somebody"', 'id = "tomasz"')
            ),
            write("docs/scoping.md", SCOPING),
            write("docs/scoping.toml", FIGURES.replace("target = 0.35", "target = 0.27")),
        ),
    ),
)
