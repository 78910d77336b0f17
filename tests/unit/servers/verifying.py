"""A verifier's server without sockets, and wallets that are not ours to answer it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ipse.credentials.formats import sd_jwt
from ipse.credentials.policy import Policy
from ipse.dids import did_key
from ipse.keys import key_types
from ipse.keys.certificates import read_certificates
from ipse.keys.import_formats import read_private_key
from ipse.servers.http.messages import Refused, Request, Response
from ipse.servers.http.routing import Routes
from ipse.servers.verifier import clients
from ipse.servers.verifier.addresses import Addresses
from ipse.servers.verifier.api import Api, link_of
from ipse.servers.verifier.outcomes import Outcome
from ipse.servers.verifier.requests import Asked, Requests
from ipse.servers.verifier.responses import Responses
from ipse.servers.verifier.service import Service
from ipse.servers.verifier.sessions import Session, Sessions
from ipse.wallet.verifier import Lookup
from tests.openid_peer.certificates import Signer, SigningAuthority, public_jwk
from tests.openid_peer.encoding import loads
from tests.openid_peer.wallet import Asked as Fetched
from tests.openid_peer.wallet import Reply, Wallet

TYPE = "urn:example:membership:1"
URL = "https://verifier.example/ask"
TOKEN = "t" * 43
ORIGIN = "https://shop.example"
QUERY: dict[str, Any] = {
    "credentials": [
        {
            "id": "membership",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [TYPE]},
            "claims": [{"path": ["given_name"]}],
        }
    ]
}


class Clock:
    """The time of the server, which a test sets forward."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def seconds(self) -> float:
        return self.now().timestamp()


class Issuer:
    """An issuer that is known by its did:key."""

    def __init__(self) -> None:
        self.key = key_types.generate("P-256")
        self.did = did_key.from_public_key(self.key.public())

    def issue(self, holder: ec.EllipticCurvePrivateKey, **claims: Any) -> str:
        """An SD-JWT VC whose claims are all disclosable, bound to the key of `holder`."""
        now = int(time.time())
        content = {"given_name": "Ada", "family_name": "Lovelace", "age": 36} | claims
        about = {"iss": self.did, "iat": now - 60, "exp": now + 3600, "vct": TYPE}
        about |= {name: content.pop(name) for name in ("status",) if name in content}
        return sd_jwt.issue(
            {**about, "cnf": {"jwk": public_jwk(holder)}, **content},
            disclosable=[(name,) for name in content],
            signer=self.key,
            typ="dc+sd-jwt",
            kid=did_key.verification_method_id(self.did),
        )


def pem(signer: Signer) -> tuple[bytes, bytes]:
    """The certificate chain and the key of `signer` as PEM."""
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in signer.chain)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return chain, signer.key.private_bytes(*form)


@dataclass
class Server:
    """All of the server but its sockets. `ended` has what its sessions came to."""

    sessions: Sessions
    requests: Requests
    routes: Routes
    api: Routes
    clock: Clock
    ended: list[tuple[Session, Outcome]] = field(default_factory=list)

    @classmethod
    def make(
        cls,
        folder: Path,
        access: Signer,
        issuers: list[str],
        *,
        mode: Any = "direct_post.jwt",
        queries: dict[str, Any] | None = None,
        most: int = 100,
    ) -> Server:
        clock = Clock()
        chain, key = pem(access)
        addresses = Addresses(URL)
        client = clients.by_certificate(
            read_certificates(chain),
            read_private_key(key, passphrase=None),
            "x509_hash",
            addresses,
            now=clock.now(),
        )
        requests = Requests(client, addresses, mode, timedelta(minutes=5), clock.now)
        sessions = Sessions.open(folder / "verifier.db", bytes(32), clock.seconds, most=most)
        responses = Responses(requests, Policy(issuers=issuers), Lookup())
        ended: list[tuple[Session, Outcome]] = []
        service = Service(
            sessions,
            requests,
            responses,
            keep=60,
            done=lambda session, outcome: ended.append((session, outcome)),
        )
        api = Api(sessions, requests, queries or {"membership": QUERY}, TOKEN, {ORIGIN})
        return cls(sessions, requests, Routes(service.routes()), Routes(api.routes()), clock, ended)

    def ask(self, asked: Asked | None = None) -> tuple[Session, str]:
        """A new session and its link."""
        session = self.requests.session(asked or Asked(QUERY, redirect="https://shop.example/done"))
        self.sessions.add(session)
        return session, link_of(self.requests, session)

    def result(self, session: Session) -> Any:
        """What a session came to; None while it is pending."""
        return self.sessions.find(session.id).result


def served(routes: Routes, request: Request) -> Response:
    """The response, refusals included."""
    try:
        return routes.serve(request)
    except Refused as refused:
        return refused.response()


@dataclass
class LocalWallet(Wallet):
    """The wallet of another, whose calls go to the routes of a server."""

    routes: Callable[[], Routes] = field(kw_only=True)

    def fetch_unchecked(self, link: str) -> Fetched:
        """The request of a link, whatever is in it."""
        reply = self.call(parse_qs(urlsplit(link).query)["request_uri"][0])
        text = reply.body.decode()
        header, payload = (loads(part) for part in text.split(".")[:2])
        return Fetched({}, header, payload, text, reply)

    def call(self, url: str, form: dict[str, str] | None = None, accept: str = "") -> Reply:
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == "https://verifier.example"
        headers = {"accept": accept}
        body = b""
        if form is not None:
            headers["content-type"] = "application/x-www-form-urlencoded"
            body = urlencode(form).encode()
        request = Request("GET" if form is None else "POST", parts.path, parts.query, headers, body, "peer")
        response = served(self.routes(), request)
        told = {name.lower(): value for name, value in response.headers}
        return Reply(response.status, told | {"content-type": response.content_type}, response.body)


@dataclass(frozen=True)
class Around:
    """What is around a server: who vouches for it, who issues, and a holder."""

    verifiers: SigningAuthority
    access: Signer
    issuer: Issuer
    holder: ec.EllipticCurvePrivateKey

    @classmethod
    def make(cls) -> Around:
        verifiers = SigningAuthority("Access authority")
        holder = ec.generate_private_key(ec.SECP256R1())
        return cls(verifiers, verifiers.signer("verifier.example"), Issuer(), holder)

    def wallet(self, server: Server, credential: str | None = None) -> LocalWallet:
        """A wallet with one credential, which reveals `given_name`."""
        return LocalWallet(
            self.holder,
            credential or self.issuer.issue(self.holder),
            self.verifiers,
            Path("unused"),
            reveal=("given_name",),
            routes=lambda: server.routes,
        )
