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

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ipse.errors import UsageError

__all__ = [
    "KEY_TYPES",
    "SUITES",
    "HashName",
    "Suite",
    "hash_name_of",
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
