"""Words are found wherever a server keeps them."""

from __future__ import annotations

import sqlite3
import zipfile
from pathlib import Path

import pytest

from mlops_grader.instruments.tracking.leaks import leaks

WORD = "Haditín Göriford"


def put(folder: Path, where: str) -> None:
    if where == "the database":
        with sqlite3.connect(folder / "mlflow.db") as database:
            database.execute("create table tags (value text)")
            database.execute("insert into tags values (?)", (f"env {WORD}",))
        database.close()
    elif where == "model.zip/schema.json":
        with zipfile.ZipFile(folder / "artifacts" / "model.zip", "w", zipfile.ZIP_DEFLATED) as box:
            box.writestr("schema.json", f'{{"who": "{WORD}"}}')
    elif where == "escaped.json":
        (folder / "artifacts" / where).write_text(WORD.encode("unicode_escape").decode().replace("\\x", "\\u00"))
    else:
        (folder / "artifacts" / where).write_text(WORD, encoding="utf-8")


@pytest.mark.parametrize("where", ["the database", "data.csv", "escaped.json", "model.zip/schema.json"])
def test_a_word_is_found_where_it_is(tmp_path: Path, where: str) -> None:
    """In the database, in a file, escaped in JSON, and in a file that is packed."""
    (tmp_path / "artifacts").mkdir()
    put(tmp_path, where)
    assert leaks(tmp_path, [WORD, "somebody else"]) == [(WORD, where)]


def test_a_clean_server_holds_nothing(tmp_path: Path) -> None:
    """Broken archives are no trouble, and what lies beside the server is not searched."""
    (tmp_path / "artifacts").mkdir()
    (tmp_path / "artifacts" / "model.zip").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "log.txt").write_text(WORD, encoding="utf-8")
    assert leaks(tmp_path, [WORD]) == []
