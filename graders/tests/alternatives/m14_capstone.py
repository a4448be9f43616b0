"""Another finished product, which has nothing in common with the reference: the course's own, as a team would hand it in."""

from __future__ import annotations

import shutil
from pathlib import Path

import compose
from submissions import Alternative, append, replace, write

PARTS = 'parts = ["training", "serving", "containers", "ci", "delivery", "monitoring"]'

TEAM = """name = "Team Alder"
product = "Tells a clinic which patients may miss their appointment, so that somebody can call in time."

[[members]]
id = "ines"
name = "Inês Duarte"
emails = ["ines@example.org"]

[[members]]
id = "tomasz"
name = "Tomasz Zając"
emails = ["tomasz@example.org", "tz@example.org"]
github = "tzajac"

[[members]]
id = "wen-li"
name = "Li Wen"
emails = ["wen@example.org"]

[owners]
product = "ines"
data = "tomasz"
model = "wen-li"
service = "wen-li"
operations = "tomasz"
"""

FIGURES = """[metric]
name = "share of missed appointments among the tenth of patients that is called"
direction = "higher"
target = 0.35
why = "Two people can call forty patients a day, and every third call must help somebody."

[baseline]
name = "call whoever booked longest ago"
value = 0.27
measured = "noshow/evaluation.py"

[budget]
currency = "EUR"
money = 0
cloud_credits = 50
per_month = 12.5
hours = 6
"""

SCOPING = """# Scoping

## Value

Every sixth appointment is missed. The slot is lost, the patient waits for weeks, and another one could have come.
A telephone call two days before brings half of them back.

## Users

Two people at the desk of each clinic. They read a list in the morning and call from the top down until the phone
rings for something else. We sat beside them for an hour in each clinic.

## Metric

Of the tenth of patients that is called, the share that would have missed the appointment. It is measured on the months
after the training data, never on a random part.

## Baseline

Calling whoever booked longest ago needs no model at all: the list is sorted by one column. It finds twenty-seven of a
hundred, and this is what we compare with.

## Data card

Daily files of four clinics, six months, one row for each appointment. The birth date becomes an age and the number of
the patient a pseudonym before anything is stored. Nobody else gets them.

## Risks

Patients who live far away may be called more often than others, and may feel watched. The list never goes to anybody
who decides about money. Reminders change what the model learns from.

## Budget

One small machine serves four clinics. We have fifty euros of credits, which is four months of it, and no other money.
Six hours a week each.

## Out of scope

We do not overbook, we do not cancel, and we do not send anything to patients by ourselves. No free text of doctors is
read.
"""

CLAIMS = """
## Claims

* It finds more of the missed appointments than the sorted list does: [how that is measured](noshow/evaluation.py).
* A request is answered with less memory than a browser tab needs, by [an image without the training code](Dockerfile).
* An alert fires before the error budget of a day is spent: [rules](monitoring/rules.yml),
  [dashboard](monitoring/dashboard.json).
* Every change is judged by [the pipeline](.github/workflows/ci.yml) before anybody reads it.

Why it is as it is: [scoping](docs/scoping.md#baseline), [decisions](docs/decisions/).
"""

DECISION = """# 1. A list in the morning, not a message in the moment

The people at the desk have one quiet half hour. We score all appointments of the day after tomorrow at six.
What it costs: a booking of the same day is never on the list. See [users](../scoping.md#users).
"""


WAITS = """\"\"\"How long one waits at the town hall: a rule, and no model. It needs nothing but Python.\"\"\"

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COUNTERS = {"passports": 9.5, "cars": 12.0, "moving": 6.0}  # minutes that one visitor takes


def minutes(visit):
    \"\"\"The minutes that the visit waits. Raises ValueError for what is no visit.\"\"\"
    if not isinstance(visit, dict) or set(visit) != {"counter", "ahead", "staff"}:
        raise ValueError("a visit has counter, ahead and staff")
    ahead, staff = visit["ahead"], visit["staff"]
    if any(isinstance(each, bool) or not isinstance(each, int) for each in (ahead, staff)):
        raise ValueError("ahead and staff are whole numbers")
    if not isinstance(visit["counter"], str) or visit["counter"] not in COUNTERS:
        raise ValueError("there is no such counter")
    if not 0 <= ahead <= 200 or not 1 <= staff <= 20:
        raise ValueError("ahead is from 0 to 200, staff from 1 to 20")
    return round(COUNTERS[visit["counter"]] * ahead / staff, 1)


class Desk(BaseHTTPRequestHandler):
    \"\"\"One route.\"\"\"

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 65536))
        try:
            self._say(200, {"minutes": minutes(json.loads(body.decode("utf-8")))})
        except (ValueError, RecursionError) as error:
            self._say(422, {"detail": type(error).__name__})

    def _say(self, status, answer):
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Desk).serve_forever()
"""

WAITS_CONTRACT = """name = "waits"
parts = ["serving"]

[inputs]
schema = "visit.schema.json"

[service]
predict = "/wait"
prediction = "minutes"
example = "visit.json"

[commands]
serve = "python3 waits.py"
"""

VISIT = """{
  "type": "object",
  "required": ["counter", "ahead", "staff"],
  "additionalProperties": false,
  "properties": {
    "counter": {"enum": ["passports", "cars", "moving"]},
    "ahead": {"type": "integer", "minimum": 0, "maximum": 200},
    "staff": {"type": "integer", "minimum": 1, "maximum": 20}
  }
}
"""

WAITS_README = """# waits

Claims
------

1. [The whole service](waits.py) is one file.
2. It [refuses](waits.py#L13-L24) what is no visit.
3. It costs nothing: [budget](docs/scoping.md#budget).

[Scoping](docs/scoping.md) and [decisions](docs/decisions/0001-a-list-in-the-morning.md).
"""


def _emptied(project: Path) -> None:
    """Leave nothing but what the course wrote."""
    for path in project.iterdir():
        if path.is_dir() and path.name not in (".git", "lessons"):
            shutil.rmtree(path)
        elif path.is_file() and path.name not in ("course.toml", "noxfile.py"):
            path.unlink()


def _course_product(project: Path) -> None:
    """Put the finished project of the tenth module in the place of all that is there."""
    for path in project.iterdir():
        if path.is_dir() and path.name != ".git":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    compose.fill(project, "m10_drift", compose.Answers("noshow", "Student"), solved=True)


ALTERNATIVES = (
    Alternative(
        "the-product-of-the-course",
        edits=(
            _course_product,
            replace("course.toml", 'module = "m10_drift"', 'module = "m14_capstone"'),
            replace("product.toml", 'name = "noshow"\n', f'name = "noshow"\n{PARTS}\n'),
            write("team.toml", TEAM),
            write("docs/scoping.toml", FIGURES),
            write("docs/scoping.md", SCOPING),
            write("docs/decisions/0001-a-list-in-the-morning.md", DECISION),
            append("README.md", CLAIMS),
        ),
    ),
    Alternative(
        "a-rule-without-model-image-or-packages",
        edits=(
            _emptied,
            write("waits.py", WAITS),
            write("product.toml", WAITS_CONTRACT),
            write("visit.schema.json", VISIT),
            write("visit.json", '{"counter": "cars", "ahead": 4, "staff": 2}\n'),
            write("team.toml", TEAM),
            write("docs/scoping.toml", FIGURES.replace("noshow/evaluation.py", "waits.py")),
            write("docs/scoping.md", SCOPING),
            write("docs/decisions/0001-a-list-in-the-morning.md", DECISION),
            write("README.md", WAITS_README),
        ),
    ),
)
