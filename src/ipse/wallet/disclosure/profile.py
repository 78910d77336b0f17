"""What of the profile may influence an answer: nothing secret, nothing about a closed topic."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ipse.disclosure.offers import Profile, open_profile
from ipse.preferences.embedding import Embedder
from ipse.storage import statements, topic_store
from ipse.wallet.profile.opinions import read_opinions
from ipse.wallet.profile.topics import EmbeddedTopics, access_by_topic
from ipse.wallet.wallet import Wallet

__all__ = ["basis", "read_profile"]


def read_profile(wallet: Wallet, embedder: Embedder, topics: EmbeddedTopics, now: datetime) -> Profile:
    """The opinions that may influence an answer; those that are not embedded yet are left out."""
    opinions = read_opinions(wallet, embedder, include_secret=False)
    access = access_by_topic(wallet, topics.own)
    return open_profile(
        opinions.texts,
        opinions.vectors,
        opinions.weights,
        opinions.times,
        published=topics.published,
        closed=topics.every[[row for row, key in enumerate(topics.keys) if not access[key]]],
        access=access,
        now=now,
    )


def basis(wallet: Wallet) -> bytes:
    """A digest of everything that may influence an answer; it changes with the profile."""
    own = topic_store.own(wallet.vault)
    meanings = [(topic.label, topic.meaning) for topic in own]
    access = repr((sorted(access_by_topic(wallet, own).items()), meanings))
    return hashlib.sha256(statements.digest(wallet.vault) + access.encode()).digest()
