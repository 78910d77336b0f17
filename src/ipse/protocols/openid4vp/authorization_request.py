"""The value of an authorization request: who asks and how that is proved, what for, and where to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final, Literal, TypeAlias

from ipse.dids.resolver import UsedMethod
from ipse.encoding.strict_json import JsonObject
from ipse.errors import RequestExpired
from ipse.keys.certificates import Chain
from ipse.protocols.dcql.query import CredentialQuery, Query
from ipse.protocols.openid4vp.client_identifiers import ClientIdentifier
from ipse.protocols.openid4vp.client_metadata import ClientMetadata
from ipse.protocols.openid4vp.refusals import (
    INVALID_REQUEST,
    ReplyAddress,
    ResponseMode,
    refused_with,
)
from ipse.protocols.openid4vp.transaction_data import TransactionData

__all__ = [
    "LEEWAY",
    "AuthorizationRequest",
    "CertificateProof",
    "Client",
    "DidProof",
    "NoProof",
    "Proof",
    "VerifierAttestation",
    "check_time",
]

LEEWAY: Final = timedelta(seconds=60)
"""How far clocks may differ."""
RELATIONSHIP: Final = "authentication"
"""The verification relationship of a DID's key that signs requests."""


@dataclass(frozen=True, slots=True)
class NoProof:
    """Nothing proves who asks: an unsigned request. The answer is of use at its address alone."""

    kind: ClassVar[Literal["none"]] = "none"


@dataclass(frozen=True, slots=True)
class DidProof:
    """A key that the DID `did` lists for authentication signed; `method` is its verification method."""

    kind: ClassVar[Literal["did"]] = "did"
    did: str
    method: UsedMethod = field(repr=False)


@dataclass(frozen=True, slots=True)
class CertificateProof:
    """The key of `chain.leaf` signed, and the chain leads to an authority that the owner trusts."""

    kind: ClassVar[Literal["certificate"]] = "certificate"
    chain: Chain


@dataclass(frozen=True, slots=True)
class VerifierAttestation:
    """A key that `issuer` attests to the verifier `subject` signed (OpenID4VP 1.0 section 12).

    - `expires`: when the attestation ends
    - `redirect_uris`: the only addresses that an answer may go to, None where it may go to any
    - `claims`: all of the attestation's payload
    """

    kind: ClassVar[Literal["attestation"]] = "attestation"
    issuer: str
    subject: str
    expires: datetime
    redirect_uris: tuple[str, ...] | None
    claims: JsonObject = field(repr=False)


Proof: TypeAlias = NoProof | DidProof | CertificateProof | VerifierAttestation


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, and by what it is proved."""

    identifier: ClientIdentifier
    proof: Proof

    @property
    def name(self) -> str:
        """What to call it: the subject of its certificate, or the name in its client identifier."""
        if isinstance(self.proof, CertificateProof):
            return self.proof.chain.leaf.name
        return self.identifier.name


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that was checked.

    - `client`: who asks, and by what it is proved
    - `party`: the name that everything about the one who asks is accounted under (`parties.client_party`).
      Of an unsigned request it is a claim, and the answer is of use to that address alone
    - `nonce`, `state`: what the answer is bound to, and what goes back with it
    - `response_mode`, `reply_to`: how the answer is sent, and to which redirect_uri or response_uri;
      `origin` is the web origin of that
    - `query`: what is asked for, in DCQL
    - `transaction_data`: what the answer is to authorize
    - `client_metadata`: the verifier's keys and formats
    - `verifier_info`: statements about the verifier, not checked (section 5.1)
    - `issued`, `not_before`, `expires`: None where the request does not say
    - `text`: the canonical JSON of an unsigned request, the JWT of a signed one
    - `digest`: SHA-256 over it, in hex
    """

    client: Client
    party: str
    nonce: str
    state: str | None
    response_mode: ResponseMode
    reply_to: str
    origin: str
    query: Query
    transaction_data: tuple[TransactionData, ...]
    client_metadata: ClientMetadata
    verifier_info: tuple[JsonObject, ...] = field(default=(), repr=False)
    issued: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    digest: str = ""
    text: str = field(default="", repr=False, compare=False)

    @property
    def client_id(self) -> str:
        """The full client identifier, which is the audience of the answer."""
        return self.client.identifier.text

    @property
    def did(self) -> str | None:
        """The DID whose signature was verified, None where the request is not signed by a DID."""
        return self.client.proof.did if isinstance(self.client.proof, DidProof) else None

    @property
    def signed(self) -> bool:
        """Whether a signature was verified that shows who asks."""
        return not isinstance(self.client.proof, NoProof)

    @property
    def signed_by(self) -> UsedMethod | None:
        """The verification method of a DID that signed it, None for any other proof."""
        return self.client.proof.method if isinstance(self.client.proof, DidProof) else None

    @property
    def credentials(self) -> tuple[CredentialQuery, ...]:
        """The credentials that are asked for."""
        return self.query.credentials

    @property
    def reply(self) -> ReplyAddress:
        """Where the answer goes, and a refusal too."""
        encryption = self.client_metadata.encryption if self.response_mode == "direct_post.jwt" else None
        return ReplyAddress(self.response_mode, self.reply_to, self.state, encryption)


def check_time(request: AuthorizationRequest, now: datetime) -> None:
    """Raise RequestExpired where the request has expired or comes from the future, as far as it says.

    UnusableKey or Undetermined where its signer's key is no longer in use.
    """
    if request.expires is not None and now - LEEWAY > request.expires:
        error = RequestExpired(f"the request expired at {request.expires:%Y-%m-%d %H:%M} UTC")
        raise refused_with(error, INVALID_REQUEST, request.reply)
    begins = max((moment for moment in (request.issued, request.not_before) if moment), default=now)
    if now + LEEWAY < begins:
        error = RequestExpired("the request was made in the future", hint="check this machine's clock")
        raise refused_with(error, INVALID_REQUEST, request.reply)
    if request.signed_by is not None:
        request.signed_by.check(RELATIONSHIP, now)
