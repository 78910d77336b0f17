"""Answering: killed at any step, on a full disk, with a keystore that fails; nothing is told uncounted.

Under a grant of exact answers each counts its bits. Under a private one the summaries are drawn and paid
for before the first answer, once.
"""

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

from ipse.disclosure import exposure, methods, questions
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.proposals import Decision, Proposal
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import KeystoreUnavailable, RequestReplayed, StorageError
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.preferences.privacy.summary import EPSILON
from ipse.preferences.topics import published
from ipse.storage import answers, disclosure_log, summaries, transcript
from ipse.storage.places import Places
from ipse.storage.statements import NewStatement
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.disclosure import asking, releasing
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.conftest import PASSPHRASE
from tests.faults.conftest import NOW, filled
from tests.faults.processes import Process, Report, at_every, at_line, kill_at_line, needs_fork
from tests.unit.wallet.profile.conftest import HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

SHOP = "https://shop.example"
TEXTS = [topic.means for topic in published().topics if not topic.sensitive][:20]
BITS = exposure.bits(20, 3)
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


def prepare(wallet: Wallet, method: str) -> None:
    """Give the shop a grant whose answers come about by this method."""
    remember(wallet, Remembering(), SAID, now=NOW)
    exact = method == methods.OWNER
    until = NOW + timedelta(days=90)
    disclosure.grant(wallet, SHOP, level="choose", now=NOW, expires=until, unsigned=True, exact=exact)


def released(wallet: Wallet) -> list[str]:
    """What left, as the log tells; it is whole, and all that was told exactly is counted and kept."""
    assert wallet.vault.rows("PRAGMA integrity_check") == [("ok",)]
    entries = disclosure_log.every(wallet.vault)
    assert log.verify(wallet).count == len(entries)
    rows = answers.history(wallet.vault, SHOP)[::-1]
    numbers = [entry.number for entry in entries]
    assert [row.number for row in rows] == numbers
    assert [round(row.bits, 1) for row in rows] == [entry.content["bits"] for entry in entries]
    assert [row.number for row in answers.receipts(wallet.vault)] == numbers
    told = transcript.lines(wallet.vault, Remembering().fingerprint)
    assert [line.answer for line in told] == [row.number for row in rows if row.bits]
    assert bool(told) == (transcript.reading(wallet.vault, SHOP) != (0.0, 0.0))
    return [entry.content["released"] for entry in entries]


def assert_paid(wallet: Wallet, method: str, left: list[str]) -> None:
    """What left is paid for, and nothing else is; summaries may have been drawn and not be told from yet."""
    drawn, bits = summaries.cost(wallet.vault), answers.told_bits(wallet.vault, grant=1)
    if method == methods.OWNER:
        assert drawn == 0
        assert bits == pytest.approx(BITS * len(left))
    else:
        assert (drawn in ((EPSILON,) if left else (0, EPSILON)), bits) == (True, 0)


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


def assert_paid_once(places: Places, method: str, request: JsonObject, printed: list[str]) -> bool:
    """Look a wallet over whose process was killed while it answered `request`; whether it is in the log."""
    with opened(places) as wallet:
        left = released(wallet)
        assert len(left) <= 1
        assert printed in ([], left), "what was printed is in the log, byte for byte"
        assert_paid(wallet, method, left)
        if left:
            with pytest.raises(RequestReplayed):
                answer(wallet, request)
        again = answer(wallet, asked(TEXTS[::-1]))
        assert released(wallet) == [*left, again]
        assert_paid(wallet, method, [*left, again])
        if left:
            assert named(choices(again), TEXTS[::-1]) == named(choices(left[0]), TEXTS)
    return bool(left)


def named(ids: list[str], texts: list[str]) -> set[str]:
    return {texts[int(one) - 1] for one in ids}


@pytest.fixture(params=methods.NAMES)
def method(request: pytest.FixtureRequest) -> str:
    """How the answers come about."""
    name: str = request.param
    return name


@pytest.fixture
def untouched(no_derivation: None, wallet: Wallet, places: Places, method: str) -> Untouched:
    """A wallet that knows its owner's taste, with a grant, and nothing told so far."""
    prepare(wallet, method)
    wallet.close()
    return Untouched.of(places)


@pytest.mark.slow
@needs_fork
@at_every(47)
def test_a_process_killed_at_any_line_of_answering_tells_nothing_unpaid_and_pays_once(
    untouched: Untouched, method: str, step: int
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
        rounds.append((bool(printed), assert_paid_once(places, method, request, printed)))
        line += step
    assert line > 60 * 47
    assert {(False, False), (True, True)} <= set(rounds)


@needs_fork
@pytest.mark.slow
def test_a_process_killed_at_any_step_of_releasing_leaves_all_of_the_answer_or_nothing(
    untouched: Untouched, method: str, monkeypatch: pytest.MonkeyPatch
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
        rounds.append((bool(printed), assert_paid_once(places, method, request, printed)))
        step += 19
    assert len(rounds) > 60
    assert {(False, False), (False, True), (True, True)} == set(rounds)


@pytest.mark.parametrize("small_disk", [1024], indirect=True)
@pytest.mark.parametrize("before", [0, 1])
def test_on_a_full_disk_nothing_is_told_and_nothing_is_half_paid(
    small_disk: Path, method: str, before: int
) -> None:
    places = Places(data=small_disk / "wallet", cache=small_disk / "cache")
    with Wallet.create(places, keystore="file", passphrase=lambda: PASSPHRASE, now=NOW) as wallet:
        prepare(wallet, method)
        told = [answer(wallet, asked(TEXTS[::-1])) for _ in range(before)]
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
                    assert_paid(wallet, method, left)
            if not done and len(released(wallet)) > len(told):  # it was the keystore that had no room
                told.append(answer(wallet, asked()))
                break
            pages += 1
        assert pages > 1
        assert_paid(wallet, method, released(wallet))
        assert released(wallet)[-1] == told[-1]


def failing(*_: object) -> NoReturn:
    raise KeystoreUnavailable("the keyring died")


def test_a_keystore_that_fails_once_it_is_paid_prints_nothing_and_what_was_paid_stays(
    no_derivation: None, wallet: Wallet, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(wallet, method)
    answer(wallet, asked(TEXTS[::-1]))
    request = asked()
    with monkeypatch.context() as broken:
        broken.setattr(EncryptedFile, "replace", failing)
        with pytest.raises(KeystoreUnavailable, match="the keyring died"):
            answer(wallet, request)
        left = released(wallet)
        assert len(left) == 2
        assert_paid(wallet, method, left)
        with pytest.raises(KeystoreUnavailable):
            answer(wallet, asked())
    with pytest.raises(RequestReplayed):
        answer(wallet, request)
    again = answer(wallet, asked())
    assert choices(again) == choices(left[1])
    left = released(wallet)
    assert len(left) == 4, "the one that was not printed is in the log as well"
    assert_paid(wallet, method, left)


def test_a_keystore_that_fails_before_anything_is_paid_charges_nothing(
    no_derivation: None, wallet: Wallet, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(wallet, method)
    request = asked()
    with monkeypatch.context() as broken:
        broken.setattr(EncryptedFile, "find", failing)
        with pytest.raises(KeystoreUnavailable):
            answer(wallet, request)
    assert (released(wallet), summaries.latest(wallet.vault)) == ([], None)
    told = answer(wallet, request)
    assert released(wallet) == [told]
    assert_paid(wallet, method, [told])


@pytest.mark.parametrize("step", ["add", "update"])
@pytest.mark.parametrize("after", [False, True])
def test_a_drawing_that_fails_is_no_drawing_and_tells_nothing(
    no_derivation: None, wallet: Wallet, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """Who it is for is kept in the same transaction: no summary is ever without its place."""
    prepare(wallet, methods.PRIVATE)
    real = getattr(summaries, step)

    def break_down(*arguments: object) -> NoReturn:
        if after:
            real(*arguments)
        raise StorageError("the disk broke")

    with monkeypatch.context() as broken:
        broken.setattr(summaries, step, break_down)
        with pytest.raises(StorageError, match="the disk broke"):
            answer(wallet, asked())
    assert (released(wallet), summaries.latest(wallet.vault)) == ([], None)
    assert_paid(wallet, methods.PRIVATE, [answer(wallet, asked())])


_STEPS = [
    (releasing, "build_answer"),
    (log, "record"),
    (answers, "add"),
    (transcript, "add"),
    (transcript, "keep_reading"),
    (answers, "keep_receipt"),
]


@pytest.mark.parametrize(
    ("method", "module", "step"),
    [
        pytest.param(method, module, step, id=f"{method}-{step}")
        for method in methods.NAMES
        for module, step in _STEPS
        if method == methods.OWNER or module is not transcript
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_a_step_before_the_commit_that_fails_takes_all_of_it_back(
    no_derivation: None,
    wallet: Wallet,
    method: str,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    step: str,
    after: bool,
) -> None:
    prepare(wallet, method)
    first = answer(wallet, asked(TEXTS[::-1]))
    real = getattr(module, step)

    def break_down(*arguments: object, **named: object) -> NoReturn:
        if after:
            real(*arguments, **named)
        raise StorageError("the disk broke")

    with monkeypatch.context() as broken:
        broken.setattr(module, step, break_down)
        with pytest.raises(StorageError, match="the disk broke"):
            answer(wallet, asked())
    assert released(wallet) == [first]
    assert_paid(wallet, method, [first])
