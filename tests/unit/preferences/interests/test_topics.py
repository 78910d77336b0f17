"""Topics: what the published list promises, and what the owner is said to like of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ipse.preferences import topics
from ipse.preferences.embedding import Embedder
from tests.unit.preferences.interests.said import ABOUT, INTERESTS, STRAYS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
else:
    np = pytest.importorskip("numpy", reason="the profile extra is not installed (numpy)")

_TOPICS = topics.published().topics
_ROW = {topic.id: row for row, topic in enumerate(_TOPICS)}
_SENSITIVE = {
    "politics", "activism", "christianity", "islam", "judaism", "hinduism-and-buddhism", "spirituality",
    "atheism-and-secularism", "health-and-illness", "mental-health", "diets-and-weight",
    "pregnancy-and-fertility", "alcohol-free-living", "smoking-and-drugs", "dating-and-relationships",
    "sexuality", "lgbt-life", "ethnicity-and-origins",
}  # fmt: skip


@pytest.fixture(scope="module")
def published(embedder: Embedder) -> Floats:
    return embedder.embed([topic.means for topic in _TOPICS])


def asked(embedder: Embedder, published: Floats, said: dict[str, float]) -> dict[str, topics.Affinity]:
    found = topics.affinities(published, published, embedder.embed(list(said)), list(said.values()))
    return {topic.id: one for topic, one in zip(_TOPICS, found, strict=True)}


def test_the_list_is_version_1_with_plain_labels_and_stable_ids() -> None:
    assert topics.published().version == 1
    assert 110 <= len(_TOPICS) <= 150
    assert len({topic.id for topic in _TOPICS}) == len({topic.label for topic in _TOPICS}) == len(_TOPICS)
    assert len({topic.group for topic in _TOPICS}) == 12
    for topic in _TOPICS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", topic.id)
        assert topic.means.isprintable()
        assert len(topic.means) <= 100


def test_special_categories_are_marked_sensitive_and_nothing_else_is() -> None:
    assert {topic.id for topic in _TOPICS if topic.sensitive} == _SENSITIVE


def test_a_statement_is_about_the_topic_a_reader_would_say(embedder: Embedder, published: Floats) -> None:
    vectors = embedder.embed(list(ABOUT))
    near = [
        [_TOPICS[row].id for row, _ in topics.nearest(published, published, vector, limit=3)]
        for vector in vectors
    ]
    first = sum(found[:1] == [topic] for found, topic in zip(near, ABOUT.values(), strict=True))
    three = sum(topic in found for found, topic in zip(near, ABOUT.values(), strict=True))
    assert first >= 0.85 * len(ABOUT)
    assert three >= 0.88 * len(ABOUT)


def test_what_has_no_topic_is_clearly_about_none(embedder: Embedder, published: Floats) -> None:
    for text in ("warm towels", "my grandmother's clock", "asdf qwertz", "people who hum in the lift"):
        for _, share in topics.nearest(published, published, embedder.embed([text])[0], limit=5):
            assert share < 0.6, text


def test_affinity_has_the_sign_of_what_was_said(embedder: Embedder, published: Floats) -> None:
    found = asked(embedder, published, {text: 0.8 if at % 2 else -0.8 for at, text in enumerate(ABOUT)})
    right = wrong = 0
    for at, topic in enumerate(ABOUT.values()):
        value = found[topic].value
        if value is not None:
            right, wrong = (right + 1, wrong) if (value > 0) == bool(at % 2) else (right, wrong + 1)
    assert right >= 0.75 * len(ABOUT)
    assert wrong <= 0.06 * len(ABOUT)


def test_a_topic_nobody_spoke_of_is_unknown_and_not_indifferent(
    embedder: Embedder, published: Floats
) -> None:
    found = asked(embedder, published, dict.fromkeys(INTERESTS["jazz"], 1.0))
    assert found["jazz-and-blues"].value is not None
    assert found["jazz-and-blues"].value > 0.8
    for topic in ("gardening", "football", "islam", "cryptocurrency"):
        assert found[topic].value is None
    unknown = sum(one.value is None for one in found.values())
    assert unknown >= 0.9 * len(_TOPICS)


def test_nothing_said_is_nothing_known(embedder: Embedder, published: Floats) -> None:
    found = topics.affinities(published, published, published[:0], [])
    assert {(one.value, one.evidence, one.movers) for one in found} == {(None, 0.0, ())}
    assert topics.affinities(published[:0], published, published, [1.0] * len(published)) == []


def test_more_statements_say_it_more_surely(embedder: Embedder, published: Floats) -> None:
    few = asked(embedder, published, dict.fromkeys(INTERESTS["chess"][:1], 1.0))["chess"]
    many = asked(embedder, published, dict.fromkeys(INTERESTS["chess"], 1.0))["chess"]
    assert few.evidence < many.evidence
    assert (few.value or 0) < (many.value or 0) <= 1


def test_other_statements_do_not_move_a_topic(embedder: Embedder, published: Floats) -> None:
    alone = asked(embedder, published, dict.fromkeys(INTERESTS["chess"], 1.0))["chess"]
    said = dict.fromkeys(INTERESTS["chess"], 1.0) | dict.fromkeys((*INTERESTS["baking"], *STRAYS), -1.0)
    among = asked(embedder, published, said)["chess"]
    assert among.value == pytest.approx(alone.value, abs=0.1)


def test_the_movers_are_the_statements_about_the_topic(embedder: Embedder, published: Floats) -> None:
    said = dict.fromkeys(INTERESTS["baking"], 1.0) | dict.fromkeys(INTERESTS["chess"], 1.0)
    found = asked(embedder, published, said)
    assert {row >= 8 for row in found["chess"].movers} == {True}
    assert {row < 8 for row in found["baking"].movers} == {True}


def test_what_faded_counts_less_than_what_is_fresh(embedder: Embedder, published: Floats) -> None:
    vectors = embedder.embed(["chess", "chess tournaments"])
    row = _ROW["chess"]
    found = topics.affinities(
        published[row : row + 1], published, vectors, [1.0, -1.0], relevance=[0.05, 1.0]
    )[0]
    assert found.value is not None
    assert found.value < -0.5


def test_a_topic_of_the_owners_own_is_known_by_its_meaning(embedder: Embedder, published: Floats) -> None:
    own = embedder.embed(["deep-sea fish and other creatures of the abyss"])
    vectors = embedder.embed(["anglerfish and giant squid in the deep sea", "office meetings"])
    (found,) = topics.affinities(own, published, vectors, [1.0, -1.0])
    assert found.value is not None
    assert found.value > 0.3
    assert found.movers == (0,)


def test_gibberish_raises_no_topic(embedder: Embedder, published: Floats) -> None:
    flat = np.full((1, published.shape[1]), published.shape[1] ** -0.5, dtype=np.float32)
    assert all(share < 1 for _, share in topics.nearest(published, published, flat[0], limit=5))
