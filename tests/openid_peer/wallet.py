"""A wallet under HAIP: it fetches a request, checks it, and answers with one identity credential.

    wallet = Wallet(holder_key, credential, verifiers, ca_file)
    asked = wallet.fetch(link)
    wallet.send(asked)

What a test changes in an answer that is fine is one `Lie`.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import ssl
import urllib.error
import urllib.request
from base64 import b64decode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import load_der_x509_certificate

from tests.openid_peer.certificates import SigningAuthority
from tests.openid_peer.encoding import JsonObject, b64, loads, same, unchanged
from tests.openid_peer.encryption import ENC_VALUES, encrypted
from tests.openid_peer.sd_jwt import es256_verifies, present

__all__ = ["Asked", "Lie", "Reply", "Wallet", "check_request"]

_TYPE: Final = "application/oauth-authz-req+jwt"
_TIMEOUT: Final = 60.0
_PARAMETERS: Final = {
    "response_type", "response_mode", "client_id", "response_uri", "nonce", "aud", "dcql_query",
    "client_metadata", "state", "wallet_nonce", "iat", "exp", "nbf", "iss", "jti", "verifier_info",
}  # fmt: skip


@dataclass(frozen=True)
class Lie:
    """What is done to an answer that is fine.

    - `binding`: changes the payload of the key binding before it is signed
    - `credential`: changes the credential's JWT after it was presented; `bound` the whole presentation
    - `answer`: changes the parameters before they are encrypted
    - `header`: members of the JWE header that are added or replaced
    """

    audience: str | None = None
    nonce: str | None = None
    binding: Callable[[JsonObject], object] = unchanged
    credential: Callable[[str], str] = same
    bound: Callable[[str], str] = same
    answer: Callable[[JsonObject], object] = unchanged
    header: JsonObject = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """What a server said: the status, the headers in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Asked:
    """A request that was fetched: the link's parameters, the header and payload of the object, the object."""

    link: dict[str, str]
    header: JsonObject
    payload: JsonObject
    text: str
    reply: Reply


@dataclass
class Wallet:
    """Holds one credential bound to `key`.

    - `verifiers`: the authority whose leaves may ask
    - `ca_file`: whom the TLS connection trusts
    """

    key: ec.EllipticCurvePrivateKey
    credential: str
    verifiers: SigningAuthority
    ca_file: Path
    reveal: Sequence[str] = ("given_name", "family_name")

    def fetch(self, link: str) -> Asked:
        """Fetch and check the request of a link (section 5.10, HAIP 1.0 section 5)."""
        parameters = dict(parse_qsl(urlsplit(link).query, keep_blank_values=True, strict_parsing=True))
        assert parameters["request_uri"].startswith("https://")
        assert "#" not in parameters["request_uri"]
        if parameters.get("request_uri_method", "get") == "post":
            nonce = secrets.token_urlsafe(16)
            metadata = json.dumps({"vp_formats_supported": {"dc+sd-jwt": {}}})
            reply = self.call(
                parameters["request_uri"], {"wallet_nonce": nonce, "wallet_metadata": metadata}, accept=_TYPE
            )
        else:
            nonce = None
            reply = self.call(parameters["request_uri"], accept=_TYPE)
        assert reply.status == 200, (reply.status, reply.body)
        assert reply.headers["content-type"].partition(";")[0] == _TYPE
        text = reply.body.decode("ascii")
        header, payload = check_request(text, self.verifiers)
        assert payload["client_id"] == parameters["client_id"]
        assert payload.get("wallet_nonce") == nonce
        return Asked(parameters, header, payload, text, reply)

    def answer(self, asked: Asked, lie: Lie | None = None) -> dict[str, str]:
        """The form of an answer to a request."""
        lie, payload = lie or Lie(), asked.payload
        presentation = present(
            self.credential,
            self.key,
            audience=lie.audience or payload["client_id"],
            nonce=lie.nonce or payload["nonce"],
            reveal=self.reveal,
            edit=lie.binding,
            spoil=lie.credential,
        )
        (query,) = payload["dcql_query"]["credentials"]
        answer: JsonObject = {"vp_token": {query["id"]: [lie.bound(presentation)]}}
        if "state" in payload:
            answer["state"] = payload["state"]
        lie.answer(answer)
        metadata = payload["client_metadata"]
        (key,) = metadata["jwks"]["keys"]
        enc = metadata["encrypted_response_enc_values_supported"][0]
        return {"response": encrypted(answer, key, enc, header=lie.header)}

    def send(self, asked: Asked, lie: Lie | None = None) -> Reply:
        """Send an answer to where it belongs."""
        return self.call(asked.payload["response_uri"], self.answer(asked, lie))

    def call(self, url: str, form: dict[str, str] | None = None, accept: str = "application/json") -> Reply:
        """GET `url`, or POST a form there. No redirect is followed."""
        data = None if form is None else urlencode(form).encode()
        request = urllib.request.Request(url, data=data, headers={"Accept": accept})
        context = ssl.create_default_context(cafile=str(self.ca_file))
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context), _NoRedirect)
        try:
            with opener.open(request, timeout=_TIMEOUT) as response:
                return Reply(response.status, _lower(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(error.code, _lower(error.headers), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def check_request(text: str, verifiers: SigningAuthority) -> tuple[JsonObject, JsonObject]:
    """The header and payload of a request object, checked as a wallet under HAIP must."""
    header, payload = (loads(part) for part in text.split(".")[:2])
    assert header["typ"] == "oauth-authz-req+jwt", header["typ"]
    assert header["alg"] == "ES256", header["alg"]
    leaf = load_der_x509_certificate(b64decode(header["x5c"][0]))
    leaf.verify_directly_issued_by(verifiers.certificate)
    assert leaf.issuer != leaf.subject
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert es256_verifies(key, text), "the signature of the request object"
    digest = hashlib.sha256(b64decode(header["x5c"][0])).digest()
    assert payload["client_id"] == f"x509_hash:{b64(digest)}"
    assert payload["response_type"] == "vp_token"
    assert payload["response_mode"] == "direct_post.jwt"
    assert payload["aud"] == "https://self-issued.me/v2"
    assert payload.get("iss", payload["client_id"]) == payload["client_id"]
    assert payload["response_uri"].startswith("https://")
    assert set(payload) <= _PARAMETERS, sorted(set(payload) - _PARAMETERS)
    _check_nonce(payload["nonce"])
    _check_metadata(payload["client_metadata"])
    return header, payload


def _check_nonce(nonce: str) -> None:
    """At least 128 bits can be in there, and no wallet finds it too long (suite: at most 43 characters)."""
    assert 22 <= len(nonce) <= 43, len(nonce)
    assert all(letter.isascii() and (letter.isalnum() or letter in "-._~") for letter in nonce)
    assert len(set(nonce)) >= 12, "the nonce is not random"


def _check_metadata(metadata: JsonObject) -> None:
    assert set(metadata["encrypted_response_enc_values_supported"]) >= set(ENC_VALUES)
    (key,) = metadata["jwks"]["keys"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ECDH-ES")
    assert key.get("use", "enc") == "enc"
    assert key["kid"]
    assert "d" not in key, "a private key in the request"
    formats = metadata["vp_formats_supported"]["dc+sd-jwt"]
    for name in ("sd-jwt_alg_values", "kb-jwt_alg_values"):
        assert "ES256" in formats.get(name, ["ES256"])
