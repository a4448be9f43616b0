"""The portable checks on a product of another domain, language and layout: all pass as it is, and each fails for its fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mlops_grader.check import Verdict
from mlops_grader.result import Outcome, Result

CONTRACT, SERVICE, DOCKERFILE, FLOW = "product.toml", "app/serve.py", "ops/Dockerfile", ".github/workflows/checks.yml"
DEPLOY, README = "ops/deploy.py", "README.md"
MODULES = {
    "m01_environment": 3,
    "m05_serving": 5,
    "m06_containers": 10,
    "m07_ci": 5,
    "m08_delivery": 5,
    "m09_monitoring": 4,
}


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.prometheus
@pytest.mark.network
@pytest.mark.parametrize("key", [pytest.param(key, marks=pytest.mark.in_turn(key)) for key in MODULES])
def test_a_product_of_ones_own_gets_all_points(judged: Callable[..., Result], key: str) -> None:
    result = judged(key)
    lost = [(each.id, each.verdict, each.found) for each in result.checks if each.verdict is not Verdict.PASSED]
    assert (lost, len(result.checks)) == ([], MODULES[key])


def fault(key: str, check: str, says: str, *edits: tuple[str, str, str]) -> Any:
    """A case: what the check must say of these edits."""
    marks = pytest.mark.in_turn(key)
    return pytest.param(key, check, says, edits, id=f"{key[:3]}-{check}-{says[:24]}", marks=marks)


FAULTS = [
    fault("m01_environment", "sets_up_in_a_clean_clone", "the setup command fails",
          (CONTRACT, "[commands]", '[commands]\nsetup = "exit 3"')),
    fault("m01_environment", "tests_pass", "and the test command stays green",
          (CONTRACT, "python3 -m unittest discover -s tests -p '*_test.py'", "true")),
    fault("m01_environment", "tests_pass", "the `test` command fails",
          ("app/words.py", "text.lower()", "text.upper()")),
    fault("m01_environment", "readme_commands_work", "no valid request is answered on port 8137",
          (README, "docker run --rm --publish 127.0.0.1:8137:8137 triage-readme", "true")),
    fault("m05_serving", "errors_are_problems", "as `application/json`",
          (SERVICE, '"application/problem+json"\n', '"application/json"\n')),
    fault("m05_serving", "errors_are_problems", "is answered with 200",
          (SERVICE, "or set(body) != set(FIELDS)", ""), (SERVICE, "body[name]", 'body.get(name, "")'),
          (SERVICE, "if not isinstance(body.get", "if False and not isinstance(body.get"),
          (SERVICE, 'body["text"]', 'str(body.get("text"))')),
    fault("m05_serving", "takes_in_only_so_much", "a body of 34816 bytes is answered with 200",
          (SERVICE, "MOST, PATIENCE = 32768", "MOST, PATIENCE = 10**9")),
    fault("m05_serving", "does_not_wait_for_ever", "is still waited for after 6 s",
          (SERVICE, "PATIENCE = 32768, 2.0", "PATIENCE = 32768, 60.0")),
    fault("m05_serving", "a_request_keeps_its_id", "is answered with the id",
          (SERVICE, "self.id = given if", "self.id = given[:0] or uuid.uuid4().hex if")),
    fault("m05_serving", "a_request_keeps_its_id", "no line of the log has the id",
          (SERVICE, '"request_id": self.id, ', "")),
    fault("m05_serving", "openapi_document_is_true", "does not say what `text` is",
          (SERVICE, '"description": said}', '"title": said}')),
    fault("m05_serving", "openapi_document_is_true", "allows an empty object, and the service refuses it",
          (SERVICE, '"required": list(FIELDS)', '"required": []')),
    fault("m05_serving", "openapi_document_is_true", "forbids a valid request",
          (SERVICE, '"maxLength": 20000', '"maxLength": 2')),
    fault("m06_containers", "dockerfile_is_clean", "DL3007", (DOCKERFILE, "python:3.13-slim", "python:latest")),
    fault("m06_containers", "image_builds", "the image does not build", (DOCKERFILE, "COPY app app", "COPY apps app")),
    fault("m06_containers", "becomes_ready", "no valid request was answered within 30 s",
          (SERVICE, 'json.dumps({"team": told["team"]})', 'json.dumps({"team": None})')),
    fault("m06_containers", "settings_come_from_the_environment", "with PORT=9371",
          (SERVICE, 'int(os.environ.get("PORT", "8137"))', "8137")),
    fault("m06_containers", "settings_come_from_the_environment", "the level changes nothing",
          (SERVICE, "if LEVEL <= 1", "if True")),
    fault("m06_containers", "runs_as_an_ordinary_user", "the last stage sets no USER", (DOCKERFILE, "USER 10001:10001\n", "")),
    fault("m06_containers", "runs_with_a_read_only_file_system", "Read-only file system",
          (DOCKERFILE, "USER 10001", "RUN chown 10001 /srv\nUSER 10001"),
          (SERVICE, "server = Server(", 'Path("/srv/pid").write_text("1")\nserver = Server(')),
    fault("m06_containers", "stops_when_asked", "still running 10 s after SIGTERM", (SERVICE, "signal.signal(", "(lambda *_: 0)(")),
    fault("m06_containers", "stops_when_asked", "the request in flight was lost",
          (SERVICE, "threading.Thread(target=server.shutdown).start()", "os._exit(0)")),
    fault("m06_containers", "secrets_stay_out_of_the_image", "is in the image",
          (DOCKERFILE, "COPY app app", "COPY . ."), (".dockerignore", "", "")),
    fault("m06_containers", "health_check_tells_the_truth", "the service hangs, and its HEALTHCHECK still says healthy",
          (DOCKERFILE, "timeout=2)\"]", "timeout=2) if 0 else 0\"]")),
    fault("m07_ci", "runs_on_push_and_pull_request", "no workflow starts on pull_request", (FLOW, "  pull_request:\n", "")),
    fault("m07_ci", "goes_red_for_a_failing_test", "it is green", (FLOW, "-p '*_test.py'\n", "-p '*_test.py' || true\n")),
    fault("m07_ci", "goes_red_for_a_failing_test", "it is red on a clean clone", (FLOW, "unittest discover", "unittest nothing")),
    fault("m07_ci", "goes_red_for_a_committed_secret", "it is green", (FLOW, "! git grep", "true git grep")),
    fault("m07_ci", "is_hard_to_abuse", "checks.yml", (FLOW, "08c6903cd8c0fde910a37f88322edcfb5dd907a8", "v5")),
    fault("m07_ci", "cancels_what_is_superseded", "both run to their end", (FLOW, "  cancel-in-progress: true\n", "")),
    fault("m08_delivery", "puts_a_version_into_service", "nothing runs in production's network",
          (DEPLOY, "import json\n", "import json\nraise SystemExit(0)\n")),
    fault("m08_delivery", "refuses_a_version_that_crashes", "a version that ends at its start is deployed",
          (DEPLOY, '    sys.exit(f"{image} does not become ready, and is not deployed")', "    sys.exit(0)")),
    fault("m08_delivery", "refuses_a_version_that_is_never_ready", "a version that lives and never answers is deployed",
          (DEPLOY, "if answers(container):", "if True:"), (DEPLOY, "def wait(container):", "def wait(container):\n    time.sleep(2)")),
    fault("m08_delivery", "rolls_back_within_a_minute", "after the rollback",
          (DEPLOY, 'known["before"] if', 'known["image"] if')),
    fault("m08_delivery", "replaces_a_version_without_losing_a_request", "requests were lost",
          (DEPLOY, 'docker("exec", proxy', 'docker("rm", "--force", known["container"] or "x", check=False)\ndocker("exec", proxy')),
    fault("m09_monitoring", "metrics_are_true", "rose by",
          (SERVICE, "COUNTED[known, status] = COUNTED.get((known, status)", "COUNTED[known, 200] = COUNTED.get((known, 200)")),
    fault("m09_monitoring", "metrics_are_well_formed", "http_requests", (SERVICE, '"# HELP http_requests_total Requests.", ', "")),
    fault("m09_monitoring", "series_stay_few", "500 different requests added",
          (SERVICE, "known = path if path in ROUTES else", "known = path or")),
    fault("m09_monitoring", "series_stay_few", "the log shows `Zebedee Quartermaine`",
          (SERVICE, '"status": status, **told}', '"status": status, **told, "text": str(getattr(self, "words", ""))}'),
          (SERVICE, "        for name, (kind, _)", '        self.words = body["text"]\n        for name, (kind, _)')),
    fault("m09_monitoring", "a_request_can_be_found_in_the_logs", "and none the prediction",
          (SERVICE, '"status": status, **told}', '"status": status}')),
    fault("m09_monitoring", "a_request_can_be_found_in_the_logs", "does not say which model made it",
          (SERVICE, '"model": MODEL}', '"model": "mine"}')),
]  # fmt: skip


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(("key", "check", "says", "edits"), FAULTS)
def test_a_fault_fails_its_check(
    judged: Callable[..., Result], key: str, check: str, says: str, edits: tuple[tuple[str, str, str], ...]
) -> None:
    found: Outcome = next(each for each in judged(key, *edits, only=(check,)).checks if each.id == f"test_{check}")
    assert (found.verdict, says in found.found) == (Verdict.FAILED, True), found.found
