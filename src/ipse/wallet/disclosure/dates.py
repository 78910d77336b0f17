"""What the time is for grants and private summaries, and how long the clock is believed.

A clock that is set forward would bring the next window's summary, and a new day's answers. So without the
owner it counts for BELIEVED after the date was last confirmed; from then on, summaries and the bounds of
grants go by the time of that confirmation. It goes on where the owner confirms the date, on a consent page or
at the terminal. That bounds one jump and many small ones alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ipse.encoding.timestamps import format_timestamp, parse_timestamp
from ipse.storage import answers, settings
from ipse.wallet.wallet import Wallet

__all__ = ["BELIEVED", "Dates", "clock", "confirm_date", "dates"]

BELIEVED: Final = timedelta(days=30)
_EARLIEST: Final = "0002-01-01T00:00:00Z"


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
        return self.clock - self.confirmed > BELIEVED

    @property
    def unattended(self) -> datetime:
        """The time that summaries and grants go by without the owner."""
        return self.confirmed if self.in_doubt else self.clock


def clock(wallet: Wallet, now: datetime) -> datetime:
    """The clock, or the last answer's time if that is later."""
    return parse_timestamp(answers.moment(wallet.vault, format_timestamp(now)))


def dates(wallet: Wallet, now: datetime) -> Dates:
    """The dates at `now`, by the clock."""
    confirmed = parse_timestamp(settings.get(wallet.vault, settings.DATE_CONFIRMED) or _EARLIEST)
    return Dates(max(clock(wallet, now), confirmed), confirmed)


def confirm_date(wallet: Wallet, now: datetime) -> Dates:
    """Keep that the owner says that it is `now`; the dates after that. It may be before the last one."""
    with wallet.vault.transaction():
        confirmed = clock(wallet, now)
        settings.put(wallet.vault, settings.DATE_CONFIRMED, format_timestamp(confirmed))
        return dates(wallet, now)
