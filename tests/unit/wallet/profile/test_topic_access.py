"""Topics that the owner opens and closes, and what is not repeated afterwards."""

from __future__ import annotations

import pytest

from ipse.errors import NotFound
from ipse.preferences import topics as listing
from ipse.storage import answers, topic_store
from ipse.storage.vault import Vault
from ipse.wallet.profile.topics import (
    access_by_topic,
    add_topic,
    remove_topic,
    set_topic_access,
    topic_affinities,
)
from ipse.wallet.wallet import Wallet
from tests.unit.storage.test_answers import ROW
from tests.unit.wallet.profile.conftest import NOW, HashEmbedder

SENSITIVE = next(topic for topic in listing.published().topics if topic.sensitive)
BAKING = next(topic for topic in listing.published().topics if topic.id == "baking")


def repeats(vault: Vault) -> bool:
    """Whether the answer would be given again."""
    return answers.stored(vault, ROW.party, ROW.question, since=ROW.time) is not None


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
    answers.add(wallet.vault, ROW)
    for is_open in (True, False):
        with pytest.raises(NotFound, match="there is no topic"):
            set_topic_access(wallet, called, open=is_open)
    assert topic_store.access(wallet.vault) == {}
    assert repeats(wallet.vault)


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


@pytest.mark.parametrize(("topic", "is_open"), [(BAKING, False), (SENSITIVE, True)])
def test_no_answer_from_before_is_repeated_once_a_topic_is_opened_or_closed(
    wallet: Wallet, topic: listing.Topic, is_open: bool
) -> None:
    answers.add(wallet.vault, ROW)
    set_topic_access(wallet, topic.id, open=is_open)
    assert not repeats(wallet.vault)
    assert answers.spent(wallet.vault, since=ROW.time) == ROW.epsilon


def test_saying_what_holds_already_costs_no_stored_answer(wallet: Wallet) -> None:
    answers.add(wallet.vault, ROW)
    set_topic_access(wallet, BAKING.id, open=True)
    set_topic_access(wallet, SENSITIVE.id, open=False)
    assert repeats(wallet.vault)


@pytest.mark.parametrize("is_open", [True, False])
def test_removing_a_closed_topic_opens_what_it_closed(wallet: Wallet, is_open: bool) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    set_topic_access(wallet, "The abyss", open=is_open)
    answers.add(wallet.vault, ROW)
    remove_topic(wallet, "The abyss")
    assert repeats(wallet.vault) is is_open


def test_a_change_that_fails_drops_nothing(wallet: Wallet) -> None:
    answers.add(wallet.vault, ROW)

    def fail() -> None:
        with wallet.vault.transaction():
            set_topic_access(wallet, BAKING.id, open=False)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert access_by_topic(wallet)[BAKING.id] is True
    assert repeats(wallet.vault)


def test_the_list_says_which_topics_are_open(wallet: Wallet, embedder: HashEmbedder) -> None:
    add_topic(wallet, "The abyss", None, now=NOW)
    for label in ("The abyss", BAKING.label):
        set_topic_access(wallet, label, open=False)
    set_topic_access(wallet, SENSITIVE.id, open=True)
    listed = topic_affinities(wallet, embedder, now=NOW)
    assert {topic.id or f"own:{topic.label}": topic.open for topic in listed} == access_by_topic(wallet)
