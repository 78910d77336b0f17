"""Private keys as other programs write them.

    JWK                     RFC 7517, and the age file around it that `ipse did export` writes
    PKCS#8 PEM              RFC 5958, in clear or encrypted; what `openssl genpkey` writes
    EC PRIVATE KEY PEM      RFC 5915; what `openssl ecparam -genkey` writes
    OPENSSH PRIVATE KEY     PROTOCOL.key of OpenSSH; what `ssh-keygen -t ed25519` writes
    secret Multikey         W3C Controlled Identifiers 1.0, `secretKeyMultibase`, alone or in its object

No error quotes a byte of the input, which may be a key.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Callable
from typing import Any, Final

from ipse.encoding import strict_json
from ipse.errors import (
    InputTooLarge,
    MalformedInput,
    MissingFeature,
    PassphraseNeeded,
    Undetermined,
    WrongPassphrase,
)
from ipse.keys import age_file, bounded_work, key_types
from ipse.keys.key_types import PrivateKey

__all__ = ["MAX_BYTES", "read_private_key"]

MAX_BYTES: Final = 64 * 1024
_FORMATS: Final = (
    "ipse reads a private key as JWK, PEM (PKCS#8, EC PRIVATE KEY, OPENSSH PRIVATE KEY), "
    "secretKeyMultibase, or one of these in an age file under a passphrase"
)
_PEM_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_OPENSSH: Final = b"OPENSSH PRIVATE KEY"
_ENCRYPTED: Final = b"ENCRYPTED PRIVATE KEY"
_CURVES: Final = {"secp256r1": "P-256", "secp256k1": "secp256k1", "secp384r1": "P-384"}

_Passphrase = Callable[[], bytes] | None


def read_private_key(data: bytes, *, passphrase: _Passphrase) -> PrivateKey:
    """The one private key that `data` (at most 64 KiB) holds: Ed25519, P-256 or secp256k1.

    `passphrase` is asked once, and only if the key is encrypted. Raises MalformedInput for anything that
    is no private key in one of the formats (a public key among the rest), Undetermined for a type of key
    that ipse does not sign with, TooMuchWork where opening it would take more than some seconds or 1 GiB,
    PassphraseNeeded, WrongPassphrase, InputTooLarge, and MissingFeature for
    an encrypted OpenSSH file where the package bcrypt is missing.
    """
    if len(data) > MAX_BYTES:
        raise InputTooLarge(f"the key file is larger than {MAX_BYTES // 1024} KiB", hint=_FORMATS)
    if age_file.is_age_file(data):
        binary = bounded_work.age_of_bounded_work(data)  # before anybody is asked
        data = age_file.decrypt(binary, _asked(passphrase))
        if age_file.is_age_file(data):
            raise MalformedInput("the age file holds another age file, not a private key", hint=_FORMATS)
    start = data.lstrip()
    if start.startswith(b"{"):
        return _from_json(data)
    if start.startswith(b"z"):
        return key_types.secret_from_multikey(_one_word(data))
    if _PEM_LABEL.search(data):
        return _from_pem(data, passphrase)
    if start.startswith((b"ssh-", b"ecdsa-sha2-", b"did:")):
        raise _public("the file")
    raise MalformedInput("the file is not a private key in any format that ipse reads", hint=_FORMATS)


def _from_json(data: bytes) -> PrivateKey:
    try:
        value = strict_json.parse_object(data)
    except MalformedInput:
        raise MalformedInput("the file starts like a JWK and is not acceptable JSON", hint=_FORMATS) from None
    written = value.get("secretKeyMultibase")
    if isinstance(written, str):
        key = key_types.secret_from_multikey(written)
        if value.get("publicKeyMultibase") not in (None, key_types.to_multikey(key.public())):
            raise MalformedInput("the public and the secret half of the Multikey do not belong together")
        return key
    if "publicKeyMultibase" in value:
        raise _public("the Multikey")
    if "kty" not in value:
        raise MalformedInput("the JSON object is not a JWK: it has no member kty", hint=_FORMATS)
    return key_types.signing(key_types.private_from_jwk(value))


def _one_word(data: bytes) -> str:
    words = data.split()
    if len(words) != 1 or not words[0].isascii():
        raise MalformedInput("the file is not a private key in any format that ipse reads", hint=_FORMATS)
    return words[0].decode("ascii")


def _from_pem(data: bytes, passphrase: _Passphrase) -> PrivateKey:
    labels = [match[1] for match in _PEM_LABEL.finditer(data)]
    private = [label for label in labels if label.endswith(b"PRIVATE KEY")]
    if len(private) > 1:
        raise MalformedInput(f"the PEM file holds {len(private)} private keys; one is expected")
    if not private:
        if any(label.endswith((b"PUBLIC KEY", b"CERTIFICATE")) for label in labels):
            raise _public("the PEM file")
        raise MalformedInput("the PEM file holds no private key", hint=_FORMATS)
    label = private[0]
    begin, end = data.find(b"-----BEGIN " + label), data.rfind(b"-----END " + label + b"-----")
    if end < begin:
        raise MalformedInput("the PEM file has no END line for its private key")
    return _from_library(_loaded(data[begin:end] + b"-----END " + label + b"-----\n", label, passphrase))


def _loaded(block: bytes, label: bytes, passphrase: _Passphrase) -> Any:
    """The key of the library's own types that a PEM block holds."""
    from cryptography.exceptions import InternalError, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    load: Callable[[bytes, bytes | None], Any] = serialization.load_pem_private_key
    if label == _OPENSSH:
        bounded_work.check_openssh(block)
        load = serialization.load_ssh_private_key
    elif label == _ENCRYPTED:
        load, block = serialization.load_der_private_key, bounded_work.der_of_bounded_work(block)
    try:
        return load(block, None)
    except TypeError:  # it is encrypted
        pass
    except UnsupportedAlgorithm:
        raise _other_type("of an algorithm or curve without a name") from None
    except (ValueError, InternalError):
        raise MalformedInput("the PEM file is damaged: no private key can be read from it") from None
    if label == _OPENSSH and importlib.util.find_spec("bcrypt") is None:
        from ipse import installation

        raise MissingFeature(
            "an encrypted OpenSSH key can't be opened without the Python package bcrypt",
            hint=f"{installation.how_to_install('bcrypt')}, or import a copy without passphrase: "
            "`ssh-keygen -p -f COPY`",
        )
    secret = _asked(passphrase)
    try:
        return load(block, secret)
    except UnsupportedAlgorithm:
        raise Undetermined(
            "the private key is encrypted in a way that is not supported",
            hint="re-encrypt a copy: `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE`",
        ) from None
    except (TypeError, ValueError, InternalError):  # TypeError: the passphrase is empty
        raise WrongPassphrase(
            "the passphrase does not open the private key, or the file was altered",
            hint="check the passphrase that the file was written with",
        ) from None


def _from_library(key: Any) -> PrivateKey:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key_types.private_key("Ed25519", key.private_bytes_raw())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        curve = _CURVES.get(key.curve.name, key.curve.name)
        if curve not in key_types.SIGNING_TYPES:
            raise _other_type(curve)
        return key_types.private_key(curve, key.private_numbers().private_value.to_bytes(32, "big"))
    raise _other_type(type(key).__name__.removeprefix("_").removesuffix("PrivateKey"))


def _asked(passphrase: _Passphrase) -> bytes:
    if passphrase is None:
        raise PassphraseNeeded(
            "the private key is encrypted and there is nobody to ask for its passphrase",
            hint="run the command on a terminal, or name a file that holds this key's passphrase",
        )
    return passphrase()


def _public(what: str) -> MalformedInput:
    return MalformedInput(f"{what} holds a public key where a private one belongs", hint=_FORMATS)


def _other_type(name: str) -> Undetermined:
    return Undetermined(
        f"private key type {name} is not supported",
        hint=f"ipse signs with {', '.join(key_types.SIGNING_TYPES)} keys",
    )
