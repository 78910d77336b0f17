"""DIDs: none is listed that can't sign, none is lost that was reported as made."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ipse.errors import AlreadyExists, CorruptData, KeystoreUnavailable, PassphraseNeeded, StorageError
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import files
from ipse.storage.places import Places
from ipse.wallet import identities
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import (
    Report,
    at_every,
    at_line,
    kill_at_line,
    kill_at_random,
    needs_fork,
    together,
)


def opened(places: Places) -> Wallet:
    return Wallet(places, lambda: PASSPHRASE)


def names(wallet: Wallet) -> list[str]:
    return [record.name for record in wallet.manifest.dids]


def assert_all_sign(places: Places, reported: list[str]) -> None:
    """Every DID that is listed signs, and those that were reported are listed."""
    wallet = opened(places)
    for name in names(wallet):
        _, _, key = identities.signing_key(wallet, name)
        assert key.public().verify(b"message", key.sign(b"message"))
    assert set(reported) <= set(names(wallet))


@needs_fork
def test_processes_that_make_dids_at_the_same_time_lose_none(wallet: Wallet) -> None:
    def make(worker: int, report: Report) -> None:
        mine = opened(wallet.places)
        for number in range(4):
            report(identities.create(mine, f"did-{worker}-{number}", now=NOW).name)

    reported = together(*[functools.partial(make, worker) for worker in range(5)])
    made = [name for worker in reported for name in worker]
    assert len(made) == 20
    assert_all_sign(wallet.places, made)


@needs_fork
def test_of_processes_that_make_a_did_of_the_same_name_one_does(wallet: Wallet) -> None:
    def make(report: Report) -> None:
        try:
            record = identities.create(opened(wallet.places), "main", now=NOW)
        except AlreadyExists:
            return
        report(record.did)

    reported = together(*[make] * 5)
    (did,) = [line for lines in reported for line in lines]
    assert [record.did for record in opened(wallet.places).manifest.dids] == [did]
    assert_all_sign(wallet.places, ["main"])
    assert len(stored_items(wallet)) == 3, "the keys of the others are still in the keystore"


def stored_items(wallet: Wallet) -> dict[str, str]:
    assert isinstance(wallet.keystore, EncryptedFile)
    return wallet.keystore._read()


@pytest.mark.slow
@needs_fork
def test_a_process_killed_at_any_moment_lists_no_dead_did_and_loses_none(wallet: Wallet) -> None:
    for round_ in range(30):

        def make_on(report: Report, round_: int = round_) -> None:
            mine = opened(wallet.places)
            for number in count():
                report(identities.create(mine, f"did-{round_}-{number}", now=NOW).name)

        reported = kill_at_random(make_on, within=0.01)
        listed = names(opened(wallet.places))
        assert set(reported) <= set(listed)
    assert_all_sign(wallet.places, reported)


@pytest.fixture
def reset(no_derivation: None, wallet: Wallet) -> Callable[[], Wallet]:
    """Puts the wallet back to one DID, `first`, and opens it."""
    identities.create(wallet, "first", now=NOW)
    precious = (wallet.places.manifest, wallet.places.keystore)
    before = {path: path.read_bytes() for path in precious}

    def put_back() -> Wallet:
        for path, data in before.items():
            path.write_bytes(data)
        return opened(wallet.places)

    return put_back


@pytest.mark.slow
@needs_fork
@at_every(1)
def test_a_process_killed_at_any_line_lists_no_dead_did_and_loses_none(
    reset: Callable[[], Wallet], step: int
) -> None:
    for line in count(1, step):
        wallet = reset()
        killed, reported = kill_at_line(line, functools.partial(_make, wallet))
        assert_all_sign(wallet.places, ["first", *reported])
        if not killed:
            break
    assert line > 80


def _make(wallet: Wallet, report: Report) -> None:
    report(identities.create(wallet, "second", now=NOW).name)


def press() -> NoReturn:
    """Ctrl-C."""
    raise KeyboardInterrupt


@at_every(1)
def test_an_owner_who_interrupts_at_any_line_finds_no_dead_did(
    reset: Callable[[], Wallet], monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(files, "_LOCK_WAIT", 0.05)
    for line in count(1, step):
        wallet = reset()
        try:
            with at_line(line, press):
                identities.create(wallet, "second", now=NOW)
        except (KeyboardInterrupt, StorageError):  # the second: it hit the release of a lock
            assert_all_sign(wallet.places, ["first"])
            continue
        break
    assert line > 80
    assert_all_sign(wallet.places, ["first", "second"])


def test_a_folder_that_can_not_be_synced_leaves_no_dead_did(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest that lists the DID is in its place by then, whatever the error says."""
    for call in (1, 2):
        calls = count(1)

        def fail_once(_: Path, calls: Any = calls, call: int = call) -> None:
            if next(calls) == call:
                raise OSError(5, "Input/output error")

        with monkeypatch.context() as broken:
            broken.setattr(files, "sync_folder", fail_once)
            with contextlib.suppress(StorageError):
                identities.create(wallet, f"did-{call}", now=NOW)
        assert_all_sign(wallet.places, [])


def fail(*_: object) -> NoReturn:
    raise StorageError("the disk broke")


def test_a_did_that_can_not_be_listed_leaves_no_key_behind(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stored_items(wallet)
    with monkeypatch.context() as broken:
        broken.setattr("ipse.storage.manifest._write", fail)
        with pytest.raises(StorageError, match="the disk broke"):
            identities.create(wallet, "main", now=NOW)
    assert stored_items(wallet) == before
    identities.create(wallet, "main", now=NOW)
    assert_all_sign(wallet.places, ["main"])


def test_a_key_that_can_not_be_taken_back_does_not_hide_why(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(*_: object) -> NoReturn:
        raise KeystoreUnavailable("the keyring died")

    monkeypatch.setattr("ipse.storage.manifest._write", fail)
    monkeypatch.setattr(EncryptedFile, "remove", dead)
    with pytest.raises(StorageError, match="the disk broke"):
        identities.create(wallet, "main", now=NOW)


@pytest.mark.parametrize("given_up", [KeyboardInterrupt, PassphraseNeeded("nobody to ask")])
def test_an_owner_who_gives_no_passphrase_is_not_asked_again(
    wallet: Wallet, given_up: BaseException | type[BaseException]
) -> None:
    asked: list[None] = []

    def give_up() -> NoReturn:
        asked.append(None)
        raise given_up

    with pytest.raises(given_up if isinstance(given_up, type) else type(given_up)):
        identities.create(Wallet(wallet.places, give_up), "main", now=NOW)
    assert len(asked) == 1


def test_a_key_that_can_not_be_kept_lists_no_did(wallet: Wallet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EncryptedFile, "_write", fail)
    with pytest.raises(StorageError, match="the disk broke"):
        identities.create(wallet, "main", now=NOW)
    assert names(opened(wallet.places)) == []


def test_a_taken_name_is_refused_before_anything_is_written(wallet: Wallet) -> None:
    identities.create(wallet, "main", now=NOW)
    before = {entry.name: entry.read_bytes() for entry in wallet.places.data.iterdir()}
    with pytest.raises(AlreadyExists):
        identities.create(wallet, "main", now=NOW)
    assert {entry.name: entry.read_bytes() for entry in wallet.places.data.iterdir()} == before


def test_a_full_disk_makes_no_did_and_loses_none(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        identities.create(wallet, "first", now=NOW)
        with filled(small_disk), pytest.raises(StorageError, match="no space left on device"):
            identities.create(wallet, "second", now=NOW)
        assert names(opened(places)) == ["first"]
        assert_all_sign(places, ["first"])
        identities.create(wallet, "second", now=NOW)
    assert_all_sign(places, ["first", "second"])


Edit = Callable[[dict[str, Any]], object]


def swap(member: str) -> Edit:
    def edit(document: dict[str, Any]) -> None:
        first, second = document["dids"]
        if member not in first:
            first, second = first["keys"][0], second["keys"][0]
        first[member], second[member] = second[member], first[member]

    return edit


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(swap("did"), id="the DIDs of two names swapped"),
        pytest.param(swap("item"), id="the keys of two names swapped"),
        pytest.param(swap("name"), id="the names of two DIDs swapped"),
        pytest.param(swap("keys"), id="all of the keys of two DIDs swapped"),
        pytest.param(swap("public"), id="the public keys of two DIDs swapped"),
        pytest.param(
            lambda document: document["dids"][0]["keys"][0].update(item="did-none"),
            id="a key that is not there",
        ),
        pytest.param(
            lambda document: document["dids"][0]["keys"][0].update(item=document["root_item"]),
            id="the root as a key",
        ),
        pytest.param(
            lambda document: document["dids"][0].update(
                did="did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
            ),
            id="somebody else's DID",
        ),
        pytest.param(lambda document: document["dids"][0].update(did="not a DID"), id="no DID at all"),
    ],
)
def test_a_did_that_was_altered_in_the_manifest_does_not_sign(wallet: Wallet, edit: Edit) -> None:
    """The manifest lies in clear; the keystore knows which name and which key belong together."""
    for name in ("work", "private"):
        identities.create(wallet, name, now=NOW)
    document = json.loads(wallet.places.manifest.read_bytes())
    edit(document)
    wallet.places.manifest.write_text(json.dumps(document))
    with pytest.raises(CorruptData):
        identities.signing_key(opened(wallet.places), "work")


@pytest.mark.parametrize(
    ("member", "value"),
    [("root_item", "root-none"), ("root_item", "the item of a DID"), ("wallet_id", "another")],
)
def test_a_root_that_was_altered_in_the_manifest_opens_no_vault(
    wallet: Wallet, member: str, value: str
) -> None:
    record = identities.create(wallet, "main", now=NOW)
    document = json.loads(wallet.places.manifest.read_bytes())
    document[member] = record.current.item if value == "the item of a DID" else value
    wallet.places.manifest.write_text(json.dumps(document))
    again = opened(wallet.places)
    if member == "wallet_id":
        assert again.root == wallet.root  # the file holds one wallet; only a keyring needs the id
        return
    with pytest.raises(CorruptData):
        assert again.vault


def test_the_vault_of_another_wallet_does_not_open(wallet: Wallet, tmp_path: Path) -> None:
    places = Places(data=tmp_path / "other", cache=tmp_path / "cache")
    Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW).close()
    wallet.places.vault.write_bytes(places.vault.read_bytes())
    with pytest.raises(CorruptData):
        assert opened(wallet.places).vault
