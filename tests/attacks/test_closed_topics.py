"""An application that sends things about one topic among others, to see whether it was closed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import LEVEL, Choose
from ipse.disclosure.offers import Profile, open_profile
from ipse.preferences.embedding import Embedder
from ipse.preferences.privacy import summary
from ipse.preferences.topics import published

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DRAWS = 60
TOPIC = "beer-and-spirits"
ABOUT = [
    "a crisp lager from a village brewery", "an evening with single malt whisky", "a beer festival in a barn",
    "brewing an amber ale at home", "mezcal and its makers", "cocktails with gin", "a walk from pub to pub",
    "how vodka is made", "bitter ales with much hops", "rum from small islands", "wheat beer in a garden",
    "bourbon from old barrels", "stout and oysters", "cognac after dinner", "a book on breweries",
]  # fmt: skip
OTHERS = [
    "chess for beginners", "an evening of chess endgames", "a course in fencing", "rare postage stamps",
    "knitting warm socks",
]  # fmt: skip
SAID = [
    "long hikes in the hills", "quiet novels about the sea", "jazz in small clubs", "tomatoes and herbs",
    "old maps and atlases", "swimming in cold lakes", "chess in the park", "animated films from Japan",
    "baking sourdough bread", "birdwatching at dawn", "looking at stars", "cycling along rivers",
]  # fmt: skip
OF_BEER = [
    "craft beer and kinds of hops", "a pint of stout in a pub", "brewing lager at home", "Belgian ales",
    "wheat beer in summer", "beer tastings with friends", "visiting small breweries", "porters in winter",
    "pale ales with citrus", "beer gardens",
]  # fmt: skip
Chosen = Callable[[list[str], list[float], bool], float]


@pytest.fixture(scope="module")
def others_chosen(embedder: Embedder) -> Chosen:
    """How many of the five that are chosen are about something else, in the mean of the draws."""
    topics = published().topics
    vectors = embedder.embed([topic.means for topic in topics])
    row = next(number for number, topic in enumerate(topics) if topic.id == TOPIC)
    asked = Choose(numbered([*ABOUT, *OTHERS]), 5)
    subjects = embedder.embed(LEVEL.subjects(asked))
    names = {candidate.id for candidate in asked.candidates[len(ABOUT) :]}

    def profile(said: list[str], weights: list[float], closed: bool) -> Profile:
        return open_profile(
            said, embedder.embed(said), weights, [NOW] * len(said),
            published=vectors, closed=vectors[[row]] if closed else vectors[:0],
            access={topic.id: not (closed and topic.id == TOPIC) for topic in topics}, now=NOW,
        )  # fmt: skip

    def chosen(said: list[str], weights: list[float], closed: bool) -> float:
        known = profile(said, weights, closed)
        sums, opinions = summary.votes(known.texts, known.vectors, known.weights, vectors)
        found = 0
        for seed in range(DRAWS):
            draw = random.Random(seed).randrange
            (counts, *_) = summary.draw(sums, opinions, draw)
            if closed:
                counts = counts.without([row], draw)
            offer = LEVEL.offer_privately(asked, counts, vectors, subjects)
            assert len(offer.items) == 5, "what is about a closed topic stays in the draw"
            found += sum(item.key in names for item in offer.items)
        return found / DRAWS

    return chosen


@pytest.mark.parametrize("weight", [1.0, -1.0], ids=["liked", "disliked"])
def test_a_closed_topic_can_not_be_told_from_one_on_which_nothing_was_said(
    others_chosen: Chosen, weight: float
) -> None:
    """The draws are fixed, and so are the figures: 60 draws have a standard error of .18."""
    likes = [1.0] * len(SAID)
    nothing = others_chosen(SAID, likes, False)
    said = [*SAID, *OF_BEER], [*likes, *[weight] * len(OF_BEER)]
    assert abs(others_chosen(*said, True) - nothing) < 0.5
    assert abs(others_chosen(*said, False) - nothing) > 0.5, "an open one shows, or the probe sees nothing"
