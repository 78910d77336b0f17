"""Authorization requests: the origin of an application, building, and reading what anyone may have sent."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.encoding import base64url, strict_json
from ipse.errors import (
    IpseError,
    MalformedInput,
    RequestExpired,
    RequestTampered,
    Undetermined,
    WrongAudience,
    WrongOrigin,
)
from ipse.protocols.openid4vp import WALLET, build_request, check_time, origin_of, parse_request, party_of

ADDRESS = "https://shop.example/answers?x=1"
NONCE = "0123456789abcdef"
ISSUED = datetime(2026, 7, 1, 12, tzinfo=UTC)
EXPIRES = ISSUED + timedelta(hours=1)
SECOND = timedelta(seconds=1)
DID_KEY = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
QUERY: dict[str, Any] = {"credentials": [{"id": "c", "format": "dc+sd-jwt", "meta": {}}]}


def built(**changes: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "address": ADDRESS,
        "nonce": NONCE,
        "issued": ISSUED,
        "expires": EXPIRES,
        "query": QUERY,
        "transaction_data": {"type": "t", "credential_ids": ["c"]},
    }
    request = build_request(**{**parts, **changes})
    assert isinstance(request, dict)
    return request


def with_member(name: str, value: Any) -> dict[str, Any]:
    return {**built(), name: value}


def addressed(address: str) -> dict[str, Any]:
    return {**built(), "client_id": f"redirect_uri:{address}", "redirect_uri": address}


class TestOrigin:
    @pytest.mark.parametrize(
        ("address", "origin"),
        [
            ("https://shop.example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example"),
            ("https://shop.example/path?query=1", "https://shop.example"),
            ("https://shop.example?query=https://other.example", "https://shop.example"),
            ("HTTPS://Shop.EXAMPLE/Path", "https://shop.example"),
            ("https://shop.example:443/x", "https://shop.example"),
            ("https://shop.example:0443/x", "https://shop.example"),
            ("https://shop.example:/x", "https://shop.example"),
            ("https://shop.example:8443", "https://shop.example:8443"),
            ("https://shop.example:80", "https://shop.example:80"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("https://a.b-c.d1.example", "https://a.b-c.d1.example"),
            ("https://localhost", "https://localhost"),
            ("https://192.0.2.1", "https://192.0.2.1"),
            ("https://[2001:db8::1]/x", "https://[2001:db8::1]"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("http://localhost", "http://localhost"),
            ("http://localhost:80/", "http://localhost"),
            ("http://localhost:8080/answer", "http://localhost:8080"),
            ("http://localhost:443", "http://localhost:443"),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("http://[::1]:5000/", "http://[::1]:5000"),
            ("https://shop.example/@user:pass", "https://shop.example"),
        ],
    )
    def test_the_origin_is_scheme_host_and_port_in_one_spelling(self, address: str, origin: str) -> None:
        assert origin_of(address) == origin
        assert origin_of(origin) == origin

    @pytest.mark.parametrize(
        "address",
        [
            "",
            "shop.example",
            "//shop.example",
            "/path",
            "https://",
            "https:///path",
            "https:shop.example",
            "https:/shop.example",
            "https://:443",
            "https://?x",
            "ftp://shop.example",
            "ws://localhost",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "openid4vp://shop.example",
            "did:web:shop.example",
        ],
    )
    def test_what_is_no_web_address_is_refused(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    @pytest.mark.parametrize(
        "address",
        [
            "http://shop.example",
            "http://localhost.shop.example",
            "http://localhost.",
            "http://notlocalhost",
            "http://127.0.0.1.shop.example",
            "http://127.0.0.2",
            "http://127.1",
            "http://0.0.0.0",
            "http://192.168.0.1",
            "http://[::2]",
            "http://[::ffff:127.0.0.1]",
        ],
    )
    def test_plain_http_is_for_the_machines_own_loopback_alone(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    @pytest.mark.parametrize(
        "address",
        [
            "https://user@shop.example",
            "https://user:password@shop.example",
            "https://@shop.example",
            "https://:@shop.example",
            "https://shop.example@evil.example",
            "https://shop.example:443@evil.example",
            "https://shop.example%40evil.example@evil.example",
        ],
    )
    def test_user_information_is_refused(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    @pytest.mark.parametrize(
        "address",
        [
            "https://shop.example:443abc",
            "https://shop.example:443:443",
            "https://shop.example:65536",
            "https://shop.example:-1",
            "https://shop.example:+443",
            "https://shop.example: 443",
            "https://shop.example:٤٤٣",
            "https://shop.example:0",
        ],
    )
    def test_a_port_is_a_number_from_1_to_65535(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    @pytest.mark.parametrize(
        "address",
        [
            "https://sh\u043ep.example",  # a Cyrillic o
            "https://bücher.example",
            "https://shop。example",
            "https://shop.example/ä",
            "https://\uff53hop.example",
            "https://shop.example\u2044evil.example",
            "https://shop\u200b.example",
            "https://shop\u00ad.example",
            "https://\u202eelpmaxe.pohs",
        ],
    )
    def test_other_than_ascii_letters_are_refused_so_that_none_looks_like_another(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    @pytest.mark.parametrize("character", ["\0", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", " "])
    @pytest.mark.parametrize(
        "form", ["{}https://shop.example", "https://shop.example{}", "https://sh{}op.example"]
    )
    def test_control_characters_and_white_space_are_refused(self, character: str, form: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(form.format(character))

    @pytest.mark.parametrize(
        "host",
        [
            r"evil.example\.shop.example",  # a browser reads \ as /
            "shop%2eexample",
            "shop..example",
            ".shop.example",
            "*.example",
            "shop.example;x",
            "shop.example,evil.example",
            "'\"<>.example",
            "a" * 64 + ".example",
            ".".join(["abcdefgh"] * 40),
            "$(id).example",
        ],
    )
    def test_a_host_is_a_name_that_can_exist(self, host: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(f"https://{host}/answer")

    @pytest.mark.parametrize(
        "address",
        [
            "http://evil.example[::1]/",
            "http://[::1]evil.example/",
            "http://[::1].evil.example:80/",
            "https://[::1",
            "https://::1]",
            "https://[]",
            "https://[1.2.3.4]",
            "https://[v1.shop]",
            "https://[fe80::1%25eth0]",
            "https://[shop.example]",
        ],
    )
    def test_brackets_hold_an_ipv6_address_and_nothing_stands_beside_them(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            origin_of(address)

    def test_an_ipv6_address_has_one_spelling(self) -> None:
        for spelling in ("2001:DB8::1", "2001:db8:0:0:0:0:0:1", "2001:0db8::0001"):
            assert origin_of(f"https://[{spelling}]/") == "https://[2001:db8::1]"

    def test_a_refused_address_is_quoted_on_one_short_line(self) -> None:
        with pytest.raises(MalformedInput) as caught:
            origin_of("https://shop.example/\n\x1b[2J" + "x" * 100_000)
        assert caught.value.message.isprintable()
        assert len(caught.value.message) < 500


class TestParty:
    @pytest.mark.parametrize(
        ("name", "party"),
        [
            ("https://Shop.example/path", "https://shop.example"),
            ("http://localhost:8080/x", "http://localhost:8080"),
            ("did:web:shop.example", "https://shop.example"),
            ("did:web:Shop.Example:users:alice", "did:web:shop.example:users:alice"),
            ("did:web:shop.example%3A8443", "https://shop.example:8443"),
            ("did:web:shop.example%3a443", "https://shop.example"),
            (DID_KEY, DID_KEY),
            ("x509:O=Example AG,C=CH;CN=Root", "x509:O=Example AG,C=CH;CN=Root"),
            ("verifier_attestation:shop;https://a.example", "verifier_attestation:shop;https://a.example"),
        ],
    )
    def test_an_address_and_a_did_web_stand_for_their_origin_and_a_did_of_a_key_for_itself(
        self, name: str, party: str
    ) -> None:
        assert party_of(name) == party

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "shop.example",
            "x509:",
            "x509:O=\n",
            "verifier_attestation:",
            "x509_san_dns:shop.example",
            "did:",
            "did:key",
            "did:key:z",
            "did:key:zzz",
            "did:jwk:e30",
            DID_KEY + "#key",
            DID_KEY + "\n",
            "did:web:",
            "did:web:127.0.0.1",
            "did:web:shop.example@evil.example",
            "did:web:shop.example%3A0",
            "did:web:shop.example%3A99999",
            "did:web:shop.example/path",
            "did:web:sh\u043ep.example",
            "did:web:shop.example%2Fevil",
        ],
    )
    def test_what_is_neither_is_refused(self, name: str) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            party_of(name)

    @pytest.mark.parametrize(
        "name",
        [
            "did:example:123",
            "did:pkh:eip155:1:0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdb",
            "did:peer:2.Vz6MkqRYqQiSgvZQdnBytw86Qbs2ZWUkGv22od935YF4s8M7V",
        ],
    )
    def test_a_did_of_another_method_is_undetermined(self, name: str) -> None:
        with pytest.raises(Undetermined, match="can't be an application"):
            party_of(name)


class TestTime:
    @pytest.mark.parametrize(
        "now", [ISSUED - 60 * SECOND, ISSUED, EXPIRES, EXPIRES + 60 * SECOND], ids=lambda now: f"{now:%T}"
    )
    def test_a_request_can_be_answered_from_its_making_to_its_end_and_a_leeway_around(
        self, now: datetime
    ) -> None:
        check_time(parse_request(built()), now)

    @pytest.mark.parametrize("late", [61 * SECOND, timedelta(days=400)])
    def test_an_expired_request_fails(self, late: timedelta) -> None:
        with pytest.raises(RequestExpired, match="expired at 2026-07-01 13:00 UTC") as caught:
            check_time(parse_request(built()), EXPIRES + late)
        assert (caught.value.code, caught.value.exit_code) == ("request-expired", 3)

    @pytest.mark.parametrize("early", [61 * SECOND, timedelta(days=400)])
    def test_a_request_from_the_future_fails(self, early: timedelta) -> None:
        with pytest.raises(RequestExpired, match="in the future") as caught:
            check_time(parse_request(built()), ISSUED - early)
        assert "clock" in caught.value.hint


class TestBuild:
    def test_a_request_holds_what_openid4vp_asks_for_and_nothing_else(self) -> None:
        assert built() == {
            "client_id": f"redirect_uri:{ADDRESS}",
            "response_type": "vp_token",
            "redirect_uri": ADDRESS,
            "nonce": NONCE,
            "iat": int(ISSUED.timestamp()),
            "exp": int(EXPIRES.timestamp()),
            "dcql_query": QUERY,
            "transaction_data": [base64url.encode(b'{"credential_ids":["c"],"type":"t"}')],
        }

    def test_what_is_built_reads_back(self) -> None:
        request = parse_request(built())
        assert request.client_id == f"redirect_uri:{ADDRESS}"
        assert (request.origin, request.party) == ("https://shop.example", "https://shop.example")
        assert (request.did, request.signed) == (None, False)
        assert (request.nonce, request.issued, request.expires) == (NONCE, ISSUED, EXPIRES)
        assert [query.id for query in request.credentials] == ["c"]
        assert [entry.content for entry in request.transaction_data] == [
            {"type": "t", "credential_ids": ["c"]}
        ]

    @pytest.mark.parametrize(
        "changes",
        [
            {"address": "http://shop.example"},
            {"nonce": "short"},
            {"expires": ISSUED},
            {"expires": ISSUED - timedelta(hours=1)},
            {"expires": ISSUED + timedelta(days=32)},
            {"query": {}},
            {"transaction_data": {"x": float("nan")}},
        ],
    )
    def test_what_could_not_be_read_is_never_built(self, changes: dict[str, Any]) -> None:
        with pytest.raises(MalformedInput):
            built(**changes)


class TestParse:
    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("response_type", None, "response_type"),
            ("response_type", "code", "response_type"),
            ("response_type", "vp_token id_token", "response_type"),
            ("response_type", ["vp_token"], "response_type"),
            ("redirect_uri", ADDRESS + "/", "redirect_uri"),
            ("redirect_uri", "https://evil.example", "redirect_uri"),
            ("redirect_uri", 5, "redirect_uri"),
            ("nonce", None, "nonce"),
            ("nonce", "", "nonce"),
            ("nonce", NONCE + "\n", "nonce"),
            ("nonce", NONCE + " ", "nonce"),
            ("nonce", NONCE + "é", "nonce"),
            ("nonce", "x" * 4097, "nonce"),
            ("nonce", 10**15, "nonce"),
            ("nonce", [NONCE], "nonce"),
            ("iat", None, "iat"),
            ("iat", "1782907200", "iat"),
            ("iat", True, "iat"),
            ("iat", -1, "iat"),
            ("iat", 253402300800, "iat"),
            ("iat", 10**15, "iat"),
            ("exp", None, "exp"),
            ("exp", False, "exp"),
            ("exp", [], "exp"),
            ("dcql_query", None, "dcql_query"),
            ("dcql_query", "{}", "dcql_query"),
            ("transaction_data", "e30", "transaction_data"),
            ("transaction_data", {}, "transaction_data"),
            ("transaction_data", [], "transaction_data"),
            ("transaction_data", [{"type": "t"}], "transaction_data"),
            ("transaction_data", ["e30="], "base64url"),
            ("transaction_data", ["e31"], "base64url"),
            ("transaction_data", ["{}"], "base64url"),
            ("transaction_data", [""], "transaction_data is empty"),
            ("transaction_data", [base64url.encode(b"[]")], "transaction_data is a JSON array"),
            ("transaction_data", [base64url.encode(b'{"a":1,"a":2}')], "appears twice"),
            ("transaction_data", [base64url.encode(b"\xff")], "not UTF-8"),
            ("extra", float("nan"), "canonical"),
        ],
    )
    def test_each_malformed_member_is_refused_by_its_name(self, name: str, value: Any, reason: str) -> None:
        with pytest.raises(MalformedInput, match=reason):
            parse_request(with_member(name, value))

    @pytest.mark.parametrize("name", ["client_id", "response_type", "nonce", "dcql_query"])
    def test_no_member_that_is_needed_can_be_missing(self, name: str) -> None:
        request = built()
        del request[name]
        with pytest.raises((MalformedInput, Undetermined), match=name):
            parse_request(request)

    @pytest.mark.parametrize(
        "client_id",
        [
            ADDRESS,
            "decentralized_identifie:did:web:shop.example",
            "did:web:shop.example",
            "REDIRECT_URI:" + ADDRESS,
            "openid_federation:https://shop.example",
            "shop",
        ],
    )
    def test_another_client_identifier_prefix_is_undetermined(self, client_id: Any) -> None:
        with pytest.raises(Undetermined, match="client_id"):
            parse_request(with_member("client_id", client_id))

    @pytest.mark.parametrize(
        "client_id",
        [None, 5, "", " redirect_uri:" + ADDRESS, "origin:https://shop.example", "redirect_uri:", "x" * 2049],
    )
    def test_what_is_no_client_identifier_is_refused(self, client_id: Any) -> None:
        with pytest.raises(MalformedInput):
            parse_request(with_member("client_id", client_id))

    @pytest.mark.parametrize(
        "client_id",
        [
            "decentralized_identifier:did:web:shop.example",
            "x509_san_dns:shop.example",
            f"x509_hash:{base64url.encode(bytes(32))}",
            "verifier_attestation:shop",
        ],
    )
    def test_an_unsigned_request_that_names_who_has_to_sign_is_tampered_with(self, client_id: str) -> None:
        request = with_member("client_id", client_id)
        with pytest.raises(RequestTampered, match="is not signed") as caught:
            parse_request(request)
        assert (caught.value.code, caught.value.exit_code) == ("request-tampered", 3)

    @pytest.mark.parametrize("audience", [WALLET, [WALLET]])
    def test_an_unsigned_request_may_say_that_it_is_for_wallets(self, audience: Any) -> None:
        assert parse_request(with_member("aud", audience)).nonce == NONCE

    @pytest.mark.parametrize(
        "audience",
        [None, "", "https://wallet.example", WALLET + "/", [], [WALLET, "https://wallet.example"], {}, 5],
    )
    def test_a_request_for_somebody_else_is_refused(self, audience: Any) -> None:
        with pytest.raises(WrongAudience, match=WALLET) as caught:
            parse_request(with_member("aud", audience))
        assert (caught.value.code, caught.value.exit_code) == ("request-wrong-audience", 3)

    @pytest.mark.parametrize(
        "origin", ["https://shop.example", "https://shop.example/page", "https://SHOP.example:443"]
    )
    def test_a_request_may_come_from_its_own_origin(self, origin: str) -> None:
        assert parse_request(built(), origin=origin).origin == "https://shop.example"

    @pytest.mark.parametrize(
        "origin",
        [
            "https://evil.example",
            "https://shop.example:8443",
            "https://shop.example.evil.example",
            "https://www.shop.example",
            "http://shop.example",
            "https://shop.example.",
            "shop.example",
            "null",
            "",
            "x" * 100_000,
        ],
    )
    def test_a_request_from_another_origin_is_refused(self, origin: str) -> None:
        with pytest.raises(WrongOrigin, match="came from") as caught:
            parse_request(built(), origin=origin)
        assert (caught.value.code, caught.value.exit_code) == ("request-wrong-origin", 3)
        assert len(caught.value.message) < 500

    def test_the_redirect_uri_may_be_left_out_since_the_client_id_holds_it(self) -> None:
        # OpenID4VP 1.0 section 5.9.3, redirect_uri.
        request = built()
        del request["redirect_uri"]
        assert parse_request(request).origin == "https://shop.example"

    @pytest.mark.parametrize(
        "mode", ["direct_post", "direct_post.jwt", "dc_api", "dc_api.jwt", "form_post", 5]
    )
    def test_a_response_mode_that_is_not_spoken_is_never_passed_over(self, mode: Any) -> None:
        with pytest.raises((MalformedInput, Undetermined), match="response_mode"):
            parse_request(with_member("response_mode", mode))

    @pytest.mark.parametrize(
        "address",
        [
            "http://shop.example",
            "https://user@shop.example",
            "https://sh\u043ep.example",
            "https://shop.example\n",
            r"https://evil.example\.shop.example",
            "",
            "redirect_uri:" + ADDRESS,
        ],
    )
    def test_an_address_that_has_no_origin_is_refused(self, address: str) -> None:
        with pytest.raises(MalformedInput):
            parse_request(addressed(address))

    def test_a_request_need_not_say_when_it_was_made_and_until_when_it_lives(self) -> None:
        request = built()
        del request["iat"], request["exp"]
        parsed = parse_request(request)
        assert (parsed.issued, parsed.expires) == (None, None)
        check_time(parsed, ISSUED - timedelta(days=400))
        check_time(parsed, ISSUED + timedelta(days=400))

    @pytest.mark.parametrize("days", [32, 400])
    def test_a_request_lives_as_long_as_it_says(self, days: int) -> None:
        request = {**built(), "exp": int(ISSUED.timestamp()) + days * 24 * 3600}
        assert parse_request(request).expires == ISSUED + timedelta(days=days)

    @pytest.mark.parametrize("nonce", ["x", "n-0S6_WzA2Mj", "a.b~c", "x" * 4096])
    def test_any_nonce_of_url_safe_characters_is_accepted(self, nonce: str) -> None:
        assert parse_request(with_member("nonce", nonce)).nonce == nonce

    def test_the_digest_of_transaction_data_is_over_the_string_that_travelled(self) -> None:
        spelled = base64url.encode(b'{ "type" : "t", "credential_ids" : ["c"] }')
        entry = parse_request(with_member("transaction_data", [spelled])).transaction_data[0]
        assert entry.content == {"type": "t", "credential_ids": ["c"]}
        assert entry.digest == base64url.encode(hashlib.sha256(spelled.encode()).digest())
        assert entry.digest != parse_request(built()).transaction_data[0].digest

    def test_the_digest_of_a_request_covers_all_of_it_and_not_the_order_of_members(self) -> None:
        request = built()
        digest = parse_request(request).digest
        assert digest == hashlib.sha256(strict_json.canonical(request)).hexdigest()
        assert parse_request(dict(reversed(request.items()))).digest == digest
        assert parse_request({**request, "state": "x"}).digest != digest

    @pytest.mark.parametrize("name", [*built(), "extra"])
    def test_very_long_values_are_refused_in_one_short_line_or_read(self, name: str) -> None:
        values: list[Any] = ["long\n" * 100_000, ["long\n" * 100_000], {"long\n" * 100_000: 1}]
        messages: list[str] = []
        for value in values:
            try:
                parse_request(with_member(name, value))
            except IpseError as error:
                messages.append(error.message)
        assert all(len(message) < 500 and "\n" not in message for message in messages)
