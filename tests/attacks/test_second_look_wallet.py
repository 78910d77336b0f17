"""Attempts against vault, keystore, manifest, state head and clock by somebody who can write the files.

The attacker runs nothing as the owner and has no key. They can write wallet.json, vault.db and what SQLite
looks for beside it, have copies of all of them from earlier, can set the clock, and on a system with access
lists may have been given one. The keystore, as in a keyring, is out of their reach. They want the past to be
believed, an answer that no log holds, or the keys to be gone. Nothing that lies in clear or that SQLite would
follow decides alone about any of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ipse.disclosure import reasons
from ipse.disclosure.methods.private import Limits, window_of
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import CorruptData, IpseError, StorageError, VaultAltered, VaultOutdated, WrongPassphrase
from ipse.keys import derivation
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.preferences.privacy.summary import EPSILON
from ipse.storage import grants, manifest, settings, summaries
from ipse.storage.manifest import Leftover
from ipse.storage.places import Places, check_private
from ipse.storage.vault import Vault
from ipse.wallet import disclosure, disclosure_log, identities, recovery, state
from ipse.wallet.disclosure import dates
from ipse.wallet.disclosure.summaries import change_limits, drawn, limits
from ipse.wallet.wallet import Wallet
from tests.attacks.old_vaults import PAGE, apart, opened
from tests.made import PASSPHRASE, empty_wallet, tamper
from tests.unit.wallet.disclosure.material import (
    CHOOSE,
    DAY,
    NOW,
    SHOP,
    Reply,
    ask,
    candidates,
    never,
    teach,
    yes,
)


@pytest.fixture(scope="module", autouse=True)
def _quick_passphrases() -> Iterator[None]:
    """Deriving a key costs nothing here; it still goes by passphrase and parameters."""

    def derive(store: EncryptedFile, kdf: JsonObject) -> bytes:
        return hashlib.sha256(store._passphrase() + strict_json.canonical(kdf)).digest()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EncryptedFile, "_derive", derive)
        yield


@pytest.fixture(scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "wallet"
    with empty_wallet(Places(folder, folder / "cache"), now=NOW) as made:
        for name in ("me", "shop"):
            identities.create(made, name, now=NOW)
        disclosure.grant(made, SHOP.party, level="choose", now=NOW, expires=NOW + 20 * DAY)
    return folder


@pytest.fixture(scope="module")
def _told(_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
    folder = shutil.copytree(_made, tmp_path_factory.mktemp("told") / "wallet")
    with opened(Places(folder, folder / "cache")) as wallet:
        teach(wallet, *(f"novel {number}" for number in range(8)))
    return folder


@pytest.fixture
def places(_made: Path, tmp_path: Path) -> Places:
    """A wallet with two DIDs and a grant."""
    return Places(shutil.copytree(_made, tmp_path / "wallet"), tmp_path / "cache")


@pytest.fixture
def taught(_told: Path, tmp_path: Path) -> Places:
    """The same, with something to tell."""
    return Places(shutil.copytree(_told, tmp_path / "wallet"), tmp_path / "cache")


def _rewrite(places: Places, edit: Callable[[manifest.Manifest], manifest.Manifest]) -> None:
    """Change wallet.json as an editor does."""
    manifest._write(places.manifest, edit(manifest.read(places.manifest)))


def _items(places: Places) -> set[str]:
    keystore = opened(places).keystore
    return set(keystore._read())  # type: ignore[attr-defined]


class TestTheManifest:
    """wallet.json lies in clear: nothing in it lets the keystore forget."""

    @pytest.mark.parametrize("which", ["root", "state", "key"])
    def test_what_it_points_to_is_not_left_over(self, places: Places, which: str) -> None:
        current, before = manifest.read(places.manifest), _items(places)
        item = {"root": current.root_item, "state": current.state_item, "key": current.items()[1]}[which]
        _rewrite(places, lambda old: replace(old, leftovers=(Leftover("file", item),)))
        with pytest.raises(CorruptData) as caught:
            opened(places)
        assert caught.value.code == "corrupt"
        _rewrite_raw(places, "leftovers", [])
        assert _items(places) == before

    @pytest.mark.parametrize("root", ["root-00000000", "a key of a DID", "another wallet's"])
    def test_under_another_root_the_state_and_the_root_stay(self, places: Places, root: str) -> None:
        """Swept as left over, they would let a vault of before be believed, or no vault be opened."""
        genuine, before = places.manifest.read_bytes(), _items(places)
        older = places.vault.read_bytes()
        with opened(places) as wallet:
            disclosure.revoke(wallet, SHOP.party, now=NOW)
        current = manifest.read(places.manifest)
        if root == "another wallet's":
            with opened(places) as wallet:
                wallet.keystore.add("root-other", os.urandom(32))
                wallet.keystore.add("log-other", b'{"counter":1,"digest":"%s"}' % (b"0" * 64))
            root, before = "root-other", before | {"root-other", "log-other"}
        items = [Leftover("file", item) for item in (current.root_item, current.state_item)]
        name = current.items()[1] if root == "a key of a DID" else root
        dids = () if root == "a key of a DID" else current.dids
        _rewrite(places, lambda old: replace(old, root_item=name, dids=dids, leftovers=tuple(items)))
        with opened(places) as wallet:
            wallet.sweep()
        places.manifest.write_bytes(genuine)
        assert _items(places) == before
        places.vault.write_bytes(older)
        with opened(places) as wallet, pytest.raises(VaultOutdated) as caught:
            _ = wallet.vault
        assert caught.value.code == "vault-outdated"

    def test_what_a_move_has_copied_goes(self, places: Places) -> None:
        """A root and a state are left over where the wallet holds the same, or a newer one."""
        with opened(places) as wallet:
            kept = wallet.keystore.get(wallet.manifest.state_item)
            wallet.keystore.add("root-copy", wallet.root)
            wallet.keystore.add("log-copy", kept)
            disclosure.revoke(wallet, SHOP.party, now=NOW)
        _rewrite(
            places,
            lambda old: replace(old, leftovers=(Leftover("file", "root-copy"), Leftover("file", "log-copy"))),
        )
        with opened(places) as wallet:
            wallet.sweep()
            assert not wallet.manifest.leftovers
        assert not _items(places) & {"root-copy", "log-copy"}

    def test_names_that_were_exchanged_sign_nothing(self, places: Places) -> None:
        """Nor do those of an older wallet.json whose DIDs have other keys since."""
        one, two = manifest.read(places.manifest).dids
        swapped = [(replace(one, name=two.name), replace(two, name=one.name))]
        swapped.append((replace(one, keys=two.keys), replace(two, keys=one.keys)))
        swapped.append((replace(one, did=two.did), replace(two, did=one.did)))
        for dids in swapped:
            _rewrite(places, lambda old, dids=dids: replace(old, dids=dids))  # type: ignore[misc]
            for name in ("me", "shop"):
                with opened(places) as wallet, pytest.raises(CorruptData):
                    identities.signing_key(wallet, name)

    def test_an_item_that_is_no_root_opens_nothing(self, places: Places) -> None:
        for item in (manifest.read(places.manifest).items()[1], "root-absent"):
            _rewrite(places, lambda old, item=item: replace(old, root_item=item))  # type: ignore[misc]
            with opened(places) as wallet, pytest.raises(CorruptData):
                _ = wallet.vault


def _rewrite_raw(places: Places, member: str, value: object) -> None:
    document = json.loads(places.manifest.read_bytes())
    places.manifest.write_text(json.dumps({**document, member: value}))


class TestTheKeystoreFile:
    @pytest.mark.parametrize("kdf", [{"passes": 2}, {"memory": 8 * 1024 * 1024 + 1024}, {"salt": "A" * 22}])
    def test_a_header_that_asks_for_other_work_opens_nothing(
        self, places: Places, kdf: dict[str, object]
    ) -> None:
        """And is not written on with the new work, so that a guess would be cheap later."""
        document = json.loads(places.keystore.read_bytes())
        document["kdf"].update(kdf)
        places.keystore.write_text(json.dumps(document))
        before = places.keystore.read_bytes()
        with opened(places) as wallet, pytest.raises(WrongPassphrase):
            _ = wallet.root
        assert places.keystore.read_bytes() == before

    def test_an_older_nonce_or_ciphertext_fits_no_other(self, places: Places) -> None:
        older = json.loads(places.keystore.read_bytes())
        with opened(places) as wallet:
            disclosure.revoke(wallet, SHOP.party, now=NOW)
        newest = json.loads(places.keystore.read_bytes())
        for member in ("nonce", "ciphertext"):
            places.keystore.write_text(json.dumps({**newest, member: older[member]}))
            with opened(places) as wallet, pytest.raises(WrongPassphrase):
                _ = wallet.root

    def test_a_link_to_the_keystore_of_another_wallet(self, places: Places, tmp_path: Path) -> None:
        """The passphrase is the same, the root is not the one that the vault was made with."""
        other = Places(tmp_path / "other", tmp_path / "cache")
        with Wallet.create(other, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as made:
            root_item = made.manifest.root_item
        before = other.keystore.read_bytes()
        places.keystore.unlink()
        places.keystore.symlink_to(other.keystore)
        _rewrite(places, lambda old: replace(old, root_item=root_item))
        with opened(places) as wallet, pytest.raises(CorruptData):
            _ = wallet.vault
        assert other.keystore.read_bytes() == before


def _log_of(pages: bytes) -> bytes:
    """A write-ahead log that puts `pages` in the place of those of a database; it takes no key."""

    def summed(one: int, two: int, data: bytes) -> tuple[int, int]:
        for first, second in struct.iter_unpack("<II", data):
            one = (one + first + two) & 0xFFFFFFFF
            two = (two + second + one) & 0xFFFFFFFF
        return one, two

    head = struct.pack(">IIIIII", 0x377F0682, 3007000, PAGE, 0, 1, 2)
    sums = summed(0, 0, head)
    made, count = head + struct.pack(">II", *sums), len(pages) // PAGE
    for number in range(count):
        page = pages[number * PAGE : (number + 1) * PAGE]
        frame = struct.pack(">II", number + 1, count if number == count - 1 else 0)
        sums = summed(*summed(*sums, frame), page)
        made += frame + head[16:] + struct.pack(">II", *sums) + page
    return made


def _journal_of(pages: bytes) -> bytes:
    """A journal after which `pages` are what a database was before its last transaction; it takes no key."""
    count = len(pages) // PAGE
    magic = bytes.fromhex("d9d505f920a163d7")
    made = (magic + struct.pack(">IIIII", count, 0, count, 512, PAGE)).ljust(512, b"\0")
    for number in range(count):
        page = pages[number * PAGE : (number + 1) * PAGE]
        total = sum(page[place] for place in range(PAGE - 200, 0, -200))
        made += struct.pack(">I", number + 1) + page + struct.pack(">I", total)
    return made


class TestBesideTheVault:
    """SQLite follows files that lie beside the vault under names of their own."""

    def revoked(self, places: Places) -> bytes:
        """The vault of before a grant ended."""
        older = places.vault.read_bytes()
        with opened(places) as wallet:
            disclosure.revoke(wallet, SHOP.party, now=NOW)
        return older

    @pytest.mark.parametrize("kind", ["older pages", "empty", "link"])
    def test_a_write_ahead_log_is_not_followed(self, places: Places, kind: str) -> None:
        """It is put into the vault when that is closed, and the newest one would be gone."""
        older = self.revoked(places)
        newest, log = places.vault.read_bytes(), places.vault.with_name("vault.db-wal")
        if kind == "link":
            log.symlink_to(places.vault)
        else:
            log.write_bytes(_log_of(older) if kind == "older pages" else b"")
        with opened(places) as wallet, pytest.raises(VaultAltered) as caught:
            _ = wallet.vault
        assert caught.value.code == "vault-altered"
        assert str(log) in caught.value.hint
        assert places.vault.read_bytes() == newest
        log.unlink()
        with opened(places) as wallet:
            disclosure_log.verify(wallet)

    def test_a_write_ahead_log_that_comes_while_it_is_open(self, places: Places) -> None:
        older = self.revoked(places)
        newest = places.vault.read_bytes()
        with opened(places) as wallet:
            _ = wallet.vault
            log = places.vault.with_name("vault.db-wal")
            log.write_bytes(_log_of(older))
            with pytest.raises(VaultAltered):
                disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + DAY)
        assert places.vault.read_bytes() == newest
        log.unlink()
        with opened(places) as wallet:
            disclosure_log.verify(wallet)

    @pytest.mark.parametrize("read", ["rows", "batches", "heads", "rewrite"])
    def test_a_write_ahead_log_that_comes_before_something_is_read(self, places: Places, read: str) -> None:
        older = self.revoked(places)
        newest = places.vault.read_bytes()
        query = "SELECT revoked FROM grants"
        with opened(places) as wallet:
            reads: dict[str, Callable[[], object]] = {
                "rows": lambda: wallet.vault.rows(query),
                "batches": lambda: list(wallet.vault.batches(query)),
                "heads": wallet.vault.heads,
                "rewrite": wallet.vault.rewrite,
            }
            log = places.vault.with_name("vault.db-wal")
            log.write_bytes(_log_of(older))
            with pytest.raises(VaultAltered):
                reads[read]()
        assert places.vault.read_bytes() == newest

    def test_the_journal_of_an_earlier_transaction_is_rolled_back_and_found_out(self, places: Places) -> None:
        """No journal of a crash can be told from it: the older vault that it leaves is refused."""
        older = self.revoked(places)
        journal = places.vault.with_name("vault.db-journal")
        journal.write_bytes(_journal_of(older))
        with opened(places) as wallet, pytest.raises(VaultOutdated) as caught:
            _ = wallet.vault
        assert caught.value.code == "vault-outdated"
        assert not journal.exists(), "it was not taken for a journal"

    def test_the_journal_of_some_pages_alone(self, places: Places) -> None:
        older = self.revoked(places)
        newest, refused = places.vault.read_bytes(), list[str]()
        for number in range(2, len(older) // PAGE + 1):
            start = (number - 1) * PAGE
            page = older[start : start + PAGE]
            if page == newest[start : start + PAGE]:
                continue
            whole = _journal_of(newest[:start] + page + newest[start + PAGE :])
            places.vault.write_bytes(newest)
            places.vault.with_name("vault.db-journal").write_bytes(whole)
            try:
                with opened(places) as wallet:
                    disclosure_log.verify(wallet)
                    active = grants.active(wallet.vault, party=SHOP.party, level="choose", now="2026-11-23")
                    assert active is None
            except IpseError as error:
                refused.append(error.code)
        assert refused
        assert {"vault-altered", "vault-outdated", "corrupt", "storage"}.issuperset(refused)


def _renamed(places: Places, other: Path) -> None:
    other.replace(places.vault)


def _linked(places: Places, other: Path) -> None:
    places.vault.unlink()
    places.vault.symlink_to(other)


def _hard(places: Places, other: Path) -> None:
    places.vault.unlink()
    os.link(other, places.vault)


def _gone(places: Places, other: Path) -> None:
    places.vault.rename(other.with_name("elsewhere.db"))


@pytest.mark.parametrize("swap", [_renamed, _linked, _hard, _gone])
def test_a_vault_that_is_exchanged_at_the_prompt_lets_nothing_out(
    taught: Places, swap: Callable[[Places, Path], None], tmp_path: Path
) -> None:
    """The open file has no name any more: the answer would be in no log that anybody can read."""
    with opened(taught) as wallet:
        disclosure.revoke(wallet, SHOP.party, now=NOW)
    newest = taught.vault.read_bytes()
    other = tmp_path / "other.db"
    other.write_bytes(newest)
    other.chmod(0o600)
    before = state.remembered(opened(taught))

    def decide(proposal: object) -> object:
        swap(taught, other)
        return yes(proposal)  # type: ignore[arg-type]

    with opened(taught) as wallet, pytest.raises(VaultAltered) as caught:
        ask(wallet, SHOP, CHOOSE, consent=decide)  # type: ignore[arg-type]
    assert caught.value.code == "vault-altered"
    assert state.remembered(opened(taught)) == before
    if swap is _gone:
        return
    with opened(taught) as wallet:
        assert disclosure_log.verify(wallet).count == 0
        assert ask(wallet, SHOP, candidates("a", "b"), consent=yes).answered.said


def test_two_copies_of_a_wallet_that_share_a_keystore_go_no_ways_of_their_own(places: Places) -> None:
    """As two folders with one wallet.json do over one keyring."""
    copy = places.vault.read_bytes()
    with opened(places) as wallet:
        disclosure.revoke(wallet, SHOP.party, now=NOW)
        disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + DAY)
    ours = places.vault.read_bytes()
    places.vault.write_bytes(copy)
    with opened(places) as wallet, pytest.raises(VaultOutdated):
        disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + DAY)
    places.vault.write_bytes(ours)
    with opened(places) as wallet:
        disclosure_log.verify(wallet)


def test_a_vault_with_its_root_that_never_had_the_state(places: Places) -> None:
    """Empty, and made with the very key, as by a copy that was made at the beginning."""
    with opened(places) as wallet:
        key = derivation.vault_key(wallet.root)
    places.vault.unlink()
    Vault.create(places.vault, key).close()
    with opened(places) as wallet, pytest.raises(VaultOutdated):
        _ = wallet.vault


class TestAClockThatIsSetBack:
    def test_before_the_confirmed_date_brings_no_grant_back(self, taught: Places) -> None:
        """The grant ended after 20 days; the owner has confirmed a later date since."""
        with opened(taught) as wallet:
            dates.confirm_date(wallet, NOW + 25 * DAY)
            with pytest.raises(AssertionError, match="was shown to the owner"):
                ask(wallet, SHOP, CHOOSE, consent=never, now=NOW + DAY)

    def test_before_the_confirmed_date_dates_no_drawing_back(self, taught: Places) -> None:
        """What is drawn by the wrong clock would be a year old as soon as the clock is right again."""
        with opened(taught) as wallet:
            disclosure.grant(wallet, SHOP.party, level="choose", now=NOW, expires=NOW + 900 * DAY)
            change_limits(wallet, year=EPSILON)
            dates.confirm_date(wallet, NOW + 300 * DAY)
            assert ask(wallet, SHOP, apart("a"), consent=never, now=NOW + DAY).answered.said
            newest = summaries.latest(wallet.vault)
            assert newest is not None
            assert newest.window == window_of((NOW + 300 * DAY).date())
            dates.confirm_date(wallet, NOW + 600 * DAY)
            ask(wallet, SHOP, apart("b"), consent=never, now=NOW + 600 * DAY)
            assert summaries.latest(wallet.vault) == newest

    def test_the_owner_can_set_a_wrong_confirmation_right(self, places: Places) -> None:
        with opened(places) as wallet:
            dates.confirm_date(wallet, NOW + 900 * DAY)
            assert dates.dates(wallet, NOW + DAY).clock == NOW + 900 * DAY
            dates.confirm_date(wallet, NOW + DAY)
            assert dates.dates(wallet, NOW + 2 * DAY).clock == NOW + 2 * DAY


class TestAWalletOfAnOlderVersion:
    """It has no date that its owner confirmed, and wallet.json says when it was made."""

    def test_that_says_it_was_made_later_gives_nothing_back(self, taught: Places) -> None:
        with opened(taught) as wallet:
            ask(wallet, SHOP, apart("a"), consent=never)
            before = summaries.latest(wallet.vault)
            tamper(wallet.vault, "DELETE FROM state_heads")
            tamper(wallet.vault, f"DELETE FROM settings WHERE name = '{settings.DATE_CONFIRMED}'")
            wallet.keystore.remove(wallet.manifest.state_item)
        _rewrite_raw(taught, "created", "2036-11-22T12:00:00Z")
        with opened(taught) as wallet:
            assert dates.dates(wallet, NOW).clock == NOW
            ask(wallet, SHOP, apart("b"), consent=never)
            assert summaries.latest(wallet.vault) == before


class TestGoingOnFromAnOlderVault:
    """The owner's word at the terminal gives nothing back that might have been taken."""

    @pytest.fixture
    def accepted(self, taught: Places) -> Iterator[Wallet]:
        """Limits were high, then lowered and reached; the vault is from before."""
        with opened(taught) as wallet:
            change_limits(wallet, year=50_000, life=60_000)
        older = taught.vault.read_bytes()
        with opened(taught) as wallet:
            change_limits(wallet, year=EPSILON, life=EPSILON)
            assert ask(wallet, SHOP, apart("a"), consent=never, now=NOW + DAY).answered.said
        taught.vault.write_bytes(older)
        with Wallet(taught, lambda: PASSPHRASE, doubt=lambda _: None) as wallet:
            lost = recovery.loss(wallet)
            assert lost is not None
            recovery.accept(wallet, lost, now=NOW + 2 * DAY)
        with opened(taught) as wallet:
            yield wallet

    def _granted(self, wallet: Wallet, days: int) -> Reply:
        later = NOW + days * DAY
        disclosure.grant(wallet, SHOP.party, level="choose", now=later, expires=later + DAY)
        return ask(wallet, SHOP, apart(f"{days} days"), consent=never, now=later)

    def test_limits_that_were_lowered_allow_no_summary(self, accepted: Wallet) -> None:
        assert limits(accepted) == Limits(0, 0)
        for days in (3, 20):
            assert self._granted(accepted, days).answered.reason == reasons.LIMIT_REACHED
        assert drawn(accepted, NOW + 20 * DAY).ever == 0
        change_limits(accepted, year=EPSILON, life=EPSILON)
        assert self._granted(accepted, 21).answered.reason is None

    def test_what_is_drawn_after_it_is_drawn_from_what_is_not_secret(self, accepted: Wallet) -> None:
        """All statements are secret then: the new noise is over nothing."""
        change_limits(accepted, year=EPSILON, life=EPSILON)
        quiet = "ipse.preferences.privacy.discrete_laplace.sample"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(quiet, lambda *_: 0)
            self._granted(accepted, 3)
        newest = summaries.latest(accepted.vault)
        assert newest is not None
        assert not any(count for one in newest.counts for count in one)

    def test_the_date_that_was_shown_is_the_one_that_counts(self, accepted: Wallet) -> None:
        assert dates.dates(accepted, NOW).confirmed == NOW + 2 * DAY
        change_limits(accepted, year=EPSILON, life=EPSILON)
        self._granted(accepted, 200)
        newest = summaries.latest(accepted.vault)
        assert newest is not None
        assert newest.window == window_of((NOW + 2 * DAY).date())

    def test_it_can_not_be_done_twice_with_the_same_vault(self, accepted: Wallet) -> None:
        assert recovery.loss(accepted) is None


def _access_list(path: Path, *entries: tuple[int, int, int]) -> None:
    content = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", content)
    except (OSError, AttributeError) as error:
        pytest.skip(f"no access lists here: {error}")


_NO_ID = 0xFFFFFFFF
_USER, _GROUP = (0x02, 65534), (0x08, 65534)


@pytest.mark.parametrize("named", [_USER, _GROUP], ids=["user", "group"])
@pytest.mark.parametrize("what", ["folder", "file", "above"])
def test_an_access_list_that_lets_somebody_else_write(
    places: Places, what: str, named: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode shows it as the owner's own group writing, which is fine otherwise."""
    path = {"folder": places.data, "file": places.vault, "above": places.data.parent}[what]
    monkeypatch.setattr("ipse.storage.places._is_own_group", lambda group: group == os.getegid())
    tag, who = named
    ends = ((0x20, 0, _NO_ID),)
    listed = sorted([(0x01, 7, _NO_ID), (0x04, 7, _NO_ID), (tag, 7, who)])
    _access_list(path, *listed, (0x10, 7, _NO_ID), *ends)
    with pytest.raises(StorageError) as caught:
        check_private(places)
    assert caught.value.code == "writable-by-others"
    _access_list(path, *listed, (0x10, 5, _NO_ID), *ends)
    check_private(places)
    read = sorted([(0x01, 7, _NO_ID), (0x04, 7, _NO_ID), (tag, 5, who)])
    _access_list(path, *read, (0x10, 7, _NO_ID), *ends)
    check_private(places)


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX systems")
def test_a_journal_that_others_can_write_to(places: Places) -> None:
    journal = places.vault.with_name("vault.db-journal")
    journal.touch()
    journal.chmod(0o666)
    with pytest.raises(StorageError) as caught:
        opened(places)
    assert caught.value.code == "writable-by-others"
