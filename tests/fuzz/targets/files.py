"""ipse's own files, which others may have written to: the keystore file and the manifest."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

from ipse.encoding import base64url
from ipse.keys.keystore import encrypted_file
from ipse.keys.keystore.encrypted_file import EncryptedFile
from ipse.storage import manifest
from tests.corpus.building import ISSUER
from tests.fuzz.target import Target, as_bytes

__all__ = ["TARGETS"]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="ipse-fuzz-")


def _path() -> Path:
    return Path(_folder().name) / "file"


def _keystore(data: bytes) -> None:
    """All of it but the derivation, whose cost the header sets within its bounds."""
    header, ciphertext = EncryptedFile(_path(), lambda: b"")._parsed(data)
    encrypted_file._decrypt(header, ciphertext, b"k" * 32)


def _manifest(data: bytes) -> None:
    _path().write_bytes(data)
    read = manifest.read(_path())
    read.items()
    assert all(record.current.id is not None for record in read.dids)


def _keystores() -> Iterable[bytes]:
    kdf = {"name": "argon2id", "salt": base64url.encode(b"s" * 16), "passes": 3, "memory": 64 * 1024 * 1024}
    header = {"format": "ipse-keystore", "version": 1, "kdf": kdf, "nonce": base64url.encode(b"n" * 24)}
    return [as_bytes({**header, "ciphertext": base64url.encode(b"c" * 64)})]


def _manifests() -> Iterable[bytes]:
    key = {
        "id": ISSUER.method,
        "key_type": "Ed25519",
        "public": "z6Mk",
        "item": "did-1",
        "created": "2026-01-01T00:00:00Z",
    }
    did = {
        "name": "me",
        "did": ISSUER.did,
        "method": "key",
        "created": "2026-01-01T00:00:00Z",
        "keys": [key],
        "successor": "",
    }
    return [
        as_bytes(
            {
                "version": 1,
                "wallet_id": "a",
                "keystore": "file",
                "root_item": "root",
                "created": "2026-01-01T00:00:00Z",
                "dids": [did],
                "default": "me",
                "leftovers": [{"keystore": "os", "item": "did-0"}],
            }
        )
    ]


TARGETS: Final = (
    Target("keystore-file", _keystore, _keystores, 3, 4096),
    Target("manifest", _manifest, _manifests, 3, 4096),
)
