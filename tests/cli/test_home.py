"""`ipse` alone says what is in the wallet and what one does next; it asks for nothing and starts fast."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipse.keys.keystore import unlock_service
from tests.cli.test_vc import in_process, issued
from tests.conftest import PASSPHRASE, Ipse

_LIBRARIES = {"sqlcipher3", "nacl", "cryptography", "keyring", "pydantic", "rich", "numpy"}


def _next(ipse: Ipse) -> list[str]:
    return [step["command"] for step in in_process(ipse)("--json").json["next"]]


def test_without_a_wallet_it_says_how_to_make_one(no_wallet: Ipse) -> None:
    run = in_process(no_wallet)()
    assert run.out.startswith("there is no wallet yet\n")
    assert run.err == ""
    assert _next(no_wallet)[0] == "ipse init"
    assert in_process(no_wallet)("--json").json["wallet"] is False


def test_a_locked_wallet_shows_its_dids_and_opens_no_vault(
    ipse: Ipse, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ipse.home / "vault.db").unlink()
    out = in_process(ipse)().out
    assert "me (the default), university" in out
    assert "locked" in out
    assert "ipse unlock" in _next(Ipse(ipse.home))
    assert "ipse unlock" not in _next(ipse), "it has a passphrase file"


def test_there_are_three_steps_and_each_is_a_command_that_exists(ipse: Ipse) -> None:
    steps = _next(ipse)
    assert len(steps) == 3
    for step in steps:
        words = step.split()[1:]
        command = [word for word in words if word.islower()]
        assert in_process(ipse)(*command[:2], "--help").out.startswith(f"Usage: {' '.join(step.split()[:2])}")


def test_an_unlocked_wallet_is_counted(ipse: Ipse, tmp_path: Path) -> None:
    do = in_process(ipse)
    degree = tmp_path / "degree.json"
    degree.write_text(issued(do, "--undefined-terms"))
    do("vc", "add", degree)
    if sys.platform == "win32":
        pytest.skip("there is no unlock service on Windows")
    ipse("unlock", "--for", "1m")
    try:
        shown = do("--json").json
    finally:
        unlock_service.stop(ipse.home / "keystore.json")
    assert (shown["unlocked"], shown["credentials"], shown["statements"]) == (True, 1, 0)
    assert "ipse vc add FILE" not in [step["command"] for step in shown["next"]]


def test_it_imports_no_library_while_the_wallet_is_locked(ipse: Ipse) -> None:
    program = (
        "import sys\nfrom ipse.cli.main import run\nrun([])\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=ipse.variables, check=True
    )
    assert set(done.stderr.split()) & _LIBRARIES == set()


def test_options_alone_are_taken_and_an_unknown_command_is_refused(ipse: Ipse) -> None:
    assert "the wallet in" in in_process(ipse)("-q").out
    assert in_process(ipse)("nothing", code=2).err.startswith("error: ")
    assert PASSPHRASE.decode() not in in_process(ipse)().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_that_is_committed(shell: str, no_wallet: Ipse) -> None:
    script = (Path(__file__).parents[2] / "completions" / f"ipse.{shell}").read_text()
    assert in_process(no_wallet)("completion", shell).out == script


def test_completion_for_another_shell_is_a_usage_error(no_wallet: Ipse) -> None:
    assert "bash, zsh, fish" in in_process(no_wallet)("completion", "tcsh", code=2).err
