"""Verifying one proof, by the key that the verifier found for it.

Source: W3C Verifiable Credential Data Integrity 1.0, sections 4.4 and 4.5; Data Integrity EdDSA
Cryptosuites 1.0, sections 3.2.2 and 3.3.2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipse.credentials.formats.data_integrity.hashing import hash_data
from ipse.credentials.formats.data_integrity.proof import Proof, previous_of, proofs_of, read_proof
from ipse.credentials.formats.data_integrity.suites import hash_name_of, signature_length
from ipse.encoding.strict_json import JsonObject, as_list
from ipse.errors import VerificationFailed
from ipse.keys.key_types import PublicKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = ["verify_proof"]


def verify_proof(
    secured: JsonObject, proof: Proof | JsonObject, key: PublicKey, *, contexts: Contexts | None = None
) -> JsonObject:
    """The document that `proof`, one of those of `secured`, signs, without any proofs, if `key` made it.

    Where a JCS proof names its own @context, the document comes back with that one, since that is what was
    signed (3.3.2). The proofs that this one builds on are signed by it and not verified here: they have to
    be right as well, and `in_order` says which come first. Under RDFC the statements are signed that members
    stand for; where an array is no list, its order is not, nor whether a single value stands in one.

    Raises VerificationFailed where it is not, MalformedInput where it would not all be signed, Undetermined
    for a JSON-LD context that is not known, DataError for a graph that takes too much work.
    """
    if not isinstance(proof, Proof):
        proof = read_proof(proof)
    if key.key_type not in proof.suite.key_types:
        raise VerificationFailed(f"{proof.suite.name} is not for {key.key_type} keys")
    length = signature_length(key.key_type)
    if len(proof.signature) != length:
        raise VerificationFailed(f"proofValue holds {len(proof.signature)} bytes, a signature has {length}")
    document = _without_proofs(secured, proof)
    signed = document
    if proof.previous:
        earlier = previous_of(proof, proofs_of(secured))
        signed = {**document, "proof": [other.members for other in earlier]}
    message = hash_data(
        signed, proof.options, proof.suite, hash_name=hash_name_of(key.key_type), contexts=contexts
    )
    if not key.verify(message, proof.signature):
        raise VerificationFailed("the signature does not fit the document")
    return document


def _without_proofs(secured: JsonObject, proof: Proof) -> JsonObject:
    """The document with the contexts that were signed.

    Under RDFC the proof is read in the document's @context whatever it names itself (3.2.5), so one that
    names another could only mislead its readers.
    """
    document = {name: value for name, value in secured.items() if name != "proof"}
    if "@context" in proof.members:
        named = as_list(proof.members["@context"])
        if as_list(document.get("@context"))[: len(named)] != named:
            raise VerificationFailed("the document's @context does not begin with the one that was signed")
        if proof.suite.canonicalisation == "jcs":
            document["@context"] = proof.members["@context"]
    return document
