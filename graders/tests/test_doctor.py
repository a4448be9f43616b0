"""What the doctor finds on invented systems, says about it and does."""

import io
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import pytest
from rich.console import Console

from mlops_grader import doctor
from mlops_grader.doctor import containers, install, machine, network, programs, start, windows
from mlops_grader.doctor.examination import examine
from mlops_grader.doctor.finding import NEEDS, Finding, lacking
from mlops_grader.doctor.report import show
from mlops_grader.doctor.system import Family, System, family_of, install_command, wsl_version

shell_scripts = pytest.mark.skipif(os.name == "nt", reason="the invented programs are shell scripts")

DEBIAN = System(Family.DEBIAN, root=True)
UBUNTU_USER = System(Family.DEBIAN, systemd=True)
FEDORA = System(Family.FEDORA, systemd=True)
MACOS = System(Family.MACOS)
WINDOWS = System(Family.WINDOWS)
WSL2 = System(Family.DEBIAN, wsl=2)

GIB = 1024**3


@pytest.fixture
def programs_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is the whole search path, for invented programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def fake(folder: Path, name: str, script: str) -> Path:
    """An invented program."""
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    program.chmod(0o755)
    return program


def fake_docker(folder: Path, info: dict[str, object], code: int = 0) -> Path:
    """A Docker 20 client whose engine says `info`."""
    said = json.dumps(info)
    return fake(
        folder,
        "docker",
        f"[ \"$1\" = info ] && {{ echo '{said}'; exit {code}; }}\necho Docker version 20.10.24, build 1",
    )


# systems


@pytest.mark.parametrize(
    ("name", "os_release", "family"),
    [
        ("Linux", 'NAME="Debian GNU/Linux"\nID=debian\n', Family.DEBIAN),
        ("Linux", "ID=ubuntu\nID_LIKE=debian\n", Family.DEBIAN),
        ("Linux", 'ID=pop\nID_LIKE="ubuntu debian"\n', Family.DEBIAN),
        ("Linux", "ID=fedora\n", Family.FEDORA),
        ("Linux", 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', Family.FEDORA),
        ("Linux", "ID=arch\nVERSION_ID=debian\n", Family.OTHER),
        ("Linux", "", Family.OTHER),
        ("Darwin", "", Family.MACOS),
        ("Windows", "", Family.WINDOWS),
    ],
)
def test_systems_are_told_apart(name: str, os_release: str, family: Family) -> None:
    assert family_of(name, os_release) is family


@pytest.mark.parametrize(
    ("kernel", "version"),
    [
        ("4.4.0-19041-Microsoft", 1),
        ("5.15.153.1-microsoft-standard-WSL2", 2),
        ("6.8.0-45-generic", None),
    ],
)
def test_the_kernel_tells_the_version_of_wsl(kernel: str, version: int | None) -> None:
    assert wsl_version(kernel) == version


@pytest.mark.parametrize(
    ("system", "command"),
    [
        (DEBIAN, "apt-get install git"),
        (UBUNTU_USER, "sudo apt-get install git"),
        (FEDORA, "sudo dnf install git"),
        (MACOS, "brew install git"),
        (WINDOWS, "winget install Git.Git"),
        (System(Family.OTHER), "install git with the package manager of this system"),
    ],
)
def test_the_command_is_that_of_the_system(system: System, command: str) -> None:
    assert install_command(system, "git") == command


# programs


@pytest.mark.parametrize(("version", "ok"), [((3, 10, 14), False), ((3, 11, 0), True), ((3, 13, 2), True)])
def test_python_is_at_least_3_11(version: tuple[int, int, int], ok: bool) -> None:
    assert programs.python(version).ok is ok


@shell_scripts
def test_a_program_says_its_version(programs_folder: Path) -> None:
    fake(programs_folder, "git", "echo git version 2.39.5")
    expected = Finding("git", "2.39.5", "any version", ok=True)
    assert programs.program("git", DEBIAN, str(programs_folder)) == expected


def test_a_program_that_is_not_there_is_to_be_installed(programs_folder: Path) -> None:
    expected = Finding("uv", "not on PATH", "any version", ok=False, mend="brew install uv")
    assert programs.program("uv", MACOS, str(programs_folder)) == expected


@shell_scripts
def test_any_chromium_will_do_as_a_browser(programs_folder: Path) -> None:
    assert not programs.browser(DEBIAN, str(programs_folder)).ok
    fake(programs_folder, "google-chrome", "exit 0")
    assert programs.browser(DEBIAN, str(programs_folder)).ok


@shell_scripts
def test_a_program_that_does_not_start_counts_as_missing(programs_folder: Path) -> None:
    git = fake(programs_folder, "git", "exit 1")
    finding = programs.program("git", DEBIAN, str(programs_folder))
    assert (finding.ok, finding.found) == (False, f"`{git}` does not start")


# container engine


@shell_scripts
def test_an_engine_says_what_it_is(tmp_path: Path) -> None:
    client = fake_docker(tmp_path, {"ServerVersion": "28.2.2", "DockerRootDir": "/srv/docker", "MemTotal": 8 * GIB})
    assert containers.ask(client) == containers.Engine("28.2.2", Path("/srv/docker"), 8 * GIB)


@shell_scripts
@pytest.mark.parametrize("code", [0, 1])
def test_an_answer_without_a_server_is_no_engine_whatever_the_exit_code(tmp_path: Path, code: int) -> None:
    client = fake_docker(tmp_path, {"ServerErrors": ["Cannot connect"], "ServerVersion": ""}, code)
    assert containers.ask(client) == containers.NoAnswer("Cannot connect")


@shell_scripts
def test_an_engine_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(containers, "ANSWER_SECONDS", 0.2)
    assert containers.ask(fake(tmp_path, "docker", "exec sleep 20")) == containers.NoAnswer("no answer within 0.2 s")


@pytest.mark.parametrize(
    ("reason", "system", "mend"),
    [
        ("permission denied while trying", UBUNTU_USER, "sudo usermod -aG docker $USER, then log out and in again"),
        ("Cannot connect", UBUNTU_USER, "sudo systemctl start docker"),
        ("Cannot connect", DEBIAN, "nox -s doctor -- --install"),
        ("Cannot connect", MACOS, "open -a Docker"),
        ("Cannot connect", WINDOWS, "start Docker Desktop"),
    ],
)
def test_the_mend_fits_the_reason_and_the_system(reason: str, system: System, mend: str) -> None:
    finding = containers.engine_finding(Path("docker"), containers.NoAnswer(reason), system)
    assert (finding.ok, finding.mend) == (False, mend)


def test_without_a_client_the_engine_is_to_be_installed() -> None:
    finding = containers.engine_finding(None, None, FEDORA)
    assert (finding.found, finding.mend) == (
        "no `docker` on PATH",
        "sudo dnf install moby-engine docker-cli docker-buildx",
    )


def test_in_wsl_docker_desktop_is_the_other_way() -> None:
    assert "WSL integration" in containers.engine_finding(None, None, WSL2).mend


def test_clients_that_do_not_build_are_named() -> None:
    finding = containers.buildkit_finding(None, [Path("/opt/docker")], FEDORA)
    assert (finding.ok, finding.mend) == (False, "sudo dnf install docker-buildx")
    assert finding.found == f"{Path('/opt/docker')}: no buildx plugin"


# machine


@pytest.mark.parametrize(("free", "ok"), [(5 * GIB - 1, False), (5 * GIB, True)])
def test_five_gigabytes_of_disk_are_wanted(tmp_path: Path, free: int, ok: bool) -> None:
    assert machine.disk("images", tmp_path, free).ok is ok


def test_disk_is_looked_up_where_the_engine_keeps_images_only_if_that_is_here(tmp_path: Path) -> None:
    here, elsewhere = (containers.Engine("28", place, 0) for place in (tmp_path, tmp_path / "in-a-virtual-machine"))
    assert list(machine.places(here)) == ["temporary files", "images"]
    assert list(machine.places(elsewhere)) == ["temporary files"]


@pytest.mark.parametrize(("inside", "found"), [(2 * GIB, "2.0 GiB"), (16 * GIB, "8.0 GiB")])
def test_memory_is_the_smaller_of_machine_and_virtual_machine(inside: int, found: str) -> None:
    assert machine.memory(8 * GIB, containers.Engine("28", Path("/"), inside)).found == found


def test_too_little_memory_of_the_virtual_machine_is_mended_there() -> None:
    finding = machine.memory(8 * GIB, containers.Engine("28", Path("/"), 2 * GIB))
    assert (finding.ok, "Docker Desktop" in finding.mend) == (False, True)


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port on which a server listens."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_port_with_a_server_is_taken(taken_port: int) -> None:
    finding = machine.port(taken_port, DEBIAN)
    assert (finding.found, finding.ok) == ("taken", False)
    assert finding.mend.startswith(f"lsof -i :{taken_port}")


def test_a_port_without_a_server_is_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        number = server.getsockname()[1]
    assert machine.port(number, DEBIAN).ok


# network


@pytest.mark.parametrize(
    ("environment", "ok"),
    [
        ({}, True),
        ({"HTTPS_PROXY": ""}, True),
        ({"HTTPS_PROXY": "http://proxy:3128"}, False),
        ({"https_proxy": "http://proxy:3128", "no_proxy": "localhost"}, False),
        ({"https_proxy": "http://proxy:3128", "NO_PROXY": "localhost, 127.0.0.1,.example.org"}, True),
        ({"HTTP_PROXY": "proxy:3128", "NO_PROXY": "*"}, True),
    ],
)
def test_a_proxy_must_leave_out_this_machine(environment: dict[str, str], ok: bool) -> None:
    assert network.proxy(environment, DEBIAN).ok is ok


@pytest.mark.parametrize("url", ["http://user:secret@proxy:3128", "user:secret@proxy:3128"])
def test_a_proxys_password_is_not_shown(url: str) -> None:
    assert network.proxy({"HTTPS_PROXY": url}, DEBIAN).found == "proxy:3128, also for this machine's own servers"


def test_what_no_proxy_named_already_stays_in_it() -> None:
    finding = network.proxy({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "intranet"}, DEBIAN)
    assert finding.mend == "export NO_PROXY=127.0.0.1,intranet,localhost"


def test_certificates_that_are_named_must_exist(tmp_path: Path) -> None:
    environment = {"SSL_CERT_FILE": str(tmp_path / "gone.pem"), "PIP_CERT": str(tmp_path)}
    finding = network.certificates(environment, DEBIAN)
    assert (finding.ok, finding.mend) == (False, "unset SSL_CERT_FILE")
    assert network.certificates(environment, WINDOWS).mend == "Remove-Item Env:SSL_CERT_FILE"


def test_certificates_that_exist_are_fine(tmp_path: Path) -> None:
    assert network.certificates({"SSL_CERT_FILE": str(tmp_path)}, DEBIAN).ok


# Windows


@pytest.mark.parametrize(("version", "ok"), [(1, False), (2, True)])
def test_wsl_1_is_not_enough(version: int, ok: bool) -> None:
    finding = windows.wsl(System(Family.DEBIAN, wsl=version))
    assert finding is not None
    assert finding.ok is ok


def test_wsl_is_no_matter_elsewhere() -> None:
    assert [windows.wsl(DEBIAN), windows.wsl(MACOS), windows.place(DEBIAN, PurePosixPath("/mnt/c/x"))] == [None] * 3


@pytest.mark.parametrize(
    ("folder", "ok"), [("/mnt/c/Users/ada/noshow", False), ("/mnt/wsl/noshow", True), ("/home/ada/mnt/c", True)]
)
def test_a_project_does_not_lie_on_the_windows_disk(folder: str, ok: bool) -> None:
    finding = windows.place(WSL2, PurePosixPath(folder))
    assert finding is not None
    assert finding.ok is ok


@pytest.mark.parametrize(
    ("value", "ok"), [("true", False), ("True", False), ("input", True), ("false", True), ("", True)]
)
def test_git_must_not_turn_line_endings_round(value: str, ok: bool) -> None:
    assert windows.line_endings(value).ok is ok


def test_the_setting_is_gits_own(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "config", "core.autocrlf", "true"], check=True)
    assert windows.autocrlf(tmp_path, os.environ["PATH"]) == "true"


# examination, exit code, report


@shell_scripts
def test_a_machine_with_nothing_is_examined_without_a_traceback(programs_folder: Path, tmp_path: Path) -> None:
    findings = examine(DEBIAN, tmp_path, {"PATH": str(programs_folder)}, ["prometheus"])
    wrong = {finding.name for finding in findings if not finding.ok}
    assert wrong >= {"git", "container engine", "BuildKit", "Prometheus"}


@shell_scripts
def test_every_need_is_answered_by_a_finding(programs_folder: Path, tmp_path: Path) -> None:
    findings = examine(DEBIAN, tmp_path, {"PATH": str(programs_folder)}, list(NEEDS))
    assert {finding.name for finding in findings} >= set(NEEDS.values())


def test_all_that_is_not_as_wanted_says_what_to_do(programs_folder: Path, tmp_path: Path) -> None:
    for system in (DEBIAN, UBUNTU_USER, FEDORA, MACOS, WINDOWS, WSL2, System(Family.OTHER)):
        findings = examine(system, tmp_path, {"PATH": str(programs_folder), "HTTP_PROXY": "http://p:1"}, list(NEEDS))
        assert [finding for finding in findings if not finding.ok and not finding.mend] == []


@pytest.fixture
def _bare_machine(programs_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian with git and nothing else."""
    fake(programs_folder, "git", "echo git version 2.39.5")
    monkeypatch.setattr(doctor, "this_system", lambda: DEBIAN)


@shell_scripts
@pytest.mark.usefixtures("_bare_machine")
@pytest.mark.parametrize(("needs", "code"), [([], 0), (["git"], 0), (["engine"], 1), (["git", "buildkit"], 1)])
def test_only_what_the_module_needs_decides(needs: list[str], code: int) -> None:
    assert doctor.main(needs, install=False) == code


def test_an_unknown_need_is_an_error_of_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main(["enginee"], install=False) == 2
    assert capsys.readouterr().err.startswith("doctor: unknown need enginee; known: git, uv,")


GOOD = Finding("git", "2.39.5", "any version", ok=True)
BAD = Finding("uv", "not on PATH", "any version", ok=False, mend="pipx install uv" + " --and-more" * 10)


def shown(needs: list[str], terminal: bool) -> str:
    """The report of one good and one bad finding, 60 columns wide."""
    output = io.StringIO()
    show([GOOD, BAD], needs, Console(file=output, force_terminal=terminal, width=60, color_system=None))
    return output.getvalue()


def test_elsewhere_than_on_a_terminal_a_finding_is_a_line() -> None:
    assert shown([], terminal=False).splitlines() == [
        "ok      git: 2.39.5",
        f"warning uv: not on PATH; wanted: any version; do: {BAD.mend}",
        "",
        "Nothing that is needed is missing. Warnings: 1.",
    ]


def test_what_the_module_needs_is_missing_not_a_warning() -> None:
    assert shown(["uv"], terminal=False).splitlines()[-1] == "Missing: uv."


def test_a_command_is_never_broken_into_lines() -> None:
    assert f"    {BAD.mend}\n" in shown([], terminal=True)


def test_only_needed_findings_are_lacking() -> None:
    assert [lacking([GOOD, BAD], needs) for needs in ([], ["git"], ["uv"])] == [[], [], [BAD]]


# install and start


@pytest.mark.parametrize(
    ("wrong", "installed", "packages"),
    [
        ({"git", "uv", "disk for images"}, False, ["git"]),
        ({"container engine"}, False, ["docker.io", "docker-cli"]),
        ({"container engine"}, True, []),
        ({"BuildKit"}, True, []),
        ({"browser"}, True, ["chromium"]),
    ],
)
def test_packages_mend_what_has_a_package(wrong: set[str], installed: bool, packages: list[str]) -> None:
    assert install.packages_for(wrong, installed) == packages


@shell_scripts
def test_git_is_installed_with_apt(programs_folder: Path) -> None:
    record = programs_folder / "record"
    fake(programs_folder, "apt-get", f'echo "$@" >> {record}')
    fake(programs_folder, "apt-cache", "exit 0")
    fake(programs_folder, "env", 'shift; exec "$@"')
    said: list[str] = []
    install.install([Finding("git", "", "", ok=False)], DEBIAN, said.append)
    assert record.read_text("utf-8").splitlines() == ["-qq update", "-qq install --no-install-recommends git"]
    assert said == ["installing git with apt-get"]


@shell_scripts
def test_a_package_that_this_release_lacks_is_left_out(programs_folder: Path) -> None:
    fake(programs_folder, "apt-get", "exit 0")
    fake(programs_folder, "apt-cache", '[ "$3" = docker.io ]')
    assert install.available(["docker.io", "docker-cli"], []) == ["docker.io"]
    with pytest.raises(start.MendError, match="apt has none of docker-buildx"):
        install.available(["docker-buildx"], [])


@shell_scripts
def test_a_failed_installation_shows_what_apt_said(programs_folder: Path) -> None:
    fake(programs_folder, "env", "echo E: no space left >&2; exit 100")
    with pytest.raises(start.MendError, match="E: no space left"):
        install.install_packages(["git"], [], lambda _: None)


def test_nothing_is_done_where_nothing_is_lacking() -> None:
    install.install([GOOD, BAD], WINDOWS, pytest.fail)


def test_other_systems_are_told_to_type_the_commands() -> None:
    with pytest.raises(start.MendError, match="Debian and Ubuntu"):
        install.install([Finding("git", "", "", ok=False)], FEDORA, pytest.fail)


@shell_scripts
def test_without_the_administrator_nothing_is_installed(programs_folder: Path) -> None:
    fake(programs_folder, "sudo", "exit 1")
    with pytest.raises(start.MendError, match="sudo -v"):
        install.administrator(UBUNTU_USER)


@shell_scripts
def test_sudo_is_used_where_it_asks_no_password(programs_folder: Path) -> None:
    sudo = fake(programs_folder, "sudo", "exit 0")
    assert install.administrator(UBUNTU_USER) == [str(sudo), "-n"]


@shell_scripts
def test_a_failure_to_install_is_told_and_the_report_follows(
    programs_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "this_system", lambda: UBUNTU_USER)
    assert doctor.main(["git"], install=True) == 1
    output = capsys.readouterr()
    assert output.err.startswith("doctor: --install needs the administrator")
    assert "missing git: not on PATH" in output.out


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """The programs that were started to outlive the doctor; they end with the test."""
    processes: list[subprocess.Popen[bytes]] = []
    launch = start.launch

    def remember(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
        processes.append(launch(command, log))
        return processes[-1]

    monkeypatch.setattr(start, "launch", remember)
    yield processes
    for process in processes:
        process.kill()
        process.wait()


@shell_scripts
def test_an_engine_is_started_where_no_init_system_does(
    programs_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, launched: list["subprocess.Popen[bytes]"]
) -> None:
    running = tmp_path / "running"
    monkeypatch.setattr(start, "log_file", lambda: tmp_path / "dockerd.log")
    fake(programs_folder, "dockerd", f"echo started; : > {running}; exec /bin/sleep 60")
    fake(programs_folder, "docker", f'[ -e {running} ] && echo \'{{"ServerVersion": "28"}}\'')
    start.start_engine(DEBIAN, [], lambda _: None)
    assert (tmp_path / "dockerd.log").read_text("utf-8") == "started\n"
    assert [process.poll() for process in launched] == [None]


@shell_scripts
def test_an_engine_that_answers_is_not_started_again(programs_folder: Path) -> None:
    fake(programs_folder, "docker", 'echo \'{"ServerVersion": "28"}\'')
    start.start_engine(DEBIAN, [], pytest.fail)


@shell_scripts
def test_an_engine_that_is_not_installed_cannot_be_started(programs_folder: Path) -> None:
    with pytest.raises(start.MendError, match=r"apt-get install docker\.io"):
        start.start_engine(DEBIAN, [], lambda _: None)


@shell_scripts
def test_an_engine_that_only_the_administrator_reaches_is_not_started_again(programs_folder: Path) -> None:
    fake(programs_folder, "docker", '[ "$ROOT" ] && echo \'{"ServerVersion": "28"}\'')
    sudo = fake(programs_folder, "sudo", 'shift; ROOT=1 "$@"')
    with pytest.raises(start.MendError, match="usermod"):
        start.start_engine(UBUNTU_USER, [str(sudo), "-n"], pytest.fail)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where an invented engine writes."""
    return tmp_path / "dockerd.log"


def engine_that(code: str, log: Path) -> "subprocess.Popen[bytes]":
    """An invented engine: a Python program."""
    return start.launch([sys.executable, "-c", code], log)


def test_an_engine_that_ends_shows_the_end_of_its_log(log: Path) -> None:
    engine = engine_that("import sys; print('\\n'.join(map(str, range(99)))); sys.exit('no iptables')", log)
    with pytest.raises(start.MendError) as error:
        start.wait_until(lambda: False, engine, log)
    assert str(error.value).splitlines()[0] == f"`dockerd` ended with exit code 1. The end of `{log}`:"
    assert "no iptables" in str(error.value)
    assert "\n90\n" not in str(error.value)


def test_an_engine_that_never_answers_is_ended(log: Path) -> None:
    engine = engine_that("import time; time.sleep(60)", log)
    with pytest.raises(start.MendError, match=r"did not answer within 0\.1 s"):
        start.wait_until(lambda: False, engine, log, seconds=0.1)
    assert engine.wait(10) != 0


def test_an_engine_that_answers_is_left_running(log: Path) -> None:
    engine = engine_that("import time; time.sleep(60)", log)
    start.wait_until(lambda: True, engine, log)
    assert engine.poll() is None
    engine.kill()
    engine.wait()


@pytest.mark.skipif(os.name == "nt", reason="sessions are of Unix")
def test_an_engine_outlives_the_terminal(log: Path) -> None:
    engine = engine_that("import os; print(os.getsid(0) == os.getpid())", log)
    engine.wait()
    assert log.read_text("utf-8") == "True\n"
