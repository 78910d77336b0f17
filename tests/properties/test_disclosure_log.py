"""A wallet's log under generated tampering: every edit, deletion, copy, reordering and cut is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding import strict_json
from ipse.errors import CorruptData, VaultOutdated, VerificationFailed
from ipse.storage.places import Places
from ipse.storage.vault import Vault
from ipse.wallet import disclosure_log, state
from ipse.wallet.wallet import Wallet
from tests.examples import examples
from tests.made import tamper

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRIES = 6
NUMBERS = st.integers(1, ENTRIES)
generated = examples(100)


Heads = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Logged:
    """A wallet with a few entries, and its state heads and its vault as they were after each of them."""

    wallet: Wallet
    heads: tuple[Heads, ...] = field(repr=False)
    vaults: tuple[bytes, ...] = field(repr=False)

    @property
    def rows(self) -> list[tuple[bytes, bytes]]:
        """Entry and digest of each row in order."""
        return [
            (entry, digest)
            for entry, digest in self.wallet.vault.rows(
                "SELECT entry, digest FROM disclosures ORDER BY number"
            )
        ]


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Logged]:
    """Shared by all examples, each of which gives it back as it was."""
    folder = tmp_path_factory.mktemp("log") / "wallet"
    places = Places(folder, folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: b"secret", now=NOW) as wallet:
        heads, vaults = [_heads(wallet)], [places.vault.read_bytes()]
        for number in range(ENTRIES):
            disclosure_log.record(wallet, {"released": f"answer {number}", "bits": 10.2}, now=NOW)
            state.settle(wallet)
            heads.append(_heads(wallet))
            vaults.append(places.vault.read_bytes())
        yield Logged(wallet, tuple(heads), tuple(vaults))


def _heads(wallet: Wallet) -> Heads:
    return wallet.vault.rows("SELECT counter, head, mac FROM state_heads")


class _UndoneError(Exception):
    """Ends a transaction that must leave no trace."""


@contextmanager
def undone(vault: Vault) -> Iterator[None]:
    """Whatever happens inside never happened."""
    with suppress(_UndoneError), vault.transaction():
        yield
        raise _UndoneError


Rows = list[tuple[int, bytes, bytes]]


def put(vault: Vault, rows: Rows) -> None:
    tamper(vault, "DELETE FROM disclosures")
    tamper(vault, "INSERT INTO disclosures VALUES (?, ?, ?)", rows)


def put_heads(vault: Vault, heads: Heads) -> None:
    tamper(vault, "DELETE FROM state_heads")
    tamper(vault, "INSERT INTO state_heads VALUES (?, ?, ?)", heads)


def closed(rows: list[tuple[bytes, bytes]], *, rehashed: bool) -> Rows:
    """Rows numbered without gaps; with `rehashed` as a chain that is whole in itself, as a forger would."""
    made, previous = [], "0" * 64
    for number, (entry, digest) in enumerate(rows, start=1):
        if rehashed:
            content: dict[str, Any] = {
                **strict_json.parse_object(entry),
                "number": number,
                "previous": previous,
            }
            entry = strict_json.canonical(content)
            digest = hashlib.sha256(entry).digest()
        made.append((number, entry, digest))
        previous = digest.hex()
    return made


def assert_found(wallet: Wallet) -> None:
    acts: tuple[Callable[[], object], ...] = (
        lambda: disclosure_log.verify(wallet),
        lambda: disclosure_log.export(wallet, now=NOW),
    )
    for act in acts:
        with pytest.raises((VerificationFailed, CorruptData)):
            act()


def assert_found_unless_whole(logged: Logged, rows: Rows) -> None:
    """Put the rows in the place of the log's; anything but the log itself is found."""
    whole = [(number, *row) for number, row in enumerate(logged.rows, start=1)]
    with undone(logged.wallet.vault):
        put(logged.wallet.vault, rows)
        if rows == whole:
            assert disclosure_log.verify(logged.wallet).count == ENTRIES
        else:
            assert_found(logged.wallet)


@generated
@given(st.permutations(range(ENTRIES)), st.booleans())
def test_every_reordering_is_found(logged: Logged, order: list[int], rehashed: bool) -> None:
    assert_found_unless_whole(logged, closed([logged.rows[at] for at in order], rehashed=rehashed))


@generated
@given(st.sets(NUMBERS, min_size=1), st.booleans(), st.booleans(), st.integers(0, ENTRIES))
def test_every_deletion_is_found(
    logged: Logged, gone: set[int], close: bool, rehashed: bool, head: int
) -> None:
    """With the gap left or closed, the chain mended or not, and the head of any earlier moment."""
    kept = [(number, *row) for number, row in enumerate(logged.rows, start=1) if number not in gone]
    rows = closed([(entry, digest) for _, entry, digest in kept], rehashed=rehashed) if close else kept
    with undone(logged.wallet.vault):
        put(logged.wallet.vault, rows)
        put_heads(logged.wallet.vault, logged.heads[head])
        assert_found(logged.wallet)


@generated
@given(NUMBERS, st.integers(0, ENTRIES), st.booleans())
def test_every_copy_is_found(logged: Logged, number: int, at: int, rehashed: bool) -> None:
    rows = logged.rows
    rows.insert(at, rows[number - 1])
    assert_found_unless_whole(logged, closed(rows, rehashed=rehashed))


@generated
@given(st.integers(0, ENTRIES - 1), st.integers(0, ENTRIES))
def test_every_cut_is_found_under_the_head_of_any_moment(logged: Logged, left: int, head: int) -> None:
    with undone(logged.wallet.vault):
        put(logged.wallet.vault, closed(logged.rows[:left], rehashed=False))
        put_heads(logged.wallet.vault, logged.heads[head])
        assert_found(logged.wallet)


@generated
@given(st.integers(0, ENTRIES - 1))
def test_every_older_head_is_found(logged: Logged, head: int) -> None:
    with undone(logged.wallet.vault):
        put_heads(logged.wallet.vault, logged.heads[head])
        assert_found(logged.wallet)


@generated
@given(
    NUMBERS,
    st.integers(0, 400),
    st.integers(0, 6),
    st.binary(max_size=4) | st.sampled_from([b" ", b"\n", b".0", b"e0", b"\\u0061", b',"a":1']),
    st.booleans(),
)
def test_every_edit_is_found(
    logged: Logged, number: int, start: int, removed: int, inserted: bytes, rehashed: bool
) -> None:
    """With or without the digest of the row brought into line."""
    rows = [(at, *row) for at, row in enumerate(logged.rows, start=1)]
    _, entry, digest = rows[number - 1]
    at = start % (len(entry) + 1)
    edited = entry[:at] + inserted + entry[at + removed :]
    rows[number - 1] = (number, edited, hashlib.sha256(edited).digest() if rehashed else digest)
    assert_found_unless_whole(logged, rows)


@generated
@given(
    NUMBERS,
    st.sampled_from(["released", "time", "bits", "answer", "new"]),
    st.none() | st.text() | st.integers(-9, 9) | st.booleans(),
)
def test_every_change_of_a_member_is_found_in_a_mended_chain(
    logged: Logged, number: int, member: str, value: Any
) -> None:
    rows = logged.rows
    content = {**strict_json.parse_object(rows[number - 1][0]), member: value}
    rows[number - 1] = (strict_json.canonical(content), b"")
    assert_found_unless_whole(logged, closed(rows, rehashed=True))


@generated
@given(NUMBERS, st.integers(0, 31), st.integers(0, 7))
def test_every_flipped_bit_of_a_digest_is_found(logged: Logged, number: int, at: int, bit: int) -> None:
    rows = [(place, *row) for place, row in enumerate(logged.rows, start=1)]
    _, entry, digest = rows[number - 1]
    flipped = bytearray(digest)
    flipped[at] ^= 1 << bit
    rows[number - 1] = (number, entry, bytes(flipped))
    assert_found_unless_whole(logged, rows)


@generated
@given(st.integers(0, ENTRIES), st.sampled_from(["head", "mac"]), st.integers(0, 2000), st.integers(0, 7))
def test_every_flipped_bit_of_a_state_head_is_found(
    logged: Logged, which: int, column: str, at: int, bit: int
) -> None:
    heads = [list(row) for row in logged.heads[-1]]
    row = heads[which % len(heads)]
    place = {"head": 1, "mac": 2}[column]
    flipped = bytearray(row[place])  # type: ignore[call-overload]
    flipped[at % len(flipped)] ^= 1 << bit
    row[place] = bytes(flipped)
    with undone(logged.wallet.vault):
        put_heads(logged.wallet.vault, [tuple(one) for one in heads])
        assert_found(logged.wallet)


@pytest.mark.parametrize("count", range(ENTRIES + 1))
def test_every_older_copy_of_the_whole_vault_is_found(logged: Logged, count: int, tmp_path: Path) -> None:
    places = logged.wallet.places
    rolled_back = Places(tmp_path, tmp_path)
    for file in (places.manifest, places.keystore):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    rolled_back.vault.write_bytes(logged.vaults[count])
    with Wallet(rolled_back, lambda: b"secret") as wallet:
        if count == ENTRIES:
            assert disclosure_log.verify(wallet).count == ENTRIES
            return
        assert_found(wallet)
        with pytest.raises(VaultOutdated):
            disclosure_log.record(wallet, {"released": "more"}, now=NOW)
