"""Making proofs: one at a time, or for many documents whose proofs have the same options.

Source: W3C Verifiable Credential Data Integrity 1.0, section 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ipse.credentials.formats.data_integrity.cryptosuites import (
    Suite,
    document_hash,
    hash_name_of,
    options_hash,
    proof_configuration,
    sign_hashes,
    suite_for_signing,
)
from ipse.encoding.strict_json import Json, JsonObject
from ipse.encoding.timestamps import format_timestamp
from ipse.errors import MalformedInput, UsageError
from ipse.keys.key_types import PrivateKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = ["PreparedProof", "add_proof", "prepare", "sign"]

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class PreparedProof:
    """All of a proof that does not hang on its document: what a batch makes and hashes once.

    `options` are the proof without its value, `context` is the @context of the documents it is for.
    """

    suite: Suite
    key_type: str
    options: JsonObject
    context: Json = field(repr=False)
    options_hash: bytes = field(repr=False)


def add_proof(
    document: JsonObject,
    key: PrivateKey,
    *,
    verification_method: str,
    created: datetime,
    purpose: str = "assertionMethod",
    cryptosuite: str | None = None,
    domain: str | None = None,
    challenge: str | None = None,
    expires: datetime | None = None,
    contexts: Contexts | None = None,
) -> JsonObject:
    """`document` with a proof by `key`, of the JCS suite for its type unless `cryptosuite` names another.

    Raises MalformedInput where it has a proof already or has no canonical form, UsageError for a key type
    without such a cryptosuite and a proof that ends before it begins, Undetermined for a JSON-LD context
    that is not known, DataError for a graph that takes too much work.
    """
    prepared = prepare(
        document,
        key.key_type,
        verification_method=verification_method,
        created=created,
        purpose=purpose,
        cryptosuite=cryptosuite,
        domain=domain,
        challenge=challenge,
        expires=expires,
        contexts=contexts,
    )
    return sign(document, key, prepared, contexts=contexts)


def prepare(
    document: JsonObject,
    key_type: str,
    *,
    verification_method: str,
    created: datetime,
    purpose: str = "assertionMethod",
    cryptosuite: str | None = None,
    domain: str | None = None,
    challenge: str | None = None,
    expires: datetime | None = None,
    contexts: Contexts | None = None,
) -> PreparedProof:
    """The proof for `document` and for every other document with the same @context. Raises as `add_proof`."""
    suite = suite_for_signing(key_type, cryptosuite)
    if expires is not None and expires <= created:
        raise UsageError("the proof would have expired before it is made", hint="give a later time")
    options: JsonObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": suite.name,
        "created": format_timestamp(created),
        "expires": expires and format_timestamp(expires),
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
        "domain": domain,
        "challenge": challenge,
    }
    options = {name: value for name, value in options.items() if value is not None}
    if suite.canonicalisation == "jcs" and "@context" in document:
        options = {"@context": document["@context"], **options}
    hashed = options_hash(
        proof_configuration(options, document, suite),
        suite,
        hash_name=hash_name_of(key_type),
        contexts=contexts,
    )
    return PreparedProof(suite, key_type, options, document.get("@context", _ABSENT), hashed)


def sign(
    document: JsonObject, key: PrivateKey, prepared: PreparedProof, *, contexts: Contexts | None = None
) -> JsonObject:
    """`document` with the prepared proof, signed by `key`.

    Raises MalformedInput where it has a proof already, has no canonical form or has another @context than
    the proof was prepared for, UsageError for a key of another type.
    """
    if "proof" in document:
        raise MalformedInput("the document has a proof already", hint="sign the document without its proof")
    if document.get("@context", _ABSENT) != prepared.context:
        raise MalformedInput("the document's @context is not the one that the proof was prepared for")
    if key.key_type != prepared.key_type:
        raise UsageError(f"the proof was prepared for {prepared.key_type} keys, not {key.key_type}")
    hashed = document_hash(
        document, prepared.suite, hash_name=hash_name_of(prepared.key_type), contexts=contexts
    )
    value = sign_hashes(key, prepared.options_hash, hashed)
    return {**document, "proof": {**prepared.options, "proofValue": value}}
