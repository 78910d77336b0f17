"""Keys made, moved and deleted by processes that are killed: none is listed dead, none reported is lost.

`IPSE_ROUNDS` says how many create-and-delete rounds each keystore gets.
"""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.errors import StorageError
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import manifest
from ipse.storage.places import Places
from ipse.wallet import identities, keystore_move, rotation
from ipse.wallet.identities import Kind
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.desktop import Desktop
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Report, at_every, kill_at_line, kill_at_random, needs_fork

_ROUNDS = int(os.environ.get("IPSE_ROUNDS", "60"))

pytestmark = needs_fork


def _opened(places: Places) -> Wallet:
    return Wallet(places, lambda: PASSPHRASE)


def _assert_all_sign(places: Places, names: set[str]) -> None:
    """Every DID that is listed signs, and these are listed."""
    with _opened(places) as wallet:
        listed = {record.name for record in wallet.manifest.dids}
        assert names <= listed
        for record in wallet.manifest.dids:
            _, place, key = identities.signing_key(wallet, record.name)
            assert key.public().verify(b"message", key.sign(b"message")), place


def _rounds(places: Places, tag: int, report: Report) -> None:
    """Create and delete for ever, saying before and after what is done."""
    with _opened(places) as wallet:
        for number in itertools.count():
            name = f"r{tag}-{number}"
            identities.create(wallet, name, now=NOW)
            report(f"made {name}")
            report(f"deleting {name}")
            identities.delete(wallet, name)
            report(f"deleted {name}")


def _run_rounds(places: Places, items: Callable[[], set[str]]) -> None:
    with _opened(places) as wallet:
        identities.create(wallet, "kept", now=NOW)
    done = 0
    for tag in itertools.count():
        reported = kill_at_random(functools.partial(_rounds, places, tag), within=0.15)
        said = {kind: set[str]() for kind in ("made", "deleting", "deleted")}
        for line in reported:
            kind, _, name = line.partition(" ")
            said[kind].add(name)
        _assert_all_sign(places, {"kept"} | (said["made"] - said["deleting"]))
        listed = {record.name for record in _opened(places).manifest.dids}
        assert not listed & said["deleted"]
        done += len(said["deleted"])
        if done >= _ROUNDS:
            break
    with _opened(places) as wallet:
        wallet.sweep()
        assert set(wallet.manifest.items()) <= items()
        assert wallet.manifest.leftovers == ()


def test_rounds_against_the_file(wallet: Wallet) -> None:
    def items() -> set[str]:
        assert isinstance(wallet.keystore, EncryptedFile)
        return set(wallet.keystore._read())

    _run_rounds(wallet.places, items)


@pytest.mark.slow
def test_rounds_against_a_real_keyring(desktop: Desktop, places: Places) -> None:
    Wallet.create(places, keystore="os", passphrase=lambda: PASSPHRASE, now=NOW).close()
    _run_rounds(places, lambda: {item.split("/")[1] for item in desktop.items()})


@pytest.fixture
def reset(no_derivation: None, wallet: Wallet) -> Callable[[], Places]:
    """Puts the wallet back to a DID of each kind."""
    identities.create(wallet, "plain", now=NOW)
    identities.create(wallet, "site", kind=Kind("web", domain="example.com"), now=NOW)
    rotation.rotate(wallet, "site", now=NOW)
    assert wallet.vault
    wallet.close()
    places = wallet.places
    before = {path: path.read_bytes() for path in (places.manifest, places.keystore, places.vault)}

    def put_back() -> Places:
        for path, data in before.items():
            path.write_bytes(data)
        return places

    return put_back


def _rename(wallet: Wallet) -> None:
    identities.rename(wallet, "plain", "renamed")


def _rotate(wallet: Wallet) -> None:
    rotation.rotate(wallet, "plain", now=NOW)


def _add_method(wallet: Wallet) -> None:
    rotation.rotate(wallet, "site", now=NOW)


def _retire(wallet: Wallet) -> None:
    rotation.retire(wallet, "site")


def _delete(wallet: Wallet) -> None:
    identities.delete(wallet, "plain")


@pytest.mark.slow
@at_every(7)
@pytest.mark.parametrize(
    "act", [_rename, _rotate, _add_method, _retire, _delete], ids=lambda act: act.__name__.strip("_")
)
def test_killed_at_any_line_every_listed_did_signs_and_nothing_stays_for_long(
    act: Callable[[Wallet], None], reset: Callable[[], Places], step: int
) -> None:
    for line in itertools.count(1, step):
        places = reset()

        def work(report: Report, places: Places = places) -> None:
            with _opened(places) as wallet:
                act(wallet)

        killed, _ = kill_at_line(line, work)
        listed = {record.name for record in _opened(places).manifest.dids}
        assert listed & {"plain", "renamed", "plain.1"} or act is _delete
        _assert_all_sign(places, {"site"})
        with _opened(places) as wallet:
            wallet.sweep()
            assert wallet.manifest.leftovers == ()
        _assert_all_sign(places, {"site"})
        if not killed:
            break
    assert line > 40


@pytest.mark.slow
@at_every(61)
@pytest.mark.parametrize("way", ["to the keyring", "to a file"])
def test_a_move_killed_at_any_line_can_be_started_again(
    way: str, reset: Callable[[], Places], desktop: Desktop, step: int
) -> None:
    to = "os" if way == "to the keyring" else "file"
    for line in itertools.count(1, step):
        places = reset()
        if to == "file":
            with _opened(places) as wallet:
                keystore_move.move(wallet, "os", new_passphrase=lambda: PASSPHRASE)

        def work(report: Report, places: Places = places) -> None:
            with _opened(places) as wallet:
                keystore_move.move(wallet, to, new_passphrase=lambda: PASSPHRASE)

        killed, _ = kill_at_line(line, work)
        _assert_all_sign(places, {"plain", "site"})
        if manifest.read(places.manifest).keystore != to:
            work(lambda _: None)
        with _opened(places) as wallet:
            wallet.sweep()
            assert wallet.manifest.keystore == to
            assert wallet.manifest.leftovers == ()
        _assert_all_sign(places, {"plain", "site"})
        assert places.keystore.exists() == (to == "file")
        if to == "file":
            assert desktop.items() == []
        else:
            with _opened(places) as wallet:
                keystore_move.move(wallet, "file", new_passphrase=lambda: PASSPHRASE)
            assert desktop.items() == []
        if not killed:
            break
    assert line > 100


def test_a_full_disk_under_a_rename_keeps_the_did_as_it_was(small_disk: Path) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        identities.create(wallet, "plain", now=NOW)
    with filled(small_disk), _opened(places) as wallet, pytest.raises(StorageError, match="no space"):
        identities.rename(wallet, "plain", "other")
    _assert_all_sign(places, {"plain"})
