"""What a credential is to say, in the terms of each format, before anybody signs it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ipse.credentials import model
from ipse.credentials.formats import sd_jwt
from ipse.credentials.formats.sd_jwt import ClaimPath
from ipse.credentials.formats.vcdm11 import data_model
from ipse.dids import resolver
from ipse.dids.resolver import Resolve
from ipse.encoding.strict_json import Json, JsonObject, excerpt
from ipse.errors import MalformedInput, UsageError
from ipse.keys import jwk

__all__ = ["Draft", "disclosable_paths", "drafted", "new_id", "prepared", "with_undefined_terms"]

UNDEFINED_TERMS: Final = "https://www.w3.org/ns/credentials/undefined-terms/v2"
_REGISTERED: Final = ("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "vct", "status")
"""Claims of an SD-JWT VC that are set by the options, or that a verifier has to see."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a credential is to say. `valid_from` None means from now on."""

    subject: str | None
    types: Sequence[str]
    claims: JsonObject
    credential_id: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def drafted(draft: Draft, form: str, did: str, *, now: datetime, resolve: Resolve) -> JsonObject:
    """The unsigned credential that a draft describes, issued by `did`, in the format `form`.

    `resolve` finds the key that an SD-JWT is bound to, that of its subject. Raises MalformedInput for claims
    that break a rule of the data model or stand for options, UsageError.
    """
    if form == "sd-jwt":
        return _sd_jwt_claims(draft, did, now=now, resolve=resolve)
    if form == "w3c-1.1":
        return data_model.build(
            issuer=did,
            subject=draft.subject,
            types=draft.types,
            claims=draft.claims,
            credential_id=draft.credential_id or new_id(),
            issuance_date=draft.valid_from or now,
            expiration_date=draft.valid_until,
        )
    return model.build(
        issuer=did,
        subject=draft.subject,
        types=draft.types,
        claims=draft.claims,
        credential_id=draft.credential_id or new_id(),
        valid_from=draft.valid_from or now,
        valid_until=draft.valid_until,
    )


def prepared(document: JsonObject, form: str, did: str, *, now: datetime) -> JsonObject:
    """A prepared document with the issuer filled in. Raises MalformedInput where it names another."""
    if "proof" in document:
        raise MalformedInput("the document has a proof already", hint="sign the document without its proof")
    member = "iss" if form == "sd-jwt" else "issuer"
    named = document.get(member, did)
    identifier = named.get("id", did) if isinstance(named, dict) else named
    if identifier != did:
        raise MalformedInput(
            f"the document's {member} is {excerpt(identifier)}, not {did}",
            hint="leave it out, or choose that DID with --issuer",
        )
    if form == "sd-jwt":
        return {"iat": int(now.timestamp()), **document, "iss": did}
    return {**document, member: {**named, "id": did} if isinstance(named, dict) else did}


def with_undefined_terms(document: JsonObject) -> JsonObject:
    """The document, with the W3C context that gives every undefined term a meaning of its issuer's own."""
    context = document.get("@context")
    entries = context if isinstance(context, list) else [context]
    return document if UNDEFINED_TERMS in entries else {**document, "@context": [*entries, UNDEFINED_TERMS]}


def disclosable_paths(claims: JsonObject, wanted: Sequence[str]) -> tuple[ClaimPath, ...]:
    """The claims that may be withheld: `all` that a verifier need not see, `none`, or those named.

    Raises UsageError.
    """
    if set(wanted) & {"all", "none"} and len(wanted) > 1:
        raise UsageError("--disclosable all and none stand alone", hint="name paths, or one of the two")
    if tuple(wanted) == ("none",):
        return ()
    if tuple(wanted) == ("all",):
        return tuple(_every_claim(claims))
    return tuple(dict.fromkeys(sd_jwt.read_path(path, claims) for path in wanted))


def _every_claim(claims: JsonObject) -> Iterator[ClaimPath]:
    """The path of every claim, member and element that a verifier need not see."""
    for name, value in claims.items():
        if name not in _REGISTERED:
            yield (name,)
            yield from _inside(value, (name,))


def _inside(value: Json, path: ClaimPath) -> Iterator[ClaimPath]:
    children: Iterator[tuple[str | int, Json]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = iter(enumerate(value))
    for name, child in children:
        yield (*path, name)
        yield from _inside(child, (*path, name))


def new_id() -> str:
    """A new identifier for a credential."""
    return f"urn:uuid:{uuid.uuid4()}"


def _sd_jwt_claims(draft: Draft, did: str, *, now: datetime, resolve: Resolve) -> JsonObject:
    """The claims of an SD-JWT VC by `did`, bound to the subject's key where there is a subject."""
    if len(draft.types) != 1:
        raise UsageError("an SD-JWT VC has one type (vct)", hint="give --type once")
    taken = [name for name in _REGISTERED if name in draft.claims]
    if taken:
        raise MalformedInput(f"the claim {taken[0]!r} is set by the options, not by the claims")
    claims: JsonObject = {"iss": did, "iat": int(now.timestamp()), "vct": draft.types[0]}
    if draft.credential_id is not None:
        claims["jti"] = draft.credential_id
    if draft.subject is not None:
        claims["sub"] = draft.subject
        claims["cnf"] = {"jwk": _holder_jwk(draft.subject, resolve)}
    if draft.valid_from is not None:
        claims["nbf"] = int(draft.valid_from.timestamp())
    if draft.valid_until is not None:
        claims["exp"] = int(draft.valid_until.timestamp())
    return {**claims, **draft.claims}


def _holder_jwk(subject: str, resolve: Resolve) -> JsonObject:
    """The key with which the subject authenticates, as the JWK that `cnf` holds."""
    document = resolve(subject)
    listed = document.get("authentication")
    first = listed[0] if isinstance(listed, list) and listed else None
    if first is None:
        raise UsageError(f"{subject} lists no key to authenticate with, so nothing can be bound to it")
    method = first if isinstance(first, dict) else resolver.find_method(document, first, "authentication")
    return jwk.public_to_jwk(resolver.method_key(method))
