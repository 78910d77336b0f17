"""Pages of an older vault.db, put into the newest one.

The attacker can write the file and has any older copy of it: a backup, a snapshot, a synchronised folder.
SQLCipher authenticates a page and its number, so such a page is decrypted like any other, and no key is
needed. They want the bits of a cap and ended grants back, the place of another application in a summary,
closed topics open, secret statements told, and a log that says that all is well. It cannot come back: each
change ends with a head over all rows that protect the owner, the keystore holds its digest, and rows, indexes
and schema are held to it when the vault is opened and once more in the transaction that lets an answer leave.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlcipher3

from ipse.disclosure.levels.statements import Statements
from ipse.errors import CorruptData, IpseError, VaultAltered, VaultOutdated, VerificationFailed
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.storage import disclosure_log as entries
from ipse.storage import grants, statement_vectors, statements, status_lists, trusted_authorities
from ipse.storage.places import Places
from ipse.wallet import disclosure, disclosure_log, identities, state, status
from ipse.wallet.disclosure import summaries
from ipse.wallet.disclosure.profile import read_profile
from ipse.wallet.profile.topics import embed_topics, set_topic_access
from ipse.wallet.wallet import Wallet
from tests.attacks.old_vaults import PAGE, Copies, facts, opened, order, outcome, spliced
from tests.made import PASSPHRASE
from tests.unit.wallet.disclosure.material import (
    CLUB,
    NOW,
    SHOP,
    Blending,
    ask,
    never,
    teach,
    yes,
)

_REFUSED = {"vault-altered", "vault-outdated", "corrupt", "storage"}


@pytest.fixture(scope="module")
def copies(_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """A wallet and three older vaults of it; passphrases cost nothing here.

    The templates of other wallets are made before.
    """
    pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EncryptedFile, "_derive", lambda *_: bytes(32))
        folder = tmp_path_factory.mktemp("copies")
        yield Copies.make(Places(folder / "wallet", folder / "cache"))


@pytest.fixture
def victim(copies: Copies, tmp_path: Path) -> Places:
    """A copy of the wallet with its newest vault."""
    return copies.in_place(copies.newest, Places(tmp_path / "wallet", tmp_path / "cache"))


def _tried(copies: Copies, victim: Places, sets: Iterator[tuple[int, ...]]) -> Counter[str]:
    found: Counter[str] = Counter()
    for numbers in sets:
        for older in copies.older:
            vault = spliced(copies.newest, older, *numbers)
            if vault is not None:
                found[outcome(copies, copies.as_left(vault, victim))] += 1
    return found


def test_the_newest_vault_is_answered_from(copies: Copies, victim: Places) -> None:
    assert outcome(copies, victim) == "newest"


def _believed(copies: Copies, victim: Places, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The newest vault with one old page, in each way that is believed where nobody looks."""
    found = []
    with monkeypatch.context() as unchecked:
        unchecked.setattr("ipse.wallet.state._compared", lambda *_: None)
        for older in copies.older:
            for number in range(2, copies.pages + 1):
                vault = spliced(copies.newest, older, number)
                if vault is None:
                    continue
                try:
                    with opened(copies.as_left(vault, victim)) as wallet:
                        if facts(wallet) != copies.facts:
                            found.append(vault)
                        wallet.vault.unsettled = None
                except (IpseError, sqlcipher3.Error):
                    continue
    return found


def test_what_is_believed_without_the_check_is_found_altered_by_it(
    copies: Copies, victim: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is tried here is an attack: where nobody looks, it gets through."""
    believed = _believed(copies, victim, monkeypatch)
    assert len(believed) > 20
    assert {outcome(copies, copies.as_left(vault, victim)) for vault in believed} == {"vault-altered"}


def test_every_fifth_page_of_older_copies(copies: Copies, victim: Places) -> None:
    found = _tried(copies, victim, ((number,) for number in range(1, copies.pages + 1, 5)))
    assert found.keys() <= {*_REFUSED, "newest"}
    assert found["vault-altered"] > 3


@pytest.mark.slow
def test_every_page_of_three_older_copies(copies: Copies, victim: Places) -> None:
    found = _tried(copies, victim, ((number,) for number in range(1, copies.pages + 1)))
    assert found.keys() <= {*_REFUSED, "newest"}
    assert {"vault-altered", "vault-outdated"} <= found.keys()
    assert found["newest"] < found.total() / 5, "but for vectors, rankings and free pages every page counts"


@pytest.mark.slow
def test_every_pair_of_pages_of_three_older_copies(copies: Copies, victim: Places) -> None:
    found = _tried(copies, victim, itertools.combinations(range(1, copies.pages + 1), 2))
    assert found.keys() <= {*_REFUSED, "newest"}
    assert found["vault-altered"] > 100


@pytest.mark.parametrize("row", [("a text", b"m"), (b"h", "a text"), (7, 1.5), (None, None)], ids=repr)
def test_a_page_of_another_table_in_the_place_of_the_heads(
    victim: Places, row: tuple[object, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has columns of other types, which SQLite believes of a page that it reads."""
    with opened(victim) as wallet:
        heads = wallet.vault._heads
        monkeypatch.setattr(heads, "_all", lambda _: [row])
        with pytest.raises(VaultAltered):
            heads.chain()


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("SELECT name, seq", ("statements", "a text")),
        ("SELECT name, seq", (None, b"\x00")),
        ("SELECT digest", ("a text",)),
        ("SELECT digest", (None,)),
    ],
)
def test_a_page_of_another_table_in_the_place_of_what_a_head_counts(
    victim: Places, query: str, row: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(victim) as wallet:
        heads, newest = wallet.vault._heads, wallet.vault.heads()[-1]
        read = heads._all
        monkeypatch.setattr(heads, "_all", lambda sql: [row] if sql.startswith(query) else read(sql))
        with pytest.raises(VaultAltered):
            heads.check(newest)


def test_a_page_of_another_table_in_the_place_of_the_log(
    victim: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(victim) as wallet:
        monkeypatch.setattr(wallet.vault, "rows", lambda *_: [(1, "{}", "a text")])
        for read in (entries.every, lambda vault: entries.find(vault, 1)):
            with pytest.raises(CorruptData):
                read(wallet.vault)
        with pytest.raises(VerificationFailed):
            entries.verify(wallet.vault)


@pytest.mark.parametrize("which", range(3))
def test_all_pages_but_one(copies: Copies, victim: Places, which: int) -> None:
    """An older vault that keeps one page of the newest, so that it looks like it."""
    older = copies.older[which]
    for number in range(1, copies.pages + 1, 4):
        vault = spliced(older, copies.newest, number)
        if vault is not None:
            assert outcome(copies, copies.as_left(vault, victim)) in _REFUSED


@pytest.mark.parametrize("which", range(3))
def test_a_whole_older_vault(copies: Copies, victim: Places, which: int) -> None:
    copies.in_place(copies.older[which], victim)
    with opened(victim) as wallet, pytest.raises(VaultOutdated) as caught:
        ask(wallet, SHOP, order("e", "f"), consent=never)
    assert caught.value.code == "vault-outdated"
    assert "`ipse log accept`" in caught.value.hint
    with opened(victim) as wallet, pytest.raises(VaultOutdated):
        disclosure_log.verify(wallet)


def _renew(wallet: Wallet) -> None:
    summaries.change_limits(wallet, year=1000, life=2000)
    topics = embed_topics(wallet, Blending(), EMPTY_PURPOSES)
    summaries.renew(wallet, read_profile(wallet, Blending(), topics, NOW), NOW)


UNDONE: dict[str, Callable[[Wallet], object]] = {
    "a grant ended": lambda wallet: disclosure.revoke(wallet, SHOP.party, now=NOW),
    "a topic closed": lambda wallet: set_topic_access(wallet, "jazz-and-blues", open=False),
    "a limit lowered": lambda wallet: summaries.change_limits(wallet, year=0, life=0),
    "a summary drawn": lambda wallet: _renew(wallet),
    "a statement made secret": lambda wallet: statements.set_sensitivity(
        wallet.vault, "secret", now="2026-11-22T12:00:00Z"
    ),
    "a statement forgotten": lambda wallet: statements.forget(wallet.vault, 4),
    "an issuer trusted no more": lambda wallet: wallet.vault.change("DELETE FROM trusted_issuers"),
    "an authority trusted": lambda wallet: trusted_authorities.add(
        wallet.vault, "ab" * 32, b"certificate", ["issuer"], now="2026-11-22T12:00:00Z"
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("what", UNDONE)
def test_what_was_changed_after_the_last_entry_of_the_log_can_not_be_undone(
    copies: Copies, victim: Places, what: str
) -> None:
    with opened(victim) as wallet:
        before = victim.vault.read_bytes()
        UNDONE[what](wallet)
    after = victim.vault.read_bytes()
    with opened(victim) as wallet:
        disclosure_log.verify(wallet)
        said = facts(wallet)
    victim.vault.write_bytes(before)
    with opened(victim) as wallet, pytest.raises(VaultOutdated):
        disclosure_log.verify(wallet)
    refused: list[str] = []
    for number in range(1, len(after) // PAGE + 1):
        vault = spliced(after, before, number)
        if vault is not None:
            victim.vault.write_bytes(vault)
            try:
                with opened(victim) as wallet:
                    disclosure_log.verify(wallet)
                    assert facts(wallet) == said, f"page {number} is believed"
            except IpseError as error:
                refused.append(error.code)
    assert refused
    assert _REFUSED.issuperset(refused)


def test_a_vault_of_before_there_were_heads(copies: Copies, victim: Places) -> None:
    """Its table of heads is missing, but the keystore remembers one."""
    with opened(victim) as wallet:
        wallet.vault._connection.execute("DELETE FROM state_heads")
    with opened(victim) as wallet, pytest.raises(VaultAltered) as caught:
        _ = wallet.vault
    assert caught.value.code == "vault-altered"


def test_pages_that_are_put_back_while_the_owner_reads_the_page(copies: Copies, victim: Places) -> None:
    """The application has the file changed between the first look at the vault and the answer."""

    def splice(proposal: object) -> object:
        for older in copies.older:
            for number in range(2, copies.pages + 1):
                vault = spliced(victim.vault.read_bytes(), older, number)
                if vault is not None:
                    victim.vault.write_bytes(vault)
        return yes(proposal)  # type: ignore[arg-type]

    refused: list[str] = []
    try:
        with opened(victim) as wallet:
            asked = Statements("the novel with the number 1", 3)  # it is secret by now
            reply = ask(wallet, CLUB, asked, consent=splice)  # type: ignore[arg-type]
        assert not reply.answered.said
    except IpseError as error:
        refused.append(error.code)
    assert _REFUSED.issuperset(refused)
    with opened(victim) as wallet, pytest.raises(IpseError) as caught:
        disclosure_log.verify(wallet)
    assert caught.value.code in _REFUSED


class TestAKillBetweenVaultAndKeystore:
    """Told from an attack by the heads: they go on from the remembered one, and fit the rows."""

    def killed(self, places: Places) -> bytes:
        """Change something, and die before the keystore follows; the keystore of before."""
        wallet = opened(places)
        disclosure.revoke(wallet, SHOP.party, now=NOW)
        summaries.change_limits(wallet, year=100)
        wallet.vault.close()
        return places.vault.read_bytes()

    def test_is_taken_over_in_silence(self, victim: Places) -> None:
        self.killed(victim)
        for _ in range(2):
            with opened(victim) as wallet:
                assert grants.active(wallet.vault, party=SHOP.party, level="choose", now="2026-11-23") is None
                disclosure_log.verify(wallet)

    def test_opens_no_way_back_once_it_was_taken_over(self, copies: Copies, victim: Places) -> None:
        self.killed(victim)
        with opened(victim) as wallet:
            _ = wallet.vault
        copies.in_place(copies.newest, victim)
        with opened(victim) as wallet, pytest.raises(VaultOutdated):
            _ = wallet.vault

    def test_lets_no_older_page_in(self, copies: Copies, victim: Places) -> None:
        ahead = self.killed(victim)
        keystore = victim.keystore.read_bytes()
        refused: list[str] = []
        for older in (copies.newest, *copies.older):
            for number in range(1, len(ahead) // PAGE + 1, 3):
                vault = spliced(ahead, older, number)
                if vault is None:
                    continue
                victim.keystore.write_bytes(keystore)
                victim.vault.write_bytes(vault)
                try:
                    with opened(victim) as wallet:
                        state.check(wallet)
                        active = grants.active(
                            wallet.vault, party=SHOP.party, level="choose", now="2026-11-23"
                        )
                        assert active is None
                        assert summaries.limits(wallet).year == 100
                except IpseError as error:
                    refused.append(error.code)
        assert len(refused) > 5
        assert _REFUSED.issuperset(refused)


def test_the_vector_of_another_text_is_not_believed(copies: Copies, victim: Places) -> None:
    """An older page of vectors, from before a statement was corrected."""
    with opened(victim) as wallet:
        fingerprint = Blending().fingerprint
        (row,) = [row for row in statement_vectors.every(wallet.vault, fingerprint) if row[0].number == 4]
        wallet.vault._connection.execute("UPDATE vectors SET identity = zeroblob(16) WHERE statement = 4")
        assert [said.number for said in statement_vectors.missing(wallet.vault, fingerprint)] == [4]
        assert statement_vectors.of(wallet.vault, fingerprint, [4]) == []
        assert 4 not in statement_vectors.matrix(wallet.vault, fingerprint).numbers
        teach(wallet, "something new")
        assert statement_vectors.of(wallet.vault, fingerprint, [4]) == [row]


def test_a_revoked_credential_does_not_become_valid_in_the_next_list(victim: Places) -> None:
    """The rows of a status list may be a million: they are held to the head where a list is published."""
    with opened(victim) as wallet:
        identities.create(wallet, "issuer", now=NOW)
        status.create_list(wallet, "degrees", purpose="revocation", url="https://i.example/1", now=NOW)
        status.allocate(wallet, "degrees", "urn:uuid:1", now=NOW)
    before = victim.vault.read_bytes()
    with opened(victim) as wallet:
        status.revoke(wallet, "urn:uuid:1", now=NOW)
        status.publish(wallet, "degrees", now=NOW)
    after = victim.vault.read_bytes()
    undone = 0
    for number in range(1, len(after) // PAGE + 1):
        vault = spliced(after, before, number)
        if vault is None:
            continue
        victim.vault.write_bytes(vault)
        with Wallet(victim, lambda: PASSPHRASE, doubt=lambda _: None) as wallet:
            try:
                if any(status_lists.statuses(wallet.vault, "degrees")):
                    continue
            except IpseError:
                continue
            undone += 1
            with pytest.raises(VerificationFailed):
                status.publish(wallet, "degrees", now=NOW)
    assert undone, "one of the pages holds what was revoked"
