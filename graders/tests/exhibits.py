"""Invented teams with invented pictures, and what was measured of their products, for tests of expo and portfolio."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

from mlops_grader.capstone.lines import CheckEnd, MeasuredLine
from mlops_grader.capstone.measured import Measured, document
from mlops_grader.capstone.rubric import Gate, Judge, LateRules, Line, PeerRules, Phase, Rubric
from mlops_grader.capstone.state import State
from mlops_grader.check import Verdict
from mlops_grader.figure import Figure
from mlops_grader.result import Graded, Outcome, Result

COMMIT, TREE = "3f9a2c1b04" * 4, "8c4a11d0ff" * 4
STARTED = "2026-11-29T12:00:00Z"
HOSTILE = """</main><script>alert("1")</script><img src=x onerror='go()'> {{ 7*7 }} \u202e"quoted" """

TEAMS = (
    ("Team Larch", "Triage", "Sorts letters to a clinic by how soon somebody must answer, for its front desk.", "health care",
     ("Ada Lindqvist", "Ben Okafor", "Cy Marchetti")),
    ("Northern Lights", "Docket", "Finds the three rulings that a tenant's case resembles most, for volunteers at a legal clinic.", "legal",
     ("Dana Petrov", "Eli Sørensen", "Fatima Zahra El Amrani", "Gus Whitfield")),
    ("Blue Kettle", "Rota", "Says how many nurses a ward will need next week, for those who write the rota.", "health care",
     ("Hana Sato", "Ivo Brandt", "Jun Castillo")),
    ("Paper Boats", "Margin", "Tells teachers which homework questions a class is about to get wrong.", "education",
     ("Kit O'Neill", "Lena Vogel", "Mo Haddad", "Nia Evans", "Oskar Lind")),
    ("Quiet Storm", "Palette", "Proposes colours for posters that people with weak sight can read.", "creative work",
     ("Pia Novak", "Quentin Roux", "Rosa Almeida")),
    ("Second Shift", "Stockroom", "Forecasts what a food bank will run out of, two days before it does.", "operations",
     ("Sam Achterberg", "Tui Walker", "Uma Krishnan", "Viktor Håkansson", "Wei Zhang", "Ximena Ortega")),
)  # fmt: skip
AREAS = ("product", "data", "model", "service", "operations")
PROBLEM = """Each morning a person reads some two hundred messages and decides which cannot wait. Urgent ones lie at the bottom
of the pile until noon, and nobody can say how often. The product reads them as they come in, puts the urgent ones first and
says why, so that the person decides sooner."""
USERS = "The two people at the desk, who may overrule every proposal, and those who wrote the messages."


def line(
    key: str,
    phase: str,
    claim: str,
    judge: Judge = Judge.CHECK,
    *,
    checks: tuple[str, ...] = (),
    individual: bool = False,
) -> Line:
    """A line worth two points."""
    return Line(
        key,
        phase,
        2,
        claim,
        judge,
        "Look at the running product, not at slides.",
        "service",
        checks,
        individual=individual,
    )


MEASURED_LINES = (
    ("runs-anywhere", "A stranger sets the product up on a clean machine and it answers.", ("m14_capstone/test_runs_on_a_clean_machine",)),
    ("depends-on-input", "Answers depend on what was asked.", ("m14_capstone/test_answers_depend_on_the_input",)),
    ("refuses-nonsense", "What makes no sense is refused, and the caller is told why.", ("m14_capstone/test_refuses_what_makes_no_sense",)),
    ("repeatable", "Two trainings from the same commit make the same model.", ("m14_capstone/test_training_is_repeatable",)),
    ("image-stops", "The container finishes what it is doing and stops when it is asked.", ("m06_containers/test_stops_when_asked",)),
    ("image-user", "The container runs as an ordinary user.", ("m06_containers/test_runs_as_an_ordinary_user",)),
    ("goes-red", "The pipeline goes red for a failing test and for a committed secret.",
     ("m07_ci/test_goes_red_for_a_failing_test", "m07_ci/test_goes_red_for_a_committed_secret")),
    ("rolls-back", "An earlier version is back in service within a minute.", ("m08_delivery/test_rolls_back_within_a_minute",)),
    ("metrics-true", "Metrics say what happened.", ("m09_monitoring/test_metrics_are_true",)),
)  # fmt: skip
JUDGED_LINES = (
    line("expo-demo", "expo", "The product answers a request that the judge makes up.", Judge.EXPO),
    line(
        "expo-architecture",
        "expo",
        "The team follows one request through its architecture, from the caller to the log.",
        Judge.EXPO,
    ),
    line(
        "expo-value",
        "expo",
        "The team says who is better off, by how much, and how it knows.",
        Judge.EXPO,
    ),
    line(
        "expo-questions",
        "expo",
        "The person answers a question about an own part without help.",
        Judge.EXPO,
        individual=True,
    ),
)


def rubric() -> Rubric:
    """A small rubric with lines for checks and for judges."""
    checked = tuple(line(key, "deployment", claim, checks=checks) for key, claim, checks in MEASURED_LINES)
    phases = (
        Phase("deployment", "Deployment", 2 * len(checked), checked),
        Phase("expo", "Expo", 2 * len(JUDGED_LINES), JUDGED_LINES),
    )
    gate = Gate("runs-anywhere", ("deployment",), "what nobody can run is no product")
    return Rubric("Capstone", "1.0", phases, 10, gate, PeerRules(3, Fraction(21, 20)), LateRules(8, 24, 10, 50))


def outcome(id: str, verdict: Verdict = Verdict.PASSED, title: str = "It works.") -> Outcome:  # noqa: A002
    """How a check ended."""
    passed = verdict is Verdict.PASSED
    found, fix = ("", "") if passed else (f"found by {id}", f"mend {id}")
    return Outcome(id, title, 5 if passed else 0, 5, verdict, found, fix, "why", "lessons", None, 1.0)


def result(
    module: str,
    outcomes: Sequence[Outcome],
    *,
    authority: str = "advisory",
    figures: tuple[Figure, ...] = (),
    clean: bool = True,
) -> Result:
    """The grade of a module."""
    graded = Graded(COMMIT, TREE, clean, module)
    return Result("0.1.0+9d1e77ab", graded, authority, 7, STARTED, 1.0, tuple(outcomes), figures=figures)


def measured(
    product: str, lost: Sequence[str] = (), unknown: Sequence[str] = (), figures: tuple[Figure, ...] = ()
) -> Measured:
    """What was measured of a product: all lines earned but these."""
    lines: list[MeasuredLine] = []
    outcomes: dict[str, list[Outcome]] = {}
    for id, claim, checks in MEASURED_LINES:  # noqa: A001
        verdict = Verdict.FAILED if id in lost else Verdict.NOT_RUN if id in unknown else Verdict.PASSED
        state = State.NOT_EARNED if id in lost else State.UNKNOWN if id in unknown else State.EARNED
        for name in checks:
            module, _, check = name.partition("/")
            outcomes.setdefault(module, []).append(outcome(check, verdict, claim))
        ends = tuple(CheckEnd(*name.split("/"), verdict, "", "") for name in checks)  # type: ignore[arg-type, call-arg, misc]
        lines.append(MeasuredLine(id, state, "its check passed", "", ends))
    return Measured(
        product=product, parts=("serving", "containers"), submission=Graded(COMMIT, TREE, clean=True, module="m14_capstone"),
        grader="0.1.0+9d1e77ab", authority="advisory", seed=7, started_at=STARTED, seconds=61.2, rubric="1.0",
        gate_line="runs-anywhere", gate_open="runs-anywhere" not in lost, lines=tuple(lines), figures=figures,
        results=tuple(result(module, ends) for module, ends in sorted(outcomes.items())),
    )  # fmt: skip


def write_team(folder: Path, number: int, *, name: str = "", product: str = "") -> Path:
    """The files of one of the teams, in a folder of its own."""
    team, slug, sentence, domain, people = TEAMS[number]
    project = folder / slug.lower()
    (project / "docs" / "expo").mkdir(parents=True)
    ids = [person.split()[0].lower().replace("'", "") for person in people]
    members = "".join(
        f'\n[[members]]\nid = "{id}"\nname = {json.dumps(person)}\nemails = ["{id}@example.org"]\n'
        for id, person in zip(ids, people, strict=True)  # noqa: A001
    )
    owners = "\n".join(f'{area} = "{ids[place % len(ids)]}"' for place, area in enumerate(AREAS))
    text = f"name = {json.dumps(name or team)}\nproduct = {json.dumps(product or sentence)}\n{members}\n[owners]\n{owners}\n"
    (project / "team.toml").write_text(text, encoding="utf-8")
    (project / "product.toml").write_text(f'name = "{slug.lower()}"\n', encoding="utf-8")
    (project / "README.md").write_text(f"# {slug}\n\n{sentence}\n", encoding="utf-8")
    (project / "docs" / "showcase.toml").write_text(
        f"problem = {json.dumps(PROBLEM)}\nusers = {json.dumps(USERS)}\ndomain = {json.dumps(domain)}\n"
        f'screenshot = "docs/expo/screenshot.png"\nscreenshot_shows = "A list of messages, the urgent ones first."\n'
        f'architecture = "docs/expo/architecture.png"\ndemo = "https://{slug.lower()}.example.org/try"\n',
        encoding="utf-8",
    )  # fmt: skip
    (project / "docs/expo/screenshot.png").write_bytes(screenshot(number))
    (project / "docs/expo/architecture.png").write_bytes(architecture(number))
    return project


@cache
def screenshot(number: int) -> bytes:
    """A window with a list in it."""
    colour = ("#2f6f4f", "#34508c", "#8c5a34", "#7a3f6b", "#3b7a8c", "#6b6b2f")[number % 6]
    image = Image.new("RGB", (1280, 800), "#f4f4f2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 1280, 90), fill=colour)
    draw.text((40, 25), TEAMS[number % 6][1], fill="white", font_size=36)
    for row in range(7):
        top = 130 + row * 92
        draw.rounded_rectangle((40, top, 1240, top + 74), 10, fill="white", outline="#d0d0cc")
        draw.rectangle((60, top + 22, 60 + (row * 151 + number * 97) % 500 + 300, top + 34), fill="#555")
        draw.rectangle((60, top + 46, 60 + (row * 83 + number * 57) % 400 + 200, top + 54), fill="#bbb")
        draw.rounded_rectangle((1100, top + 20, 1215, top + 54), 8, fill=colour if row < 3 else "#ddd")
    return png(image)


@cache
def architecture(number: int) -> bytes:
    """Boxes with arrows between them."""
    image = Image.new("RGB", (1200, 420), "white")
    draw = ImageDraw.Draw(image)
    for place, name in enumerate(("data", "training", "registry", "service", "monitoring")):
        left = 30 + place * 235
        draw.rounded_rectangle(
            (left, 150, left + 180, 260),
            12,
            outline="#333",
            width=3,
            fill="#eef2f7" if place != number % 5 else "#fde9c8",
        )
        draw.text((left + 22, 188), name, fill="#222", font_size=26)
        if place:
            draw.line((left - 55, 205, left - 6, 205), fill="#333", width=3)
            draw.polygon(((left - 16, 198), (left - 4, 205), (left - 16, 212)), fill="#333")
    return png(image)


def png(image: Image.Image) -> bytes:
    """That picture as a PNG."""
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def write_measured(folder: Path, one: Measured) -> Path:
    """Its document, in a file named after the product."""
    path = folder / f"{one.product}.json"
    path.write_text(json.dumps(document(one)), encoding="utf-8")
    return path
