"""Encrypted answers (OpenID4VP section 8.3) with joserfc."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jwe
from joserfc.jwk import ECKey

from tests.openid_peer.encoding import JsonObject, loads

__all__ = ["ENC_VALUES", "EncryptionKey", "encrypted"]

ENC_VALUES: Final = ("A128GCM", "A256GCM")
"""The content encryption that HAIP 1.0 section 5 asks verifiers to support."""


class EncryptionKey:
    """A key of a verifier for one request alone."""

    def __init__(self, kid: str) -> None:
        self._key = ECKey.generate_key("P-256", {"kid": kid, "use": "enc", "alg": "ECDH-ES"})
        self.kid = kid

    @property
    def public(self) -> JsonObject:
        """The public JWK with `kid`, `use` and `alg`."""
        return dict(self._key.as_dict(private=False))

    @property
    def private(self) -> JsonObject:
        """The JWK with its private half, for other libraries."""
        return dict(self._key.as_dict(private=True))

    def decrypt(self, text: str) -> tuple[JsonObject, JsonObject]:
        """The header and the payload of a JWE in compact serialization."""
        header = loads(text.partition(".")[0])
        opened = jwe.decrypt_compact(text, self._key, algorithms=["ECDH-ES", *ENC_VALUES])
        payload = json.loads(opened.plaintext or b"null")
        assert isinstance(payload, dict)
        return header, payload


def encrypted(
    payload: Mapping[str, Any] | bytes,
    key: Mapping[str, Any],
    enc: str,
    *,
    header: Mapping[str, Any] | None = None,
) -> str:
    """`payload`, or the bytes that it is written as, encrypted to the public JWK `key`.

    `header` adds members or replaces them.
    """
    protected = {"alg": "ECDH-ES", "enc": enc, "kid": key["kid"], **(header or {})}
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    algorithms: Sequence[str] = ["ECDH-ES", *ENC_VALUES]
    return jwe.encrypt_compact(protected, content, ECKey.import_key(dict(key)), algorithms=list(algorithms))
