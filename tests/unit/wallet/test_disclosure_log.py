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

from ipse.cli.commands.dapp.page import page
from ipse.credentials import jws
from ipse.disclosure import reasons
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding import base64url, strict_json
from ipse.errors import (
    CorruptData,
    IpseError,
    KeystoreUnavailable,
    MalformedInput,
    StorageError,
    VerificationFailed,
)
from ipse.keys import derivation, key_types
from ipse.keys.ed25519 import PrivateKey
from ipse.storage import answers, statements
from ipse.storage import disclosure_log as chain
from ipse.storage.answers import AnswerRow
from ipse.storage.disclosure_log import Entry, LogHead
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.storage.vault import Vault
from ipse.wallet import disclosure_log, keystore_move
from ipse.wallet.disclosure import budgets
from ipse.wallet.disclosure_log import Loss
from ipse.wallet.profile.forgetting import Disclosed, disclosed
from ipse.wallet.wallet import Wallet
from tests.desktop import Desktop
from tests.faults.processes import Report, at_every, kill_at_line, kill_at_random, needs_fork, together
from tests.unit.wallet.disclosure.material import ASKED, SHOP, Reply, ask, teach, yes

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"passphrase"
DAY = timedelta(days=1)
DAMAGED = (
    b"",
    b"1",
    b"{}",
    b"\xff",
    b'{"count":1,"digest":""}',
    b'{"count":-1,"digest":"","signed":true}',
)


def content(released: str = "an answer") -> dict[str, Any]:
    return {"application": "https://shop.example", "level": "choose", "released": released}


def opened(places: Places) -> Wallet:
    return Wallet(places, lambda: SECRET)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty wallet over an encrypted file."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
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
    head = chain.head(wallet.vault)
    assert head is not None
    return head


def assert_broken(wallet: Wallet, match: str) -> None:
    """Verification says what is wrong, and nothing can be recorded or settled over it."""
    before = chain.end(wallet.vault), chain.head(wallet.vault), kept(wallet)
    for act in (
        lambda: disclosure_log.verify(wallet),
        lambda: disclosure_log.export(wallet, now=NOW),
        lambda: disclosure_log.record(wallet, content(), now=NOW),
    ):
        with pytest.raises(VerificationFailed, match=match):
            act()
    assert (chain.end(wallet.vault), chain.head(wallet.vault), kept(wallet)) == before


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
        assert did == f"did:key:{key_types.to_multikey(key)}"
        assert signed.header == {"alg": "EdDSA", "kid": f"{did}#{key_types.to_multikey(key)}"}
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
        for damaged in DAMAGED:
            wallet.keystore.replace(wallet.manifest.log_item, damaged)
            for act in (
                lambda: disclosure_log.verify(wallet),
                lambda: disclosure_log.record(wallet, content(), now=NOW),
                lambda: disclosure_log.settle(wallet),
            ):
                with pytest.raises(CorruptData, match="count of the disclosure log is damaged") as caught:
                    act()
                assert "`ipse log accept`" in caught.value.hint
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
            chain.put_head(wallet.vault, head)
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
                chain.put_head(forked.vault, disclosure_log._sign(forked, entry.number, entry.digest, NOW))
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
        chain.put_head(wallet.vault, forge(head_of(wallet)))
        assert_broken(wallet, "its head")

    @pytest.mark.parametrize("said", [{"type": "urn:ipse:receipt:1"}, {"count": 2}, {"digest": "0" * 64}])
    def test_a_head_that_says_something_else(self, wallet: Wallet, said: dict[str, Any]) -> None:
        disclose(wallet, "a")
        chain.put_head(wallet.vault, resigned(head_of(wallet), said, derivation.log_key(wallet.root)))
        assert_broken(wallet, "its head says something else")

    @pytest.mark.parametrize("part", [0, 1, 2])
    def test_every_part_of_the_signature_counts(self, wallet: Wallet, part: int) -> None:
        disclose(wallet, "a")
        head = head_of(wallet)
        parts = head.signature.split(b".")
        parts[part] = parts[part][:-2] + (b"AA" if parts[part][-2:] != b"AA" else b"BA")
        chain.put_head(wallet.vault, LogHead(head.count, head.digest, b".".join(parts)))
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
        assert chain.head(old.vault) is None


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
@at_every(7)
@pytest.mark.parametrize("before", [0, 2])
def test_a_process_killed_at_any_line_breaks_no_log_and_releases_nothing_unremembered(
    wallet: Wallet, before: int, step: int
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
        line += step
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


def fork(wallet: Wallet, *, more: int) -> Wallet:
    """The vault of one entry ago after it went its own way."""
    forked = fall_behind(wallet)
    for text in ("other", "another")[:more]:
        entry = chain.append(forked.vault, content(text))
        chain.put_head(forked.vault, disclosure_log._sign(forked, entry.number, entry.digest, NOW))
    return forked


def lose_head_and_end(wallet: Wallet) -> Wallet:
    """The vault of a version that signed no heads."""
    wallet.vault.change("DELETE FROM disclosures WHERE number > 1")
    wallet.vault.change("DELETE FROM log_head")
    return wallet


def lose_count(wallet: Wallet) -> Wallet:
    wallet.keystore.remove(wallet.manifest.log_item)
    return wallet


def damage_count(damaged: bytes, wallet: Wallet) -> Wallet:
    wallet.keystore.replace(wallet.manifest.log_item, damaged)
    return wallet


Break = Callable[[Wallet], Wallet]
ACCEPTABLE: dict[str, tuple[Break, int | None, int]] = {
    "an older vault": (fall_behind, 3, 2),
    "an empty vault": (empty, 2, 0),
    "another entry in its place": (functools.partial(fork, more=1), 3, 3),
    "another entry in its place and more": (functools.partial(fork, more=2), 3, 4),
    "a vault from before heads were signed": (lose_head_and_end, 2, 1),
    "the count gone": (lose_count, None, 2),
    **{
        f"the count damaged: {damaged!r}": (functools.partial(damage_count, damaged), None, 2)
        for damaged in DAMAGED
    },
}
"""How a log breaks that has two entries, what the keystore remembers then, and what is there."""


def broken(wallet: Wallet, how: Break) -> tuple[Wallet, Loss]:
    """The wallet with its log broken, and what that loses."""
    disclose(wallet, "a", "b")
    wallet = how(wallet)
    lost = disclosure_log.loss(wallet)
    assert lost is not None
    return wallet, lost


def left(wallet: Wallet, now: datetime = NOW) -> tuple[int, int]:
    return budgets.left(wallet, None, now)


@pytest.mark.parametrize("how", ACCEPTABLE)
class TestAcceptingALoss:
    def test_names_it_enters_it_and_goes_on(self, wallet: Wallet, how: str) -> None:
        break_it, remembered, here = ACCEPTABLE[how]
        wallet, lost = broken(wallet, break_it)
        assert kept_or_none(wallet) == (remembered, lost.digest)
        assert lost == Loss(remembered, lost.digest, here)
        with wallet:
            entry = disclosure_log.accept(wallet, lost, now=NOW)
            assert kept(wallet) == (here + 1, entry.digest) == chain.end(wallet.vault)
            assert disclosure_log.verify(wallet) == disclosure_log.Verified(here + 1, head_of(wallet))
            assert disclosure_log.loss(wallet) is None
            (after,) = disclose(wallet, "after")
            assert kept(wallet) == (here + 2, after.digest)

    def test_says_in_the_entry_what_is_lost_and_that_nothing_left(self, wallet: Wallet, how: str) -> None:
        wallet, lost = broken(wallet, ACCEPTABLE[how][0])
        with wallet:
            _, previous = chain.end(wallet.vault)
            disclosure_log.accept(wallet, lost, now=NOW)
            said = chain.find(wallet.vault, lost.here + 1).content
            purpose = said.pop("purpose")
            assert purpose.startswith("the owner went on with an incomplete log: ")
            assert said == {
                "number": lost.here + 1,
                "previous": previous,
                "time": "2026-11-22T12:00:00Z",
                "level": "log",
                "application": "",
                "address": "",
                "consent": "owner",
                "epsilon": 0,
                "grant": None,
                "said": False,
                "released": "",
                "answer": hashlib.sha256(b"").hexdigest(),
                "lost": {"remembered": lost.remembered, "digest": lost.digest, "here": lost.here},
            }

    def test_leaves_nothing_of_any_budget_for_30_days(self, wallet: Wallet, how: str) -> None:
        wallet, lost = broken(wallet, ACCEPTABLE[how][0])
        with wallet:
            assert left(wallet) == (1000, 2000)
            disclosure_log.accept(wallet, lost, now=NOW)
            budgets.change(wallet, application=100_000, overall=100_000)
            for now in (NOW, NOW - 10 * DAY, NOW + 30 * DAY):
                assert left(wallet, now) == (0, 0)
                assert not budgets.allowed(wallet, "https://new.example", 1, now)
            assert left(wallet, NOW + 30 * DAY + timedelta(seconds=1)) == (100_000, 100_000)

    def test_is_named_as_the_way_out_by_all_that_refuses(self, wallet: Wallet, how: str) -> None:
        wallet, _ = broken(wallet, ACCEPTABLE[how][0])
        with wallet:
            for act in (
                lambda: disclosure_log.verify(wallet),
                lambda: disclosure_log.export(wallet, now=NOW),
                lambda: disclosure_log.record(wallet, content(), now=NOW),
            ):
                with pytest.raises((VerificationFailed, CorruptData)) as caught:
                    act()
                assert "`ipse log accept`" in caught.value.hint

    def test_of_another_extent_than_the_owner_saw_changes_nothing(self, wallet: Wallet, how: str) -> None:
        wallet, lost = broken(wallet, ACCEPTABLE[how][0])
        with wallet:
            before = state(wallet)
            for seen in (
                Loss(99, lost.digest, lost.here),
                Loss(lost.remembered, "0" * 64, lost.here),
                Loss(lost.remembered, lost.digest, lost.here + 1),
            ):
                with pytest.raises(StorageError, match="changed by another process meanwhile"):
                    disclosure_log.accept(wallet, seen, now=NOW)
            assert state(wallet) == before

    def test_once_is_enough(self, wallet: Wallet, how: str) -> None:
        """Also for one who was shown the same and typed later."""
        wallet, lost = broken(wallet, ACCEPTABLE[how][0])
        with wallet:
            disclosure_log.accept(wallet, lost, now=NOW)
            before = state(wallet)
            with opened(wallet.places) as late, pytest.raises(StorageError, match="meanwhile"):
                disclosure_log.accept(late, lost, now=NOW)
            assert state(wallet) == before

    def test_that_the_keystore_can_not_remember_is_accepted_again(
        self, wallet: Wallet, how: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        wallet, lost = broken(wallet, ACCEPTABLE[how][0])

        def fail(*_: object) -> None:
            raise KeystoreUnavailable("the keyring is gone")

        with wallet:
            with monkeypatch.context() as patch:
                patch.setattr(wallet.keystore, "replace", fail)
                with pytest.raises(KeystoreUnavailable):
                    disclosure_log.accept(wallet, lost, now=NOW)
            with pytest.raises((VerificationFailed, CorruptData)):
                disclosure_log.record(wallet, content(), now=NOW)
            assert_accepted_again(wallet, lost)


def state(wallet: Wallet) -> tuple[object, ...]:
    """All that accepting changes."""
    rows = wallet.vault.rows("SELECT * FROM answers ORDER BY number")
    stored = wallet.keystore.find(wallet.manifest.log_item)
    return chain.end(wallet.vault), chain.head(wallet.vault), rows, stored


def kept_or_none(wallet: Wallet) -> tuple[int | None, str | None]:
    """What the keystore remembers, where it can be read."""
    stored = wallet.keystore.find(wallet.manifest.log_item)
    return (None, None) if stored in (None, *DAMAGED) else kept(wallet) or (None, None)


def assert_accepted_again(wallet: Wallet, lost: Loss) -> None:
    """A loss that was entered and not yet remembered is still one, and accepting it mends the log."""
    still = Loss(lost.remembered, lost.digest, lost.here + 1)
    assert disclosure_log.loss(wallet) == still
    disclosure_log.accept(wallet, still, now=NOW)
    assert disclosure_log.verify(wallet).count == lost.here + 2
    assert left(wallet) == (0, 0)


class TestNothingToAccept:
    def test_where_nothing_is_broken(self, wallet: Wallet) -> None:
        assert disclosure_log.loss(wallet) is None
        disclose(wallet, "a")
        assert disclosure_log.loss(wallet) is None
        disclosure_log.record(wallet, content("never left"), now=NOW)
        assert disclosure_log.loss(wallet) is None

    def test_in_a_log_of_an_older_version(self, wallet: Wallet) -> None:
        chain.append(wallet.vault, content())
        assert disclosure_log.loss(wallet) is None

    def test_where_the_count_began_and_a_kill_came(self, wallet: Wallet) -> None:
        chain.append(wallet.vault, content())

        def killed() -> None:
            with wallet.vault.transaction():
                disclosure_log.record(wallet, content(), now=NOW)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            killed()
        assert disclosure_log.loss(wallet) is None

    def test_is_accepted(self, wallet: Wallet) -> None:
        disclose(wallet, "a")
        before = state(wallet)
        with pytest.raises(StorageError, match="meanwhile"):
            disclosure_log.accept(wallet, Loss(1, head_of(wallet).digest, 1), now=NOW)
        assert state(wallet) == before


def _edit(sql: str, wallet: Wallet) -> None:
    wallet.vault.change(sql)


def _forge_head(forge: Callable[[LogHead], LogHead], wallet: Wallet) -> None:
    chain.put_head(wallet.vault, forge(head_of(wallet)))


def _answer_past_the_end(wallet: Wallet) -> None:
    answers.add(
        wallet.vault, AnswerRow(9, "p", "n", b"", "choose", "", None, 0, None, "2026-01-01T00:00:00Z")
    )


TAMPERED: dict[str, Callable[[Wallet], object]] = {
    "an entry edited": functools.partial(
        _edit, "UPDATE disclosures SET entry = CAST(replace(entry, 'shop', 'pohs') AS BLOB) WHERE number = 1"
    ),
    "the last entry edited": functools.partial(
        _edit, "UPDATE disclosures SET entry = CAST(replace(entry, 'shop', 'pohs') AS BLOB) WHERE number = 2"
    ),
    "an entry unreadable": functools.partial(_edit, "UPDATE disclosures SET entry = x'00' WHERE number = 1"),
    "a digest edited": functools.partial(_edit, "UPDATE disclosures SET digest = x'00' WHERE number = 2"),
    "an entry removed": functools.partial(_edit, "DELETE FROM disclosures WHERE number = 1"),
    "the end cut off under its head": functools.partial(_edit, "DELETE FROM disclosures WHERE number = 2"),
    "an entry past the head": lambda wallet: chain.append(wallet.vault, content("unsigned")),
    "a head over another count": functools.partial(
        _forge_head, lambda head: LogHead(head.count + 1, head.digest, head.signature)
    ),
    "a head of another key": functools.partial(
        _forge_head, lambda head: resigned(head, {}, PrivateKey(bytes(32)))
    ),
    "answers without entries": _answer_past_the_end,
}


@pytest.mark.parametrize("tampering", TAMPERED)
@pytest.mark.parametrize("how", [None, fall_behind, lose_count], ids=["whole", "behind", "no count"])
def test_a_vault_that_is_broken_itself_is_not_accepted(
    wallet: Wallet, tampering: str, how: Break | None
) -> None:
    disclose(wallet, "a", "b")
    wallet = how(wallet) if how else wallet
    with wallet:
        here, digest = chain.end(wallet.vault)
        TAMPERED[tampering](wallet)
        before = state(wallet)
        with pytest.raises(VerificationFailed, match="the disclosure log is broken"):
            disclosure_log.loss(wallet)
        for remembered in (3, None):
            lost = Loss(remembered, digest if remembered else None, here)
            with pytest.raises(VerificationFailed, match="the disclosure log is broken"):
                disclosure_log.accept(wallet, lost, now=NOW)
        assert state(wallet) == before


@pytest.mark.parametrize(
    "tampering", ["the end cut off under its head", "an entry past the head", "a head of another key"]
)
def test_the_way_out_is_not_named_where_there_is_none(wallet: Wallet, tampering: str) -> None:
    disclose(wallet, "a", "b")
    with fall_behind(wallet) as behind:
        TAMPERED[tampering](behind)
        with pytest.raises(VerificationFailed) as caught:
            disclosure_log.record(behind, content(), now=NOW)
        assert caught.value.hint.startswith("put the newest vault.db")
        assert "accept" not in caught.value.hint


def test_a_head_that_is_gone_is_no_loss_to_accept(wallet: Wallet) -> None:
    disclose(wallet, "a")
    wallet.vault.change("DELETE FROM log_head")
    before = state(wallet)
    with pytest.raises(VerificationFailed, match="its signed head is gone") as caught:
        disclosure_log.loss(wallet)
    assert "accept" not in caught.value.hint
    assert state(wallet) == before


def test_an_older_vault_put_back_again_and_again_gives_no_budget_back(wallet: Wallet) -> None:
    disclose(wallet, "a")
    old = vault_of(wallet)
    disclose(wallet, "b")
    for day in (0, 20, 40):
        now = NOW + day * DAY
        wallet = put_back(wallet, old)
        lost = disclosure_log.loss(wallet)
        assert lost is not None
        disclosure_log.accept(wallet, lost, now=now)
        assert left(wallet, now) == left(wallet, now + 30 * DAY) == (0, 0)
    wallet.close()


def test_the_newest_vault_fits_no_more_after_an_older_one_was_accepted(wallet: Wallet) -> None:
    disclose(wallet, "a")
    old = vault_of(wallet)
    disclose(wallet, "b", "c")
    new = vault_of(wallet)
    with put_back(wallet, old) as accepted:
        lost = disclosure_log.loss(accepted)
        assert lost is not None
        entry = disclosure_log.accept(accepted, lost, now=NOW)
        with put_back(accepted, new) as newest:
            assert_broken(newest, "entry 2 is not the one that the keystore remembers")
            assert disclosure_log.loss(newest) == Loss(2, entry.digest, 3)


def test_the_newest_vault_fits_until_the_keystore_remembers_the_loss(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    disclose(wallet, "a")
    old = vault_of(wallet)
    disclose(wallet, "b")
    new = vault_of(wallet)
    wallet = put_back(wallet, old)
    lost = disclosure_log.loss(wallet)
    assert lost is not None

    def fail(*_: object) -> None:
        raise KeystoreUnavailable("the keyring is gone")

    with monkeypatch.context() as patch:
        patch.setattr(wallet.keystore, "replace", fail)
        with pytest.raises(KeystoreUnavailable):
            disclosure_log.accept(wallet, lost, now=NOW)
    with put_back(wallet, new) as newest:
        assert disclosure_log.verify(newest).count == 2
        assert left(newest) == (1000, 2000)


@pytest.mark.usefixtures("desktop")
def test_a_loss_is_accepted_where_the_keys_are_and_nowhere_else(wallet: Wallet) -> None:
    disclose(wallet, "a")
    keystore_move.move(wallet, "os", new_passphrase=lambda: SECRET)
    with fall_behind(wallet) as behind, opened(behind.places) as late:
        lost = disclosure_log.loss(late)
        assert lost is not None
        keystore_move.move(behind, "file", new_passphrase=lambda: SECRET)
        with pytest.raises(StorageError, match="moved by another process meanwhile"):
            disclosure_log.accept(late, lost, now=NOW)
        again = disclosure_log.loss(behind)
        assert again is not None
        disclosure_log.accept(behind, again, now=NOW)
        assert disclosure_log.verify(behind).count == chain.end(behind.vault)[0]


@needs_fork
def test_of_processes_that_accept_at_the_same_time_one_enters_it(wallet: Wallet) -> None:
    wallet, lost = broken(wallet, fall_behind)
    places = wallet.places
    wallet.close()

    def work(report: Report) -> None:
        with opened(places) as mine:
            try:
                disclosure_log.accept(mine, lost, now=NOW)
            except StorageError as error:
                report("late" if "meanwhile" in error.message else error.message)
            else:
                report("accepted")

    said = sorted(line for lines in together(*[work] * 4) for line in lines)
    assert said == ["accepted", "late", "late", "late"]
    with opened(places) as again:
        assert disclosure_log.verify(again).count == lost.here + 1


def _accept(places: Places, report: Report) -> None:
    with opened(places) as wallet:
        lost = disclosure_log.loss(wallet)
        assert lost is not None
        disclosure_log.accept(wallet, lost, now=NOW)
        report("accepted")


@needs_fork
@pytest.mark.slow
@pytest.mark.parametrize("how", [fall_behind, functools.partial(fork, more=2), lose_count])
def test_a_kill_while_a_loss_is_accepted_leaves_it_to_be_accepted_or_accepted(
    wallet: Wallet, how: Break
) -> None:
    wallet, lost = broken(wallet, how)
    wallet.close()
    places = wallet.places
    saved = places.data.with_name("saved")
    shutil.copytree(places.data, saved)
    line, killed, seen = 1, True, set()
    while killed:
        shutil.rmtree(places.data)
        shutil.copytree(saved, places.data)
        killed, reported = kill_at_line(line, functools.partial(_accept, places))
        with opened(places) as again:
            here, _ = chain.end(again.vault)
            still = disclosure_log.loss(again)
            seen.add((here - lost.here, still is not None))
            assert still is None or not reported
            assert left(again) == ((0, 0) if here > lost.here else (1000, 2000))
            if still is not None:
                with pytest.raises(VerificationFailed):
                    disclosure_log.record(again, content(), now=NOW)
                disclosure_log.accept(again, still, now=NOW)
            (entry,) = disclose(again, "next")
            assert disclosure_log.verify(again).count == entry.number
            assert left(again) == (0, 0)
        line += 17
    assert line > 300
    assert seen == {(0, True), (1, True), (1, False)}, "before the commit, before it is remembered, and after"


class TestAnAcceptedLoss:
    """An entry and a charge of no application, for everything that reads either."""

    @pytest.fixture
    def accepted(self, wallet: Wallet) -> Iterator[Wallet]:
        """A wallet that went on without an entry."""
        wallet, lost = broken(wallet, fall_behind)
        with wallet:
            disclosure_log.accept(wallet, lost, now=NOW)
            yield wallet

    def test_told_nobody_anything(self, accepted: Wallet) -> None:
        statements.add(accepted.vault, [NewStatement("tea", 1.0, "said")], now="2020-01-01T00:00:00Z")
        found = disclosed(accepted.vault, [statements.find(accepted.vault, 1)])
        assert found == (Disclosed("https://shop.example", (), 2),)

    def test_is_exported_with_the_rest(self, accepted: Wallet) -> None:
        *lines, last = disclosure_log.export(accepted, now=NOW)
        assert json.loads(lines[-1])["lost"]["here"] == 2
        assert json.loads(last)["head"] == head_of(accepted).signature.decode()

    def test_lets_no_answer_say_what_costs_and_the_page_says_until_when(self, accepted: Wallet) -> None:
        for module in ("numpy", "opendp"):
            pytest.importorskip(module, reason=f"the profile extra is not installed ({module})")
        teach(accepted, "novels")
        shown: list[Proposal] = []

        def decide(proposal: Proposal) -> Decision:
            shown.append(proposal)
            return yes(proposal)

        def asked(level: str, now: datetime = NOW) -> Reply:
            return ask(accepted, SHOP, ASKED[level], consent=decide, now=now)

        reply = asked("choose")
        assert (reply.answered.said, reply.answered.entry) == (False, 4)
        assert reply.answered.reason == reasons.budget_spent("2026-12-22")
        assert (shown[0].cost.spent, shown[0].cost.overall_left) == (True, 0)
        page_text = page(shown[0])
        assert "its privacy budget has no room for more until 2026-12-22" in " ".join(page_text.split())
        assert shown[0].applicant.past == ()
        assert asked("statements").answered.said, "what is told by tick costs nothing"
        assert asked("choose", NOW + 31 * DAY).answered.said
        assert disclosure_log.verify(accepted).count == 6
