"""The date: how long the clock alone is believed, and when the owner confirmed it last.

A clock that is set forward would give spent budgets back. So without the owner it counts for WINDOW after the
date was last confirmed; from then on, time stands still for budgets and for the bounds of grants. It goes on
where the owner confirms the date, on a consent page or at the terminal. That bounds one jump and many small
ones alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.disclosure.budgets import WINDOW
from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.storage import answers, settings
from ipse.wallet.wallet import Wallet

__all__ = ["Dates", "confirm", "read"]

_NAME: Final = settings.DATE_CONFIRMED


@dataclass(frozen=True, slots=True)
class Dates:
    """What the time is: `clock` for the owner, `unattended` for what happens without them.

    Neither is before an earlier answer. `confirmed` is when the date was last confirmed.
    """

    clock: datetime
    confirmed: datetime
    newest: datetime

    @property
    def in_doubt(self) -> bool:
        """Whether the clock alone is not believed any more."""
        return self.clock - self.confirmed > WINDOW

    @property
    def unattended(self) -> datetime:
        """The time that budgets and grants go by without the owner."""
        return max(self.newest, self.confirmed) if self.in_doubt else self.clock


def read(wallet: Wallet, now: datetime) -> Dates:
    """The dates at `now`, by the clock."""
    clock = parse_timestamp(answers.moment(wallet.vault, format_timestamp(now)))
    newest = parse_timestamp(answers.moment(wallet.vault, _EARLIEST))
    stored = settings.get(wallet.vault, _NAME)
    return Dates(clock, parse_timestamp(stored or _EARLIEST), newest)


def confirm(wallet: Wallet, now: datetime) -> Dates:
    """Keep that the owner says that it is `now`; the dates after that."""
    with wallet.vault.transaction():
        dates = read(wallet, now)
        settings.put(wallet.vault, _NAME, format_timestamp(dates.clock))
    return read(wallet, now)


_EARLIEST: Final = "0001-01-01T00:00:00Z"
