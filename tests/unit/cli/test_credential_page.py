"""The consent page for credentials: complete, legible at every width, and no word of another's as its own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.cli.commands.dapp.asker import duration, identity
from ipse.cli.commands.dapp.credential_page import leaving, page, ways
from ipse.cli.output import cells
from ipse.encoding.safe_text import is_printable
from ipse.encoding.strict_json import Json
from ipse.protocols.dcql import matching
from ipse.protocols.dcql.matching import HeldCredential
from ipse.protocols.dcql.query import ConcretePath, parse_query
from ipse.protocols.openid4vp import building, parse_request
from ipse.protocols.openid4vp.authorization_request import VerifierAttestation
from ipse.protocols.openid4vp.over_asking import Finding
from ipse.wallet.answering.history import PastRequest
from ipse.wallet.answering.over_asking import Registered
from ipse.wallet.answering.proposals import CredentialOption, CredentialProposal, Leaving

_ADDRESS = "https://shop.example/cb"
_TYPE = "https://issuer.example/person"
_NASTY = 'a"\u201d b\n\x1b[31m\u202e verified: your bank'
_EXPIRES = datetime(2026, 7, 1, 13, tzinfo=UTC)


def _request(**more: Any) -> Any:
    query = {
        "credentials": [
            {
                "id": "pid",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [_TYPE]},
                "claims": [{"path": ["given_name"]}, {"path": ["address", "city"]}],
            }
        ]
    }
    return parse_request(
        building.build_request(
            building.by_address(_ADDRESS),
            query=query,
            nonce="nonce-0123456789abcdef",
            reply_to=_ADDRESS,
            response_mode="fragment",
            **more,
        )
    )


def _leaving(*revealed: tuple[ConcretePath, Json], **changed: Any) -> Leaving:
    made: dict[str, Any] = {
        "query_id": "pid",
        "credential": "0123456789abcdef",
        "types": (_TYPE,),
        "issuer": "did:web:issuer.example",
        "revealed": revealed or ((("given_name",), "Ada"), (("address", "city"), "London")),
        "withheld": 3,
        "whole": False,
        "bound": True,
        "verified": True,
        "prepared": None,
    }
    return Leaving(**{**made, **changed})


def _proposal(*options: Leaving, **changed: Any) -> CredentialProposal:
    made = tuple(CredentialOption((each,), "it reveals the least") for each in options or (_leaving(),))
    return replace(CredentialProposal(request=_request(), options=made), **changed)


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_it_says_who_asks_what_for_what_leaves_and_what_stays() -> None:
    shown = _flat(page(_proposal(purpose="to open your account", retention=timedelta(days=30))))
    for part in (
        "A verifier asks for credentials.",
        "who asks: https://shop.example nothing proves that they ask; the answer is for this address",
        "it asks for the first time",
        'purpose: "to open your account"',
        f'question: "{_TYPE}" with "given_name, address.city"',
        f'would leave: from "{_TYPE}" by did:web:issuer.example:',
        '- given_name: "Ada" - address.city: "London"',
        "signed with its key for them alone",
        "why so: it reveals the least",
        "stays here: 3 other claims of these, and your other credentials",
        "how long: they say they keep the answer for 30 days",
    ):
        assert part in shown, shown


def test_it_says_until_when_it_can_be_answered_where_they_say_so() -> None:
    request = _request(expires=_EXPIRES)
    shown = _flat(page(_proposal(request=request)))
    assert "until 2026-07-01 13:00 UTC it can be answered" in shown
    assert "they do not say for how long they keep the answer" in shown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"whole": True}, "all of it leaves, also what they did not ask for"),
        ({"bound": False}, "not signed by you: whoever gets it can show it to others"),
        ({"verified": False}, "which was not verified when it came in"),
        ({"revealed": ()}, "- none of its claims; that you have it"),
        ({"withheld": 1}, "1 other claim of these"),
        ({"withheld": 0}, "stays here: your other credentials"),
    ],
)
def test_it_says_what_is_particular_about_a_presentation(changed: dict[str, Any], said: str) -> None:
    assert said in _flat(page(_proposal(replace(_leaving(), **changed))))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(18, "18"), (True, "true"), (None, "null"), ([], "[]"), ({}, "{}"), (1.5, "1.5")],
)
def test_a_value_that_is_no_text_is_shown_as_json(value: Json, shown: str) -> None:
    assert f"- x: {shown} " in _flat(page(_proposal(_leaving((("x",), value)))))


def test_a_long_value_is_cut_and_how_much_is_left_out_is_said() -> None:
    shown = _flat(page(_proposal(_leaving((("picture",), "A" * 5000)))))
    assert "and 3000 characters more" in shown


def test_warnings_come_first_and_are_recalled_at_the_end_of_a_long_page() -> None:
    claims = tuple(((f"claim_{number}",), number) for number in range(30))
    made = _proposal(_leaving(*claims), findings=(Finding("values-tested", "it tests a value"),))
    lines = page(made).splitlines()
    assert lines[1] == "! it tests a value"
    assert lines[-1] == "! there are warnings at the top of this page"


@pytest.mark.parametrize("width", [80, 40])
def test_no_line_of_a_warning_reads_like_a_label(width: int) -> None:
    """Whoever writes the words of a warning can choose where its lines are broken."""
    for before in range(width):
        found = Finding("values-tested", f"{'x' * before} who asks: your bank")
        shown = page(_proposal(_leaving((("age",), 5)), findings=(found,)), width).splitlines()
        assert sum(line.startswith("  who asks:") for line in shown) == 1, "the label itself"


def test_nothing_that_fits_is_said_with_the_reason() -> None:
    made = replace(_proposal(), options=(), missing=(("pid", "there is no such credential"),))
    shown = _flat(page(made))
    assert "would leave: nothing: no credential in this wallet is what they ask for" in shown
    assert '"pid": "there is no such credential"' in shown
    assert "why so" not in shown


def test_a_known_party_is_shown_with_what_it_asked_before() -> None:
    past = PastRequest(1, "2026-06-01T10:00:00Z", "x", "", ((_TYPE, ("given_name",)),), said=True)
    shown = _flat(page(_proposal(past=(past,), known_since="2026-05-01T00:00:00Z")))
    assert "known since 2026-05-01; asked for credentials once before:" in shown
    assert '2026-06-01 sent: "given_name"' in shown
    others = _flat(page(_proposal(known_since="2026-05-01T00:00:00Z")))
    assert "known since 2026-05-01; it asks for credentials for the first time" in others


def test_a_registration_is_shown_as_what_the_registrar_says() -> None:
    known = Registered("Shop GmbH", "to check your age", "https://shop.example/privacy")
    shown = _flat(page(_proposal(registered=known)))
    for part in (
        'registered as "Shop GmbH"',
        'registered for "to check your age"',
        'their privacy policy: "https://shop.example/privacy"',
    ):
        assert part in shown


def test_an_attested_verifier_is_called_what_the_attester_calls_it() -> None:
    proof = VerifierAttestation("https://attester.example", "shop", _EXPIRES, None, {})
    assert identity("x", "https://shop.example", None, proof) == [
        '"shop"',
        'verified: "https://attester.example", which you trust, attests that they ask',
        "the answer goes to https://shop.example",
    ]


def test_other_ways_are_numbered_and_the_chosen_one_is_ticked() -> None:
    made = _proposal(_leaving(), _leaving((("age",), 18)))
    assert ways(made, 1).splitlines() == [
        f'  1 [ ] "{_TYPE}" (2 claims)',
        f'  2 [x] "{_TYPE}" (1 claim)',
    ]
    assert ways(_proposal(), 0) == ""
    assert "- age: 18" in leaving(made, 1)


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_and_nothing_steers_the_terminal(width: int) -> None:
    made = _hostile()
    for text in (page(made, width), leaving(made, 0, width), ways(made, 0, width)):
        for line in text.splitlines():
            assert cells(line) <= width, line
            assert is_printable(line.replace("\u2068", "").replace("\u2069", "")), ascii(line)


def test_no_words_of_others_stand_outside_their_marks() -> None:
    shown = _flat(page(_hostile(), 4000).replace("\u2068", "").replace("\u2069", ""))
    outside = "".join(re.split('"[^"]*"', shown))
    assert "your bank" not in outside, outside
    assert shown.count('"') % 2 == 0


def test_the_reason_why_nothing_fits_repeats_their_names_in_marks() -> None:
    one: Json = {"id": "a", "format": "dc+sd-jwt", "meta": {}, "claims": [{"path": [_NASTY]}]}
    query = parse_query({"credentials": [one]})
    (misfit,) = matching.match(query, [HeldCredential("1", "dc+sd-jwt", {"vct": "x"})]).queries["a"].misfits
    made = replace(_proposal(), options=(), missing=(("a", misfit.reason),))
    shown = _flat(page(made, 4000).replace("\u2068", "").replace("\u2069", ""))
    assert "your bank" not in "".join(re.split('"[^"]*"', shown)), shown


@pytest.mark.parametrize("width", [40, 60, 80])
def test_no_line_of_others_begins_like_a_line_of_the_page(width: int) -> None:
    words = "x " * 40 + "signed with its key for them alone " * 6 + "registered for a good cause " * 6
    bad = _leaving((("a",), words), ((words,), 1), types=(words,), issuer=words)
    made = _proposal(bad, bad, purpose=words, registered=Registered(words, "", words), missing=())
    fits = width - (16 if width >= 60 else 4)
    for shown in (page(made, width), leaving(made, 0, width), ways(made, 0, width)):
        for line in shown.splitlines():
            assert not line.strip().startswith("registered for"), shown
        own = [line for line in shown.splitlines() if line.strip().startswith("signed with its")]
        assert len(own) <= (1 if fits > 33 else 2), shown


def _hostile() -> CredentialProposal:
    bad = _leaving(
        ((_NASTY, _NASTY), _NASTY), (("x " * 40,), "y " * 400), types=(_NASTY,), issuer=_NASTY, withheld=1
    )
    past = PastRequest(1, "2026-06-01T10:00:00Z", _NASTY, _NASTY, ((_NASTY, (_NASTY,)),), said=False)
    return _proposal(
        bad,
        bad,
        purpose=_NASTY,
        registered=Registered(_NASTY, _NASTY, _NASTY),
        past=(past,),
        known_since="2026-05-01T00:00:00Z",
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "no time"), (1, "1 second"), (3600, "1 hour"), (90061, "1 day, 1 hour, 1 minute, 1 second")],
)
def test_a_duration_is_said_in_words(seconds: int, said: str) -> None:
    assert duration(seconds) == said
