"""Files that a passphrase opens, in the age format (age-encryption.org/v1, scrypt recipient).

Plain `age -d` opens what is written here. The work factor of scrypt is measured at each writing so that
opening takes about a second on this machine (2^18 and up on those of today, 256 MiB of memory).
"""

from __future__ import annotations

from typing import Final

from ipse.errors import MalformedInput, TooMuchWork, UsageError, WrongPassphrase
from ipse.keys.bounded_work import AGE_ARMOR, AGE_HINT, AGE_VERSION, age_of_bounded_work

__all__ = ["decrypt", "encrypt", "is_age_file"]

# What pyrage says, in lower case; its exceptions are all of one class.
_WRONG_KEY: Final = "decrypt"
_FOR_A_RECIPIENT: Final = "no matching keys"
_TOO_MUCH_WORK: Final = "excessive work"


def is_age_file(data: bytes) -> bool:
    """Whether `data` starts as an age file does, armored or binary."""
    return data.lstrip().startswith(AGE_ARMOR) or data.startswith(AGE_VERSION)


def encrypt(plaintext: bytes, passphrase: bytes) -> str:
    """An armored age file that `passphrase` (UTF-8) opens. Takes about a second.

    Raises UsageError for a passphrase that is empty or no UTF-8 text.
    """
    import pyrage

    words = _text(passphrase)
    if not words:
        raise UsageError(
            "the passphrase is empty or no UTF-8 text", hint="give a passphrase of several words"
        )
    return str(pyrage.passphrase.encrypt(plaintext, words, armored=True).decode("ascii"))


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
