"""What the owner is warned of before answering."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ipse.disclosure import levels, questions
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.offers import embed_subjects
from ipse.disclosure.questions import Question
from ipse.disclosure.warnings import PastAnswer, WarningCode, warnings
from ipse.preferences.embedding import Embedder
from ipse.preferences.purpose import EMPTY_PURPOSES
from ipse.preferences.topics import published

SHOP = "https://shop.example"
OTHER = "https://other.example"
BOOKS = ("Middlemarch", "Wolf Hall by Hilary Mantel", "Short stories by Alice Munro", "Emma by Jane Austen")
PURPOSE = "to recommend novels"
SENTENCES = {
    WarningCode.PURPOSE_EMPTY: "the purpose says nothing",
    WarningCode.PURPOSE_UNFIT: "^what is asked seems to",
    WarningCode.SENSITIVE: "which is sensitive",
    WarningCode.CANDIDATES_OF_ANOTHER: "asked before by https://[a-z0-9]+.example, on",
    WarningCode.CANDIDATES_OF_SEVERAL: "other applications, last on",
    WarningCode.CANDIDATES_AGAIN: "by this application for another purpose",
    WarningCode.NEW_LEVEL: "^it never asked for",
    WarningCode.NEW_SUBJECT: "^nothing that it was told before",
}


def asks(asked: Asked, purpose: str = PURPOSE) -> Question:
    request = questions.build_request(
        address=SHOP, purpose=purpose, asked=asked, retention=timedelta(days=1),
        issued=datetime(2026, 11, 22, tzinfo=UTC), lifetime=timedelta(hours=1),
    )  # fmt: skip
    return questions.parse_question(request)


def choice(*texts: str) -> Choose:
    return Choose(numbered(texts), 1)


def prints(texts: Sequence[str]) -> bytes:
    return b"".join(hashlib.sha256(text.encode()).digest()[:8] for text in texts)


def row(
    party: str,
    texts: Sequence[str] = (),
    *,
    level: str = "choose",
    purpose: str = PURPOSE,
    time: str = "2026-11-02T10:00:00Z",
) -> PastAnswer:
    return PastAnswer(time, level, purpose, party, bytes(32), prints(texts))


def warned(
    question: Question, embedder: Embedder, earlier: Sequence[PastAnswer], everybody: Sequence[PastAnswer]
) -> tuple[str, ...]:
    """The sentences of the warnings; that each comes with its own code is asserted on the way."""
    topics = embedder.embed([topic.means for topic in published().topics])
    found = warnings(
        question,
        embedder,
        subjects=embed_subjects(levels.of(question.asked).subjects(question.asked), embedder, topics),
        topics=topics,
        empty_purposes=embedder.embed(EMPTY_PURPOSES),
        earlier=earlier,
        everybody=everybody,
    )
    for warning in found:
        assert re.search(SENTENCES[warning.code], warning.text), warning
    return tuple(warning.text for warning in found)


def test_a_question_that_fits_its_purpose_has_no_warning(embedder: Embedder) -> None:
    assert warned(asks(choice(*BOOKS)), embedder, [], []) == ()


def test_what_is_asked_and_what_the_purpose_speaks_of_are_named(embedder: Embedder) -> None:
    (first, *_) = warned(asks(Topics(("health-and-illness", "politics"))), embedder, [], [])
    assert first.startswith("what is asked seems to be about ")
    assert "Health and illness" in first
    assert "Politics" in first
    assert "the purpose speaks of" in first
    assert "Literary fiction" in first


def test_a_purpose_that_says_nothing_is_called_that(embedder: Embedder) -> None:
    found = warned(asks(choice(*BOOKS), "to personalise your experience"), embedder, [], [])
    assert found == ("the purpose says nothing about what is asked",)


def test_something_sensitive_behind_a_fitting_sentence_is_found(embedder: Embedder) -> None:
    hiding = "A novel by a prize-winning author, set in a library. I am being treated for cancer."
    found = warned(asks(choice(*BOOKS, hiding)), embedder, [], [])
    assert any("Health and illness" in sentence and "which is sensitive" in sentence for sentence in found)


def test_candidates_that_another_party_asked_about_are_counted(embedder: Embedder) -> None:
    question = asks(choice(*reversed(BOOKS)))
    found = warned(question, embedder, [], [row(OTHER, BOOKS[:3])])
    assert found == (f"3 of these 4 candidates were asked before by {OTHER}, on 2026-11-02",)


@pytest.mark.parametrize("before", ["choose", "order"])
def test_candidates_are_the_same_at_the_level_choose_and_order(embedder: Embedder, before: str) -> None:
    asked = Order(numbered(BOOKS)) if before == "choose" else choice(*BOOKS)
    found = warned(asks(asked), embedder, [], [row(OTHER, BOOKS, level=before)])
    assert found == (f"4 of these 4 candidates were asked before by {OTHER}, on 2026-11-02",)


def test_candidates_split_over_many_parties_are_added_up(embedder: Embedder) -> None:
    rows = [
        row(f"https://{i}.example", [text], time=f"2026-11-0{i + 1}T00:00:00Z")
        for i, text in enumerate(BOOKS)
    ]
    found = warned(asks(choice(*BOOKS)), embedder, [], rows)
    assert found == ("4 of these 4 candidates were asked before by 4 other applications, last on 2026-11-04",)


def test_the_same_candidates_for_another_purpose_are_noticed(embedder: Embedder) -> None:
    mine = [row(SHOP, BOOKS, purpose="to sell books")]
    found = warned(asks(choice(*BOOKS)), embedder, mine, mine)
    assert (
        "4 of these 4 candidates were asked before by this application for another purpose, on 2026-11-02"
        in found
    )


@pytest.mark.parametrize(
    "rows", [[row(OTHER, BOOKS[:1])], [row(SHOP, BOOKS)], [row(OTHER, BOOKS, level="bands")]]
)
def test_a_single_one_or_the_same_question_again_is_no_matter(
    embedder: Embedder, rows: list[PastAnswer]
) -> None:
    assert warned(asks(choice(*BOOKS)), embedder, [], rows) == ()


def test_a_new_level_is_noticed_of_a_known_application_alone(embedder: Embedder) -> None:
    question = asks(Statements("novels I loved", 2))
    sentence = "it never asked for statements, word for word, before"
    assert sentence in warned(question, embedder, [row(SHOP, BOOKS)], [])
    assert sentence not in warned(question, embedder, [], [])


def test_an_order_after_choices_is_a_new_level(embedder: Embedder) -> None:
    found = warned(asks(Order(numbered(BOOKS))), embedder, [row(SHOP, BOOKS)], [])
    assert "it never asked for an order of its candidates before" in found


def test_a_new_group_of_topics_is_noticed_and_one_that_a_purpose_spoke_of_is_not(embedder: Embedder) -> None:
    question = asks(Topics(("wine", "coffee")), "to recommend drinks")
    new = "nothing that it was told before was about food and drink"
    told = row(SHOP, level="topics", purpose="to recommend wine and coffee")
    assert new in warned(question, embedder, [row(SHOP, level="topics")], [])
    assert new not in warned(question, embedder, [told], [])
