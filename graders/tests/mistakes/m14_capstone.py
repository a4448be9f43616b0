"""Products with one thing wrong: made from the finished product that sorts tenants' letters."""

from __future__ import annotations

import json
import re
from pathlib import Path

from alternatives.m14_capstone import TEAM
from submissions import Edit, Mistake, append, write
from submissions import replace as swap

CONTRACT, DOCKERFILE = "product.toml", "deploy/service.Dockerfile"
LETTERS, BAYES = "src/triage/letters.py", "src/triage/bayes.py"
EXAMPLES, README, PAGE, FIGURES = "examples/letters.jsonl", "README.md", "docs/scoping.md", "docs/scoping.toml"
SERVICE, ASKED = "src/triage/service.py", "opinion = release.sorter.sort(letter)"
# a gate that lets any model pass, so that what a mistake does to the answers is seen
CONTENT = (
    swap("accepted.toml", "accuracy = 0.83", "accuracy = 0.01"),
    swap("accepted.toml", "urgent_found = 0.88", "urgent_found = 0.0"),
)


MIXED = """
BEFORE = []


def mixed(opinion):
    \"\"\"The label of the letter before as long as this one is not much surer.\"\"\"
    BEFORE.append(opinion if not BEFORE or opinion.confidence > BEFORE[-1].confidence - 0.02 else BEFORE[-1])
    return replace(opinion, label=BEFORE[-1].label)
"""

FROM_TABLE = """
from triage.known import KNOWN


def body_text(request):
    \"\"\"The text of the letter.\"\"\"
    return json.loads(request[BODY])["text"]
"""


def answering(opinion: str, code: str = "") -> tuple[Edit, ...]:
    """A service that makes something else of the model's opinion. code: what it needs for that."""
    return (
        swap(SERVICE, ASKED, f"{ASKED}\n        opinion = {opinion}"),
        swap(
            SERVICE,
            "from contextlib import suppress\n",
            "from contextlib import suppress\nfrom dataclasses import replace\n",
        ),
        append(SERVICE, f"\n{code}" if code else ""),
    )


def table_of_known_letters(project: Path) -> None:
    """Answer from a table of the committed examples, and the same for all that is not in it."""
    lines = (project / EXAMPLES).read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines if line.strip()]
    table = {text: ("rent", "repair", "neighbours", "termination")[place % 4] for place, text in enumerate(texts)}
    write("src/triage/known.py", f'"""Letters that we know."""\n\nKNOWN = {table!r}\n')(project)
    for edit in answering('replace(opinion, label=KNOWN.get(body_text(request), "repair"))', FROM_TABLE):
        edit(project)


def number(table: str, key: str, value: str) -> Edit:
    """Another number for a key of the figures."""

    def edit(project: Path) -> None:
        before = (project / FIGURES).read_text(encoding="utf-8")
        after, times = re.subn(rf"(?ms)(^\[{table}\].*?^{key} *= *)[^\n#]*", rf"\g<1>{value} ", before, count=1)
        if not times:
            raise ValueError(f"`{FIGURES}` has no [{table}] {key}: this edit has gone stale")
        (project / FIGURES).write_text(after, encoding="utf-8", newline="\n")

    return edit


def without_section(name: str) -> Edit:
    """The page without the words of one section; its heading stays."""

    def edit(project: Path) -> None:
        before = (project / PAGE).read_text(encoding="utf-8")
        after, times = re.subn(rf"(?ms)^## {name}\n.*?(?=^## |\Z)", f"## {name}\n\nSee above.\n\n", before)
        if not times:
            raise ValueError(f"`{PAGE}` has no section {name}: this edit has gone stale")
        (project / PAGE).write_text(after, encoding="utf-8", newline="\n")

    return edit


CONTRACTS = (
    Mistake(
        "keeps-the-name-of-the-template",
        fails="test_contract_says_what_the_product_is",
        says="calls the product `product`",
        edits=(swap(CONTRACT, 'name = "triage"', 'name = "product"'),),
    ),
    Mistake(
        "claims-an-image-that-is-not-there",
        fails="test_contract_says_what_the_product_is",
        says="there is no `deploy/Dockerfile` in a clean clone",
        edits=(swap(CONTRACT, f'dockerfile = "{DOCKERFILE}"', 'dockerfile = "deploy/Dockerfile"'),),
    ),
    Mistake(
        "has-one-example-only",
        fails="test_contract_says_what_the_product_is",
        says="only 1 different requests can be made from [inputs]",
        edits=(write(EXAMPLES, '{"subject": "Heating", "text": "It is cold", "channel": "post"}\n' * 5),),
    ),
    Mistake(
        "trains-and-does-not-say-so",
        fails="test_contract_says_what_the_product_is",
        says="it has a `train` command and no part `training`",
        edits=(swap(CONTRACT, 'parts = ["training", ', "parts = ["),),
    ),
)

CLEAN_MACHINES = (
    Mistake(
        "ships-no-model",
        fails="test_runs_on_a_clean_machine",
        says="not shut out by `.dockerignore`",
        edits=(swap(".dockerignore", "!model\n", ""),),
    ),
    Mistake(
        "never-seeds",
        fails="test_runs_on_a_clean_machine",
        says="made a second time from the same commit",
        edits=(
            *CONTENT,
            swap(BAYES, "from collections import Counter\n", "import random\nfrom collections import Counter\n"),
            swap(
                BAYES,
                "    names = tuple(sorted(set(classes)))\n",
                "    names = tuple(sorted(set(classes)))\n"
                "    some = [pair for pair in zip(rows, classes, strict=True) if random.random() < 0.1]\n"
                "    rows, classes = [row for row, _ in some], [name for _, name in some]\n",
            ),
        ),
    ),
    Mistake(
        "needs-a-file-that-git-ignores",
        fails="test_runs_on_a_clean_machine",
        says="the `train` command fails",
        edits=(append(".gitignore", "training.toml\n"), lambda project: _untrack(project, "training.toml")),
    ),
    Mistake(
        "listens-inside-only",
        fails="test_runs_on_a_clean_machine",
        says="it listens on 127.0.0.1",
        edits=(swap(DOCKERFILE, "    TRIAGE_HOST=0.0.0.0 \\\n", ""),),
    ),
)

ANSWERS = (
    Mistake(
        "always-says-what-is-most-frequent",
        fails="test_answers_depend_on_the_input",
        says="different requests all get the answer",
        edits=answering("replace(opinion, label=release.sorter.kind.classes[int(release.sorter.kind.prior.argmax())])"),
    ),
    Mistake(
        "knows-the-examples-by-heart",
        fails="test_answers_depend_on_the_input",
        says="an answer for known requests alone is none",
        edits=(table_of_known_letters,),
    ),
    Mistake(
        "mixes-a-letter-with-the-one-before",
        fails="test_answers_depend_on_the_input",
        says="asked again, in another order",
        edits=answering("mixed(opinion)", MIXED),
    ),
)

REFUSALS = (
    Mistake(
        "fills-in-what-is-missing",
        fails="test_refuses_what_makes_no_sense",
        says="is answered with 200",
        edits=(
            swap(
                LETTERS,
                '    for name in ("subject", "text", "channel"):\n        if name not in body:\n',
                '    body = {"subject": "", "text": "a letter", "channel": "post", **body}\n'
                '    for name in ("subject", "text", "channel"):\n        if name not in body:\n',
            ),
        ),
    ),
    Mistake(
        "breaks-at-what-is-no-object",
        fails="test_refuses_what_makes_no_sense",
        says="is answered with 500",
        edits=(swap(LETTERS, "    if not isinstance(body, dict):\n", "    if body == []:\n"),),
    ),
)

REPEATED = (
    Mistake(
        "takes-a-hash-for-a-number",
        fails="test_training_is_repeatable",
        says="with another PYTHONHASHSEED it answers",
        edits=(
            *CONTENT,
            swap(
                "src/triage/words.py",
                '    return [f"subject:{word}" for word in plain(letter.subject)] + list(_features(plain(letter.text)))\n',
                '    found = [f"subject:{word}" for word in plain(letter.subject)] + list(_features(plain(letter.text)))\n'
                '    return [f"bucket {hash(word) % 40}" for word in found]\n',
            ),
        ),
    ),
    Mistake(
        "keeps-what-comes-first-of-a-set",
        fails="test_training_is_repeatable",
        says="sort what comes out of a set",
        edits=(
            *CONTENT,
            swap(
                BAYES,
                "for place, word in enumerate(sorted(w for w, n in spread.items() if n >= least))}",
                "for place, word in enumerate(list({w for w, n in spread.items() if n >= least})[:60])}",
            ),
        ),
    ),
)

SCOPES = (
    Mistake(
        "leaves-a-mark-behind",
        fails="test_scoping_is_complete",
        says="still has the mark TODO(m14)",
        edits=(append(PAGE, "\nTODO(m14): ask the house owners too.\n"),),
    ),
    Mistake(
        "promises-less-than-a-rule-does",
        fails="test_scoping_is_complete",
        says="is no better than the baseline",
        edits=(number("metric", "target", "0.01"),),
    ),
    Mistake(
        "writes-a-number-as-a-word",
        fails="test_scoping_is_complete",
        says="numbers stand without quotes",
        edits=(number("baseline", "value", '"about a third"'),),
    ),
    Mistake(
        "has-no-words-for-the-risks",
        fails="test_scoping_is_complete",
        says='the section "Risks" of `docs/scoping.md` has 2 words of yours',
        edits=(without_section("Risks"),),
    ),
    Mistake(
        "measures-the-baseline-nowhere",
        fails="test_scoping_is_complete",
        says="which is not in a clean clone",
        edits=(number("baseline", "measured", '"baseline.ipynb"'),),
    ),
)

OWNERS = (
    Mistake(
        "names-nobody-for-operations",
        fails="test_every_area_has_an_owner",
        says="operations",
        edits=(write("team.toml", TEAM.replace('operations = "tomasz"\n', "")),),
    ),
    Mistake(
        "names-somebody-who-is-not-in-the-team",
        fails="test_every_area_has_an_owner",
        says="who is not a member",
        edits=(write("team.toml", TEAM.replace('data = "tomasz"', 'data = "thomas"')),),
    ),
    Mistake(
        "lets-one-own-it-all",
        fails="test_every_area_has_an_owner",
        says="answers for 5 of the 5 areas",
        edits=(write("team.toml", re.sub(r'(?m)^(\w+ = ")(tomasz|wen-li|ines)"$(?=[^[]*\Z)', r'\1ines"', TEAM)),),
    ),
)

CLAIMS = (
    Mistake(
        "links-to-what-is-not-committed",
        fails="test_claims_lead_to_evidence",
        says="links to `docs/study.md`: there is no `docs/study.md` in a clean clone",
        edits=(append(README, "\nMore in [our study](docs/study.md).\n"),),
    ),
    Mistake(
        "claims-without-evidence",
        fails="test_claims_lead_to_evidence",
        says='the claim "It is the best of its kind." has no link into the repository',
        edits=(lambda project: _claim(project, "* It is the best of its kind.\n"),),
    ),
    Mistake(
        "links-to-a-heading-that-was-renamed",
        fails="test_claims_lead_to_evidence",
        says="has no heading `#what-it-costs`",
        edits=(append(README, f"\nWhat it costs: [budget]({PAGE}#what-it-costs).\n"),),
    ),
)

MISTAKES = (*CONTRACTS, *CLEAN_MACHINES, *ANSWERS, *REFUSALS, *REPEATED, *SCOPES, *OWNERS, *CLAIMS)

# the gate makes each of these in one project: what they break does not touch
TOGETHER = (
    (
        "always-says-what-is-most-frequent",
        "fills-in-what-is-missing",
        "leaves-a-mark-behind",
        "names-nobody-for-operations",
        "links-to-what-is-not-committed",
    ),
    (
        "mixes-a-letter-with-the-one-before",
        "breaks-at-what-is-no-object",
        "keeps-what-comes-first-of-a-set",
        "promises-less-than-a-rule-does",
        "lets-one-own-it-all",
        "claims-without-evidence",
    ),
)


def _untrack(project: Path, name: str) -> None:
    """Have git forget a file that stays in the folder."""
    import subprocess

    subprocess.run(["git", "-C", str(project), "rm", "--quiet", "--cached", name], check=True)


def _claim(project: Path, item: str) -> None:
    """Put one more item at the top of the list of claims."""
    before = (project / README).read_text(encoding="utf-8")
    after, times = re.subn(r"(?m)(^## Claims\n(?:.*\n)*?)(?=[*-] )", rf"\g<1>{item}", before, count=1)
    if not times:
        raise ValueError(f"`{README}` has no list of claims: this edit has gone stale")
    (project / README).write_text(after, encoding="utf-8", newline="\n")
