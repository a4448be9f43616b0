"""What is kept of what a command prints: its beginning and its end, as text, whatever the bytes are."""

from __future__ import annotations

import sys
from pathlib import Path

from mlops_grader.instruments.sandbox import HostSandbox, Limits


def printed(sandbox: HostSandbox, code: str, limits: Limits | None = None) -> str:
    """The output of a Python program."""
    return sandbox.run([sys.executable, "-c", code], sandbox.home.parent, limits=limits).output


def test_both_streams_are_kept_in_order(sandbox: HostSandbox) -> None:
    code = "import os; os.write(1, b'a'); os.write(2, b'b'); os.write(1, b'c')"
    assert printed(sandbox, code) == "abc"


def test_output_up_to_the_limit_is_kept_whole(sandbox: HostSandbox) -> None:
    assert printed(sandbox, "print('x' * 999)", Limits(shown=1000)).strip() == "x" * 999


def test_head_and_tail_of_long_output_are_kept(sandbox: HostSandbox) -> None:
    code = "import sys; sys.stdout.write('a' * 50 + 'b' * 100_000 + 'c' * 50)"
    assert printed(sandbox, code, Limits(shown=100)) == "a" * 50 + "\n[... 100000 bytes left out ...]\n" + "c" * 50


def test_endless_output_is_ended(sandbox: HostSandbox, tmp_path: Path) -> None:
    code = "import os\nwhile True: os.write(1, b'x' * 65536)"
    done = sandbox.run([sys.executable, "-c", code], tmp_path, limits=Limits(output=2**20, shown=100))
    assert (done.ok, done.stopped) == (False, "printed more than 1 MiB, ended")


def test_endless_output_does_not_fill_the_memory(sandbox: HostSandbox, tmp_path: Path) -> None:
    code = "import os\nwhile True: os.write(1, b'x' * 65536)"
    done = sandbox.run([sys.executable, "-c", code], tmp_path, limits=Limits(output=2**22, shown=1000))
    assert len(done.output.replace("x", "")) < 100 < len(done.output) < 1100


def test_output_without_line_ends_is_kept(sandbox: HostSandbox) -> None:
    assert printed(sandbox, "import sys; sys.stdout.write('no end')") == "no end"


def test_bytes_that_are_no_text_do_no_harm(sandbox: HostSandbox) -> None:
    assert printed(sandbox, "import os; os.write(1, b'\\xff\\xfeok')") == "\ufffd\ufffdok"


def test_output_can_be_read_while_the_command_runs(sandbox: HostSandbox, tmp_path: Path) -> None:
    code = "import time; print('started', flush=True); time.sleep(60)"
    with sandbox.start([sys.executable, "-c", code], tmp_path) as running:
        while "started" not in running.output:
            assert running.poll() is None


def test_words_of_a_crash_are_kept(sandbox: HostSandbox) -> None:
    assert "ZeroDivisionError" in printed(sandbox, "1 / 0")
