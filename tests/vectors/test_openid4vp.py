"""The examples of OpenID4VP 1.0: DCQL queries that are read or refused, requests that are not for ipse."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ipse.credentials import jws
from ipse.disclosure import questions
from ipse.errors import IpseError, MalformedInput, RequestTampered, Undetermined
from ipse.keys.ed25519 import PrivateKey
from ipse.protocols import openid4vp

SD_JWT, MDOC = "dc+sd-jwt", "mso_mdoc"
IDENTITY = "https://credentials.example.com/identity_credential"
READ = {
    "claims_alternatives": [("pid", SD_JWT, (IDENTITY,))],
    "multi_credentials": [("pid", SD_JWT, (IDENTITY,)), ("mdl", MDOC, ())],
    "simple": [("my_credential", SD_JWT, (IDENTITY,))],
    "simple_mdoc": [("my_credential", MDOC, ())],
    "value_matching_simple": [("my_credential", SD_JWT, (IDENTITY,))],
}
CREDENTIAL_SETS = ["complex_mdoc", "credentials_alternatives"]


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
    parsed = openid4vp.parse_query(example(shared, f"query_lang/{name}"))
    assert [(query.id, query.format, query.types) for query in parsed] == queries


@pytest.mark.parametrize("name", CREDENTIAL_SETS)
def test_a_query_for_credential_sets_is_undetermined_and_says_so(shared: Path, name: str) -> None:
    with pytest.raises(Undetermined, match="credential sets"):
        openid4vp.parse_query(example(shared, f"query_lang/{name}"))


@pytest.mark.parametrize("name", ["dcql_jwt_vc", "dcql_ldp_vc"])
def test_queries_for_other_formats_are_read_as_such(shared: Path, name: str) -> None:
    queries = openid4vp.parse_query(example(shared, f"request/{name}"))
    assert {query.format for query in queries}.isdisjoint({SD_JWT})
    assert all(query.types == () for query in queries)


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
        with pytest.raises(Undetermined, match="client_id"):
            parse(request)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("name", ["credentials/jwt_vc", "response/jwt_vc", "response/kb_jwt_unsecured"])
def test_other_tokens_of_the_specification_are_no_requests(shared: Path, name: str, parse: Any) -> None:
    claims = example(shared, name)
    with pytest.raises(MalformedInput, match="response_type"):
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
    assert len(openid4vp.parse_request(request).credentials) == len(queries)
    with pytest.raises(Undetermined, match="not one question about preferences"):
        questions.parse_question(request)
