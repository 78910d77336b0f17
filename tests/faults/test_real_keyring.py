"""The OS keyring against a real gnome-keyring: working, locked, killed and hung."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import base64url
from ipse.errors import (
    AlreadyExists,
    CorruptData,
    KeystoreError,
    KeystoreLocked,
    KeystoreUnavailable,
    StorageError,
)
from ipse.keys.keystore.os_keyring import OsKeyring, open_os_keyring
from ipse.storage.places import Places
from ipse.wallet import identities
from ipse.wallet.wallet import Wallet
from tests.desktop import PROGRAMS, Desktop
from tests.faults.conftest import NOW, filled
from tests.waiting import PATIENCE

MISSING = [program for program in PROGRAMS if shutil.which(program) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")

SECRET = b"a secret that nobody may ever read"


def test_an_item_is_kept_given_back_and_removed(desktop: Desktop) -> None:
    keystore = open_os_keyring("wallet-1")
    assert keystore.description == "OS keyring (Secret Service)"
    keystore.add("root", SECRET)
    assert keystore.get("root") == SECRET
    assert open_os_keyring("wallet-1").get("root") == SECRET
    assert desktop.items() == ["wallet-1/root"]
    keystore.remove("root")
    keystore.remove("root")
    assert desktop.items() == []
    with pytest.raises(CorruptData, match="no longer holds the item 'root'"):
        keystore.get("root")


def test_every_byte_survives_the_keyring(desktop: Desktop) -> None:
    keystore = open_os_keyring("wallet-1")
    secrets = {"bytes": bytes(range(256)), "empty": b"", "long": b"x" * 5000}
    for item, secret in secrets.items():
        keystore.add(item, secret)
    assert {item: keystore.get(item) for item in secrets} == secrets


def test_an_item_is_never_overwritten(desktop: Desktop) -> None:
    open_os_keyring("wallet-1").add("root", SECRET)
    with pytest.raises(AlreadyExists, match="'root'"):
        open_os_keyring("wallet-1").add("root", b"another")
    assert open_os_keyring("wallet-1").get("root") == SECRET


def test_the_items_of_two_wallets_do_not_mix(desktop: Desktop) -> None:
    first, second = open_os_keyring("wallet-1"), open_os_keyring("wallet-2")
    first.add("root", b"first")
    with pytest.raises(CorruptData):
        second.get("root")
    second.add("root", b"second")
    second.remove("root")
    assert first.get("root") == b"first"


def test_every_connection_greets_the_keyring_before_it_asks_for_anything(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gnome-keyring may abort on a first call that needs its record of the connection."""
    from jeepney import HeaderFields
    from secretstorage.util import DBusAddressWrapper

    asked: defaultdict[str, list[str]] = defaultdict(list)
    ask = DBusAddressWrapper.send_and_get_reply

    def listen(self: Any, message: Any) -> Any:
        if self.bus_name == "org.freedesktop.secrets":
            asked[self._connection.unique_name].append(message.header.fields[HeaderFields.member])
        return ask(self, message)

    monkeypatch.setattr(DBusAddressWrapper, "send_and_get_reply", listen)
    keystore = open_os_keyring("wallet-1")
    keystore.add("root", SECRET)
    keystore.replace("root", b"another")
    keystore.remove("root")
    desktop.items()
    assert len(asked) > 5
    assert {members[0] for members in asked.values()} == {"ReadAlias"}
    assert {member for members in asked.values() for member in members} > {
        "CreateItem",
        "Delete",
        "GetSecret",
    }


def test_an_item_outlives_the_session(desktop: Desktop) -> None:
    open_os_keyring("wallet-1").add("root", SECRET)
    desktop.kill_keyring()
    desktop.start_keyring()
    assert open_os_keyring("wallet-1").get("root") == SECRET


def test_nothing_secret_is_on_the_disk_in_plain(desktop: Desktop) -> None:
    open_os_keyring("wallet-1").add("root", SECRET)
    written = desktop.files()
    assert len(written) > 100
    for form in (SECRET, base64url.encode(SECRET).encode(), SECRET.hex().encode()):
        assert form not in written


def test_a_collection_that_forgets_at_logout_gets_no_key(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collection `session` lies in memory; `keyring` can be told to use it."""
    monkeypatch.setenv("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/org/freedesktop/secrets/collection/session")
    try:
        open_os_keyring("wallet-1").add("root", SECRET)
    except KeystoreUnavailable:
        return
    monkeypatch.delenv("KEYRING_PROPERTY_PREFERRED_COLLECTION")
    desktop.kill_keyring()
    desktop.start_keyring()
    assert open_os_keyring("wallet-1").get("root") == SECRET


def test_a_wallet_lives_in_the_keyring(desktop: Desktop, places: Places) -> None:
    with Wallet.create(places, keystore="os", passphrase=no_passphrase, now=NOW) as made:
        record = identities.create(made, "main", now=NOW)
        assert made.vault.rows("SELECT 1") == [(1,)]
    with Wallet(places, no_passphrase) as again:
        assert identities.signing_key(again, "main")[0] == record
        assert again.vault.rows("SELECT 1") == [(1,)]
    assert not places.keystore.exists()
    assert len(desktop.items()) == 3


def no_passphrase() -> bytes:
    raise AssertionError("a passphrase was asked for")


def test_a_wallet_that_could_not_be_made_leaves_no_item(
    desktop: Desktop, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StorageError("the disk broke")

    monkeypatch.setattr("ipse.storage.manifest.create", fail)
    with pytest.raises(StorageError):
        Wallet.create(places, keystore="os", passphrase=no_passphrase, now=NOW)
    assert desktop.items() == []
    assert not places.vault.exists()


def test_a_locked_keyring_is_called_locked_at_once(desktop: Desktop) -> None:
    open_os_keyring("wallet-1").add("root", SECRET)
    desktop.lock()
    with pytest.raises(KeystoreLocked, match="locked"):
        open_os_keyring("wallet-1")


@pytest.mark.parametrize("act", ["get", "add", "remove"])
def test_a_keyring_that_is_locked_meanwhile_is_called_locked(desktop: Desktop, act: str) -> None:
    keystore = open_os_keyring("wallet-1")
    keystore.add("root", SECRET)
    desktop.lock()
    actions: dict[str, Callable[[OsKeyring], object]] = {
        "get": lambda store: store.get("root"),
        "add": lambda store: store.add("new", b"secret"),
        "remove": lambda store: store.remove("root"),
    }
    with pytest.raises(KeystoreLocked):
        actions[act](keystore)


def test_a_keyring_that_nobody_has_unlocked_yet_is_a_keystore_error(session: Desktop) -> None:
    session.start_keyring()
    open_os_keyring("wallet-1").add("root", SECRET)
    session.kill_keyring()
    session.start_keyring_locked()
    with pytest.raises(KeystoreLocked):
        open_os_keyring("wallet-1")


def test_a_keyring_without_any_collection_is_a_keystore_error(session: Desktop) -> None:
    session.start_keyring_locked()
    with pytest.raises(KeystoreError) as caught:
        open_os_keyring("wallet-1")
    assert "does not answer" not in caught.value.message


def test_a_keyring_that_was_killed_is_unavailable(desktop: Desktop) -> None:
    keystore = open_os_keyring("wallet-1")
    keystore.add("root", SECRET)
    desktop.kill_keyring()
    with pytest.raises(KeystoreUnavailable):
        keystore.get("root")
    with pytest.raises(KeystoreUnavailable, match="no OS keyring answers"):
        open_os_keyring("wallet-1")


def test_a_session_without_a_keyring_is_unavailable(session: Desktop) -> None:
    with pytest.raises(KeystoreUnavailable, match="neither running nor activatable") as caught:
        open_os_keyring("wallet-1")
    assert "--keystore file" in caught.value.hint


# What a program does once the keyring hangs; the start of each is what it has done before.
HUNG = {
    "get": ("keystore = open_os_keyring('wallet-1')", "keystore.get('root')"),
    "open": ("", "open_os_keyring('wallet-1')"),
    "did create": ("wallet = Wallet(find_places(), bytes)", "identities.create(wallet, 'main', now=now)"),
    "did create, opened": (
        "wallet = Wallet(find_places(), bytes); wallet.root",
        "identities.create(wallet, 'main', now=now)",
    ),
}
PROGRAM = """
import queue, sys
from datetime import UTC, datetime
from ipse.errors import KeystoreUnavailable
from ipse.keys.keystore import os_keyring
from ipse.keys.keystore.os_keyring import open_os_keyring
from ipse.storage.places import find_places
from ipse.wallet import identities
from ipse.wallet.wallet import Wallet

now = datetime.now(UTC)
exec(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
waited = []
class Queue(queue.SimpleQueue):
    def get(self, timeout):
        try:
            return super().get(timeout=timeout)
        except queue.Empty:
            waited.append(timeout)
            raise
queue.SimpleQueue = Queue
try:
    exec(sys.argv[2])
except KeystoreUnavailable as error:
    print(sum(waited), error.message, flush=True)
"""


@pytest.mark.slow
def test_a_keyring_that_hangs_is_given_up_within_five_seconds_and_keeps_no_process(
    desktop: Desktop, places: Places
) -> None:
    """All at once, so that the test waits no longer than one of them. What counts is what they wait for."""
    open_os_keyring("wallet-1").add("root", SECRET)
    Wallet.create(places, keystore="os", passphrase=no_passphrase, now=NOW).close()
    environment = {
        **desktop.environment,
        "PYTHONPATH": str(Path(__file__).parents[2] / "src"),
        "IPSE_HOME": str(places.data),
    }
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, before, act],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for before, act in HUNG.values()
    ]
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    desktop.hang_keyring()
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    for program in programs:
        out, err = program.communicate(timeout=PATIENCE)
        waited, message = out.split(" ", 1)
        assert message == "Secret Service does not answer\n"
        assert 0 < float(waited) < 5, program.args
        assert err == ""
        assert program.returncode == 0


def test_a_full_disk_under_the_keyring_is_an_error_and_loses_no_key(
    session: Desktop, small_disk: Path
) -> None:
    session.environment["XDG_DATA_HOME"] = str(small_disk / "data")
    session.start_keyring()
    keystore = open_os_keyring("wallet-1")
    keystore.add("root", SECRET)
    with filled(small_disk), pytest.raises(KeystoreUnavailable, match="Secret Service failed"):
        keystore.add("other", SECRET)
    session.kill_keyring()
    session.start_keyring()
    again = open_os_keyring("wallet-1")
    assert again.get("root") == SECRET
    with pytest.raises(CorruptData):
        again.get("other")
    again.add("other", SECRET)
