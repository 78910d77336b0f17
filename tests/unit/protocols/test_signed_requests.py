"""Signed requests: whose they are, and every way to pass one's own off as somebody else's."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.dids import did_jwk, did_key, did_web, resolver
from ipse.encoding import base64url
from ipse.encoding.strict_json import JsonObject
from ipse.errors import (
    InputTooLarge,
    IpseError,
    MalformedInput,
    NotFound,
    RequestTampered,
    Undetermined,
    WrongAudience,
    WrongOrigin,
)
from ipse.keys import ed25519, key_types
from ipse.keys.key_types import PrivateKey
from ipse.protocols.openid4vp import AuthorizationRequest, build_request, parse_request

ADDRESS = "https://shop.example/answers"
NONCE = "0123456789abcdef"
ISSUED = datetime(2026, 7, 1, 12, tzinfo=UTC)
EXPIRES = ISSUED + timedelta(hours=1)
QUERY: dict[str, Any] = {"credentials": [{"id": "c", "format": "dc+sd-jwt", "meta": {}}]}

KEY: PrivateKey = key_types.private_key("Ed25519", b"k" * 32)
OTHER: PrivateKey = key_types.private_key("Ed25519", b"o" * 32)
WEB = "did:web:shop.example"
WEB_METHOD = f"{WEB}#key-1"
DID = did_key.from_public_key(KEY.public())
METHOD = did_key.verification_method_id(DID)
OTHER_DID = did_key.from_public_key(OTHER.public())
OTHER_METHOD = did_key.verification_method_id(OTHER_DID)


def published(did: str) -> JsonObject:
    """The document of any did:web, with the one key KEY; other methods need no publishing."""
    if not did.startswith("did:web:"):
        return resolver.resolve(did)
    return did_web.document(did, {"key-1": KEY.public()})


def never(did: str) -> JsonObject:
    raise AssertionError(f"{did} was looked up")


def signed(did: str = WEB, method: str = WEB_METHOD, key: PrivateKey = KEY, **changes: Any) -> str:
    parts: dict[str, Any] = {
        "address": ADDRESS,
        "nonce": NONCE,
        "issued": ISSUED,
        "expires": EXPIRES,
        "query": QUERY,
        "transaction_data": {"type": "t", "credential_ids": ["c"]},
        "signer": (did, method, key),
    }
    made = build_request(**{**parts, **changes})
    assert isinstance(made, str)
    return made


def forged(
    claims: dict[str, Any] | None = None,
    header: dict[str, Any] | None = None,
    *,
    of: str = "",
    key: PrivateKey = KEY,
) -> str:
    """A signed request whose header and claims were changed and signed by `key`; `...` leaves one out."""
    good = jws.read(of or signed(), what="a request")
    payload = {name: value for name, value in {**good.payload, **(claims or {})}.items() if value is not ...}
    members = {name: value for name, value in {**good.header, **(header or {})}.items() if value is not ...}
    protected, body = (base64url.encode(json.dumps(part).encode()) for part in (members, payload))
    return f"{protected}.{body}.{base64url.encode(key.sign(f'{protected}.{body}'.encode()))}"


def parse(request: str, **options: Any) -> AuthorizationRequest:
    return parse_request(request, **{"resolve": published, **options})


def assert_tampered(request: str, reason: str, **options: Any) -> None:
    with pytest.raises(RequestTampered, match=reason) as caught:
        parse(request, **options)
    assert (caught.value.code, caught.value.exit_code) == ("request-tampered", 3)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500


class TestGoodRequests:
    def test_a_signed_request_says_who_asks(self) -> None:
        request = parse(signed())
        assert request.client_id == f"decentralized_identifier:{WEB}"
        assert (request.did, request.signed) == (WEB, True)
        assert (request.party, request.origin) == ("https://shop.example", "https://shop.example")
        assert (request.nonce, request.issued, request.expires) == (NONCE, ISSUED, EXPIRES)
        assert [entry.content for entry in request.transaction_data] == [
            {"type": "t", "credential_ids": ["c"]}
        ]

    def test_it_holds_what_openid4vp_asks_for_and_nothing_else(self) -> None:
        token = jws.read(signed(), what="a request")
        assert token.header == {"typ": "oauth-authz-req+jwt", "kid": WEB_METHOD, "alg": "EdDSA"}
        assert token.payload == {
            "client_id": f"decentralized_identifier:{WEB}",
            "response_type": "vp_token",
            "redirect_uri": ADDRESS,
            "nonce": NONCE,
            "iat": int(ISSUED.timestamp()),
            "exp": int(EXPIRES.timestamp()),
            "dcql_query": QUERY,
            "transaction_data": [base64url.encode(b'{"credential_ids":["c"],"type":"t"}')],
            "aud": "https://self-issued.me/v2",
        }

    @pytest.mark.parametrize("key_type", key_types.SIGNING_TYPES)
    @pytest.mark.parametrize("method", ["key", "jwk"])
    def test_the_party_of_a_did_made_of_a_key_is_that_did_wherever_the_answer_goes(
        self, method: str, key_type: str
    ) -> None:
        key = key_types.private_key(key_type, b"\x11" * 32)
        did = (did_key if method == "key" else did_jwk).from_public_key(key.public())
        kid = did_key.verification_method_id(did) if method == "key" else f"{did}#0"
        for address in (ADDRESS, "http://localhost:8080/", "https://other.example"):
            request = parse_request(signed(did, kid, key, address=address))
            assert (request.party, request.did) == (did, did)
        assert request.origin == "https://other.example"

    @pytest.mark.parametrize("key_type", key_types.SIGNING_TYPES)
    def test_a_did_web_signs_with_any_of_its_keys(self, key_type: str) -> None:
        key = key_types.private_key(key_type, b"\x11" * 32)
        document = did_web.document(WEB, {"a": KEY.public(), "b": key.public()})
        request = parse(signed(WEB, f"{WEB}#b", key), resolve=lambda _: document)
        assert request.party == "https://shop.example"

    def test_the_digest_is_over_the_bytes_that_travelled(self) -> None:
        request = signed()
        assert parse(request).digest == hashlib.sha256(request.encode()).hexdigest()
        assert parse(signed(nonce=NONCE[::-1])).digest != parse(request).digest

    def test_the_helpers_of_these_tests_forge_nothing_where_nothing_is_changed(self) -> None:
        assert parse(forged()).did == WEB

    @pytest.mark.parametrize("issuer", [WEB, f"decentralized_identifier:{WEB}"])
    def test_iss_may_name_the_signer(self, issuer: str) -> None:
        assert parse(forged({"iss": issuer})).did == WEB

    def test_members_that_mean_nothing_here_are_passed_over(self) -> None:
        assert parse(forged({"state": "x", "client_metadata": {}}, {"x5c": ["x"]})).did == WEB


class TestTampering:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("redirect_uri", "https://evil.example/answers"),
            ("nonce", "fedcba9876543210"),
            ("exp", int(EXPIRES.timestamp()) + 3600),
            ("transaction_data", [base64url.encode(b'{"type":"u"}')]),
            ("dcql_query", {}),
            ("aud", "https://evil.example"),
            ("iss", OTHER_DID),
            ("state", "x"),
        ],
    )
    def test_a_claim_that_was_changed_after_signing_is_found_before_it_is_read(
        self, name: str, value: Any
    ) -> None:
        protected, body, signature = signed().split(".")
        claims = {**json.loads(base64url.decode(body)), name: value}
        changed = base64url.encode(json.dumps(claims).encode())
        assert_tampered(f"{protected}.{changed}.{signature}", "does not fit the key")

    def test_no_character_of_a_request_can_be_changed_added_or_removed(self) -> None:
        request = signed()
        for position in range(0, len(request), 5):
            for spelling in ("A" if request[position] != "A" else "B", "", request[position] * 2):
                with pytest.raises(IpseError):
                    parse(request[:position] + spelling + request[position + 1 :])

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
    def test_alg_none_is_refused_before_a_key_is_looked_for(self, algorithm: str) -> None:
        request = forged(header={"alg": algorithm})
        assert_tampered(request, "alg is ", resolve=never)
        with pytest.raises((MalformedInput, RequestTampered)):
            parse(request.rpartition(".")[0] + ".", resolve=never)

    @pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES256K"])
    def test_the_algorithm_is_that_of_the_key(self, algorithm: str) -> None:
        assert_tampered(forged(header={"alg": algorithm}), "the header says alg")

    @pytest.mark.parametrize("algorithm", ["HS256", "HS512", "eddsa", "", "EdDSA ", "dir"])
    def test_an_algorithm_that_signs_nothing_is_refused_before_a_key_is_looked_for(
        self, algorithm: str
    ) -> None:
        assert_tampered(forged(header={"alg": algorithm}), "not one of ES256", resolve=never)

    @pytest.mark.parametrize("algorithm", ["RS256", "PS512", "ES512", "Ed448"])
    def test_a_signature_that_others_make_is_undetermined(self, algorithm: str) -> None:
        with pytest.raises(Undetermined, match=f"by {algorithm} can't be verified"):
            parse(forged(header={"alg": algorithm}), resolve=never)

    def test_eddsa_may_go_by_its_fully_specified_name(self) -> None:
        assert parse(forged(header={"alg": "Ed25519"})).did == WEB

    def test_the_public_key_is_no_shared_secret(self) -> None:
        import hmac

        token = jws.read(forged(header={"alg": "HS256"}), what="a request")
        mac = hmac.digest(KEY.public().raw, token.signing_input, "sha256")
        assert_tampered(f"{token.protected}.{token.body}.{base64url.encode(mac)}", "not one of ES256")

    @pytest.mark.parametrize("algorithm", [..., None, 5, ["EdDSA"]])
    def test_a_header_without_algorithm_is_refused(self, algorithm: Any) -> None:
        assert_tampered(forged(header={"alg": algorithm}), "alg is ", resolve=never)

    def test_a_critical_extension_is_refused(self) -> None:
        assert_tampered(forged(header={"crit": ["b64"], "b64": False}), "crit", resolve=never)

    @pytest.mark.parametrize("typ", [..., None, "JWT", "vc+jwt", "kb+jwt", "OAUTH-AUTHZ-REQ+JWT", ["x"]])
    def test_what_was_signed_as_something_else_is_no_request(self, typ: Any) -> None:
        assert_tampered(forged(header={"typ": typ}), "is signed as", resolve=never)


class TestSomebodyElse:
    """An attacker who signs well, and says to be the shop."""

    def test_another_key_is_not_the_shops(self) -> None:
        assert_tampered(forged(key=OTHER), "does not fit the key")

    @pytest.mark.parametrize(
        "kid",
        [
            ...,
            None,
            5,
            "",
            WEB,
            "#key-1",
            "key-1",
            OTHER_METHOD,
            f"{WEB}:evil#key-1",
            f"{WEB}.evil.example#key-1",
            f"did:web:evil.example#{WEB_METHOD}",
            "did:web:evil.example#key-1",
            WEB_METHOD.upper(),
            " " + WEB_METHOD,
            "long\n" * 50_000,
        ],
    )
    def test_a_key_of_nobody_or_of_another_did_is_refused_before_it_is_looked_for(self, kid: Any) -> None:
        assert_tampered(forged(header={"kid": kid}, key=OTHER), "kid", resolve=never)

    @pytest.mark.parametrize("fragment", ["", "key-2", "key-1 ", "key-1#key-1", "\n", "k" * 100_000])
    def test_a_key_that_the_did_does_not_list_is_refused(self, fragment: str) -> None:
        assert_tampered(forged(header={"kid": f"{WEB}#{fragment}"}), "none that did:web:shop.example")

    def test_a_key_in_the_header_is_never_used(self) -> None:
        key = {"jwk": key_types.public_to_jwk(OTHER.public()), "jku": "https://evil.example/keys"}
        assert_tampered(forged(header=key, key=OTHER), "does not fit the key")

    @pytest.mark.parametrize("relationship", ["assertionMethod", "keyAgreement", "capabilityInvocation"])
    def test_a_key_for_another_purpose_than_authentication_is_refused(self, relationship: str) -> None:
        document = {**published(WEB), "authentication": [], relationship: [WEB_METHOD]}
        assert_tampered(signed(), "authenticates with", resolve=lambda _: document)

    def test_an_agreement_key_verifies_nothing(self) -> None:
        agreement = ed25519.key_agreement_key(KEY.public())  # type: ignore[arg-type]
        document = did_web.document(WEB, {"key-1": agreement})
        assert_tampered(signed(), "authenticates with", resolve=lambda _: document)

    @pytest.mark.parametrize("issuer", [OTHER_DID, "https://shop.example", None, "", [WEB], {}])
    def test_iss_is_ignored_as_openid4vp_demands(self, issuer: Any) -> None:
        assert parse(forged({"iss": issuer})).did == WEB

    def test_a_signature_under_an_address_shows_nothing(self) -> None:
        # OpenID4VP 1.0 section 5.9.3: a request with the prefix redirect_uri cannot be signed.
        with pytest.raises(MalformedInput, match="which signs nothing"):
            parse(forged({"client_id": f"redirect_uri:{ADDRESS}"}), resolve=never)

    @pytest.mark.parametrize(
        "client_id",
        [WEB, f"DECENTRALIZED_IDENTIFIER:{WEB}", "shop", "openid_federation:https://shop.example"],
    )
    def test_another_client_identifier_prefix_is_undetermined(self, client_id: Any) -> None:
        with pytest.raises(Undetermined, match="client_id") as caught:
            parse(forged({"client_id": client_id}), resolve=never)
        assert (caught.value.error_code, caught.value.reply) == ("invalid_request", None)

    @pytest.mark.parametrize("client_id", [..., None, 5, "", [WEB], "origin:https://shop.example"])
    def test_what_is_no_client_identifier_is_refused(self, client_id: Any) -> None:
        with pytest.raises(MalformedInput, match="client_id"):
            parse(forged({"client_id": client_id}), resolve=never)

    def test_a_name_of_a_certificate_takes_a_certificate(self) -> None:
        assert_tampered(forged({"client_id": "x509_san_dns:shop.example"}), "has no x5c", resolve=never)

    @pytest.mark.parametrize(
        "did",
        [
            "",
            "shop.example",
            "did:web",
            "did:web:",
            "did:web:127.0.0.1",
            WEB_METHOD,
            f"{WEB}?x",
            f"{WEB}\n",
            f"{DID}0",
        ],
    )
    def test_a_sender_that_is_no_did_is_refused(self, did: str) -> None:
        with pytest.raises(MalformedInput):
            parse(forged({"client_id": f"decentralized_identifier:{did}"}), resolve=never)

    def test_a_sender_of_another_did_method_is_undetermined(self) -> None:
        with pytest.raises(Undetermined, match="can't be an application"):
            parse(forged({"client_id": "decentralized_identifier:did:example:123"}), resolve=never)


class TestAudience:
    @pytest.mark.parametrize(
        "audience",
        [
            ...,
            None,
            "",
            "https://wallet.example",
            "https://self-issued.me",
            "https://self-issued.me/v2/",
            [],
            ["https://self-issued.me/v2", "https://wallet.example"],
            [["https://self-issued.me/v2"]],
        ],
    )
    def test_a_signed_request_is_for_wallets_or_refused(self, audience: Any) -> None:
        with pytest.raises(WrongAudience, match=r"not for https://self-issued\.me/v2") as caught:
            parse(forged({"aud": audience}))
        assert (caught.value.code, caught.value.exit_code) == ("request-wrong-audience", 3)

    def test_the_audience_may_be_a_list_of_one(self) -> None:
        assert parse(forged({"aud": ["https://self-issued.me/v2"]})).did == WEB


class TestOrigin:
    @pytest.mark.parametrize(
        ("did", "address"),
        [
            (WEB, "https://evil.example/answers"),
            (WEB, "https://shop.example.evil.example"),
            (WEB, "https://www.shop.example"),
            (WEB, "https://shop.example:8443/answers"),
            (WEB, "http://localhost/answers"),
            ("did:web:shop.example%3A8443", "https://shop.example/answers"),
            ("did:web:shop.example%3A8443", "https://shop.example:8444/answers"),
            ("did:web:shop.example:users:alice", "https://alice.example"),
            ("did:web:localhost", "http://localhost"),
        ],
    )
    def test_the_answer_to_a_did_web_goes_to_its_own_origin_alone(self, did: str, address: str) -> None:
        with pytest.raises(WrongOrigin, match="its answer would go to"):
            signed(did, f"{did}#key-1", address=address)
        own = did_web.publish_url(did)
        request = forged({"redirect_uri": address}, of=signed(did, f"{did}#key-1", address=own))
        with pytest.raises(WrongOrigin, match="its answer would go to") as caught:
            parse(request)
        assert (caught.value.code, caught.value.exit_code) == ("request-wrong-origin", 3)

    @pytest.mark.parametrize(
        ("did", "address"),
        [
            (WEB, "https://shop.example"),
            (WEB, "https://SHOP.example:443/x?y"),
            ("did:web:shop.example%3A8443", "https://shop.example:8443/answers"),
            ("did:web:shop.example%3A443", "https://shop.example/answers"),
            ("did:web:Shop.example", "https://shop.example"),
        ],
    )
    def test_anywhere_on_that_origin_will_do(self, did: str, address: str) -> None:
        request = parse(signed(did, f"{did}#key-1", address=address))
        assert request.party == request.origin

    def test_a_tenant_of_an_origin_is_a_party_of_its_own(self) -> None:
        did = "did:web:shop.example:users:mallory"
        request = parse(signed(did, f"{did}#key-1", address="https://shop.example/mallory"))
        assert (request.party, request.origin) == (did, "https://shop.example")

    def test_a_host_has_one_spelling(self) -> None:
        with pytest.raises(MalformedInput):
            signed(address="https://shop.example./answers")

    @pytest.mark.parametrize("signer", [(WEB, WEB_METHOD), (DID, METHOD)], ids=["did:web", "did:key"])
    def test_a_request_that_came_from_elsewhere_is_refused(self, signer: tuple[str, str]) -> None:
        request = signed(*signer)
        assert parse(request, origin="https://shop.example").did == signer[0]
        for origin in ("https://evil.example", "https://shop.example:8443", "http://shop.example", "null"):
            with pytest.raises(WrongOrigin, match="came from"):
                parse(request, origin=origin)

    @pytest.mark.parametrize(
        "address", [..., None, 5, "", "shop.example", "http://shop.example", ["https://shop.example"]]
    )
    def test_a_signed_request_says_where_its_answer_goes(self, address: Any) -> None:
        with pytest.raises(MalformedInput):
            parse(forged({"redirect_uri": address}))


class TestResolving:
    def test_a_did_web_needs_the_network_and_is_undetermined_without(self) -> None:
        with pytest.raises(Undetermined, match="needs the network"):
            parse_request(signed())

    @pytest.mark.parametrize("error", [Undetermined("out of reach"), NotFound("gone"), MalformedInput("odd")])
    def test_what_the_resolver_says_stays_as_it_is(self, error: IpseError) -> None:
        def resolve(_: str) -> JsonObject:
            raise error

        with pytest.raises(type(error)) as caught:
            parse(signed(), resolve=resolve)
        assert caught.value is error

    def test_the_did_of_the_request_is_looked_up_and_no_other(self) -> None:
        asked: list[str] = []

        def resolve(did: str) -> JsonObject:
            asked.append(did)
            return published(did)

        parse(forged({"iss": WEB}, {"jku": "https://evil.example"}), resolve=resolve)
        assert asked == [WEB]


class TestHostileText:
    @pytest.mark.parametrize(
        "request_text",
        [
            "",
            ".",
            "..",
            "...",
            "{}",
            "null",
            "a.b.c",
            "e30.e30.e30",
            "e30.e30.",
            "\ud800.\ud800.\ud800",
            "é.é.é",
            " " + "e30.e30.e30",
            base64url.encode(b"[" * 100_000) + ".e30.e30",
            base64url.encode(b'{"a":1,"a":2}') + ".e30.e30",
            base64url.encode(b'{"a":' * 100_000) + ".e30.e30",
        ],
        ids=lambda text: ascii(text[:20]),
    )
    def test_text_of_any_kind_is_refused(self, request_text: str) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            parse(request_text, resolve=never)

    def test_a_request_of_more_than_two_mebibytes_is_refused_unread(self) -> None:
        with pytest.raises(InputTooLarge):
            parse("." * (2 * 1_048_576 + 1), resolve=never)

    @pytest.mark.parametrize("text", [signed() + "\n", " " + signed(), signed() + ".", signed() + "é"])
    def test_nothing_stands_beside_the_token(self, text: str) -> None:
        with pytest.raises(MalformedInput):
            parse(text, resolve=never)

    @pytest.mark.parametrize(
        "name",
        ["client_id", "response_type", "response_mode", "redirect_uri", "nonce", "iat", "exp", "aud",
         "dcql_query", "transaction_data"],
    )  # fmt: skip
    def test_a_refused_value_is_quoted_on_one_short_line(self, name: str) -> None:
        for value in ("long\n" * 10_000, ["long\n" * 10_000], {"long\n" * 10_000: 1}):
            with pytest.raises(IpseError) as caught:
                parse(forged({name: value}))
            assert "\n" not in caught.value.message
            assert len(caught.value.message) < 500


class TestBuild:
    @pytest.mark.parametrize("method", [OTHER_METHOD, "#key-1", WEB, ""])
    def test_a_key_of_another_did_is_never_named(self, method: str) -> None:
        with pytest.raises(IpseError):
            signed(method=method)

    @pytest.mark.parametrize(
        "changes",
        [
            {"nonce": "short"},
            {"expires": ISSUED},
            {"query": {}},
            {"query": {"credentials": float("nan")}},
            {"transaction_data": {"x": float("nan")}},
            {"address": "http://shop.example"},
        ],
    )
    def test_what_could_not_be_read_is_never_signed(self, changes: dict[str, Any]) -> None:
        with pytest.raises(MalformedInput):
            signed(**changes)

    @pytest.mark.parametrize("did", ["shop.example", "did:web:", "did:example:123"])
    def test_nobody_signs_who_is_no_application(self, did: str) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            signed(did, f"{did}#key-1")
