"""The private summaries of a wallet: drawn once for a window, within the owner's limits, and told from.

A window's summaries are drawn when the first question under a grant comes in it, never because the profile
changed. Where the limits allow no more, the last ones go on answering.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ipse.disclosure import reasons
from ipse.disclosure.methods.private import Limits, Source, next_window, window_of
from ipse.disclosure.offers import Profile
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import CorruptData, UsageError
from ipse.preferences.privacy import summary
from ipse.preferences.privacy.summary import APPLICATIONS, EPSILON, NoisyCounts
from ipse.preferences.topics import published
from ipse.storage import settings, summaries
from ipse.storage.summaries import Drawing
from ipse.wallet.profile.topics import access_by_topic
from ipse.wallet.wallet import Wallet

__all__ = ["Drawn", "blank_closed", "change_limits", "drawn", "find", "is_news", "limits", "renew"]

_NAMES: Final = {"year": "limit-year", "life": "limit-life"}
_YEAR: Final = timedelta(days=365)
_TOLD: Final = "told-of-summaries"
"""A setting that the migration of an older wallet leaves as `due`, and the first notice removes."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What was drawn so far, all in thousandths of epsilon.

    `window` is the first day of the newest window that has summaries, None where nothing was drawn, `parties`
    who is told from them, and `next_window` the first day of the next.
    """

    limits: Limits
    this_year: int
    ever: int
    window: str | None
    parties: tuple[str, ...]
    next_window: str


def limits(wallet: Wallet) -> Limits:
    """The limits that hold. Raises CorruptData."""
    found = {}
    for name, kept in _NAMES.items():
        value = settings.get(wallet.vault, kept)
        if value is not None:
            if not value.isdecimal():
                raise CorruptData(f"the setting {kept} is not a number")
            found[name] = int(value)
    return Limits(**found)


def change_limits(wallet: Wallet, *, year: int | None = None, life: int | None = None) -> Limits:
    """Change limits, in thousandths of epsilon; None leaves one as it is. Raises UsageError."""
    given = {name: value for name, value in (("year", year), ("life", life)) if value is not None}
    with wallet.vault.transaction():
        changed = limits(wallet).changed(**given)
        for name, value in given.items():
            settings.put(wallet.vault, _NAMES[name], str(value))
    return changed


def drawn(wallet: Wallet, moment: datetime) -> Drawn:
    """What was drawn until `moment`."""
    newest = summaries.latest(wallet.vault)
    told = newest is not None and newest.cost > 0
    return Drawn(
        limits(wallet),
        _spent(wallet, moment),
        summaries.cost(wallet.vault),
        newest.window if newest is not None and told else None,
        newest.parties if newest is not None and told else (),
        next_window(window_of(moment.date())),
    )


def is_news(wallet: Wallet) -> bool:
    """Whether an older version made this wallet, whose owner was not told yet; True once."""
    if settings.get(wallet.vault, _TOLD) is None:
        return False
    settings.remove(wallet.vault, _TOLD)
    return True


def find(wallet: Wallet, party: str, profile: Callable[[], Profile], moment: datetime) -> Source:
    """What `party` is told from at `moment`; drawn from the `profile` where the window has nothing yet."""
    with wallet.vault.transaction():
        newest = summaries.latest(wallet.vault)
        window = window_of(moment.date())
        due = newest is None or newest.window < window or not newest.cost
        if due and limits(wallet).room(_spent(wallet, moment), summaries.cost(wallet.vault)):
            newest = _draw(wallet, profile(), window, moment)
        elif newest is None:
            newest = _stand_in(wallet, window, moment)
        newest = _without_closed(wallet, newest)
        reason = None if newest.cost else reasons.LIMIT_REACHED
        if party not in newest.parties:
            if len(newest.parties) < APPLICATIONS:
                newest = replace(newest, parties=(*newest.parties, party))
                summaries.update(wallet.vault, newest)
            else:
                reason = reason or reasons.APPLICATIONS_TOLD
        place = newest.parties.index(party) if party in newest.parties else 0
    # Noise alone is of no window: its answers look like those of today's, whatever they don't say.
    return Source(_of_published(newest, place), newest.window if newest.cost else window, reason)


def renew(wallet: Wallet, profile: Profile, moment: datetime) -> Drawn:
    """Draw the window's summaries anew, from the profile as it is now, for the same applications.

    Raises UsageError where the limits have no room.
    """
    with wallet.vault.transaction():
        newest = summaries.latest(wallet.vault)
        held = limits(wallet)
        if not held.room(_spent(wallet, moment), summaries.cost(wallet.vault)):
            raise UsageError(
                f"your limits have no room for another summary, which costs {EPSILON / 1000:g}",
                hint="`ipse dapp summary` shows them; --year and --life raise them",
            )
        _draw(wallet, profile, window_of(moment.date()), moment, newest.parties if newest else ())
        return drawn(wallet, moment)


def blank_closed(wallet: Wallet) -> None:
    """Put noise alone in the place of what the newest summaries say of closed topics, at once."""
    newest = summaries.latest(wallet.vault)
    if newest is not None:
        _without_closed(wallet, newest)


def _spent(wallet: Wallet, moment: datetime) -> int:
    return summaries.cost(wallet.vault, since=format_timestamp(moment - _YEAR))


def _draw(
    wallet: Wallet, profile: Profile, window: str, moment: datetime, parties: tuple[str, ...] = ()
) -> Drawing:
    votes, opinions = summary.votes(profile.texts, profile.vectors, profile.weights, profile.published)
    return _keep(wallet, summary.draw(votes, opinions), window, moment, EPSILON, parties)


def _stand_in(wallet: Wallet, window: str, moment: datetime) -> Drawing:
    """Noise alone: computing an answer that says nothing from it takes as long as another answer."""
    topics = len(published().topics)
    return _keep(wallet, [summary.noise_alone(topics)] * APPLICATIONS, window, moment, 0, ())


def _keep(
    wallet: Wallet,
    noisy: list[NoisyCounts],
    window: str,
    moment: datetime,
    cost: int,
    parties: tuple[str, ...],
) -> Drawing:
    summaries.clear_unused(wallet.vault)
    kept = Drawing(
        number=0,
        window=window,
        drawn=format_timestamp(moment),
        cost=cost,
        epsilon=noisy[0].epsilon,
        topics=tuple(topic.id for topic in published().topics),
        counts=tuple(one.counts for one in noisy),
        parties=parties,
    )
    return replace(kept, number=summaries.add(wallet.vault, kept))


def _without_closed(wallet: Wallet, kept: Drawing) -> Drawing:
    """The same with noise alone for topics that were closed since, which stays if they are opened again.

    Not 0: that would show that a topic is closed.
    """
    access = access_by_topic(wallet)
    new = [topic for topic in kept.topics if not access.get(topic, True) and topic not in kept.closed]
    if not new:
        return kept
    rows = [kept.topics.index(topic) for topic in new]
    counts = tuple(NoisyCounts(one, kept.epsilon).without(rows).counts for one in kept.counts)
    changed = replace(kept, counts=counts, closed=(*kept.closed, *new))
    summaries.update(wallet.vault, changed)
    return changed


def _of_published(kept: Drawing, place: int) -> NoisyCounts:
    """The summary at this place, for the topics that are published today."""
    known = dict(zip(kept.topics, kept.counts[place], strict=True))
    return NoisyCounts(tuple(known.get(topic.id, 0) for topic in published().topics), kept.epsilon)
