"""The key of an SD-JWT VC's issuer, and of its holder.

Source: SD-JWT VC (draft-ietf-oauth-sd-jwt-vc), sections on the issuer's key and on JWT VC Issuer Metadata;
RFC 7800 section 3 for the holder's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from ipse.credentials.formats.sd_jwt import key_binding
from ipse.credentials.jws import VerificationKey
from ipse.credentials.report import Rejected
from ipse.credentials.verification import methods
from ipse.credentials.verification.policy import Terms
from ipse.dids import resolver
from ipse.encoding import strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined
from ipse.keys import jwk, key_types
from ipse.keys.key_types import PublicKey

__all__ = ["IssuerKey", "holder_key", "resolve"]

_METADATA: Final = "/.well-known/jwt-vc-issuer"


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """An issuer's key; `controller` and `method` are its DID document and verification method, if it has."""

    issuer: str
    key: PublicKey
    controller: JsonObject | None = None
    method: JsonObject | None = None


def resolve(header: JsonObject, payload: JsonObject, terms: Terms) -> tuple[IssuerKey, str, object]:
    """The key that the issuer named in an unverified JWT signs with: a step.

    The issuer is a DID, or an https URL that publishes its keys. Raises Rejected, Undetermined,
    MalformedInput.
    """
    issuer, kid = payload.get("iss"), header.get("kid")
    if not isinstance(issuer, str):
        raise Undetermined("it names no issuer (iss); certificates (x5c) are not read")
    if kid is not None and not isinstance(kid, str):
        raise Rejected("kid of the header is no string")
    if issuer.startswith("did:"):
        return _key_of_did(issuer, kid, terms), "resolved", issuer
    if issuer.startswith("https://"):
        return _published_key(issuer, kid, terms), "publishes its keys", issuer
    raise Undetermined(f"the issuer {excerpt(issuer)} is neither a DID nor an https URL")


def holder_key(cnf: JsonObject, terms: Terms) -> VerificationKey:
    """The holder's key from a verified `cnf`: by value (jwk), or a verification method of a DID (kid).

    Raises MalformedInput, Undetermined.
    """
    kid = cnf.get("kid")
    if "jwk" in cnf or not isinstance(kid, str) or not kid.startswith("did:"):
        return key_binding.holder_key(cnf)
    document = terms.sources.resolve(methods.controller_of(kid))
    method = resolver.find_method(document, kid, "authentication")
    return resolver.method_key(method)


def _key_of_did(issuer: str, kid: str | None, terms: Terms) -> IssuerKey:
    document = terms.sources.resolve(issuer)
    method_id = f"{issuer}{kid}" if kid and kid.startswith("#") else kid
    if method_id is None:
        listed = document.get("assertionMethod")
        if not isinstance(listed, list) or len(listed) != 1:
            raise Rejected("the header names no key (kid), and the issuer has several or none")
        only = listed[0]
        method_id = str(only.get("id")) if isinstance(only, dict) else str(only)
    method = methods.issuer_method(document, method_id)
    return IssuerKey(issuer, resolver.method_key(method), document, method)


def _published_key(issuer: str, kid: str | None, terms: Terms) -> IssuerKey:
    metadata = _fetched(metadata_url(issuer), terms)
    if metadata.get("issuer") != issuer:
        raise Rejected("the issuer's metadata is of another issuer", metadata.get("issuer"))
    keys = metadata.get("jwks")
    if "jwks_uri" in metadata and keys is None:
        location = metadata["jwks_uri"]
        if not isinstance(location, str) or not location.startswith("https://"):
            raise Rejected("jwks_uri of the issuer's metadata is no https URL")
        keys = _fetched(location, terms)
    entries = keys.get("keys") if isinstance(keys, dict) else None
    if not isinstance(entries, list):
        raise Rejected("the issuer's metadata has no keys")
    fitting = [entry for entry in entries if isinstance(entry, dict) and entry.get("kid") == kid]
    if kid is None and len(entries) == 1:
        fitting = [entry for entry in entries if isinstance(entry, dict)]
    if len(fitting) != 1:
        raise Rejected(f"the issuer publishes {len(fitting)} keys of this kid", kid or "")
    key = key_types.verifying(jwk.public_from_jwk(fitting[0]))
    if not _signs(fitting[0], key.algorithm):
        raise Rejected("the issuer publishes this key for something else than its signatures", kid or "")
    return IssuerKey(issuer, key)


def _signs(entry: JsonObject, algorithm: str) -> bool:
    """Whether a JWK is meant for signatures of this algorithm, where it says (RFC 7517, 4.2 to 4.4)."""
    operations = entry.get("key_ops", ["verify"])
    return (
        entry.get("use", "sig") == "sig"
        and isinstance(operations, list)
        and "verify" in operations
        and entry.get("alg", algorithm) == algorithm
    )


def metadata_url(issuer: str) -> str:
    """Where an https issuer publishes its metadata: the well-known path before the issuer's own."""
    try:
        parts = urlsplit(issuer)
    except ValueError as error:
        raise MalformedInput(f"the issuer {excerpt(issuer)} is no URL") from error
    if parts.query or parts.fragment:
        raise MalformedInput(f"the issuer {excerpt(issuer)} has a query or a fragment")
    return f"https://{parts.netloc}{_METADATA}{parts.path.rstrip('/')}"


def _fetched(url: str, terms: Terms) -> JsonObject:
    try:
        return strict_json.parse_object(terms.sources.fetch(url).body, what="the issuer's metadata")
    except MalformedInput as error:
        raise Undetermined(f"{url[:100]}: {error.message}") from error
