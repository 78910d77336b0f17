"""What the owner is warned of before answering."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.disclosure import questions
from ipse.disclosure.questions import Asked, Choose, Question, Statements, Topics, numbered
from ipse.preferences.embedding import Embedder, open_embedder
from ipse.storage.answers import AnswerRow
from ipse.wallet.disclosure.warnings import warnings

SHOP = "https://shop.example"
OTHER = "https://other.example"
BOOKS = ("Middlemarch", "Wolf Hall by Hilary Mantel", "Short stories by Alice Munro", "Emma by Jane Austen")
PURPOSE = "to recommend novels"


@pytest.fixture(scope="module")
def embedder(models: Path) -> Embedder:
    return open_embedder(models)


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


def row(party: str, texts: Sequence[str] = (), *, level: str = "choose", **changed: str) -> AnswerRow:
    return AnswerRow(
        number=1, party=party, nonce="n", question=bytes(32), level=level,
        purpose=changed.get("purpose", PURPOSE), content=changed.get("content"), epsilon=0, grant_number=None,
        time=changed.get("time", "2026-11-02T10:00:00Z"), candidates=prints(texts),
    )  # fmt: skip


def test_a_question_that_fits_its_purpose_has_no_warning(embedder: Embedder) -> None:
    assert warnings(asks(choice(*BOOKS)), embedder, [], [], prints(BOOKS)) == ()


def test_what_is_asked_and_what_the_purpose_speaks_of_are_named(embedder: Embedder) -> None:
    (first, *_) = warnings(asks(Topics(("health-and-illness", "politics"))), embedder, [], [], b"")
    assert first.startswith("what is asked seems to be about ")
    assert "Health and illness" in first
    assert "Politics" in first
    assert "the purpose speaks of" in first
    assert "Literary fiction" in first


def test_a_purpose_that_says_nothing_is_called_that(embedder: Embedder) -> None:
    found = warnings(asks(choice(*BOOKS), "to personalise your experience"), embedder, [], [], b"")
    assert found == ("the purpose says nothing about what is asked",)


def test_something_sensitive_behind_a_fitting_sentence_is_found(embedder: Embedder) -> None:
    hiding = "A novel by a prize-winning author, set in a library. I am being treated for cancer."
    found = warnings(asks(choice(*BOOKS, hiding)), embedder, [], [], b"")
    assert any("Health and illness" in sentence and "which is sensitive" in sentence for sentence in found)


def test_candidates_that_another_party_asked_about_are_counted(embedder: Embedder) -> None:
    question = asks(choice(*reversed(BOOKS)))
    found = warnings(question, embedder, [], [row(OTHER, BOOKS[:3])], prints(BOOKS))
    assert found == (f"3 of these 4 candidates were asked before by {OTHER}, on 2026-11-02",)


def test_candidates_split_over_many_parties_are_added_up(embedder: Embedder) -> None:
    rows = [
        row(f"https://{i}.example", [text], time=f"2026-11-0{i + 1}T00:00:00Z")
        for i, text in enumerate(BOOKS)
    ]
    found = warnings(asks(choice(*BOOKS)), embedder, [], rows, prints(BOOKS))
    assert found == ("4 of these 4 candidates were asked before by 4 other applications, last on 2026-11-04",)


def test_the_same_candidates_for_another_purpose_are_noticed(embedder: Embedder) -> None:
    mine = [row(SHOP, BOOKS, purpose="to sell books")]
    found = warnings(asks(choice(*BOOKS)), embedder, mine, mine, prints(BOOKS))
    assert (
        "4 of these 4 candidates were asked before by this application for another purpose, on 2026-11-02"
        in found
    )


@pytest.mark.parametrize(
    "rows", [[row(OTHER, BOOKS[:1])], [row(SHOP, BOOKS)], [row(OTHER, BOOKS, level="bands")]]
)
def test_a_single_one_or_the_same_question_again_is_no_matter(
    embedder: Embedder, rows: list[AnswerRow]
) -> None:
    assert warnings(asks(choice(*BOOKS)), embedder, [], rows, prints(BOOKS)) == ()


def test_a_new_level_is_noticed_of_a_known_application_alone(embedder: Embedder) -> None:
    question = asks(Statements("novels I loved", 2))
    sentence = "it never asked for statements, word for word, before"
    assert sentence in warnings(question, embedder, [row(SHOP, BOOKS)], [], b"")
    assert sentence not in warnings(question, embedder, [], [], b"")


def test_a_new_group_of_topics_is_noticed_and_a_told_one_is_not(embedder: Embedder) -> None:
    question = asks(Topics(("wine", "coffee")), "to recommend drinks")
    new = "nothing that it was told before was about food and drink"
    told = row(SHOP, level="topics", content='{"topics":["baking"]}')
    assert new in warnings(question, embedder, [row(SHOP, level="topics")], [], b"")
    assert new not in warnings(question, embedder, [told], [], b"")
