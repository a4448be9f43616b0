"""Begin a module in all of its five places, so that the course's examination of itself says what is still to do."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent

LESSON_PARTS = (
    "Why this matters at work",
    "What you will be able to do",
    "What this module does not teach",
    "Time and what you need",
    "Theory in small doses",
    "Exercises",
    "Break it on purpose",
    "What the grader checks",
    "Check your knowledge",
    "Further reading",
)

CHECKS = '''"""{key}: TODO what the student builds, and how it is judged."""

from __future__ import annotations

from mlops_grader.check import Fail, check
from mlops_grader.submission import Submission


@check(points=100)
def test_work_begins(submission: Submission) -> None:
    """The work in `begun.txt` is done.

    The first check of a new module: replace it by claims about behaviour.
    """
    if "TODO" in submission.read("begun.txt"):
        raise Fail("`begun.txt` is still to do", fix="write it")
'''

MISTAKES = '''"""Wrong submissions, each wrong in one way."""

from __future__ import annotations

from submissions import Mistake, remove, write

MISTAKES = (
    Mistake("nothing-begun", fails="test_work_begins", says="there is no `begun.txt`", edits=(remove("begun.txt"),)),
    Mistake("nothing-done", fails="test_work_begins", says="still to do", edits=(write("begun.txt", "TODO"),)),
)
'''

ALTERNATIVES = '''"""Other honest ways to do the task."""

from __future__ import annotations

from submissions import Alternative

ALTERNATIVES: tuple[Alternative, ...] = ()
'''

FACTS = """title = "TODO"
week = "0"
hours = 0
outcomes = ["Do something", "Explain something", "Decide something"]
needs = ["git", "uv"]
"""

ANSWERS = {
    "repo_name": "noshow",
    "author": "Student",
    "_grader": "",
    "__prompts__": {"repo_name": "Name of the folder and repository", "author": "Who writes it"},
}


def files(key: str) -> dict[str, str]:
    """Path and text of every file that a new module begins with."""
    lesson = f"# {key}\n\n" + "\n".join(f"## {part}\n\nTODO\n" for part in LESSON_PARTS)
    table = f'<!-- [[[cog\nimport tables\ncog.outl(tables.checks("{key}"))\n]]] -->\n<!-- [[[end]]] -->\n\n### Work begins\n\nTODO\n'
    hook = (KIT / "templates/m01_environment/hooks/post_gen_project.py").read_text(encoding="utf-8")
    stub = f"TODO({key[:3]})\n"
    return {
        f"modules/{key}/README.md": lesson.replace(
            "## What the grader checks\n\nTODO\n", f"## What the grader checks\n\n{table}"
        ),
        f"modules/{key}/module.toml": FACTS,
        f"templates/{key}/cookiecutter.json": json.dumps(ANSWERS, indent=2) + "\n",
        f"templates/{key}/hooks/post_gen_project.py": hook,
        f"templates/{key}/{{{{cookiecutter.repo_name}}}}/begun.txt": stub,
        f"solutions/{key}/begun.txt": "begun\n",
        f"graders/mlops_grader/checks/{key}.py": CHECKS.format(key=key),
        f"graders/tests/mistakes/{key}.py": MISTAKES,
        f"graders/tests/alternatives/{key}.py": ALTERNATIVES,
    }


def main(arguments: list[str]) -> int:
    """`new_module.py KEY`: write the files, unless one of them is there already."""
    key = arguments[0] if len(arguments) == 1 else ""
    if not re.fullmatch(r"m\d\d_[a-z][a-z0-9_]*", key):
        sys.stderr.write("error: name one new module, a number and a word, such as m02_data: nox -s new -- m02_data\n")
        return 2
    new = files(key)
    if there := [path for path in new if (KIT / path).exists()]:
        sys.stderr.write(f"error: {key} has been begun: {there[0]} is there\n")
        return 2
    for path, text in new.items():
        (KIT / path).parent.mkdir(parents=True, exist_ok=True)
        (KIT / path).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"new: {path}\n")
    sys.stdout.write(f"Now: nox -s tests -- -k {key}, and mend what it says until the module is done\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
