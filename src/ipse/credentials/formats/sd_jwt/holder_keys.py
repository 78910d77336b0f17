"""The holder's key: the one that a credential's `cnf` names, and the one that a new credential is bound to.

Source: RFC 7800 section 3; RFC 9901 section 4.1.2.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ipse.credentials import jws, signers
from ipse.credentials.formats.sd_jwt import presentation, registered_claims
from ipse.credentials.formats.sd_jwt.serialization import SdJwt
from ipse.credentials.jws import VerificationKey
from ipse.credentials.policy import VerificationContext
from ipse.dids import resolver
from ipse.dids.resolver import UsedMethod
from ipse.encoding.strict_json import JsonObject, as_list
from ipse.errors import IpseError, Undetermined, UnusableKey, UsageError
from ipse.keys import key_types

__all__ = ["named_by", "of_subject"]


def named_by(cnf: JsonObject, presented: SdJwt, context: VerificationContext) -> VerificationKey:
    """The holder's key from a verified `cnf`: by value (jwk), or a verification method of a DID (kid).

    The key of a DID is judged as of the `iat` of the key binding. Raises MalformedInput, UnusableKey,
    Undetermined.
    """
    kid = cnf.get("kid")
    if "jwk" in cnf or not isinstance(kid, str) or not kid.startswith("did:"):
        return presentation.holder_key(cnf)
    document = context.sources.resolve(signers.controller_of(kid))
    method = resolver.listed_method(document, kid, signers.AUTHENTICATION)
    binding = jws.read(presented.kb_jwt or "", what="key-binding JWT").payload
    made = registered_claims.moment(binding.get("iat"))
    return UsedMethod(document, method, made).key(signers.AUTHENTICATION, context.now)


def of_subject(subject: str, resolve: Callable[[str], JsonObject], now: datetime) -> JsonObject:
    """The first key with which the subject can authenticate now, as the JWK that `cnf` holds.

    Raises UsageError where it lists none, and why the first can't be used where none can.
    """
    document = resolve(subject)
    unusable: IpseError | None = None
    for entry in as_list(document.get(signers.AUTHENTICATION, [])):
        method_id = str(entry.get("id") if isinstance(entry, dict) else entry)
        try:
            method = resolver.listed_method(document, method_id, signers.AUTHENTICATION)
            return key_types.public_to_jwk(UsedMethod(document, method, now).key(signers.AUTHENTICATION, now))
        except (UnusableKey, Undetermined) as error:
            unusable = unusable or error
    raise unusable or UsageError(
        f"{subject} lists no key to authenticate with, so nothing can be bound to it"
    )
