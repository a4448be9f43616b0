"""What `product.toml` may say, and the words for what it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_grader.check import Fail
from mlops_grader.contract import FILE, Contract, is_of_its_own, load


def found(folder: Path, content: bytes) -> tuple[str, str]:
    """What the grader finds wrong with that file, and its advice."""
    (folder / FILE).write_bytes(content)
    with pytest.raises(Fail) as raised:
        load(folder)
    return raised.value.found, raised.value.fix


def loaded(folder: Path, text: str) -> Contract:
    """The contract with that text."""
    (folder / FILE).write_bytes(text.encode())
    return load(folder)


def test_an_empty_file_has_the_conventional_values(tmp_path: Path) -> None:
    contract = loaded(tmp_path, "")
    assert (contract.name, contract.service.port, contract.service.settings.port) == ("product", 8000, "PORT")


def test_values_of_the_file_count(tmp_path: Path) -> None:
    contract = loaded(tmp_path, '[service]\nport = 9000\nready = "/up"\n[service.settings]\nport = "HTTP_PORT"\n')
    assert (contract.service.port, contract.service.ready, contract.service.settings.port) == (9000, "/up", "HTTP_PORT")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert loaded(tmp_path, '\ufeffname = "noshow"').name == "noshow"


def test_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    assert loaded(tmp_path, 'name = "noshow"\r\n[commands]\r\ntest = "pytest"\r\n').command("test") == "pytest"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Fail, match=r"^there is no `product.toml`$"):
        load(tmp_path)


def test_a_folder_of_that_name_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(Fail, match=r"^`product.toml` cannot be read"):
        load(tmp_path)


def test_broken_toml_is_told_with_its_line(tmp_path: Path) -> None:
    words, fix = found(tmp_path, b'name = "noshow"\n[service\n')
    assert words.startswith("`product.toml` is not valid TOML")
    assert ("line 2" in words, fix) == (True, "mend that line")


def test_utf_16_is_told_as_an_encoding(tmp_path: Path) -> None:
    words, fix = found(tmp_path, 'name = "noshow"'.encode("utf-16"))
    assert (words.startswith("`product.toml` cannot be read"), fix) == (True, "save it as UTF-8 text")


def test_toml_nested_without_end_is_no_fault_of_the_grader(tmp_path: Path) -> None:
    words, _ = found(tmp_path, b"name = " + b"[" * 100_000)
    assert words.startswith("`product.toml` is not valid TOML")


@pytest.mark.parametrize(
    ("text", "words", "fix"),
    [
        ('[service]\nprot = 1\n', "`product.toml`: [service] has the unknown key `prot`", "did you mean `port`?"),
        ("[comands]\n", "`product.toml`: has the unknown key `comands`", "did you mean `commands`?"),
        ("[service.settings]\nprot = 1\n", "`product.toml`: [service.settings] has the unknown key `prot`",
         "did you mean `port`?"),
        ("[image]\nzzz = 1\n", "`product.toml`: [image] has the unknown key `zzz`", "known here: context, dockerfile"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_what_is_known(tmp_path: Path, text: str, words: str, fix: str) -> None:
    assert found(tmp_path, text.encode()) == (words, fix)


@pytest.mark.parametrize(
    "text",
    [
        '[service]\nport = "8000"',
        "[service]\nport = 0",
        "[service]\nport = 65536",
        "[service]\nport = true",
        "[service]\nready = 1",
        '[service]\npredict = "http://127.0.0.1:9/predict"',
        '[service]\npredict = "predict"',
        '[service.settings]\nport = "A=B"',
        '[service.settings]\nlog_level = ""',
        '[commands]\ntest = "pytest\\u0000"',
        '[image]\ncontext = "\\u0000"',
        'name = "No Show"',
        "service = 1",
    ],
)
def test_a_value_that_cannot_work_is_refused_by_name(tmp_path: Path, text: str) -> None:
    table, _, line = text.rpartition("\n")
    key = line.split(" ")[0]
    words, _ = found(tmp_path, text.encode())
    assert words.startswith(f"`product.toml`: {table + ' ' if table else ''}`{key}` is ")


def test_a_command_that_is_missing_is_named(tmp_path: Path) -> None:
    contract = loaded(tmp_path, '[commands]\ntest = " "\n')
    with pytest.raises(Fail) as raised:
        contract.command("test")
    assert raised.value.found == "`product.toml` names no `test` command"


def test_a_product_has_all_parts_unless_it_says_which(tmp_path: Path) -> None:
    everything = ["training", "serving", "containers", "ci", "delivery", "monitoring"]
    assert loaded(tmp_path, "").parts == everything
    assert loaded(tmp_path, 'parts = ["serving", "ci"]').parts == ["serving", "ci"]


def test_a_part_that_nobody_knows_is_guessed(tmp_path: Path) -> None:
    words = found(tmp_path, b'parts = ["serving", "monitorin"]')
    assert words == ("`product.toml`: `parts` holds 'monitorin'", "did you mean `monitoring`?")


@pytest.mark.parametrize(
    ("text", "number"),
    [("[inputs]", "none"), ('[inputs]\nexamples = ""', "none"), ('[inputs]\nexamples = "a"\nschema = "b"', "2")],
)
def test_exactly_one_source_of_inputs_is_wanted(tmp_path: Path, text: str, number: str) -> None:
    words, fix = found(tmp_path, text.encode())
    wanted = "of `examples`, `schema` and `generator`, and exactly one is wanted"
    assert words == f"`product.toml`: [inputs]: it names {number} {wanted}"
    assert fix == "keep the one that fits your product best"


def test_a_misspelt_source_of_inputs_is_guessed(tmp_path: Path) -> None:
    words = found(tmp_path, b'[inputs]\nexample = "a"')
    assert words == ("`product.toml`: [inputs] has the unknown key `example`", "did you mean `examples`?")


def test_only_inputs_make_a_product_ones_own(tmp_path: Path) -> None:
    own = []
    for text in ("", 'parts = ["ci"]', "[inputs]\nnonsense = 1", "[inputs"):
        (tmp_path / FILE).write_text(text, "utf-8")
        own.append(is_of_its_own(tmp_path))
    assert own == [False, False, True, False]
