"""docs/keeping.md runs as it stands, in one shell, from top to bottom."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipse.storage.saved_vault import TABLES
from ipse.wallet.backup.restoring import KINDS
from tests.conftest import REPOSITORY, Ipse
from tests.waiting import PATIENCE

_GUIDE = (REPOSITORY / "docs" / "keeping.md").read_text()
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text for named, text in _BLOCK.findall(_GUIDE) if named == language]


@pytest.mark.skipif(shutil.which("age-keygen") is None, reason="there is no age here")
def test_every_block_runs_in_one_shell(ipse: Ipse, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir(mode=0o700)
    (reader,) = blocks("python")
    assert len([line for line in reader.splitlines() if line and not line.startswith("#")]) <= 10
    (folder / "read_backup.py").write_text(reader)
    (folder / "new-passphrase.txt").touch(mode=0o600)
    (folder / "new-passphrase.txt").write_text("k7m2-9qx4-0rtz-b3wd-e58h\n")
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "ipse"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ipse "$@"\n')
    program.chmod(0o755)
    ipse("profile", "add", "tea", code=None)
    run = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(blocks("bash"))],
        cwd=folder,
        env={**ipse.variables, "PATH": f"{programs}:{ipse.variables['PATH']}"},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    me = ipse("did", "show", "me", "--json").json["did"]
    assert f"me {me} Ed25519\n" in run.stdout
    assert "tables/disclosures.ndjson\n" in run.stdout
    assert not (folder / "new-machine").exists()
    ipse("log", "verify")


def test_the_commands_that_ask_are_those_that_other_tests_run() -> None:
    (block,) = blocks("console")
    assert block == "$ ipse backup create -o wallet.age\n$ ipse backup verify wallet.age\n"


def test_it_names_the_words_that_are_typed_and_every_table() -> None:
    for kind in KINDS:
        assert f"| `{kind}` |" in _GUIDE
    assert len(TABLES) == 18, "docs/keeping.md says what is in a backup"
