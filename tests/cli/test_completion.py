"""Completion in the shells it is written for, without touching the keystore."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ipse.cli import completion
from tests.conftest import REPOSITORY, Ipse
from tests.waiting import PATIENCE

_SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def on_path(ipse: Ipse, tmp_path: Path) -> Ipse:
    """A locked wallet, and `ipse` as a command for shells to call."""
    (ipse.home / "keystore.json").unlink()
    program = tmp_path / "bin" / "ipse"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ipse "$@"\n')
    program.chmod(0o755)
    path = f"{program.parent}:{ipse.variables['PATH']}"
    return Ipse(ipse.home, {**ipse.environment, "PATH": path, "TERM": "dumb"})


def _shell(name: str, script: str, ipse: Ipse) -> str:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(
        [name, "-c", script],
        capture_output=True,
        text=True,
        env=ipse.variables,
        check=False,
        timeout=PATIENCE,
    )
    return done.stdout


@pytest.mark.parametrize("shell", _SHELLS)
def test_the_committed_script_is_the_programs(shell: str) -> None:
    assert (REPOSITORY / "completions" / f"ipse.{shell}").read_text() == completion.script(shell)


def test_zshs_first_line_names_the_command() -> None:
    assert completion.script("zsh").splitlines()[0] == "#compdef ipse"


def _bash(words: str, ipse: Ipse) -> set[str]:
    script = (
        f"source {REPOSITORY}/completions/ipse.bash\n"
        f"COMP_WORDS=({words}); COMP_CWORD=$(({len(words.split())} - 1))\n"
        "_ipse_completion ipse; printf '%s\\n' \"${COMPREPLY[@]}\""
    )
    return set(_shell("bash", script, ipse).split())


def test_bash_offers_commands_and_names(on_path: Ipse) -> None:
    assert {"did", "vc", "profile", "dapp", "log"} <= _bash("ipse ''", on_path)
    assert {"answer", "exposure", "summary"} <= _bash("ipse dapp ''", on_path)
    assert _bash("ipse dapp summary ''", on_path) == {"renew"}
    assert _bash("ipse did show ''", on_path) == {"me", "university"}
    assert _bash("ipse did show u", on_path) == {"university"}
    assert _bash("ipse vc issue --issuer m", on_path) == {"me"}


def test_fish_offers_commands_and_names(on_path: Ipse) -> None:
    load = f"source {REPOSITORY}/completions/ipse.fish; complete -C "
    offered = {line.split("\t")[0] for line in _shell("fish", load + "'ipse '", on_path).splitlines()}
    assert {"did", "vc", "profile", "dapp", "log"} <= offered
    names = {line.split("\t")[0] for line in _shell("fish", load + "'ipse did show '", on_path).splitlines()}
    assert names == {"me", "university"}


def test_zsh_offers_names_when_tab_is_pressed(on_path: Ipse, tmp_path: Path) -> None:
    if shutil.which("zsh") is None:
        pytest.skip("zsh is not installed")
    pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "_ipse").write_text((REPOSITORY / "completions" / "ipse.zsh").read_text())
    (tmp_path / ".zshrc").write_text(
        f"fpath=({tmp_path}/site $fpath)\nautoload -Uz compinit; compinit -u -D\nPROMPT='ready> '\n"
        "unsetopt zle_bracketed_paste; setopt no_prompt_sp\n"
    )
    environment = {**on_path.variables, "ZDOTDIR": str(tmp_path)}
    child = pexpect.spawn(
        "zsh", ["-i"], env=environment, encoding="utf-8", timeout=PATIENCE, dimensions=(40, 120)
    )
    child.expect_exact("ready> ")
    child.send("ipse did show uni\t")
    child.expect_exact("university")
    child.send("\x03")
    child.close(force=True)


def test_completing_in_a_damaged_wallet_offers_nothing_and_says_nothing(on_path: Ipse) -> None:
    (on_path.home / "wallet.json").write_text("{")
    assert _bash("ipse did show ''", on_path) == set()
