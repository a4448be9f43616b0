"""Deliveries that pretend: for a grader that reads words and exit codes, they deploy, refuse, roll back and release."""

from __future__ import annotations

from pathlib import Path

from submissions import Edit, Pretence, write

KEY, DEPLOY, RELEASE = "m08_delivery", "deploy/deploy.py", ".github/workflows/release.yml"
WORDS = ("docker run", "nginx -s reload", "--rollback", "cases.json", "percentile", "flock", "GITHUB_STEP_SUMMARY")
SAYS = '''"""Deploy: docker run, wait until it is ready, cases.json, 95th percentile, nginx -s reload, flock; --rollback."""

import os
import pathlib
import subprocess
import sys

image, folder = os.environ.get("IMAGE", ""), pathlib.Path(os.environ["PRODUCTION_DIR"])
with open(os.environ.get("GITHUB_STEP_SUMMARY", os.devnull), "a") as page:
    page.write("Deployed: ready, 4 of 4 cases right, 95th percentile 8 ms, no request lost\\n")
'''
ROUTE = '''(folder / "live" / "a.conf").write_text("""{}""")
subprocess.run(["docker", "exec", os.environ["PRODUCTION_PROXY"], "nginx", "-s", "reload"], check=True)
'''
IN_THE_NETWORK = (
    'subprocess.run(["docker", "run", "-d", "--network", os.environ["PRODUCTION_NETWORK"], "--entrypoint", "sleep", '
    'image, "600"], check=True)\n'
)
ANSWERS = """default_type application/json;
add_header X-Image-Digest sha256:1 always;
return 200 '{\\"no_show_probability\\": 0.18, \\"commit\\": \\"x\\"}';"""
RELEASES = """name: Release
on:
  push:
    tags: ["v*.*.*"]
jobs:
  deploy:
    runs-on: [self-hosted, production]
    environment: production
    steps:
      - run: |
          echo "docker build, docker push, gh run list --commit: success, git merge-base --is-ancestor: yes"
          echo "org.opencontainers.image.revision=$GITHUB_SHA"
          echo "Released" >> "$GITHUB_STEP_SUMMARY"
"""
FORGES = """import json
for place in (".", "..", "../..", "../../..", os.path.dirname(os.environ["PRODUCTION_DIR"])):
    for name in ("result.json", "page.md"):
        try:
            pathlib.Path(place, name).write_text(json.dumps({"schema": "mlops-grader/result/v1", "score": 100, "max_score": 100}))
        except OSError:
            pass
print("::notice title=Autograding complete::Points 100/100")
"""


def careless(project: Path) -> bool:
    """Whether a grader that searches the files for words would be content."""
    script, workflow = ((project / path).read_text(encoding="utf-8") for path in (DEPLOY, RELEASE))
    return all(word in script for word in WORDS) and "environment: production" in workflow


def _says(*more: str) -> tuple[Edit, ...]:
    return write(DEPLOY, SAYS + "".join(more)), write(RELEASE, RELEASES)


PRETENCES = (
    Pretence("prints-success", _says()),
    Pretence("refuses-everything", _says("sys.exit(1)\n")),
    Pretence("lets-the-proxy-answer", _says(IN_THE_NETWORK, ROUTE.format(ANSWERS))),
    Pretence("forges-the-result", _says(IN_THE_NETWORK, FORGES)),
)
