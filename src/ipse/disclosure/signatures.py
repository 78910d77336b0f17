"""Signatures by the keys of DIDs, under what a wallet and an application say to each other after an answer.

Each is a JWS whose `kid` is the DID URL of a verification method that its DID lists for assertions. The
algorithm is that of the key, and the `typ` says what was signed, so that nothing passes for something else.
"""

from __future__ import annotations

from datetime import datetime

from ipse.credentials import jws
from ipse.credentials.jws import Jws
from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import IpseError, UnusableKey, VerificationFailed
from ipse.keys.key_types import PublicKey
from ipse.protocols.parties import party_of

__all__ = ["check_signature", "signer_of", "stands_for"]


def signer_of(signature: Jws, typ: str, what: str) -> tuple[str, str]:
    """The DID and the verification method that a signature of this `typ` names, unverified.

    `what` names it in errors, like "receipt". Raises VerificationFailed.
    """
    method_id = signature.header.get("kid")
    if not isinstance(method_id, str) or "#" not in method_id:
        raise VerificationFailed(f"the {what} is signed by {excerpt(method_id)}, which is no key of a DID")
    if signature.header.get("typ") != typ:
        raise VerificationFailed(f"what is signed is {excerpt(signature.header.get('typ'))}, no {what}")
    return method_id.partition("#")[0], method_id


def check_signature(
    signature: Jws, did: str, method_id: str, resolve: Resolve, *, made: datetime | None, now: datetime | None
) -> None:
    """Check that the key `method_id` of `did` signed, and that it was in use.

    `made` is when the signature says that it was made, and `now` the time of which it is judged; both are
    read as by `resolver.check_period`. Raises VerificationFailed, Undetermined, and what `resolve` raises.
    """
    used: list[JsonObject] = []

    def key() -> PublicKey:
        document = resolve(did)
        try:
            used.append(resolver.listed_method(document, method_id, "assertionMethod"))
        except UnusableKey as error:
            raise VerificationFailed(f"{did[:100]} does not sign with {excerpt(method_id)}") from error
        return resolver.method_key(used[0])

    jws.check_signature(signature, key)
    resolver.check_period(used[0], made=made, now=now)


def stands_for(did: str, party: str) -> bool:
    """Whether `did` is a DID of `party`."""
    try:
        return did.startswith("did:") and party_of(did) == party
    except IpseError:
        return False
