"""The budgets of the owner, what is spent of them, and what an answer would cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import CorruptData, UsageError
from ipse.preferences.privacy.budget import WINDOW, Budgets
from ipse.storage import answers, settings
from ipse.storage.vault import Vault
from ipse.wallet.disclosure.proposal import Cost
from ipse.wallet.wallet import Wallet

__all__ = ["COSTLY", "allowed", "change", "charge", "cost", "left", "moment", "read", "since", "spenders"]

COSTLY: Final = frozenset({"choose", "bands"})
"""The levels whose answers are drawn from the whole profile. The others are told as they are, by tick."""
_NAMES: Final = {"answer": "budget-answer", "application": "budget-application", "overall": "budget-overall"}
_MOST: Final = 100_000
_PRICES: Final = (100, 250, 500, 1000, 2000)
"""Few, so that the price in an answer does not tell whose it is."""


def read(wallet: Wallet) -> Budgets:
    """The budgets that hold. Raises CorruptData."""
    return _read(wallet.vault)


def change(
    wallet: Wallet, *, answer: int | None = None, application: int | None = None, overall: int | None = None
) -> Budgets:
    """Change budgets, in thousandths of epsilon; None leaves one as it is. Raises UsageError."""
    wanted = (("answer", answer), ("application", application), ("overall", overall))
    given = {name: value for name, value in wanted if value is not None}
    with wallet.vault.transaction():
        changed = replace(_read(wallet.vault), **given)
        if not all(0 <= value <= _MOST for value in given.values()):
            raise UsageError(f"a budget is from 0 to {_MOST // 1000}")
        if changed.answer not in _PRICES:
            prices = ", ".join(f"{price / 1000:g}" for price in _PRICES)
            raise UsageError(
                f"an answer can't cost {changed.answer / 1000:g}",
                hint=f"--answer takes {prices}: a price of your own would tell who you are",
            )
        if changed.application > changed.overall:
            raise UsageError(
                f"one application's budget ({changed.application / 1000:g}) is above that of all"
                f" ({changed.overall / 1000:g})",
                hint="raise --overall as well, or lower --application",
            )
        for name, value in given.items():
            settings.put(wallet.vault, _NAMES[name], str(value))
    return changed


def moment(wallet: Wallet, now: datetime) -> datetime:
    """The time that budgets and grants go by: never before that of an earlier answer.

    A clock that is set back gives nothing back.
    """
    return parse_timestamp(answers.moment(wallet.vault, format_timestamp(now)))


def since(moment: datetime) -> str:
    """Where the window begins that ends at `moment`."""
    return format_timestamp(moment - WINDOW)


def left(wallet: Wallet, party: str | None, now: datetime) -> tuple[int, int]:
    """What is left for an application (one that has had nothing, where None) and for all."""
    at = since(moment(wallet, now))
    mine = answers.spent(wallet.vault, since=at, party=party) if party is not None else 0
    return read(wallet).left(mine, answers.spent(wallet.vault, since=at))


def spenders(wallet: Wallet, now: datetime) -> list[str]:
    """Return the applications that have spent something in the window that ends now, sorted by name."""
    rows = answers.charged(wallet.vault, since=since(moment(wallet, now)))
    return sorted({row.party for row in rows} - {answers.LOST})


def charge(wallet: Wallet, level: str) -> int:
    """What an answer at this level costs."""
    return read(wallet).answer if level in COSTLY else 0


def allowed(wallet: Wallet, party: str, epsilon: int, moment: datetime) -> bool:
    """Whether the budgets have room for one more answer; asked again in the transaction that spends it."""
    if not epsilon:
        return True
    spent = answers.spent(wallet.vault, since=since(moment), party=party)
    return read(wallet).allows(epsilon, spent, answers.spent(wallet.vault, since=since(moment)))


def cost(wallet: Wallet, party: str, epsilon: int, moment: datetime, repeated: str | None) -> Cost:
    """What an answer would cost and leave; `repeated` is the time of the answer that it repeats for free."""
    application, overall = left(wallet, party, moment)
    if repeated is not None:
        return Cost(0, application, overall, repeated=repeated)
    if epsilon > application:
        returns = _room_again(wallet, party, epsilon, moment)
        return Cost(epsilon, application, overall, spent=True, returns=returns)
    return Cost(epsilon, application - epsilon, overall - epsilon)


def _room_again(wallet: Wallet, party: str, epsilon: int, moment: datetime) -> str | None:
    """When enough of what was spent is out of the window; None where the budget never has so much."""
    budgets = read(wallet)
    if epsilon > min(budgets.application, budgets.overall):
        return None
    rows = answers.charged(wallet.vault, since=since(moment))
    for gone in range(len(rows)):
        after = rows[gone + 1 :]
        mine = sum(row.epsilon for row in after if row.party == party)
        if budgets.allows(epsilon, mine, sum(row.epsilon for row in after)):
            return _once_out(rows[gone].time)
    return None


def _once_out(time: str) -> str | None:
    """When `time` is out of the window; None where that is beyond the last year that can be written."""
    try:
        return format_timestamp(parse_timestamp(time) + WINDOW + timedelta(seconds=1))
    except OverflowError:
        return None


def _read(vault: Vault) -> Budgets:
    found = {}
    for name, kept in _NAMES.items():
        value = settings.get(vault, kept)
        if value is not None:
            if not value.isdecimal():
                raise CorruptData(f"the setting {kept} is not a number")
            found[name] = int(value)
    return replace(Budgets(), **found)
