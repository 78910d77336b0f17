"""The cryptosuites as values: how a suite canonicalises, and which keys make its proofs.

    name                    canonical form   keys
    eddsa-jcs-2022          JCS              Ed25519
    eddsa-rdfc-2022         RDFC-1.0         Ed25519
    ecdsa-jcs-2019          JCS              P-256, P-384
    ecdsa-rdfc-2019         RDFC-1.0         P-256, P-384
    Ed25519Signature2020    RDFC-1.0         Ed25519, verified only

The hash and the length of a signature follow from the key, never from what a proof says. Source: Data
Integrity EdDSA Cryptosuites 1.0, section 3 and appendix A; Data Integrity ECDSA Cryptosuites 1.0, section 3.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from ipse.credentials.budget import UNBOUNDED, Budget
from ipse.encoding import multibase, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import UsageError
from ipse.keys.key_types import PrivateKey

if TYPE_CHECKING:
    from ipse.credentials.json_ld import Contexts

__all__ = [
    "KEY_TYPES",
    "SUITES",
    "HashName",
    "Suite",
    "canonical_form",
    "document_hash",
    "hash_data",
    "hash_name_of",
    "options_hash",
    "proof_configuration",
    "sign_hashes",
    "signature_length",
    "suite_for_signing",
]

HashName: TypeAlias = Literal["sha256", "sha384"]

_HASHES: Final[dict[str, HashName]] = {"Ed25519": "sha256", "P-256": "sha256", "P-384": "sha384"}
_SIGNATURE_LENGTHS: Final = {"Ed25519": 64, "P-256": 64, "P-384": 96}

KEY_TYPES: Final = ("Ed25519", "P-256")
"""The key types that proofs are made with; P-384 proofs are verified only."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A cryptosuite.

    `name` is the proof's `cryptosuite`; where `has_own_type`, it is the proof's `type` and there is no
    `cryptosuite`, and the suite is for verifying only.
    """

    name: str
    canonicalisation: Literal["jcs", "rdfc"]
    key_types: tuple[str, ...]
    has_own_type: bool = False

    @property
    def signs_rdf(self) -> bool:
        """Whether the suite signs the RDF that a document stands for, rather than its JSON."""
        return self.canonicalisation == "rdfc"


SUITES: Final = {
    suite.name: suite
    for suite in (
        Suite("eddsa-jcs-2022", "jcs", ("Ed25519",)),
        Suite("eddsa-rdfc-2022", "rdfc", ("Ed25519",)),
        Suite("ecdsa-jcs-2019", "jcs", ("P-256", "P-384")),
        Suite("ecdsa-rdfc-2019", "rdfc", ("P-256", "P-384")),
        Suite("Ed25519Signature2020", "rdfc", ("Ed25519",), has_own_type=True),
    )
}


def suite_for_signing(key_type: str, name: str | None = None) -> Suite:
    """The suite called `name`, or the JCS suite for `key_type`. Raises UsageError where none fits the key."""
    fitting = [suite for suite in SUITES.values() if key_type in suite.key_types and not suite.has_own_type]
    if not fitting or key_type not in KEY_TYPES:
        raise UsageError(
            f"there is no Data Integrity cryptosuite here for {key_type} keys",
            hint=f"sign with a DID of {' or '.join(KEY_TYPES)}",
        )
    for suite in fitting:
        if name in (None, suite.name):
            return suite
    raise UsageError(
        f"{str(name)[:60]!r} is no cryptosuite that signs with {key_type} keys",
        hint=f"choose {' or '.join(suite.name for suite in fitting)}",
    )


def hash_name_of(key_type: str) -> HashName:
    """The hash that goes with a key type of a suite (VC-DI-ECDSA 3.2.4: SHA-384 for P-384)."""
    return _HASHES[key_type]


def signature_length(key_type: str) -> int:
    """Bytes of a signature by a key type of a suite."""
    return _SIGNATURE_LENGTHS[key_type]


_DEFAULT: Final = SUITES["eddsa-jcs-2022"]
_KEPT: Final = 256
_MAX_KEPT: Final = 16 * 1024
"""Proof configurations whose hashes are kept, and the most bytes of one: more come with large contexts."""


def canonical_form(
    value: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
    budget: Budget = UNBOUNDED,
) -> bytes:
    """`value` as `suite` writes it: its JCS form, or its canonical N-Quads (RDFC-1.0).

    `contexts` are the JSON-LD contexts to go by, the built-in ones by default. Raises MalformedInput for
    what has no JCS form or would not be signed whole, Undetermined for an unknown context, DataError for
    a graph that takes too much work, and where the budget is used up.
    """
    budget.check()
    if suite.canonicalisation == "jcs":
        return strict_json.canonical(value)
    from ipse.credentials import json_ld

    return json_ld.canonical(value, contexts or json_ld.known(), hash_name=hash_name, budget=budget)


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
    budget: Budget = UNBOUNDED,
) -> bytes:
    """The hash of a proof configuration, 32 bytes, 48 under SHA-384. Raises as `canonical_form`."""
    if suite.canonicalisation == "jcs":
        return hashlib.new(hash_name, strict_json.canonical(configuration)).digest()
    from ipse.credentials import json_ld

    contexts = contexts or json_ld.known()
    text = strict_json.canonical(configuration)
    if len(text) <= _MAX_KEPT:
        return _rdf_hash(text, hash_name, contexts)
    form = json_ld.canonical(configuration, contexts, hash_name=hash_name, budget=budget)
    return hashlib.new(hash_name, form).digest()


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
    budget: Budget = UNBOUNDED,
) -> bytes:
    """The hash of a document without its proof, 32 bytes, 48 under SHA-384. Raises as `canonical_form`.

    For a proof of a chain the document has the proofs before it in `proof`.
    """
    form = canonical_form(document, suite, hash_name=hash_name, contexts=contexts, budget=budget)
    return hashlib.new(hash_name, form).digest()


def hash_data(
    document: JsonObject,
    options: JsonObject,
    suite: Suite = _DEFAULT,
    *,
    hash_name: HashName = "sha256",
    contexts: Contexts | None = None,
    budget: Budget = UNBOUNDED,
) -> bytes:
    """The bytes that are signed, 64 or 96: the options' hash, then the document's (3.2.4, 3.3.4).

    Raises as `canonical_form`.
    """
    configuration = proof_configuration(options, document, suite)
    hashed = options_hash(configuration, suite, hash_name=hash_name, contexts=contexts, budget=budget)
    return hashed + document_hash(document, suite, hash_name=hash_name, contexts=contexts, budget=budget)


def sign_hashes(key: PrivateKey, hashed_options: bytes, hashed_document: bytes) -> str:
    """The `proofValue`, multibase base58btc, of `key` over the two hashes."""
    return multibase.encode_base58btc(key.sign(hashed_options + hashed_document))
