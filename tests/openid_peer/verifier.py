"""A verifier under HAIP: it asks by reference, takes an encrypted answer and checks it to the last member.

    with Verifier(tls, access, issuers) as verifier:
        ...  # the wallet answers `verifier.link()`
        verifier.presentation()

What a test changes in a run that passes is one `Change`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from tests.network_peer.certificates import Authority
from tests.network_peer.server import Answer, body, status
from tests.openid_peer.certificates import Signer, SigningAuthority, es256
from tests.openid_peer.encoding import JsonObject, b64, compact, same, unchanged
from tests.openid_peer.encryption import ENC_VALUES, EncryptionKey
from tests.openid_peer.https import Endpoint, Received, json_answer
from tests.openid_peer.sd_jwt import PID, Presentation, parse_presentation

__all__ = ["Change", "Verifier", "query_for"]

_REQUEST: Final = "/request"
_RESPONSE: Final = "/response"
_TYP: Final = "oauth-authz-req+jwt"
_TYPE: Final = f"application/{_TYP}"


def query_for(*paths: Sequence[str | int | None], vct: str = PID) -> JsonObject:
    """A DCQL query for one identity credential with the claims at `paths`, or all it has in the clear."""
    asked: JsonObject = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}}
    if paths:
        asked["claims"] = [{"path": list(path)} for path in paths]
    return {"credentials": [asked]}


@dataclass(frozen=True)
class Change:
    """What is done to a request that is fine.

    - `payload`, `header`: change the parts of the request object before it is signed
    - `jws`: changes the request object after it was signed
    - `link`: changes the parameters of the link
    - `request_answer`, `response_answer`: what is answered at the two addresses instead
    """

    payload: Callable[[JsonObject], object] = unchanged
    header: Callable[[JsonObject], object] = unchanged
    jws: Callable[[str], str] = same
    link: Callable[[dict[str, str]], object] = unchanged
    request_answer: Answer | None = None
    response_answer: Answer | None = None


@dataclass
class Verifier:
    """Asks one wallet once; `asked` is the request object's payload as it was last sent.

    - `tls`: issues the certificate of the server; `access`: the leaf that signs requests
    - `issuers`: the authority of whose issuers credentials are accepted
    - `signed`: False for a request object with the alg none, under the prefix `redirect_uri`
    - `redirect_uri`: where the wallet is sent after its answer (HAIP 1.0 section 5.1), None for nowhere
    """

    tls: Authority
    access: Signer
    issuers: SigningAuthority
    query: JsonObject = field(default_factory=lambda: query_for(["given_name"], ["family_name"]))
    signed: bool = True
    method: str = "get"
    scheme: str = "openid4vp://"
    state: str | None = field(default_factory=lambda: secrets.token_urlsafe(16))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    redirect_uri: str | None = None
    change: Change = field(default_factory=Change)
    asked: JsonObject = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.encryption = EncryptionKey(secrets.token_urlsafe(8))
        self.endpoint = Endpoint(self.tls.issue("localhost"), self._handle)

    def __enter__(self) -> Self:
        self.endpoint.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.endpoint.__exit__(kind, error, trace)

    @property
    def client_id(self) -> str:
        """Who asks, by the hash of the certificate, or by where the answer goes."""
        return self.access.x509_hash if self.signed else f"redirect_uri:{self.response_uri}"

    @property
    def response_uri(self) -> str:
        """Where the answer goes."""
        return self.endpoint.url(_RESPONSE)

    @property
    def request_uri(self) -> str:
        """Where the request object is."""
        return self.endpoint.url(_REQUEST)

    @property
    def fetches(self) -> list[Received]:
        """The requests for the request object."""
        return [each for each in self.endpoint.received if each.path.startswith(_REQUEST)]

    @property
    def posts(self) -> list[Received]:
        """The requests to where the answer goes."""
        return [each for each in self.endpoint.received if each.path.startswith(_RESPONSE)]

    @property
    def strays(self) -> list[Received]:
        """The requests to anywhere else."""
        return [each for each in self.endpoint.received if not each.path.startswith((_REQUEST, _RESPONSE))]

    def link(self) -> str:
        """The link that opens the wallet."""
        parameters = {"client_id": self.client_id, "request_uri": self.request_uri}
        if self.method != "get":
            parameters["request_uri_method"] = self.method
        self.change.link(parameters)
        return f"{self.scheme}?{urlencode(parameters)}"

    def payload(self, wallet_nonce: str | None = None) -> JsonObject:
        """The parameters of the request object, before any change."""
        payload: JsonObject = {
            "response_type": "vp_token",
            "response_mode": "direct_post.jwt",
            "client_id": self.client_id,
            "response_uri": self.response_uri,
            "nonce": self.nonce,
            "aud": "https://self-issued.me/v2",
            "dcql_query": self.query,
            "client_metadata": {
                "vp_formats_supported": {
                    "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}
                },
                "jwks": {"keys": [self.encryption.public]},
                "encrypted_response_enc_values_supported": list(ENC_VALUES),
            },
        }
        if self.state is not None:
            payload["state"] = self.state
        if wallet_nonce is not None:
            payload["wallet_nonce"] = wallet_nonce
        return payload

    def request_object(self, wallet_nonce: str | None = None) -> str:
        """The signed request object, with the change."""
        header, payload = self.access.header(_TYP), self.payload(wallet_nonce)
        if not self.signed:
            header = {"alg": "none", "typ": _TYP}
            del payload["aud"]
        self.change.payload(payload)
        self.change.header(header)
        self.asked = payload
        if not self.signed:
            return self.change.jws(f"{b64(compact(header))}.{b64(compact(payload))}.")
        return self.change.jws(es256(self.access.key, header, payload))

    def answer(self) -> JsonObject:
        """The parameters of the one answer that came, decrypted; of an error in the clear, as it is."""
        (form,) = self.forms
        if "response" not in form:
            assert "vp_token" not in form, "an answer in the clear"
            return dict(form)
        assert set(form) == {"response"}, sorted(form)
        header, payload = self.encryption.decrypt(form["response"])
        assert header["alg"] == "ECDH-ES"
        assert header["kid"] == self.encryption.kid
        assert header["enc"] in self.asked["client_metadata"].get(
            "encrypted_response_enc_values_supported", ["A128GCM"]
        )
        assert header.get("cty", "json") == "json"
        assert "zip" not in header
        assert not {"iss", "aud", "exp"} & set(payload)
        return payload

    def presentation(self) -> Presentation:
        """The one presentation of the one answer, checked as a verifier must."""
        answer = self.answer()
        expected = {"vp_token"} | ({"state"} if "state" in self.asked else set())
        assert set(answer) == expected, sorted(answer)
        assert answer.get("state") == self.asked.get("state")
        ((name, presented),) = answer["vp_token"].items()
        assert name == self.asked["dcql_query"]["credentials"][0]["id"]
        (text,) = presented
        return parse_presentation(
            text,
            issuer=self.issuers,
            audience=self.asked["client_id"],
            nonce=self.asked["nonce"],
            transaction_data=self.asked.get("transaction_data", ()),
        )

    def error(self) -> str:
        """The code of the one error that came; the state comes with it, and no credential."""
        answer = self.answer()
        assert not {"vp_token", "response"} & set(answer), sorted(answer)
        assert answer.get("state") == self.asked.get("state")
        assert set(answer) <= {"error", "error_description", "state"}, sorted(answer)
        return str(answer["error"])

    def _handle(self, received: Received) -> Answer:
        if received.path == _REQUEST:
            return self.change.request_answer or self._request(received)
        if received.path == _RESPONSE:
            return self._response(received)
        return status("404 Not Found")

    def _request(self, received: Received) -> Answer:
        assert received.method == self.method.upper(), received.method
        if received.method == "POST":
            assert received.headers["accept"] == _TYPE, received.headers["accept"]
            assert set(received.form) <= {"wallet_nonce", "wallet_metadata"}
            json.loads(received.form.get("wallet_metadata", "{}"))
            text = self.request_object(received.form.get("wallet_nonce"))
        else:
            text = self.request_object()
        return body(text.encode(), f"Content-Type: {_TYPE}")

    def _response(self, received: Received) -> Answer:
        assert received.method == "POST"
        self.forms.append(received.form)
        if self.change.response_answer:
            return self.change.response_answer
        answer: dict[str, Any] = {} if self.redirect_uri is None else {"redirect_uri": self.redirect_uri}
        return json_answer(json.dumps(answer).encode())
