"""What is forgotten leaves neither text nor vector behind, and who heard of it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import NotFound, StorageError
from ipse.keys import derivation
from ipse.storage import (
    answers,
    disclosure_log,
    erasing,
    rankings,
    statement_vectors,
    statements,
    summaries,
    transcript,
)
from ipse.storage.answers import AnswerRow
from ipse.storage.statements import NewStatement
from ipse.storage.summaries import Drawing
from ipse.storage.transcript import Line
from ipse.storage.vault import Vault
from ipse.wallet.profile.changing import Correction, correct, supersede_with
from ipse.wallet.profile.forgetting import Disclosed, disclosed, erase, forget
from ipse.wallet.profile.remembering import remember
from ipse.wallet.wallet import Wallet
from tests.unit.storage.pages import plain_pages
from tests.unit.wallet.profile.conftest import NOW, HashEmbedder

TEA = NewStatement("phosphorescent anglerfish of the abyss", 0.8, "said")
OTHER = NewStatement("I like bread", 0.6, "said")
SHOP, CLUB = "https://shop.example", "https://club.example"


def pages(wallet: Wallet) -> bytes:
    """All that is in the vault's file, in clear, on pages in use and on free ones."""
    return b"".join(plain_pages(wallet.places.vault, derivation.vault_key(wallet.root)))


def answer(
    wallet: Wallet,
    origin: str,
    released: Json,
    *,
    level: str = "choose",
    day: int = 1,
    said: bool | None = None,
) -> str:
    """Note an answer in the log, some days from NOW; when. Older entries do not hold `said`."""
    time = format_timestamp(NOW + timedelta(days=day))
    entry: JsonObject = {"time": time, "application": origin, "level": level, "released": released}
    if said is not None:
        entry["said"] = said
    disclosure_log.append(wallet.vault, entry)
    return time


def heard_of(wallet: Wallet, numbers: Sequence[int]) -> tuple[Disclosed, ...]:
    return disclosed(wallet.vault, [statements.find(wallet.vault, number) for number in numbers])


def test_neither_text_nor_vector_of_any_version_is_left_anywhere(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    first, kept = remember(wallet, embedder, [TEA, OTHER], now=NOW).numbers
    second = HashEmbedder(fingerprint="f" * 16)
    remember(wallet, second, [], now=NOW)
    texts = [TEA.text, "luminous squid of the trench", "translucent eel of the reef"]
    middle, _ = supersede_with(wallet, embedder, first, replace(TEA, text=texts[1]), now=NOW)
    last, _ = supersede_with(wallet, embedder, middle, replace(TEA, text=texts[2], weight=-1.0), now=NOW)
    rankings.add(wallet.vault, ["bread", texts[0]], now="2026-02-02T12:00:00Z")
    rankings.add(wallet.vault, ["bread", "rain"], now="2026-02-02T12:00:00Z")
    statements.accept_contradiction(wallet.vault, last, kept, now="2026-02-02T12:00:00Z")
    traces = [text.encode() for text in texts] + [row.tobytes()[:16] for row in embedder.embed(texts)]
    assert [trace for trace in traces if trace not in pages(wallet)] == [], "they were there"
    forgotten = forget(wallet, [last])
    erase(wallet)
    assert [said.number for said in forgotten.statements] == [first, middle, last]
    assert forgotten.rankings == 2, "what was forgotten had a part in the order of each"
    assert [trace for trace in traces if trace in pages(wallet)] == []
    assert OTHER.text.encode() in pages(wallet)
    assert [said.number for said in statements.every(wallet.vault)] == [kept]
    assert statement_vectors.fingerprints(wallet.vault, kept) == [embedder.fingerprint, second.fingerprint]
    assert statements.accepted_contradictions(wallet.vault) == set()
    left = {entry.name for entry in wallet.places.data.iterdir()}
    assert not {name for name in left if name.startswith("vault.db") and name != "vault.db"}


def test_nothing_of_a_text_is_left_when_it_is_corrected(wallet: Wallet, embedder: HashEmbedder) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    traces = [TEA.text.encode(), embedder.embed([TEA.text])[0].tobytes()[:16]]
    correct(wallet, number, Correction(text="I like fish"), now=NOW)
    erase(wallet)
    assert [trace for trace in traces if trace in pages(wallet)] == []


def told(wallet: Wallet, *, verbatim: bool = True) -> list[Line]:
    """Note that a sentence was told exactly, or a choice; what the meter keeps of it."""
    row = AnswerRow(
        number=1, party=SHOP, nonce="n", question=bytes(32), level="statements", purpose="p", method="owner",
        bits=8.5, epsilon=0, grant_number=None, time=format_timestamp(NOW),
    )  # fmt: skip
    answers.add(wallet.vault, row)
    vectors = HashEmbedder().embed([TEA.text, OTHER.text])
    rows = (vectors * 127).astype("int8").tobytes()
    line = Line(1, SHOP, HashEmbedder().fingerprint, rows, (1, 1), 1, 2, 8.5, edited=False, verbatim=verbatim)
    transcript.add(wallet.vault, line)
    return [line]


def metered(wallet: Wallet) -> list[Line]:
    return transcript.lines(wallet.vault, HashEmbedder().fingerprint)


def test_no_vector_of_a_sentence_that_was_told_is_left_once_a_statement_is_forgotten(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    number, _ = remember(wallet, embedder, [TEA, OTHER], now=NOW).numbers
    (line,) = told(wallet)
    assert metered(wallet) == [line]
    assert line.vectors[:24] in pages(wallet)
    forget(wallet, [number])
    erase(wallet)
    assert metered(wallet) == []
    assert line.vectors[:24] not in pages(wallet)
    assert transcript.parties(wallet.vault) == [(SHOP, 1, 8.5)], "it stays counted"


def test_what_an_application_offered_itself_stays_metered(wallet: Wallet, embedder: HashEmbedder) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    lines = told(wallet, verbatim=False)
    forget(wallet, [number])
    assert metered(wallet) == lines


def test_forgetting_that_fails_drops_no_vector_of_what_was_told(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    lines = told(wallet)
    with pytest.raises(NotFound):
        forget(wallet, [number, 99])
    assert metered(wallet) == lines


@pytest.mark.parametrize(
    ("correction", "kept"),
    [
        (Correction(sensitivity="secret"), False),
        (Correction(text="I like fish"), False),
        (Correction(sensitivity="public"), True),
        (Correction(weight=0.1), True),
    ],
)
def test_no_vector_of_what_was_told_is_left_once_a_statement_is_secret_or_reads_otherwise(
    wallet: Wallet, embedder: HashEmbedder, correction: Correction, kept: bool
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    lines = told(wallet)
    correct(wallet, number, correction, now=NOW)
    assert metered(wallet) == (lines if kept else [])


def test_no_vector_of_what_was_told_is_left_once_a_secret_takes_a_statements_place(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    told(wallet)
    supersede_with(wallet, embedder, number, replace(OTHER, sensitivity="secret"), now=NOW)
    assert metered(wallet) == []


def test_private_summaries_stay_as_they_were_drawn(wallet: Wallet, embedder: HashEmbedder) -> None:
    """Their noise hides each statement; one that changed with it would show it."""
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    drawing = Drawing(
        1, "2025-09-09", format_timestamp(NOW), 400, 175_000, ("horror",), ((7,), (-9,)), (SHOP,)
    )
    summaries.add(wallet.vault, drawing)
    forget(wallet, [number])
    erase(wallet)
    assert summaries.latest(wallet.vault) == drawing


def test_forgetting_what_is_not_there_forgets_nothing_else(wallet: Wallet, embedder: HashEmbedder) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    with pytest.raises(NotFound, match="no statement 99"):
        forget(wallet, [number, 99])
    assert len(statements.current(wallet.vault)) == 1


def test_copies_that_could_not_be_erased_are_told_and_erased_by_the_next_command(
    wallet: Wallet, embedder: HashEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ipse.storage.vault._BUSY_WAIT", 0.05)
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    wallet.close()
    forget(wallet, [number])
    with Vault.open(wallet.places.vault, derivation.vault_key(wallet.root)) as other, other.transaction():
        with pytest.raises(StorageError, match="may still hold it") as caught:
            erase(wallet)
        assert "next" in caught.value.hint
    assert erasing.is_due(wallet.vault)
    remember(wallet, embedder, [OTHER], now=NOW)
    assert not erasing.is_due(wallet.vault)
    assert TEA.text.encode() not in pages(wallet)


def test_who_had_an_answer_since_a_statement_was_entered_is_told(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    answer(wallet, SHOP, "x", day=-1)
    (number,) = remember(wallet, embedder, [replace(TEA, valid_from="2001-01-01T00:00:00Z")], now=NOW).numbers
    assert heard_of(wallet, [number]) == ()
    for origin, day in ((SHOP, 1), (CLUB, 2), (SHOP, 3)):
        answer(wallet, origin, "x", day=day)
    expected = (Disclosed(CLUB, (), 1), Disclosed(SHOP, (), 2))
    assert heard_of(wallet, [number]) == expected
    assert forget(wallet, [number]).disclosed == expected


def test_a_fact_or_a_secret_had_no_part_in_an_answer(wallet: Wallet, embedder: HashEmbedder) -> None:
    fact = replace(TEA, weight=0.0, kind="fact")
    numbers = remember(wallet, embedder, [fact, replace(OTHER, sensitivity="secret")], now=NOW).numbers
    answer(wallet, SHOP, "x")
    assert heard_of(wallet, numbers) == ()


def test_what_became_secret_later_had_a_part_in_the_answers_before(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    answer(wallet, SHOP, "x", day=1)
    correct(wallet, number, Correction(sensitivity="secret"), now=NOW + timedelta(days=2))
    answer(wallet, SHOP, "x", day=3)
    answer(wallet, CLUB, "x", day=3)
    assert heard_of(wallet, [number]) == (Disclosed(SHOP, (), 1),)


def test_who_was_told_a_sentence_verbatim_is_told_with_the_day(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    said, other = remember(wallet, embedder, [TEA, OTHER], now=NOW).numbers
    inside = base64url.encode(strict_json.canonical({"said": [TEA.text]}))
    disclosure = base64url.encode(strict_json.canonical(["salt", "statement", TEA.text]))
    times = [
        answer(wallet, SHOP, released, level="statements", day=day)
        for day, released in enumerate(
            (f"head.{inside}.signature", f"head.e30.signature~{disclosure}~", TEA.text, {"a": [TEA.text]}), 1
        )
    ]
    answer(wallet, CLUB, f"head.{base64url.encode(b'[1]')}.%%~~", level="statements")
    assert heard_of(wallet, [said]) == (Disclosed(SHOP, tuple(times), 0),)
    assert heard_of(wallet, [other]) == ()


@pytest.mark.parametrize("level", ["topics", "choose", "order", "bands", "statements"])
def test_an_answer_that_says_nothing_is_no_disclosure(
    wallet: Wallet, embedder: HashEmbedder, level: str
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    answer(wallet, CLUB, TEA.text, level=level, said=False)
    assert heard_of(wallet, [number]) == ()
    time = answer(wallet, SHOP, TEA.text, level=level, said=True)
    told = Disclosed(SHOP, (time,), 0) if level == "statements" else Disclosed(SHOP, (), 1)
    assert heard_of(wallet, [number]) == (told,)
