"""Stand-in of docker/metadata-action: names and labels for an image."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping

from mlops_grader.instruments.workflow.played import Bench, Inputs, Played
from mlops_grader.instruments.workflow.store import lines

_VERSION = re.compile(r"v?(?P<version>(?P<major>\d+)\.(?P<minor>\d+)\.(?P<patch>\d+)(?P<pre>-[\w.]+)?)")
_REFS = {"branch": "refs/heads/", "tag": "refs/tags/", "pr": "refs/pull/"}
_VERSIONS = ("semver", "pep440")
# which rule gives the `version`; the action's own order
_PRIORITY = {"semver": 900, "pep440": 900, "ref": 600, "raw": 200, "sha": 100}


def metadata(inputs: Inputs, bench: Bench) -> Played:
    """docker/metadata-action: tags from the branch, tag, commit or given words, and the OCI labels of source and revision."""
    rules = [_rule(line) for line in lines(inputs.get("tags"))] or [
        {"type": "ref", "event": name} for name in ("branch", "tag", "pr")
    ]
    rules.sort(key=lambda rule: -int(rule.get("priority") or _PRIORITY.get(rule.get("type", ""), 0)))
    names = list(dict.fromkeys(tag for rule in rules for tag in _tags(rule, bench)))
    if names and _latest(inputs, bench, rules):
        names = list(dict.fromkeys([*names, "latest"]))
    tags = [f"{image.lower()}:{name}" for image in lines(inputs.get("images")) for name in names] or names
    labels = {
        "org.opencontainers.image.revision": bench.commit,
        "org.opencontainers.image.source": f"https://github.com/student/{bench.machine.repository}",
        "org.opencontainers.image.title": bench.machine.repository,
        "org.opencontainers.image.version": names[0] if names else "",
        **dict(line.partition("=")[::2] for line in lines(inputs.get("labels"))),
    }
    outputs = {
        "version": names[0] if names else "",
        "tags": "\n".join(tags),
        "labels": "\n".join(f"{key}={value}" for key, value in labels.items()),
        "json": json.dumps({"tags": tags, "labels": labels}),
    }
    return Played(outputs=outputs, log=outputs["tags"])


def _rule(line: str) -> dict[str, str]:
    parts = next(csv.reader([line]))
    return dict(part.partition("=")[::2] for part in parts) if "=" in line else {"type": "raw", "value": line}


def _tags(rule: Mapping[str, str], bench: Bench) -> Iterator[str]:
    rule = {key: _filled(value, bench) if key != "pattern" else value for key, value in rule.items()}
    if rule.get("enable", "true") == "false":
        return
    kind, short = rule.get("type", "raw"), bench.ref.split("/", 2)[-1]
    prefix, suffix = rule.get("prefix", ""), rule.get("suffix", "")
    if kind == "raw":
        name = rule.get("value", "")
    elif kind == "sha":
        prefix = rule.get("prefix", "sha-")
        name = bench.commit if rule.get("format") == "long" else bench.commit[:7]
    elif kind == "ref" and bench.ref.startswith(_REFS.get(rule.get("event", ""), "-")):
        is_pull = rule.get("event") == "pr"
        name = short.split("/")[0] if is_pull else re.sub(r"[^\w.-]", "-", short)
        prefix = rule.get("prefix", "pr-") if is_pull else prefix
    elif kind in _VERSIONS and (bench.ref.startswith("refs/tags/") or rule.get("value")):
        name = _version(rule.get("value") or short, rule.get("pattern", ""))
    else:
        name = ""
    if name:
        yield prefix + name + suffix


def _version(value: str, pattern: str) -> str:
    """A version in a pattern; one that comes before a release is never shortened."""
    found = _VERSION.fullmatch(value)
    if not found:
        return ""
    parts = {**found.groupdict(), "raw": value}
    if found["pre"] and "raw" not in pattern:
        return found["version"]
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda hole: parts.get(hole[1]) or value, pattern)


def _filled(text: str, bench: Bench) -> str:
    """The action's own expressions, such as `{{is_default_branch}}`."""
    kind, short = bench.ref.split("/", 2)[1:] if bench.ref.count("/") > 1 else ("", bench.ref)
    known = {
        "branch": short if kind == "heads" else "",
        "tag": short if kind == "tags" else "",
        "sha": bench.commit[:7],
        "is_default_branch": str(bench.ref == f"refs/heads/{bench.default_branch}").lower(),
    }
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda hole: known.get(hole[1], hole[0]), text)


def _latest(inputs: Inputs, bench: Bench, rules: list[dict[str, str]]) -> bool:
    """`latest` goes with tags of git that are a release, unless `flavor` says otherwise."""
    said = dict(line.partition("=")[::2] for line in lines(inputs.get("flavor"))).get("latest", "auto")
    if said != "auto" or not bench.ref.startswith("refs/tags/"):
        return said == "true"
    version = _VERSION.fullmatch(bench.ref.split("/", 2)[-1])
    released = version is not None and not version["pre"]
    return any(
        released if rule.get("type") in _VERSIONS else rule.get("type") == "ref" and rule.get("event") == "tag"
        for rule in rules
    )
