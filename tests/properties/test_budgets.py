"""Budgets under generated histories: applications ask, clocks go back, budgets and grants change."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ipse.disclosure.budgets import WINDOW, Budgets
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.proposals import Consent
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import UsageError
from ipse.storage import answers, disclosure_log, grants
from ipse.storage.answers import AnswerRow
from ipse.storage.places import Places
from ipse.wallet import disclosure
from ipse.wallet import disclosure_log as log
from ipse.wallet.disclosure import budgets
from ipse.wallet.profile.forgetting import forget
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import (
    APPLICATIONS,
    BANDS,
    COST,
    DAY,
    NOW,
    Application,
    Reply,
    about,
    ask,
    candidates,
    no,
    teach,
    yes,
)

SECRET = b"passphrase"
SEEDS = range(5)
STEPS = 45
LEVELS = ("choose", "bands")
QUESTIONS: tuple[Asked, ...] = (
    candidates("tea", "coffee", "water", "milk", "juice", top=2),
    candidates("novels", "films", "songs"),
    candidates("one", "two", "three"),
    BANDS,
)

Step = tuple[Any, ...]


def drawn_steps(draw: random.Random) -> Iterator[Step]:
    """What happens to a wallet: mostly questions, few of them new."""
    for _ in range(STEPS):
        application = draw.choice(APPLICATIONS)
        match draw.choices(
            ["ask", "clock", "budget", "grant", "revoke", "forget"], weights=[12, 4, 2, 2, 1, 0.5]
        ):
            case ["ask"]:
                yield "ask", application, draw.choice(QUESTIONS), draw.choice([yes, yes, yes, no])
            case ["clock"]:
                yield "clock", draw.choice([1, 30, 24 * 8, 24 * 35, -1, -30, -24 * 40])
            case ["budget"]:
                yield "budget", 250 * draw.randrange(7), 250 * draw.randrange(2, 12)
            case ["grant"]:
                epsilon, per_day = draw.choice([None, 0, COST, 2 * COST]), draw.choice([None, None, 1, 3])
                yield "grant", application, draw.choice(LEVELS), epsilon, per_day, draw.randint(1, 60)
            case ["revoke"]:
                yield "revoke", application
            case _:
                yield ("forget",)


@pytest.fixture(autouse=True)
def _needs_the_profile_extra() -> None:
    for module in ("numpy", "opendp"):
        pytest.importorskip(module, reason=f"the profile extra is not installed ({module})")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet with a small profile."""
    folder = tmp_path_factory.mktemp("template") / "wallet"
    places = Places(folder, folder)
    with Wallet.create(places, keystore="file", passphrase=lambda: SECRET, now=NOW) as wallet:
        teach(wallet, *(f"{drink} + mine" for drink in ("tea", "coffee", "novels", "songs")))
        teach(wallet, *(about("hiking", str(number)) for number in range(20)))
    return folder


@contextmanager
def copied(template: Path) -> Iterator[Wallet]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "wallet"
        shutil.copytree(template, home)
        with Wallet(Places(home, home), lambda: SECRET) as wallet:
            yield wallet


@dataclass(slots=True)
class History:
    """A wallet, the clock on its owner's wall, and all that was told, by the number in the log."""

    wallet: Wallet
    clock: datetime = NOW
    told: dict[int, Reply] = field(default_factory=dict)
    rows: list[AnswerRow] = field(default_factory=list)

    def take(self, step: Step) -> None:
        match step:
            case ("ask", application, asked, consent):
                self.ask(application, asked, consent)
            case ("clock", hours):
                self.clock = max(self.clock + timedelta(hours=hours), NOW - 300 * DAY)
            case ("budget", application, overall):
                self.change(application, overall)
            case ("grant", application, level, epsilon, per_day, days):
                disclosure.grant(
                    self.wallet, application.party, level=level, now=self.clock, epsilon=epsilon,
                    per_day=per_day, expires=self.clock + days * DAY, unsigned=True,
                )  # fmt: skip
            case ("revoke", application):
                if grants.every(self.wallet.vault):
                    grants.revoke(self.wallet.vault, application.party, now=format_timestamp(self.clock))
            case ("forget",):
                (number,) = teach(self.wallet, f"a passing thought + {self.clock}")
                forget(self.wallet, [number])

    def change(self, application: int, overall: int) -> None:
        if application > overall:
            with pytest.raises(UsageError):
                budgets.change(self.wallet, application=application, overall=overall)
        else:
            budgets.change(self.wallet, application=application, overall=overall)

    def ask(self, application: Application, asked: Asked, consent: Consent) -> None:
        left = budgets.left(self.wallet, application.party, self.clock)
        confirmed = format_timestamp(budgets.dates(self.wallet, self.clock).confirmed)
        reply = ask(self.wallet, application, asked, consent=consent, now=self.clock)
        row = answers.history(self.wallet.vault, application.party)[0]
        earlier = self.rows[-1].time if self.rows else ""
        assert row.number == len(self.rows) + 1 == reply.answered.entry
        latest = max(format_timestamp(self.clock), earlier, confirmed)
        assert row.time == latest, "time never runs backwards"
        self.rows.append(row)
        self.told[row.number] = reply
        self.check(row, left, consent)

    def check(self, row: AnswerRow, left: tuple[int, int], consent: Consent) -> None:
        """One answer against all before it, and against what the budgets are at that moment."""
        assert row.epsilon in (0, COST)
        limits = budgets.read(self.wallet)
        if row.epsilon:
            assert self.spent(row) <= limits.overall
            assert self.spent(row, lambda one: one.party == row.party) <= limits.application
            assert row.epsilon <= left[0] <= left[1]
        if row.grant_number is None:
            assert consent is not no or not (row.epsilon or self.told[row.number].answered.said)
        else:
            self.check_grant(row)
        if self.told[row.number].answered.said and not row.epsilon:
            self.check_repeated(row)

    def check_grant(self, row: AnswerRow) -> None:
        (grant,) = [one for one in grants.every(self.wallet.vault) if one.number == row.grant_number]
        assert (grant.party, grant.level, grant.revoked) == (row.party, row.level, None)
        assert grant.created <= row.time < grant.expires
        if grant.epsilon is not None:
            assert self.spent(row, lambda one: one.grant_number == grant.number) <= grant.epsilon
        if grant.per_day is not None and (row.epsilon or self.told[row.number].answered.said):
            day = format_timestamp(parse_timestamp(row.time) - DAY)
            today = [one for one in self.rows if one.grant_number == grant.number and one.time >= day]
            assert len(today) <= grant.per_day

    def check_repeated(self, row: AnswerRow) -> None:
        """What costs nothing was paid for by the same party within the window, and says the same."""
        since = format_timestamp(parse_timestamp(row.time) - WINDOW)
        paid = [
            one
            for one in self.rows
            if one.epsilon and (one.party, one.question) == (row.party, row.question) and one.time >= since
        ]
        assert paid
        assert self.told[paid[-1].number].content == self.told[row.number].content

    def spent(self, last: AnswerRow, which: Callable[[AnswerRow], bool] = lambda _: True) -> int:
        """What was spent within 30 days up to an answer, counted from what this history saw itself."""
        since = format_timestamp(parse_timestamp(last.time) - WINDOW)
        return sum(one.epsilon for one in self.rows if one.time >= since and which(one))

    def check_log(self) -> None:
        entries = disclosure_log.every(self.wallet.vault)
        assert log.verify(self.wallet).count == len(entries) == len(self.rows) == len(self.told)
        for entry, row in zip(entries, self.rows, strict=True):
            reply = self.told[entry.number]
            content = entry.content
            assert content["released"] == reply.answered.text
            assert content["epsilon"] * 1000 == row.epsilon
            assert (content["application"], content["grant"]) == (row.party, row.grant_number)
            assert content["said"] is reply.answered.said
        logged = sum(int(entry.content["epsilon"] * 1000) for entry in entries)
        assert logged == answers.spent(self.wallet.vault, since="") == sum(row.epsilon for row in self.rows)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_history_overspends_and_the_log_says_what_was_spent(template: Path, seed: int) -> None:
    with copied(template) as wallet:
        history = History(wallet)
        for step in drawn_steps(random.Random(seed)):
            history.take(step)
        history.check_log()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_thirty_days_hold_more_than_the_budget_however_the_asking_is_spread(
    template: Path, seed: int
) -> None:
    draw = random.Random(seed)
    with copied(template) as wallet:
        history = History(wallet)
        for number in range(16):
            history.clock += timedelta(hours=draw.choice([1, 24, 24 * 4, 24 * 9]))
            away = draw.choice([0, 0, 5, 400]) * DAY
            asked = candidates(*(f"{number} {word}" for word in ("one", "two", "three")))
            history.clock -= away
            history.ask(draw.choice(APPLICATIONS), asked, yes)
            history.clock += away
        charged = [(parse_timestamp(row.time), row) for row in history.rows if row.epsilon]
        for start, _ in charged:
            within = [row for time, row in charged if start <= time <= start + WINDOW]
            assert sum(row.epsilon for row in within) <= Budgets().overall
            for party in {row.party for row in within}:
                spent = sum(row.epsilon for row in within if row.party == party)
                assert spent <= Budgets().application
        history.check_log()
