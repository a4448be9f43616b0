"""Rules and routing as a project holds them: read, refused in words, and followed to their runbooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments.alerting import AlertRule, Rules, load_rules, read_yaml, runbook
from mlops_grader.instruments.prometheus.compression import milliseconds
from mlops_grader.submission import Submission

Told = Callable[[Callable[[], object]], str]
Submit = Callable[[Mapping[str, str | bytes]], Submission]

RULES = """groups:
  - name: a
    rules:
      - record: job:errors:rate5m
        expr: sum by (job) (rate(errors_total[5m]))
      - alert: Down
        expr: up == 0
        for: 5m
        labels: {severity: page, slo: availability}
        annotations: {summary: it is down}
  - name: b
    rules:
      - alert: Errors
        expr: job:errors:rate5m > 1
"""
CONFIG_MAP = """apiVersion: v1
kind: ConfigMap
metadata: {name: rules}
data: {rules.yml: "groups: []"}
"""
NOT_A_GROUP = {
    "a ConfigMap": CONFIG_MAP,
    "prometheus.yml": "global: {scrape_interval: 30s}\nscrape_configs: []\n",
    "a list": "- alert: Down\n",
    "a text": "hello\n",
    "nothing": "",
    "no groups": "groups: []\n",
    "groups of nothing": "groups:\n",
    "an unknown field": "groups: [{name: a, rules: [{alert: A, expr: up, fro: 5m}]}]\n",
    "no PromQL": "groups: [{name: a, rules: [{alert: A, expr: rate(up}]}]\n",
    "a group in place of groups": "groups: {name: a, rules: []}\n",
    "two documents": "groups: []\n---\ngroups: []\n",
}
NOT_YAML = {
    "open bracket": "groups: [\n",
    "tab": "groups:\n\t- a\n",
    "doubled key": "a: 1\na: 2\n",
    "unknown alias": "a: *b\n",
    "itself": "a: &a [*a]\n",
    "Python": "a: !!python/object:os.system x\n",
    "own tag": "a: !mine x\n",
    "no number": "a: !!int x\n",
    "no truth": "a: !!bool x\n",
    "no day": "a: 2024-99-99\n",
    "long number": "a: " + "1" * 5000 + "\n",
    "control character": "a: \0\n",
    "two documents": "a: 1\n---\na: 2\n",
}
ODD_KEYS = {"a list": "? [a, b]\n: c\n", "a day": "2024-01-01: c\n", "a mapping": "? {a: b}\n: c\n"}

needs_promtool = pytest.mark.usefixtures("programs")


@needs_promtool
def test_alerts_are_read(submit: Submit) -> None:
    """Those of all groups and files in their order; recording rules are none."""
    other = RULES.replace("Down", "Other").replace("Errors", "More")
    rules = load_rules(submit({"a.yml": RULES, "b/b.yml": other}), ["a.yml", "b/b.yml"])
    assert [alert.name for alert in rules.alerts] == ["Down", "Errors", "Other", "More"]
    assert rules.alerts[:2] == [
        AlertRule("Down", "up == 0", {"severity": "page", "slo": "availability"}, {"summary": "it is down"}),
        AlertRule("Errors", "job:errors:rate5m > 1", {}, {}),
    ]


@needs_promtool
def test_values_that_are_no_texts_become_some(submit: Submit) -> None:
    """As Prometheus reads them."""
    text = "groups: [{name: a, rules: [{alert: A, expr: 1, labels: {tier: 1, page: yes}}]}]\n"
    (alert,) = load_rules(submit({"a.yml": text}), ["a.yml"]).alerts
    assert (alert.expression, dict(alert.labels)) == ("1", {"tier": "1", "page": "yes"})


@needs_promtool
def test_a_byte_order_mark_is_no_mistake(submit: Submit) -> None:
    """Editors of Windows write one, and Prometheus reads over it."""
    rules = load_rules(submit({"a.yml": b"\xef\xbb\xbf" + RULES.encode()}), ["a.yml"])
    assert [alert.name for alert in rules.alerts] == ["Down", "Errors"]


@needs_promtool
@pytest.mark.parametrize("text", NOT_A_GROUP.values(), ids=NOT_A_GROUP)
def test_what_are_no_rules_is_told(submit: Submit, text: str) -> None:
    """By the name of the file, with Prometheus's words or with what rules look like."""
    with pytest.raises(Fail, match=r"`a\.yml`") as raised:
        load_rules(submit({"a.yml": text}), ["a.yml"])
    assert raised.value.fix


@needs_promtool
def test_a_config_map_gets_promtools_words(submit: Submit) -> None:
    """What belongs into a cluster is no rule file."""
    with pytest.raises(Fail, match=r"(?s)^Prometheus does not load `a\.yml`: .*field apiVersion not found") as raised:
        load_rules(submit({"a.yml": CONFIG_MAP}), ["a.yml"])
    assert raised.value.fix == "promtool check rules a.yml"


@needs_promtool
def test_the_second_file_is_checked_too(submit: Submit) -> None:
    """Its own name is said."""
    with pytest.raises(Fail, match=r"`b\.yml`"):
        load_rules(submit({"a.yml": RULES, "b.yml": "groups: []\n"}), ["a.yml", "b.yml"])


def test_a_missing_file_is_told(submit: Submit) -> None:
    """Before any tool is asked."""
    with pytest.raises(Fail, match=r"there is no `a\.yml`"):
        load_rules(submit({"b.yml": RULES}), ["a.yml"])


@pytest.mark.parametrize("text", NOT_YAML.values(), ids=NOT_YAML)
def test_what_is_no_yaml_is_told(submit: Submit, text: str) -> None:
    """In few enough words to be read."""
    with pytest.raises(Fail, match=r"^`a\.yml` is not valid YAML: ") as raised:
        read_yaml(submit({"a.yml": text}), "a.yml")
    assert len(raised.value.found) < 600


@pytest.mark.parametrize("text", ODD_KEYS.values(), ids=ODD_KEYS)
def test_keys_that_are_no_texts_break_nothing(submit: Submit, told: Told, text: str) -> None:
    """YAML allows them; a rule file has none. They are read or refused."""
    words = told(lambda: read_yaml(submit({"a.yml": text}), "a.yml"))
    assert words == "" or words.startswith("`a.yml` ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: [1, b, null, 1.5, true]", {"a": [1, "b", None, 1.5, True]}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("a: yes", {"a": "yes"}),
        ("", None),
    ],
)
def test_yaml_is_read_to_plain_values(submit: Submit, text: str, value: Any) -> None:
    """Aliases are unfolded."""
    assert read_yaml(submit({"a.yml": text}), "a.yml") == value


def bomb(levels: int) -> str:
    """Aliases of aliases: ten times as much with each level."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(lines) + "\n"


def test_aliases_that_unfold_to_megabytes_are_refused(submit: Submit) -> None:
    """Some hundred bytes that would be five million."""
    with pytest.raises(Fail, match=r"`a\.yml` is too large once its aliases are unfolded"):
        read_yaml(submit({"a.yml": bomb(6)}), "a.yml")


def test_a_bomb_is_refused_before_it_is_unfolded(submit: Submit) -> None:
    """What would be 10 GB ends neither in days of counting nor in a full memory."""
    submission = submit({"a.yml": bomb(10)})
    code = (
        "from pathlib import Path; from mlops_grader.instruments.alerting import read_yaml\n"
        "from mlops_grader.submission import Submission; from mlops_grader.check import Fail\n"
        f"root = Path({str(submission.root)!r})\n"
        "try: read_yaml(Submission(root, root, None, '', True, ('a.yml',)), 'a.yml')\n"
        "except Fail as failure: print(failure.found)\n"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{code}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout == "`a.yml` is too large once its aliases are unfolded\n"


def test_without_the_parser_nothing_is_graded(submit: Submit, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words name the package and how to get it."""
    monkeypatch.setitem(sys.modules, "ruamel.yaml", None)
    with pytest.raises(NotRun, match=r"ruamel\.yaml is not installed"):
        read_yaml(submit({"a.yml": "a: 1"}), "a.yml")


def recorded(**rules: str) -> Rules:
    """Rules that record these expressions."""
    return Rules([{"groups": [{"rules": [{"record": name, "expr": expr} for name, expr in rules.items()]}]}])


NONE = recorded()


@pytest.mark.parametrize(
    ("expression", "ranges"),
    [
        ("up == 0", set()),
        ("rate(x[5m]) > 1", {"5m"}),
        ("rate(x[1h]) > 1 and rate(x[5m]) > 1", {"1h", "5m"}),
        ("rate(x[5m]) > 1 and rate(y[5m]) > 1", {"5m"}),
        ("rate(x[ 5m ])", {"5m"}),
        ("rate(x[1h30m])", {"1h30m"}),
        ("max_over_time(rate(x[5m])[1h:30s])", {"5m", "1h"}),
        ("max_over_time(x[1h:])", {"1h"}),
        ('rate(x{status=~"[45].."}[5m])', {"5m"}),
        ("rate(x{status=~'[45]..'}[5m])", {"5m"}),
        ('rate(x{path="[1h]"}[5m])', {"5m"}),
        ("rate(x[5m]) # not [1h]", {"5m"}),
    ],
)
def test_ranges_are_those_of_the_expression(expression: str, ranges: set[str]) -> None:
    """Each once; brackets in texts and comments are none."""
    assert NONE.ranges(expression) == set(map(milliseconds, ranges))


@pytest.mark.parametrize(
    ("expression", "ranges"),
    [
        ("x:rate5m > 1", {"5m"}),
        ("x:rate1h > 1 and x:rate5m > 1", {"1h", "5m"}),
        ("(x:rate1h)>1", {"1h"}),
        ('x:rate5m{job="a"} > 1', {"5m"}),
        ("x:both > 1", {"5m", "1h"}),
        ("max_over_time(x:rate5m[6h])", {"5m", "6h"}),
        ("x:rate > 1", set()),
        ("y:x:rate5m > 1", set()),
        ("x:round > 1", {"2m"}),
        ("x:number > 1", set()),
    ],
)
def test_ranges_of_recording_rules_count(expression: str, ranges: set[str]) -> None:
    """Those that are named, whole names only, and those that these name, also in circles."""
    rules = recorded(
        **{
            "x:rate5m": "rate(x[5m])",
            "x:rate1h": "rate(x[1h])",
            "x:both": "x:rate5m + x:rate1h",
            "x:round": "x:round + rate(x[2m])",
        }
    )
    rules.documents[0]["groups"].append({"rules": [{"record": "x:number", "expr": 1}]})
    rules.documents[0]["groups"].append({"name": "empty", "rules": None})
    assert rules.ranges(expression) == set(map(milliseconds, ranges))


def test_ranges_of_another_file_count() -> None:
    """An alert may stand in one file and what it names in another."""
    both = Rules([*recorded(a="rate(x[5m])").documents, *recorded(b="rate(x[1h])").documents])
    assert both.ranges("a > 1 and b > 1") == {300_000, 3_600_000}


def test_what_is_built_on_a_series_is_found() -> None:
    """Through recording rules that name other ones; circles end."""
    rules = recorded(a="rate(risk_sum[5m])", b="a / 2", c="other", d="d + b")
    assert rules.built_on({"risk"}) == {"risk", "a", "b", "d"}


PAGE = """# Availability

Callers get errors. Look at the dashboard, then at the log of the service; if a deployment was the last thing, roll it back.

## Service is down

Start it again.

### `PredictionsFail` (5xx), or: what now? ##

See above.
"""


@pytest.mark.parametrize(
    "link",
    [
        "runbooks/availability.md",
        "/runbooks/availability.md",
        "runbooks/availability.md#availability",
        "runbooks/availability.md#service-is-down",
        "runbooks/availability.md#predictionsfail-5xx-or-what-now",
        "https://github.com/me/noshow/blob/main/runbooks/availability.md",
        "https://github.com/me/noshow/blob/main/runbooks/availability.md?plain=1#service-is-down",
        "https://example.org/runbooks/availability.md",
        "runbooks/two%20words.md",
    ],
)
def test_a_runbook_is_found(submit: Submit, link: str) -> None:
    """Relative to the project or as a whole address, with or without a heading."""
    runbook(submit({"runbooks/availability.md": PAGE, "runbooks/two words.md": PAGE}), link)


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("runbooks/latency.md", "the runbook `runbooks/latency.md` leads to no file of the project"),
        ("https://example.org/", "the runbook `https://example.org/` leads to no file of the project"),
        ("https://example.org", "the runbook `https://example.org` leads to no file of the project"),
        ("TODO", "the runbook `TODO` leads to no file of the project"),
        ("", "the runbook `` leads to no file of the project"),
        ("#service-is-down", "the runbook `#service-is-down` leads to no file of the project"),
        ("runbooks", "the runbook `runbooks` leads to no file of the project"),
        ("http://[", "the runbook `http://[` is no link: Invalid IPv6 URL"),
        ("../availability.md", "the runbook `../availability.md` leads to no file of the project"),
        ("runbooks/availability.md#gone", "`runbooks/availability.md` has no heading `#gone`"),
        ("runbooks/availability.md#start-it-again", "`runbooks/availability.md` has no heading `#start-it-again`"),
        ("runbooks/short.md", "the runbook `runbooks/short.md` says next to nothing"),
        ("runbooks/short.md#short", "the runbook `runbooks/short.md` says next to nothing"),
    ],
)
def test_a_runbook_that_is_none_is_told(submit: Submit, link: str, words: str) -> None:
    """No such file, no such heading, or nothing to read there."""
    short = "# Short\n\n" + "word " * 12
    with pytest.raises(Fail) as raised:
        runbook(submit({"runbooks/availability.md": PAGE, "runbooks/short.md": short}), link)
    assert (raised.value.found, raised.value.fix != "") == (words, True)


def test_a_file_that_is_not_committed_is_no_runbook(submit: Submit) -> None:
    """What git does not track is not there at night."""
    submission = submit({"README.md": PAGE})
    (submission.root / "later.md").write_text(PAGE)
    with pytest.raises(Fail, match="leads to no file of the project"):
        runbook(submission, "later.md")


def test_fifteen_words_are_a_runbook(submit: Submit) -> None:
    """It is the least that can say what to do."""
    runbook(submit({"a.md": "word " * 15}), "a.md")
