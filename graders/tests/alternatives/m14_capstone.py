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
)
