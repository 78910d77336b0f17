"""The verification methods of those who sign: found, and held to what their controller lists them for."""

from __future__ import annotations

from typing import Final

from ipse.credentials.report import Rejected
from ipse.credentials.verification.policy import Terms
from ipse.dids import resolver
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import NotFound, Undetermined

__all__ = ["check_purpose", "controller_of", "issuer_method", "resolve_issuer"]

_RELATIONSHIPS: Final = ("verificationMethod", "assertionMethod", "authentication")


def resolve_issuer(issuer: str, terms: Terms) -> tuple[JsonObject, str, object]:
    """The issuer's DID document: a step."""
    if not issuer.startswith("did:"):
        raise Undetermined(f"the issuer {excerpt(issuer)} is not a DID, so its keys can't be found")
    return terms.sources.resolve(issuer), "resolved", issuer


def controller_of(method_id: str) -> str:
    """The DID that a verification method's id belongs to."""
    return method_id.partition("#")[0]


def issuer_method(issuer_document: JsonObject, method_id: str) -> JsonObject:
    """The issuer's verification method, also where it stands under a relationship alone (DID Core 5.3.1)."""
    for relationship in _RELATIONSHIPS:
        try:
            return resolver.find_method(issuer_document, method_id, relationship)
        except NotFound:
            continue
    raise Rejected("the verification method is not one of the issuer's", method_id)


def check_purpose(
    issuer_document: JsonObject, method: JsonObject, purpose: str, *, expected: str
) -> tuple[None, str, object]:
    """Whether a key that its controller lists for `expected` made the proof, and for that: a step."""
    if purpose != expected:
        wanted = "assert credentials" if expected == "assertionMethod" else "prove who presents them"
        raise Rejected(f"the proof was not made to {wanted}", purpose)
    try:
        listed = resolver.find_method(issuer_document, str(method["id"]), expected)
    except NotFound as error:
        raise Rejected(f"its controller does not list this key for {expected}", method["id"]) from error
    if listed != method:
        raise Rejected(f"another key of this name is listed for {expected}", method["id"])
    if method.get("controller") != issuer_document.get("id"):
        raise Rejected("the key is controlled by somebody else", method.get("controller"))
    return None, f"made for {expected}, by a key its controller lists", purpose
