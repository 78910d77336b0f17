"""Links that invite a wallet, requests signed by certificates, and the answers of wallets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import IpseError
from ipse.keys import encryption
from ipse.protocols.openid4vp import parse_link, parse_request, read_response
from ipse.protocols.openid4vp.client_metadata import parse_client_metadata
from ipse.protocols.openid4vp.forms import encode_form, parse_form
from ipse.protocols.openid4vp.links import build_link
from tests.fuzz.target import Target, as_bytes
from tests.unit.protocols.openid4vp import material

__all__ = ["TARGETS"]

_ADDRESS: Final = f"redirect_uri:{material.RESPONSE_URI}"
_TOKEN: Final = {"pid": ["a~b~"], "card": [{"type": ["VerifiablePresentation"]}, "c.d.e"]}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _link(data: bytes) -> None:
    invitation = parse_link(_text(data))
    if invitation.value is None:
        assert (invitation.request_uri or "").lower().startswith(("https://", "http://"))
        return
    request = material.parse(invitation.value, invitation=invitation)
    assert request.client_id == invitation.client_id


def _links() -> Iterable[bytes]:
    claims = material.claims(_ADDRESS)
    by_reference = {"request_uri": "https://verifier.example/r", "request_uri_method": "post"}
    return [
        build_link(_ADDRESS, request=claims).encode(),
        build_link(material.X509_HASH, request=material.signed()).encode(),
        build_link(material.X509_HASH, scheme="haip-vp", **by_reference).encode(),
    ]


def _by_certificate(data: bytes) -> None:
    request = material.parse(_text(data))
    assert request.signed
    assert request.text == _text(data)


def _requests() -> Iterable[bytes]:
    return [material.signed(client_id).encode() for client_id in material.SIGNED_BY]


def _signed_claims(data: bytes) -> None:
    """Any claims, rightly signed by the certificate that they may name."""
    claims = strict_json.parse_object(data)
    token = material.jwt(
        claims,
        {"typ": "oauth-authz-req+jwt", "x5c": material.LEAF.x5c, "jwt": material.attestation()},
        material.KEY,
    )
    with suppress(IpseError):
        parse_request(token, now=material.NOW)
    request = material.parse(token)
    assert request.client_id == claims["client_id"]
    assert request.reply.url == request.reply_to


def _claims() -> Iterable[bytes]:
    return [
        as_bytes(material.claims(client))
        for client in (material.X509_HASH, material.X509_DNS, material.ATTESTED)
    ]


def _metadata(data: bytes) -> None:
    metadata = parse_client_metadata(strict_json.parse(data))
    if metadata.encryption is not None:
        sealed = encryption.encrypt(b"{}", metadata.encryption.recipient, enc=metadata.encryption.enc)
        assert sealed.count(".") == 4


def _form(data: bytes) -> None:
    fields = parse_form(_text(data))
    assert parse_form(encode_form(fields)) == fields
    for mode in ("direct_post", "direct_post.jwt"):
        with suppress(IpseError):
            response = read_response(fields, mode=mode, keys=[material.DECRYPTION_KEY])
            assert bool(response.vp_token) != (response.error is not None)


def _sealed(payload: JsonObject) -> str:
    key = {name: value for name, value in material.DECRYPTION_KEY.items() if name != "d"}
    return encryption.encrypt(json.dumps(payload).encode(), key, enc="A128GCM", kid="k1")


def _forms() -> Iterable[bytes]:
    answer = {"vp_token": json.dumps(_TOKEN), "state": "s1"}
    refusal = {"error": "access_denied", "state": "s1"}
    sealed = {"response": _sealed({"vp_token": _TOKEN})}
    return [encode_form(fields).encode() for fields in (answer, refusal, sealed)]


def _jwe(data: bytes) -> None:
    header, _ = encryption.decrypt(_text(data), material.DECRYPTION_KEY)
    assert header["alg"] == encryption.ALGORITHM


TARGETS: Final = (
    Target("openid4vp-link", _link, _links, 3, 8192),
    Target("openid4vp-request", _by_certificate, _requests, 2, 8192),
    Target("openid4vp-claims", _signed_claims, _claims, 2, 8192),
    Target("client-metadata", _metadata, lambda: [as_bytes(material.METADATA)], 3, 4096),
    Target("openid4vp-form", _form, _forms, 3, 8192),
    Target("jwe", _jwe, lambda: [_sealed({"vp_token": _TOKEN}).encode()], 2, 4096),
)
