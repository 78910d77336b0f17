"""Going on from an older vault: what is lost, the owner's word, and what is taken back."""

from __future__ import annotations

import functools
import hashlib
import shutil
from collections.abc import Callable

import pytest

from ipse.disclosure.methods.private import Limits
from ipse.errors import CorruptData, KeystoreUnavailable, StorageError, VaultAltered, VerificationFailed
from ipse.keys import derivation
from ipse.storage import disclosure_log as chain
from ipse.storage import grants, settings, statements, topic_store, trusted_authorities, trusted_issuers
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from ipse.wallet import disclosure, disclosure_log, keystore_move, recovery, state
from ipse.wallet.disclosure import dates, summaries
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.recovery import Loss
from ipse.wallet.wallet import Wallet
from tests.faults.processes import Report, kill_at_line, needs_fork, together
from tests.made import tamper
from tests.unit.wallet.recorded import DAY, NOW, SECRET, content, disclose, kept, opened, put_back, vault_of
from tests.unit.wallet.test_state import DAMAGED

TIME = "2026-11-22T12:00:00Z"


def fall_behind(wallet: Wallet) -> Wallet:
    """The vault of one entry ago."""
    old = vault_of(wallet)
    disclose(wallet, "lost")
    return put_back(wallet, old)


def empty(wallet: Wallet) -> Wallet:
    """A vault of this wallet in which nothing was ever entered."""
    made = wallet.places.data / "empty.db"
    with Vault.create(made, derivation.vault_key(wallet.root)):
        pass
    content = made.read_bytes()
    made.unlink()
    return put_back(wallet, content)


def fork(wallet: Wallet) -> Wallet:
    """The vault of one entry ago after it went its own way."""
    forked = fall_behind(wallet)
    forked.vault.refusal = None
    forked.vault.before_change = lambda: None
    settings.put(forked.vault, "name", "value")
    settings.put(forked.vault, "name", "other")
    forked.vault.unsettled = None
    return put_back(forked, vault_of(forked))


def lose(wallet: Wallet) -> Wallet:
    """A keystore that remembers nothing."""
    wallet.keystore.remove(wallet.manifest.state_item)
    return put_back(wallet, vault_of(wallet))


def damage(damaged: bytes, wallet: Wallet) -> Wallet:
    """A keystore whose item can't be read."""
    wallet.keystore.replace(wallet.manifest.state_item, damaged)
    wallet.vault.unsettled = None
    return put_back(wallet, vault_of(wallet))


def before_heads(wallet: Wallet) -> Wallet:
    """A vault of an older version, of which the keystore counted an entry more."""
    tamper(wallet.vault, "DELETE FROM state_heads")
    item = b'{"count":3,"digest":"%s","signed":true}' % (b"0" * 64)
    wallet.keystore.replace(wallet.manifest.state_item, item)
    wallet.vault.unsettled = None
    return put_back(wallet, vault_of(wallet))


Break = Callable[[Wallet], Wallet]
ACCEPTABLE: dict[str, Break] = {
    "an older vault": fall_behind,
    "an empty vault": empty,
    "a vault that went its own way": fork,
    "a keystore that remembers nothing": lose,
    "a vault of an older version": before_heads,
    **{f"a damaged item: {damaged!r}": functools.partial(damage, damaged) for damaged in DAMAGED},
}


def broken(wallet: Wallet, how: Break) -> tuple[Wallet, Loss]:
    """The wallet with a state that is not the remembered one, and what that loses."""
    disclose(wallet, "a", "b")
    wallet = how(wallet)
    lost = recovery.loss(wallet)
    assert lost is not None
    return wallet, lost


NONE = Limits(year=0, life=0)
"""Limits under which no private summary is drawn."""


def everything(wallet: Wallet) -> tuple[object, ...]:
    """All that accepting changes."""
    stored = wallet.keystore.find(wallet.manifest.state_item)
    return chain.end(wallet.vault), wallet.vault.rows("SELECT * FROM state_heads"), stored


@pytest.mark.parametrize("how", ACCEPTABLE)
class TestAccepting:
    @pytest.mark.sampled(3)
    def test_enters_what_is_lost_and_goes_on(self, recorded: Wallet, how: str) -> None:
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            entry = recovery.accept(wallet, lost, now=NOW)
            head = wallet.vault.heads()[-1]
            assert kept(wallet) == (head.counter, head.digest)
            assert head.counter > max(lost.remembered or 0, lost.here if wallet.vault.heads() else 0)
            assert disclosure_log.verify(wallet).count == entry.number
            assert recovery.loss(wallet) is None
        with opened(wallet.places) as again:
            disclose(again, "after")
            assert disclosure_log.verify(again).count == entry.number + 1

    @pytest.mark.sampled(3)
    def test_says_in_the_entry_what_is_lost_and_that_nothing_left(self, recorded: Wallet, how: str) -> None:
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            entry = recovery.accept(wallet, lost, now=NOW)
            said = dict(chain.find(wallet.vault, entry.number).content)
            assert said.pop("purpose").startswith("the owner went on from an older vault: ")
            assert said.pop("number") == entry.number
            said.pop("previous")
            assert said == {
                "time": TIME,
                "level": "log",
                "application": "",
                "address": "",
                "consent": "owner",
                "grant": None,
                "said": False,
                "released": "",
                "answer": hashlib.sha256(b"").hexdigest(),
                "lost": {"remembered": lost.remembered, "digest": lost.digest, "here": lost.here},
            }

    @pytest.mark.sampled(3)
    def test_lets_no_private_summary_be_drawn_until_the_owner_sets_limits(
        self, recorded: Wallet, how: str
    ) -> None:
        """What was drawn by the entries that are lost is not known."""
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            recovery.accept(wallet, lost, now=NOW)
            for now in (NOW, NOW - 10 * DAY, NOW + 9999 * DAY):
                drawn = summaries.drawn(wallet, now)
                assert drawn.limits == NONE
                assert not drawn.limits.room(drawn.this_year, drawn.ever)
        with opened(wallet.places) as again:
            assert summaries.change_limits(again, year=400, life=800) == Limits(400, 800)
            assert summaries.limits(again).room(0, 0)

    @pytest.mark.sampled(3)
    def test_confirms_the_date_that_the_owner_was_shown(self, recorded: Wallet, how: str) -> None:
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            recovery.accept(wallet, lost, now=NOW + 99 * DAY)
            assert dates.dates(wallet, NOW).confirmed == NOW + 99 * DAY

    @pytest.mark.sampled(3)
    def test_is_named_as_the_way_out_by_all_that_refuses(self, recorded: Wallet, how: str) -> None:
        wallet, _ = broken(recorded, ACCEPTABLE[how])
        with wallet:
            for act in (
                lambda: disclosure_log.verify(wallet),
                lambda: disclosure_log.record(wallet, content(), now=NOW),
                lambda: opened(wallet.places).vault,
            ):
                with pytest.raises((VerificationFailed, CorruptData)) as caught:
                    act()
                assert "`ipse log accept`" in caught.value.hint or caught.value.code == "vault-altered"

    @pytest.mark.sampled(3)
    def test_of_another_extent_than_the_owner_saw_changes_nothing(self, recorded: Wallet, how: str) -> None:
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            before = everything(wallet)
            for seen in (
                Loss(99, lost.digest, lost.here),
                Loss(lost.remembered, "0" * 63, lost.here),
                Loss(lost.remembered, lost.digest, lost.here + 1),
            ):
                with pytest.raises(StorageError, match="changed by another process meanwhile"):
                    recovery.accept(wallet, seen, now=NOW)
            assert everything(wallet) == before
            assert wallet.vault.refusal is not None

    @pytest.mark.sampled(3)
    def test_once_is_enough(self, recorded: Wallet, how: str) -> None:
        """Also for one who was shown the same and typed later."""
        wallet, lost = broken(recorded, ACCEPTABLE[how])
        with wallet:
            recovery.accept(wallet, lost, now=NOW)
            before = everything(wallet)
            with opened(wallet.places, doubted=True) as late, pytest.raises(StorageError, match="meanwhile"):
                recovery.accept(late, lost, now=NOW)
            assert everything(wallet) == before

    @pytest.mark.sampled(3)
    def test_that_the_keystore_can_not_remember_is_accepted_again(
        self, recorded: Wallet, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wallet, lost = broken(recorded, ACCEPTABLE[how])

        def fail(*_: object) -> None:
            raise KeystoreUnavailable("the keyring is gone")

        with wallet:
            with monkeypatch.context() as patch:
                patch.setattr(wallet.keystore, "replace", fail)
                with pytest.raises(KeystoreUnavailable):
                    recovery.accept(wallet, lost, now=NOW)
            with pytest.raises((VerificationFailed, CorruptData)):
                disclosure_log.record(wallet, content(), now=NOW)
            still = recovery.loss(wallet)
            assert still is not None
            recovery.accept(wallet, still, now=NOW)
            assert summaries.limits(wallet) == NONE
            assert recovery.loss(wallet) is None


def test_takes_back_all_that_may_have_been_taken_back(recorded: Wallet) -> None:
    """Nobody knows what was ended, closed or hidden after the vault was saved."""
    vault = recorded.vault
    for level, exact in (("choose", False), ("bands", True)):
        disclosure.grant(
            recorded, "https://shop.example", level=level, now=NOW, expires=NOW + 90 * DAY, exact=exact
        )
    new = [NewStatement("tea", 1.0, "said", one) for one in ("public", "private", "secret")]
    new[1] = NewStatement("rain", 1.0, "said", "private")
    new[2] = NewStatement("fog", 1.0, "said", "secret")
    statements.add(vault, new, now=TIME)
    topic_store.add(vault, label="The abyss", meaning="strange fish", now=TIME)
    topic_store.set_access(vault, "dating", True)
    trusted_issuers.add(vault, "did:web:issuer.example", ["Degree"], now=TIME)
    trusted_authorities.add(vault, "ab" * 32, b"der", ["verifier", "issuer"], now=TIME)
    state.settle(recorded)
    wallet, lost = broken(recorded, fall_behind)
    with wallet:
        recovery.accept(wallet, lost, now=NOW)
        assert [grant.revoked for grant in grants.every(wallet.vault)] == [TIME, TIME]
        assert {said.sensitivity for said in statements.every(wallet.vault)} == {"secret"}
        access = access_by_topic(wallet)
        assert "own:The abyss" in access
        assert set(access.values()) == {False}
        assert trusted_issuers.every(wallet.vault) == []
        assert trusted_authorities.every(wallet.vault) == []


class TestNothingToAccept:
    def test_where_nothing_is_lost(self, recorded: Wallet) -> None:
        assert recovery.loss(recorded) is None
        disclose(recorded, "a")
        assert recovery.loss(recorded) is None
        disclosure_log.record(recorded, content("never left"), now=NOW)
        assert recovery.loss(recorded) is None

    def test_is_accepted(self, recorded: Wallet) -> None:
        disclose(recorded, "a")
        before = everything(recorded)
        with pytest.raises(StorageError, match="meanwhile"):
            recovery.accept(recorded, Loss(2, recorded.vault.heads()[-1].digest, 2), now=NOW)
        assert everything(recorded) == before

    @pytest.mark.sampled(4)
    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM disclosures WHERE number = 1",
            "DELETE FROM disclosures WHERE number = 2",
            "UPDATE settings SET value = '2030-01-01T00:00:00Z'",
            "UPDATE state_heads SET mac = zeroblob(32)",
            "INSERT INTO topic_access VALUES ('dating', 1)",
        ],
    )
    @pytest.mark.parametrize("how", [None, fall_behind, lose], ids=["newest", "behind", "no item"])
    def test_where_the_vault_is_no_state_that_was_ever_left(
        self, recorded: Wallet, how: Break | None, sql: str
    ) -> None:
        disclose(recorded, "a", "b")
        wallet = how(recorded) if how else recorded
        with wallet:
            tamper(wallet.vault, sql)
            before = everything(wallet)
            with pytest.raises(VerificationFailed) as caught:
                recovery.loss(wallet)
            assert "accept" not in caught.value.hint
            with pytest.raises(VerificationFailed):
                recovery.accept(wallet, Loss(9, "", 2), now=NOW)
            assert everything(wallet) == before
            wallet.vault.unsettled = None


def test_an_older_vault_put_back_again_and_again_lets_no_summary_be_drawn(recorded: Wallet) -> None:
    disclose(recorded, "a")
    old = vault_of(recorded)
    summaries.change_limits(recorded, year=0)
    disclose(recorded, "b")
    wallet = recorded
    for day in (0, 20, 40):
        now = NOW + day * DAY
        wallet = put_back(wallet, old)
        lost = recovery.loss(wallet)
        assert lost is not None
        recovery.accept(wallet, lost, now=now)
        assert summaries.limits(wallet) == NONE
    wallet.close()


def test_the_newest_vault_fits_no_more_after_an_older_one_was_accepted(recorded: Wallet) -> None:
    disclose(recorded, "a")
    old = vault_of(recorded)
    disclose(recorded, "b", "c")
    new = vault_of(recorded)
    with put_back(recorded, old) as accepted:
        lost = recovery.loss(accepted)
        assert lost is not None
        recovery.accept(accepted, lost, now=NOW)
        with put_back(accepted, new) as newest, pytest.raises(VerificationFailed) as caught:
            disclosure_log.verify(newest)
        assert caught.value.code == "vault-outdated"


def test_the_newest_vault_fits_until_the_keystore_remembers_the_loss(
    recorded: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    disclose(recorded, "a")
    old = vault_of(recorded)
    disclose(recorded, "b")
    new = vault_of(recorded)
    wallet = put_back(recorded, old)
    lost = recovery.loss(wallet)
    assert lost is not None

    def fail(*_: object) -> None:
        raise KeystoreUnavailable("the keyring is gone")

    with monkeypatch.context() as patch:
        patch.setattr(wallet.keystore, "replace", fail)
        with pytest.raises(KeystoreUnavailable):
            recovery.accept(wallet, lost, now=NOW)
    with put_back(wallet, new) as newest:
        assert disclosure_log.verify(newest).count == 2
        assert summaries.limits(newest) == Limits()


@pytest.mark.usefixtures("desktop")
def test_a_loss_is_accepted_where_the_keys_are_and_nowhere_else(recorded: Wallet) -> None:
    disclose(recorded, "a")
    keystore_move.move(recorded, "os", new_passphrase=lambda: SECRET)
    with fall_behind(recorded) as behind, opened(behind.places, doubted=True) as late:
        lost = recovery.loss(late)
        assert lost is not None
        keystore_move.move(behind, "file", new_passphrase=lambda: SECRET)
        with pytest.raises(StorageError, match="moved by another process meanwhile"):
            recovery.accept(late, lost, now=NOW)
        again = recovery.loss(behind)
        assert again is not None
        recovery.accept(behind, again, now=NOW)
        assert disclosure_log.verify(behind).count == chain.end(behind.vault)[0]


@needs_fork
@pytest.mark.usefixtures("patient")
def test_of_processes_that_accept_at_the_same_time_one_enters_it(recorded: Wallet) -> None:
    wallet, lost = broken(recorded, fall_behind)
    places = wallet.places
    wallet.close()

    def work(report: Report) -> None:
        with opened(places, doubted=True) as mine:
            try:
                recovery.accept(mine, lost, now=NOW)
            except StorageError as error:
                report("late" if "meanwhile" in error.message else error.message)
            else:
                report("accepted")

    said = sorted(line for lines in together(*[work] * 4) for line in lines)
    assert said == ["accepted", "late", "late", "late"]
    with opened(places) as again:
        assert disclosure_log.verify(again).count == 3


def _accept(places: Places, report: Report) -> None:
    with opened(places, doubted=True) as wallet:
        lost = recovery.loss(wallet)
        assert lost is not None
        recovery.accept(wallet, lost, now=NOW)
        report("accepted")


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize("how", [fall_behind, fork, lose])
def test_a_kill_while_a_loss_is_accepted_leaves_it_to_be_accepted_or_accepted(
    recorded: Wallet, how: Break
) -> None:
    wallet, _ = broken(recorded, how)
    wallet.close()
    places = wallet.places
    saved = places.data.with_name("saved")
    shutil.copytree(places.data, saved)
    line, killed, seen = 1, True, set()
    while killed:
        shutil.rmtree(places.data)
        shutil.copytree(saved, places.data)
        killed, reported = kill_at_line(line, functools.partial(_accept, places))
        with opened(places, doubted=True) as again:
            here, _ = chain.end(again.vault)
            still = recovery.loss(again)
            seen.add((here, still is not None))
            assert still is None or not reported
            assert summaries.limits(again) == (NONE if here > 2 else Limits())
            if still is not None:
                with pytest.raises(VerificationFailed):
                    disclosure_log.record(again, content(), now=NOW)
                recovery.accept(again, still, now=NOW)
        with opened(places) as again:
            (entry,) = disclose(again, "next")
            assert disclosure_log.verify(again).count == entry.number
            assert summaries.limits(again) == NONE
        line += 37
    assert line > 300
    assert seen == {(2, True), (3, True), (3, False)}, "before the commit, before it is remembered, and after"


def test_an_altered_vault_is_not_one_to_go_on_from(recorded: Wallet) -> None:
    disclose(recorded, "a")
    tamper(recorded.vault, "DELETE FROM settings")
    with pytest.raises(VaultAltered) as caught:
        recovery.loss(recorded)
    assert caught.value.hint.startswith("put the newest whole vault.db")
