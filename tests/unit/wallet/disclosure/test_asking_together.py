"""Many processes asking at the same time: no bound is passed, and the log has each answer once."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from ipse.errors import RequestReplayed
from ipse.preferences.privacy.summary import EPSILON
from ipse.storage import disclosure_log, transcript
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.wallet import Wallet
from tests.faults.processes import Report, needs_fork, together
from tests.unit.wallet.disclosure.material import (
    CLUB,
    DAY,
    NOW,
    SHOP,
    Application,
    Blending,
    ask,
    build,
    candidates,
    never,
    put,
    teach,
)
from tests.waiting import be_patient

PROCESSES = 8
ROUNDS = 3


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine may keep one process waiting for longer than its owner would."""
    be_patient(monkeypatch)


def in_its_own(wallet: Wallet, work: Callable[[Wallet, Report], None]) -> Callable[[Report], None]:
    """Work on the same vault file in another process."""
    places, passphrase = wallet.places, wallet._passphrase

    def begun(report: Report) -> None:
        with Wallet(places, passphrase) as own:
            work(own, report)

    return begun


def grant(wallet: Wallet, application: Application, **terms: Any) -> None:
    """Let it choose without the owner, and let the owner have liked something of what it asks."""
    teach(wallet, "one + rain", "two + rain")
    disclosure.grant(wallet, application.party, level="choose", now=NOW, expires=NOW + 90 * DAY, **terms)


def asking(application: Application, process: int) -> Callable[[Wallet, Report], None]:
    """Ask one question after the other, none of them asked before; report what each answer was."""

    def work(wallet: Wallet, report: Report) -> None:
        for number in range(ROUNDS):
            asked = candidates(*(f"{word} + {process} {number}" for word in ("one", "two", "three")))
            reply = ask(wallet, application, asked, consent=never, now=NOW + timedelta(seconds=number))
            report(json.dumps([reply.answered.entry, reply.answered.said, reply.answered.text]))

    return work


def together_asked(wallet: Wallet) -> list[tuple[int, bool, str]]:
    """What eight processes had: entry, whether it says anything, and the answer, in the order of the log.

    That the log has each of them once is asserted on the way.
    """
    wallet.close()
    works = [in_its_own(wallet, asking((SHOP, CLUB)[process % 2], process)) for process in range(PROCESSES)]
    reported = sorted(json.loads(line) for lines in together(*works) for line in lines)
    assert [entry for entry, _, _ in reported] == list(range(1, PROCESSES * ROUNDS + 1))
    entries = disclosure_log.every(wallet.vault)
    assert [entry.content["released"] for entry in entries] == [text for _, _, text in reported]
    assert [entry.content["said"] for entry in entries] == [said for _, said, _ in reported]
    assert log.verify(wallet).count == PROCESSES * ROUNDS
    return reported


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize(
    ("bounds", "answered"),
    [({}, PROCESSES * ROUNDS), ({"per_day": 1}, 2), ({"cap": 2}, 2)],
    ids=["none", "answers a day", "cap"],
)
def test_eight_processes_pass_no_bound_of_exact_answers(
    wallet: Wallet, bounds: dict[str, int], answered: int
) -> None:
    for application in (SHOP, CLUB):
        grant(wallet, application, exact=True, **bounds)
    reported = together_asked(wallet)
    assert sum(said for _, said, _ in reported) == answered
    each = math.log2(3)
    told = transcript.parties(wallet.vault)
    assert sorted(party for party, _, _ in told) == sorted((SHOP.party, CLUB.party))
    assert [count for _, count, _ in told] == [answered // 2] * 2
    assert [bits for _, _, bits in told] == pytest.approx([answered / 2 * each] * 2)
    assert len(transcript.lines(wallet.vault, Blending().fingerprint)) == answered


@pytest.mark.slow
@needs_fork
def test_eight_processes_draw_the_private_summaries_of_a_window_once(wallet: Wallet) -> None:
    for application in (SHOP, CLUB):
        grant(wallet, application)
    together_asked(wallet)
    drawn = disclosure.summaries.drawn(wallet, NOW)
    assert drawn.ever == EPSILON
    assert sorted(drawn.parties) == sorted((SHOP.party, CLUB.party))
    assert transcript.parties(wallet.vault) == []


@needs_fork
def test_one_request_put_to_eight_processes_is_answered_once(wallet: Wallet) -> None:
    grant(wallet, SHOP, exact=True)
    request = build(asked=candidates("one", "two", "three"))
    wallet.close()

    def work(own: Wallet, report: Report) -> None:
        try:
            report(put(own, request, consent=never).answered.text)
        except RequestReplayed as error:
            report(error.code)

    reported = [line for lines in together(*[in_its_own(wallet, work)] * PROCESSES) for line in lines]
    (text,) = [line for line in reported if line != "request-replayed"]
    assert len(reported) == PROCESSES
    (entry,) = disclosure_log.every(wallet.vault)
    assert entry.content["released"] == text
    assert entry.content["said"] is True
    assert [count for _, count, _ in transcript.parties(wallet.vault)] == [1]
    assert log.verify(wallet).count == 1
