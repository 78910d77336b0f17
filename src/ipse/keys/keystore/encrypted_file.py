"""The keystore for servers, containers and SSH: one file, Argon2id and XChaCha20-Poly1305.

The file is one JSON object: a header in clear (format, version, the key derivation's parameters, the
nonce) and the ciphertext. The whole header is authenticated with the ciphertext.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ipse.encoding import base64url, strict_json
from ipse.encoding.strict_json import JsonObject
from ipse.errors import (
    AlreadyExists,
    CorruptData,
    KeystoreUnavailable,
    MalformedInput,
    NotFound,
    WrongPassphrase,
)
from ipse.storage import files

__all__ = ["EncryptedFile"]

_log = logging.getLogger(__name__)

_FORMAT: Final = "ipse-keystore"
_VERSION: Final = 1
# RFC 9106 section 4, the second recommended option, for where memory is shared: 64 MiB, three passes.
_OPS_LIMIT: Final = 3
_MEMORY_LIMIT: Final = 64 * 1024 * 1024
# What a file may ask for: a forged header must not take the machine down.
_MAX_OPS: Final = 16
_MIN_MEMORY: Final = 8 * 1024 * 1024
_MAX_MEMORY: Final = 1024 * 1024 * 1024
_MAX_WORK: Final = 4 * 1024 * 1024 * 1024
"""Passes times bytes, about three seconds: twenty times what ipse writes."""
_SALT_LENGTH: Final = 16
_NONCE_LENGTH: Final = 24
_KEY_LENGTH: Final = 32
_SEAL_LENGTH: Final = 16


class EncryptedFile:
    """A keystore in one file.

    The passphrase is asked for once, when the file is first needed. The file is read each time, and decrypted
    only where it is not byte for byte what was decrypted or written last.
    """

    def __init__(self, path: Path, passphrase: Callable[[], bytes]) -> None:
        self._path = path
        self._passphrase = passphrase
        self._derived: tuple[JsonObject, bytes] | None = None
        self._opened: tuple[bytes, dict[str, str]] | None = None
        """The file's bytes, and the items in them."""

    @property
    def description(self) -> str:
        """The file's path."""
        return f"encrypted file {self._path}"

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def create(self) -> None:
        """Make the file, empty. Raises AlreadyExists where there is one."""
        self._refuse_existing()
        kdf = _new_kdf()
        self._derived = (kdf, self._derive(kdf))
        with files.exclusive(self._path):
            self._refuse_existing()
            try:
                self._write({})
            except BaseException:
                self._path.unlink(missing_ok=True)
                raise

    def add(self, item: str, secret: bytes) -> None:
        """Keep `secret` as the new `item` and read it back. Raises KeystoreError, AlreadyExists."""
        self._read()  # asks for the passphrase while nobody has to wait for the lock
        with files.exclusive(self._path):
            items = self._read()
            if item in items:
                raise AlreadyExists(f"the keystore already holds an item {item!r}")
            self._put(items, item, secret)

    def get(self, item: str) -> bytes:
        """The secret kept as `item`. Raises KeystoreError, CorruptData where it is gone."""
        secret = self.find(item)
        if secret is None:
            raise CorruptData(f"{self._path} no longer holds the item {item!r} of this wallet")
        return secret

    def find(self, item: str) -> bytes | None:
        """Like get; None where there is no such item. Raises KeystoreError, CorruptData."""
        items = self._read()
        if item not in items:
            return None
        try:
            return base64url.decode(items[item])
        except (MalformedInput, TypeError) as error:
            raise CorruptData(f"the item {item!r} in {self._path} is damaged") from error

    def replace(self, item: str, secret: bytes) -> None:
        """Keep `secret` as `item`, whatever that held, and read it back. Raises KeystoreError.

        The file is renamed into its place: it holds the old item or the new one.
        """
        self._read()
        with files.exclusive(self._path):
            self._put(self._read(), item, secret)

    def remove(self, item: str) -> None:
        """Forget `item`; nothing happens where it is gone already. Raises KeystoreError."""
        self._read()
        with files.exclusive(self._path):
            items = self._read()
            if items.pop(item, None) is not None:
                self._write(items)

    def unlock(self, seconds: float) -> None:
        """Ask for the passphrase, also within a session, and start the service that holds the derived key.

        Raises WrongPassphrase, UsageError above a day, MissingFeature on Windows, StorageError.
        """
        from ipse.keys.keystore import unlock_service

        unlock_service.check(seconds)
        header, ciphertext = self._parsed(self._bytes())
        key = self._derive(header["kdf"])
        self._items(header, ciphertext, key)
        self._derived = (header["kdf"], key)
        unlock_service.start(self._path, header["kdf"], key, seconds=seconds)

    def change_passphrase(self, new: Callable[[], bytes]) -> None:
        """Encrypt the file under the passphrase that `new` returns, once the old one was given anew.

        Killed at any moment, the file opens with the old passphrase or with the new one. An unlock session
        ends. Raises WrongPassphrase, PassphraseNeeded, StorageError.
        """
        from ipse.keys.keystore import unlock_service

        header, ciphertext = self._parsed(self._bytes())
        key = self._derive(header["kdf"])  # an unlock session is not the owner's word
        self._items(header, ciphertext, key)
        passphrase = new()
        kdf = _new_kdf()
        derived = self._derive(kdf, passphrase)
        with files.exclusive(self._path):
            header_now, ciphertext = self._parsed(self._bytes())
            if header_now["kdf"] != header["kdf"]:
                raise KeystoreUnavailable(
                    f"the passphrase of {self._path} was changed by another process meanwhile",
                    hint="run the command again with that one",
                )
            items = self._items(header_now, ciphertext, key)
            self._derived = (kdf, derived)
            self._write(items)
        unlock_service.stop(self._path)

    def _put(self, items: dict[str, str], item: str, secret: bytes) -> None:
        """Write the items with one more or another; under the lock."""
        self._write({**items, item: base64url.encode(secret)})
        if self._read().get(item) != base64url.encode(secret):
            raise KeystoreUnavailable(f"{self._path} did not read back what was written")

    def _refuse_existing(self) -> None:
        if self._path.exists():
            raise AlreadyExists(
                f"there is already a keystore at {self._path}",
                hint="ipse never overwrites keys: move the file away if you are sure",
            )

    def _read(self) -> dict[str, str]:
        """The items in the file as it is now, as a dictionary of the caller's own."""
        data = self._bytes()
        if self._opened is None or self._opened[0] != data:
            self._opened = (data, self._decrypted(data))
        return dict(self._opened[1])

    def _decrypted(self, data: bytes) -> dict[str, str]:
        header, ciphertext = self._parsed(data)
        kdf = header["kdf"]
        if self._derived is None or self._derived[0] != kdf:
            from ipse.keys.keystore import unlock_service

            held = unlock_service.key_for(self._path, kdf)
            if held is not None and (plain := _decrypt(header, ciphertext, held)) is not None:
                self._derived = (kdf, held)
                _log.info("the wallet is unlocked: no passphrase is needed for %s", self._path)
                return strict_json.parse_object(plain, what="the keystore's content")
            self._derived = (kdf, self._derive(kdf))
            _log.info("derived the key of %s from the passphrase", self._path)
        return self._items(header, ciphertext, self._derived[1])

    def _items(self, header: JsonObject, ciphertext: bytes, key: bytes) -> dict[str, str]:
        plain = _decrypt(header, ciphertext, key)
        if plain is None:
            raise WrongPassphrase(f"the passphrase does not open {self._path}, or the file was altered")
        return strict_json.parse_object(plain, what="the keystore's content")

    def _write(self, items: dict[str, str]) -> None:
        from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_encrypt

        assert self._derived is not None
        kdf, key = self._derived
        nonce = os.urandom(_NONCE_LENGTH)
        header = {"format": _FORMAT, "version": _VERSION, "kdf": kdf, "nonce": base64url.encode(nonce)}
        ciphertext = crypto_aead_xchacha20poly1305_ietf_encrypt(
            strict_json.canonical(items), strict_json.canonical(header), nonce, key
        )
        document = {**header, "ciphertext": base64url.encode(ciphertext)}
        data = strict_json.pretty(document).encode() + b"\n"
        files.write_private(self._path, data)
        self._opened = (data, items)

    def _bytes(self) -> bytes:
        try:
            return files.read_private(self._path)
        except NotFound as error:
            raise KeystoreUnavailable(
                f"the wallet's keystore file {self._path} is gone",
                hint="`ipse backup restore FILE --keys` brings back the keys from a backup",
            ) from error

    def _parsed(self, data: bytes) -> tuple[JsonObject, bytes]:
        """The header as it is authenticated, and the ciphertext."""
        try:
            document = strict_json.parse_object(data, what=str(self._path))
            ciphertext = base64url.decode(document.pop("ciphertext"))
            _check_header(document, self._path)
            if len(ciphertext) < _SEAL_LENGTH:
                raise MalformedInput("the ciphertext is shorter than its seal")
        except (MalformedInput, KeyError, TypeError) as error:
            raise CorruptData(f"{self._path} is not a keystore file, or a damaged one") from error
        return document, ciphertext

    def _derive(self, kdf: JsonObject, given: bytes | None = None) -> bytes:
        from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13
        from nacl.exceptions import RuntimeError as DerivationError

        passphrase = self._passphrase() if given is None else given
        try:
            return crypto_pwhash_alg(
                _KEY_LENGTH,
                passphrase,
                base64url.decode(kdf["salt"]),
                kdf["passes"],
                kdf["memory"],
                crypto_pwhash_ALG_ARGON2ID13,
            )
        except (DerivationError, MemoryError) as error:
            raise KeystoreUnavailable(
                f"there is not enough memory to open {self._path}",
                hint=f"it takes {kdf['memory'] // 1024 // 1024} MiB for a moment",
            ) from error


def _new_kdf() -> JsonObject:
    """How the key of a new passphrase is derived."""
    return {
        "name": "argon2id",
        "salt": base64url.encode(os.urandom(_SALT_LENGTH)),
        "passes": _OPS_LIMIT,
        "memory": _MEMORY_LIMIT,
    }


def _decrypt(header: JsonObject, ciphertext: bytes, key: bytes) -> bytes | None:
    """The content; None where this is not its key or any of it was altered."""
    from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt
    from nacl.exceptions import CryptoError

    try:
        return crypto_aead_xchacha20poly1305_ietf_decrypt(
            ciphertext, strict_json.canonical(header), base64url.decode(header["nonce"]), key
        )
    except CryptoError:
        return None


def _check_header(header: JsonObject, path: Path) -> None:
    kdf = header["kdf"]
    passes, memory = kdf["passes"], kdf["memory"]
    version = header["version"] if type(header["version"]) is int else None
    if header["format"] != _FORMAT or version != _VERSION or kdf["name"] != "argon2id":
        raise CorruptData(
            f"{path} is not a version {_VERSION} keystore", hint="a newer ipse may have written it: upgrade"
        )
    whole = type(passes) is int and type(memory) is int
    bounded = whole and 1 <= passes <= _MAX_OPS and _MIN_MEMORY <= memory <= _MAX_MEMORY
    if not bounded or passes * memory > _MAX_WORK:
        raise CorruptData(
            f"{path} asks for a key derivation of {memory!r} bytes and {passes!r} passes",
            hint="`ipse backup restore FILE --keys` brings back the keys from a backup",
            code="too-much-work",
        )
    if (
        len(base64url.decode(kdf["salt"])) != _SALT_LENGTH
        or len(base64url.decode(header["nonce"])) != _NONCE_LENGTH
    ):
        raise CorruptData(f"{path} has a salt or nonce of the wrong length")
