"""Production: it starts, is reset, runs the project's commands, and leaves nothing behind."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from mlops_grader.check import Fail, NotRun
from mlops_grader.instruments import production as productions
from mlops_grader.instruments.docker_engine import LABEL, Engine
from mlops_grader.instruments.product import Product
from mlops_grader.instruments.production import HERE, Production
from mlops_grader.instruments.sandbox import HostSandbox
from mlops_grader.submission import Submission

GIVEN = Path(__file__).parents[3] / "templates/m08_delivery/{{cookiecutter.repo_name}}/production"
DEPLOY = """import os, pathlib, subprocess, sys, time
if "slow" in sys.argv:
    time.sleep(300)
if "bad" in sys.argv:
    print("it is refused")
    pathlib.Path(os.environ["GITHUB_STEP_SUMMARY"]).write_text("refused")
    raise SystemExit(1)
folder, network = pathlib.Path(os.environ["PRODUCTION_DIR"]), os.environ["PRODUCTION_NETWORK"]
subprocess.run(["docker", "run", "-d", "--network", network, "--name", network + "-a", os.environ["IMAGE"]], check=True)
(folder / "live" / "a.conf").write_text(f"proxy_pass http://{network}-a:8000;")
subprocess.run(["docker", "exec", os.environ["PRODUCTION_PROXY"], "nginx", "-s", "reload"], check=True)
time.sleep(1)
"""
TOML = 'name = "noshow"\n[commands]\ndeploy = "{python} deploy.py {how}"\nrollback = ""\n'

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module")
def image(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service that answers every GET."""
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(
        'FROM python:3.13-slim\nWORKDIR /srv\nCMD ["python", "-m", "http.server", "8000"]\n'
    )
    return engine.build(folder, folder / "Dockerfile", "delivered")


@pytest.fixture
def make(
    engine: Engine, project: Callable[..., Path], snap: Callable[..., Submission], sandbox: HostSandbox, tmp_path: Path
) -> Callable[..., Product]:
    """A product whose deploy command behaves in a way."""

    def product(how: str = "") -> Product:
        toml = TOML.format(python=sys.executable, how=how)
        submission = snap(project({"product.toml": toml, "deploy.py": DEPLOY}, name=f"project-{how}"))
        environment = cast("Any", SimpleNamespace(variables=dict))
        return Product(submission, environment, sandbox, submission.contract())

    return product


@pytest.fixture
def production(engine: Engine, make: Callable[..., Product], tmp_path: Path) -> Iterator[Production]:
    """Production for a product whose deploy command works."""
    (tmp_path / "place").mkdir()
    with productions.production(engine, make(), tmp_path / "place") as production:
        yield production


def test_a_version_is_deployed_and_looked_at(production: Production, image: Any) -> None:
    """The command gets the image by its digest; the container, its digest and the registry are what they are."""
    name = production.push(image, "first")
    production.deploy(name).must_succeed("it fails")
    assert production.client.get("/").status_code == 200
    digest = name.partition("@")[2]
    assert (production.digests(), production.has(digest)) == ({digest}, True)
    assert production.repositories() == {"noshow": ["first"]}
    assert [handle.name for handle in production.serving()] == [f"{production.name}-a"]
    assert (production.route_is_valid(), production.has("sha256:" + 64 * "0")) == ("", False)


def test_reset_is_the_first_day(production: Production, image: Any) -> None:
    """Containers, routes and notes of deployments go; settings and the images of the registry stay."""
    name, settings = production.push(image, "first"), production.settings()
    production.deploy(name).must_succeed("it fails")
    (production.folder / "notes").mkdir()
    production.reset()
    assert (production.containers(), list((production.folder / "live").iterdir())) == ([], [])
    assert sorted(path.name for path in production.folder.iterdir()) == ["live", "service.env", "variables.json"]
    assert (production.settings(), production.repositories()) == (settings, {"noshow": ["first"]})


def test_a_broken_route_is_told(production: Production) -> None:
    """What the proxy would not start with is said in its words."""
    (production.folder / "live" / "a.conf").write_text("proxy_pass http://nobody-there:8000;")
    assert "host not found" in production.route_is_valid()


def test_nothing_is_left(engine: Engine, make: Callable[..., Product], image: Any, tmp_path: Path) -> None:
    """Containers, the network and the folder go with the context, also when it ends in an error."""
    (tmp_path / "place").mkdir()
    with suppress(ZeroDivisionError), productions.production(engine, make(), tmp_path / "place") as production:
        production.deploy(production.push(image, "first")).must_succeed("it fails")
        raise ZeroDivisionError
    left: dict[str, Any] = {"label": f"{LABEL}={engine.run}"}
    assert engine.api.containers.list(all=True, filters=left) == []
    assert engine.api.networks.list(names=[production.name]) == []
    assert not production.folder.exists()


def test_a_refusal_is_told_with_its_page(engine: Engine, make: Callable[..., Product], tmp_path: Path) -> None:
    """Exit code, output and page of the run are kept; who wanted success reads them."""
    (tmp_path / "place").mkdir()
    with productions.production(engine, make("bad"), tmp_path / "place") as production:
        deployment = production.deploy("localhost/noshow@sha256:1")
    assert (deployment.done.ok, deployment.page) == (False, "refused")
    with pytest.raises(Fail, match=r"the first version: .*exit code 1\nit is refused"):
        deployment.must_succeed("the first version")


def test_a_deployment_is_killed_with_its_context(engine: Engine, make: Callable[..., Product], tmp_path: Path) -> None:
    """What still runs at the end of the context ends there."""
    (tmp_path / "place").mkdir()
    with productions.production(engine, make("slow"), tmp_path / "place") as production:
        started = time.monotonic()
        with production.deploying("localhost/noshow@sha256:1") as running:
            time.sleep(0.5)
            assert running.poll() is None
        assert running.poll() is not None
    assert time.monotonic() - started < 60


def test_without_its_images_nothing_is_graded(
    engine: Engine, make: Callable[..., Product], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that cannot start production says so: not run, never failed."""
    answer = SimpleNamespace(returncode=1, stderr="error: no such image\n")
    monkeypatch.setattr(productions, "_machine", lambda *_: answer)
    with pytest.raises(NotRun, match="no such image"), productions.production(engine, make(), tmp_path):
        pass


@pytest.mark.parametrize("name", productions.GIVEN)
def test_the_project_holds_the_production_that_grades(name: str) -> None:
    """What students start is what the grader starts."""
    assert (GIVEN / name).read_bytes() == (HERE / name).read_bytes()
