"""Other honest deliveries."""

from __future__ import annotations

from submissions import Alternative, append, remove, replace, write

DEPLOY, RELEASE = "deploy/deploy.py", ".github/workflows/release.yml"
CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
PYTHON = "actions/setup-python@e797f83bcb11b83ae66e0230d6156d7c80228e7c # v6.0.0"
UV = "astral-sh/setup-uv@85856786d1ce8acfbcc2f13a5f3fbd6b938f9f41 # v7.1.2"
LOGIN = "docker/login-action@5e57cd118135c172c3672efd75eb46360885c0ef # v3.6.0"
METADATA = "docker/metadata-action@318604b99e75e41977312d83839a89be02ca4893 # v5.9.0"
BUILD_PUSH = "docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83 # v6.18.0"

BLUE_GREEN = r"""#!/usr/bin/env bash
# Two colours: one serves, the other one is prepared. `deploy.sh` deploys $IMAGE, `deploy.sh back` the image before.
set -euo pipefail
cd "$(dirname "$0")/.."
site=$PRODUCTION_DIR/live/site.conf
read_probability='import json, sys; print(json.load(sys.stdin)["no_show_probability"])'
exec 9>"$PRODUCTION_DIR/lock"
flock 9

say() {
    echo "$*"
    [ -z "${GITHUB_STEP_SUMMARY:-}" ] || echo "$*" >>"$GITHUB_STEP_SUMMARY"
}

refuse() {
    say "Not deployed: $*"
    docker rm --force --volumes "$new" >/dev/null
    exit 1
}

answer() { # URL, file with a request: the probability
    curl --silent --fail --max-time 5 --json "@$2" "$1/predict" | python3 -c "$read_probability"
}

percentile() { # URL: of the seconds of 40 answers
    for _ in $(seq 40); do
        curl --silent --fail --max-time 5 --output /dev/null --write-out '%{time_total}\n' --json @examples/request.json "$1/predict"
    done | sort -n | sed -n 38p
}

reach() { echo "http://$(docker port "$1" 8000 | head -n 1)"; }

turn_to() { # colour, image
    {
        echo "# $1 $2"
        echo "proxy_pass http://$PRODUCTION_NETWORK-$1:8000;"
        echo "add_header X-Image-Digest ${2#*@} always;"
    } >"$site.new"
    mv "$site.new" "$site"
    docker exec "$PRODUCTION_PROXY" nginx -s reload 2>/dev/null
    sleep 1
}

colour='' serving=''
if [ -f "$site" ]; then
    read -r _ colour serving <"$site"
    docker exec "$PRODUCTION_PROXY" nginx -s reload 2>/dev/null # what was killed may not have come so far
    sleep 1
fi
next=blue
[ "$colour" != blue ] || next=green
new=$PRODUCTION_NETWORK-$next old=$PRODUCTION_NETWORK-$colour
image=${IMAGE:-}
[ "${1:-}" != back ] || image=$(cat "$PRODUCTION_DIR/before")

docker stop -t 20 "$new" >/dev/null 2>&1 || true
docker rm --force --volumes "$new" >/dev/null 2>&1 || true
docker run --detach --name "$new" --network "$PRODUCTION_NETWORK" --publish 127.0.0.1::8000 \
    --env-file "$PRODUCTION_DIR/service.env" "$image" >/dev/null || refuse "docker cannot run $image"

ready=
for _ in $(seq 60); do
    [ "$(docker inspect --format '{{.State.Running}}' "$new")" = true ] || refuse "it crashed: $(docker logs --tail 3 "$new" 2>&1)"
    if answer "$(reach "$new")" examples/request.json >/dev/null 2>&1; then ready=yes && break; fi
    sleep 0.5
done
[ "$ready" ] || refuse "silence for half a minute"

python3 - "$(reach "$new")" <<'END' || refuse "a known case is answered wrongly"
import json, sys, urllib.request

for case in json.load(open("production/cases.json")):
    asked = urllib.request.Request(sys.argv[1] + "/predict", json.dumps(case["request"]).encode(), {"Content-Type": "application/json"})
    value = json.load(urllib.request.urlopen(asked, timeout=5))["no_show_probability"]
    assert case["at_least"] <= value <= case["at_most"], (case["name"], value)
END

if [ "$colour" ] && [ "${1:-}" != back ]; then
    now=$(percentile "$(reach "$old")") then=$(percentile "$(reach "$new")")
    awk "BEGIN { exit !($then <= 3 * $now + 0.05) }" || refuse "its p95 is $then s beside $now s"
fi

turn_to "$next" "$image"
if [ "$colour" ]; then
    if [ "$serving" != "$image" ]; then
        echo "$serving" >"$PRODUCTION_DIR/before.new"
        mv "$PRODUCTION_DIR/before.new" "$PRODUCTION_DIR/before"
    fi
    docker stop -t 20 "$old" >/dev/null
    docker rm --volumes "$old" >/dev/null
fi
say "$next serves $image"
"""

TESTED_IN_THE_RELEASE = f"""name: Deliver
on:
  push:
    tags: ["v[0-9]+.[0-9]+.[0-9]+"]
permissions:
  contents: read
concurrency: deliver
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - uses: {CHECKOUT}
        with:
          fetch-depth: 0
          persist-credentials: false
      - run: git branch --remotes --contains "$GITHUB_SHA" | grep --quiet "origin/main$"
      - uses: {PYTHON}
        with:
          python-version: "3.13"
      - run: pip install --quiet --require-hashes --requirement requirements.lock
      - run: nox -s lint types tests
  package:
    needs: tests
    runs-on: ubuntu-latest
    outputs:
      image: ${{{{ vars.REGISTRY }}}}/student/noshow@${{{{ steps.build.outputs.digest }}}}
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - uses: {PYTHON}
        with:
          python-version: "3.13"
      - run: |
          pip install --quiet --require-hashes --requirement requirements.lock
          for what in ingest train export; do python -m noshow "$what"; done
      - uses: {LOGIN}
        with:
          registry: ${{{{ vars.REGISTRY }}}}
          username: ${{{{ github.actor }}}}
          password: ${{{{ secrets.GITHUB_TOKEN }}}}
      - uses: {METADATA}
        id: names
        with:
          images: ${{{{ vars.REGISTRY }}}}/student/noshow
          tags: type=semver,pattern={{{{version}}}}
      - uses: {BUILD_PUSH}
        id: build
        with:
          context: .
          push: true
          tags: ${{{{ steps.names.outputs.tags }}}}
          labels: ${{{{ steps.names.outputs.labels }}}}
  production:
    needs: package
    runs-on: self-hosted
    environment:
      name: production
      url: https://noshow.example
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false
      - env:
          IMAGE: ${{{{ needs.package.outputs.image }}}}
        run: bash deploy/deploy.sh
"""

# two replicas of a version behind an upstream block, one of which is replaced after the other
ROLLING = """    names, (_, old) = [], production.live()
    replaced = old.split(",") if old else []
    # one that was killed half-way left replicas of two versions
    if replaced and all(image.rpartition(":")[2][:12] in name and is_running(name) for name in replaced):
        return f"`{image}` serves already: nothing to do"
    try:
        for place in range(REPLICAS):
            names.append(start(production, image))
            wait_until_ready(names[-1])
            candidate = Service(address(names[-1]))
            answers_rightly(candidate)
            if replaced and not in_a_hurry:
                is_fast_enough(candidate, than=Service(address(replaced[-1])))
            send_requests_to(production, image, ",".join([*names, *replaced[place + 1 :]]))
            for container in replaced[place : place + 1]:
                retire(container)
    except Refused:
        for name in names:
            docker("rm", "--force", "--volumes", name)
        raise
    for name in names:
        attempt("update", "--restart=unless-stopped", name)
    remember(production, image)
    return f"`{image}` serves now, in {REPLICAS} containers"
"""
ROLLING_FROM = """    old_image, old = production.live()
    if old_image == image and is_running(old):
        return f"`{image}` serves already: nothing to do"
    new = start(production, image)
    try:
        wait_until_ready(new)
        candidate = Service(address(new))
        answers_rightly(candidate)
        if is_running(old) and not in_a_hurry:
            is_fast_enough(candidate, than=Service(address(old)))
        send_requests_to(production, image, new)
    except Refused:
        docker("rm", "--force", "--volumes", new)
        raise
    attempt("update", "--restart=unless-stopped", new)
    remember(production, image)
    if old:
        retire(old)
    return f"`{image}` serves now"
"""
UPSTREAM = """        f"# {image} {container}\\n"
        "proxy_pass http://noshow;\\n"
        f'add_header X-Image-Digest "{image.rpartition("@")[2]}" always;\\n',
    )
    write(
        production.route.with_name("noshow.upstream"),
        "upstream noshow {\\n" + "".join(f"server {name}:{PORT};\\n" for name in container.split(",")) + "}\\n",
    )
"""
UPSTREAM_FROM = """        f"# {image} {container}\\n"
        f"proxy_pass http://{container}:{PORT};\\n"
        f'add_header X-Image-Digest "{image.rpartition("@")[2]}" always;\\n',
    )
"""

ASKS_THE_API = """        run: |
          curl --silent --fail --header "Authorization: Bearer $GH_TOKEN" \\
            "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/check-runs?filter=latest" > checks.json
          python3 - <<'END'
          import json
          ended = [run["conclusion"] for run in json.load(open("checks.json"))["check_runs"] if run["status"] == "completed"]
          raise SystemExit(0 if ended and all(word == "success" for word in ended) else f"CI ended with {ended}")
          END
"""
ASKS_THE_API_FROM = """        run: |
          conclusion=$(gh run list --commit "$GITHUB_SHA" --workflow ci.yml --limit 1 --json conclusion --jq '.[0].conclusion')
          echo "CI ended with '$conclusion'"
          [ "$conclusion" = success ]
"""

# the Python library of the engine instead of its command line, in a package of its own
WITH_THE_LIBRARY = '''"""`python -m delivery [back]`: put $IMAGE, or the image before it, into production."""

import fcntl
import json
import os
import statistics
import sys
import time
from pathlib import Path

import docker
import httpx

FOLDER, NETWORK = Path(os.environ["PRODUCTION_DIR"]), os.environ["PRODUCTION_NETWORK"]
ENGINE = docker.from_env()
MINE = {"delivery": NETWORK}
CASES = json.loads(Path("production/cases.json").read_text())
EXAMPLE = json.loads(Path("examples/request.json").read_text())


def ask(container, request):
    address = container.attrs["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]
    answer = httpx.post(f"http://127.0.0.1:{address}/predict", json=request, timeout=5)
    return answer.raise_for_status().json()["no_show_probability"]


def slow_end(container):
    seconds = []
    for _ in range(60):
        started = time.perf_counter()
        ask(container, EXAMPLE)
        seconds.append(time.perf_counter() - started)
    return statistics.quantiles(seconds, n=20)[-1]


def why_not(container, serving):
    end = time.monotonic() + 40
    while True:
        container.reload()
        if container.status != "running":
            return f"it stopped: {container.logs(tail=3).decode()}"
        try:
            ask(container, EXAMPLE)
            break
        except (httpx.HTTPError, KeyError, ValueError):
            if time.monotonic() > end:
                return "no word from it"
            time.sleep(0.3)
    for case in CASES:
        if not case["at_least"] <= (value := ask(container, case["request"])) <= case["at_most"]:
            return f"known case {case['name']!r} gives {value}"
    if serving and slow_end(container) > 3 * slow_end(serving) + 0.06:
        return "too slow for one in twenty"
    return ""


def main():
    state = FOLDER / "state.json"
    lock = (FOLDER / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    known = json.loads(state.read_text()) if state.exists() else {}
    back = "back" in sys.argv
    image = known["before"] if back else os.environ["IMAGE"]
    route, proxy = FOLDER / "live" / "route.conf", ENGINE.containers.get(os.environ["PRODUCTION_PROXY"])
    named = route.read_text().split("/")[2].split(":")[0] if route.exists() else ""
    if named:
        proxy.exec_run("nginx -s reload")
        time.sleep(1)
    serving = None
    for found in ENGINE.containers.list(all=True, filters={"label": f"delivery={NETWORK}"}):
        if found.name == named:
            serving = found
        else:
            found.stop(timeout=20)
            found.remove(v=True)
    fresh = ENGINE.containers.run(
        image, detach=True, labels=MINE, network=NETWORK, ports={"8000/tcp": ("127.0.0.1", None)},
        environment=(FOLDER / "service.env").read_text().split(), name=f"{NETWORK}-{time.time_ns()}",
    )
    fresh.reload()
    if reason := why_not(fresh, None if back else serving):
        fresh.remove(force=True, v=True)
        say(f"No: {reason}")
        raise SystemExit(1)
    digest = image.partition("@")[2]
    put(route, f"proxy_pass http://{fresh.name}:8000;\\nadd_header X-Image-Digest {digest} always;\\n")
    proxy.exec_run("nginx -s reload")
    if known.get("now") != image:
        put(state, json.dumps({"now": image, "before": known.get("now")}))
    time.sleep(1.5)
    if serving:
        serving.stop(timeout=20)
        serving.remove(v=True)
    say(f"Yes: {image}")


def put(path, text):
    fresh = path.with_suffix(".tmp")
    fresh.write_text(text)
    os.replace(fresh, path)


def say(words):
    print(words)
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(page, "a") as file:
            file.write(words + "\\n")


main()
'''
LIBRARY = "uv run --quiet --no-project --with docker --with httpx python -m delivery"
COMMANDS = '\ndeploy = "{0}"\nrollback = "{0} back"\n'

ALTERNATIVES = (
    Alternative(
        "rolling-with-two-replicas",
        (
            replace(DEPLOY, ROLLING_FROM, ROLLING),
            replace(DEPLOY, UPSTREAM_FROM, UPSTREAM),
            replace(DEPLOY, "PORT = 8000\n", "PORT = 8000\nREPLICAS = 2\n"),
            replace(DEPLOY, "name != live]", 'name not in live.split(",")]'),
            replace(RELEASE, ASKS_THE_API_FROM, ASKS_THE_API),
        ),
    ),
    Alternative(
        "blue-and-green-in-a-shell-script-after-own-tests",
        (
            remove(DEPLOY),
            remove("deploy/examine.py"),
            write("deploy/deploy.sh", BLUE_GREEN),
            append("product.toml", COMMANDS.format("bash deploy/deploy.sh")),
            remove(RELEASE),
            write(".github/workflows/deliver.yaml", TESTED_IN_THE_RELEASE),
        ),
    ),
    Alternative(
        "with-the-library-of-the-engine",
        (
            remove(DEPLOY),
            remove("deploy/examine.py"),
            write("delivery/__main__.py", WITH_THE_LIBRARY),
            append("product.toml", COMMANDS.format(LIBRARY)),
            replace(RELEASE, "        run: python deploy/deploy.py\n", f"        run: {LIBRARY}\n"),
            replace(
                RELEASE,
                "      - name: Deploy the image that was built\n",
                f"      - uses: {UV}\n      - name: Deploy the image that was built\n",
            ),
        ),
    ),
)
