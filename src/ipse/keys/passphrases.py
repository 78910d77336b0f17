"""New passphrases: how hard one is to guess, and one that nobody guesses.

The estimate is that of zxcvbn (Wheeler, USENIX Security 2016): how many guesses an attacker needs who tries
leaked passwords, words, names, dates, keyboard rows and repetitions first. It is loaded here alone, and only
where a new passphrase is set.
"""

from __future__ import annotations

import secrets
from typing import Final

__all__ = ["ENOUGH", "ENTROPY", "generate", "guesses"]

ENOUGH: Final = 14
"""Decimal digits of guesses below which a passphrase is weak: 10^14.

A thousand machines that make ten thousand guesses a second each, which 64 MiB of Argon2id hardly let them,
take four months for as many.
"""
ENTROPY: Final = 100
"""Bits of a generated passphrase."""

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32: no i, l, o and u."""
_GROUPS: Final = 5
_IN_GROUP: Final = 4
_MOST_READ: Final = 72
"""Characters that are looked at; more make a passphrase no weaker."""


def guesses(passphrase: bytes) -> float:
    """The decimal logarithm of how many guesses `passphrase` takes."""
    from zxcvbn import zxcvbn

    return float(zxcvbn(passphrase.decode("utf-8", "replace")[:_MOST_READ])["guesses_log10"])


def generate() -> str:
    """A random passphrase of ENTROPY bits: groups of letters and digits, like k7m2-9qx4-0rtz-b3wd-e58h."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_IN_GROUP)) for _ in range(_GROUPS))
