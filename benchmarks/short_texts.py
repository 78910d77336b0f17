"""Short statements made of word lists, for the benchmarks that need many."""

from __future__ import annotations

import random

_OPENINGS = ("I like", "I love", "I avoid", "no more", "I miss", "I collect", "never again", "I look for")
_KINDS = (
    "quiet", "loud", "old", "slow", "bright", "dark", "gentle", "strange", "honest", "salty", "sweet",
    "wooden", "foreign", "local", "tiny", "huge", "clever", "patient", "handmade", "forgotten",
)  # fmt: skip
_THINGS = (
    "novels", "films", "songs", "walks", "recipes", "museums", "gardens", "trains", "markets", "boats",
    "paintings", "festivals", "letters", "mountains", "bakeries", "poems", "podcasts", "games", "bicycles",
    "islands",
)  # fmt: skip
_ENDINGS = (
    "about the sea", "from the far north", "in the rain", "with old friends", "by young authors",
    "before breakfast", "after midnight", "without any plot", "for long winter evenings", "near the river",
    "on a Sunday afternoon", "made by hand", "full of history", "under the stars", "that end badly",
)  # fmt: skip


def short_texts(count: int) -> list[str]:
    """`count` different statements of 5 to 15 tokens, the same in every run."""
    generator = random.Random(5)
    texts: dict[str, None] = {}
    while len(texts) < count:
        kind = generator.choice(_KINDS) if generator.random() < 0.8 else ""
        more = f"and {generator.choice(_THINGS)}" if generator.random() < 0.5 else ""
        end = generator.choice(_ENDINGS) if generator.random() < 0.9 else ""
        parts = (generator.choice(_OPENINGS), kind, generator.choice(_THINGS), more, end)
        texts[" ".join(filter(None, parts))] = None
    return list(texts)
