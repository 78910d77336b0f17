"""Data Integrity proofs with the cryptosuites eddsa-jcs-2022 and, for P-256, ecdsa-jcs-2019.

Source: W3C Verifiable Credential Data Integrity 1.0, sections 4.2 to 4.4; Data Integrity EdDSA
Cryptosuites 1.0, section 3.3; Data Integrity ECDSA Cryptosuites 1.0, section 3.3. The two suites differ in
the key alone: both sign SHA-256 over the JCS forms, and a signature has 64 bytes.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from ipse.credentials.timestamps import format_timestamp, parse_timestamp
from ipse.encoding import multibase, strict_json
from ipse.encoding.strict_json import JsonObject, excerpt
from ipse.errors import MalformedInput, Undetermined, UsageError, VerificationFailed
from ipse.keys.key_types import PrivateKey, PublicKey

__all__ = ["KEY_TYPES", "add_proof", "hash_data", "proof_of", "verify_proof"]

_SUITES: Final = {"Ed25519": "eddsa-jcs-2022", "P-256": "ecdsa-jcs-2019"}
KEY_TYPES: Final = tuple(_SUITES)
_SIGNATURE_LENGTH: Final = 64


def add_proof(
    document: JsonObject,
    key: PrivateKey,
    *,
    verification_method: str,
    created: datetime,
    purpose: str = "assertionMethod",
) -> JsonObject:
    """`document` with a DataIntegrityProof by `key`.

    Raises MalformedInput where it has a proof already, UsageError for a key type without a cryptosuite.
    """
    if key.key_type not in _SUITES:
        raise UsageError(
            f"there is no Data Integrity cryptosuite here for {key.key_type} keys",
            hint=f"sign with a DID of {' or '.join(_SUITES)}",
        )
    if "proof" in document:
        raise MalformedInput("the document has a proof already", hint="sign the document without its proof")
    options: JsonObject = {
        "type": "DataIntegrityProof",
        "cryptosuite": _SUITES[key.key_type],
        "created": format_timestamp(created),
        "verificationMethod": verification_method,
        "proofPurpose": purpose,
    }
    if "@context" in document:
        options = {"@context": document["@context"], **options}
    signature = key.sign(hash_data(document, options))
    return {**document, "proof": {**options, "proofValue": multibase.encode_base58btc(signature)}}


def hash_data(document: JsonObject, options: JsonObject) -> bytes:
    """The 64 bytes that are signed: SHA-256 of the options' JCS form, then of the document's (3.3.4)."""
    return (
        hashlib.sha256(strict_json.canonical(options)).digest()
        + hashlib.sha256(strict_json.canonical(document)).digest()
    )


def proof_of(secured: JsonObject) -> JsonObject:
    """The one proof of a secured document.

    Raises VerificationFailed where there is none or it is malformed, Undetermined for a proof set and
    for proof types and cryptosuites that ipse does not know.
    """
    proof = secured.get("proof")
    if isinstance(proof, list) and len(proof) == 1:
        proof = proof[0]
    if isinstance(proof, list) and proof:
        raise Undetermined(f"a set of {len(proof)} proofs is not supported")
    if not isinstance(proof, dict):
        raise VerificationFailed("there is no proof")
    if proof.get("type") != "DataIntegrityProof":
        raise Undetermined(f"the proof type {excerpt(proof.get('type'))} is not supported")
    if proof.get("cryptosuite") not in _SUITES.values():
        raise Undetermined(f"the cryptosuite {excerpt(proof.get('cryptosuite'))} is not supported")
    for name in ("verificationMethod", "proofPurpose", "proofValue"):
        if not isinstance(proof.get(name), str):
            raise VerificationFailed(f"the proof has no {name}")
    if "previousProof" in proof:
        raise Undetermined("a proof that builds on another proof is not supported")
    if "created" in proof:
        try:
            parse_timestamp(proof["created"])
        except MalformedInput as error:
            raise VerificationFailed(f"created of the proof: {error.message}") from error
    return proof


def verify_proof(secured: JsonObject, proof: JsonObject, key: PublicKey) -> JsonObject:
    """The document that `proof` signs, if `key` made it. Raises VerificationFailed.

    What comes back is what was signed: where the proof names its own @context, that one (3.3.2).
    """
    if _SUITES.get(key.key_type) != proof["cryptosuite"]:
        raise VerificationFailed(f"{proof['cryptosuite']} is not for {key.key_type} keys")
    document = {name: value for name, value in secured.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "@context" in options:
        signed_context = _as_list(options["@context"])
        if _as_list(document.get("@context"))[: len(signed_context)] != signed_context:
            raise VerificationFailed("the document's @context does not begin with the one that was signed")
        document["@context"] = options["@context"]
    try:
        signature = multibase.decode_base58btc(proof["proofValue"])
    except MalformedInput as error:
        raise VerificationFailed(f"proofValue is {error.message}") from error
    if len(signature) != _SIGNATURE_LENGTH:
        raise VerificationFailed(
            f"proofValue holds {len(signature)} bytes, a signature has {_SIGNATURE_LENGTH}"
        )
    if not key.verify(hash_data(document, options), signature):
        raise VerificationFailed("the signature does not fit the document")
    return document


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]
