"""Answering: killed at any step, on a full disk, with a keystore that fails; nothing is told unpaid."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import pytest

from ipse.disclosure import questions
from ipse.disclosure.budgets import Budgets
from ipse.disclosure.levels.choose import Choose, numbered
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import KeystoreUnavailable, RequestReplayed, StorageError
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import answers, disclosure_log
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.disclosure import asking, budgets, releasing
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Process, Report, at_every, at_line, kill_at_line, needs_fork
from tests.unit.wallet.profile.conftest import HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

SHOP = "https://shop.example"
COST = Budgets().answer
TEXTS = [f"the novel with the number {number}" for number in range(20)]
SAID = [NewStatement(f"I like what is like {text}", 0.8, "said") for text in TEXTS[:5]]


@cache
def embedded(text: str) -> bytes:
    row: bytes = HashEmbedder().embed([text])[0].tobytes()
    return row


@dataclass(frozen=True, slots=True)
class Remembering(HashEmbedder):
    """One that does not work out the vector of a text twice."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        import numpy as np

        rows = b"".join(embedded(text) for text in texts)
        vectors: Vectors = np.frombuffer(rows, np.dtype("<f4")).reshape(len(texts), self.dimension)
        return vectors


def opened(places: Places) -> Wallet:
    """The wallet, to be opened by this process."""
    return Wallet(places, lambda: PASSPHRASE)


def asked(texts: list[str] = TEXTS) -> JsonObject:
    """A new request with the same question."""
    request = questions.build_request(
        address=SHOP, purpose="to show you three novels", asked=Choose(numbered(texts), 3),
        retention=timedelta(days=1), issued=NOW, lifetime=timedelta(hours=1),
    )  # fmt: skip
    assert isinstance(request, dict)
    return request


def nobody(proposal: Proposal) -> Decision:
    raise AssertionError("there is a grant")


def answer(wallet: Wallet, request: JsonObject) -> str:
    """What would be printed."""
    return disclosure.ask(wallet, Remembering, request, consent=nobody, now=NOW).text


def choices(released: str) -> list[str]:
    payload = json.loads(base64url.decode(released.split(".")[1]))
    named: list[str] = payload["choices"]
    return named


def prepare(wallet: Wallet) -> None:
    remember(wallet, Remembering(), SAID, now=NOW)
    budgets.change(wallet, application=50_000, overall=100_000)
    disclosure.grant(wallet, SHOP, level="choose", now=NOW, expires=NOW + timedelta(days=90), unsigned=True)


def released(wallet: Wallet) -> list[str]:
    """What left, as the log tells; it is whole and has charged exactly what was charged."""
    assert wallet.vault.rows("PRAGMA integrity_check") == [("ok",)]
    entries = disclosure_log.every(wallet.vault)
    assert log.verify(wallet).count == len(entries)
    rows = answers.history(wallet.vault, SHOP)[::-1]
    assert [row.number for row in rows] == [entry.number for entry in entries]
    assert [row.epsilon for row in rows] == [entry.content["epsilon"] * 1000 for entry in entries]
    assert [row.number for row in answers.receipts(wallet.vault)] == [entry.number for entry in entries]
    return [entry.content["released"] for entry in entries]


def spent(wallet: Wallet) -> int:
    return Budgets.left(budgets.read(wallet), 0, 0)[0] - budgets.left(wallet, SHOP, NOW)[0]


@dataclass(frozen=True, slots=True)
class Untouched:
    """The files of a wallet before each round."""

    places: Places
    files: dict[Path, bytes]

    @classmethod
    def of(cls, places: Places) -> Untouched:
        return cls(places, {path: path.read_bytes() for path in (places.vault, places.keystore)})

    def put_back(self) -> None:
        for path, data in self.files.items():
            path.write_bytes(data)


def assert_paid_once(places: Places, request: JsonObject, printed: list[str]) -> bool:
    """Look a wallet over whose process was killed while it answered `request`; whether it was charged."""
    with opened(places) as wallet:
        left = released(wallet)
        assert len(left) <= 1
        assert [choices(text) for text in printed] == [choices(text) for text in left[: len(printed)]]
        assert printed in ([], left), "what was printed is in the log, byte for byte"
        charged = bool(left)
        assert spent(wallet) == COST * charged
        if charged:
            with pytest.raises(RequestReplayed):
                answer(wallet, request)
        again = answer(wallet, asked(TEXTS[::-1]))
        assert spent(wallet) == COST, "neither refunded nor charged twice"
        assert released(wallet) == [*left, again]
        if charged:
            assert named(choices(again), TEXTS[::-1]) == named(choices(left[0]), TEXTS)
    return charged


def named(ids: list[str], texts: list[str]) -> set[str]:
    return {texts[int(one) - 1] for one in ids}


@pytest.fixture
def untouched(no_derivation: None, wallet: Wallet, places: Places) -> Untouched:
    """A wallet that knows its owner's taste, with a grant, and nothing told so far."""
    prepare(wallet)
    wallet.close()
    return Untouched.of(places)


@pytest.mark.slow
@needs_fork
@at_every(47)
def test_a_process_killed_at_any_line_of_answering_tells_nothing_unpaid_and_pays_once(
    untouched: Untouched, step: int
) -> None:
    places, line, killed = untouched.places, 1, True
    rounds: list[tuple[bool, bool]] = []
    while killed:
        untouched.put_back()
        request = asked()

        def work(report: Report, request: JsonObject = request) -> None:
            with opened(places) as other:
                report(answer(other, request))

        killed, printed = kill_at_line(line, work)
        rounds.append((bool(printed), assert_paid_once(places, request, printed)))
        line += step
    assert line > 60 * 47
    assert {(False, False), (True, True)} <= set(rounds)


@needs_fork
@pytest.mark.slow
def test_a_process_killed_at_any_step_of_releasing_leaves_all_of_the_answer_or_nothing(
    untouched: Untouched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From where the answer is worked out, so that the steps lie closer."""
    places, release = untouched.places, releasing.release
    step, code = 1, -signal.SIGKILL
    rounds: list[tuple[bool, bool]] = []

    def kill() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    while code:
        untouched.put_back()
        request = asked()

        def killed(*arguments: object, step: int = step, **named: object) -> object:
            with at_line(step, kill):
                return release(*arguments, **named)  # type: ignore[arg-type]

        def work(report: Report, request: JsonObject = request) -> None:
            with opened(places) as other:
                report(answer(other, request))

        with monkeypatch.context() as patched:
            patched.setattr(asking, "release", killed)
            code, printed = Process(work).end()
        assert code in (0, -signal.SIGKILL)
        rounds.append((bool(printed), assert_paid_once(places, request, printed)))
        step += 19
    assert len(rounds) > 60
    assert {(False, False), (False, True), (True, True)} == set(rounds)


@pytest.mark.parametrize("before", [0, 1])
def test_on_a_full_disk_nothing_is_told_and_nothing_is_half_charged(small_disk: Path, before: int) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        prepare(wallet)
        told = [answer(wallet, asked(TEXTS[2:])) for _ in range(before)]
        pages, done = 0, False
        while not done:
            request = asked()
            with filled(small_disk, but=4096 * pages):
                try:
                    told.append(answer(wallet, request))
                    done = True
                except StorageError:
                    left = released(wallet)
                    assert left[: len(told)] == told
                    assert len(left) in (len(told), len(told) + 1)
            if not done and len(released(wallet)) > len(told):  # it was the keystore that had no room
                told.append(answer(wallet, asked()))
                break
            pages += 1
        assert pages > 1
        assert spent(wallet) == COST * (before + 1)
        assert released(wallet)[-1] == told[-1]


def failing(*_: object) -> NoReturn:
    raise KeystoreUnavailable("the keyring died")


def test_a_keystore_that_fails_once_it_is_charged_prints_nothing_and_the_charge_stays(
    no_derivation: None, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(wallet)
    answer(wallet, asked(TEXTS[2:]))
    request = asked()
    with monkeypatch.context() as broken:
        broken.setattr(EncryptedFile, "replace", failing)
        with pytest.raises(KeystoreUnavailable, match="the keyring died"):
            answer(wallet, request)
        left = released(wallet)
        assert (len(left), spent(wallet)) == (2, 2 * COST)
        with pytest.raises(KeystoreUnavailable):
            answer(wallet, asked())
    with pytest.raises(RequestReplayed):
        answer(wallet, request)
    again = answer(wallet, asked())
    assert choices(again) == choices(left[1])
    assert spent(wallet) == 2 * COST
    assert len(released(wallet)) == 4, "the repeated one that was not printed is in the log as well"


def test_a_keystore_that_fails_before_it_is_charged_charges_nothing(
    no_derivation: None, wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(wallet)
    request = asked()
    with monkeypatch.context() as broken:
        broken.setattr(EncryptedFile, "find", failing)
        with pytest.raises(KeystoreUnavailable):
            answer(wallet, request)
    assert (released(wallet), spent(wallet)) == ([], 0)
    told = answer(wallet, request)
    assert (released(wallet), spent(wallet)) == ([told], COST)


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (releasing, "build_answer"),
        (log, "record"),
        (answers, "add"),
        (answers, "keep_receipt"),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_step_before_the_commit_that_fails_takes_all_of_it_back(
    no_derivation: None,
    wallet: Wallet,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
    after: bool,
) -> None:
    prepare(wallet)
    first = answer(wallet, asked(TEXTS[2:]))
    real = getattr(module, step)

    def break_down(*arguments: object, **named: object) -> NoReturn:
        if after:
            real(*arguments, **named)
        raise StorageError("the disk broke")

    with monkeypatch.context() as broken:
        broken.setattr(module, step, break_down)
        with pytest.raises(StorageError, match="the disk broke"):
            answer(wallet, asked())
    assert (released(wallet), spent(wallet)) == ([first], COST)
