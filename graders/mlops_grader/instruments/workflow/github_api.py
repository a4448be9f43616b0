"""GitHub's REST API on this machine, as far as a release asks it about a commit: workflow runs, checks and statuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mlops_grader.instruments.workflow import github_objects as objects
from mlops_grader.instruments.workflow.events import OWNER
from mlops_grader.instruments.workflow.github_objects import Payload
from mlops_grader.instruments.workflow.github_repository import Query, Repository, Run, Unknown, check_names
from mlops_grader.instruments.workflow.model import Workflow

UNPLAYED = "X-Not-Played"  # header of a 404 for what GitHub may have and this API has not
DOCUMENTATION = "https://docs.github.com/rest"
PAGE, LARGEST_PAGE = 30, 100  # entries of a list
REPOSITORY = re.compile(r"/repos/(?P<name>[^/]+/[^/]+)/(?P<path>.+?)/?")


@contextmanager
def served(
    ci: Mapping[str, str],
    workflows: Sequence[Workflow],
    name: str = "noshow",
    *,
    running: Sequence[Workflow] = (),
    refs: Mapping[str, str] | None = None,
    branch: str = "main",
) -> Iterator[str]:
    """Serve the API of `student/NAME` on a free port until the context ends; its address.

    ci: how the runs of `workflows` ended for each commit that the repository has (success, failure), all their jobs alike;
    empty where none ran; the newest commit last. running: workflows whose runs for that one have not ended. refs: the
    commits of branches and tags, by name. branch: the one that the commits were pushed to.
    """
    known = Repository("", f"{OWNER}/{name}", branch, ci, refs or {}, tuple(workflows), tuple(running))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, known))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    timeout = 30  # seconds for a client that connects and says nothing

    def __init__(self, repository: Repository, *arguments: Any) -> None:
        self.repository = repository
        super().__init__(*arguments)

    def do_GET(self) -> None:
        host, port = self.connection.getsockname()
        try:
            self._answer(200, answer(replace(self.repository, address=f"http://{host}:{port}"), self.path))
        except Unknown as error:
            self._refuse(error)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._refuse(Unknown(played=is_read_only(self.path)))

    def do_PUT(self) -> None:
        self.do_POST()

    def do_PATCH(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def _refuse(self, error: Unknown) -> None:
        words = {"message": error.message, "documentation_url": DOCUMENTATION, "status": str(error.code)}
        self._answer(error.code, words, {} if error.played else {UNPLAYED: "1"})

    def _answer(self, code: int, payload: Payload, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(payload, ensure_ascii=False).encode()
        self.send_response(code)
        facts = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        for name, value in {**facts, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: what a job asks is not for the grader's terminal."""


def answer(repository: Repository, target: str) -> Payload:
    """What a GET of a path with its query gets. Raises Unknown."""
    parts = urlsplit(target)
    asked = REPOSITORY.fullmatch(unquote(parts.path))
    if not asked:
        raise Unknown(played=False)
    if asked["name"].lower() != repository.full_name.lower():
        raise Unknown
    query = dict(parse_qsl(parts.query))
    for pattern, respond in ROUTES.items():
        if found := re.fullmatch(pattern, asked["path"]):
            return respond(repository, query, *found.groups())
    raise Unknown(played=False)


def is_read_only(target: str) -> bool:
    """Whether GitHub has nothing to write to at a path, and answers that it is not found."""
    asked = REPOSITORY.fullmatch(unquote(urlsplit(target).path))
    return asked is not None and any(re.fullmatch(pattern, asked["path"]) for pattern in ROUTES)


def _runs(of: Repository, query: Query) -> Payload:
    return _listed("workflow_runs", [objects.workflow_run(of, run) for run in of.runs(query)], query)


def _runs_of_workflow(of: Repository, query: Query, name: str) -> Payload:
    runs = of.runs(query, of.workflow(name))
    return _listed("workflow_runs", [objects.workflow_run(of, run) for run in runs], query)


def _one_run(of: Repository, _query: Query, number: str) -> Payload:
    return objects.workflow_run(of, _numbered(of, number))


def _jobs(of: Repository, query: Query, number: str) -> Payload:
    run = _numbered(of, number)
    return _listed("jobs", [objects.job(of, run, name) for name in check_names(run.workflow)], query)


def _numbered(of: Repository, number: str) -> Run:
    if found := [run for run in of.runs() if str(run.id) == number]:
        return found[0]
    raise Unknown


def _workflows(of: Repository, query: Query) -> Payload:
    return _listed("workflows", [objects.workflow(of, each) for each in of.workflows], query)


def _one_workflow(of: Repository, _query: Query, name: str) -> Payload:
    return objects.workflow(of, of.workflow(name))


def _check_runs(of: Repository, query: Query, ref: str) -> Payload:
    runs = of.runs({"head_sha": of.commit(ref)})
    checks = [objects.check_run(of, run, name) for run in runs for name in check_names(run.workflow)]
    wanted = {"name": query.get("check_name"), "status": query.get("status")}
    passed = [each for each in checks if all(each[key] == value for key, value in wanted.items() if value)]
    return _listed("check_runs", passed, query)


def _check_suites(of: Repository, query: Query, ref: str) -> Payload:
    runs = of.runs({"head_sha": of.commit(ref)})
    return _listed("check_suites", [objects.check_suite(of, run) for run in runs], query)


def _status(of: Repository, _query: Query, ref: str) -> Payload:
    return objects.combined_status(of, of.commit(ref))


def _commit(of: Repository, _query: Query, ref: str) -> Payload:
    return objects.commit(of, of.commit(ref))


# paths below a repository; a branch may have `/` in its name
ROUTES: Mapping[str, Callable[..., Payload]] = {
    r"actions/runs": _runs,
    r"actions/runs/(\d+)": _one_run,
    r"actions/runs/(\d+)/jobs": _jobs,
    r"actions/workflows": _workflows,
    r"actions/workflows/([^/]+)": _one_workflow,
    r"actions/workflows/([^/]+)/runs": _runs_of_workflow,
    r"commits/(.+)/check-runs": _check_runs,
    r"commits/(.+)/check-suites": _check_suites,
    r"commits/(.+)/status": _status,
    r"commits/((?!.+/(?:pulls|comments|statuses|branches-where-head)$).+)": _commit,
}


def _listed(key: str, entries: list[Payload], query: Query) -> Payload:
    """A page of a list, beside the number of all entries."""
    asked = {name: int(value) for name, value in query.items() if value.isdecimal()}
    size, page = min(asked.get("per_page") or PAGE, LARGEST_PAGE), asked.get("page") or 1
    return {"total_count": len(entries), key: entries[size * (page - 1) : size * page]}
