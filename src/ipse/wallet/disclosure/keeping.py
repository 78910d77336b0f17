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

    Nothing is learned of the others. None where neither is there.
    """
    unticked = [key for key in offer.chosen if key not in ticked]
    items = offer.picked((*ticked, *unticked))
    if not items:
        return None
    number = rankings.add(wallet.vault, [item.text for item in items], now=format_timestamp(now))
    liked = len(items) - len(offer.picked(unticked))
    return feedback.learn(
        wallet,
        embedder,
        ranking=number,
        taken=range(1, liked + 1),
        refused=range(liked + 1, len(items) + 1),
        none=False,
        now=now,
    )
