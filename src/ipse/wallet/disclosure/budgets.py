"""The owner's privacy budgets in the vault, what is spent of them, and how long the clock is believed.

A clock that is set forward would give spent budgets back. So without the owner it counts for WINDOW after the
date was last confirmed; from then on, budgets and the bounds of grants go by the time of that confirmation,
and nothing comes back. It goes on where the owner confirms the date, on a consent page or at the terminal.
That bounds one jump and many small ones alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.disclosure.budgets import WINDOW, Budgets, Charge, since
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.errors import CorruptData
from ipse.storage import answers, settings
from ipse.wallet.wallet import Wallet

__all__ = [
    "Dates",
    "allowed",
    "change",
    "charges",
    "clock",
    "confirm_date",
    "dates",
    "left",
    "moment",
    "read",
    "spenders",
]

_EARLIEST: Final = "0002-01-01T00:00:00Z"
_NAMES: Final = {"answer": "budget-answer", "application": "budget-application", "overall": "budget-overall"}


@dataclass(frozen=True, slots=True)
class Dates:
    """What the time is: `clock` for the owner, `unattended` for what happens without them.

    The clock is never before an earlier answer or `confirmed`, when the date was last confirmed. Answers are
    dated by the clock whoever consents, and count from then on.
    """

    clock: datetime
    confirmed: datetime

    @property
    def in_doubt(self) -> bool:
        """Whether the clock alone is not believed any more."""
        return self.clock - self.confirmed > WINDOW

    @property
    def unattended(self) -> datetime:
        """The time that budgets and grants go by without the owner."""
        return self.confirmed if self.in_doubt else self.clock


def read(wallet: Wallet) -> Budgets:
    """The budgets that hold. Raises CorruptData."""
    found = {}
    for name, kept in _NAMES.items():
        value = settings.get(wallet.vault, kept)
        if value is not None:
            if not value.isdecimal():
                raise CorruptData(f"the setting {kept} is not a number")
            found[name] = int(value)
    return Budgets(**found)


def change(
    wallet: Wallet, *, answer: int | None = None, application: int | None = None, overall: int | None = None
) -> Budgets:
    """Change budgets, in thousandths of epsilon; None leaves one as it is. Raises UsageError."""
    wanted = (("answer", answer), ("application", application), ("overall", overall))
    given = {name: value for name, value in wanted if value is not None}
    with wallet.vault.transaction():
        changed = read(wallet).changed(**given)
        for name, value in given.items():
            settings.put(wallet.vault, _NAMES[name], str(value))
    return changed


def clock(wallet: Wallet, now: datetime) -> datetime:
    """The clock, or the last answer's time if that is later."""
    return parse_timestamp(answers.moment(wallet.vault, format_timestamp(now)))


def moment(wallet: Wallet, now: datetime) -> datetime:
    """The time that budgets and grants go by: never before an earlier answer or the date that was confirmed.

    A clock that is set back gives nothing back.
    """
    return max(clock(wallet, now), _confirmed(wallet))


def dates(wallet: Wallet, now: datetime) -> Dates:
    """The dates at `now`, by the clock."""
    confirmed = _confirmed(wallet)
    return Dates(max(clock(wallet, now), confirmed), confirmed)


def confirm_date(wallet: Wallet, now: datetime) -> Dates:
    """Keep that the owner says that it is `now`; the dates after that. It may be before the last one."""
    with wallet.vault.transaction():
        confirmed = clock(wallet, now)
        settings.put(wallet.vault, settings.DATE_CONFIRMED, format_timestamp(confirmed))
        return dates(wallet, now)


def charges(wallet: Wallet, moment: datetime) -> list[Charge]:
    """What answers were charged in the window that ends at `moment`, the oldest first."""
    rows = answers.charged(wallet.vault, since=since(moment))
    return [Charge(row.party, row.epsilon, row.time) for row in rows]


def left(wallet: Wallet, party: str | None, now: datetime) -> tuple[int, int]:
    """Return what is left for an application and for all; None stands for an application that had nothing."""
    return read(wallet).left_after(charges(wallet, moment(wallet, now)), party)


def spenders(wallet: Wallet, now: datetime) -> list[str]:
    """Return the applications that have spent something in the window that ends now, sorted by name."""
    return sorted({charge.party for charge in charges(wallet, moment(wallet, now))} - {answers.LOST})


def allowed(wallet: Wallet, party: str, epsilon: int, moment: datetime) -> bool:
    """Whether the budgets have room for one more answer; asked again in the transaction that spends it."""
    return not epsilon or epsilon <= read(wallet).left_after(charges(wallet, moment), party)[0]


def _confirmed(wallet: Wallet) -> datetime:
    """When the date was last confirmed."""
    return parse_timestamp(settings.get(wallet.vault, settings.DATE_CONFIRMED) or _EARLIEST)
