"""Private keys written for other programs: an age file under a passphrase, or a JWK in clear."""

from __future__ import annotations

from ipse.encoding import strict_json
from ipse.keys import age_file, jwk
from ipse.keys.key_types import PrivateKey

__all__ = ["to_age", "to_plaintext_jwk"]


def to_age(key: PrivateKey, passphrase: bytes) -> str:
    """The private JWK of `key` in an armored age file; `age -d FILE` and `import_formats` open it.

    Raises UsageError for a passphrase that is empty or no UTF-8 text.
    """
    return age_file.encrypt(to_plaintext_jwk(key).encode(), passphrase)


def to_plaintext_jwk(key: PrivateKey) -> str:
    """The private JWK of `key` as JSON text ending in a newline. Secret, and in clear."""
    return strict_json.pretty(jwk.private_to_jwk(key)) + "\n"
