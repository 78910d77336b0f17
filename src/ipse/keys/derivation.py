"""Keys derived from the wallet's root, each under a label of its own.

HKDF-Expand with SHA-256 (RFC 5869 section 2.3); the root is 32 uniformly random bytes, so the extract
step has nothing to do. A label is never used for two purposes.
"""

from __future__ import annotations

from typing import Final

from ipse.keys import ecdsa
from ipse.keys.ed25519 import PrivateKey

__all__ = ["ROOT_LENGTH", "backup_key", "holder_key", "log_key", "pairwise_key", "server_key", "vault_key"]

ROOT_LENGTH: Final = 32
_PREFIX: Final = "ipse/1/"
_HOLDER_CURVE: Final = "P-256"


def vault_key(root: bytes) -> bytes:
    """The 32-byte raw key of the vault."""
    return _expand(root, "vault")


def pairwise_key(root: bytes, origin: str) -> PrivateKey:
    """The signing key that only the application at `origin` ever sees the public half of."""
    return PrivateKey(_expand(root, f"pairwise/{origin}"))


def log_key(root: bytes) -> PrivateKey:
    """The key that signs the head of the disclosure log."""
    return PrivateKey(_expand(root, "log"))


def server_key(root: bytes, server: str) -> bytes:
    """The 32-byte raw key of the database of a server, such as `verifier`; it opens nothing else."""
    return _expand(root, f"server/{server}")


def backup_key(root: bytes) -> bytes:
    """The 32-byte key that authenticates the manifest of a backup."""
    return _expand(root, "backup")


def holder_key(root: bytes, index: int) -> ecdsa.PrivateKey:
    """The P-256 key that one credential is bound to, and no other; `index` counts from 0.

    384 bits are reduced to 1 .. n-1 (FIPS 186-5, appendix A.2.1, key pair generation using extra random
    bits, with 128 where 64 are asked for). Raises ValueError for a negative index.
    """
    if index < 0:
        raise ValueError(f"the index {index} is negative")
    wide = int.from_bytes(_expand(root, f"holder/{index}", length=48), "big")
    number = wide % (ecdsa.order(_HOLDER_CURVE) - 1) + 1
    return ecdsa.PrivateKey(_HOLDER_CURVE, number.to_bytes(32, "big"))


def _expand(root: bytes, label: str, *, length: int = 32) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    if len(root) != ROOT_LENGTH:
        raise ValueError(f"the root has {ROOT_LENGTH} bytes")
    return HKDFExpand(algorithm=SHA256(), length=length, info=(_PREFIX + label).encode()).derive(root)
