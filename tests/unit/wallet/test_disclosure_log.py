"""A wallet's disclosure log: what its head and its count in the keystore show, and what they let pass."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.encoding import base64url, strict_json
from ipse.errors import (
    CorruptData,
    IpseError,
    KeystoreUnavailable,
    MalformedInput,
    StorageError,
    VerificationFailed,
)
from ipse.keys import derivation, multikey
from ipse.keys.ed25519 import PrivateKey
from ipse.storage import disclosure_log as chain
from ipse.storage import log_head
from ipse.storage.disclosure_log import Entry
from ipse.storage.log_head import LogHead
from ipse.storage.places import Places
from ipse.wallet import disclosure_log, keystore_move
from ipse.wallet.wallet import Wallet
from tests.desktop import Desktop
from tests.faults.processes import Report, kill_at_line, kill_at_random, needs_fork, together

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"passphrase"


def content(released: str = "an answer") -> dict[str, Any]:
    return {"application": "https://shop.example", "level": "choose", "released": released}


def opened(places: Places) -> Wallet:
    return Wallet(places, lambda: SECRET)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty wallet over an encrypted file that is quick to open."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ipse.keys.keystore.encrypted_file._OPS_LIMIT", 1)
        patch.setattr("ipse.keys.keystore.encrypted_file._MEMORY_LIMIT", 8 * 1024 * 1024)
        with Wallet.create(Places(folder, folder), keystore="file", passphrase=lambda: SECRET, now=NOW):
            pass
    return folder


@pytest.fixture
def wallet(template: Path, tmp_path: Path) -> Iterator[Wallet]:
    """A copy of it for one test."""
    places = Places(tmp_path / "wallet", tmp_path / "cache")
    shutil.copytree(template, places.data)
    with opened(places) as wallet:
        yield wallet


def disclose(wallet: Wallet, *released: str) -> list[Entry]:
    """Record and settle, as everything does that is about to release something."""
    entries = []
    for text in released:
        entries.append(disclosure_log.record(wallet, content(text), now=NOW))
        disclosure_log.settle(wallet)
    return entries


def kept(wallet: Wallet) -> tuple[int, str] | None:
    """The count and the digest in the keystore, as a wallet sees them that is opened now."""
    with opened(wallet.places) as again:
        stored = again.keystore.find(again.manifest.log_item)
    if stored is None:
        return None
    said = json.loads(stored)
    assert said.keys() == {"count", "digest", "signed"}
    return said["count"], said["digest"]


def vault_of(wallet: Wallet) -> bytes:
    return wallet.places.vault.read_bytes()


def put_back(wallet: Wallet, vault: bytes) -> Wallet:
    """The wallet, opened anew over an older vault."""
    wallet.close()
    wallet.places.vault.write_bytes(vault)
    return opened(wallet.places)


def head_of(wallet: Wallet) -> LogHead:
    head = log_head.find(wallet.vault)
    assert head is not None
    return head


def assert_broken(wallet: Wallet, match: str) -> None:
    """Verification says what is wrong, and nothing can be recorded or settled over it."""
    before = chain.end(wallet.vault), log_head.find(wallet.vault), kept(wallet)
    for act in (
        lambda: disclosure_log.verify(wallet),
        lambda: disclosure_log.export(wallet, now=NOW),
        lambda: disclosure_log.record(wallet, content(), now=NOW),
    ):
        with pytest.raises(VerificationFailed, match=match):
            act()
    assert (chain.end(wallet.vault), log_head.find(wallet.vault), kept(wallet)) == before


class TestRecording:
    def test_an_entry_says_when_and_what_its_bytes_hash_to(self, wallet: Wallet) -> None:
        entry = disclosure_log.record(wallet, {**content("Grüße"), "answer": "mine", "epsilon": 0.5}, now=NOW)
        assert entry.content == {
            **content("Grüße"),
            "epsilon": 0.5,
            "time": "2026-11-22T12:00:00Z",
            "answer": hashlib.sha256("Grüße".encode()).hexdigest(),
            "number": 1,
            "previous": chain.GENESIS,
        }
        assert chain.find(wallet.vault, 1) == entry

    def test_the_callers_own_time_stands(self, wallet: Wallet) -> None:
        entry = disclosure_log.record(wallet, {**content(), "time": "2027-01-01T00:00:00Z"}, now=NOW)
        assert entry.content["time"] == "2027-01-01T00:00:00Z"

    def test_the_head_is_signed_by_the_logs_own_key_over_count_and_digest(self, wallet: Wallet) -> None:
        _, last = disclose(wallet, "a", "b")
        head = head_of(wallet)
        assert (head.count, head.digest) == (2, last.digest)
        signed = jws.read(head.signature.decode(), what="the head")
        key = derivation.log_key(wallet.root).public()
        assert jws.check_signature(signed, lambda: key) == "EdDSA"
        did = disclosure_log.signer(wallet)
        assert did == f"did:key:{multikey.encode(key)}"
        assert signed.header == {"alg": "EdDSA", "kid": f"{did}#{multikey.encode(key)}"}
        assert signed.payload == {
            "type": "urn:ipse:log-head:1",
            "count": 2,
            "digest": last.digest,
            "time": "2026-11-22T12:00:00Z",
        }

    def test_what_is_undone_leaves_neither_entry_nor_head_and_breaks_nothing(self, wallet: Wallet) -> None:
        def undone() -> None:
            with wallet.vault.transaction():
                disclosure_log.record(wallet, content(), now=NOW)
                raise KeyboardInterrupt

        for count in (0, 2):
            with pytest.raises(KeyboardInterrupt):
                undone()
            assert disclosure_log.verify(wallet).count == count
            assert chain.end(wallet.vault)[0] == count
            if not count:
                disclose(wallet, "a", "b")

    @pytest.mark.parametrize("released", ["\ud800", "x\udfff"])
    def test_half_a_character_is_refused(self, wallet: Wallet, released: str) -> None:
        with pytest.raises(MalformedInput):
            disclosure_log.record(wallet, content(released), now=NOW)
        assert disclosure_log.verify(wallet).count == 0

    def test_the_log_key_is_no_other_key(self) -> None:
        root = bytes(range(32))
        others = [derivation.vault_key(root), *(derivation.pairwise_key(root, o).seed for o in ("log", ""))]
        assert derivation.log_key(root).seed not in others
        assert derivation.log_key(root).seed.hex() == LOG_KEY, "it must never change"


LOG_KEY = "538be913ff2def798de883d239ef8914183dc13fb277f39c74df404d2fe4211d"


class TestTheCountInTheKeystore:
    def test_follows_each_entry(self, wallet: Wallet) -> None:
        assert kept(wallet) is None
        for number in (1, 2, 3):
            (entry,) = disclose(wallet, f"answer {number}")
            assert kept(wallet) == (number, entry.digest)
        assert disclosure_log.verify(wallet).count == 3

    def test_is_there_before_the_first_head_is(self, wallet: Wallet) -> None:
        with wallet.vault.transaction():
            disclosure_log.record(wallet, content(), now=NOW)
            assert kept(wallet) == (0, chain.GENESIS)

    def test_may_lie_behind_what_was_recorded_and_never_left(self, wallet: Wallet) -> None:
        """A kill between the commit and the keystore; also twice, and before anything was settled."""
        for settled in (0, 1):
            disclosure_log.record(wallet, content("never left"), now=NOW)
            disclosure_log.record(wallet, content("never left"), now=NOW)
            assert disclosure_log.verify(wallet).count == 3 * settled + 2
            (last,) = disclose(wallet, "left")
            assert kept(wallet) == (3 * settled + 3, last.digest)

    def test_never_goes_back_for_a_process_that_settles_late(self, wallet: Wallet) -> None:
        with opened(wallet.places) as other:
            disclosure_log.record(wallet, content("first"), now=NOW)
            (second,) = disclose(other, "second")
            disclosure_log.settle(wallet)
            assert kept(wallet) == (2, second.digest)

    @needs_fork
    def test_keeps_up_with_processes_that_record_at_the_same_time(self, wallet: Wallet) -> None:
        places = wallet.places

        def work(report: Report) -> None:
            with opened(places) as mine:
                for _ in range(5):
                    (entry,) = disclose(mine, "x")
                    count, _ = kept(mine) or (0, "")
                    assert count >= entry.number, "it left before it was remembered"
                    report(str(entry.number))

        numbers = sorted(int(line) for lines in together(*[work] * 4) for line in lines)
        assert numbers == list(range(1, 21))
        assert disclosure_log.verify(wallet).count == 20
        assert kept(wallet) == chain.end(wallet.vault)

    def test_that_is_damaged_is_corrupt_and_nothing_is_recorded(self, wallet: Wallet) -> None:
        disclose(wallet, "a")
        for damaged in (
            b"",
            b"1",
            b"{}",
            b"\xff",
            b'{"count":1,"digest":""}',
            b'{"count":-1,"digest":"","signed":true}',
        ):
            wallet.keystore.replace(wallet.manifest.log_item, damaged)
            for act in (
                lambda: disclosure_log.verify(wallet),
                lambda: disclosure_log.record(wallet, content(), now=NOW),
                lambda: disclosure_log.settle(wallet),
            ):
                with pytest.raises(CorruptData, match="count of the disclosure log is damaged"):
                    act()
        assert chain.end(wallet.vault)[0] == 1

    def test_that_can_not_be_written_stops_the_release(
        self, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        disclose(wallet, "a")
        disclosure_log.record(wallet, content("b"), now=NOW)

        def fail(*_: object) -> None:
            raise KeystoreUnavailable("the keyring is gone")

        with monkeypatch.context() as patch:
            patch.setattr(wallet.keystore, "replace", fail)
            with pytest.raises(KeystoreUnavailable):
                disclosure_log.settle(wallet)
        assert disclosure_log.verify(wallet).count == 2

    def test_settling_where_nothing_was_recorded_is_refused(self, wallet: Wallet) -> None:
        with pytest.raises(VerificationFailed, match="does not hold its count"):
            disclosure_log.settle(wallet)


class TestWhatIsFound:
    @pytest.mark.parametrize("left", [0, 1, 2])
    def test_a_cut_tail_with_the_head_of_then(self, wallet: Wallet, left: int) -> None:
        heads: list[LogHead | None] = [None]
        for text in ("a", "b", "c"):
            disclose(wallet, text)
            heads.append(head_of(wallet))
        wallet.vault.change("DELETE FROM disclosures WHERE number > ?", (left,))
        wallet.vault.change("DELETE FROM log_head")
        head = heads[left]
        if head is not None:
            log_head.put(wallet.vault, head)
        assert_broken(wallet, f"entries were cut off: the keystore remembers 3, there are {left}")
        with pytest.raises(VerificationFailed):
            disclosure_log.settle(wallet)

    def test_the_vault_of_last_week_put_back(self, wallet: Wallet) -> None:
        disclose(wallet, "a", "b")
        old = vault_of(wallet)
        disclose(wallet, "c")
        new = vault_of(wallet)
        with put_back(wallet, old) as rolled_back:
            assert chain.verify(rolled_back.vault) == 2, "the chain alone does not show it"
            assert_broken(rolled_back, "entries were cut off: the keystore remembers 3, there are 2")
        with put_back(wallet, new) as right:
            assert disclosure_log.verify(right).count == 3

    @pytest.mark.parametrize("more", [1, 2])
    def test_an_old_vault_that_went_its_own_way(self, wallet: Wallet, more: int) -> None:
        """As many other entries, or more, rightly chained and rightly signed."""
        disclose(wallet, "a", "b")
        old = vault_of(wallet)
        disclose(wallet, "c")
        with put_back(wallet, old) as forked:
            for text in ("other", "another")[:more]:
                entry = chain.append(forked.vault, content(text))
                log_head.put(forked.vault, disclosure_log._sign(forked, entry.number, entry.digest, NOW))
            assert_broken(forked, "entry 3 is not the one that the keystore remembers")
            with pytest.raises(VerificationFailed):
                disclosure_log.settle(forked)

    def test_an_empty_vault_put_in_the_place_of_a_full_one(self, wallet: Wallet) -> None:
        assert disclosure_log.verify(wallet).count == 0
        empty = vault_of(wallet)
        disclose(wallet, "a")
        with put_back(wallet, empty) as emptied:
            assert_broken(emptied, "remembers 1, there are 0")

    def test_a_count_that_is_gone(self, wallet: Wallet) -> None:
        disclose(wallet, "a")
        wallet.keystore.remove(wallet.manifest.log_item)
        assert_broken(wallet, "the keystore no longer holds its count")

    def test_a_head_that_is_gone(self, wallet: Wallet) -> None:
        disclose(wallet, "a")
        disclosure_log.record(wallet, content("b"), now=NOW)
        wallet.vault.change("DELETE FROM log_head")
        assert_broken(wallet, "its signed head is gone")
        wallet.vault.change("DELETE FROM disclosures WHERE number = 2")
        assert_broken(wallet, "its signed head is gone")

    def test_entries_appended_past_the_head(self, wallet: Wallet) -> None:
        disclose(wallet, "a")
        chain.append(wallet.vault, content("unsigned"))
        assert_broken(wallet, "its head is not that of its last entry")

    @pytest.mark.parametrize(
        "forge",
        [
            pytest.param(lambda head: LogHead(head.count + 1, head.digest, head.signature), id="count"),
            pytest.param(lambda head: LogHead(head.count, "0" * 64, head.signature), id="digest"),
            pytest.param(lambda head: LogHead(head.count, head.digest, b""), id="no signature"),
            pytest.param(lambda head: LogHead(head.count, head.digest, b"\xff.\xff.\xff"), id="not text"),
            pytest.param(lambda head: LogHead(head.count, head.digest, b"a.b"), id="not a jws"),
            pytest.param(lambda head: resigned(head, {}, PrivateKey(bytes(32))), id="another key"),
        ],
    )
    def test_a_head_that_was_not_signed_so(self, wallet: Wallet, forge: Callable[[LogHead], LogHead]) -> None:
        disclose(wallet, "a")
        log_head.put(wallet.vault, forge(head_of(wallet)))
        assert_broken(wallet, "its head")

    @pytest.mark.parametrize("said", [{"type": "urn:ipse:receipt:1"}, {"count": 2}, {"digest": "0" * 64}])
    def test_a_head_that_says_something_else(self, wallet: Wallet, said: dict[str, Any]) -> None:
        disclose(wallet, "a")
        log_head.put(wallet.vault, resigned(head_of(wallet), said, derivation.log_key(wallet.root)))
        assert_broken(wallet, "its head says something else")

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_every_part_of_the_signature_counts(self, wallet: Wallet, part: int) -> None:
        disclose(wallet, "a")
        head = head_of(wallet)
        parts = head.signature.split(b".")
        parts[part] = parts[part][:-2] + (b"AA" if parts[part][-2:] != b"AA" else b"BA")
        log_head.put(wallet.vault, LogHead(head.count, head.digest, b".".join(parts)))
        assert_broken(wallet, "its head")


def resigned(head: LogHead, said: dict[str, Any], key: PrivateKey) -> LogHead:
    signed = jws.read(head.signature.decode(), what="the head")
    again = jws.sign(signed.header, {**signed.payload, **said}, key)
    return LogHead(head.count, head.digest, again.encoded.encode())


class TestOlderVersions:
    """Their logs have neither a head nor a count."""

    @pytest.fixture
    def old(self, wallet: Wallet) -> Wallet:
        """A wallet with three entries of that kind."""
        for text in ("a", "b", "c"):
            chain.append(wallet.vault, content(text))
        return wallet

    def test_their_log_passes_without_a_head_until_the_next_answer(self, old: Wallet) -> None:
        assert disclosure_log.verify(old) == disclosure_log.Verified(3, None)
        (entry,) = disclose(old, "d")
        assert disclosure_log.verify(old) == disclosure_log.Verified(4, head_of(old))
        assert kept(old) == (4, entry.digest)

    def test_from_then_on_their_vault_put_back_is_found(self, old: Wallet) -> None:
        before = vault_of(old)
        disclose(old, "d")
        with put_back(old, before) as rolled_back:
            assert_broken(rolled_back, "remembers 4, there are 3")

    def test_no_count_begins_over_a_broken_chain(self, old: Wallet) -> None:
        old.vault.change("DELETE FROM disclosures WHERE number = 2")
        with pytest.raises(VerificationFailed, match="entry 2 is missing"):
            disclosure_log.record(old, content(), now=NOW)
        assert kept(old) is None

    def test_their_export_gets_a_head_for_itself(self, old: Wallet) -> None:
        *lines, last = disclosure_log.export(old, now=NOW)
        assert [line.encode() for line in lines] == [entry.stored for entry in chain.every(old.vault)]
        signed = jws.read(json.loads(last)["head"], what="the head")
        assert (signed.payload["count"], signed.payload["digest"]) == chain.end(old.vault)
        assert log_head.find(old.vault) is None


class TestExport:
    def test_is_the_entries_as_they_were_hashed_and_the_head_as_it_was_signed(self, wallet: Wallet) -> None:
        entries = disclose(wallet, "a", "b\n\u2028c")
        *lines, last = disclosure_log.export(wallet, now=NOW + timedelta(days=1))
        assert [hashlib.sha256(line.encode()).hexdigest() for line in lines] == [e.digest for e in entries]
        assert not any("\n" in line for line in lines)
        assert strict_json.parse_object(last) == {
            "type": "urn:ipse:log-export:1",
            "head": head_of(wallet).signature.decode(),
            "key": disclosure_log.signer(wallet),
        }

    def test_of_an_empty_log_is_a_head_alone(self, wallet: Wallet) -> None:
        (last,) = disclosure_log.export(wallet, now=NOW)
        payload = json.loads(base64url.decode(json.loads(last)["head"].split(".")[1]))
        assert (payload["count"], payload["digest"]) == (0, "0" * 64)


class TestMovedKeys:
    def test_the_count_goes_along_there_and_back(self, wallet: Wallet, desktop: Desktop) -> None:
        (entry,) = disclose(wallet, "a")
        for to in ("os", "file"):
            keystore_move.move(wallet, to, new_passphrase=lambda: SECRET)
            assert kept(wallet) == (1, entry.digest)
            assert disclosure_log.verify(wallet).count == 1
            assert len(desktop.items()) == (2 if to == "os" else 0)
        old = vault_of(wallet)
        disclose(wallet, "b")
        with put_back(wallet, old) as rolled_back:
            assert_broken(rolled_back, "remembers 2, there are 1")

    def test_the_count_follows_in_a_real_keyring(self, wallet: Wallet, desktop: Desktop) -> None:
        keystore_move.move(wallet, "os", new_passphrase=lambda: SECRET)
        assert len(desktop.items()) == 1
        for number in (1, 2):
            (entry,) = disclose(wallet, "x")
            assert kept(wallet) == (number, entry.digest)
        assert len(desktop.items()) == 2
        old = vault_of(wallet)
        disclose(wallet, "y")
        with put_back(wallet, old) as rolled_back:
            assert_broken(rolled_back, "remembers 3, there are 2")

    @pytest.mark.usefixtures("desktop")
    def test_a_wallet_that_was_opened_before_the_move_is_told_so(self, wallet: Wallet) -> None:
        keystore_move.move(wallet, "os", new_passphrase=lambda: SECRET)
        disclose(wallet, "a")
        with opened(wallet.places) as late:
            assert late.vault
            disclosure_log.record(late, content("b"), now=NOW)
            keystore_move.move(wallet, "file", new_passphrase=lambda: SECRET)
            for act in (
                lambda: disclosure_log.settle(late),
                lambda: disclosure_log.verify(late),
                lambda: disclosure_log.record(late, content(), now=NOW),
            ):
                with pytest.raises(StorageError, match="moved by another process meanwhile"):
                    act()
        assert disclosure_log.verify(wallet).count == 2

    def test_a_new_count_does_not_begin_where_the_keys_were(self, wallet: Wallet, desktop: Desktop) -> None:
        keystore_move.move(wallet, "os", new_passphrase=lambda: SECRET)
        with opened(wallet.places) as late:
            assert late.vault
            keystore_move.move(wallet, "file", new_passphrase=lambda: SECRET)
            for act in (
                lambda: disclosure_log.record(late, content(), now=NOW),
                lambda: disclosure_log.verify(late),
            ):
                with pytest.raises(StorageError, match="meanwhile"):
                    act()
        assert desktop.items() == []
        assert disclosure_log.verify(wallet).count == 0


def _release(places: Places, report: Report) -> None:
    with opened(places) as wallet:
        (entry,) = disclose(wallet, "x")
        report(str(entry.number))


@needs_fork
@pytest.mark.parametrize("before", [0, 2])
def test_a_process_killed_at_any_line_breaks_no_log_and_releases_nothing_unremembered(
    wallet: Wallet, before: int
) -> None:
    disclose(wallet, *"ab"[:before])
    wallet.close()
    saved = wallet.places.data.with_name("saved")
    shutil.copytree(wallet.places.data, saved)
    line, killed = 1, True
    while killed:
        shutil.rmtree(wallet.places.data)
        shutil.copytree(saved, wallet.places.data)
        killed, reported = kill_at_line(line, functools.partial(_release, wallet.places))
        remembered, _ = kept(wallet) or (0, "")
        with opened(wallet.places) as again:
            assert disclosure_log.verify(again).count in (before, before + 1)
            assert all(int(number) <= remembered for number in reported)
            (entry,) = disclose(again, "next")
            assert disclosure_log.verify(again).count == entry.number
        line += 7
    assert line > 300


@needs_fork
def test_a_process_killed_at_any_moment_leaves_a_log_that_goes_on(wallet: Wallet) -> None:
    places = wallet.places

    def work(report: Report) -> None:
        with opened(places) as mine:
            while True:
                (entry,) = disclose(mine, "x" * 3000)
                report(str(entry.number))

    for _ in range(10):
        reported = kill_at_random(work)
        remembered, _ = kept(wallet) or (0, "")
        assert remembered >= int(reported[-1])
        assert disclosure_log.verify(wallet).count >= remembered


def test_nothing_is_released_by_what_raises(wallet: Wallet) -> None:
    """Every error of the log is one of the program's own."""
    disclose(wallet, "a")
    wallet.vault.change("UPDATE log_head SET signature = zeroblob(100000)")
    with pytest.raises(IpseError):
        disclosure_log.record(wallet, content(), now=NOW)
