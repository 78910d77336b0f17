"""The questions at each level: building them, and reading what any application may have sent."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any, Final

import pytest

from ipse.disclosure.levels import NAMES
from ipse.disclosure.levels.bands import Bands
from ipse.disclosure.levels.candidates import Candidate, numbered
from ipse.disclosure.levels.choose import Choose
from ipse.disclosure.levels.level import Asked
from ipse.disclosure.levels.order import Order
from ipse.disclosure.levels.statements import Statements
from ipse.disclosure.levels.topics import Topics
from ipse.disclosure.questions import MAX_RETENTION, MAX_WITH_TERMS, MIN_RETENTION, parse_question, type_of
from ipse.disclosure.terms import Terms
from ipse.encoding import base64url, strict_json
from ipse.errors import InputTooLarge, IpseError, MalformedInput, Undetermined, WrongOrigin
from tests.unit.disclosure.material import (
    ASKED,
    DAY,
    HOUR,
    ISSUED,
    SHOP_DID,
    built,
    question,
    signer_of,
)

SECOND = timedelta(seconds=1)


def request_object(level: str = "choose", **changes: Any) -> dict[str, Any]:
    made = built(level, **changes)
    assert isinstance(made, dict)
    return made


def content_of(request: dict[str, Any]) -> dict[str, Any]:
    return strict_json.parse_object(base64url.decode(request["transaction_data"][0]))


def asking(level: str = "choose", **changes: Any) -> dict[str, Any]:
    """A request whose question was changed by hand; `...` leaves a member out."""
    request = request_object(level)
    content = {**content_of(request), **changes}
    content = {name: value for name, value in content.items() if value is not ...}
    return {**request, "transaction_data": [base64url.encode(strict_json.canonical(content))]}


def listing(*candidates: Any) -> dict[str, Any]:
    """A request for one of two candidates and these."""
    usual = [{"id": "a", "text": "Dune"}, {"id": "b", "text": "Emma"}]
    return asking(candidates=[*usual, *candidates], top=1)


class TestRoundTrip:
    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("signer", [None, signer_of()], ids=["unsigned", "signed"])
    def test_what_is_built_reads_back(self, level: str, signer: Any) -> None:
        read = question(level, signer=signer)
        assert read.asked == ASKED[level]
        assert read.level == level
        assert read.purpose == "Choose what to show first"
        assert read.retention == 7 * DAY
        assert read.authorization.origin == "https://shop.example"
        assert (read.authorization.issued, read.authorization.expires) == (ISSUED, ISSUED + HOUR)
        assert read.party == read.authorization.party == (SHOP_DID if signer else "https://shop.example")

    def test_there_is_a_level_for_each_kind_of_question(self) -> None:
        assert set(ASKED) == set(NAMES)

    def test_each_request_has_a_nonce_of_its_own_of_at_least_128_bits(self) -> None:
        nonces = {request_object()["nonce"] for _ in range(20)}
        assert len(nonces) == 20
        assert all(len(base64url.decode(nonce)) >= 16 for nonce in nonces)

    @pytest.mark.parametrize(
        ("level", "members"),
        [
            ("choose", {"candidates", "top"}),
            ("order", {"candidates"}),
            ("bands", {"topics"}),
            ("topics", {"topics"}),
            ("statements", {"about", "limit"}),
        ],
    )
    def test_the_question_travels_in_transaction_data_and_names_the_credential(
        self, level: str, members: set[str]
    ) -> None:
        request = request_object(level)
        (query,) = request["dcql_query"]["credentials"]
        content = content_of(request)
        assert set(content) == {"type", "credential_ids", "purpose", "retention", *members}
        assert content["credential_ids"] == [query["id"]]
        assert content["type"] == f"urn:ipse:preferences:{level}:1" == type_of(level)
        assert query == {"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [type_of(level)]}}

    @pytest.mark.parametrize(
        "asked",
        [
            Choose(numbered(["a", "b"]), 1),
            Choose(numbered(f"book {number}" for number in range(500)), 499),
            Order(numbered(["a", "b"])),
            Order(numbered(f"book {number}" for number in range(500))),
            Topics(("a",)),
            Topics(tuple(f"topic-{number}" for number in range(200))),
            Bands(tuple(str(number).rjust(64, "x") for number in range(200))),
            Statements("x", 1),
            Statements("x" * 300, 10),
        ],
    )
    def test_the_least_and_the_most_that_can_be_asked_is_read(self, asked: Asked) -> None:
        assert question(asked=asked).asked == asked

    @pytest.mark.parametrize("retention", [MIN_RETENTION, MAX_RETENTION])
    def test_answers_are_kept_from_an_hour_to_ten_years(self, retention: timedelta) -> None:
        assert question(retention=retention).retention == retention

    def test_an_answer_is_kept_for_30_days_where_the_question_does_not_say(self) -> None:
        assert parse_question(asking(retention=...)).retention == 30 * DAY

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"asked": Choose(numbered(["Dune"]), 1)}, "2 to 500 candidates"),
            ({"asked": Choose(numbered(map(str, range(501))), 1)}, "2 to 500 candidates"),
            ({"asked": Order(numbered(["Dune"]))}, "2 to 500 candidates"),
            ({"asked": Order(numbered(map(str, range(501))))}, "2 to 500 candidates"),
            ({"asked": Order(numbered(["Dune", "Dune "]))}, "the same"),
            ({"asked": Choose(numbered(["Dune", "Dune", "Emma"]), 1)}, "the same"),
            ({"asked": Choose(numbered(["Dune", ""]), 1)}, "empty"),
            ({"asked": Choose(numbered(["Dune", "Emma"]), 0)}, "the top 0"),
            ({"asked": Choose(numbered(["Dune", "Emma"]), 2)}, "the top 2 of 2"),
            ({"asked": Choose(numbered(map(str, range(9))), 9)}, "the top 9 of 9"),
            ({"asked": Topics(())}, "1 to 200 topics"),
            ({"asked": Bands(("Jazz",))}, "'Jazz' is not the id of a topic"),
            ({"asked": Bands(("jazz", "jazz"))}, "twice"),
            ({"asked": Statements("", 1)}, "asked about"),
            ({"asked": Statements("novels", 0)}, "0 statements"),
            ({"asked": Statements("novels", 11)}, "11 statements"),
            ({"retention": timedelta(0)}, "the retention 0"),
            ({"retention": MIN_RETENTION - SECOND}, "the retention 3599"),
            ({"retention": MAX_RETENTION + SECOND}, "the retention"),
            ({"retention": timedelta.max}, "the retention"),
            ({"purpose": ""}, "the purpose"),
            ({"address": "http://shop.example"}, "not the address of an application"),
            ({"lifetime": timedelta(0)}, "31 days"),
            ({"lifetime": timedelta(days=32)}, "31 days"),
            ({"lifetime": timedelta(0), "signer": signer_of()}, "31 days"),
        ],
    )
    def test_what_could_not_be_read_is_never_built(self, changes: dict[str, Any], reason: str) -> None:
        with pytest.raises(MalformedInput, match=reason):
            built(**changes)


class TestIdentity:
    """Which questions are the same, so that asking again gets nothing new."""

    def test_it_has_32_bytes(self) -> None:
        assert len(question().identity) == 32

    @pytest.mark.parametrize("level", NAMES)
    def test_neither_nonce_purpose_retention_time_nor_asker_counts(self, level: str) -> None:
        same = question(
            level,
            purpose="Something else",
            retention=DAY,
            issued=ISSUED + HOUR,
            address="https://other.example",
            signer=signer_of(),
        )
        assert same.identity == question(level).identity

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Choose(numbered(["Dune", "Emma"]), 1), Choose(numbered(["Emma", "Dune"]), 1)),
            (
                Choose(numbered(["Dune", "Emma"]), 1),
                Choose((Candidate("x", "Dune"), Candidate("y", "Emma")), 1),
            ),
            (Choose(numbered(["Dune", "Emma"]), 1), Choose(numbered([" Dune", "Emma\ufe0f"]), 1)),
            (Order(numbered(["Dune", "Emma"])), Order((Candidate("x", "Emma"), Candidate("y", " Dune")))),
            (Topics(("a", "b")), Topics(("b", "a"))),
            (Bands(("a", "b")), Bands(("b", "a"))),
            (Statements("old  novels", 2), Statements("old novels", 2)),
        ],
    )
    def test_order_ids_and_spelling_do_not_count(self, one: Asked, other: Asked) -> None:
        assert question(asked=one).identity == question(asked=other).identity

    def test_different_questions_have_different_identities(self) -> None:
        different: list[Asked] = [
            *ASKED.values(),
            Choose(numbered(["Dune", "Emma", "Solaris"]), 1),
            Choose(numbered(["Dune", "Emma", "Solaris"]), 2),
            Choose(numbered(["Dune", "Emma", "Walden"]), 2),
            Order(numbered(["Dune", "Emma", "Solaris"])),
            Order(numbered(["Dune", "Emma", "Walden"])),
            Topics(("a",)),
            Topics(("a", "b")),
            Bands(("a", "b")),
            Topics(("a-b",)),
            Statements("novels", 2),
            Statements("poems", 2),
        ]
        assert len({question(asked=asked).identity for asked in different}) == len(different)


class TestQuestion:
    MALFORMED: Final[list[tuple[tuple[str, ...], str, str, list[Any]]]] = [
        (NAMES, "credential_ids", "credential_ids|not asked for",
         [..., None, [], "answer", ["other"], ["answer", "answer"]]),
        (NAMES, "purpose", "the purpose",
         [..., None, "", " \t ", 5, ["x"], {"de": "x"}, "x" * 301, "a\x1b[2Jb"]),
        (NAMES, "retention", "the retention",
         [None, 0, -1, 3599, 3653 * 86400 + 1, "3600", True, 3600.5, [3600], 2**53 - 1]),
        (("choose", "order"), "candidates", "candidates",
         [..., None, "Dune", {}, [], [{"id": "1", "text": "Dune"}],
          [{"id": str(number), "text": str(number)} for number in range(501)]]),
        (("choose",), "top", "the request asks for the top",
         [..., None, True, False, 1.5, "1", 0, -1, 4, 2**53 - 1, [1]]),
        (("topics", "bands"), "topics", "topic",
         [..., None, "jazz", {}, {"jazz": 1}, [], ["jazz", "jazz"], [1], [None], [["jazz"]], [""], ["Jazz"],
          ["ja zz"], ["jazz\n"], ["own:jazz"], ["j\u00e4zz"], ["x" * 65],
          [f"t{number}" for number in range(201)]]),
        (("statements",), "about", "asked about",
         [..., None, "", " ", 5, ["novels"], "x" * 301, "no\u202evels"]),
        (("statements",), "limit", "statements, not for 1 to 10",
         [..., None, 0, -1, 11, True, "3", 1.5, [3]]),
    ]  # fmt: skip

    @pytest.mark.parametrize(
        ("level", "member", "value", "reason"),
        [
            (level, member, value, reason)
            for levels, member, reason, values in MALFORMED
            for level in levels
            for value in values
        ],
    )
    def test_each_malformed_member_is_refused_by_its_name(
        self, level: str, member: str, value: Any, reason: str
    ) -> None:
        with pytest.raises(MalformedInput, match=reason):
            parse_question(asking(level, **{member: value}))

    @pytest.mark.parametrize(
        ("level", "member"), [("choose", "top"), ("statements", "limit"), ("bands", "retention")]
    )
    def test_a_whole_number_written_as_a_fraction_is_refused(self, level: str, member: str) -> None:
        # RFC 8785 writes 3600.0 as 3600: it takes another writer to send it.
        content = {**content_of(request_object(level)), member: "NUMBER"}
        written = strict_json.canonical(content).replace(b'"NUMBER"', b"3600.0")
        with pytest.raises(MalformedInput):
            parse_question({**request_object(level), "transaction_data": [base64url.encode(written)]})

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize(
        ("member", "value"),
        [
            ("transaction_data_hashes_alg", ["sha-512"]),
            ("include_scores", True),
            ("Topics", ["jazz"]),
            ("epsilon", 10),
            ("method", "owner"),
            ("window", "2026-03-08"),
            ("vectors", 1),
        ],
    )
    def test_a_member_that_is_not_known_is_never_passed_over(
        self, level: str, member: str, value: Any
    ) -> None:
        # OpenID4VP 1.0 section 8.5, invalid_transaction_data: a known type with unknown fields.
        with pytest.raises(MalformedInput, match="unknown member"):
            parse_question(asking(level, **{member: value}))

    @pytest.mark.parametrize(
        ("level", "foreign"),
        [
            ("topics", {"top": 1}),
            ("choose", {"topics": ["jazz"]}),
            ("order", {"top": 1}),
            ("bands", {"limit": 1}),
            ("statements", {"top": 1}),
        ],
    )
    def test_a_member_of_another_level_is_never_passed_over(
        self, level: str, foreign: dict[str, Any]
    ) -> None:
        with pytest.raises(MalformedInput, match="unknown member"):
            parse_question(asking(level, **foreign))

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
            {"id": "c", "text": "x" * 301},
            {"id": "c\n", "text": "Solaris"},
            {"id": "c\u202e", "text": "Solaris"},
            {"id": "c", "text": "Sol\u200baris"},
            {"id": "a", "text": "Solaris"},  # an id that is taken
            {"id": "c", "text": "Dune"},  # texts that are taken
            {"id": "c", "text": "Dune "},
            {"id": "c", "text": "Dune\ufe0f"},
        ],
    )
    def test_a_candidate_is_one_id_and_one_text_both_its_own(self, entry: Any) -> None:
        with pytest.raises(MalformedInput, match="candidate"):
            parse_question(listing(entry))

    def test_the_longest_texts_are_read(self) -> None:
        longest = [{"id": "i" * 64, "text": "t" * 300}, {"id": "j" * 64, "text": "u"}]
        read = parse_question(asking(purpose="p" * 300, candidates=longest, top=1))
        assert read.asked == Choose((Candidate("i" * 64, "t" * 300), Candidate("j" * 64, "u")), 1)

    @pytest.mark.parametrize("level", ["choose", "order"])
    def test_a_signed_request_of_the_most_and_longest_candidates_is_read(self, level: str) -> None:
        """The longest a candidate can be is 300 characters of four bytes, with an id of 64 such."""
        candidates = tuple(
            Candidate(f"{number:03}" + "\U00010400" * 61, f"{number:03}" + "\U00010400" * 297)
            for number in range(500)
        )
        asked: Asked = Choose(candidates, 499) if level == "choose" else Order(candidates)
        request = built(asked=asked, purpose="\U00010400" * 300, signer=signer_of())
        assert isinstance(request, str)
        assert parse_question(request).asked == asked

    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize(
        "member", ["type", "purpose", "retention", "top", "topics", "about", "limit", "candidates", "other"]
    )
    def test_a_refused_value_is_quoted_on_one_short_line(self, level: str, member: str) -> None:
        with pytest.raises(IpseError) as caught:
            parse_question(asking(level, **{member: "long\n" * 50_000}))
        assert "\n" not in caught.value.message
        assert len(caught.value.message) < 500


class TestWhatElseIsAsked:
    @pytest.mark.parametrize(
        "credentials",
        [
            [{"id": "answer", "format": "jwt_vc_json", "meta": {"vct_values": [type_of("choose")]}}],
            [{"id": "answer", "format": "dc+sd-jwt", "meta": {}}],
            [{"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [type_of("choose") + ":2"]}}],
            [{"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [type_of("statements")]}}],
            [{"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [type_of("choose"), "urn:x"]}}],
            [
                {"id": "answer", "format": "dc+sd-jwt", "meta": {"vct_values": [type_of("choose")]}},
                {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]}},
            ],
        ],
    )
    def test_a_request_for_another_credential_is_undetermined(self, credentials: list[Any]) -> None:
        with pytest.raises(Undetermined, match="something else"):
            parse_question({**request_object(), "dcql_query": {"credentials": credentials}})

    def test_a_question_has_no_credential_sets(self) -> None:
        request = request_object()
        query = {**request["dcql_query"], "credential_sets": [{"options": [["answer"]]}]}
        with pytest.raises(Undetermined, match="asks for credential sets"):
            parse_question({**request, "dcql_query": query})

    def test_transaction_data_that_is_not_one_question_is_undetermined(self) -> None:
        entry = request_object()["transaction_data"][0]
        payment = base64url.encode(b'{"type":"payment","credential_ids":["answer"]}')
        for entries in ([payment], [entry, payment], [entry, entry]):
            with pytest.raises(Undetermined, match="transaction_data"):
                parse_question({**request_object(), "transaction_data": entries})
        request = request_object()
        del request["transaction_data"]
        with pytest.raises(Undetermined, match="transaction_data"):
            parse_question(request)

    @pytest.mark.parametrize(
        "kind",
        [
            type_of("choose") + " ",
            type_of("choose").upper(),
            type_of("vectors"),
            "urn:ipse:preferences:choose:2",
            "urn:ipse:preferences:choose",
            "choose",
        ],
    )
    def test_another_type_of_question_is_undetermined(self, kind: str) -> None:
        with pytest.raises(Undetermined, match="transaction_data") as caught:
            parse_question(asking(type=kind))
        assert caught.value.error_code == "invalid_transaction_data"

    @pytest.mark.parametrize("kind", [None, 5, [type_of("choose")], ""])
    def test_a_question_without_a_type_is_refused(self, kind: Any) -> None:
        with pytest.raises(MalformedInput, match="transaction_data has the type"):
            parse_question(asking(type=kind))

    @pytest.mark.parametrize("form", ["mso_mdoc", "vc+sd-jwt"])
    def test_a_request_in_another_format_is_undetermined(self, form: str) -> None:
        asked = {"id": "answer", "format": form, "meta": {"vct_values": [type_of("choose")]}}
        with pytest.raises(Undetermined, match=f"format '{re.escape(form)}' can't be presented"):
            parse_question({**request_object(), "dcql_query": {"credentials": [asked]}})

    def test_the_question_of_one_level_under_the_type_of_another_is_refused(self) -> None:
        request = asking("topics", type=type_of("bands"))
        with pytest.raises(Undetermined, match="something else"):
            parse_question(request)


class TestTerms:
    @pytest.mark.parametrize("level", NAMES)
    @pytest.mark.parametrize("signer", [None, signer_of()], ids=["unsigned", "signed"])
    def test_that_are_offered_read_back(self, level: str, signer: Any) -> None:
        offered = Terms(no_resale=True, deletion_on_demand=True, in_return="free delivery")
        assert question(level, signer=signer, terms=offered).terms == offered
        assert question(level, signer=signer).terms is None

    def test_do_not_make_it_another_question(self) -> None:
        assert question(terms=Terms(no_resale=True)).identity == question().identity

    def test_that_offer_nothing_are_not_asked_with(self) -> None:
        with pytest.raises(MalformedInput) as caught:
            built(terms=Terms())
        assert caught.value.code == "terms-empty"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"purpose": "Something else"}, "terms-contradict"),
            ({"retention": 8 * 86400}, "terms-contradict"),
            ({"terms": None}, "terms-malformed"),
        ],
    )
    def test_that_contradict_the_question_are_refused(self, changes: dict[str, Any], code: str) -> None:
        request = request_object(terms=Terms(deletion_on_demand=True))
        content = {**content_of(request), **changes}
        request["transaction_data"] = [base64url.encode(strict_json.canonical(content))]
        with pytest.raises(MalformedInput) as caught:
            parse_question(request)
        assert caught.value.code == code

    def test_come_with_the_longest_question_too(self) -> None:
        wide = "\U0001f600" * 300
        longest = Choose(
            tuple(Candidate(f"{number:064}", chr(0x1F600 + number) * 300) for number in range(20)), 5
        )
        offered = Terms(no_resale=True, deletion_on_demand=True, in_return=wide)
        asked = question(asked=longest, purpose=wide, signer=signer_of(), terms=offered)
        assert asked.terms == offered

    def test_of_a_request_that_is_too_long_to_be_kept_are_refused(self) -> None:
        padding = {"padding": "x" * MAX_WITH_TERMS}
        assert parse_question({**request_object(), **padding}).terms is None
        with pytest.raises(InputTooLarge, match="with terms"):
            parse_question({**request_object(terms=Terms(no_resale=True)), **padding})


class TestOrigin:
    def test_a_request_from_another_place_than_it_says_is_refused(self) -> None:
        assert parse_question(built(), origin="https://shop.example").party == "https://shop.example"
        with pytest.raises(WrongOrigin):
            parse_question(built(), origin="https://evil.example")
