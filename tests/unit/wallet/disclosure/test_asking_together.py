"""Many processes asking at the same time: no budget is overspent, and the log has each answer once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from ipse.disclosure.budgets import Budgets

from ipse.errors import RequestReplayed
from ipse.storage import answers, disclosure_log
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.wallet import Wallet
from tests.faults.processes import Report, needs_fork, together
from tests.unit.wallet.disclosure.material import (
    CLUB,
    COST,
    DAY,
    NOW,
    SHOP,
    Application,
    ask,
    build,
    candidates,
    never,
    put,
)

PROCESSES = 8
ROUNDS = 3


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loaded machine may keep one process waiting for longer than its owner would."""
    monkeypatch.setattr("ipse.storage.vault._BUSY_WAIT", 300.0)


def in_its_own(wallet: Wallet, work: Callable[[Wallet, Report], None]) -> Callable[[Report], None]:
    """Work on the same vault file in another process."""
    places, passphrase = wallet.places, wallet._passphrase

    def begun(report: Report) -> None:
        with Wallet(places, passphrase) as own:
            work(own, report)

    return begun


def grant(wallet: Wallet, application: Application, **bounds: int) -> None:
    disclosure.grant(
        wallet, application.party, level="choose", now=NOW, expires=NOW + 90 * DAY,
        per_day=bounds.get("per_day"), epsilon=bounds.get("epsilon"),
    )  # fmt: skip


def asking(application: Application, process: int) -> Callable[[Wallet, Report], None]:
    """Ask one question after the other, none of them asked before; report what each answer was."""

    def work(wallet: Wallet, report: Report) -> None:
        for number in range(ROUNDS):
            asked = candidates(*(f"{process} {number} {word}" for word in ("one", "two", "three")))
            reply = ask(wallet, application, asked, consent=never, now=NOW + timedelta(seconds=number))
            report(json.dumps([reply.answered.entry, reply.answered.said, reply.answered.text]))

    return work


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize(
    ("bounds", "answered"),
    [({}, Budgets().overall // COST), ({"per_day": 1}, 2), ({"epsilon": COST}, 2)],
    ids=["budgets", "answers a day", "epsilon of a grant"],
)
def test_eight_processes_overspend_nothing_and_each_answer_is_in_the_log_once(
    wallet: Wallet, bounds: dict[str, int], answered: int
) -> None:
    for application in (SHOP, CLUB):
        grant(wallet, application, **bounds)
    wallet.close()
    works = [in_its_own(wallet, asking((SHOP, CLUB)[process % 2], process)) for process in range(PROCESSES)]
    reported = [json.loads(line) for lines in together(*works) for line in lines]
    assert sorted(entry for entry, _, _ in reported) == list(range(1, PROCESSES * ROUNDS + 1))
    entries = disclosure_log.every(wallet.vault)
    assert [entry.content["released"] for entry in entries] == [text for _, _, text in sorted(reported)]
    assert [entry.content["said"] for entry in entries] == [said for _, said, _ in sorted(reported)]
    assert log.verify(wallet).count == PROCESSES * ROUNDS
    assert answers.spent(wallet.vault, since="") == answered * COST
    assert sum(said for _, said, _ in reported) == answered
    for application in (SHOP, CLUB):
        assert answers.spent(wallet.vault, since="", party=application.party) == answered * COST // 2
    assert [row.epsilon for row in answers.charged(wallet.vault, since="")] == [COST] * answered
    logged = sum(int(entry.content["epsilon"] * 1000) for entry in entries)
    assert logged == answered * COST


@needs_fork
def test_one_request_put_to_eight_processes_is_answered_once(wallet: Wallet) -> None:
    grant(wallet, SHOP)
    request = build()
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
    assert answers.spent(wallet.vault, since="") == COST
    assert log.verify(wallet).count == 1
