"""Requests of a verifier: whatever is built, the wallet's side reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.errors import IpseError, MalformedInput, RequestTampered, Undetermined, WrongOrigin
from ipse.keys.encryption import new_key
from ipse.protocols.openid4vp import building
from ipse.protocols.openid4vp.building import RequestingClient, build_client_metadata, build_request
from ipse.protocols.openid4vp.metadata import WALLET_METADATA, wallet_metadata
from ipse.protocols.openid4vp.signatures import SIGNING_ALGORITHMS
from tests.unit.protocols.openid4vp.material import (
    DECRYPTION_KEY,
    DID,
    HOST,
    ISSUING,
    KEY,
    LEAF,
    METADATA,
    NOW,
    QUERY,
    RESPONSE_URI,
    WEB,
    attestation,
    parse,
)

CHAIN = (LEAF.value, ISSUING.value)
CLIENTS = {
    "address": building.by_address(RESPONSE_URI),
    "web": building.by_did(WEB, f"{WEB}#key-1", KEY),
    "key": building.by_did(DID, f"{DID}#{DID.removeprefix('did:key:')}", KEY),
    "hash": building.by_certificate(CHAIN, KEY),
    "dns": building.by_certificate(CHAIN, KEY, prefix="x509_san_dns"),
    "attested": building.by_attestation(attestation(), KEY),
}
NONCE = "0123456789abcdef"


def built(client: RequestingClient, **changes: Any) -> Any:
    parts: dict[str, Any] = {
        "query": QUERY,
        "nonce": NONCE,
        "reply_to": RESPONSE_URI,
        "client_metadata": METADATA,
    }
    return build_request(client, **{**parts, **changes})


@pytest.mark.parametrize("name", CLIENTS)
class TestEachClient:
    def test_what_is_built_reads_back(self, name: str) -> None:
        client = CLIENTS[name]
        request = parse(built(client, state="s", wallet_nonce="w"), wallet_nonce="w")
        assert (request.client_id, request.nonce, request.state) == (client.client_id, NONCE, "s")
        assert (request.signed, request.reply_to) == (name != "address", RESPONSE_URI)
        assert request.reply.encryption is not None

    def test_all_parts_of_a_request_can_be_given(self, name: str) -> None:
        transaction = {"type": "payment", "credential_ids": ["pid"]}
        request = parse(
            built(
                CLIENTS[name],
                response_mode="fragment",
                transaction_data=[transaction],
                verifier_info=[{"format": "jwt", "data": "x"}],
                issued=NOW,
                expires=NOW + timedelta(minutes=5),
            )
        )
        assert (request.response_mode, request.issued) == ("fragment", NOW)
        assert [entry.content for entry in request.transaction_data] == [transaction]
        assert len(request.verifier_info) == 1

    @pytest.mark.parametrize(
        "changes",
        [
            {"nonce": "short"},
            {"nonce": "0123456789abcde/"},
            {"query": {}},
            {"reply_to": "http://verifier.example"},
            {"state": "a b"},
            {"client_metadata": None},
            {"client_metadata": {"jwks": {"keys": [{**DECRYPTION_KEY}]}}},
            {"transaction_data": [{"type": "x"}]},
            {"verifier_info": [{}]},
            {"response_mode": "query"},
            {"query": {**QUERY, "x": float("nan")}},
        ],
        ids=map(str, range(11)),
    )
    def test_nothing_is_built_that_a_wallet_would_refuse(self, name: str, changes: dict[str, Any]) -> None:
        with pytest.raises((MalformedInput, Undetermined)):
            built(CLIENTS[name], **changes)


def test_answers_go_where_the_proof_allows() -> None:
    for name in ("web", "dns"):
        with pytest.raises(WrongOrigin):
            built(CLIENTS[name], reply_to="https://evil.example/r")
    with pytest.raises(MalformedInput):
        built(CLIENTS["address"], reply_to="https://evil.example/r")


def test_a_client_is_what_it_can_prove() -> None:
    with pytest.raises(RequestTampered):
        building.by_did(WEB, "did:web:evil.example#key-1", KEY)
    with pytest.raises(MalformedInput):
        building.by_certificate(CHAIN, KEY, prefix="x509_san_dns", dns="evil.example")
    with pytest.raises(MalformedInput):
        building.by_certificate((ISSUING.value,), KEY, prefix="x509_san_dns")
    for wrong in ("http://shop.example", "shop"):
        with pytest.raises(MalformedInput):
            building.by_address(wrong)
    for text in ("", "a.b.c", attestation(sub=...).replace(".", "..")):
        with pytest.raises(IpseError):
            building.by_attestation(text, KEY)


def test_the_header_of_a_signed_request_has_the_chain_without_the_anchor() -> None:
    header = jws.read(built(CLIENTS["hash"]), what="a request").header
    assert header == {"typ": "oauth-authz-req+jwt", "alg": "ES256", "x5c": LEAF.x5c}


def test_of_the_keys_to_encrypt_to_only_the_public_half_is_told() -> None:
    keys = [new_key("a"), new_key("b")]
    metadata = build_client_metadata(keys=keys, vp_formats={"dc+sd-jwt": {}})
    assert [entry["kid"] for entry in metadata["jwks"]["keys"]] == ["a", "b"]
    assert not any("d" in entry for entry in metadata["jwks"]["keys"])
    assert metadata["encrypted_response_enc_values_supported"] == ["A256GCM", "A128GCM"]
    assert "jwks" not in build_client_metadata()


class TestWalletMetadata:
    def test_it_says_what_every_copy_of_the_wallet_can_do(self) -> None:
        said = wallet_metadata()
        assert said == WALLET_METADATA
        assert set(said["vp_formats_supported"]) == {"dc+sd-jwt", "jwt_vc_json", "ldp_vc"}
        assert said["client_id_prefixes_supported"] == [
            "redirect_uri",
            "decentralized_identifier",
            "x509_san_dns",
            "x509_hash",
            "verifier_attestation",
        ]
        assert said["request_object_signing_alg_values_supported"] == list(SIGNING_ALGORITHMS)
        assert not {"none", "HS256", "RS256"} & set(SIGNING_ALGORITHMS)

    def test_a_key_for_requests_is_told_without_its_private_half(self) -> None:
        key = new_key("w")
        (told,) = wallet_metadata(key)["jwks"]["keys"]
        assert told == {name: value for name, value in key.items() if name != "d"}
        assert "jwks" not in WALLET_METADATA


def test_the_host_of_the_material_is_the_one_of_its_addresses() -> None:
    assert HOST in RESPONSE_URI
    assert parse(built(CLIENTS["hash"])).party == f"https://{HOST}"
