"""What `gh` is in a job: `gh api`, `gh run list`, `gh run view` and `gh run watch`, against the API of this machine.

Called as `gh_stand_in.py API REPOSITORY LACKING [ARGUMENT ...]`. It stands alone: no module of the grader is imported.
Options, words and exit codes are those of https://cli.github.com/manual; `--jq` is played with jq itself.
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx

REFUSED, NO_TOKEN, NOT_PLAYED = 1, 4, 86
UNPLAYED = "X-Not-Played"  # header of answers for what the API of this machine has not
PUBLIC_API = "https://api.github.com/"
WITHOUT_TOKEN = ("alias", "auth", "completion", "config", "help", "version", "--help", "--version")
UNAUTHENTICATED = """gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable. Example:
  env:
    GH_TOKEN: ${{ github.token }}"""
NO_CLONE = "failed to run git: fatal: not a git repository (or any of the parent directories): .git"

# fields of `gh run --json`, and the keys of the API that they come from
FIELDS = {
    "attempt": "run_attempt", "conclusion": "conclusion", "createdAt": "created_at", "databaseId": "id",
    "displayTitle": "display_title", "event": "event", "headBranch": "head_branch", "headSha": "head_sha", "name": "name",
    "number": "run_number", "startedAt": "run_started_at", "status": "status", "updatedAt": "updated_at",
    "url": "html_url", "workflowDatabaseId": "workflow_id", "workflowName": "name",
}  # fmt: skip
JOB_FIELDS = {
    "completedAt": "completed_at", "conclusion": "conclusion", "databaseId": "id", "name": "name",
    "startedAt": "started_at", "status": "status", "steps": "steps", "url": "html_url",
}  # fmt: skip
TABLE = ("status", "conclusion", "display_title", "name", "head_branch", "event", "id", "created_at")


class NotPlayed(Exception):
    """A command or an option that this program does not play, as it follows `gh`."""


class Refused(Exception):
    """What the real one refuses too, in its words."""


@dataclass(frozen=True)
class Asker:
    """Who asks: the address of the API, the repository of the job, and its token."""

    api: str
    repository: str
    token: str

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer to one request. Raises NotPlayed for a path that the API has not, Refused when nothing answers."""
        headers = {"Authorization": f"token {self.token}", **more.pop("headers", {})}
        try:  # plain HTTP to this machine: reading the certificates that TLS needs would take longer
            with httpx.Client(trust_env=False, verify=False, timeout=60) as client:  # noqa: S501
                answer = client.request(method, f"{self.api}/{path}", headers=headers, **more)
        except httpx.HTTPError:
            raise Refused(f"error connecting to {self.api}") from None
        if UNPLAYED in answer.headers:
            raise NotPlayed(f"api {method} {path}")
        return answer

    def get(self, path: str, **query: str) -> Any:
        """What `gh run` reads. Raises Refused."""
        target = f"{path}?{urlencode({name: value for name, value in query.items() if value})}"
        answer = self.ask("GET", target)
        if answer.is_error:
            words = f"HTTP {answer.status_code}: {answer.json()['message']} ({self.api}/{target})"
            raise Refused(f"failed to get {path.split('/')[-1] if path.endswith('s') else 'run'}: {words}")
        return answer.json()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise NotPlayed(f"{self.prog} ({message})")


def _parser(command: str, values: str = "", flags: str = "", lists: str = "") -> _Parser:
    """A parser of one command; each word names an option in its short and its long form."""
    parser = _Parser(command, add_help=False, allow_abbrev=False)
    for words, facts in ((values, {"default": ""}), (flags, {"action": "store_true"}), (lists, {"action": "append"})):
        for names in words.split():
            parser.add_argument(*names.split("|"), **facts)  # type: ignore[arg-type]  # each fact has its own type
    return parser


def api(asker: Asker, arguments: Sequence[str]) -> int:
    """Play `gh api`: one request, its answer as it is or filtered."""
    lists = "-H|--header -f|--raw-field -F|--field"
    parser = _parser("api", "-X|--method -q|--jq --cache", "--paginate --silent", lists)
    parser.add_argument("path")
    options = parser.parse_args(arguments)
    typed = [_filled(asker, field) for field in options.field or ()]
    fields = dict(_pair(field) for field in [*(options.raw_field or ()), *typed])
    method = (options.method or ("POST" if fields else "GET")).upper()
    path = _filled(asker, options.path).removeprefix(PUBLIC_API).removeprefix(f"{asker.api}/").removeprefix("/")
    headers = dict(re.split(r":\s*", header, maxsplit=1) for header in options.header or () if ":" in header)
    if method != "GET":
        return _show_answer(asker.ask(method, path, headers=headers, json=fields), options)
    query = urlencode({**fields, **({"per_page": "100"} if options.paginate else {})})
    target = f"{path}{'&' if '?' in path else '?'}{query}" if query else path
    return _show_answer(asker.ask("GET", target, headers=headers), options)


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals:
        raise Refused(f"field {json.dumps(field)} requires a value separated by an '=' sign")
    if value.startswith("@"):
        raise NotPlayed("api with a field from a file")
    return name, value


def _filled(asker: Asker, text: str) -> str:
    """A text with its placeholders replaced."""
    if "{branch}" in text:
        raise NotPlayed("api with {branch}")
    if not re.search(r"\{owner\}|\{repo\}", text):
        return text
    owner, name = _repository(asker, "", "unable to expand placeholder in path").split("/")
    return text.replace("{owner}", owner).replace("{repo}", name)


def _repository(asker: Asker, named: str, failed: str = "failed to determine base repo") -> str:
    """The repository that is meant: the one named, or that of the clone that the command runs in."""
    if chosen := named or os.environ.get("GH_REPO", ""):
        if chosen.count("/") not in (1, 2):
            raise Refused(f'expected the "[HOST/]OWNER/REPO" format, got {json.dumps(chosen)}')
        return "/".join(chosen.split("/")[-2:])
    folder = Path.cwd()
    if not any((parent / ".git").exists() for parent in (folder, *folder.parents)):
        raise Refused(f"{failed}: {NO_CLONE}")
    return asker.repository


def _show_answer(answer: httpx.Response, options: argparse.Namespace) -> int:
    if options.jq and not answer.is_error:
        _show(answer.json(), options.jq)
    elif not options.silent:
        sys.stdout.write(answer.text)
    if answer.is_error:
        raise Refused(f"gh: {answer.json()['message']} (HTTP {answer.status_code})")
    return 0


def list_runs(asker: Asker, arguments: Sequence[str]) -> int:
    """Play `gh run list`."""
    values = "-b|--branch -c|--commit -e|--event -L|--limit -R|--repo -s|--status -w|--workflow"
    options = _with_json(_parser("run list", values, "-a|--all")).parse_args(arguments)
    fields = _asked(options, FIELDS)
    limit = options.limit or "20"
    if not limit.isdecimal() or int(limit) < 1:
        raise Refused(f"invalid limit: {limit}")
    path = f"repos/{_repository(asker, options.repo)}/actions"
    within = f"workflows/{_workflow(asker, path, options.workflow)}/" if options.workflow else ""
    query = {"branch": options.branch, "event": options.event, "status": options.status, "head_sha": options.commit}
    runs = asker.get(f"{path}/{within}runs", per_page=limit, **query)["workflow_runs"]
    if fields is not None:
        _show([_exported(run, fields, FIELDS) for run in runs], options.jq)
        return 0
    for run in runs:
        sys.stdout.write("\t".join(_text(run[key]) for key in TABLE) + "\n")
    return 0


def _workflow(asker: Asker, path: str, name: str) -> int:
    """The number of a workflow that is named by its name, its file or its number."""
    for each in asker.get(f"{path}/workflows", per_page="100")["workflows"]:
        if name.lower() == each["name"].lower() or name in (str(each["id"]), each["path"].rsplit("/", 1)[-1]):
            return int(each["id"])
    raise Refused(f"could not find any workflows named {name}")


def view(asker: Asker, arguments: Sequence[str]) -> int:
    """Play `gh run view` of one run."""
    parser = _with_json(_parser("run view", "-R|--repo", "--exit-status -v|--verbose"))
    options, run = _one_run(asker, parser, arguments)
    fields = _asked(options, {**FIELDS, "jobs": "jobs"})
    jobs = asker.get(f"repos/{run['repository']['full_name']}/actions/runs/{run['id']}/jobs", per_page="100")["jobs"]
    if fields is not None:
        listed = [_exported(job, list(JOB_FIELDS), JOB_FIELDS) for job in jobs]
        _show(_exported(run | {"jobs": listed}, fields, {**FIELDS, "jobs": "jobs"}), options.jq)
        return 0
    lines = [
        f"{_mark(run)} {run['head_branch']} {run['name']} · {run['id']}",
        f"Triggered via {run['event']}",
        "",
        "JOBS",
    ]
    sys.stdout.writelines(
        f"{line}\n" for line in [*lines, *(f"{_mark(job)} {job['name']} (ID {job['id']})" for job in jobs)]
    )
    return REFUSED if options.exit_status and run["conclusion"] == "failure" else 0


def watch(asker: Asker, arguments: Sequence[str]) -> int:
    """Play `gh run watch` of a run that has ended."""
    parser = _parser("run watch", "-R|--repo -i|--interval", "--exit-status --compact")
    options, run = _one_run(asker, parser, arguments)
    if run["status"] != "completed":
        raise NotPlayed("run watch (of a run that goes on)")
    sys.stdout.write(f"Run {run['name']} ({run['id']}) has already completed with '{run['conclusion']}'\n")
    return REFUSED if options.exit_status and run["conclusion"] != "success" else 0


def _one_run(asker: Asker, parser: _Parser, arguments: Sequence[str]) -> tuple[argparse.Namespace, dict[str, Any]]:
    parser.add_argument("run", nargs="?", default="")
    options = parser.parse_args(arguments)
    if not options.run:
        raise Refused("run ID required when not running interactively")
    return options, asker.get(f"repos/{_repository(asker, options.repo)}/actions/runs/{options.run}")


def _mark(entry: Mapping[str, Any]) -> str:
    return {"success": "✓", None: "*"}.get(entry["conclusion"], "X")


def _with_json(parser: _Parser) -> _Parser:
    parser.add_argument("--json", nargs="?", const="", action="append")
    parser.add_argument("-q", "--jq", default="")
    return parser


def _asked(options: argparse.Namespace, known: Mapping[str, str]) -> list[str] | None:
    """The fields that `--json` names, None without it. Raises Refused with those that there are."""
    if options.json is None:
        if options.jq:
            raise Refused("cannot use `--jq` without specifying `--json`")
        return None
    fields = [field for each in options.json for field in each.split(",") if field]
    listed = "\n".join(f"  {field}" for field in sorted(known))
    if not fields:
        raise Refused(f"Specify one or more comma-separated fields for `--json`:\n{listed}")
    if unknown := [field for field in fields if field not in known]:
        raise Refused(f"Unknown JSON field: {json.dumps(unknown[0])}\nAvailable fields:\n{listed}")
    return fields


def _exported(entry: Mapping[str, Any], fields: Sequence[str], keys: Mapping[str, str]) -> dict[str, Any]:
    """An object with the names that `--json` has; what has not come yet is empty."""
    return {field: "" if entry[keys[field]] is None else entry[keys[field]] for field in fields}


def _show(data: Any, expression: str) -> None:
    """Print JSON on one line, or what a jq expression makes of it, a line for each value."""
    if not expression:
        sys.stdout.write(_compact(data) + "\n")
        return
    import jq  # there is none for Windows, where nothing else of this program needs it

    try:
        for value in jq.compile(expression).input_value(data):
            sys.stdout.write(_text(value) + "\n")
    except ValueError as error:
        raise Refused(f"failed to evaluate the jq expression: {error}") from None


def _text(value: Any) -> str:
    """A value as `--jq` prints it: strings as they are, null as nothing."""
    return "" if value is None else value if isinstance(value, str) else _compact(value)


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


COMMANDS = {"api": api, "run list": list_runs, "run ls": list_runs, "run view": view, "run watch": watch}


def play(address: str, repository: str, arguments: Sequence[str]) -> int:
    """Play one command; its exit code. Raises Refused, NotPlayed."""
    token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")
    if not token and not set(arguments[:1]) & set(WITHOUT_TOKEN):
        sys.stderr.write(f"{UNAUTHENTICATED}\n")
        return NO_TOKEN
    for size in (2, 1):
        if command := COMMANDS.get(" ".join(arguments[:size])):
            return command(Asker(address, repository, token or ""), arguments[size:])
    raise NotPlayed(" ".join(arguments[:2]))


def main(arguments: Sequence[str]) -> int:
    """Play one command and say what it lacks."""
    address, repository, lacking, *words = arguments
    try:
        return play(address, repository, words)
    except Refused as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except NotPlayed as error:
        sys.stderr.write(f"gh {error}: not played here\n")
        with Path(lacking).open("a", encoding="utf-8") as file:
            file.write(f"gh {' '.join(str(error).split())}\n")
        return NOT_PLAYED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
