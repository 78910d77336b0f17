"""The profile: killed while it imports, embeds, forgets or changes its mind; on a full disk."""

from __future__ import annotations

import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ipse.errors import NotFound, StorageError
from ipse.keys import derivation
from ipse.storage import erasing, rankings, statement_vectors, statements
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet.profile.changing import Correction, correct, supersede_with
from ipse.wallet.profile.feedback import learn
from ipse.wallet.profile.forgetting import erase, forget
from ipse.wallet.profile.remembering import embed_missing, remember
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Process, Report, at_every, at_line, kill_at_line, needs_fork
from tests.unit.storage.pages import plain_pages
from tests.unit.wallet.profile.conftest import HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

FIRST, SECOND = "1" * 16, "2" * 16
BOOKS = [NewStatement(f"book {number}", 0.5, "csv") for number in range(600)]
SECRET = "phosphorescent anglerfish of the abyss"


@dataclass(frozen=True, slots=True)
class SlowEmbedder(HashEmbedder):
    """Takes a moment for each batch, so that a kill finds it at work."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        time.sleep(0.002)
        return HashEmbedder.embed(self, texts)


def opened(places: Places) -> Wallet:
    """The wallet, to be opened by this process."""
    return Wallet(places, lambda: PASSPHRASE)


def killed_within(seconds: float, work: Callable[[Report], None]) -> None:
    """Run `work` and kill it at a random moment; it may have ended by itself."""
    process = Process(work)
    process.wait_for_report()
    time.sleep(random.uniform(0, seconds))
    process.kill()
    process.end()


def assert_sound(wallet: Wallet) -> None:
    """Nothing is doubled, and every vector is that of its text and its model."""
    assert wallet.vault.rows("PRAGMA integrity_check") == [("ok",)]
    assert wallet.vault.rows("PRAGMA foreign_key_check") == []
    said = Counter((said.text, said.source) for said in statements.every(wallet.vault))
    assert set(said.values()) <= {1}
    for fingerprint in (FIRST, SECOND):
        held = statement_vectors.every(wallet.vault, fingerprint)
        if held:
            expected = HashEmbedder(fingerprint).embed([said.text for said, _ in held])
            assert [vector for _, vector in held] == [row.tobytes() for row in expected]


@needs_fork
def test_an_import_killed_at_any_moment_is_finished_by_the_same_import(
    no_derivation: None, wallet: Wallet, places: Places
) -> None:
    wallet.close()

    def import_books(report: Report) -> None:
        with opened(places) as other:
            report("begun")
            remember(other, SlowEmbedder(FIRST), BOOKS, now=NOW)

    for _ in range(12):
        killed_within(0.08, import_books)
        with opened(places) as again:
            assert_sound(again)
            assert statements.count(again.vault) in (0, len(BOOKS))
    with opened(places) as again:
        remember(again, SlowEmbedder(FIRST), BOOKS, now=NOW)
        assert_sound(again)
        assert [said.text for said, _ in statement_vectors.every(again.vault, FIRST)] == [
            book.text for book in BOOKS
        ]


@pytest.mark.slow
@needs_fork
def test_re_embedding_killed_at_any_moment_goes_on_where_it_was_and_mixes_nothing(
    no_derivation: None, wallet: Wallet, places: Places
) -> None:
    remember(wallet, HashEmbedder(FIRST), BOOKS, now=NOW)
    wallet.close()

    def embed_again(report: Report) -> None:
        with opened(places) as other:
            report("begun")
            embed_missing(other, SlowEmbedder(SECOND))

    done = 0
    for _ in range(12):
        killed_within(0.03, embed_again)
        with opened(places) as again:
            assert_sound(again)
            before, done = done, len(statement_vectors.matrix(again.vault, SECOND).numbers)
            assert done >= before, "what was embedded is not embedded again"
            assert len(statement_vectors.matrix(again.vault, FIRST).numbers) == len(BOOKS)
    with opened(places) as again:
        embed_missing(again, HashEmbedder(SECOND))
        assert len(statement_vectors.matrix(again.vault, SECOND).numbers) == len(BOOKS)
        assert_sound(again)


def forget_it(wallet: Wallet) -> None:
    forget(wallet, [2])
    erase(wallet)


def correct_it(wallet: Wallet) -> None:
    correct(wallet, 2, Correction(text="I like fish", weight=-0.4), now=NOW)
    erase(wallet)
    embed_missing(wallet, HashEmbedder(FIRST))


def supersede_it(wallet: Wallet) -> None:
    supersede_with(wallet, HashEmbedder(FIRST), 2, NewStatement("I like fish", -0.4, "said"), now=NOW)


def give_feedback(wallet: Wallet) -> None:
    learn(wallet, HashEmbedder(FIRST), ranking=None, taken=[2], refused=[3], none=False, now=NOW)


def teach(wallet: Wallet) -> None:
    remember(wallet, HashEmbedder(FIRST), [NewStatement("rain", 0.8, "said")], now=NOW)
    rankings.add(wallet.vault, ["rain", SECRET, "snow"], now="2026-01-30T00:00:00Z")
    remember(wallet, HashEmbedder(FIRST), [NewStatement(SECRET, 0.8, "said")], now=NOW)


def seen(wallet: Wallet) -> tuple[object, ...]:
    """All that a command changes at once: the vectors are made up for later."""
    try:
        ranking: object = rankings.latest(wallet.vault)
    except NotFound:
        ranking = None
    return (*statements.every(wallet.vault), ranking)


@pytest.mark.sampled(1)
@needs_fork
@at_every(23)
@pytest.mark.parametrize("command", [forget_it, correct_it, supersede_it, give_feedback])
def test_a_command_killed_at_any_line_did_all_or_nothing(
    no_derivation: None, wallet: Wallet, places: Places, command: Callable[[Wallet], None], step: int
) -> None:
    teach(wallet)
    before = seen(wallet)
    wallet.close()
    untouched = {path: path.read_bytes() for path in (places.vault, places.keystore)}

    def work(report: Report) -> None:
        with opened(places) as other:
            command(other)

    with opened(places) as other:
        command(other)
        after = seen(other)
    outcomes = set()
    number, killed = 1, True
    while killed:
        for path, content in untouched.items():
            path.write_bytes(content)
        killed, _ = kill_at_line(number, work)
        with opened(places) as again:
            outcome = seen(again)
            assert outcome in (before, after)
            outcomes.add(outcome == after)
            remember(again, HashEmbedder(FIRST), [NewStatement("snow", 0.2, "said")], now=NOW)
            assert_sound(again)
            assert not erasing.is_due(again.vault)
            if outcome == after and command in (forget_it, correct_it):
                assert SECRET.encode() not in in_clear(again)
        number += step
    assert outcomes == {True, False}


def in_clear(wallet: Wallet) -> bytes:
    return b"".join(plain_pages(wallet.places.vault, derivation.vault_key(wallet.root)))


@pytest.mark.parametrize("command", [forget_it, correct_it, supersede_it, give_feedback])
def test_a_command_on_a_full_disk_does_all_or_nothing_and_can_be_done_later(
    small_disk: Path, command: Callable[[Wallet], None]
) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        teach(wallet)
        before = seen(wallet)
        with filled(small_disk), pytest.raises(StorageError):
            command(wallet)
        assert seen(wallet) == before
        with contextlib.suppress(StorageError):  # writing the file anew takes as much room again
            command(wallet)
        assert seen(wallet) != before
        assert wallet.vault.rows("PRAGMA integrity_check") == [("ok",)]


@at_every(9)
def test_an_interrupt_at_any_line_of_forgetting_leaves_all_or_nothing(
    no_derivation: None, wallet: Wallet, step: int
) -> None:
    teach(wallet)
    before = seen(wallet)

    def interrupt() -> None:
        raise KeyboardInterrupt

    for number in count(1, step):
        with contextlib.suppress(KeyboardInterrupt), at_line(number, interrupt):
            forget_it(wallet)
        if seen(wallet) != before:
            break
        assert seen(wallet) == before
    assert 2 not in {said.number for said in statements.every(wallet.vault)}
    remember(wallet, HashEmbedder(FIRST), [], now=NOW)
    assert SECRET.encode() not in in_clear(wallet)
