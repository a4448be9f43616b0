"""GitHub's API on this machine, and the `gh` of jobs that asks it: paths, keys, filters, refusals, exit codes."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlops_grader.instruments.workflow import gh_stand_in
from mlops_grader.instruments.workflow.conclusions import StepRun
from mlops_grader.instruments.workflow.events import Source
from mlops_grader.instruments.workflow.github_api import served
from mlops_grader.instruments.workflow.machine import Machine, commit_of
from mlops_grader.instruments.workflow.model import Workflow, load
from mlops_grader.instruments.workflow.run import Runner
from mlops_grader.instruments.workflow.triggers import Event

from .conftest import FILE, one_job

GREEN, RED, BARE, ALIEN = "a1" * 20, "b2" * 20, "c3" * 20, "d4" * 20
CI = """
name: Tests
on: push
jobs:
  lint: {name: Look, runs-on: ubuntu-latest, steps: [{run: ls}]}
  test: {runs-on: ubuntu-latest, strategy: {matrix: {python: ["3.12", "3.13"]}}, steps: [{run: ls}]}
"""
RELEASE_FILE = ".github/workflows/release.yml"
RELEASE = "name: Release\non: {push: {tags: ['v*']}}\njobs: {gate: {runs-on: ubuntu-latest, steps: [{run: ls}]}}\n"
REFS = {"main": RED, "v1.0.0": GREEN, "fix/it": RED}
PATH = "repos/student/noshow"

Gh = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def workflows(project: Callable[..., Path]) -> list[Workflow]:
    """A pipeline and a release."""
    folder = project({FILE: CI, RELEASE_FILE: RELEASE}, "asked")
    return [load(folder, FILE), load(folder, RELEASE_FILE)]


@pytest.fixture
def api(workflows: list[Workflow]) -> Iterator[str]:
    """An API that knows a green commit, a red one, and one for which nothing ran."""
    with served({GREEN: "success", RED: "failure", BARE: ""}, workflows[:1], refs=REFS) as address:
        yield address


def _get(address: str, path: str, method: str = "GET", **more: Any) -> httpx.Response:
    return httpx.request(method, f"{address}/{path}", trust_env=False, timeout=5, **more)


# each path with what it counts, in the list of that name
LISTS = {
    f"commits/{GREEN}/check-runs": ("check_runs", ["success"] * 3),
    f"commits/{RED}/check-runs": ("check_runs", ["failure"] * 3),
    f"commits/{BARE}/check-runs": ("check_runs", []),
    f"commits/{GREEN[:7]}/check-runs": ("check_runs", ["success"] * 3),
    "commits/v1.0.0/check-runs": ("check_runs", ["success"] * 3),
    "commits/refs/tags/v1.0.0/check-runs": ("check_runs", ["success"] * 3),
    "commits/heads/main/check-runs": ("check_runs", ["failure"] * 3),
    "commits/fix/it/check-runs": ("check_runs", ["failure"] * 3),
    "commits/fix%2Fit/check-runs": ("check_runs", ["failure"] * 3),
    f"commits/{GREEN}/check-runs?check_name=Look": ("check_runs", ["success"]),
    f"commits/{GREEN}/check-runs?status=in_progress": ("check_runs", []),
    f"commits/{RED}/check-suites": ("check_suites", ["failure"]),
    "actions/runs": ("workflow_runs", ["failure", "success"]),
    f"actions/runs?head_sha={GREEN}": ("workflow_runs", ["success"]),
    f"actions/runs?head_sha={GREEN[:7]}": ("workflow_runs", []),
    f"actions/runs?head_sha={BARE}": ("workflow_runs", []),
    f"actions/runs?head_sha={RED}&status=success": ("workflow_runs", []),
    f"actions/runs?head_sha={RED}&status=completed": ("workflow_runs", ["failure"]),
    "actions/runs?status=failure": ("workflow_runs", ["failure"]),
    "actions/runs?branch=main&event=push": ("workflow_runs", ["failure", "success"]),
    "actions/runs?branch=other": ("workflow_runs", []),
    "actions/runs?event=pull_request": ("workflow_runs", []),
    f"actions/workflows/ci.yml/runs?head_sha={GREEN}": ("workflow_runs", ["success"]),
}


@pytest.mark.parametrize(("path", "wanted"), LISTS.items())
def test_lists(api: str, path: str, wanted: tuple[str, list[str]]) -> None:
    """A list has the runs or checks of a commit that pass the filters, the newest first, and says how many there are."""
    key, conclusions = wanted
    found = _get(api, f"{PATH}/{path}").json()
    assert (found["total_count"], [each["conclusion"] for each in found[key]]) == (len(conclusions), conclusions)


def test_pages(api: str) -> None:
    """A page is a part of a list; the count is that of the whole."""
    pages = [_get(api, f"{PATH}/actions/runs?per_page=1&page={number}").json() for number in (1, 2, 3)]
    assert [page["total_count"] for page in pages] == [2, 2, 2]
    assert [[run["conclusion"] for run in page["workflow_runs"]] for page in pages] == [["failure"], ["success"], []]


KEYS = {
    "actions/runs": "id name head_branch head_sha path display_title run_number event status conclusion workflow_id "
    "check_suite_id url html_url created_at updated_at run_attempt run_started_at jobs_url actor repository head_commit",
    f"commits/{GREEN}/check-runs": "id name head_sha status conclusion started_at completed_at html_url check_suite app",
    f"commits/{GREEN}/check-suites": "id head_branch head_sha status conclusion app latest_check_runs_count created_at",
    "actions/workflows": "id name path state url html_url",
}


@pytest.mark.parametrize(("path", "keys"), KEYS.items())
def test_keys(api: str, path: str, keys: str) -> None:
    """Entries have the keys that GitHub documents."""
    found = _get(api, f"{PATH}/{path}").json()
    entries = next(value for value in found.values() if isinstance(value, list))
    assert set(keys.split()) - set(entries[0]) == set()


def test_links(api: str) -> None:
    """What an object links to on the API is there; a workflow is found by its number, and checks have the jobs' names."""
    run = _get(api, f"{PATH}/actions/runs?head_sha={GREEN}").json()["workflow_runs"][0]
    followed = [httpx.get(run[key], trust_env=False).json() for key in ("url", "jobs_url", "workflow_url")]
    assert followed[0] == run
    assert [job["name"] for job in followed[1]["jobs"]] == ["Look", "test (3.12)", "test (3.13)"]
    assert (followed[2]["name"], followed[2]["path"]) == ("Tests", FILE)
    assert _get(api, f"{PATH}/commits/v1.0.0").json()["sha"] == GREEN


def test_statuses_are_none(api: str) -> None:
    """The combined status knows nothing of Actions, on GitHub as here: it is pending, for a green commit too."""
    found = _get(api, f"{PATH}/commits/{GREEN}/status").json()
    assert (found["state"], found["total_count"], found["sha"]) == ("pending", 0, GREEN)


REFUSED = {
    ("GET", f"{PATH}/commits/{ALIEN}/check-runs"): (422, f"No commit found for SHA: {ALIEN}", False),
    ("GET", f"{PATH}/commits/{GREEN[:6]}/status"): (422, f"No commit found for SHA: {GREEN[:6]}", False),
    ("GET", f"{PATH}/actions/runs/1"): (404, "Not Found", False),
    ("GET", f"{PATH}/actions/workflows/cd.yml/runs"): (404, "Not Found", False),
    ("GET", "repos/student/other/actions/runs"): (404, "Not Found", False),
    ("POST", f"{PATH}/actions/runs"): (404, "Not Found", False),
    ("GET", f"{PATH}/releases"): (404, "Not Found", True),
    ("GET", f"{PATH}/commits/{GREEN}/statuses"): (404, "Not Found", True),
    ("GET", "user"): (404, "Not Found", True),
    ("POST", f"{PATH}/releases"): (404, "Not Found", True),
    ("PATCH", "graphql"): (404, "Not Found", True),
    ("PUT", f"{PATH}/topics"): (404, "Not Found", True),
    ("DELETE", f"{PATH}/releases/1"): (404, "Not Found", True),
}


@pytest.mark.parametrize(("asked", "wanted"), REFUSED.items())
def test_refusals(api: str, asked: tuple[str, str], wanted: tuple[int, str, bool]) -> None:
    """What is not there is not found, in GitHub's words; a header tells what GitHub may have had."""
    found = _get(api, asked[1], asked[0], content=b"x" * (0 if asked[0] == "GET" else 70_000))
    assert (found.status_code, found.json()["message"], gh_stand_in.UNPLAYED in found.headers) == wanted


def test_runs_that_go_on(workflows: list[Workflow]) -> None:
    """The run that asks is among those of the newest commit, without a conclusion, and for its tag."""
    with served({RED: "", GREEN: "success"}, workflows, running=workflows[1:], refs=REFS) as address:
        runs = _get(address, f"{PATH}/actions/runs").json()["workflow_runs"]
        checks = _get(address, f"{PATH}/commits/{GREEN}/check-runs").json()["check_runs"]
    found = [(run["name"], run["status"], run["conclusion"], run["head_branch"]) for run in runs]
    ended = [(name, "completed", "success", "main") for name in ("Release", "Tests")]
    assert found == [("Release", "in_progress", None, "v1.0.0"), *ended]
    assert (checks[0]["name"], checks[0]["completed_at"]) == ("gate", None)
    assert len({run["id"] for run in runs}) == 3


def test_it_reads_its_commits_anew(workflows: list[Workflow]) -> None:
    """A commit that is made while it serves is known from then on."""
    ci: dict[str, str] = {}
    with served(ci, workflows, "other") as address:
        before = _get(address, f"repos/student/other/commits/{GREEN}")
        ci[GREEN] = "success"
        after = _get(address, f"repos/STUDENT/Other/commits/{GREEN}")
    assert (before.status_code, after.status_code) == (422, 200)


def test_it_ends(workflows: list[Workflow]) -> None:
    """After its context nothing listens, though a client is still connected and another one said nothing."""
    with served({}, workflows) as address:
        port = int(address.rsplit(":", 1)[1])
        silent = socket.create_connection(("127.0.0.1", port))
    with silent, socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def gh(
    api: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Call `gh` in a clone with a token; exit code, output, and what it says on standard error."""
    (tmp_path / "clone/.git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "clone")
    monkeypatch.setenv("GH_TOKEN", "secret")
    for name in ("GITHUB_TOKEN", "GH_REPO"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = gh_stand_in.main([api, "student/noshow", str(tmp_path / "lacking"), *arguments])
        return code, *capsys.readouterr()

    return call


ALL = f"{PATH}/actions/runs"
PRINTED: dict[tuple[str, ...], str] = {
    ("api", f"{PATH}/commits/{GREEN}/check-runs", "--jq", ".total_count"): "3\n",
    ("api", f"/{PATH}/commits/{GREEN}/check-runs", "-q", ".check_runs[].name"): "Look\ntest (3.12)\ntest (3.13)\n",
    ("api", "-X", "GET", ALL, "-f", f"head_sha={RED}", "-q.workflow_runs[0].conclusion"): "failure\n",
    ("api", "--method=get", ALL, "-F", f"head_sha={RED}", "-F", "per_page=1", "--jq=.workflow_runs|length"): "1\n",
    ("api", f"{ALL}?status=success", "-XGET", "-fbranch=main", "-q", ".total_count"): "1\n",
    ("api", "repos/{owner}/{repo}/commits/v1.0.0", "-H", "Accept: application/vnd.github+json", "-q", ".sha"): f"{GREEN}\n",
    ("api", f"https://api.github.com/{PATH}/commits/main", "-q", ".sha"): f"{RED}\n",
    ("api", "--paginate", f"{ALL}?per_page=1", "-q", "[.workflow_runs[].conclusion]"): '["failure","success"]\n',
    ("api", ALL, "--silent"): "",
    ("api", ALL, "-q", ".nothing, true, 1.5, {b: 1, a: null}"): '\ntrue\n1.5\n{"a":null,"b":1}\n',
    ("api", ALL, "-q", ".workflow_runs[] | select(.event == \"none\")"): "",
    ("run", "list", "-L", "1", "--json", "name,headBranch"): '[{"headBranch":"main","name":"Tests"}]\n',
    ("run", "list", "--commit", GREEN, "--workflow", "ci.yml", "--json", "conclusion", "--jq", ".[].conclusion"): "success\n",
    ("run", "list", f"--commit={GREEN}", "--workflow=tests", "-L1", "--json=status", "-q", ".[].status"): "completed\n",
    ("run", "list", "-c", BARE, "-w", "Tests", "--json", "conclusion", "-q", ".[0].conclusion"): "\n",
    ("run", "list", "-c", BARE, "--json", "conclusion"): "[]\n",
    ("run", "list", "-bmain", "-e", "push", "-s", "success", "--json", "workflowName", "-q", ".[].workflowName"): "Tests\n",
    ("run", "list", "-R", "student/noshow", "-s", "failure", "--json", "number", "--json", "attempt"): '[{"attempt":1,"number":2}]\n',
    ("run", "list", "--branch", "none"): "",
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "wanted"), PRINTED.items(), ids=[" ".join(words)[:90] for words in PRINTED])
def test_gh_prints(gh: Gh, arguments: tuple[str, ...], wanted: str) -> None:
    """What is asked for stands on standard output, strings without quotes, null as an empty line, objects on one line."""
    assert gh(*arguments) == (0, wanted, "")


def test_gh_prints_a_table(gh: Gh) -> None:
    """Without `--json` a run is a line, its fields between tabs."""
    code, output, _ = gh("run", "list", "--limit", "1")
    assert (code, output.split("\t")[:6]) == (0, ["completed", "failure", "work", "Tests", "main", "push"])


FAILED: dict[tuple[str, ...], str] = {
    ("api", f"{PATH}/commits/{ALIEN}/check-runs"): f"gh: No commit found for SHA: {ALIEN} (HTTP 422)\n",
    ("api", f"{PATH}/actions/runs/1", "--jq", ".id"): "gh: Not Found (HTTP 404)\n",
    ("api", ALL, "-f", f"head_sha={GREEN}"): "gh: Not Found (HTTP 404)\n",
    ("api", ALL, "-X", "GET", "-f", "branch"): "field \"branch\" requires a value separated by an '=' sign\n",
    ("api", ALL, "--jq", ".["): "failed to evaluate the jq expression: ",
    ("api", ALL, "--jq", ".[0]"): "failed to evaluate the jq expression: ",
    ("run", "list", "--workflow", "nothing.yml"): "could not find any workflows named nothing.yml\n",
    ("run", "list", "--repo", "student/other"): "failed to get runs: HTTP 404: Not Found (",
    ("run", "list", "--repo", "other"): 'expected the "[HOST/]OWNER/REPO" format, got "other"\n',
    ("run", "list", "--limit", "0"): "invalid limit: 0\n",
    ("run", "list", "--jq", ".[0]"): "cannot use `--jq` without specifying `--json`\n",
    ("run", "list", "--json"): "Specify one or more comma-separated fields for `--json`:\n  attempt\n  conclusion\n",
    (
        "run",
        "list",
        "--json",
        "sha",
    ): 'Unknown JSON field: "sha"\nAvailable fields:\n  attempt\n  conclusion\n  createdAt\n',
    ("run", "view", "1"): "failed to get run: HTTP 404: Not Found (",
    ("run", "watch"): "run ID required when not running interactively\n",
}


@pytest.mark.parametrize(("arguments", "words"), FAILED.items(), ids=[" ".join(words)[:90] for words in FAILED])
def test_gh_refuses(gh: Gh, arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """What the real one refuses is refused in its words with exit code 1, and not taken for something to be played."""
    code, _, error = gh(*arguments)
    assert (code, error[: len(words)]) == (1, words)
    assert not (tmp_path / "lacking").exists()


LACKING: dict[tuple[str, ...], str] = {
    ("release", "create", "v1.0.0", "--notes", "x"): "gh release create\n",
    ("pr", "list"): "gh pr list\n",
    ("auth", "status"): "gh auth status\n",
    ("workflow", "run", "ci.yml"): "gh workflow run\n",
    ("run", "list", "--user", "me"): "gh run list (unrecognized arguments: --user me)\n",
    ("run", "list", "--work", "ci.yml"): "gh run list (unrecognized arguments: --work ci.yml)\n",
    ("api", ALL, "-t", "{{.}}"): "gh api (unrecognized arguments: -t {{.}})\n",
    ("api", f"{PATH}/releases"): f"gh api GET {PATH}/releases\n",
    ("api", "graphql", "-f", "query=x"): "gh api POST graphql\n",
}


@pytest.mark.parametrize(("arguments", "line"), LACKING.items(), ids=[" ".join(words)[:90] for words in LACKING])
def test_gh_lacks(gh: Gh, arguments: tuple[str, ...], line: str, tmp_path: Path) -> None:
    """What it does not play is said, and noted for the step, which is then not run."""
    code, output, error = gh(*arguments)
    assert (code, output, error) == (86, "", f"{line.strip()}: not played here\n")
    assert (tmp_path / "lacking").read_text() == line


def test_gh_wants_a_token(gh: Gh, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token it refuses as in any workflow that forgot `GH_TOKEN`; an empty one is none, another name is."""
    monkeypatch.setenv("GH_TOKEN", "")
    code, _, error = gh("run", "list")
    assert (code, error.splitlines()[0][:46]) == (4, "gh: To use GitHub CLI in a GitHub Actions work")
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    assert gh("run", "list")[0] == 0


def test_gh_wants_a_clone(gh: Gh, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Outside of a clone it does not know the repository, unless it is named."""
    monkeypatch.chdir(tmp_path)
    assert gh("run", "list") == (1, "", f"failed to determine base repo: {gh_stand_in.NO_CLONE}\n")
    assert gh("api", "repos/{owner}/{repo}/actions/runs")[0] == 1
    assert gh("api", ALL, "--silent")[0] == 0
    monkeypatch.setenv("GH_REPO", "github.com/student/noshow")
    assert gh("run", "list")[0] == 0


@pytest.mark.parametrize(("commit", "failed"), [(GREEN, 0), (RED, 1)])
def test_gh_looks_at_one_run(gh: Gh, commit: str, failed: int) -> None:
    """A run that has ended is shown or watched; `--exit-status` makes its failure one of the command."""
    number = gh("run", "list", "-c", commit, "--json", "databaseId", "-q", ".[0].databaseId")[1].strip()
    word = ("success", "failure")[failed]
    assert gh("run", "watch", number, "--exit-status") == (
        failed,
        f"Run Tests ({number}) has already completed with '{word}'\n",
        "",
    )
    assert gh("run", "watch", number)[0] == 0
    assert [gh("run", "view", number, *more)[0] for more in ([], ["--exit-status"])] == [0, failed]
    seen = json.loads(gh("run", "view", "--json", "conclusion,jobs", number)[1])
    assert (seen["conclusion"], [job["conclusion"] for job in seen["jobs"]]) == (word, [word] * 3)


GATES = {
    "gh run list": 'test "$(gh run list --commit "$GITHUB_SHA" -w ci.yml --json conclusion -q ".[0].conclusion")" = success',
    "gh api": 'gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/check-runs" '
    "--jq '[.check_runs[].conclusion] | length > 0 and all(. == \"success\")' | grep -qx true",
    "curl": 'curl --fail --silent -H "Authorization: Bearer $GH_TOKEN" '
    '"$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/actions/runs?head_sha=$GITHUB_SHA&status=success" '
    "| python -c 'import json, sys; sys.exit(json.load(sys.stdin)[\"total_count\"] < 1)'",
}


@pytest.fixture
def gate(project: Callable[..., Path], workflows: list[Workflow], tmp_path: Path) -> Callable[..., StepRun]:
    """Run a script as the gate of a release whose commit ended like that in CI."""

    def run(script: str, ci: str) -> StepRun:
        steps = f"""
            - uses: actions/checkout@v5
            - env: {{GH_TOKEN: "${{{{ github.token }}}}"}}
              run: {json.dumps(script)}
            """
        folder = project({FILE: one_job(steps)}, "noshow")
        source = Source(folder, commit_of(folder))
        with served({source.commit: ci}, workflows[:1]) as address:
            runner = Runner(Machine(tmp_path / "machine", "noshow", api=address), source)
            return runner.run(load(folder, FILE), Event("push", tag="v1.0.0")).jobs[0].steps[1]

    return run


@pytest.mark.parametrize(("ci", "wanted"), [("success", "success"), ("failure", "failure"), ("", "failure")])
@pytest.mark.parametrize("script", GATES.values(), ids=GATES)
def test_gates(gate: Callable[..., StepRun], script: str, ci: str, wanted: str) -> None:
    """A release asks in a job how CI ended for its commit, with the token of the job, and goes on only when it is green."""
    step = gate(script, ci)
    assert (step.conclusion, step.lacking) == (wanted, ""), step.log


def test_what_gh_lacks_in_a_job(gate: Callable[..., StepRun]) -> None:
    """A step that needs more of `gh` than is played is not run."""
    step = gate("gh release create v1.0.0 --generate-notes", "success")
    assert (step.conclusion, step.exit) == ("not_run", 86)
    assert step.lacking.startswith("`gh")


def test_the_real_one_is_not_written_to(
    gate: Callable[..., StepRun], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The `gh` of this machine stays as it is, though jobs have another one."""
    real = tmp_path / "real/gh"
    real.parent.mkdir()
    real.write_text("#!/bin/sh\necho real\n")
    real.chmod(0o755)
    monkeypatch.setenv("PATH", f"{real.parent}{os.pathsep}{os.environ['PATH']}")
    step = gate("gh api repos/{owner}/{repo}/actions/runs -q .total_count", "success")
    assert (step.log, real.read_text()) == ("1\n", "#!/bin/sh\necho real\n")


def test_without_an_api(runner: Callable[..., Runner]) -> None:
    """Without an address everything is as it was: GitHub's own, and no token of ours."""
    steps = """- run: echo "$GITHUB_API_URL $GITHUB_GRAPHQL_URL ${{ github.api_url }} <${{ github.token }}>" """
    made = runner(one_job(steps))
    log = made.run(load(made.source.repository, FILE), Event("push", branch="main")).jobs[0].steps[0].log
    public = "https://api.github.com"
    assert log.strip() == f"{public} {public}/graphql {public} <>"
