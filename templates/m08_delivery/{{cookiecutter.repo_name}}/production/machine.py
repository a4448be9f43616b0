"""Production on your own machine: a registry, a proxy on one port, and a network between them.

    python production/machine.py up       starts it, and says which variables lead to it
    python production/machine.py env      says the variables once more
    python production/machine.py down     removes it, with all that was deployed

It stands alone: Python and a docker client are all that it needs.
"""

import argparse
import json
import secrets
import shutil
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

HERE = Path(__file__).resolve().parent
NGINX, REGISTRY = "nginx:stable", "registry:3"
STARTING_SECONDS = 30


def up(options: argparse.Namespace) -> int:
    """Start the network, the registry and the proxy, and make the folder that deployments write to."""
    if _docker("network", "inspect", options.name, check=False).returncode == 0:
        sys.stderr.write(f"error: {options.name} is up already; python production/machine.py down removes it\n")
        return 1
    folder = options.folder.resolve()
    (folder / "live").mkdir(parents=True, exist_ok=True)
    # what the service is told in production: a setting, and a secret that stands in no repository and no image
    settings = f"LOG_LEVEL=WARNING\nCLINIC_KEY={secrets.token_hex(16)}\n"
    _write_private(folder / "service.env", settings)
    labels = [word for label in options.label for word in ("--label", label)]
    try:
        _docker("network", "create", *labels, options.name)
        run = ("run", "--detach", "--restart=unless-stopped", *labels)
        _docker(*run, f"--name={options.name}-registry", f"--publish=127.0.0.1:{options.registry_port}:5000", REGISTRY)
        _docker(
            *run, f"--name={options.name}-proxy", f"--network={options.name}", "--stop-signal=SIGQUIT",
            f"--publish=127.0.0.1:{options.port}:80", f"--volume={HERE / 'nginx.conf'}:/etc/nginx/nginx.conf:ro",
            f"--volume={folder / 'live'}:/etc/nginx/live:ro", NGINX,
        )  # fmt: skip
        _await(options.registry_port)
        _await(options.port)
    except (subprocess.CalledProcessError, TimeoutError) as error:
        sys.stderr.write(f"error: {getattr(error, 'stderr', None) or error}\n")
        down(options)
        return 1
    known = {
        "PRODUCTION_DIR": str(folder),
        "PRODUCTION_NETWORK": options.name,
        "PRODUCTION_PROXY": f"{options.name}-proxy",
        "PRODUCTION_URL": f"http://127.0.0.1:{options.port}",
        "REGISTRY": f"localhost:{options.registry_port}",
    }
    (folder / "variables.json").write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    return env(options)


def env(options: argparse.Namespace) -> int:
    """Print the variables as a shell reads them."""
    try:
        known = json.loads((options.folder / "variables.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.stderr.write("error: production is not up; start it with python production/machine.py up\n")
        return 1
    sys.stdout.writelines(f"export {name}='{value}'\n" for name, value in known.items())
    return 0


def down(options: argparse.Namespace) -> int:
    """Remove every container of the network, the registry with its images, the network and the folder."""
    named = _docker("ps", "--all", "--quiet", "--no-trunc", f"--filter=network={options.name}", check=False).stdout
    registry = _docker("ps", "--all", "--quiet", "--no-trunc", f"--filter=name=^{options.name}-registry$", check=False)
    if containers := [*named.split(), *registry.stdout.split()]:
        _docker("rm", "--force", "--volumes", *containers, check=False)
    _docker("network", "rm", options.name, check=False)
    shutil.rmtree(options.folder, ignore_errors=True)
    return 0


def _docker(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=check)


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _await(port: int) -> None:
    """Wait until something answers HTTP there, be it with an error. Raises TimeoutError."""
    end = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < end:
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/v2/")
            connection.getresponse()
        except (OSError, HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(f"port {port} does not answer after {STARTING_SECONDS} s")


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Production on your own machine.")
    parser.add_argument("command", choices=("up", "env", "down"))
    parser.add_argument("--name", default="noshow-production", help="of the network, and the beginning of other names")
    parser.add_argument("--folder", type=Path, default=HERE / "state", help="where deployments write")
    parser.add_argument("--port", type=int, default=8080, help="on which production answers")
    parser.add_argument("--registry-port", type=int, default=5001, help="on which the registry answers")
    parser.add_argument("--label", action="append", default=[], help="for all that is made")
    options = parser.parse_args()
    return {"up": up, "env": env, "down": down}[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
