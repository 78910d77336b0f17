"""Remembering, correcting, superseding, exporting."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from ipse.errors import AlreadyExists, MalformedInput, NotFound, UsageError
from ipse.storage import rankings, statement_vectors, statements
from ipse.storage.statements import NewStatement
from ipse.wallet.profile.changing import Correction, correct, supersede, supersede_with
from ipse.wallet.profile.remembering import embed_missing, remember
from ipse.wallet.profile.statements import Selection, export, select
from ipse.wallet.wallet import Wallet
from tests.unit.wallet.profile.conftest import ILLEGIBLE, NOW, HashEmbedder

TEA = NewStatement("I like green tea", 0.8, "said")
FACT = NewStatement("I live in Lisbon", 0.0, "said", kind="fact")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"text": ""}, "empty"),
        ({"text": " \n\u2003"}, "empty"),
        ({"text": "\u200b"}, "nothing in it that can be read"),
        ({"text": "\x00\ufffd\u0301"}, "nothing in it that can be read"),
        ({"text": "x" * 4001}, "4001 characters"),
        ({"text": "half \ud83d"}, "half of a character"),
        ({"weight": 1.5}, "weight 1.5"),
        ({"weight": float("nan")}, "weight nan"),
        ({"weight": float("inf")}, "weight inf"),
        ({"sensitivity": "hidden"}, "'hidden' is no sensitivity"),
        ({"kind": "rumour"}, "'rumour' is no kind"),
        ({"kind": "fact"}, "facts are neutral"),
        ({"valid_from": "yesterday"}, "is not a time"),
        ({"valid_from": "2026-02-30T00:00:00Z"}, "is not a time"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_all_that_came_with_it(
    wallet: Wallet, embedder: HashEmbedder, change: dict[str, object], error: str
) -> None:
    bad = replace(TEA, **change)  # type: ignore[arg-type]
    with pytest.raises((MalformedInput, UsageError), match=error):
        remember(wallet, embedder, [FACT, bad], now=NOW)
    assert statements.every(wallet.vault) == []


def test_what_is_dated_in_the_future_holds_from_now(wallet: Wallet, embedder: HashEmbedder) -> None:
    """Else a file with a wrong clock would outdate all that comes after it."""
    new = [
        replace(TEA, valid_from="2999-01-01T00:00:00Z"),
        replace(FACT, valid_from="2020-01-01T02:00:00+02:00"),
    ]
    remember(wallet, embedder, new, now=NOW)
    kept = [said.valid_from for said in statements.current(wallet.vault)]
    assert kept == ["2026-02-02T12:00:00Z", "2020-01-01T00:00:00Z"]


def test_a_statement_that_a_model_can_not_read_keeps_none_of_the_others_back(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    added = remember(wallet, embedder, [TEA, replace(TEA, text=ILLEGIBLE), FACT], now=NOW)
    assert [bool(statement_vectors.fingerprints(wallet.vault, number)) for number in added.numbers] == [
        True,
        False,
        True,
    ]
    embed_missing(wallet, embedder)


def test_what_is_forgotten_or_corrected_while_it_is_embedded_gets_no_vector(wallet: Wallet) -> None:
    other = Wallet(wallet.places, wallet._passphrase)

    class Slow(HashEmbedder):
        def embed(self, texts):  # type: ignore[no-untyped-def]
            number = {said.text: said.number for said in statements.current(other.vault)}
            statements.remove(other.vault, [number["gone"]])
            said = statements.find(other.vault, number["old"])
            statements.rewrite(other.vault, replace(said, text="new"), now="2026-02-02T12:00:00Z")
            return HashEmbedder.embed(self, texts)

    with other:
        texts = ("gone", "old", "stays")
        remember(wallet, Slow(), [replace(TEA, text=text) for text in texts], now=NOW)
    assert [said.text for said, _ in statement_vectors.every(wallet.vault, HashEmbedder().fingerprint)] == [
        "stays"
    ]


def test_a_correction_leaves_no_vector_and_no_ranking_of_the_old_text(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    (number,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    rankings.add(wallet.vault, [TEA.text, "rain"], now="2026-02-02T12:00:00Z")
    after = correct(wallet, number, Correction(text="I like black tea", sensitivity="secret"), now=NOW)
    assert (after.text, after.weight, after.sensitivity) == ("I like black tea", 0.8, "secret")
    assert statements.find(wallet.vault, number) == after
    assert statement_vectors.fingerprints(wallet.vault, number) == []
    with pytest.raises(NotFound):
        rankings.latest(wallet.vault)


@pytest.mark.parametrize(
    ("correction", "error"),
    [
        (Correction(text=" "), "empty"),
        (Correction(sensitivity="hidden"), "no sensitivity"),
        (Correction(since=NOW + timedelta(days=1)), "can't begin"),
        (Correction(text="rain"), "says that already"),
    ],
)
def test_a_correction_that_can_not_be_is_refused_and_changes_nothing(
    wallet: Wallet, embedder: HashEmbedder, correction: Correction, error: str
) -> None:
    first, _ = remember(wallet, embedder, [TEA, replace(TEA, text="rain")], now=NOW).numbers
    before = statements.every(wallet.vault)
    with pytest.raises((MalformedInput, UsageError, AlreadyExists), match=error):
        correct(wallet, first, correction, now=NOW)
    assert statements.every(wallet.vault) == before
    assert statement_vectors.fingerprints(wallet.vault, first)


def test_a_fact_is_never_liked(wallet: Wallet, embedder: HashEmbedder) -> None:
    (number,) = remember(wallet, embedder, [FACT], now=NOW).numbers
    with pytest.raises(UsageError, match="is a fact"):
        correct(wallet, number, Correction(weight=0.8), now=NOW)


def test_a_change_of_mind_ends_the_old_statement_and_points_to_the_new(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    (old,) = remember(wallet, embedder, [replace(TEA, sensitivity="secret")], now=NOW).numbers
    later = NOW + timedelta(days=1)
    number, new = supersede_with(wallet, embedder, old, replace(TEA, text="I like coffee"), now=later)
    assert new
    ended = statements.find(wallet.vault, old)
    assert (ended.valid_to, ended.superseded_by) == ("2026-02-03T12:00:00Z", number)
    assert statements.find(wallet.vault, number).sensitivity == "secret"
    assert statement_vectors.fingerprints(wallet.vault, number)


@pytest.mark.parametrize("weight", [0.2, -0.8])
def test_a_change_of_mind_in_the_same_words_ends_the_old_statement_once(
    wallet: Wallet, embedder: HashEmbedder, weight: float
) -> None:
    (old,) = remember(wallet, embedder, [TEA], now=NOW).numbers
    number, _ = supersede_with(wallet, embedder, old, replace(TEA, weight=weight), now=NOW)
    assert statements.find(wallet.vault, old).superseded_by == number
    assert [(said.number, said.weight) for said in statements.current(wallet.vault)] == [(number, weight)]


def test_superseding_by_the_very_same_or_by_another_kind_changes_nothing(
    wallet: Wallet, embedder: HashEmbedder
) -> None:
    tea, fact = remember(wallet, embedder, [TEA, FACT], now=NOW).numbers
    before = statements.every(wallet.vault)
    for new in (TEA, FACT):
        with pytest.raises(UsageError):
            supersede_with(wallet, embedder, tea, new, now=NOW)
    with pytest.raises(UsageError, match="is a fact"):
        supersede(wallet, fact, tea)
    assert statements.every(wallet.vault) == before


def test_a_selection_holds_what_is_asked_for(wallet: Wallet, embedder: HashEmbedder) -> None:
    new = [
        TEA,
        replace(TEA, text="Straße", weight=-0.4, source="csv", valid_from="2020-01-01T00:00:00Z"),
        FACT,
        replace(TEA, text="neutral", weight=0.0, source="csv", sensitivity="public"),
    ]
    tea, street, lisbon, neutral = remember(wallet, embedder, new, now=NOW).numbers
    (again,) = remember(wallet, embedder, [replace(TEA, weight=1.0)], now=NOW).numbers

    def chosen(selection: Selection) -> list[int]:
        return [said.number for said in select(wallet, selection)]

    assert chosen(Selection()) == [street, lisbon, neutral, again]
    assert chosen(Selection(ended=True)) == [tea, street, lisbon, neutral, again]
    assert chosen(Selection(feelings=frozenset({"liked"}))) == [again]
    assert chosen(Selection(feelings=frozenset({"disliked", "fact"}))) == [street, lisbon]
    assert chosen(Selection(source="csv")) == [street, neutral]
    assert chosen(Selection(sensitivity="public")) == [neutral]
    assert chosen(Selection(match="STRASSE")) == [street]
    assert chosen(Selection(since=NOW)) == [lisbon, neutral, again]
    assert chosen(Selection(before=NOW)) == [street]


AWKWARD = [
    'a "quoted", text',
    "=1+1",
    "two\nlines\r\nand\rmore",
    "\u2028 \x85 \u2029",
    "na\u00efve \U0001f600",
    "\x00\x1b[31m",
]


@pytest.mark.parametrize("text", AWKWARD)
def test_an_export_gives_every_text_back_as_it_was_said(
    wallet: Wallet, embedder: HashEmbedder, text: str
) -> None:
    said = replace(TEA, text=f"x{text}", weight=1 / 3)
    remember(wallet, embedder, [said, FACT], now=NOW)
    kept = statements.current(wallet.vault)
    lines = export(kept, "ndjson").splitlines()
    assert len(lines) == 2, "one line each, whatever takes itself for the end of a line"
    assert [json.loads(line)["text"] for line in lines] == [said.text, FACT.text]
    assert [json.loads(line)["weight"] for line in lines] == [1 / 3, 0.0]
    rows = list(csv.DictReader(io.StringIO(export(kept, "csv"), newline="")))
    assert [(row["text"], float(row["weight"]), row["kind"]) for row in rows] == [
        (said.text, 1 / 3, "opinion"),
        (FACT.text, 0.0, "fact"),
    ]
    assert list(json.loads(lines[0])) == list(rows[0])


def test_a_format_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="'xml' is no format"):
        export([], "xml")
