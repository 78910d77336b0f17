"""Signatures on requests and attestations: which algorithms are accepted, whatever the sender prefers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ipse.credentials import jws
from ipse.credentials.jws import Jws, VerificationKey
from ipse.encoding.strict_json import excerpt
from ipse.errors import Undetermined, VerificationFailed

__all__ = ["SIGNING_ALGORITHMS", "check_signature"]

SIGNING_ALGORITHMS: Final = ("ES256", "ES384", "EdDSA", "Ed25519", "ES256K")
"""The `alg` values that are accepted; Ed25519 is the fully-specified name of EdDSA here (RFC 9864)."""

_OTHERS: Final = ("ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "Ed448")
"""Signatures that others make and that can't be verified here."""


@dataclass(frozen=True, slots=True)
class _Renamed:
    """A key under the fully-specified name of its algorithm."""

    key: VerificationKey
    algorithm: str

    def verify(self, message: bytes, signature: bytes) -> bool:
        return self.key.verify(message, signature)


def check_signature(token: Jws, key: Callable[[], VerificationKey]) -> None:
    """Raise unless `token` is signed by the key that `key` finds, with one of SIGNING_ALGORITHMS.

    VerificationFailed for a wrong signature and for an algorithm that proves nothing (none, HS256);
    Undetermined for a signature of another kind; and what `key` raises.
    """
    algorithm = token.header.get("alg")
    if algorithm in _OTHERS:
        raise Undetermined(
            f"a signature by {algorithm} can't be verified here",
            hint=f"ask for one by {', '.join(SIGNING_ALGORITHMS)}",
        )
    if algorithm not in SIGNING_ALGORITHMS:
        raise VerificationFailed(
            f"alg is {excerpt(algorithm)}, which is not one of {', '.join(SIGNING_ALGORITHMS)}"
        )
    jws.check_signature(token, lambda: _named(key(), str(algorithm)))


def _named(key: VerificationKey, algorithm: str) -> VerificationKey:
    renamed = algorithm == "Ed25519" and key.algorithm == "EdDSA"
    return _Renamed(key, algorithm) if renamed else key
