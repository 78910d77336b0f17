"""W3C credentials and presentations as JWTs: `vc+jwt` and `vp+jwt`.

Source: W3C Securing Verifiable Credentials using JOSE and COSE, section 3.1; enveloping as in VCDM 2.0,
sections 4.13 and 4.14. The payload is the document itself, with registered JWT claims beside its members.

The key is the one that the issuer's (or holder's) DID lists under `kid`. A header that brings a key of its
own, or points at one, is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ipse.credentials import jws, model
from ipse.credentials.jws import Jws
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.encoding.timestamps import from_numeric_date, to_numeric_date
from ipse.errors import InputTooLarge, MalformedInput, VerificationFailed
from ipse.keys.key_types import PrivateKey, PublicKey

__all__ = [
    "CREDENTIAL_TYPE",
    "MAX_LENGTH",
    "PRESENTATION_TYPE",
    "Token",
    "check_claims",
    "check_header",
    "from_jws",
    "numeric_date",
    "read",
    "registered_period",
    "sign_credential",
    "sign_presentation",
    "verify_signature",
]

CREDENTIAL_TYPE: Final = "vc+jwt"
PRESENTATION_TYPE: Final = "vp+jwt"
MAX_LENGTH: Final = 4 * 1024 * 1024
"""Characters of one token; a presentation holds its credentials encoded twice."""

_CONTENT_TYPES: Final = {CREDENTIAL_TYPE: "vc", PRESENTATION_TYPE: "vp"}
_DOCUMENT_TYPES: Final = {
    CREDENTIAL_TYPE: "VerifiableCredential",
    PRESENTATION_TYPE: "VerifiablePresentation",
}
_ALGORITHMS: Final = ("EdDSA", "ES256", "ES256K", "ES384")
_CLAIMS: Final = frozenset({"iss", "sub", "jti", "exp", "nbf", "iat", "aud", "nonce"})
_KEYS_OF_THEIR_OWN: Final = ("jwk", "jku", "x5u", "x5c")
_UNREAD: Final = ("crit", "b64", "zip", "enc")
_METHOD: Final = re.compile(r"(did:[a-z0-9]+:[A-Za-z0-9._:%-]{1,4096})#[A-Za-z0-9._:%-]{1,4096}")


@dataclass(frozen=True, slots=True)
class Token:
    """A `vc+jwt` or `vp+jwt`, read and not verified.

    - `typ`: CREDENTIAL_TYPE or PRESENTATION_TYPE; the document is of that kind
    - `kid`: the DID URL of the verification method that the token names. Whether that is one of the
      issuer's (holder's) is for the reader to find out
    - `document`: the credential or presentation, without the JWT's own claims
    - `claims`: those claims: iss, sub, jti, exp, nbf, iat, aud, nonce, as far as they are there
    """

    typ: str
    kid: str
    document: JsonObject = field(repr=False)
    claims: JsonObject = field(repr=False)
    jws: Jws = field(repr=False)

    @property
    def header(self) -> JsonObject:
        """The protected header, all of it."""
        return self.jws.header

    @property
    def controller(self) -> str:
        """The DID in front of the `#` of `kid`."""
        return self.kid.partition("#")[0]

    @property
    def audience(self) -> tuple[str, ...]:
        """Whom the token is for; empty where it does not say."""
        audience = self.claims.get("aud", [])
        return tuple(audience) if isinstance(audience, list) else (audience,)

    @property
    def encoded(self) -> str:
        """The compact serialization."""
        return self.jws.encoded


def sign_credential(document: JsonObject, key: PrivateKey, *, verification_method: str) -> str:
    """The `vc+jwt` of a VCDM 2.0 credential, by `key`, which `verification_method` (a DID URL) names.

    Raises MalformedInput where the document breaks the data model, its members would be read as JWT
    claims, or its issuer is a DID that the verification method is not of.
    """
    broken = model.violations(document)
    if broken:
        raise MalformedInput(f"not a credential: {broken[0]}", hint="this is a rule of the VC data model 2.0")
    return _signed(CREDENTIAL_TYPE, document, {}, key, verification_method)


def sign_presentation(
    document: JsonObject,
    key: PrivateKey,
    *,
    verification_method: str,
    audience: str,
    nonce: str,
    issued_at: datetime,
    expires: datetime | None = None,
) -> str:
    """The `vp+jwt` of a VCDM 2.0 presentation, for one `audience` and `nonce`. Times are aware.

    Raises MalformedInput as `sign_credential` does, and for an empty audience or nonce.
    """
    if not (audience and nonce):
        raise MalformedInput("a presentation needs an audience and a nonce, neither of them empty")
    claims: JsonObject = {"aud": audience, "nonce": nonce, "iat": to_numeric_date(issued_at)}
    if expires is not None:
        claims["exp"] = to_numeric_date(expires)
    return _signed(PRESENTATION_TYPE, document, claims, key, verification_method)


def read(text: str, *, what: str) -> Token:
    """The token that `text` serializes, unverified. `what` names it in errors.

    `typ` must be one of the two: a JWT made for anything else never passes for a credential. Raises
    MalformedInput, InputTooLarge.
    """
    if len(text) > MAX_LENGTH:
        raise InputTooLarge(f"{what} has {len(text)} characters; at most {MAX_LENGTH} are read")
    return from_jws(jws.read(text, what=what), what=what)


def from_jws(token: Jws, *, what: str) -> Token:
    """The token that a JWS holds, unverified. Raises MalformedInput."""
    typ = token.header.get("typ")
    if not isinstance(typ, str) or typ not in _CONTENT_TYPES:
        raise MalformedInput(
            f"typ of {what} is {excerpt(typ)}, not {' or '.join(_CONTENT_TYPES)}",
            hint="JWTs of VCDM 1.1 have a `vc` claim and no such typ",
        )
    content_type = token.header.get("cty", _CONTENT_TYPES[typ])
    if content_type != _CONTENT_TYPES[typ]:
        raise MalformedInput(f"cty of {what} is {excerpt(content_type)}, not {_CONTENT_TYPES[typ]}")
    kid = check_header(token.header, what)
    document = {name: value for name, value in token.payload.items() if name not in _CLAIMS}
    claims = {name: value for name, value in token.payload.items() if name in _CLAIMS}
    _check_document(document, typ, what)
    found = Token(typ, kid, document, claims, token)
    check_claims(found, _identity(document, typ) or found.controller)
    return found


def verify_signature(token: Token, key: PublicKey) -> None:
    """Raise VerificationFailed unless `key` signed `token`. The algorithm is the key's."""
    if key.algorithm not in _ALGORITHMS:
        raise VerificationFailed(f"{key.key_type} keys sign no credentials")
    jws.check_signature(token.jws, lambda: key)


def check_claims(token: Token, identity: str) -> None:
    """The token's claims fit RFC 7519 section 4.1 and its document, which is by `identity`.

    `identity` is the issuer or the holder; `iss`, in the claims or the header, names nobody else. Raises
    MalformedInput.
    """
    claims = token.claims
    for name in ("iss", "sub", "jti", "nonce"):
        if name in claims and not (isinstance(claims[name], str) and claims[name]):
            raise MalformedInput(f"{name} is not a string with something in it")
    if not all(isinstance(entry, str) and entry for entry in token.audience):
        raise MalformedInput("aud is neither a string nor an array of strings")
    for place, source in (("the claims", claims), ("the header", token.header)):
        issuer = source.get("iss", identity)
        if issuer != identity:
            raise MalformedInput(
                f"iss in {place} is {excerpt(issuer)}, the document is by {excerpt(identity)}"
            )
    subject = model.subject_of(token.document)
    for name, said in (("sub", subject), ("jti", token.document.get("id"))):
        if said is not None and claims.get(name, said) != said:
            raise MalformedInput(f"{name} is {excerpt(claims[name])}, the document says {excerpt(said)}")


def registered_period(token: Token) -> tuple[datetime | None, datetime | None]:
    """From when to when the signature is meant to hold: the later of `nbf` and `iat`, and `exp`.

    Beside validFrom and validUntil of the document, not in their place. Raises MalformedInput for what is
    no time from 1970 to 9999.
    """
    starts = [numeric_date(token.claims, name) for name in ("nbf", "iat")]
    known = [moment for moment in starts if moment is not None]
    return max(known, default=None), numeric_date(token.claims, "exp")


def check_header(header: JsonObject, what: str) -> str:
    """The `kid` of a header that names a DID's key and neither brings one nor asks for an extension.

    Raises MalformedInput.
    """
    for name in _KEYS_OF_THEIR_OWN:
        if name in header:
            raise MalformedInput(f"the header of {what} has {name}: keys come from the issuer's DID alone")
    for name in _UNREAD:
        if name in header:
            raise MalformedInput(f"the header of {what} has {name}, which is not understood")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _METHOD.fullmatch(kid):
        raise MalformedInput(
            f"kid of {what} is {excerpt(kid)}, not the DID URL of a key",
            hint="it looks like did:key:z6Mk…#z6Mk…",
        )
    return kid


def numeric_date(claims: JsonObject, name: str) -> datetime | None:
    """The NumericDate `name` (RFC 7519 section 2), aware; None where there is none.

    Raises MalformedInput for what is no time from 1970 to 9999.
    """
    return from_numeric_date(claims[name], name) if name in claims else None


def _signed(
    typ: str, document: JsonObject, claims: JsonObject, key: PrivateKey, verification_method: str
) -> str:
    taken = _CLAIMS & document.keys()
    if taken:
        raise MalformedInput(f"the member {min(taken)} would be read as a claim of the JWT")
    what = "the JWT to sign"
    header = {"typ": typ, "cty": _CONTENT_TYPES[typ], "kid": verification_method}
    check_header(header, what)
    _check_document(document, typ, what)
    identity = _identity(document, typ)
    if identity is not None and identity.startswith("did:"):
        did = verification_method.partition("#")[0]
        if did != identity:
            raise MalformedInput(f"the verification method is one of {did[:100]}, not of {identity[:100]}")
    encoded = jws.sign(header, {**document, **claims}, key).encoded
    read(encoded, what=what)  # what no reader could read is not handed out
    return encoded


def _check_document(document: JsonObject, typ: str, what: str) -> None:
    """The document is of the kind that `typ` says, and of no other."""
    for name in ("vc", "vp"):
        if name in document:
            raise MalformedInput(f"{what} has a {name} claim: that is the form of VCDM 1.1")
    context = document.get("@context")
    if (context if isinstance(context, list) else [context])[:1] != [model.CONTEXT]:
        raise MalformedInput(f"@context of {what} does not begin with {model.CONTEXT}")
    types = document.get("type")
    names = types if isinstance(types, list) else [types]
    for kind, name in _DOCUMENT_TYPES.items():
        if (name in names) is not (kind == typ):
            raise MalformedInput(f"{what} is a {typ}, and its document is of the type {excerpt(types)}")


def _identity(document: JsonObject, typ: str) -> str | None:
    """Who the document says to be by: the issuer, or the holder of a presentation."""
    party = document.get("issuer" if typ == CREDENTIAL_TYPE else "holder")
    identity = party.get("id") if isinstance(party, dict) else party
    return identity if isinstance(identity, str) else None
