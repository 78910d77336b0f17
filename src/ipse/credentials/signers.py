"""Who signed, and with which key: issuers and holders, and the keys that they sign with.

Source: Controlled Identifiers 1.0; SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), sections on the issuer's key and
on JWT VC Issuer Metadata; HAIP 1.0, on `x5c` of credentials.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ipse.credentials.model.rules import URL
from ipse.credentials.policy import VerificationContext
from ipse.credentials.report import Rejected
from ipse.dids import resolver
from ipse.dids.resolver import UsedMethod
from ipse.encoding import strict_json
from ipse.encoding.safe_text import one_line
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, NotFound, Undetermined, UntrustedCertificate
from ipse.keys import key_types
from ipse.keys.key_types import PublicKey

if TYPE_CHECKING:
    from ipse.keys.certificates import Certificate, Chain

__all__ = [
    "ASSERTION",
    "AUTHENTICATION",
    "SignerKey",
    "asserting_key",
    "certified_name",
    "check_certified",
    "controller_of",
    "find_key",
    "is_certified",
    "metadata_url",
    "method_of",
    "resolve",
]

ASSERTION: Final = "assertionMethod"
AUTHENTICATION: Final = "authentication"
_METADATA: Final = "/.well-known/jwt-vc-issuer"
_RELATIONSHIPS: Final = ("verificationMethod", ASSERTION, AUTHENTICATION)


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A signer's key, and where it stands.

    - `method`: its entry in the DID document `controller`; both None where no DID document has it
    - `chain`: the certificates that it was found in, None for every other key
    """

    signer: str
    key: PublicKey
    controller: JsonObject | None = None
    method: JsonObject | None = None
    chain: Chain | None = None

    def used(self, made: datetime | None) -> tuple[UsedMethod, ...]:
        """The verification method that signed at `made`; none where no DID document has the key."""
        if self.method is None or self.controller is None:
            return ()
        return (UsedMethod(self.controller, self.method, made),)


def resolve(signer: str, context: VerificationContext) -> tuple[JsonObject, str, object]:
    """The DID document of an issuer or holder: a step."""
    if not signer.startswith("did:"):
        raise Undetermined(
            f"the issuer {excerpt(signer)} is not a DID, so its keys can't be found", code="issuer-not-a-did"
        )
    return context.sources.resolve(signer), "resolved", signer


def controller_of(method_id: str) -> str:
    """The DID that a verification method's id belongs to."""
    return method_id.partition("#")[0]


def method_of(controller: JsonObject, method_id: str) -> JsonObject:
    """A verification method of a DID document, also where it stands under a relationship alone.

    Source: DID Core 1.0 section 5.3.1. Raises Rejected.
    """
    for relationship in _RELATIONSHIPS:
        try:
            return resolver.find_method(controller, method_id, relationship)
        except NotFound:
            continue
    raise Rejected("unknown-key", "the verification method is not one of the issuer's", method_id)


def find_key(
    header: JsonObject, payload: JsonObject, context: VerificationContext
) -> tuple[SignerKey, str, object]:
    """The key that the issuer named in an unverified JWT signs with: a step.

    The issuer is a DID where `iss` is one. Else it is the subject of the first certificate where the header
    has certificates (`x5c`), or an https URL that publishes its keys. Raises Rejected, Undetermined,
    MalformedInput, CertificateRejected.
    """
    issuer, kid = payload.get("iss"), header.get("kid")
    if is_certified(header, payload):
        return _certified_key(header, issuer, context)
    if not isinstance(issuer, str):
        raise Undetermined("it names no issuer, by iss or by certificates (x5c)", code="issuer-not-named")
    if kid is not None and not isinstance(kid, str):
        raise Rejected("malformed", "kid of the header is not a string")
    if issuer.startswith("did:"):
        return _key_of_did(issuer, kid, context), "resolved", issuer
    if issuer.startswith("https://"):
        return _published_key(issuer, kid, context), "publishes its keys", issuer
    raise Undetermined(
        f"the issuer {excerpt(issuer)} is neither a DID nor an https URL", code="issuer-not-a-did"
    )


def is_certified(header: JsonObject, payload: JsonObject) -> bool:
    """Whether certificates in the header of a JWT say who issued it: not where `iss` is a DID."""
    issuer = payload.get("iss")
    return "x5c" in header and not (isinstance(issuer, str) and issuer.startswith("did:"))


def check_certified(leaf: Certificate, issuer: object) -> None:
    """Check that a certificate is the one of the issuer that a token names (`iss`), None where it names none.

    The name is a URI of its subject alternative name, or an https URL whose host is a DNS name of it. Raises
    Rejected.
    """
    if issuer is None or (isinstance(issuer, str) and issuer in leaf.uris):
        return
    if isinstance(issuer, str) and issuer.startswith("https://") and URL.fullmatch(issuer):
        host = urlsplit(issuer).hostname or ""
        if host in {name.lower() for name in leaf.dns_names}:
            return
    raise Rejected(
        "issuer-not-in-certificate", "the certificate names another issuer than iss", str(issuer)[:200]
    )


def certified_name(leaf: Certificate) -> str:
    """Return what the subject of a certificate is called where no `iss` names it: its distinguished name.

    Where that is empty, the SHA-256 of the certificate. It is never a DID nor a URL.
    """
    return leaf.subject or f"SHA-256={leaf.fingerprint.hex()}"


def _certified_key(
    header: JsonObject, issuer: object, context: VerificationContext
) -> tuple[SignerKey, str, object]:
    from ipse.keys.certificates import check_chain

    try:
        chain = check_chain(header["x5c"], context.policy.issuer_anchors, now=context.now)
    except UntrustedCertificate:
        # An https issuer that is accepted for its name may publish its keys as well.
        kid = header.get("kid")
        if not (
            isinstance(issuer, str) and issuer.startswith("https://") and context.policy.names(issuer)
        ) or not isinstance(kid, str | None):
            raise
        return _published_key(issuer, kid, context), "publishes its keys", issuer
    check_certified(chain.leaf, issuer)
    name = issuer if isinstance(issuer, str) else certified_name(chain.leaf)
    reason = f"its certificate leads to {one_line(chain.anchor.name, 80)}"
    return SignerKey(name, chain.leaf.key, chain=chain), reason, chain.leaf.subject


def asserting_key(
    issuer: str, kid: str | None, issued: datetime | None, context: VerificationContext
) -> PublicKey:
    """The key with which an issuer asserted at `issued`, for a status list token. Raises as `find_key`."""
    found, _, _ = find_key({} if kid is None else {"kid": kid}, {"iss": issuer}, context)
    for used in found.used(issued):
        used.check(ASSERTION, context.now)
    return found.key


def _key_of_did(issuer: str, kid: str | None, context: VerificationContext) -> SignerKey:
    document = context.sources.resolve(issuer)
    method_id = f"{issuer}{kid}" if kid and kid.startswith("#") else kid
    if method_id is None:
        listed = document.get(ASSERTION)
        if not isinstance(listed, list) or len(listed) != 1:
            raise Rejected(
                "key-not-named", "the header names no key (kid), and the issuer has several or none"
            )
        only = listed[0]
        method_id = str(only.get("id")) if isinstance(only, dict) else str(only)
    method = method_of(document, method_id)
    return SignerKey(issuer, resolver.method_key(method), document, method)


def _published_key(issuer: str, kid: str | None, context: VerificationContext) -> SignerKey:
    metadata = _fetched(metadata_url(issuer), context)
    if metadata.get("issuer") != issuer:
        raise Rejected(
            "issuer-metadata", "the issuer's metadata is of another issuer", metadata.get("issuer")
        )
    keys = metadata.get("jwks")
    if "jwks_uri" in metadata and keys is None:
        location = metadata["jwks_uri"]
        if not isinstance(location, str) or not location.startswith("https://"):
            raise Rejected("issuer-metadata", "jwks_uri of the issuer's metadata is not an https URL")
        keys = _fetched(location, context)
    entries = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(entries, list):
        raise Rejected("issuer-metadata", "the issuer's metadata has no keys")
    fitting = [entry for entry in entries if isinstance(entry, dict) and entry.get("kid") == kid]
    if kid is None and len(entries) == 1:
        fitting = [entry for entry in entries if isinstance(entry, dict)]
    if len(fitting) != 1:
        raise Rejected("unknown-key", f"the issuer publishes {len(fitting)} keys of this kid", kid or "")
    return SignerKey(issuer, key_types.verifying_from_jwk(fitting[0]))


def metadata_url(issuer: str) -> str:
    """Where an https issuer publishes its metadata: the well-known path before the issuer's own."""
    try:
        parts = urlsplit(issuer)
    except ValueError as error:
        raise MalformedInput(f"the issuer {excerpt(issuer)} is not a URL") from error
    if parts.query or parts.fragment:
        raise MalformedInput(f"the issuer {excerpt(issuer)} has a query or a fragment")
    return f"https://{parts.netloc}{_METADATA}{parts.path.rstrip('/')}"


def _fetched(url: str, context: VerificationContext) -> JsonObject:
    try:
        return strict_json.parse_object(context.sources.fetch(url).body, what="the issuer's metadata")
    except MalformedInput as error:
        raise Undetermined(f"{url[:100]}: {error.message}") from error
