"""Topics are embedded once for each model, whatever command comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ipse.errors import MalformedInput, StorageError
from ipse.preferences.topics import published
from ipse.storage import topic_store
from ipse.storage.statements import NewStatement
from ipse.wallet.profile.interests import contradictions, interests, why
from ipse.wallet.profile.remembering import remember
from ipse.wallet.profile.topics import add_topic, embed_topics, remove_topic, topic_affinities
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.disclosure.material import ASKED, PURPOSE, SHOP, SHOP_UNSIGNED, build, candidates, put
from tests.unit.wallet.profile.conftest import ILLEGIBLE, NOW, HashEmbedder

if TYPE_CHECKING:
    from ipse.preferences.embedding.embedder import Vectors

MEANINGS = frozenset(topic.means for topic in published().topics)


@dataclass(frozen=True, slots=True)
class Counting(HashEmbedder):
    """Remembers what it embedded."""

    seen: list[str] = field(default_factory=list)

    def embed(self, texts: Sequence[str]) -> Vectors:
        """As the protocol says."""
        self.seen.extend(texts)
        return HashEmbedder.embed(self, texts)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def taught(wallet: Wallet, counting: Counting) -> Wallet:
    """A wallet that knows two things and a topic of the owner's, and has embedded all topics."""
    add_topic(wallet, "The abyss", "diving", now=NOW)
    said = [NewStatement(text, 0.8, "said") for text in ("quiet novels", "night trains")]
    remember(wallet, counting, said, now=NOW)
    embed_topics(wallet, counting)
    assert MEANINGS | {"diving"} <= set(counting.seen)
    counting.seen.clear()
    return wallet


@pytest.mark.parametrize(
    ("command", "embedded"),
    [
        (lambda wallet, embedder: topic_affinities(wallet, embedder, now=NOW), []),
        (interests, []),
        (contradictions, []),
        (lambda wallet, embedder: why(wallet, embedder, "a novel", now=NOW), ["a novel"]),
    ],
    ids=["topics", "interests", "contradictions", "why"],
)
def test_a_command_of_the_profile_embeds_no_topic_again(
    taught: Wallet, counting: Counting, command: Callable[[Wallet, Counting], object], embedded: list[str]
) -> None:
    command(taught, counting)
    assert counting.seen == embedded


@pytest.mark.parametrize("level", ["topics", "choose", "bands", "statements"])
def test_the_second_answer_embeds_what_its_question_says_and_nothing_else(
    taught: Wallet, counting: Counting, level: str
) -> None:
    asked = candidates("tea", "coffee") if level == "choose" else ASKED[level]
    for application in (SHOP, SHOP_UNSIGNED):
        counting.seen.clear()
        put(taught, build(application, asked), embedder=lambda: counting)
    texts = {"choose": ["tea", "coffee"], "statements": ["novels"]}.get(level, [])
    assert sorted(counting.seen) == sorted([*texts, PURPOSE])


def test_another_model_embeds_them_for_itself(taught: Wallet) -> None:
    other = Counting(fingerprint="fedcba9876543210")
    embed_topics(taught, other)
    assert len(other.seen) == len(MEANINGS) + 1


def test_they_are_what_embedding_them_again_gives(taught: Wallet, counting: Counting) -> None:
    embedded = embed_topics(taught, counting, ["a purpose"])
    texts = [topic.means for topic in published().topics]
    assert embedded.published.tolist() == counting.embed(texts).tolist()
    assert embedded.every.tolist() == counting.embed([*texts, "diving"]).tolist()
    assert embedded.others.tolist() == counting.embed(["a purpose"]).tolist()


def test_a_removed_topic_leaves_no_vector(taught: Wallet, counting: Counting) -> None:
    remove_topic(taught, "The abyss")
    assert topic_store.vectors(taught.vault, counting.fingerprint).keys() == MEANINGS


def test_on_a_full_disk_they_are_embedded_and_not_kept(
    wallet: Wallet, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(topic_store, "keep_vectors", full)
    assert len(embed_topics(wallet, counting).published) == len(MEANINGS)
    assert topic_store.vectors(wallet.vault, counting.fingerprint) == {}


def test_a_topic_that_the_model_can_not_read_keeps_nothing(wallet: Wallet, counting: Counting) -> None:
    add_topic(wallet, "Skull", ILLEGIBLE, now=NOW)
    with pytest.raises(MalformedInput):
        embed_topics(wallet, counting)
    assert topic_store.vectors(wallet.vault, counting.fingerprint) == {}
