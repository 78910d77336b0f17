"""A ranking: its order, what moved it, what it leaves for feedback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ipse.errors import MalformedInput, NotFound
from ipse.preferences.taste import INDUCING_POINTS
from ipse.storage import rankings
from ipse.storage.statements import NewStatement
from ipse.wallet.profile import feedback
from ipse.wallet.profile.ranking import Placed, keep_ranking, rank, search
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import ILLEGIBLE, NOW, HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

LIKED = NewStatement("tea from the mountains", 0.8, "said")
MIXED = NewStatement("bread with seeds", 0.2, "said")
DISLIKED = NewStatement("loud trains at night", -0.8, "said")
SAID = (LIKED, MIXED, DISLIKED)
TEXTS = tuple(said.text for said in SAID)


@pytest.fixture
def taught(wallet: Wallet, embedder: HashEmbedder) -> Wallet:
    """A wallet of three opinions."""
    remember(wallet, embedder, SAID, now=NOW)
    return wallet


def order(places: Sequence[Placed]) -> list[int]:
    return [place.position for place in places]


def test_what_is_liked_comes_first(taught: Wallet, embedder: HashEmbedder) -> None:
    asked = [DISLIKED.text, "something else", LIKED.text, MIXED.text]
    places = rank(taught, embedder, asked, now=NOW)
    assert order(places) == [2, 3, 1, 0]
    assert [place.text for place in places] == [asked[position] for position in order(places)]
    scores = [place.score for place in places]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0 > scores[-1]
    assert [place.movers for place in places] == [()] * 4


def test_the_same_text_twice_keeps_its_order(taught: Wallet, embedder: HashEmbedder) -> None:
    asked = ["b", DISLIKED.text, LIKED.text, DISLIKED.text, LIKED.text, "b"]
    assert order(rank(taught, embedder, asked, now=NOW)) == [2, 4, 0, 5, 1, 3]


def test_a_newer_opinion_about_the_same_prevails(taught: Wallet, embedder: HashEmbedder) -> None:
    later = NOW + timedelta(days=3000)
    asked = [LIKED.text, MIXED.text]
    assert order(rank(taught, embedder, asked, now=later)) == [0, 1]
    remember(taught, embedder, [replace(LIKED, weight=-1.0, source="csv")], now=later)
    assert order(rank(taught, embedder, asked, now=later)) == [1, 0]


@pytest.mark.parametrize("known", [0, INDUCING_POINTS])
def test_the_first_places_are_explained_by_what_moved_them_most(
    taught: Wallet, embedder: HashEmbedder, known: int
) -> None:
    more = [NewStatement(f"thing {place}", (place % 5 - 2) / 2, "csv") for place in range(known)]
    remember(taught, embedder, more, now=NOW)
    asked = [DISLIKED.text, "something else", LIKED.text]
    plain = rank(taught, embedder, asked, now=NOW)
    places = rank(taught, embedder, asked, now=NOW, explain=2)
    assert [replace(place, movers=()) for place in places] == plain
    assert [len(place.movers) for place in places] == [3, 3, 0]
    for place in places[:2]:
        amounts = [abs(mover.amount) for mover in place.movers]
        assert amounts == sorted(amounts, reverse=True)
    strongest = places[0].movers[0]
    assert (strongest.statement.text, strongest.statement.number) == (LIKED.text, 1)
    assert strongest.amount > 0


@pytest.mark.parametrize("explain", [3, 50])
def test_what_moved_a_place_adds_up_to_its_score(
    taught: Wallet, embedder: HashEmbedder, explain: int
) -> None:
    for place in rank(taught, embedder, TEXTS, now=NOW, explain=explain):
        assert {mover.statement.text for mover in place.movers} == set(TEXTS)
        assert sum(mover.amount for mover in place.movers) == pytest.approx(place.score, abs=1e-6)


def test_what_is_secret_moves_nothing_for_an_application(taught: Wallet, embedder: HashEmbedder) -> None:
    asked = [LIKED.text, "a", "b"]
    before = rank(taught, embedder, asked, now=NOW, include_secret=False, explain=3)
    secret = replace(LIKED, weight=-1.0, source="csv", sensitivity="secret")
    remember(taught, embedder, [secret], now=NOW)
    assert rank(taught, embedder, asked, now=NOW, include_secret=False, explain=3) == before
    own = rank(taught, embedder, asked, now=NOW, explain=3)
    assert own[0].score < 0 < before[0].score
    assert "secret" in {mover.statement.sensitivity for place in own for mover in place.movers}


def test_without_opinions_there_is_no_ranking(wallet: Wallet, embedder: HashEmbedder) -> None:
    for known in ([], [NewStatement("I live in Lisbon", 0.0, "said", kind="fact")]):
        remember(wallet, embedder, known, now=NOW)
        for explain in (0, 1):
            with pytest.raises(NotFound) as caught:
                rank(wallet, embedder, ["tea"], now=NOW, explain=explain)
            assert (caught.value.message, caught.value.hint) == (
                "the profile has no opinions",
                'tell it something: `ipse profile like "quiet novels about the sea"`',
            )


def test_secrets_alone_are_no_opinions_for_an_application(wallet: Wallet, embedder: HashEmbedder) -> None:
    remember(wallet, embedder, [replace(LIKED, sensitivity="secret")], now=NOW)
    with pytest.raises(NotFound, match="no opinions"):
        rank(wallet, embedder, ["tea"], now=NOW, include_secret=False)
    assert order(rank(wallet, embedder, ["tea"], now=NOW)) == [0]


STRANGE = ["…!?", "x" * 4000, "\x00\x1b[31m", "the of and", "山に登る", "😀", "two\nlines", "ﷺ\u200b"]


def test_strange_candidates_are_ranked_like_others(taught: Wallet, embedder: HashEmbedder) -> None:
    places = rank(taught, embedder, [DISLIKED.text, *STRANGE, LIKED.text], now=NOW, explain=3)
    assert (places[0].text, places[-1].text) == (LIKED.text, DISLIKED.text)
    assert {place.text for place in places[1:-1]} == set(STRANGE)


def test_a_candidate_that_can_not_be_read_is_refused(taught: Wallet, embedder: HashEmbedder) -> None:
    with pytest.raises(MalformedInput, match="empty"):
        rank(taught, embedder, ["tea", ILLEGIBLE], now=NOW)


@dataclass(frozen=True, slots=True)
class Interrupted(HashEmbedder):
    """While it reads the candidates, another process learns something."""

    other: Wallet | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        if self.other is not None:
            new = [replace(LIKED, text="news", source="csv", weight=-1.0)]
            remember(self.other, HashEmbedder(), new, now=NOW)
        return HashEmbedder.embed(self, texts)


def test_an_explanation_is_of_what_the_ranking_was_made_of(taught: Wallet, embedder: HashEmbedder) -> None:
    before = rank(taught, embedder, TEXTS, now=NOW, explain=3)
    with Wallet(taught.places, taught._passphrase) as other:
        assert rank(taught, Interrupted(other=other), TEXTS, now=NOW, explain=3) == before
    assert rank(taught, embedder, TEXTS, now=NOW, explain=3) != before


def test_a_ranking_is_kept_best_first_and_learns_from_feedback(
    taught: Wallet, embedder: HashEmbedder
) -> None:
    asked = ["a", LIKED.text, "b"]
    places = rank(taught, embedder, asked, now=NOW)
    number = keep_ranking(taught, places, now=NOW)
    assert number is not None
    assert rankings.find(taught.vault, number).candidates == tuple(place.text for place in places)
    last = places[-1].text
    feedback.learn(taught, embedder, ranking=number, taken=[3], refused=[], none=False, now=NOW)
    again = rank(taught, embedder, asked, now=NOW)
    assert [place.text for place in again].index(last) < 2


def test_a_ranking_that_does_not_fit_on_the_disk_has_no_number(
    taught: Wallet, embedder: HashEmbedder
) -> None:
    places = rank(taught, embedder, ["x" * 4000, *(f"thing {place}" * 100 for place in range(20))], now=NOW)
    ((pages,),) = taught.vault.rows("PRAGMA page_count")
    taught.vault.rows(f"PRAGMA max_page_count = {pages}")
    assert keep_ranking(taught, places, now=NOW) is None


def test_a_search_finds_facts_and_secrets_too(taught: Wallet, embedder: HashEmbedder) -> None:
    new = [
        NewStatement("I live in Lisbon", 0.0, "said", kind="fact"),
        NewStatement("my ring", 0.4, "said", sensitivity="secret"),
    ]
    remember(taught, embedder, new, now=NOW)
    for text in ("I live in Lisbon", "my ring"):
        ((found, cosine),) = search(taught, embedder, text, limit=1)
        assert found.text == text
        assert cosine == pytest.approx(1, abs=1e-6)


def test_a_search_of_an_empty_profile_says_how_to_begin(wallet: Wallet, embedder: HashEmbedder) -> None:
    with pytest.raises(NotFound, match="the profile is empty") as caught:
        search(wallet, embedder, "tea", limit=1)
    assert "ipse profile like" in str(caught.value.hint)
