"""Topics that the owner opens and closes, and what private summaries have of them afterwards."""

from __future__ import annotations

from typing import NoReturn

import pytest

from ipse.disclosure.methods.private import window_of
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound
from ipse.preferences import topics as listing
from ipse.preferences.privacy.summary import EPSILON
from ipse.storage import summaries, topic_store
from ipse.storage.summaries import Drawing
from ipse.wallet.disclosure.profile import basis
from ipse.wallet.disclosure.summaries import find
from ipse.wallet.profile.topics import (
    access_by_topic,
    add_topic,
    remove_topic,
    set_topic_access,
    topic_affinities,
)
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import NOW, HashEmbedder

SENSITIVE = next(topic for topic in listing.published().topics if topic.sensitive)
BAKING = next(topic for topic in listing.published().topics if topic.id == "baking")


SHOP = "https://shop.example"
COUNT = 400_000
"""No noise is exactly this: that happens once in 10**30 draws."""


def drawn(wallet: Wallet) -> Drawing:
    """A private summary whose counts are clear for every topic, and what it holds."""
    topics = tuple(topic.id for topic in listing.published().topics)
    counts = (COUNT,) * len(topics)
    drawing = Drawing(
        1, window_of(NOW.date()), format_timestamp(NOW), EPSILON, 175_000, topics, (counts, counts), (SHOP,)
    )
    assert summaries.add(wallet.vault, drawing) == 1
    return drawing


def told(wallet: Wallet) -> tuple[int, ...]:
    """What the application is told from, as it is when it asks."""

    def unread() -> NoReturn:
        raise AssertionError("the profile was counted again")

    return find(wallet, SHOP, unread, NOW).counts.counts


def changed(wallet: Wallet) -> list[str]:
    """The topics whose counts are no longer those that were drawn."""
    return [
        topic.id
        for topic, count in zip(listing.published().topics, told(wallet), strict=True)
        if count != COUNT
    ]


SENSITIVE_ONES = [topic.id for topic in listing.published().topics if topic.sensitive]


def test_sensitive_topics_are_closed_and_all_others_open_until_the_owner_says_so(wallet: Wallet) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    expected = {topic.id: not topic.sensitive for topic in listing.published().topics}
    assert set(expected.values()) == {True, False}
    assert access_by_topic(wallet) == {**expected, "own:The abyss": True}


@pytest.mark.parametrize("called", [BAKING.id, BAKING.label, BAKING.label.upper(), f"  {BAKING.id.title()} "])
def test_a_published_topic_is_called_by_its_id_or_label_without_regard_to_case(
    wallet: Wallet, called: str
) -> None:
    before = access_by_topic(wallet)
    assert set_topic_access(wallet, called, open=False) == (BAKING.id,)
    assert access_by_topic(wallet) == {**before, BAKING.id: False}
    assert set_topic_access(wallet, called, open=True) == (BAKING.id,)
    assert access_by_topic(wallet) == before


def test_a_sensitive_topic_is_opened_by_the_owner_alone(wallet: Wallet) -> None:
    assert set_topic_access(wallet, SENSITIVE.label, open=True) == (SENSITIVE.id,)
    assert access_by_topic(wallet)[SENSITIVE.id] is True
    set_topic_access(wallet, SENSITIVE.id, open=False)
    assert access_by_topic(wallet)[SENSITIVE.id] is False


def test_a_topic_of_ones_own_is_called_by_its_label_as_it_is(wallet: Wallet) -> None:
    for label in ("The abyss", "the abyss"):
        add_topic(wallet, label, None, now=NOW)
    assert set_topic_access(wallet, " The abyss ", open=False) == ("own:The abyss",)
    access = access_by_topic(wallet)
    assert (access["own:The abyss"], access["own:the abyss"]) == (False, True)


def test_a_published_topic_and_one_of_ones_own_of_the_same_label_are_closed_together(
    wallet: Wallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label that the owner chose may be on a later list."""
    shorter = listing.TopicList(1, tuple(one for one in listing.published().topics if one != BAKING))
    with monkeypatch.context() as patched:
        patched.setattr(listing, "published", lambda: shorter)
        add_topic(wallet, BAKING.label, None, now=NOW)
    assert set_topic_access(wallet, BAKING.label, open=False) == (BAKING.id, f"own:{BAKING.label}")


@pytest.mark.parametrize(
    "called", ["", " ", "own:The abyss", "THE ABYSS", "nothing like that", "%", "\x1b[31m"]
)
def test_what_is_no_topic_is_not_opened_or_closed(wallet: Wallet, called: str) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    for is_open in (True, False):
        with pytest.raises(NotFound, match="there is no topic"):
            set_topic_access(wallet, called, open=is_open)
    assert topic_store.access(wallet.vault) == {}


def test_a_removed_topic_leaves_no_word_on_it_behind(wallet: Wallet) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    set_topic_access(wallet, "The abyss", open=False)
    set_topic_access(wallet, BAKING.id, open=False)
    remove_topic(wallet, "The abyss")
    assert topic_store.access(wallet.vault) == {BAKING.id: False}
    add_topic(wallet, "The abyss", None, now=NOW)
    assert access_by_topic(wallet)["own:The abyss"] is True


def test_a_word_on_a_topic_that_is_no_longer_published_opens_nothing(wallet: Wallet) -> None:
    topic_store.set_access(wallet.vault, "no-longer-there", True)
    assert "no-longer-there" not in access_by_topic(wallet)


class TestASummaryThatIsDrawn:
    """Here it has votes for the sensitive topics, as if they had been open when it was drawn."""

    def test_has_noise_for_what_is_closed_and_the_rest_as_it_was(self, wallet: Wallet) -> None:
        drawn(wallet)
        assert changed(wallet) == SENSITIVE_ONES
        set_topic_access(wallet, BAKING.id, open=False)
        assert set(changed(wallet)) == {BAKING.id, *SENSITIVE_ONES}

    def test_keeps_that_noise_however_often_the_topic_is_opened_and_closed(self, wallet: Wallet) -> None:
        """Fresh noise each time would show that something changes, and when."""
        drawn(wallet)
        set_topic_access(wallet, BAKING.id, open=False)
        before = told(wallet)
        for is_open in (True, False, True):
            set_topic_access(wallet, BAKING.id, open=is_open)
            set_topic_access(wallet, SENSITIVE.id, open=is_open)
            assert told(wallet) == before

    def test_does_not_change_for_what_holds_already(self, wallet: Wallet) -> None:
        drawn(wallet)
        told(wallet)
        before = summaries.latest(wallet.vault)
        set_topic_access(wallet, BAKING.id, open=True)
        set_topic_access(wallet, SENSITIVE.id, open=False)
        told(wallet)
        assert summaries.latest(wallet.vault) == before

    def test_does_not_change_for_a_topic_of_ones_own(self, wallet: Wallet) -> None:
        drawn(wallet)
        before = told(wallet)
        add_topic(wallet, "The abyss", None, now=NOW)
        set_topic_access(wallet, "The abyss", open=False)
        assert told(wallet) == before

    def test_costs_no_more_for_it(self, wallet: Wallet) -> None:
        drawn(wallet)
        set_topic_access(wallet, BAKING.id, open=False)
        told(wallet)
        assert summaries.cost(wallet.vault) == EPSILON

    def test_has_all_its_votes_where_closing_fails(self, wallet: Wallet) -> None:
        drawn(wallet)

        def fail() -> None:
            with wallet.vault.transaction():
                set_topic_access(wallet, BAKING.id, open=False)
                told(wallet)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            fail()
        assert access_by_topic(wallet)[BAKING.id] is True
        assert changed(wallet) == SENSITIVE_ONES


@pytest.mark.parametrize("is_open", [True, False])
def test_removing_a_closed_topic_opens_what_it_closed(wallet: Wallet, is_open: bool) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    set_topic_access(wallet, "The abyss", open=is_open)
    before = basis(wallet)
    remove_topic(wallet, "The abyss")
    assert "own:The abyss" not in access_by_topic(wallet)
    assert basis(wallet) != before, "an answer that was worked out before does not leave"


def test_the_list_says_which_topics_are_open(wallet: Wallet, embedder: HashEmbedder) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    for label in ("The abyss", BAKING.label):
        set_topic_access(wallet, label, open=False)
    set_topic_access(wallet, SENSITIVE.id, open=True)
    listed = topic_affinities(wallet, embedder, now=NOW)
    assert {topic.id or f"own:{topic.label}": topic.open for topic in listed} == access_by_topic(wallet)
