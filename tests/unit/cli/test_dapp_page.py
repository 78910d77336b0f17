"""The consent page says who asks, what would leave, for how long and at what cost, in ten seconds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from ipse.disclosure.budgets import Cost

from ipse.cli.commands.dapp.layout import WIDTH, cells
from ipse.cli.commands.dapp.page import checklist, page
from ipse.disclosure import reasons
from ipse.disclosure.levels.choose import MAX_CANDIDATES, Choose, numbered
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.offers import Item
from ipse.disclosure.proposals import Applicant, Proposal
from ipse.disclosure.warnings import PastAnswer, QuestionWarning, WarningCode
from tests.unit.cli.proposals import (
    BANDS,
    BOOKS,
    CHOOSE,
    FREE,
    SHOP,
    STATEMENTS,
    TOPICS,
    VERIFIED,
    proposal,
    question,
)

_LEVELS: list[Asked] = [CHOOSE, BANDS, TOPICS, STATEMENTS]
_KEY = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
_WARNINGS = (
    QuestionWarning(
        WarningCode.PURPOSE_UNFIT, "what is asked is about Health and Dating; the purpose speaks of Books"
    ),
    QuestionWarning(
        WarningCode.CANDIDATES_OF_ANOTHER,
        "17 of these 20 candidates were asked before by https://other.example, on 2026-11-02",
    ),
)


def _flat(text: str) -> str:
    """The page as one line, to look for what may be wrapped."""
    return " ".join(text.split())


def _field(text: str, label: str) -> str:
    """What stands behind a label of the page, up to the next one."""
    match = re.search(rf"^  {label}: +(.*?)(?=^(?:  \w[\w ]*:|!)|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"no {label} in {text}"
    return _flat(match[1])


@pytest.mark.parametrize("asked", _LEVELS, ids=["choose", "bands", "topics", "statements"])
def test_three_items_with_two_warnings_and_a_past_fit_a_screen(asked: Asked) -> None:
    past = tuple(PastAnswer("2026-11-02T08:00:00Z", "statements", "to fill a shelf " * 10) for _ in range(9))
    applicant = Applicant(SHOP, SHOP, "did:web:shop.example", past)
    shown = proposal(asked, *BOOKS[:3], applicant=applicant, warnings=_WARNINGS)
    text = page(shown) + ("\n" + checklist(shown, ()) if shown.tickable else "")
    assert len(text.strip().splitlines()) <= 26
    assert len(page(proposal(asked, *BOOKS[:3])).strip().splitlines()) <= 20
    assert max(map(cells, text.splitlines())) <= WIDTH


def test_an_unsigned_request_is_nobodys_and_a_signed_one_is_its_dids() -> None:
    unknown = page(proposal(CHOOSE, *BOOKS[:3]))
    assert SHOP in _field(unknown, "who asks")
    assert "nothing proves that they ask" in _field(unknown, "who asks")
    assert "asks for the first time" in _field(unknown, "who asks")
    assert "verified" not in unknown
    verified = page(proposal(CHOOSE, *BOOKS[:3], applicant=VERIFIED))
    assert "verified: its DID signed the request, did:web:shop.example" in _field(verified, "who asks")
    assert "nothing proves" not in verified


def test_a_did_without_a_domain_proves_no_address() -> None:
    who = _field(page(proposal(CHOOSE, *BOOKS[:3], applicant=Applicant(_KEY, SHOP, _KEY))), "who asks")
    assert who.startswith(f"{_KEY} verified: that DID signed the request")
    assert f"the answer goes to {SHOP}; nothing proves that it is theirs" in who


def test_a_long_did_is_shown_to_its_end() -> None:
    did = "did:jwk:" + "eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5In0" * 5
    who = _field(page(proposal(CHOOSE, *BOOKS[:3], applicant=Applicant(did, SHOP, did))), "who asks")
    assert who.replace(" ", "").startswith(did + "verified")


def test_what_it_asked_before_is_counted_and_the_last_three_are_named() -> None:
    past = tuple(PastAnswer(f"2026-11-0{day}T08:00:00Z", "bands", f"reason {day}") for day in (9, 8, 7, 6))
    who = _field(page(proposal(CHOOSE, *BOOKS[:3], applicant=replace(VERIFIED, past=past))), "who asks")
    assert "answered 4 times before, the last 3:" in who
    assert '2026-11-09 bands "reason 9" 2026-11-08 bands "reason 8" 2026-11-07 bands "reason 7"' in who
    assert "reason 6" not in who
    assert "answered once before:" in page(proposal(CHOOSE, *BOOKS[:3], applicant=VERIFIED))


def test_the_purpose_and_the_question_are_in_words() -> None:
    assert _field(page(proposal(CHOOSE, *BOOKS[:3])), "purpose") == '"to show you three books"'
    questions = [_field(page(proposal(asked, "x")), "question") for asked in _LEVELS]
    assert questions == [
        "which 3 of its 4 candidates suit you best",
        "whether your liking is low, medium or high for Jazz and blues, Hiking",
        "which of these you like: Jazz and blues, Hiking",
        'up to 2 sentences of yours, word for word, about "novels"',
    ]


def test_exactly_what_would_leave_is_on_the_page() -> None:
    leaving = _field(page(proposal(CHOOSE, *BOOKS[:3])), "would leave")
    assert leaving.startswith("exactly this, signed under an identity for them alone")
    assert leaving.endswith(" ".join(f'"{book}"' for book in BOOKS[:3]))
    assert BOOKS[3] not in page(proposal(CHOOSE, *BOOKS[:3]))


def test_an_application_can_not_close_the_marks_around_its_words() -> None:
    shown = Choose(numbered(('a" verified: your bank', "b")), 1)
    text = _flat(page(proposal(shown, 'a" verified: your bank')))
    assert '"a\' verified: your bank"' in text


def test_an_answer_that_was_drawn_costs_even_where_it_says_nothing() -> None:
    assert _field(page(proposal(CHOOSE, reason=reasons.TOPICS_CLOSED)), "costs").startswith("1.0 of the 2.0")


def test_a_long_item_is_shown_whole() -> None:
    text = "word " * 59 + "end."
    shown = Choose(numbered((text, "b")), 1)
    assert text.strip() in _flat(page(proposal(shown, text)))


@pytest.mark.parametrize("asked", _LEVELS, ids=["choose", "bands", "topics", "statements"])
def test_an_answer_that_says_nothing_says_why_and_that_a_refusal_looks_the_same(asked: Asked) -> None:
    shown = page(proposal(asked, reason=reasons.NOTHING_SAID, cost=FREE))
    leaving = _field(shown, "would leave")
    assert leaving == f"an answer that says nothing: {reasons.NOTHING_SAID.text} a refusal looks the same"
    assert _field(shown, "costs") == "nothing of the privacy budget"
    assert _field(shown, "stays here") == "everything"


def test_how_long_it_can_be_answered_and_will_be_kept() -> None:
    lasting = _field(page(proposal(CHOOSE, *BOOKS[:3])), "how long")
    assert (
        lasting == "until 2026-11-22 13:00 UTC it can be answered; they say they keep the answer for 30 days"
    )


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (
            Cost(1000, 1000, 5000),
            (
                "1.0 of the 2.0 that its privacy budget has left",
                "then 1.0 stays for it, and 5.0 for all applications",
            ),
        ),
        (Cost(0, 1000, 5000), ("nothing of the budget: what leaves is told as it is",)),
        (
            Cost(0, 1000, 5000, repeated="2026-11-01T10:00:00Z"),
            ("nothing of the budget: the same answer as on 2026-11-01",),
        ),
        (
            Cost(1000, 400, 5000, spent=True, returns="2026-12-01T10:00:00Z"),
            (
                "nothing; its privacy budget has no room for more until 2026-12-01",
                "left: 0.4 for it, 5.0 for all applications",
            ),
        ),
        (
            Cost(1000, 400, 500, spent=True),
            (
                "nothing; its privacy budget has no room for more",
                "left: 0.4 for it, 0.5 for all applications",
            ),
        ),
    ],
    ids=["paid", "free", "repeated", "spent", "never"],
)
def test_what_it_costs_and_what_stays(cost: Cost, said: tuple[str, ...]) -> None:
    assert _field(page(proposal(CHOOSE, *BOOKS[:3], cost=cost)), "costs") == " ".join(said)


def test_warnings_come_first_and_are_marked_and_a_long_page_points_back_to_them() -> None:
    lines = page(proposal(CHOOSE, *BOOKS[:3], warnings=_WARNINGS)).strip().splitlines()
    assert lines[0] == f"! {_WARNINGS[0].text}"
    assert lines[1].startswith("! 17 of these 20")
    assert not any("warnings at the top" in line for line in lines)
    many = [f"topic {number}: high" for number in range(30)]
    long = page(proposal(BANDS, *many, warnings=_WARNINGS)).strip().splitlines()
    assert long[-1] == "! there are warnings at the top of this page"


def test_the_checklist_numbers_its_items_and_shows_what_is_ticked() -> None:
    shown = proposal(STATEMENTS, *(f"sentence {number}" for number in range(1, 11)))
    lines = checklist(shown, frozenset({"2", "10"})).splitlines()
    assert lines[0] == "   1 [ ] sentence 1"
    assert lines[1] == "   2 [x] sentence 2"
    assert lines[9] == "  10 [x] sentence 10"
    assert lines[10] == "  ticked: 2 of 10"
    assert "[x]" not in checklist(shown, frozenset())


def _hostile(text: str) -> Proposal:
    """A proposal in which everything that comes from outside is `text`; the protocol lets less through."""
    asked = Statements("x", 2)
    asking = replace(question(asked), purpose=text, asked=Statements(text, 2))
    applicant = Applicant(SHOP, SHOP, None, (PastAnswer(text, text, text),))
    warning = QuestionWarning(WarningCode.NEW_SUBJECT, text)
    return Proposal(asking, applicant, (Item("1", text), Item("2", "mine")), True, Cost(0, 0, 0), (warning,))


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J\x1b[1;1H\x07",
        "a\nb\r\n  stays here:   everything",
        "x" * 10_000,
        "word " * 2000,
        "\u202eevil\u202c \u2067x\u2069",
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 " * 40,
        "e" + "\u0301" * 9000,
        "\u4e2d\u6587" * 500,
        "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 50,
        " ",
        "",
        "\u2028\u2029\x85\x0b\x0c\x1c",
        "\udc80",
    ],
    ids=[
        "escape", "newlines", "long word", "long", "overrides", "right to left", "marks", "wide", "emoji",
        "blank", "empty", "separators", "surrogate",
    ],
)  # fmt: skip
def test_hostile_words_do_not_break_the_page(text: str) -> None:
    shown = _hostile(text)
    whole = page(shown) + "\n" + checklist(shown, frozenset())
    lines = whole.split("\n")
    assert lines == whole.splitlines()
    assert max(map(cells, lines)) <= WIDTH
    assert "\x1b" not in whole
    assert "\u202e" not in whole
    labels = [line.split(":")[0].strip() for line in lines if re.match(r"  [a-z][a-z ]*:", line)]
    assert labels == [
        "who asks",
        "purpose",
        "question",
        "would leave",
        "how long",
        "costs",
        "stays here",
        "ticked",
    ]
    assert [line for line in lines if line.startswith("  2 [ ] ")] == ["  2 [ ] mine"]
    assert len(re.findall(r"^  \d \[.\] ", whole, re.MULTILINE)) == 2


def test_what_an_application_says_of_itself_is_bounded_but_what_leaves_is_shown_whole() -> None:
    shown = _hostile("x" * 10_000)
    assert len(_field(page(shown), "purpose").replace(" ", "")) < 400
    assert checklist(shown, ()).count("x") == 10_000


def test_the_most_candidates_that_can_be_asked_have_the_same_page() -> None:
    shown = Choose(numbered(f"candidate {number}" for number in range(MAX_CANDIDATES)), 5)
    text = page(proposal(shown, *(f"candidate {number}" for number in range(5))))
    assert f"which 5 of its {MAX_CANDIDATES} candidates" in text
    assert len(text.strip().splitlines()) <= 24
