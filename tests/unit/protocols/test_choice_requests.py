"""The question "which of these?": building it, and reading what any application may have sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.encoding import base64url, strict_json
from ipse.errors import IpseError, MalformedInput, Undetermined, VerificationFailed
from ipse.protocols.preference_choice import TYPE, Candidate, build_request, check_time, parse_request

ADDRESS = "https://shop.example/answers"
ISSUED = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
CANDIDATES = ["Dune by Frank Herbert", "Emma by Jane Austen", "Solaris by Stanisław Lem"]


def built(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "address": ADDRESS,
        "purpose": "Choose what to show first",
        "candidates": CANDIDATES,
        "top": 2,
        "issued": ISSUED,
        "lifetime": HOUR,
    }
    return build_request(**{**parts, **changes})


def question_of(request: dict[str, Any]) -> dict[str, Any]:
    return strict_json.parse_object(base64url.decode(request["transaction_data"][0]))


def asking(**changes: Any) -> dict[str, Any]:
    """A request whose question was changed by hand."""
    request = built()
    question = {**question_of(request), **changes}
    return {**request, "transaction_data": [base64url.encode(strict_json.canonical(question))]}


def listing(*candidates: Any) -> dict[str, Any]:
    """A request for one of two candidates and these."""
    usual = [{"id": "a", "text": "Dune"}, {"id": "b", "text": "Emma"}]
    return asking(candidates=[*usual, *candidates], top=1)


class TestRoundTrip:
    def test_what_is_built_reads_back(self) -> None:
        request = parse_request(built())
        assert request.purpose == "Choose what to show first"
        assert request.candidates == tuple(
            Candidate(str(number), text) for number, text in enumerate(CANDIDATES, 1)
        )
        assert request.top == 2
        assert request.authorization.origin == "https://shop.example"
        assert (request.authorization.issued, request.authorization.expires) == (ISSUED, ISSUED + HOUR)

    def test_each_request_has_a_nonce_of_its_own_of_at_least_128_bits(self) -> None:
        nonces = {built()["nonce"] for _ in range(20)}
        assert len(nonces) == 20
        assert all(len(base64url.decode(nonce)) >= 16 for nonce in nonces)

    def test_the_question_travels_in_transaction_data_and_names_the_credential(self) -> None:
        request = built()
        assert set(question_of(request)) == {"type", "credential_ids", "purpose", "top", "candidates"}
        assert question_of(request)["credential_ids"] == [request["dcql_query"]["credentials"][0]["id"]]
        assert request["dcql_query"]["credentials"][0]["format"] == "dc+sd-jwt"

    @pytest.mark.parametrize("count", [2, 1000])
    def test_the_least_and_the_most_candidates_are_read(self, count: int) -> None:
        texts = [f"book {number}" for number in range(count)]
        request = parse_request(built(candidates=texts, top=count - 1))
        assert [candidate.text for candidate in request.candidates] == texts

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"candidates": ["Dune"]}, "2 to 1000 candidates"),
            ({"candidates": [f"book {number}" for number in range(1001)]}, "2 to 1000 candidates"),
            ({"candidates": ["Dune", "Dune", "Emma"]}, "the same"),
            ({"candidates": ["Dune", ""]}, "empty"),
            ({"top": 0}, "the top 0"),
            ({"top": 3}, "the top 3 of 3"),
            ({"purpose": ""}, "the purpose"),
            ({"address": "http://shop.example"}, "not the address of an application"),
            ({"lifetime": timedelta(0)}, "31 days"),
            ({"lifetime": timedelta(days=32)}, "31 days"),
        ],
    )
    def test_what_could_not_be_read_is_never_built(self, changes: dict[str, Any], reason: str) -> None:
        with pytest.raises(MalformedInput, match=reason):
            built(**changes)


class TestQuestion:
    @pytest.mark.parametrize(
        ("member", "value", "reason"),
        [
            ("credential_ids", None, "credential_ids"),
            ("credential_ids", [], "credential_ids"),
            ("credential_ids", "choice", "credential_ids"),
            ("credential_ids", ["other"], "credential_ids"),
            ("credential_ids", ["choice", "choice"], "credential_ids"),
            ("purpose", None, "the purpose"),
            ("purpose", "", "the purpose"),
            ("purpose", " \t ", "the purpose"),
            ("purpose", 5, "the purpose"),
            ("purpose", ["x"], "the purpose"),
            ("purpose", {"de": "x"}, "the purpose"),
            ("purpose", "x" * 301, "301 characters"),
            ("candidates", None, "candidates"),
            ("candidates", "Dune", "candidates"),
            ("candidates", {}, "candidates"),
            ("candidates", [], "candidates"),
            ("candidates", [{"id": "1", "text": "Dune"}], "candidates"),
            (
                "candidates",
                [{"id": str(number), "text": str(number)} for number in range(1001)],
                "candidates",
            ),
            ("top", None, "the top None"),
            ("top", True, "the top True"),
            ("top", False, "the top False"),
            ("top", 1.0, "the top"),
            ("top", 1.5, "the top 1.5"),
            ("top", "1", "the top '1'"),
            ("top", 0, "the top 0"),
            ("top", -1, "the top -1"),
            ("top", 3, "the top 3 of 3"),
            ("top", 2**53 - 1, "the top"),
            ("top", [1], "the top"),
        ],
    )
    def test_each_malformed_member_is_refused_by_its_name(self, member: str, value: Any, reason: str) -> None:
        if member == "top" and value == 1.0 and type(value) is float:
            # RFC 8785 writes 1.0 as 1: it takes another writer to send it.
            question = strict_json.canonical({**question_of(built()), "top": "TOP"}).replace(b'"TOP"', b"1.0")
            request = {**built(), "transaction_data": [base64url.encode(question)]}
        else:
            request = asking(**{member: value})
        with pytest.raises(MalformedInput, match=reason):
            parse_request(request)

    @pytest.mark.parametrize("member", ["type", "credential_ids", "purpose", "top", "candidates"])
    def test_no_member_can_be_missing(self, member: str) -> None:
        question = question_of(built())
        del question[member]
        request = {**built(), "transaction_data": [base64url.encode(strict_json.canonical(question))]}
        with pytest.raises((MalformedInput, Undetermined)):
            parse_request(request)

    @pytest.mark.parametrize(
        ("member", "value"),
        [("transaction_data_hashes_alg", ["sha-512"]), ("include_scores", True), ("Top", 2)],
    )
    def test_a_member_that_is_not_known_is_never_passed_over(self, member: str, value: Any) -> None:
        # OpenID4VP 1.0 section 8.5, invalid_transaction_data: a known type with unknown fields.
        with pytest.raises((MalformedInput, Undetermined)):
            parse_request(asking(**{member: value}))

    @pytest.mark.parametrize(
        "entry",
        [
            None,
            "Dune",
            [],
            {},
            {"id": "c"},
            {"text": "Solaris"},
            {"id": "c", "text": "Solaris", "score": 1},
            {"id": 3, "text": "Solaris"},
            {"id": "c", "text": None},
            {"id": "", "text": "Solaris"},
            {"id": "c", "text": ""},
            {"id": "c", "text": "   "},
            {"id": "c" * 65, "text": "Solaris"},
            {"id": "c", "text": "x" * 1001},
            {"id": "c\n", "text": "Solaris"},
            {"id": "a", "text": "Solaris"},  # an id that is taken
            {"id": "c", "text": "Dune"},  # a text that is taken
        ],
    )
    def test_a_candidate_is_one_id_and_one_text_both_its_own(self, entry: Any) -> None:
        with pytest.raises(MalformedInput, match="candidate"):
            parse_request(listing(entry))

    def test_the_longest_texts_are_read(self) -> None:
        request = parse_request(
            asking(
                purpose="p" * 300,
                candidates=[{"id": "i" * 64, "text": "t" * 1000}, {"id": "j" * 64, "text": "u"}],
                top=1,
            )
        )
        assert len(request.candidates[0].text) == 1000

    @pytest.mark.parametrize(
        "changes", [{"top": "long\n" * 50_000}, {"purpose": "long\n" * 50_000}, {"type": "long" * 50_000}]
    )
    def test_a_refused_value_is_quoted_on_one_short_line(self, changes: dict[str, Any]) -> None:
        with pytest.raises(IpseError) as caught:
            parse_request(asking(**changes))
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500


DECEPTIVE = {
    "right-to-left override": "\u202e",
    "left-to-right override": "\u202d",
    "right-to-left embedding": "\u202b",
    "pop directional formatting": "\u202c",
    "right-to-left isolate": "\u2067",
    "pop directional isolate": "\u2069",
    "right-to-left mark": "\u200f",
    "Arabic letter mark": "\u061c",
    "zero width space": "\u200b",
    "zero width non-joiner": "\u200c",
    "word joiner": "\u2060",
    "byte order mark": "\ufeff",
    "soft hyphen": "\u00ad",
    "Mongolian vowel separator": "\u180e",
    "tag space": "\U000e0020",
    "newline": "\n",
    "carriage return": "\r",
    "tab": "\t",
    "vertical tab": "\v",
    "form feed": "\f",
    "next line": "\u0085",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "NUL": "\0",
    "escape": "\x1b",
    "control sequence introducer": "\u009b",
    "backspace": "\b",
    "delete": "\x7f",
    "private use": "\ue000",
}
INVISIBLE = {
    "combining grapheme joiner": "\u034f",
    "Hangul choseong filler": "\u115f",
    "Hangul jungseong filler": "\u1160",
    "Hangul filler": "\u3164",
    "halfwidth Hangul filler": "\uffa0",
    "Khmer vowel inherent aq": "\u17b4",
    "Mongolian variation selector": "\u180b",
    "variation selector 17": "\U000e0100",
}


class TestDeceptiveText:
    """What a person reads on the consent page must be what is there."""

    @pytest.mark.parametrize("character", DECEPTIVE.values(), ids=list(DECEPTIVE))
    @pytest.mark.parametrize("form", ["Du{}ne", "{}Dune", "Dune{}"])
    def test_no_control_or_reordering_character_is_in_a_purpose_a_text_or_an_id(
        self, character: str, form: str
    ) -> None:
        text = form.format(character)
        with pytest.raises(MalformedInput, match=f"U\\+{ord(character):04X}"):
            parse_request(asking(purpose=text))
        with pytest.raises(MalformedInput, match="a candidate's text"):
            parse_request(listing({"id": "c", "text": text}))
        with pytest.raises(MalformedInput, match="a candidate's id"):
            parse_request(listing({"id": text, "text": "Solaris"}))

    def test_no_terminal_escape_sequence_is_in_a_purpose(self) -> None:
        for sequence in ("\x1b[2J", "\x1b]0;title\x07", "\x1b]8;;https://evil.example\x1b\\", "\u009b31m"):
            with pytest.raises(MalformedInput, match="control character"):
                parse_request(asking(purpose=f"Choose{sequence}"))

    @pytest.mark.parametrize("character", INVISIBLE.values(), ids=list(INVISIBLE))
    def test_no_invisible_letter_or_mark_is_in_a_text(self, character: str) -> None:
        with pytest.raises(MalformedInput):
            parse_request(listing({"id": "c", "text": f"Sola{character}ris"}))

    @pytest.mark.parametrize(
        "text", ["\u200d", "Dune\u200d", "\u200dDune", "Du\u200dne", "👩\u200d\u200d🚀", "👩\u200d"]
    )
    def test_a_zero_width_joiner_is_nowhere_but_between_what_it_joins(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            parse_request(listing({"id": "c", "text": text}))

    @pytest.mark.parametrize("text", ["Dune ", " Dune", "Du\u0308ne", "D\u00a0une"])
    def test_no_two_candidates_look_the_same(self, text: str) -> None:
        twins = {"Du\u0308ne": "D\u00fcne", "D\u00a0une": "D une"}
        with pytest.raises(MalformedInput):
            parse_request(listing({"id": "c", "text": text}, {"id": "d", "text": twins.get(text, "Solaris")}))

    @pytest.mark.parametrize(
        "text",
        [
            "Die Verwandlung, Fräulein Bürstner",
            "Le Petit Prince",
            "三体",
            "דון קישוט",
            "ألف ليلة وليلة",
            "क्षत्रिय",
            "👩\u200d🚀 in space",
            "❤\ufe0f stories",
            "Cien años de soledad",
            "e\u0301tude",
            "<b>&amp;</b> $(id) `x` ; rm -rf / \\ ' \" | ~",
        ],
    )
    def test_text_in_any_language_is_read_as_it_is(self, text: str) -> None:
        request = parse_request(listing({"id": "c", "text": text}))
        assert request.candidates[2].text == text


class TestWhatElseIsAsked:
    @pytest.mark.parametrize(
        "credentials",
        [
            [{"id": "choice", "format": "mso_mdoc", "meta": {"vct_values": [TYPE]}}],
            [{"id": "choice", "format": "vc+sd-jwt", "meta": {"vct_values": [TYPE]}}],
            [{"id": "choice", "format": "dc+sd-jwt", "meta": {"vct_values": []}}],
            [{"id": "choice", "format": "dc+sd-jwt", "meta": {"vct_values": TYPE}}],
            [{"id": "choice", "format": "dc+sd-jwt", "meta": {}}],
            [{"id": "choice", "format": "dc+sd-jwt", "meta": {"vct_values": [TYPE + ":2"]}}],
            [
                {"id": "choice", "format": "dc+sd-jwt", "meta": {"vct_values": [TYPE]}},
                {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]}},
            ],
        ],
    )
    def test_a_request_for_another_credential_is_undetermined(self, credentials: list[Any]) -> None:
        with pytest.raises(Undetermined, match="something else"):
            parse_request({**built(), "dcql_query": {"credentials": credentials}})

    def test_transaction_data_that_is_not_one_question_is_undetermined(self) -> None:
        entry = built()["transaction_data"][0]
        payment = base64url.encode(b'{"type":"payment","credential_ids":["choice"]}')
        for entries in ([], [payment], [entry, payment], [entry, entry]):
            with pytest.raises(Undetermined, match="transaction_data"):
                parse_request({**built(), "transaction_data": entries})
        request = built()
        del request["transaction_data"]
        with pytest.raises(Undetermined, match="transaction_data"):
            parse_request(request)

    @pytest.mark.parametrize("kind", [None, 5, [TYPE], TYPE + " ", TYPE.upper()])
    def test_another_type_of_question_is_undetermined(self, kind: Any) -> None:
        with pytest.raises(Undetermined, match="transaction_data"):
            parse_request(asking(type=kind))


class TestTime:
    @pytest.mark.parametrize(
        "now", [ISSUED - 60 * SECOND, ISSUED, ISSUED + HOUR, ISSUED + HOUR + 60 * SECOND]
    )
    def test_a_request_can_be_answered_from_its_making_to_its_end_and_a_leeway_around(
        self, now: datetime
    ) -> None:
        check_time(parse_request(built()), now)

    @pytest.mark.parametrize("late", [61 * SECOND, timedelta(days=400)])
    def test_an_expired_request_fails(self, late: timedelta) -> None:
        with pytest.raises(VerificationFailed, match="expired"):
            check_time(parse_request(built()), ISSUED + HOUR + late)

    @pytest.mark.parametrize("early", [61 * SECOND, timedelta(days=400)])
    def test_a_request_from_the_future_fails(self, early: timedelta) -> None:
        with pytest.raises(VerificationFailed, match="future"):
            check_time(parse_request(built()), ISSUED - early)
