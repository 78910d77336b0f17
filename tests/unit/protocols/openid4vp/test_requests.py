"""What a request says: each rule beside the request that breaks it, the code it is told by, and where."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.encoding import base64url, strict_json
from ipse.errors import (
    InputTooLarge,
    IpseError,
    MalformedInput,
    RequestTampered,
    Undetermined,
    WrongAudience,
    WrongOrigin,
)
from ipse.protocols.openid4vp import Invitation, parse_link
from ipse.protocols.openid4vp.refusals import Encryption, ReplyAddress
from tests.unit.protocols.openid4vp.material import (
    BY_ADDRESS,
    DECRYPTION_KEY,
    HOST,
    METADATA,
    OTHER,
    QUERY,
    RESPONSE_URI,
    WEB,
    X509_HASH,
    by_each,
    claims,
    parse,
    signed,
    unsecured,
)

PUBLIC = {name: value for name, value in DECRYPTION_KEY.items() if name != "d"}
ENCRYPTED = ReplyAddress("direct_post.jwt", RESPONSE_URI, "s1", Encryption(PUBLIC, "A256GCM"))
REDIRECT_URI = f"https://{HOST}/callback?x=1"
FRAGMENT: dict[str, Any] = {"response_mode": "fragment", "response_uri": ..., "redirect_uri": REDIRECT_URI}
UNBOUND = {"credentials": [{**QUERY["credentials"][0], "require_cryptographic_holder_binding": False}]}


def transaction(**changes: Any) -> str:
    content = {"type": "payment", "credential_ids": ["pid"], **changes}
    return base64url.encode(strict_json.canonical({n: v for n, v in content.items() if v is not ...}))


def refused(error: type[IpseError], reason: str, request: Any, **options: Any) -> IpseError:
    with pytest.raises(error, match=reason) as caught:
        parse(request, **options)
    assert caught.value.error_code
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 500
    return caught.value


class TestAddress:
    @pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
    def test_an_answer_is_posted_to_the_response_uri(self, mode: str) -> None:
        request = parse(signed(response_mode=mode))
        assert (request.response_mode, request.reply_to) == (mode, RESPONSE_URI)
        assert (request.reply.encryption is None) == (mode == "direct_post")

    @pytest.mark.parametrize("changes", [FRAGMENT, {**FRAGMENT, "response_mode": ...}])
    def test_an_answer_in_the_fragment_goes_to_the_redirect_uri(self, changes: dict[str, Any]) -> None:
        request = parse(signed(**changes))
        assert (request.response_mode, request.reply_to) == ("fragment", REDIRECT_URI)

    @pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
    def test_a_redirect_uri_beside_it_is_an_invalid_request_that_is_told(self, mode: str) -> None:
        for request in (
            signed(response_mode=mode, redirect_uri=REDIRECT_URI),
            claims(BY_ADDRESS, response_mode=mode, redirect_uri=RESPONSE_URI),
        ):
            error = refused(MalformedInput, "redirect_uri beside response_uri", request)
            assert (error.error_code, error.reply.url) == ("invalid_request", RESPONSE_URI)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"response_uri": ...}, "has no response_uri"),
            ({"response_uri": None}, "has no response_uri"),
            ({"response_uri": 5}, "has no response_uri"),
            ({"response_uri": ..., "redirect_uri": REDIRECT_URI}, "does not go with response_mode"),
            ({"response_uri": "http://verifier.example/r"}, "is not the address"),
            ({"response_uri": f"https://u@{HOST}/r"}, "is not the address"),
            ({"response_uri": f"{RESPONSE_URI}#x"}, "has a fragment"),
            ({"response_uri": "http://localhost:8080/r"}, "is not https"),
            ({"response_uri": f"https://{HOST}/{'x' * 5000}"}, "at most 4096"),
            ({"response_uri": "javascript:alert(1)"}, "is not the address"),
            ({**FRAGMENT, "redirect_uri": ...}, "has no redirect_uri"),
            ({**FRAGMENT, "response_uri": RESPONSE_URI}, "response_uri beside redirect_uri"),
            ({**FRAGMENT, "redirect_uri": f"{REDIRECT_URI}#"}, "has a fragment"),
        ],
    )
    def test_an_address_that_cannot_be_one_is_refused_and_told_nowhere(
        self, changes: dict[str, Any], reason: str
    ) -> None:
        error = refused(MalformedInput, reason, signed(**changes))
        assert error.reply is None or error.reply.url in (RESPONSE_URI, REDIRECT_URI)

    @pytest.mark.parametrize(
        "mode", ["query", "form_post", "fragment.jwt", "dc_api", "dc_api.jwt", "", 5, None, [1]]
    )
    def test_another_response_mode_is_undetermined(self, mode: Any) -> None:
        assert refused(Undetermined, "response_mode", signed(response_mode=mode)).reply is None

    @pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt", "fragment"])
    def test_a_client_that_is_an_address_may_leave_it_out(self, mode: str) -> None:
        request = parse(claims(BY_ADDRESS, response_mode=mode, response_uri=...))
        assert request.reply_to == RESPONSE_URI

    @pytest.mark.parametrize(
        "address", [RESPONSE_URI + "/", "https://evil.example/r", f"https://{HOST}", None]
    )
    def test_a_client_that_is_an_address_has_no_other(self, address: Any) -> None:
        error = refused(
            MalformedInput, "not the one in its client_id", claims(BY_ADDRESS, response_uri=address)
        )
        assert error.reply is None

    @pytest.mark.parametrize("address", ["https://evil.example/r", f"https://www.{HOST}/r"])
    def test_the_answer_to_a_did_web_goes_to_its_origin(self, address: str) -> None:
        client_id = f"decentralized_identifier:{WEB}"
        error = refused(WrongOrigin, "its answer would go to", signed(client_id, response_uri=address))
        assert error.reply is None


class TestLink:
    def invited(self, client_id: str) -> Invitation:
        return Invitation(client_id, {}, None, "https://verifier.example/request")

    @by_each
    def test_the_link_and_the_request_name_the_same_client(self, client_id: str) -> None:
        assert parse(signed(client_id), invitation=self.invited(client_id)).client_id == client_id
        for other in (BY_ADDRESS, client_id + "x", client_id.partition(":")[2]):
            error = refused(
                RequestTampered, "the link is from", signed(client_id), invitation=self.invited(other)
            )
            assert (error.error_code, error.reply) == ("invalid_request", None)

    def test_a_request_by_value_is_read(self) -> None:
        query = strict_json.canonical(QUERY).decode()
        invitation = parse_link(
            f"openid4vp://?client_id={BY_ADDRESS}&response_type=vp_token&response_mode=direct_post"
            f"&nonce=abc&state=s1&dcql_query={query}"
        )
        assert isinstance(invitation.value, dict)
        request = parse(invitation.value, invitation=invitation)
        assert (request.nonce, request.reply_to) == ("abc", RESPONSE_URI)

    @by_each
    def test_the_nonce_of_the_wallet_comes_back(self, client_id: str) -> None:
        assert parse(signed(client_id, wallet_nonce="w"), wallet_nonce="w")
        for back in ("W", "", None, ..., "w "):
            refused(RequestTampered, "wallet_nonce", signed(client_id, wallet_nonce=back), wallet_nonce="w")
        refused(RequestTampered, "wallet_nonce", unsecured(claims(BY_ADDRESS, aud=...)), wallet_nonce="w")

    def test_a_nonce_that_was_not_sent_is_ignored(self) -> None:
        assert parse(signed(wallet_nonce="w"))


class TestAudience:
    @by_each
    @pytest.mark.parametrize("audience", [..., None, "", "https://wallet.example", "x509_hash:x", []])
    def test_a_signed_request_is_for_wallets(self, client_id: str, audience: Any) -> None:
        error = refused(WrongAudience, "not for https://self-issued.me/v2", signed(client_id, aud=audience))
        assert error.reply is not None

    def test_or_for_this_one(self) -> None:
        for audience in ("https://wallet.example", ["https://wallet.example"], "https://self-issued.me/v2"):
            assert parse(signed(aud=audience), issuer="https://wallet.example")
        refused(
            WrongAudience, "not for", signed(aud="https://other.example"), issuer="https://wallet.example"
        )


class TestWhatIsAsked:
    @pytest.mark.parametrize(
        ("changes", "error", "reason"),
        [
            ({"nonce": ...}, MalformedInput, "nonce"),
            ({"nonce": ""}, MalformedInput, "nonce"),
            ({"nonce": "a b"}, MalformedInput, "nonce"),
            ({"nonce": "a/b"}, MalformedInput, "nonce"),
            ({"nonce": 5}, MalformedInput, "nonce"),
            ({"response_type": "code"}, MalformedInput, "response_type"),
            ({"response_type": "vp_token id_token"}, MalformedInput, "response_type"),
            ({"dcql_query": ...}, MalformedInput, "dcql_query"),
            ({"dcql_query": {"credentials": []}}, MalformedInput, "credentials"),
            ({"scope": "openid"}, MalformedInput, "both dcql_query and scope"),
            ({"dcql_query": ..., "scope": "x"}, Undetermined, "the scope 'x'"),
            ({"dcql_query": ..., "presentation_definition": {}}, Undetermined, "drafts of OpenID4VP"),
            ({"dcql_query": UNBOUND, "state": ...}, MalformedInput, "has no state"),
            ({"state": "a b"}, MalformedInput, "state"),
            ({"state": ""}, MalformedInput, "state"),
            ({"state": 5}, MalformedInput, "state"),
            ({"state": "x" * 5000}, MalformedInput, "state"),
            ({"client_metadata": []}, MalformedInput, "client_metadata"),
            ({"client_metadata": ...}, MalformedInput, "no key that it can be encrypted"),
            ({"client_metadata": {"jwks": {"keys": [{"kty": "AKP", "kid": "x"}]}}}, MalformedInput, "no key"),
            ({"client_metadata": {**METADATA, "encrypted_response_enc_values_supported": ["A128CBC-HS256"]}},
             Undetermined, "A128CBC-HS256"),
            ({"iat": "x"}, MalformedInput, "iat"),
            ({"exp": None}, MalformedInput, "exp"),
            ({"nbf": "x"}, MalformedInput, "nbf"),
            ({"verifier_info": []}, MalformedInput, "verifier_info"),
            ({"verifier_info": {}}, MalformedInput, "verifier_info"),
            ({"verifier_info": [5]}, MalformedInput, "verifier_info"),
            ({"verifier_info": [{"data": "x"}]}, MalformedInput, "format"),
            ({"verifier_info": [{"format": "jwt"}]}, MalformedInput, "data"),
            ({"verifier_info": [{"format": "jwt", "data": "x", "credential_ids": ["other"]}]},
             MalformedInput, "credential_ids"),
            ({"verifier_info": [{"format": "jwt", "data": "x", "credential_ids": []}]},
             MalformedInput, "credential_ids"),
            ({"verifier_info": [{"format": "jwt", "data": "x"}] * 101}, MalformedInput, "100"),
            ({"transaction_data": []}, MalformedInput, "not an array of strings"),
            ({"transaction_data": "e30"}, MalformedInput, "not an array of strings"),
            ({"transaction_data": ["{}"]}, MalformedInput, "can't be read"),
            ({"transaction_data": [transaction(type=...)]}, MalformedInput, "has the type"),
            ({"transaction_data": [transaction(credential_ids=...)]}, MalformedInput, "credential_ids"),
            ({"transaction_data": [transaction(credential_ids=[])]}, MalformedInput, "credential_ids"),
            ({"transaction_data": [transaction(credential_ids=["x"])]}, MalformedInput, "not asked for"),
            ({"transaction_data": [transaction()], "dcql_query": UNBOUND}, MalformedInput, "without"),
            ({"transaction_data": [transaction(transaction_data_hashes_alg=[])]}, MalformedInput, "hashes"),
            ({"transaction_data": [transaction(transaction_data_hashes_alg=["md"])]}, Undetermined, "hash"),
            ({"transaction_data": [transaction()] * 101}, MalformedInput, "at most 100"),
        ],
        ids=map(str, range(43)),
    )  # fmt: skip
    @pytest.mark.parametrize("is_signed", [True, False], ids=["signed", "unsigned"])
    def test_each_fault_is_told_to_the_verifier(
        self, is_signed: bool, changes: dict[str, Any], error: type[IpseError], reason: str
    ) -> None:
        request = signed(**changes) if is_signed else claims(BY_ADDRESS, **changes)
        refusal = refused(error, reason, request)
        told = {"transaction_data": "invalid_transaction_data", "response_type": "unsupported_response_type"}
        assert refusal.error_code == told.get(next(iter(changes)), "invalid_request")
        state = claims(**changes).get("state")
        assert (refusal.reply.url, refusal.reply.state) == (RESPONSE_URI, "s1" if state == "s1" else None)

    def test_good_ones_are_read(self) -> None:
        info = [{"format": "jwt", "data": "x", "credential_ids": ["pid"]}, {"format": "y", "data": {}}]
        request = parse(
            signed(verifier_info=info, transaction_data=[transaction()], dcql_query=QUERY, state=...)
        )
        assert request.verifier_info == tuple(info)
        assert [(entry.type, entry.credential_ids) for entry in request.transaction_data] == [
            ("payment", ("pid",))
        ]
        assert [asked.id for asked in request.credentials] == ["pid", "card"]
        assert request.state is None

    def test_unknown_parameters_are_ignored(self) -> None:
        assert parse(signed(foo={"bar": [1]}, redirect_uris=5, expected_origins=["x"])).nonce

    def test_a_draft_beside_the_query_is_ignored(self) -> None:
        assert parse(signed(presentation_definition={"id": "x"}))

    def test_formats_that_cannot_be_presented_have_a_code_of_their_own(self) -> None:
        mdoc = {"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"}}
        error = refused(Undetermined, "mso_mdoc", signed(dcql_query={"credentials": [mdoc]}))
        assert (error.error_code, error.reply) == ("vp_formats_not_supported", ENCRYPTED)
        assert parse(signed(dcql_query={"credentials": [mdoc, QUERY["credentials"][0]]}))

    def test_types_of_transactions_that_are_not_known_are_refused(self) -> None:
        request = signed(transaction_data=[transaction()])
        assert parse(request, transaction_types={"payment"})
        error = refused(Undetermined, "of the type 'payment'", request, transaction_types=())
        assert (error.error_code, error.reply) == ("invalid_transaction_data", ENCRYPTED)

    def test_too_large_a_request_is_refused(self) -> None:
        refused(InputTooLarge, "at most", claims(BY_ADDRESS, padding="x" * 2**21 + "x"))
        refused(InputTooLarge, "at most", "." * (2**21 + 1))
        many = {"credentials": [{**QUERY["credentials"][0], "id": f"c{number}"} for number in range(10_000)]}
        refused(InputTooLarge, "has more than|at most", signed(dcql_query=many))


class TestWhoIsTold:
    def test_a_proved_client_is_told_encrypted(self) -> None:
        assert refused(MalformedInput, "nonce", signed(nonce=...)).reply == ENCRYPTED

    def test_without_a_usable_key_it_is_told_in_the_clear(self) -> None:
        reply = refused(MalformedInput, "no key", signed(client_metadata={})).reply
        assert reply == ReplyAddress("direct_post.jwt", RESPONSE_URI, "s1")

    def test_nobody_is_told_where_the_signature_is_wrong(self) -> None:
        assert refused(RequestTampered, "does not fit", signed(key=OTHER)).reply is None

    @pytest.mark.parametrize(
        ("fetched_from", "told"),
        [
            (f"https://{HOST}/request", True),
            (f"https://{HOST}:443/request", True),
            (f"https://{HOST}:8443/request", False),
            ("https://evil.example/request", False),
            (None, False),
            ("nonsense", False),
        ],
    )
    def test_but_where_it_came_from_the_server_that_the_answer_would_go_to(
        self, fetched_from: str | None, told: bool
    ) -> None:
        error = refused(RequestTampered, "does not fit", signed(key=OTHER), fetched_from=fetched_from)
        assert (error.reply == ENCRYPTED) is told

    def test_an_address_that_is_the_client_is_told(self) -> None:
        error = refused(MalformedInput, "nonce", claims(BY_ADDRESS, response_mode="direct_post", nonce=...))
        assert error.reply == ReplyAddress("direct_post", RESPONSE_URI, "s1")

    def test_an_unsigned_request_in_the_name_of_another_is_not(self) -> None:
        assert refused(RequestTampered, "is not signed", claims(X509_HASH)).reply is None
