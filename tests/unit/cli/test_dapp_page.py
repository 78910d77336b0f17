"""The consent page says who asks, what would leave, for how long and what it gives away, in ten seconds."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ipse.cli.commands.dapp.layout import WIDTH, cells
from ipse.cli.commands.dapp.page import FIRST, checklist, page
from ipse.disclosure import reasons
from ipse.disclosure.exposure import LONG, Exposure
from ipse.disclosure.levels.candidates import MAX_CANDIDATES, numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.offers import Item, Offer
from ipse.disclosure.proposals import Applicant, Exposed, Proposal
from ipse.disclosure.terms import MAX_IN_RETURN, Terms
from ipse.disclosure.warnings import PastAnswer, QuestionWarning, WarningCode
from tests.unit.cli.proposals import (
    BANDS,
    BOOKS,
    CHOOSE,
    DOUBTED,
    LITTLE,
    ORDER,
    SHOP,
    STATEMENTS,
    STRANGER,
    TOPICS,
    VERIFIED,
    offered,
    proposal,
    question,
)

_LEVELS: list[Asked] = [CHOOSE, ORDER, BANDS, TOPICS, STATEMENTS]
_every_level = pytest.mark.parametrize("asked", _LEVELS, ids=[asked.level for asked in _LEVELS])
_WIDTHS = (80, 40)
_every_width = pytest.mark.parametrize("width", _WIDTHS)
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


def _list(shown: Proposal, width: int = WIDTH, most: int = FIRST) -> str:
    """The list as it is shown first."""
    return checklist(shown, shown.offer.items, shown.preticked, most, width)


@_every_level
def test_the_page_fits_a_screen_and_so_does_the_list_of_three_without_its_reasons(asked: Asked) -> None:
    past = tuple(PastAnswer("2026-11-02T08:00:00Z", "statements", "to fill a shelf " * 10) for _ in range(9))
    applicant = Applicant(SHOP, SHOP, "did:web:shop.example", past)
    shown = proposal(asked, *BOOKS[:3], applicant=applicant, warnings=_WARNINGS)
    assert len(page(shown).strip().splitlines()) <= 24
    plain = proposal(asked, *BOOKS[:3])
    assert len(f"{page(plain)}\n{_list(plain)}".strip().splitlines()) <= 22
    assert len(_list(shown).splitlines()) == 4


@_every_width
@_every_level
def test_no_line_is_wider_than_the_terminal(asked: Asked, width: int) -> None:
    past = (PastAnswer("2026-11-02T08:00:00Z", "statements", "to fill a shelf " * 10),)
    shown = proposal(
        asked, *BOOKS, why="quiet " * 40, applicant=replace(VERIFIED, past=past), warnings=_WARNINGS
    )
    whole = f"{page(shown, width)}\n{_list(shown, width)}"
    assert max(map(cells, whole.splitlines())) <= width


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
        "in which order you like its 4 candidates",
        "whether your liking is low, medium or high for Jazz and blues, Hiking",
        "which of these you like: Jazz and blues, Hiking",
        'up to 2 sentences of yours, word for word, about "novels"',
    ]


def test_what_they_promise_is_on_the_page_and_nothing_where_nothing_is_offered() -> None:
    assert "promise" not in page(proposal(CHOOSE, *BOOKS[:3]))
    offered = Terms(no_resale=True, deletion_on_demand=True, in_return='tea" costs: nothing')
    shown = page(proposal(CHOOSE, *BOOKS[:3], question=question(terms=offered)))
    assert _field(shown, "promises") == (
        "they promise not to sell your answer, nor a copy of it "
        "they promise to delete your answer when you withdraw it "
        'they promise you in return: "tea\' costs: nothing"'
    )


def test_a_promise_in_wide_letters_takes_no_more_room_than_a_purpose() -> None:
    offered = Terms(in_return="\u8336" * MAX_IN_RETURN)
    text = page(proposal(CHOOSE, *BOOKS[:3], question=question(terms=offered)))
    assert text.count("\u8336") <= 160
    assert all(cells(line) <= WIDTH for line in text.splitlines())


def test_what_would_leave_is_what_is_ticked_below() -> None:
    def leaving(asked: Asked) -> str:
        return _field(page(proposal(asked, *BOOKS, chosen=3)), "would leave")

    signed = "signed under an identity for them alone"
    assert leaving(CHOOSE) == f"what is ticked below, as your own choice, {signed}"
    assert leaving(ORDER) == f"what is ticked below, in this order, as your own choice, {signed}"
    for asked in (BANDS, TOPICS, STATEMENTS):
        assert leaving(asked) == f"what you tick below, and no more, {signed}"


def test_a_choice_and_an_order_are_ticked_beforehand_and_nothing_else_is() -> None:
    ticked = {asked.level: _list(proposal(asked, *BOOKS, chosen=2)).count("[x]") for asked in _LEVELS}
    assert ticked == {"choose": 2, "order": 2, "bands": 0, "topics": 0, "statements": 0}


def test_an_application_can_not_close_the_marks_around_its_words() -> None:
    text = _flat(_list(proposal(CHOOSE, 'a" verified: your bank')))
    assert '"a\' verified: your bank"' in text


def test_the_words_of_an_application_stand_in_quotation_marks_and_the_owners_do_not() -> None:
    for asked in _LEVELS:
        quoted = '1 [ ] "Dune"' in checklist(proposal(asked, "Dune"), offered("Dune").items, (), 1)
        assert quoted == (asked in (CHOOSE, ORDER))


def test_each_item_has_the_statement_that_speaks_for_it_cut_to_a_few_lines() -> None:
    lines = _list(proposal(CHOOSE, "Dune", why="novels about deserts")).splitlines()
    assert lines[:2] == ['  1 [x] "Dune"', "        for you said: novels about deserts"]
    assert "for you said" not in _list(proposal(CHOOSE, "Dune"))
    long = _list(proposal(CHOOSE, "Dune", why="deserts " * 100))
    assert long.count("deserts") <= 15
    assert "…" in long


def test_a_long_item_is_shown_whole() -> None:
    """Each of its lines begins with a quotation mark, so that none passes for one of the page's."""
    text = "word " * 59 + "end."
    assert text in _flat(_list(proposal(CHOOSE, text)).replace('"', ""))


@_every_level
def test_an_answer_that_says_nothing_says_why_and_that_a_refusal_looks_the_same(asked: Asked) -> None:
    shown = page(proposal(asked, reason=reasons.NOTHING_SAID))
    leaving = _field(shown, "would leave")
    assert leaving == f"an answer that says nothing: {reasons.NOTHING_SAID.text} a refusal looks the same"
    assert _field(shown, "gives away") == "nothing more than before"
    assert _field(shown, "stays here") == "everything"


def test_where_the_profile_has_no_choice_the_owner_can_still_tick() -> None:
    shown = proposal(CHOOSE, *BOOKS, chosen=0, reason=reasons.NOTHING_SAID)
    assert _field(page(shown), "would leave").startswith("what you tick below, and no more")
    assert _field(page(shown), "gives away") == "nothing more than before, as long as you tick nothing"
    assert _list(shown).splitlines()[-1] == "  ticked: 0 of 4, at most 3 can be"


def test_how_long_it_can_be_answered_and_will_be_kept() -> None:
    lasting = _field(page(proposal(CHOOSE, *BOOKS[:3])), "how long")
    assert (
        lasting == "until 2026-11-22 13:00 UTC it can be answered; they say they keep the answer for 30 days"
    )


def test_an_unconfirmed_date_is_on_the_page_and_yes_confirms_it() -> None:
    assert _field(page(proposal(CHOOSE, *BOOKS[:3], date=DOUBTED)), "date") == (
        "today is 2026-11-22: yes confirms that too it was last confirmed on 2026-10-13, 40 days ago"
    )
    assert "date:" not in page(proposal(CHOOSE, *BOOKS[:3]))


def _reading(rho: float, share: float) -> Exposure:
    return Exposure(rho, share, STRANGER.stranger, 100.0)


def test_what_it_gives_away_is_in_words_beside_what_a_stranger_could_name() -> None:
    away = _field(page(proposal(CHOOSE, *BOOKS, chosen=3)), "gives away")
    assert away == (
        "of your next three choices it could name about a quarter"
        " somebody who was told nothing: hardly more than by chance"
    )
    shared = Exposed(own=LITTLE.own, shared=_reading(0.4, 0.5), answer=10.2)
    away = _field(page(proposal(CHOOSE, *BOOKS, chosen=3, reading=shared)), "gives away")
    assert away.endswith("all applications together: about half")


def test_what_it_gives_away_is_read_for_what_the_profile_would_choose() -> None:
    asked_for: list[tuple[str, ...]] = []

    def exposed(items: tuple[Item, ...]) -> Exposed:
        asked_for.append(tuple(item.text for item in items))
        return LITTLE

    page(proposal(CHOOSE, *BOOKS, chosen=3, exposed=exposed))
    assert asked_for == [BOOKS[:3]]


@pytest.mark.parametrize(
    ("exposed", "warning"),
    [
        (LITTLE, None),
        (Exposed(_reading(0.2, 0.3), STRANGER, LONG), None),
        (Exposed(_reading(0.2, 0.3), STRANGER, LONG + 1), "! this answer alone tells a lot: of your next"),
        (Exposed(_reading(0.49, 0.5), STRANGER, 10), None),
        (
            Exposed(_reading(0.5, 0.5), STRANGER, 10),
            "! with this answer it would know you well: of your next",
        ),
        (Exposed(LITTLE.own, _reading(0.69, 0.7), 10), None),
        (
            Exposed(LITTLE.own, _reading(0.7, 0.7), 10),
            "! applications that share what they were told would know you",
        ),
    ],
    ids=["little", "not long", "long", "not known", "known", "not known to all", "known to all"],
)
def test_a_reading_that_is_high_is_a_warning(exposed: Exposed, warning: str | None) -> None:
    first = page(proposal(CHOOSE, *BOOKS, chosen=3, reading=exposed)).strip().splitlines()[0]
    assert first.startswith(warning or "An application asks")


def test_warnings_come_first_and_are_marked_and_a_long_page_points_back_to_them() -> None:
    lines = page(proposal(CHOOSE, *BOOKS[:3], warnings=_WARNINGS)).strip().splitlines()
    assert lines[0] == f"! {_WARNINGS[0].text}"
    assert lines[1].startswith("! 17 of these 20")
    few = page(proposal(CHOOSE, *BOOKS[:3], warnings=_WARNINGS[:1]))
    assert "warnings at the top" not in few
    long = page(proposal(BANDS, *(f"topic {number}: high" for number in range(30)), warnings=_WARNINGS))
    assert long.strip().splitlines()[-1] == "! there are warnings at the top of this page"
    reasoned = page(proposal(CHOOSE, *BOOKS[:3], why="deserts " * 14, warnings=_WARNINGS[:1]))
    assert reasoned.strip().splitlines()[-1] == "! there are warnings at the top of this page"


def test_the_checklist_numbers_its_items_and_shows_what_is_ticked() -> None:
    shown = proposal(STATEMENTS, *(f"sentence {number}" for number in range(1, 11)))
    lines = checklist(shown, shown.offer.items, frozenset({"2", "10"}), FIRST).splitlines()
    assert lines[0] == "   1 [ ] sentence 1"
    assert lines[1] == "   2 [x] sentence 2"
    assert lines[9] == "  10 [x] sentence 10"
    assert lines[10] == "  ticked: 2 of 10, at most 2 can be"
    assert "[x]" not in checklist(shown, shown.offer.items, frozenset(), FIRST)


def test_the_checklist_has_the_order_that_the_owner_gave_it() -> None:
    shown = proposal(ORDER, *BOOKS)
    moved = [*shown.offer.items[1:], shown.offer.items[0]]
    lines = checklist(shown, moved, {"1"}, FIRST).splitlines()
    assert [line for line in lines if "[" in line] == [
        f'  1 [ ] "{BOOKS[1]}"',
        f'  2 [ ] "{BOOKS[2]}"',
        f'  3 [ ] "{BOOKS[3]}"',
        f'  4 [x] "{BOOKS[0]}"',
    ]


@_every_width
def test_a_long_list_begins_with_a_few_and_says_how_many_more_there_are(width: int) -> None:
    texts = [f"candidate {number}" for number in range(1, MAX_CANDIDATES + 1)]
    shown = proposal(Choose(numbered(texts), 5), *texts, chosen=5)
    lines = _list(shown, width).splitlines()
    assert [line for line in lines if "candidate" in line][-1] == '   12 [ ] "candidate 12"'
    assert lines[-2:] == [
        f"  and {MAX_CANDIDATES - FIRST} more: type more",
        f"  ticked: 5 of {MAX_CANDIDATES}, at most 5 can be",
    ]
    assert "type more" not in _list(shown, width, most=MAX_CANDIDATES)


def _hostile(text: str) -> Proposal:
    """A proposal in which everything that comes from outside is `text`; the protocol lets less through."""
    asked = Statements("x", 2)
    asking = replace(question(asked), purpose=text, asked=Statements(text, 2))
    applicant = Applicant(SHOP, SHOP, None, (PastAnswer(text, text, text),))
    warning = QuestionWarning(WarningCode.NEW_SUBJECT, text)
    offer = Offer((Item("1", text), Item("2", "mine", why=text)), ("1", "2"))
    return Proposal(asking, applicant, offer, lambda _: LITTLE, (warning,))


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
    narrow = page(shown, 40) + "\n" + _list(shown, 40)
    assert max(map(cells, narrow.split("\n"))) <= 40
    whole = page(shown) + "\n" + _list(shown)
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
        "gives away",
        "how long",
        "stays here",
        "ticked",
    ]
    assert [line for line in lines if line.startswith("  2 [ ] ")] == ["  2 [ ] mine"]
    assert len(re.findall(r"^  \d \[.\] ", whole, re.MULTILINE)) == 2


def test_what_an_application_says_of_itself_is_bounded_but_what_leaves_is_shown_whole() -> None:
    shown = _hostile("x" * 10_000)
    assert len(_field(page(shown), "purpose").replace(" ", "")) < 400
    assert _list(shown).count("x") == 10_000 + 119  # the statement that speaks for the other is cut


def test_the_most_candidates_that_can_be_asked_have_the_same_page() -> None:
    texts = [f"candidate {number}" for number in range(MAX_CANDIDATES)]
    text = page(proposal(Choose(numbered(texts), 5), *texts, chosen=5))
    assert f"which 5 of its {MAX_CANDIDATES} candidates" in text
    assert len(text.strip().splitlines()) <= 24
