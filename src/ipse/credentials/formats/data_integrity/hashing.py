"""What a proof signs: the hash of its options, then the hash of the document, each in canonical form.

Source: Data Integrity EdDSA Cryptosuites 1.0, sections 3.2.3 to 3.2.6 and 3.3.3 to 3.3.6; the ECDSA
suites and Ed25519Signature2020 do the same.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ipse.credentials.formats.data_integrity.suites import SUITES, HashName, Suite
from ipse.encoding import multibase, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.keys.key_types import PrivateKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = [
    "canonical_form",
    "document_hash",
    "hash_data",
    "options_hash",
    "proof_configuration",
    "sign_hashes",
]

_DEFAULT: Final = SUITES["eddsa-jcs-2022"]
_KEPT: Final = 256


def canonical_form(
    value: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
) -> bytes:
    """`value` as `suite` writes it: its JCS form, or its canonical N-Quads (RDFC-1.0).

    `contexts` are the JSON-LD contexts to go by, the built-in ones by default. Raises MalformedInput for
    what has no JCS form or would not be signed whole, Undetermined for an unknown context, DataError for
    a graph that takes too much work.
    """
    if suite.canonicalisation == "jcs":
        return strict_json.canonical(value)
    from ipse.credentials import json_ld

    return json_ld.canonical(value, contexts or json_ld.known(), hash_name=hash_name)


def proof_configuration(options: JsonObject, document: JsonObject, suite: Suite) -> JsonObject:
    """The options as they are hashed: under RDFC they are read in the document's @context (3.2.5)."""
    if suite.canonicalisation == "jcs" or "@context" not in document:
        return options
    return {**options, "@context": document["@context"]}


def options_hash(
    configuration: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
) -> bytes:
    """The hash of a proof configuration, 32 bytes, 48 under SHA-384. Raises as `canonical_form`."""
    if suite.canonicalisation == "jcs":
        return hashlib.new(hash_name, strict_json.canonical(configuration)).digest()
    from ipse.credentials import json_ld

    return _rdf_hash(strict_json.canonical(configuration), hash_name, contexts or json_ld.known())


@lru_cache(maxsize=_KEPT)
def _rdf_hash(configuration: bytes, hash_name: HashName, contexts: Contexts) -> bytes:
    """Kept, since the credentials of one batch have the same options."""
    from ipse.credentials import json_ld

    options = strict_json.parse_object(configuration, what="the proof")
    return hashlib.new(hash_name, json_ld.canonical(options, contexts, hash_name=hash_name)).digest()


def document_hash(
    document: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
) -> bytes:
    """The hash of a document without its proof, 32 bytes, 48 under SHA-384. Raises as `canonical_form`.

    For a proof of a chain the document has the proofs before it in `proof`.
    """
    form = canonical_form(document, suite, hash_name=hash_name, contexts=contexts)
    return hashlib.new(hash_name, form).digest()


def hash_data(
    document: JsonObject,
    options: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
) -> bytes:
    """The bytes that are signed, 64 or 96: the options' hash, then the document's (3.2.4, 3.3.4).

    Raises as `canonical_form`.
    """
    configuration = proof_configuration(options, document, suite)
    return options_hash(configuration, suite, hash_name=hash_name, contexts=contexts) + document_hash(
        document, suite, hash_name=hash_name, contexts=contexts
    )


def sign_hashes(key: PrivateKey, hashed_options: bytes, hashed_document: bytes) -> str:
    """The `proofValue`, multibase base58btc, of `key` over the two hashes."""
    return multibase.encode_base58btc(key.sign(hashed_options + hashed_document))
