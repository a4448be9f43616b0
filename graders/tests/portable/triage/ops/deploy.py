"""Puts $IMAGE into production, or, with `back`, the image before it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

folder, network, proxy = (os.environ[f"PRODUCTION_{name}"] for name in ("DIR", "NETWORK", "PROXY"))
route, state = Path(folder, "live", "triage.conf"), Path(folder, "state.json")
known = json.loads(state.read_text()) if state.exists() else {"image": "", "container": "", "before": ""}


def docker(*words, check=True):
    return subprocess.run(["docker", *words], check=check, capture_output=True, text=True).stdout.strip()


def answers(container):
    code = "import urllib.request as u; u.urlopen('http://127.0.0.1:8137/readyz', timeout=2)"
    return subprocess.run(["docker", "exec", container, "python", "-c", code], capture_output=True, check=False).returncode == 0


def wait(container):
    for _ in range(60):
        if docker("inspect", "--format", "{{.State.Running}}", container) != "true":
            return False
        if answers(container):
            return True
        time.sleep(0.25)
    return False


image = known["before"] if sys.argv[1:] == ["back"] else os.environ["IMAGE"]
name = f"triage-{uuid.uuid4().hex[:8]}"
env = str(Path(folder, "service.env"))
docker("run", "--detach", f"--name={name}", f"--network={network}", "--env-file", env, image)
if not wait(name):
    docker("rm", "--force", name)
    sys.exit(f"{image} does not become ready, and is not deployed")
digest = image.rpartition("@")[2]
new = route.with_suffix(".new")
new.write_text(f"proxy_pass http://{name}:8137;\nadd_header X-Image-Digest {digest} always;\n")
new.replace(route)
docker("exec", proxy, "nginx", "-s", "reload")
time.sleep(2)
if known["container"]:
    docker("stop", "--time", "10", known["container"], check=False)
    docker("rm", "--force", known["container"], check=False)
state.write_text(json.dumps({"image": image, "container": name, "before": known["image"]}))
