"""Data Integrity proofs: EdDSA and ECDSA cryptosuites over JCS and RDFC-1.0, proof sets and chains.

    add_proof(document, key, verification_method=..., created=...)   -> the document with its proof
    prepare(document, key_type, ...), sign(document, key, prepared)  -> the same for many, options hashed once
    proofs_of(secured)                                               -> its proofs, shapes checked
    in_order(proofs)                                                 -> each after those it builds on
    verify_proof(secured, proof, key)                                -> what it signs, or VerificationFailed

Source: W3C Verifiable Credential Data Integrity 1.0. Nothing here touches a disk, a clock or a network.
"""

from ipse.credentials.formats.data_integrity.cryptosuites import (
    KEY_TYPES,
    SUITES,
    Suite,
    canonical_form,
    document_hash,
    hash_data,
    hash_name_of,
    options_hash,
    proof_configuration,
    sign_hashes,
)
from ipse.credentials.formats.data_integrity.proofs import (
    MAX_PROOFS,
    Proof,
    in_order,
    proof_of,
    proofs_of,
    verify_proof,
)
from ipse.credentials.formats.data_integrity.signing import PreparedProof, add_proof, prepare, sign

__all__ = [
    "KEY_TYPES",
    "MAX_PROOFS",
    "SUITES",
    "PreparedProof",
    "Proof",
    "Suite",
    "add_proof",
    "canonical_form",
    "document_hash",
    "hash_data",
    "hash_name_of",
    "in_order",
    "options_hash",
    "prepare",
    "proof_configuration",
    "proof_of",
    "proofs_of",
    "sign",
    "sign_hashes",
    "verify_proof",
]
