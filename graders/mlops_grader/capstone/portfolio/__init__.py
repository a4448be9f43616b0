"""The portfolio: what a team or a person has shown to work, as a page, a README section and credentials."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
from rich.console import Console

from mlops_grader import team as teams
from mlops_grader.capstone import folder
from mlops_grader.capstone import measured as measuring
from mlops_grader.capstone.portfolio import evidence as collecting
from mlops_grader.capstone.portfolio import page, section, skills, subject
from mlops_grader.capstone.portfolio.credentials import credentials
from mlops_grader.capstone.portfolio.evidence import Standing
from mlops_grader.result import Result, from_document, write_text
from mlops_grader.submission import UsageError

MARK = "portfolio.json"
SCHEMA = "mlops-grader/portfolio/v1"

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `mlops-grader capstone portfolio` takes."""
    parser.add_argument("--measured", type=Path, metavar="FILE", help="the document of `capstone measure`")
    parser.add_argument("--team", type=Path, metavar="FILE", help="the team's `team.toml`")
    parser.add_argument("--person", metavar="ID", help="the portfolio of this member (default: of the team)")
    parser.add_argument("--name", default="", help="whose it is, when there is no team")
    parser.add_argument(
        "--result", nargs="+", type=Path, default=[], metavar="FILE", help="documents of `mlops-grader grade --json`"
    )
    parser.add_argument("--repository", default="", metavar="URL", help="where others find the project")
    parser.add_argument("--readme", type=Path, metavar="FILE", help="a README in which the section is made anew")
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="the folder to make")


def run(options: argparse.Namespace, console: Console) -> int:
    """Make the folder of a portfolio, and renew the section of a README. Raises UsageError."""
    _sound(options)
    team = teams.load(options.team) if options.team else None
    whose = subject.of(team, options.person, options.name, options.repository.rstrip("/"))
    measured = measuring.read(options.measured) if options.measured else None
    known = skills.load()
    found = collecting.collect(measured, [each for path in options.result for each in results(path)], known)
    roles = subject.standings(found, known, whose)
    made = section.section(found, whose, roles)
    readme = section.renew(options.readme, made) if options.readme else None
    documents = credentials(found, whose, known)
    files: dict[str, str | bytes] = {
        MARK: _json(_summary(whose, found)),
        "index.html": page.page(whose, found, roles, tuple(documents)),
        "README-section.md": made,
        **{f"credentials/{name}.json": _json(document) for name, document in documents.items()},
    }
    folder.replace(options.to, files, MARK)
    if readme is not None:
        write_text(options.readme, readme.decode())
    shown = sum(finding.standing is Standing.SHOWN for finding in found.findings)
    console.print(
        f"{shown} of {len(found.findings)} skills shown: {options.to / 'index.html'}", highlight=False, soft_wrap=True
    )
    return 0


def results(path: Path) -> tuple[Result, ...]:
    """The results in a file, one or a list of them. Raises UsageError that names the file and what is wrong with it."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return tuple(from_document(each) for each in (plain if isinstance(plain, list) else [plain]))
    except FileNotFoundError:
        raise UsageError(f"there is no `{path}`: mlops-grader grade PROJECT --json {path}") from None
    except jsonschema.ValidationError as error:
        raise UsageError(f"`{path}` is no result of `mlops-grader grade`: {error.json_path}: {error.message}") from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"`{path}` cannot be read: {error}") from None


def _sound(options: argparse.Namespace) -> None:
    if not options.measured and not options.result:
        raise UsageError("there is nothing to show: name a document with --measured or --result")
    if options.measured and not options.team:
        raise UsageError("a capstone is the work of a team: name its `team.toml` with --team")
    if options.repository and not re.fullmatch(r"https?://[A-Za-z0-9._~:/@%+-]+", options.repository):
        raise UsageError(f"--repository `{options.repository}` is no web address: write one that begins with https://")


def _summary(whose: subject.Subject, found: collecting.Evidence) -> dict[str, Any]:
    """The same facts for programs."""
    return {
        "schema": SCHEMA,
        "name": whose.name,
        "team": whose.team.name if whose.team else None,
        "areas": list(whose.areas) if whose.member else None,
        "skills": [
            {
                "id": each.skill.id,
                "standing": each.standing,
                "authority": each.authority if each.standing is Standing.SHOWN else None,
                "checks": [fact.name for fact in each.passed],
                "missing": list(each.missing),
            }
            for each in found.findings
        ],
        "runs": [
            {"what": run.what, "commit": run.graded.commit, "tree": run.graded.tree, "clean": run.graded.clean}
            | {"authority": run.authority, "seed": run.seed, "grader": run.grader, "command": run.command}
            for run in found.runs
        ],
    }


def _json(document: Any) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
