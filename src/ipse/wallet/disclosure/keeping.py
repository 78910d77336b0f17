"""Let the profile learn from what the owner ticked and unticked on a consent page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ipse.disclosure.offers import Offer
from ipse.encoding.timestamps import format_timestamp
from ipse.preferences.embedding import Embedder
from ipse.storage import rankings
from ipse.wallet.profile import feedback
from ipse.wallet.wallet import Wallet

__all__ = ["learn"]


def learn(
    wallet: Wallet, embedder: Embedder, offer: Offer, ticked: Sequence[str], *, now: datetime
) -> feedback.Learned | None:
    """Take what is ticked as liked, and what was chosen by the profile and then unticked as disliked.

    None where neither is there.
    """
    places = {item.key: place for place, item in enumerate(offer.items, 1)}
    taken = [places[key] for key in ticked if key in places]
    unticked = [places[key] for key in offer.chosen if key not in ticked]
    if not taken and not unticked:
        return None
    number = rankings.add(wallet.vault, [item.text for item in offer.items], now=format_timestamp(now))
    return feedback.learn(
        wallet,
        embedder,
        ranking=number,
        taken=taken,
        refused=unticked,
        none=False,
        now=now,
    )
