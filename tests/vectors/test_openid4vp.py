"""The examples of OpenID4VP 1.0: DCQL queries that are read or refused, requests that are not for ipse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.dids import did_key
from ipse.disclosure import questions
from ipse.errors import IpseError, MalformedInput, RequestTampered, Undetermined
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols import openid4vp
from ipse.protocols.dcql.query import CredentialSet, parse_query
from ipse.protocols.openid4vp.client_metadata import parse_client_metadata

SD_JWT, MDOC = "dc+sd-jwt", "mso_mdoc"
IDENTITY = "https://credentials.example.com/identity_credential"
OTHER_IDENTITY = "https://othercredentials.example/pid"
REDUCED_IDENTITY = "https://credentials.example.com/reduced_identity_credential"
READ = {
    "complex_mdoc": [
        (name, MDOC, ()) for name in ("mdl-id", "mdl-address", "photo_card-id", "photo_card-address")
    ],
    "credentials_alternatives": [
        ("pid", SD_JWT, (IDENTITY,)),
        ("other_pid", SD_JWT, (OTHER_IDENTITY,)),
        ("pid_reduced_cred_1", SD_JWT, (REDUCED_IDENTITY,)),
        ("pid_reduced_cred_2", SD_JWT, ("https://cred.example/residence_credential",)),
        ("nice_to_have", SD_JWT, ("https://company.example/company_rewards",)),
    ],
    "claims_alternatives": [("pid", SD_JWT, (IDENTITY,))],
    "multi_credentials": [("pid", SD_JWT, (IDENTITY,)), ("mdl", MDOC, ())],
    "simple": [("my_credential", SD_JWT, (IDENTITY,))],
    "simple_mdoc": [("my_credential", MDOC, ())],
    "value_matching_simple": [("my_credential", SD_JWT, (IDENTITY,))],
}
SETS = {
    "complex_mdoc": (
        CredentialSet((("mdl-id",), ("photo_card-id",))),
        CredentialSet((("mdl-address",), ("photo_card-address",)), required=False),
    ),
    "credentials_alternatives": (
        CredentialSet((("pid",), ("other_pid",), ("pid_reduced_cred_1", "pid_reduced_cred_2"))),
        CredentialSet((("nice_to_have",),), required=False),
    ),
}


def example(shared: Path, name: str) -> Any:
    path = shared / "vectors" / "openid4vp" / "1.0" / "examples" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the OpenID4VP example {name} is not in {path.parent}")
    # The specification leaves objects out of some examples: {...}
    return json.loads(re.sub(r"\{\s*\.\.\.\s*\}", "{}", path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("name", "queries"), READ.items(), ids=list(READ))
def test_a_query_of_the_specification_is_read(
    shared: Path, name: str, queries: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    parsed = parse_query(example(shared, f"query_lang/{name}"))
    assert [(query.id, query.format, query.types) for query in parsed.credentials] == queries
    assert [query.is_supported for query in parsed.credentials] == [form == SD_JWT for _, form, _ in queries]
    assert parsed.sets == SETS.get(name, ())


@pytest.mark.parametrize("name", ["dcql_jwt_vc", "dcql_ldp_vc"])
def test_queries_for_w3c_credentials_are_read_with_their_types(shared: Path, name: str) -> None:
    (query,) = parse_query(example(shared, f"request/{name}")).credentials
    assert (query.format, query.is_supported) == (
        name.removeprefix("dcql_") + "_json" * ("jwt" in name),
        True,
    )
    assert (query.types, query.type_sets) == ((), (("IDCredential",),))
    assert query.claims[0].path == ("credentialSubject", "family_name")


PARSERS = (openid4vp.parse_request, questions.parse_question)


def never(did: str) -> dict[str, Any]:
    raise AssertionError(f"{did} was looked up")


@pytest.mark.parametrize("parse", PARSERS)
def test_the_claims_of_a_signed_request_are_no_unsigned_request(shared: Path, parse: Any) -> None:
    with pytest.raises(RequestTampered, match="is not signed"):
        parse(example(shared, "request/request_object_client_id_did"))


@pytest.mark.parametrize("parse", PARSERS)
def test_a_signed_request_by_a_did_of_another_method_is_undetermined(shared: Path, parse: Any) -> None:
    header = example(shared, "request/request_header_client_id_did")
    assert header["typ"] == openid4vp.TYPE
    claims = example(shared, "request/request_object_client_id_did")
    token = jws.sign(header, claims, PrivateKey(b"k" * 32)).encoded
    with pytest.raises(Undetermined, match="a did:example can't be an application"):
        parse(token, resolve=never)


@pytest.mark.parametrize("parse", PARSERS)
def test_a_request_for_the_digital_credentials_api_is_undetermined(shared: Path, parse: Any) -> None:
    claims = example(shared, "digital_credentials_api/signed_request_payload")
    token = jws.sign({"typ": openid4vp.TYPE}, claims, PrivateKey(b"k" * 32)).encoded
    for request in (claims, token):
        with pytest.raises(Undetermined, match="response_mode 'dc_api' is not supported"):
            parse(request)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("name", ["credentials/jwt_vc", "response/jwt_vc", "response/kb_jwt_unsecured"])
def test_other_tokens_of_the_specification_are_no_requests(shared: Path, name: str, parse: Any) -> None:
    claims = example(shared, name)
    with pytest.raises(MalformedInput, match="client_id"):
        parse(claims)
    with pytest.raises(IpseError):
        parse(jws.sign({"typ": "JWT"}, claims, PrivateKey(b"k" * 32)).encoded, resolve=never)


@pytest.mark.parametrize(("name", "queries"), READ.items(), ids=list(READ))
def test_a_request_for_anything_else_than_preferences_is_undetermined(
    shared: Path, name: str, queries: list[Any]
) -> None:
    address = "https://shop.example/answer"
    request = {
        "client_id": f"redirect_uri:{address}",
        "response_type": "vp_token",
        "redirect_uri": address,
        "nonce": "n-0S6_WzA2Mj-0123456789",
        "iat": 1_767_225_600,
        "exp": 1_767_229_200,
        "dcql_query": example(shared, f"query_lang/{name}"),
    }
    if not any(form == SD_JWT for _, form, _ in queries):
        for parse in PARSERS:
            with pytest.raises(Undetermined, match="'mso_mdoc' can't be presented") as caught:
                parse(request)
            assert caught.value.error_code == "vp_formats_not_supported"
        return
    assert len(openid4vp.parse_request(request).credentials) == len(queries)
    with pytest.raises(Undetermined, match="not one question about preferences"):
        questions.parse_question(request)


@pytest.mark.parametrize("name", ["dcql_jwt_vc", "dcql_ldp_vc"])
def test_a_request_for_w3c_credentials_is_read(shared: Path, name: str) -> None:
    address = "https://shop.example/answer"
    request = {
        "client_id": f"redirect_uri:{address}",
        "response_type": "vp_token",
        "response_mode": "direct_post",
        "nonce": "n-0S6_WzA2Mj",
        "dcql_query": example(shared, f"request/{name}"),
    }
    assert openid4vp.parse_request(request).reply_to == address


def test_the_request_object_of_the_specification_is_read(shared: Path) -> None:
    claims = example(shared, "request/request_object_client_id_did")
    key = PrivateKey(b"k" * 32)
    did = did_key.from_public_key(key.public())
    query = example(shared, "query_lang/simple")
    claims |= {"client_id": f"decentralized_identifier:{did}", "dcql_query": query, "aud": openid4vp.WALLET}
    header = {"typ": openid4vp.TYPE, "kid": did_key.verification_method_id(did)}
    request = openid4vp.parse_request(jws.sign(header, claims, key).encoded)
    assert (request.nonce, request.did) == ("n-0S6_WzA2Mj", did)
    assert request.client_metadata.accepts("dc+sd-jwt", kb_jwt_alg_values="ES256")
    assert not request.client_metadata.accepts("dc+sd-jwt", kb_jwt_alg_values="EdDSA")


METADATA = {
    "mso_mdoc_verifier_metadata": "mso_mdoc",
    "sd_jwt_vc_verifier_metadata": "dc+sd-jwt",
    "w3c_jwt_verifier_metadata": "jwt_vc_json",
    "w3c_ldp_verifier_metadata": "ldp_vc",
}


@pytest.mark.parametrize(("name", "form"), METADATA.items(), ids=list(METADATA))
def test_the_client_metadata_of_the_specification_is_read(shared: Path, name: str, form: str) -> None:
    metadata = parse_client_metadata(example(shared, f"client_metadata/{name}"))
    assert metadata.reads(form)
    assert [other for other in METADATA.values() if metadata.reads(other)] == [form]


def test_keys_without_an_alg_are_left_out(shared: Path) -> None:
    claims = example(shared, "digital_credentials_api/signed_request_payload_compact")
    assert parse_client_metadata(claims["client_metadata"]).keys == ()
    keys = [{**key, "alg": "ECDH-ES"} for key in claims["client_metadata"]["jwks"]["keys"]]
    assert parse_client_metadata({"jwks": {"keys": keys}}).keys == tuple(keys)
