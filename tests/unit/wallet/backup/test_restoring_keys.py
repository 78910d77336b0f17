"""The keys come back alone, and nothing of the vault that is there is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import AlreadyExists, CorruptData, IpseError, VaultOutdated
from ipse.storage import statements
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure_log, identities, recovery, state
from ipse.wallet.backup import restoring_keys
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.restoring_keys import RestoredKeys
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.backup.made import TIME
from tests.unit.wallet.recorded import DAY, NOW, disclose

NEW = b"another passphrase"


def restore_keys(backup: Backup, places: Places, **options: Any) -> RestoredKeys:
    given = {"keystore": "file", "new_passphrase": lambda: NEW, "now": NOW + DAY, **options}
    return restoring_keys.restore_keys(places, backup, **given)


def lose_passphrase(_: Places) -> None:
    """The old file stays, and nobody opens it."""


def lose_keystore(places: Places) -> None:
    places.keystore.unlink()


def damage_manifest(places: Places) -> None:
    places.manifest.write_text("{")


def lose_both(places: Places) -> None:
    places.keystore.unlink()
    places.manifest.unlink()


LOSSES: dict[str, Callable[[Places], None]] = {
    "the passphrase": lose_passphrase,
    "the keystore": lose_keystore,
    "wallet.json": damage_manifest,
    "the keystore and wallet.json": lose_both,
}


@pytest.mark.parametrize("how", LOSSES)
def test_in_the_state_of_the_backup_nothing_has_to_be_accepted(
    wallet: Wallet, backup: Backup, how: str
) -> None:
    places, vault = wallet.places, wallet.places.vault
    wallet.close()
    before = vault.read_bytes()
    LOSSES[how](places)
    told = restore_keys(backup, places)
    assert told.newest
    assert told.lost == ()
    assert vault.read_bytes() == before
    with Wallet(places, lambda: NEW) as again:
        for record in again.manifest.dids:
            identities.signing_key(again, record.name)
        assert again.manifest.default == "me"
        assert disclosure_log.verify(again).count == 1
        disclose(again, "after")


@pytest.mark.parametrize("more", [1, 3], ids=["that goes on from it", "that no longer knows it"])
@pytest.mark.parametrize("how", LOSSES)
def test_a_newer_vault_is_accepted_by_the_owner_and_whole(
    wallet: Wallet, backup: Backup, how: str, more: int
) -> None:
    statements.add(wallet.vault, [NewStatement("since", 1, "typed")], now=TIME)
    statements.forget(wallet.vault, 2)
    disclose(wallet, *["since"] * more)
    wallet.close()
    LOSSES[how](wallet.places)
    assert not restore_keys(backup, wallet.places).newest
    with pytest.raises(VaultOutdated, match=r"its own way|no longer remembers"):
        _ = Wallet(wallet.places, lambda: NEW).vault
    with Wallet(wallet.places, lambda: NEW, doubt=lambda _: None) as doubted:
        lost = recovery.loss(doubted)
        assert lost is not None
        recovery.accept(doubted, lost, now=NOW + DAY)
    with Wallet(wallet.places, lambda: NEW) as again:
        assert [said.text for said in statements.every(again.vault)] == ["tea", "fog", "since"]
        assert disclosure_log.verify(again).count == 2 + more


def test_what_was_made_since_is_named_and_what_was_deleted_stays_deleted(
    wallet: Wallet, backup: Backup
) -> None:
    identities.create(wallet, "since", now=NOW)
    identities.delete(wallet, "me")
    wallet.close()
    wallet.places.keystore.unlink()
    assert restore_keys(backup, wallet.places).lost == ("since",)
    with Wallet(wallet.places, lambda: NEW) as again:
        assert [record.name for record in again.manifest.dids] == ["p", "k", "site"]
        assert again.manifest.default == ""


def test_what_it_replaces_is_kept_aside(wallet: Wallet, backup: Backup) -> None:
    wallet.close()
    before = {wallet.places.keystore.read_bytes(), wallet.places.manifest.read_bytes()}
    assert {path.read_bytes() for path in restore_keys(backup, wallet.places).aside} == before
    left = {path.name for path in wallet.places.data.iterdir() if not path.name.endswith(".lock")}
    assert len(left) == 5
    assert not {name for name in left if name.startswith(".")}


def test_a_dry_run_changes_nothing(wallet: Wallet, backup: Backup) -> None:
    wallet.close()
    before = {path: path.read_bytes() for path in wallet.places.data.iterdir()}
    assert restore_keys(backup, wallet.places, dry_run=True).aside == ()
    assert {path: path.read_bytes() for path in wallet.places.data.iterdir()} == before


def test_a_vault_of_another_root_is_left_alone(wallet: Wallet, backup: Backup, tmp_path: Path) -> None:
    wallet.close()
    before = {path: path.read_bytes() for path in wallet.places.data.iterdir()}
    wallet.places.vault.write_bytes(b"\1" * 8192)
    with pytest.raises(CorruptData):
        restore_keys(backup, wallet.places)
    wallet.places.vault.unlink()
    with pytest.raises(CorruptData, match="is gone"):
        restore_keys(backup, wallet.places)
    with pytest.raises(IpseError):
        restore_keys(backup, Places.under(tmp_path / "nowhere"))
    assert {path.name for path in wallet.places.data.iterdir()} == {path.name for path in before} - {
        "vault.db"
    }


def test_where_the_keyring_holds_the_keys_they_stay(
    wallet: Wallet, backup: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ipse.storage import manifest

    wallet.close()
    manifest.change(wallet.places.manifest, lambda current: replace(current, keystore="os"))
    monkeypatch.setattr(restoring_keys, "open_keystore", lambda *_: wallet.keystore)
    with pytest.raises(AlreadyExists, match="holds the keys"):
        restore_keys(backup, wallet.places)
    assert state.stored(wallet) is not None
