"""A backup gives the wallet back, and nothing that was taken back since but on the owner's word."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.disclosure.methods.private import Limits
from ipse.errors import AlreadyExists, ConsentRefused, CorruptData, VaultAltered, VaultOutdated
from ipse.keys import derivation
from ipse.storage import grants, settings, statements, topic_store, trusted_issuers
from ipse.storage.places import Places
from ipse.wallet import disclosure_log, holder_keys, identities, state
from ipse.wallet.backup import restoring, verifying
from ipse.wallet.backup.archive import Backup
from ipse.wallet.backup.restoring import KINDS, Question
from ipse.wallet.disclosure import summaries
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.wallet import Wallet
from tests.made import tamper
from tests.unit.wallet.backup.made import SHOP, TIME, TOPIC, backup_of, restore, standing
from tests.unit.wallet.recorded import NOW, disclose, opened, put_back, vault_of


def given(*kinds: str) -> Callable[[Question], Collection[str]]:
    return lambda _: kinds


class TestIntoAnEmptyWallet:
    def test_everything_is_there(self, wallet: Wallet, backup: Backup, tmp_path: Path) -> None:
        told = restore(backup, tmp_path / "new")
        assert not told.over
        assert told.asked is None
        with opened(Places.under(tmp_path / "new")) as again:
            assert again.root == wallet.root
            assert [record.did for record in again.manifest.dids] == [
                record.did for record in wallet.manifest.dids
            ]
            assert again.manifest.default == wallet.manifest.default
            for record in again.manifest.dids:
                _, place, key = identities.signing_key(again, record.name)
                assert key == identities.signing_key(wallet, record.name)[2]
                assert place.item not in wallet.manifest.items()
            assert statements.every(again.vault) == statements.every(wallet.vault)
            assert grants.every(again.vault) == grants.every(wallet.vault)
            assert access_by_topic(again) == access_by_topic(wallet)
            assert trusted_issuers.every(again.vault) == trusted_issuers.every(wallet.vault)
            assert summaries.limits(again) == Limits(400, 800)
            assert disclosure_log.signer(again) == disclosure_log.signer(wallet)
            assert disclosure_log.verify(again).count == 1
            disclose(again, "another")
            assert disclosure_log.verify(again).count == 2
        for path in (tmp_path / "new").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path

    def test_nothing_is_left_beside_it(self, backup: Backup, tmp_path: Path) -> None:
        restore(backup, tmp_path / "new")
        names = {path.name for path in (tmp_path / "new").iterdir()}
        assert names - {".restore.lock"} == {"vault.db", "keystore.json", "wallet.json"}

    def test_no_key_is_given_to_two_credentials(self, wallet: Wallet, backup: Backup, tmp_path: Path) -> None:
        """The wallet may have given out some since."""
        since = holder_keys.fresh(wallet)
        restore(backup, tmp_path / "new")
        with opened(Places.under(tmp_path / "new")) as again:
            assert holder_keys.fresh(again).number > since.number

    def test_what_was_made_on_the_other_machine_is_made_again(self, backup: Backup, tmp_path: Path) -> None:
        restore(backup, tmp_path / "new")
        with opened(Places.under(tmp_path / "new")) as again:
            assert settings.get(again.vault, "embedding-fingerprint") is None
            assert settings.get(again.vault, "compiled-model-x") is None

    def test_a_dry_run_writes_nothing(self, backup: Backup, tmp_path: Path) -> None:
        told = restore(backup, tmp_path / "new", dry_run=True)
        assert told.contents.keys == 4 + 1 + 1 + 1  # DIDs, the log, the shop, a credential's
        assert not (tmp_path / "new").exists()

    @pytest.mark.parametrize("name", ["vault.db", "keystore.json"])
    def test_what_lies_there_is_never_written_over(self, backup: Backup, tmp_path: Path, name: str) -> None:
        (tmp_path / "new").mkdir(mode=0o700)
        (tmp_path / "new" / name).write_bytes(b"somebody's")
        with pytest.raises(AlreadyExists, match="without its wallet"):
            restore(backup, tmp_path / "new")
        assert [path.name for path in (tmp_path / "new").iterdir()] == [name]

    def test_a_backup_of_a_restored_wallet_is_one_again(self, backup: Backup, tmp_path: Path) -> None:
        restore(backup, tmp_path / "new")
        with opened(Places.under(tmp_path / "new")) as again:
            verifying.verify(backup_of(again))


class TestInThePlaceOfTheSameWallet:
    def test_a_vault_that_is_gone_comes_back_without_a_question(self, wallet: Wallet, backup: Backup) -> None:
        """The keystore remembers the very state of the backup."""
        said = statements.every(wallet.vault)
        wallet.close()
        wallet.places.vault.unlink()
        told = restore(backup, wallet.places.data)
        assert told.over
        assert told.aside == ()
        with opened(wallet.places) as again:
            assert statements.every(again.vault) == said
            assert standing(again) == [SHOP]
            assert disclosure_log.verify(again).count == 1

    def test_a_vault_that_is_damaged_is_moved_aside(self, wallet: Wallet, backup: Backup) -> None:
        wallet.close()
        damaged = bytes(byte ^ 0xFF for byte in vault_of(wallet)[:16]) + vault_of(wallet)[16:]
        wallet.places.vault.write_bytes(damaged)
        journal = wallet.places.vault.with_name("vault.db-journal")
        journal.write_bytes(b"of the old vault")
        journal.chmod(0o600)
        (aside,) = restore(backup, wallet.places.data).aside
        assert aside.read_bytes() == damaged
        assert not journal.exists()
        with opened(wallet.places) as again:
            assert disclosure_log.verify(again).count == 1

    def test_where_the_wallet_is_in_that_state_nothing_is_done(self, wallet: Wallet, backup: Backup) -> None:
        before = vault_of(wallet)
        assert not restore(backup, wallet.places.data).changed
        assert vault_of(wallet) == before

    def test_another_wallet_is_left_alone(self, empty_recorded: Path, backup: Backup, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir(mode=0o700)
        other = restore_other(empty_recorded, tmp_path / "other" / "wallet")
        before = {path.name: path.read_bytes() for path in other.iterdir()}
        with pytest.raises(AlreadyExists, match="another wallet"):
            restore(replace(backup, wallet=replace(backup.wallet, wallet_id="x")), other)
        assert {path.name: path.read_bytes() for path in other.iterdir()} == before

    def test_dids_made_since_stay(self, wallet: Wallet, backup: Backup) -> None:
        identities.create(wallet, "since", now=NOW)
        disclose(wallet, "since")
        wallet.close()
        restore(backup, wallet.places.data, ask=given())
        with opened(wallet.places) as again:
            identities.signing_key(again, "since")


def restore_other(template: Path, folder: Path) -> Path:
    shutil.copytree(template, folder)
    return folder


def go_on(wallet: Wallet) -> None:
    """What the owner does after the backup: spends, revokes, closes and forgets."""
    vault = wallet.vault
    summaries.change_limits(wallet, year=0, life=0)
    grants.revoke(vault, SHOP, now=TIME)
    topic_store.set_access(vault, TOPIC, False)
    statements.forget(vault, 2)
    disclose(wallet, "since")


def lose_vault(wallet: Wallet) -> None:
    wallet.close()
    wallet.places.vault.unlink()


def forget_state(wallet: Wallet) -> None:
    wallet.keystore.remove(wallet.manifest.state_item)
    wallet.close()


def damage_state(wallet: Wallet) -> None:
    wallet.close()
    wallet.keystore.replace(wallet.manifest.state_item, b"{")


LOSSES: dict[str, Callable[[Wallet], None]] = {
    "a newer vault": Wallet.close,
    "a vault that is gone": lose_vault,
    "a keystore that remembers nothing": forget_state,
    "a keystore whose item is damaged": damage_state,
}


def held(wallet: Wallet) -> dict[str, object]:
    """What of each kind is as it was in the backup."""
    there = [statement.number for statement in statements.every(wallet.vault)]
    return {
        "spent": summaries.limits(wallet) == Limits(400, 800),
        "revoked": standing(wallet) == [SHOP],
        "closed": access_by_topic(wallet)[TOPIC],
        "forgotten": 2 in there,
    }


@pytest.mark.parametrize("how", LOSSES)
@pytest.mark.parametrize("words", [(), KINDS, *[(kind,) for kind in KINDS]], ids=" ".join)
def test_each_kind_comes_back_on_the_owners_word_alone(
    wallet: Wallet, backup: Backup, how: str, words: tuple[str, ...]
) -> None:
    go_on(wallet)
    LOSSES[how](wallet)
    told = restore(backup, wallet.places.data, ask=given(*words))
    assert told.given == words
    with opened(wallet.places) as again:
        assert held(again) == {kind: kind in words for kind in KINDS}
        assert {said.sensitivity for said in statements.every(again.vault)} <= {"secret"}
        assert trusted_issuers.every(again.vault) == []
        verified = disclosure_log.verify(again)
        assert disclosure_log.find(again, verified.count).content["level"] == "log"
        assert state.stored(again) == state.encoded(again.vault.heads()[-1])


def test_of_statements_that_the_wallet_still_has_none_is_lost(wallet: Wallet, backup: Backup) -> None:
    go_on(wallet)
    wallet.close()
    asked: list[Question] = []
    restore(backup, wallet.places.data, ask=lambda question: asked.append(question) or ())  # type: ignore[func-returns-value]
    assert asked[0].forgotten == 1
    with opened(wallet.places) as again:
        assert [statement.number for statement in statements.every(again.vault)] == [1, 3]


def test_the_old_text_of_a_statement_that_was_corrected_is_forgotten(wallet: Wallet, backup: Backup) -> None:
    corrected = replace(statements.find(wallet.vault, 1), text="green tea")
    statements.rewrite(wallet.vault, corrected, now=TIME)
    disclose(wallet, "since")
    wallet.close()
    restore(backup, wallet.places.data, ask=given())
    with opened(wallet.places) as again:
        assert [said.text for said in statements.every(again.vault)] == ["rain", "fog"]


def test_a_forgotten_text_is_nowhere_in_the_restored_file(wallet: Wallet, backup: Backup) -> None:
    go_on(wallet)
    wallet.close()
    restore(backup, wallet.places.data, ask=given())
    with opened(wallet.places) as again:
        texts = again.vault.rows("SELECT text FROM statements")
        assert ("rain",) not in texts
        assert settings.get(again.vault, "erasing") is None


def test_who_refuses_changes_nothing(wallet: Wallet, backup: Backup) -> None:
    go_on(wallet)
    wallet.close()
    before = {path.name: path.read_bytes() for path in wallet.places.data.iterdir() if path.is_file()}

    def refuse(_: Question) -> Collection[str]:
        raise ConsentRefused("no")

    with pytest.raises(ConsentRefused):
        restore(backup, wallet.places.data, ask=refuse)
    assert restore(backup, wallet.places.data, dry_run=True).asked is not None
    after = {path.name: path.read_bytes() for path in wallet.places.data.iterdir() if path.is_file()}
    assert after == before


def test_the_newer_vault_is_kept_aside_and_fits_no_more(wallet: Wallet, backup: Backup) -> None:
    go_on(wallet)
    wallet.close()
    newest = vault_of(wallet)
    (aside,) = restore(backup, wallet.places.data, ask=given(*KINDS)).aside
    assert aside.read_bytes() == newest
    with put_back(opened(wallet.places), newest) as again:
        assert isinstance(again.vault.refusal, VaultOutdated)


class TestABackupIsMade:
    def test_of_no_vault_but_the_newest(self, wallet: Wallet) -> None:
        old = vault_of(wallet)
        disclose(wallet, "since")
        outdated = put_back(wallet, old)
        with pytest.raises(VaultOutdated):
            backup_of(outdated)
        outdated.close()

    def test_of_no_vault_that_was_altered(self, wallet: Wallet) -> None:
        tamper(wallet.vault, "DELETE FROM disclosures")
        with pytest.raises(VaultAltered):
            backup_of(wallet)
        wallet.vault.unsettled = None

    def test_of_no_keys_but_those_of_the_dids(self, wallet: Wallet) -> None:
        record = wallet.manifest.dids[0]
        other = derivation.pairwise_key(wallet.root, "x")
        wallet.keystore.replace(record.current.item, identities.item_of(record, record.current, other))
        with pytest.raises(CorruptData):
            backup_of(wallet)


def test_kinds_are_those_that_are_asked_for() -> None:
    assert restoring.KINDS == ("spent", "revoked", "closed", "forgotten")
