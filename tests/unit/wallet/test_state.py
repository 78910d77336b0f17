"""The state of a vault and what the keystore remembers of it: followed, taken over, missing, moved."""

from __future__ import annotations

import functools
import json
import shutil
from typing import Any

import pytest

from ipse.errors import (
    CorruptData,
    KeystoreUnavailable,
    StorageError,
    VaultAltered,
    VaultOutdated,
)
from ipse.storage import disclosure_log as chain
from ipse.storage import settings, statements
from ipse.storage.places import Places
from ipse.wallet import disclosure_log, keystore_move, state
from ipse.wallet.wallet import Wallet
from tests.desktop import Desktop
from tests.faults.processes import Report, at_every, kill_at_line, kill_at_random, needs_fork, together
from tests.made import tamper
from tests.unit.wallet.recorded import NOW, SECRET, content, disclose, kept, opened, put_back, vault_of

DAMAGED = (
    b"",
    b"1",
    b"{}",
    b"\xff",
    b'{"counter":1}',
    b'{"counter":0,"digest":""}',
    b'{"count":-1,"digest":"","signed":true}',
)


def newest(wallet: Wallet) -> tuple[int, str]:
    head = wallet.vault.heads()[-1]
    return head.counter, head.digest


class TestTheKeystore:
    def test_follows_each_entry(self, recorded: Wallet) -> None:
        for _ in range(3):
            disclose(recorded, "x")
            assert kept(recorded) == newest(recorded)

    def test_follows_when_the_wallet_is_closed(self, recorded: Wallet) -> None:
        before = kept(recorded)
        settings.put(recorded.vault, "name", "value")
        settings.put(recorded.vault, "name", "other")
        assert kept(recorded) == before
        after = newest(recorded)
        recorded.close()
        assert kept(recorded) == after != before

    def test_does_not_move_for_what_can_be_made_again(self, recorded: Wallet) -> None:
        before = newest(recorded)
        recorded.vault.change("INSERT INTO rankings (time, candidates) VALUES ('', '')")
        assert newest(recorded) == before == kept(recorded)

    def test_may_lie_behind_what_was_changed_before_a_kill(self, recorded: Wallet) -> None:
        for _ in range(2):
            settings.put(recorded.vault, "name", "value")
            settings.remove(recorded.vault, "name")
            with opened(recorded.places) as other:
                assert disclosure_log.verify(other).state == newest(recorded)[0]
            assert kept(recorded) == newest(recorded)

    def test_never_goes_back_for_a_process_that_settles_late(self, recorded: Wallet) -> None:
        with opened(recorded.places) as other:
            disclosure_log.record(recorded, content("first"), now=NOW)
            disclose(other, "second")
            state.settle(recorded)
            assert kept(recorded) == newest(other)

    def test_lets_only_heads_be_dropped_that_are_older(self, recorded: Wallet) -> None:
        for number in range(6):
            settings.put(recorded.vault, "name", str(number))
            state.settle(recorded)
        counters = [head.counter for head in recorded.vault.heads()]
        assert len(counters) <= 3
        assert kept(recorded) == newest(recorded)

    @needs_fork
    @pytest.mark.usefixtures("patient")
    def test_keeps_up_with_processes_that_record_at_the_same_time(self, recorded: Wallet) -> None:
        places = recorded.places

        def work(report: Report) -> None:
            with opened(places) as mine:
                for _ in range(5):
                    (entry,) = disclose(mine, "x")
                    counter, _ = kept(mine) or (0, "")
                    assert counter >= entry.number, "it left before it was remembered"
                    report(str(entry.number))

        numbers = sorted(int(line) for lines in together(*[work] * 4) for line in lines)
        assert numbers == list(range(1, 21))
        assert disclosure_log.verify(recorded).count == 20
        assert kept(recorded) == newest(recorded)

    def test_that_can_not_be_written_stops_the_release(
        self, recorded: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        disclose(recorded, "a")
        disclosure_log.record(recorded, content("b"), now=NOW)

        def fail(*_: object) -> None:
            raise KeystoreUnavailable("the keyring is gone")

        with monkeypatch.context() as patch:
            patch.setattr(recorded.keystore, "replace", fail)
            with pytest.raises(KeystoreUnavailable):
                state.settle(recorded)
        assert disclosure_log.verify(recorded).count == 2

    def test_that_is_damaged_is_corrupt_and_nothing_is_recorded(self, recorded: Wallet) -> None:
        disclose(recorded, "a")
        for damaged in DAMAGED:
            recorded.keystore.replace(recorded.manifest.state_item, damaged)
            for act in (
                lambda: disclosure_log.verify(recorded),
                lambda: disclosure_log.record(recorded, content(), now=NOW),
                lambda: opened(recorded.places).vault,
            ):
                with pytest.raises(CorruptData, match="damaged") as caught:
                    act()
                assert "`ipse log accept`" in caught.value.hint
        assert chain.end(recorded.vault)[0] == 1

    def test_that_remembers_nothing_more_is_no_older_wallet(self, recorded: Wallet) -> None:
        disclose(recorded, "a")
        recorded.keystore.remove(recorded.manifest.state_item)
        with pytest.raises(VaultOutdated, match="no longer remembers"):
            disclosure_log.record(recorded, content(), now=NOW)


class TestWhatIsChangedBehindTheWalletsBack:
    @pytest.mark.parametrize(
        "sql",
        [
            "DELETE FROM settings",
            "INSERT INTO settings VALUES ('limit-life', '100000')",
            "INSERT INTO summaries VALUES (1, '2026-09-04', '', 0, 1, '[]', '[]', '[]', '[]')",
            "INSERT INTO readings VALUES ('https://shop.example', 0, 0)",
            "INSERT INTO topic_access VALUES ('hiking', 1)",
            "UPDATE sqlite_sequence SET seq = 0 WHERE name = 'statements'",
            "INSERT INTO trusted_issuers VALUES ('did:web:evil.example', 'Degree', '')",
            "UPDATE statements SET sensitivity = 'public'",
            "DROP TRIGGER answer_stays",
            "DROP TRIGGER summary_stays",
            "DROP TRIGGER told_statement_gone",
            "DELETE FROM state_heads WHERE counter = (SELECT max(counter) FROM state_heads)",
            "PRAGMA user_version = 5",
        ],
    )
    def test_is_refused_before_anything_leaves(self, recorded: Wallet, sql: str) -> None:
        statements.add(
            recorded.vault,
            [statements.NewStatement("tea", 1.0, "said", "secret")],
            now="2026-01-01T00:00:00Z",
        )
        disclose(recorded, "a")
        tamper(recorded.vault, sql)
        for act in (
            lambda: disclosure_log.record(recorded, content(), now=NOW),
            lambda: disclosure_log.verify(recorded),
        ):
            with pytest.raises((VaultAltered, VaultOutdated)):
                act()
        assert chain.end(recorded.vault)[0] == 1

    def test_is_in_no_later_head(self, recorded: Wallet) -> None:
        """A change of one row does not take over what is stale in another."""
        settings.put(recorded.vault, "one", "1")
        tamper(recorded.vault, "UPDATE settings SET value = '2' WHERE name = 'one'")
        settings.put(recorded.vault, "two", "2")
        settings.put(recorded.vault, "one", "3")
        with pytest.raises(VaultAltered):
            disclosure_log.verify(recorded)

    def test_whose_log_lost_its_end_is_found_after_a_change_of_something_else(self, recorded: Wallet) -> None:
        """As where the owner's yes confirms the date before the answer is recorded."""
        disclose(recorded, "a", "b")
        vault = recorded.vault
        tamper(vault, "DELETE FROM disclosures WHERE number = 2")
        with vault.transaction():
            settings.put(vault, "name", "new")
            with pytest.raises(VaultAltered, match="last numbers"):
                disclosure_log.record(recorded, content(), now=NOW)

    def test_is_none_where_a_number_was_used_and_its_row_is_gone_at_once(self, recorded: Wallet) -> None:
        vault = recorded.vault
        with vault.transaction():
            statements.add(vault, [statements.NewStatement("a", 1.0, "said")], now="2026-11-22T12:00:00Z")
            vault.change("DELETE FROM statements")
        assert disclosure_log.verify(recorded).count == 0

    def test_can_be_read_and_not_changed(self, recorded: Wallet) -> None:
        settings.put(recorded.vault, "name", "new")
        state.settle(recorded)
        tamper(recorded.vault, "UPDATE settings SET value = 'old' WHERE name = 'name'")
        told: list[Exception] = []
        with Wallet(recorded.places, lambda: SECRET, doubt=told.append) as reading:
            assert settings.get(reading.vault, "name") == "old"
            assert told == [], "reading looks at the heads alone"
            with pytest.raises(VaultAltered):
                settings.put(reading.vault, "name", "newer")
            reading.vault.change("INSERT INTO rankings (time, candidates) VALUES ('', '')")
        assert settings.get(recorded.vault, "name") == "old"


class TestAnOlderWallet:
    """Its vault has no heads, and its keystore counts the entries of the log, or nothing."""

    def older(self, wallet: Wallet, *, counted: int | None) -> None:
        disclose(wallet, "a", "b")
        tamper(wallet.vault, "DELETE FROM state_heads")
        tamper(wallet.vault, "DELETE FROM settings")
        item = wallet.manifest.state_item
        if counted is None:
            wallet.keystore.remove(item)
        else:
            digest = chain.digest_of(wallet.vault, counted) or "0" * 64
            said: dict[str, Any] = {"count": counted, "digest": digest, "signed": True}
            wallet.keystore.replace(item, json.dumps(said).encode())
        wallet.vault.close()

    @pytest.mark.sampled(1)
    @pytest.mark.parametrize("counted", [None, 0, 1, 2])
    def test_gets_its_first_head_when_it_is_opened(self, recorded: Wallet, counted: int | None) -> None:
        self.older(recorded, counted=counted)
        for _ in range(2):
            with opened(recorded.places) as again:
                assert disclosure_log.verify(again).count == 2
                assert kept(again) == newest(again)
                assert settings.get(again.vault, settings.DATE_CONFIRMED) == "2026-11-22T12:00:00Z"
        before = vault_of(recorded)
        with opened(recorded.places) as again:
            disclose(again, "c")
        with put_back(again, before) as back, pytest.raises(VaultOutdated):
            disclosure_log.verify(back)

    def test_whose_log_was_cut_gets_none(self, recorded: Wallet) -> None:
        self.older(recorded, counted=3)
        with opened(recorded.places) as again, pytest.raises(VaultOutdated, match="3 entries"):
            _ = again.vault

    @pytest.mark.parametrize("counted", [None, 2])
    def test_that_dies_before_the_keystore_remembers_is_taken_over(
        self, recorded: Wallet, counted: int | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.older(recorded, counted=counted)

        def fail(*_: object) -> None:
            raise KeystoreUnavailable("the keyring is gone")

        with monkeypatch.context() as patch:
            patch.setattr(state, "keep", fail)
            with pytest.raises(KeystoreUnavailable):
                _ = opened(recorded.places).vault
        with opened(recorded.places) as again:
            assert disclosure_log.verify(again).state == 1
        assert kept(recorded) is not None

    def test_is_no_vault_without_heads_of_a_wallet_that_had_some(self, recorded: Wallet) -> None:
        disclose(recorded, "a")
        tamper(recorded.vault, "DELETE FROM state_heads")
        with opened(recorded.places) as again, pytest.raises(VaultAltered):
            _ = again.vault


class TestMovedKeys:
    def test_the_state_goes_along_there_and_back(self, recorded: Wallet, desktop: Desktop) -> None:
        disclose(recorded, "a")
        for to in ("os", "file"):
            keystore_move.move(recorded, to, new_passphrase=lambda: SECRET)
            assert kept(recorded) == newest(recorded)
            assert disclosure_log.verify(recorded).count == 1
            assert len(desktop.items()) == (2 if to == "os" else 0)
        old = vault_of(recorded)
        disclose(recorded, "b")
        with put_back(recorded, old) as rolled_back, pytest.raises(VaultOutdated):
            disclosure_log.verify(rolled_back)

    def test_the_state_follows_in_a_real_keyring(self, recorded: Wallet, desktop: Desktop) -> None:
        keystore_move.move(recorded, "os", new_passphrase=lambda: SECRET)
        for _ in range(2):
            disclose(recorded, "x")
            assert kept(recorded) == newest(recorded)
        assert len(desktop.items()) == 2
        old = vault_of(recorded)
        disclose(recorded, "y")
        with put_back(recorded, old) as rolled_back, pytest.raises(VaultOutdated):
            disclosure_log.record(rolled_back, content(), now=NOW)

    @pytest.mark.usefixtures("desktop")
    def test_a_wallet_that_was_opened_before_the_move_is_told_so(self, recorded: Wallet) -> None:
        keystore_move.move(recorded, "os", new_passphrase=lambda: SECRET)
        disclose(recorded, "a")
        late = opened(recorded.places)
        assert late.vault
        disclosure_log.record(late, content("b"), now=NOW)
        keystore_move.move(recorded, "file", new_passphrase=lambda: SECRET)
        for act in (
            lambda: state.settle(late),
            lambda: disclosure_log.verify(late),
            lambda: disclosure_log.record(late, content(), now=NOW),
        ):
            with pytest.raises(StorageError, match="moved by another process meanwhile"):
                act()
        late.vault.close()
        assert disclosure_log.verify(recorded).count == 2


def _release(places: Places, report: Report) -> None:
    with opened(places) as wallet:
        (entry,) = disclose(wallet, "x")
        report(str(entry.number))


@pytest.mark.sampled(1)
@needs_fork
@at_every(29)
@pytest.mark.parametrize("before", [0, 2])
def test_a_process_killed_at_any_line_breaks_nothing_and_releases_nothing_unremembered(
    recorded: Wallet, before: int, step: int
) -> None:
    disclose(recorded, *"ab"[:before])
    recorded.close()
    saved = recorded.places.data.with_name("saved")
    shutil.copytree(recorded.places.data, saved)
    line, killed = 1, True
    while killed:
        shutil.rmtree(recorded.places.data)
        shutil.copytree(saved, recorded.places.data)
        killed, reported = kill_at_line(line, functools.partial(_release, recorded.places))
        remembered, _ = kept(recorded) or (0, "")
        with opened(recorded.places) as again:
            assert disclosure_log.verify(again).count in (before, before + 1)
            assert all(int(number) < remembered for number in reported)
            (entry,) = disclose(again, "next")
            assert disclosure_log.verify(again).count == entry.number
        line += step
    assert line > 300


@needs_fork
def test_a_process_killed_at_any_moment_leaves_a_wallet_that_goes_on(recorded: Wallet) -> None:
    places = recorded.places

    def work(report: Report) -> None:
        with opened(places) as mine:
            while True:
                (entry,) = disclose(mine, "x" * 3000)
                report(str(entry.number))

    for _ in range(10):
        reported = kill_at_random(work)
        remembered, _ = kept(recorded) or (0, "")
        assert remembered > int(reported[-1])
        with opened(places) as again:
            assert disclosure_log.verify(again).count >= int(reported[-1])
