"""The disclosure log: whatever is done to what it holds is found."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.encoding import strict_json
from ipse.errors import CorruptData, MalformedInput, NotFound, VerificationFailed
from ipse.storage import disclosure_log
from ipse.storage.vault import Vault
from tests.examples import examples

ENTRIES = 5


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """A vault with a few entries in its log; every test gives it back as it was."""
    with Vault.create(tmp_path_factory.mktemp("log") / "vault.db", bytes(32)) as made:
        for number in range(ENTRIES):
            disclosure_log.append(
                made, {"released": f"answer {number}", "top": number, "weights": [0.5, 1.25]}
            )
        yield made


class _UndoneError(Exception):
    """Ends a transaction that must leave no trace."""


@contextmanager
def undone(vault: Vault) -> Iterator[None]:
    """Whatever happens inside never happened."""
    with suppress(_UndoneError), vault.transaction():
        yield
        raise _UndoneError


def row(vault: Vault, number: int) -> tuple[bytes, bytes]:
    ((entry, digest),) = vault.rows("SELECT entry, digest FROM disclosures WHERE number = ?", (number,))
    return entry, digest


def change(vault: Vault, number: int, *, entry: bytes | None = None, digest: bytes | None = None) -> None:
    held_entry, held_digest = row(vault, number)
    vault.change(
        "UPDATE disclosures SET entry = ?, digest = ? WHERE number = ?",
        (held_entry if entry is None else entry, held_digest if digest is None else digest, number),
    )


def assert_found(vault: Vault) -> None:
    with pytest.raises((VerificationFailed, CorruptData), match="the disclosure log is broken"):
        disclosure_log.verify(vault)


def test_an_untouched_log_is_whole(vault: Vault) -> None:
    assert disclosure_log.verify(vault) == ENTRIES
    entries = disclosure_log.every(vault)
    assert [entry.number for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].content["previous"] == "0" * 64
    for before, after in pairwise(entries):
        assert after.content["previous"] == before.digest


def test_an_empty_log_is_whole(vault: Vault) -> None:
    with undone(vault):
        vault.change("DELETE FROM disclosures")
        assert disclosure_log.verify(vault) == 0


def test_a_digest_is_the_sha256_of_the_canonical_entry(vault: Vault) -> None:
    for number in range(1, ENTRIES + 1):
        stored, digest = row(vault, number)
        entry = disclosure_log.find(vault, number)
        assert stored == strict_json.canonical(entry.content)
        assert digest.hex() == entry.digest == hashlib.sha256(stored).hexdigest()


def test_an_entry_can_not_choose_its_place(vault: Vault) -> None:
    with undone(vault):
        entry = disclosure_log.append(vault, {"number": 1, "previous": "0" * 64, "released": "x"})
        assert entry.number == entry.content["number"] == ENTRIES + 1
        assert disclosure_log.verify(vault) == ENTRIES + 1


def test_an_entry_is_undone_with_the_transaction_it_was_made_in(vault: Vault) -> None:
    with undone(vault):
        disclosure_log.append(vault, {"released": "x"})
    assert disclosure_log.verify(vault) == ENTRIES


@pytest.mark.parametrize("value", [1e16, -9007199254740992.0, float("nan"), 2**53, "\ud800", b"bytes"])
def test_an_entry_that_could_not_be_read_again_is_refused_before_it_is_kept(vault: Vault, value: Any) -> None:
    with undone(vault):
        with pytest.raises(MalformedInput):
            disclosure_log.append(vault, {"released": value})
        assert disclosure_log.verify(vault) == ENTRIES


def test_an_entry_that_is_not_there_is_not_found(vault: Vault) -> None:
    for number in (0, -1, ENTRIES + 1):
        with pytest.raises(NotFound):
            disclosure_log.find(vault, number)


@examples(100)
@given(
    number=st.integers(1, ENTRIES), at=st.integers(0, 1000), bit=st.integers(0, 7), in_digest=st.booleans()
)
def test_every_flipped_bit_is_found(vault: Vault, number: int, at: int, bit: int, in_digest: bool) -> None:
    with undone(vault):
        entry, digest = row(vault, number)
        flipped = bytearray(digest if in_digest else entry)
        flipped[at % len(flipped)] ^= 1 << bit
        if in_digest:
            change(vault, number, digest=bytes(flipped))
        else:
            change(vault, number, entry=bytes(flipped))
        assert_found(vault)


@examples(100)
@given(
    number=st.integers(1, ENTRIES),
    start=st.integers(0, 300),
    removed=st.integers(0, 5),
    inserted=st.binary(max_size=3)
    | st.sampled_from([b" ", b"\n", b"0", b".0", b"e0", b"\\u0061", b',"a":1']),
)
def test_every_edit_of_an_entrys_bytes_is_found(
    vault: Vault, number: int, start: int, removed: int, inserted: bytes
) -> None:
    with undone(vault):
        entry, _ = row(vault, number)
        at = start % (len(entry) + 1)
        edited = entry[:at] + inserted + entry[at + removed :]
        change(vault, number, entry=edited)
        if edited != entry:
            assert_found(vault)


def test_white_space_put_into_an_entry_is_found(vault: Vault) -> None:
    with undone(vault):
        entry, _ = row(vault, 2)
        change(vault, 2, entry=b" " + entry)
        assert_found(vault)


@examples(100)
@given(order=st.permutations(range(1, ENTRIES + 1)), renumbered=st.booleans())
def test_every_reordering_is_found(vault: Vault, order: list[int], renumbered: bool) -> None:
    """With or without the numbers inside the entries brought into line."""
    rows = {number: row(vault, number) for number in range(1, ENTRIES + 1)}
    with undone(vault):
        for place, number in enumerate(order, start=1):
            entry, digest = rows[number]
            if renumbered:
                content = {**strict_json.parse_object(entry), "number": place}
                entry = strict_json.canonical(content)
                digest = hashlib.sha256(entry).digest()
            change(vault, place, entry=entry, digest=digest)
        if order == sorted(order):
            assert disclosure_log.verify(vault) == ENTRIES
        else:
            assert_found(vault)


@examples(100)
@given(gone=st.sets(st.integers(1, ENTRIES - 1), min_size=1), closed=st.booleans())
def test_every_deletion_before_the_end_is_found(vault: Vault, gone: set[int], closed: bool) -> None:
    """With or without the gap closed by renumbering the rows after it."""
    with undone(vault):
        for number in gone:
            vault.change("DELETE FROM disclosures WHERE number = ?", (number,))
        if closed:
            rest = [number for number in range(1, ENTRIES + 1) if number not in gone]
            for place, number in enumerate(rest, start=1):
                vault.change("UPDATE disclosures SET number = ? WHERE number = ?", (place, number))
        assert_found(vault)


Edit = Callable[[Vault], object]


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(lambda vault: change(vault, 3, entry=b""), id="emptied"),
        pytest.param(lambda vault: change(vault, 3, entry=b"null"), id="null"),
        pytest.param(lambda vault: change(vault, 3, entry=b"\xff"), id="not UTF-8"),
        pytest.param(lambda vault: change(vault, 3, digest=b""), id="no digest"),
        pytest.param(lambda vault: change(vault, 3, entry=row(vault, 2)[0]), id="another's entry"),
        pytest.param(
            lambda vault: change(vault, 3, entry=row(vault, 2)[0], digest=row(vault, 2)[1]),
            id="another's row",
        ),
        pytest.param(
            lambda vault: vault.change("UPDATE disclosures SET number = 0 WHERE number = 1"),
            id="numbered from 0",
        ),
        pytest.param(
            lambda vault: vault.change("UPDATE disclosures SET number = 2000000 WHERE number = 5"), id="a gap"
        ),
        pytest.param(
            lambda vault: vault.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (6, *row(vault, 5))),
            id="the last one twice",
        ),
        pytest.param(
            lambda vault: vault.insert("INSERT INTO disclosures VALUES (?, ?, ?)", (0, *row(vault, 1))),
            id="one before the first",
        ),
    ],
)
def test_every_tampering_is_found(vault: Vault, edit: Edit) -> None:
    with undone(vault):
        edit(vault)
        assert_found(vault)
