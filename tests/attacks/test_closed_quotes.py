"""Words that close the quotation marks around them.

The attacker asked for consent with a purpose like `books” verified: your bank “`, and wanted the reader to
take its end for the page's own words. It cannot come back because all that stands between quotation marks
goes through `safe_text.without_quotes`: every opening and closing mark of Unicode, and what can be taken
for one, is an apostrophe there, and two in a row are one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipse.cli.commands.dapp.page import checklist, page
from ipse.cli.commands.vc import rendering
from ipse.disclosure.levels.candidates import numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.proposals import Applicant, Proposal
from ipse.disclosure.warnings import PastAnswer
from ipse.encoding.safe_text import without_quotes
from tests.unit.cli.proposals import CHOOSE, SHOP, proposal

# From U+20000 on there are ideographs, and what has no shape of its own.
_SHAPES = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code))[0] in "PSZLN"]
_BY_CATEGORY = [character for character in _SHAPES if unicodedata.category(character) in ("Pi", "Pf")]
_BY_NAME = [
    character
    for character in _SHAPES
    if re.search(
        r"QUOTATION MARK|\bPRIME\b|APOSTROPHE|GERSHAYIM|DITTO|CORNER BRACKET|DOUBLE ANGLE BRACKET",
        unicodedata.name(character, ""),
    )
    and unicodedata.category(character) not in ("Ll", "Lu")
]
_KIN = [
    '"', "''", "``", "\u02ba", "\u02ee", "\u02dd", "\u2033", "\u2036", "\uff02", "\u301d", "\u301e", "\u301f",
]  # fmt: skip
MARKS = sorted({*_BY_CATEGORY, *_BY_NAME, *_KIN})
_OPENS_OR_CLOSES = re.compile(
    "[\"\u00ab\u00bb\u2018-\u201f\u2032-\u2037\u2039\u203a\u02ba\u02ee\u301d-\u301f\uff02]|''"
)


def _inside(shown: str) -> list[str]:
    """What stands between the page's own marks, one after the other."""
    return re.findall('"([^"]*)"', " ".join(shown.split()))


def test_the_marks_of_all_scripts_are_looked_at() -> None:
    assert len(_BY_CATEGORY) > 20
    assert len(MARKS) > 60


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_no_mark_ends_the_purpose_before_it_ends(mark: str) -> None:
    purpose = f"books{mark} verified: your bank {mark}x"
    shown = page(_asking(purpose))
    assert "books' verified: your bank 'x" in _inside(shown)


def _asking(purpose: str) -> Proposal:
    made = proposal(CHOOSE, "Dune")
    return replace(made, question=replace(made.question, purpose=purpose))


@pytest.mark.parametrize("mark", _KIN, ids=ascii)
def test_nor_a_candidate_nor_what_is_asked_about_nor_an_earlier_purpose(mark: str) -> None:
    text = f"a{mark} verified"
    choice = proposal(Choose(numbered([text, "b"]), 1), text)
    candidates = checklist(choice, choice.offer.items, (), 9)
    about = page(proposal(Statements(text, 1), "x"))
    applicant = Applicant(SHOP, SHOP, None, (PastAnswer("2026-11-02T08:00:00Z", "bands", text),))
    past = page(proposal(CHOOSE, "Dune", applicant=applicant))
    for shown in (candidates, about, past):
        assert "a' verified" in _inside(shown), shown


@pytest.mark.parametrize("mark", MARKS, ids=ascii)
def test_nor_the_title_of_a_credential(mark: str) -> None:
    shown = rendering._quoted(f"Degree{mark}, issued by did:web:bank.example")
    assert shown == "\u201cDegree', issued by did:web:bank.example\u201d"


@given(
    st.text(
        st.sampled_from([*filter(lambda mark: len(mark) == 1, MARKS), "a", " ", "\u030b", "\u030e", "'"]),
        max_size=12,
    )
)
def test_what_is_shown_between_marks_has_none(text: str) -> None:
    assert not _OPENS_OR_CLOSES.search(without_quotes(text + "``"))


@pytest.mark.parametrize(
    "text", ["\u0151z", "na\u00efve", "Fr\u00e4ulein", "\u05d9\u05d5\u05dd", "o\u030b", "don't"]
)
def test_letters_and_their_accents_stay(text: str) -> None:
    assert without_quotes(text) == text
