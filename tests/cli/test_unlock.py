"""`ipse unlock` and `ipse lock`: one passphrase for the commands of a while."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pexpect
import pytest

from ipse.encoding.timestamps import parse_timestamp
from tests.conftest import PASSPHRASE, Ipse
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no unlock sessions on Windows")


@pytest.fixture
def owner(ipse: Ipse, tmp_path: Path) -> Iterator[Ipse]:
    """The program on a wallet, with a runtime folder and the passphrase's file in the environment."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    made = replace(ipse, environment={**ipse.environment, "XDG_RUNTIME_DIR": str(runtime)})
    yield made
    made("lock")


@pytest.fixture
def script(owner: Ipse) -> Ipse:
    """The same wallet, for commands that know no passphrase."""
    kept = {name: value for name, value in owner.environment.items() if name != "IPSE_PASSPHRASE_FILE"}
    return replace(owner, environment=kept)


def test_commands_after_one_unlock_need_no_passphrase(owner: Ipse, script: Ipse) -> None:
    assert script("did", "create", "--name", "early", code=4).err.startswith("error: the keystore needs")
    assert re.fullmatch(r"unlocked until (\d{4}-\d\d-\d\d )?\d\d:\d\d\n", owner("unlock").out)
    assert script("did", "create", "--name", "shop").out.startswith("did:key:")
    assert script("status", "--json").json["unlocked"] is True
    wrong = owner.home.parent / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_bytes(b"not the passphrase")
    script("did", "create", "--name", "more", "--passphrase-file", wrong)


def test_a_hundred_commands_after_one_unlock_derive_nothing(owner: Ipse, script: Ipse) -> None:
    owner("unlock")
    program = (
        "import sys, nacl.bindings\n"
        "def derive(*_): sys.exit('a key was derived')\n"
        "nacl.bindings.crypto_pwhash_alg = derive\n"
        "from ipse.cli.main import run\n"
        "codes = [run(['status']) for _ in range(100)]\n"
        "sys.exit(0 if set(codes) == {0} else 'a command failed')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=script.variables, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"unlocked: +yes", done.stdout)) == 100


def test_the_end_is_told_as_a_time(owner: Ipse) -> None:
    before = datetime.now(UTC).replace(microsecond=0)  # an end is told to the second
    said = owner("unlock", "--for", "2h", "--json").json
    assert said["unlocked"] is True
    assert before <= parse_timestamp(said["until"]) - timedelta(hours=2) <= datetime.now(UTC)


def test_a_session_lasts_a_quarter_of_an_hour_unless_told(owner: Ipse) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    until = parse_timestamp(owner("unlock", "--json").json["until"])
    assert before <= until - timedelta(minutes=15) <= datetime.now(UTC)


def test_lock_ends_the_session_and_may_be_said_twice(owner: Ipse, script: Ipse) -> None:
    owner("unlock")
    assert script("lock").out == "locked\n"
    script("did", "create", "--name", "late", code=4)
    assert script("lock").out == "locked; it was not unlocked\n"
    assert script("lock", "--json").json == {"unlocked": False, "ended": False}


def test_a_wrong_passphrase_unlocks_nothing(owner: Ipse, script: Ipse, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_bytes(b"not the passphrase")
    run = owner("unlock", "--passphrase-file", wrong, "--json", code=4)
    assert run.error["code"] == "wrong-passphrase"
    assert script("status", "--json").json["unlocked"] is False


def test_without_a_passphrase_and_a_terminal_it_says_what_to_give(script: Ipse) -> None:
    assert "--passphrase-file" in script("unlock", code=4).err


def test_the_passphrase_may_come_through_a_descriptor(script: Ipse) -> None:
    assert script("unlock", "--passphrase-fd", "0", stdin=PASSPHRASE + b"\n").out.startswith("unlocked until")
    assert script("status", "--json").json["unlocked"] is True


@pytest.mark.parametrize("span", ["25h", "2d", "0m", "10", "10w", "-1h", "forever"])
def test_a_span_is_a_day_at_most_and_told_with_its_unit(owner: Ipse, span: str) -> None:
    assert "hint: write it like" in owner("unlock", f"--for={span}", code=2).err


def test_a_day_is_not_too_long(owner: Ipse) -> None:
    here = replace(owner, environment={**owner.environment, "TZ": "UTC"})  # where no day has 25 hours
    assert re.fullmatch(r"unlocked until \d{4}-\d\d-\d\d \d\d:\d\d\n", here("unlock", "--for", "24h").out)


def test_where_there_is_no_wallet_there_is_nothing_to_unlock(no_wallet: Ipse) -> None:
    no_wallet("unlock", code=5)
    no_wallet("lock")


def test_the_os_keyring_is_left_to_the_desktop(owner: Ipse) -> None:
    manifest = owner.home / "wallet.json"
    manifest.write_text(manifest.read_text().replace('"file"', '"os"'))
    run = owner("unlock", "--json")
    assert run.json == {"unlocked": False, "until": None}
    assert "OS keyring" in owner("unlock").out


def test_a_person_is_asked_once(script: Ipse) -> None:
    command = [sys.executable, "-m", "ipse", "unlock"]
    terminal = pexpect.spawn(command[0], command[1:], env=script.variables, timeout=PATIENCE)
    terminal.expect("passphrase of the keystore: ")
    terminal.sendline(PASSPHRASE.decode())
    terminal.expect("unlocked until")
    terminal.expect(pexpect.EOF)
    assert PASSPHRASE not in (terminal.before or b"")
    terminal.close()
    assert terminal.exitstatus == 0
    assert script("did", "create", "--name", "shop").out.startswith("did:key:")  # the terminal is gone
