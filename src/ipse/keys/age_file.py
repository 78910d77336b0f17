"""Files in the age format (age-encryption.org/v1), for a passphrase or for recipients' keys.

Plain `age -d` opens what is written here. The work factor of scrypt is measured at each writing so that
opening takes about a second on this machine (2^18 and up on those of today, 256 MiB of memory).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from ipse.errors import MalformedInput, TooMuchWork, UsageError, WrongPassphrase
from ipse.keys.bounded_work import AGE_ARMOR, AGE_HINT, AGE_VERSION, age_of_bounded_work

__all__ = [
    "check_recipients",
    "decrypt",
    "decrypt_with",
    "encrypt",
    "encrypt_binary",
    "encrypt_to",
    "is_age_file",
    "takes_passphrase",
]

# What pyrage says, in lower case; its exceptions are all of one class.
_WRONG_KEY: Final = "decrypt"
_FOR_A_RECIPIENT: Final = "no matching keys"
_TOO_MUCH_WORK: Final = "excessive work"
_AGE_RECIPIENT: Final = "age1"
_AGE_IDENTITY: Final = "AGE-SECRET-KEY-1"
_SCRYPT_STANZA: Final = b"-> scrypt "


def is_age_file(data: bytes) -> bool:
    """Whether `data` starts as an age file does, armored or binary."""
    return data.lstrip().startswith(AGE_ARMOR) or data.startswith(AGE_VERSION)


def encrypt(plaintext: bytes, passphrase: bytes) -> str:
    """An armored age file that `passphrase` (UTF-8) opens. Takes about a second.

    Raises UsageError for a passphrase that is empty or no UTF-8 text.
    """
    return _encrypted(plaintext, passphrase, armored=True).decode("ascii")


def encrypt_binary(plaintext: bytes, passphrase: bytes) -> bytes:
    """Like `encrypt`, without the armor. Takes about a second."""
    return _encrypted(plaintext, passphrase, armored=False)


def check_recipients(recipients: Sequence[str]) -> None:
    """Raise UsageError for a recipient that is not a public key, of age or of SSH."""
    for recipient in recipients:
        _recipient(recipient)


def encrypt_to(plaintext: bytes, recipients: Sequence[str]) -> bytes:
    """A binary age file that the private key of any of `recipients` opens.

    A recipient is an age public key (`age1…`) or an SSH one (`ssh-ed25519 …`, `ssh-rsa …`). Nothing says who
    encrypted it. Raises UsageError.
    """
    import pyrage

    return bytes(pyrage.encrypt(plaintext, [_recipient(recipient) for recipient in recipients]))


def takes_passphrase(data: bytes) -> bool:
    """Whether an age file is opened by a passphrase, and not by a key. Raises MalformedInput, TooMuchWork."""
    return _SCRYPT_STANZA in age_of_bounded_work(data).partition(b"\n---")[0]


def decrypt_with(data: bytes, identities: bytes) -> bytes:
    """What an age file for recipients holds; `identities` is an identity file of age or an SSH private key.

    Raises WrongPassphrase where none of the keys opens it or a byte was altered, MalformedInput.
    """
    import pyrage

    keys, binary = _identities(identities), age_of_bounded_work(data)
    try:
        return bytes(pyrage.decrypt(binary, keys))
    except (pyrage.DecryptError, OSError, ValueError) as error:
        raise WrongPassphrase(
            "no key of the identity file opens the age file, or the file was altered",
            hint="give the identity file of one of the recipients",
        ) from error


def decrypt(data: bytes, passphrase: bytes) -> bytes:
    """What an age file under a passphrase holds, all of it authenticated. Takes about a second.

    Raises WrongPassphrase where the passphrase does not open it or a byte was altered, MalformedInput for
    what is no such file, TooMuchWork for one that asks for more than 1 GiB.
    """
    import pyrage

    words = _text(passphrase)
    if not words:
        raise _wrong()
    binary = age_of_bounded_work(data)
    try:
        return bytes(pyrage.passphrase.decrypt(binary, words))
    except (pyrage.DecryptError, OSError, ValueError) as error:
        said = str(error).lower()
    if _FOR_A_RECIPIENT in said:
        raise MalformedInput(
            "the age file is encrypted to a recipient's key, not to a passphrase",
            hint="decrypt it first: `age -d -i IDENTITY FILE`",
        )
    if _TOO_MUCH_WORK in said:  # to pyrage, which goes by the speed of this machine
        raise TooMuchWork(
            "the age file asks for far more work than this machine does in a second",
            hint=AGE_HINT,
        )
    if _WRONG_KEY in said:
        raise _wrong()
    raise MalformedInput("not an age file: its header or its armor is damaged")


def _encrypted(plaintext: bytes, passphrase: bytes, *, armored: bool) -> bytes:
    import pyrage

    words = _text(passphrase)
    if not words:
        raise UsageError(
            "the passphrase is empty or no UTF-8 text", hint="give a passphrase of several words"
        )
    return bytes(pyrage.passphrase.encrypt(plaintext, words, armored=armored))


def _recipient(text: str) -> Any:
    import pyrage

    kind = pyrage.x25519 if text.startswith(_AGE_RECIPIENT) else pyrage.ssh
    try:
        return kind.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise UsageError(
            f"{text[:80]!r} is not a public key that age encrypts to",
            hint="give an age public key (age1…), as `age-keygen` prints it, or an SSH public key",
        ) from error


def _identities(data: bytes) -> list[Any]:
    """The private keys in an identity file: one a line with comments, or one SSH key."""
    import pyrage

    lines = [line.strip() for line in data.decode("utf-8", "replace").splitlines()]
    filled = [line for line in lines if line and not line.startswith("#")]
    try:
        if all(line.startswith(_AGE_IDENTITY) for line in filled):
            return [pyrage.x25519.Identity.from_str(line) for line in filled]
        return [pyrage.ssh.Identity.from_buffer(data)]
    except pyrage.IdentityError as error:
        raise MalformedInput(
            "the identity file holds no private key that age knows",
            hint="give the file that `age-keygen -o FILE` wrote, or an SSH private key without a passphrase",
        ) from error


def _text(passphrase: bytes) -> str:
    try:
        return passphrase.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _wrong() -> WrongPassphrase:
    return WrongPassphrase(
        "the passphrase does not open the age file, or the file was altered",
        hint="check the passphrase that the file was written with",
    )
