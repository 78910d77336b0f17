"""A file that says how much work it takes to open it, and asks for gigabytes or hours.

The attacker sends a key to import, or can write the keystore file, and wants the machine to hang or to run
out of memory: 240 bytes of an age file took 4.2 GB. Every format names its own cost, and the libraries pay
whatever is named. So ipse reads the header itself and holds it against a bound of its own, in one module for
foreign files and in one function for the keystore. That happens before the passphrase is asked for, without
which nothing can be derived: each test gives a passphrase that must not be asked for.
"""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import NoReturn

import pytest

from ipse.errors import CorruptData, IpseError, MalformedInput, MissingFeature, TooMuchWork, WrongPassphrase
from ipse.keys import age_file
from ipse.keys.import_formats import read_private_key
from ipse.keys.keystore.encrypted_file import EncryptedFile
from tests.conftest import Ipse


def never() -> NoReturn:
    """A passphrase that nobody may ask for."""
    raise AssertionError("the passphrase was asked for")


def _unpadded(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _age(*stanzas: bytes) -> bytes:
    """An age file of 240 bytes with these recipient stanzas."""
    lines = [b"age-encryption.org/v1"]
    for stanza in stanzas:
        lines += [b"-> " + stanza, _unpadded(os.urandom(32))]
    return b"\n".join([*lines, b"--- " + _unpadded(os.urandom(32))]) + b"\n" + os.urandom(64)


def _scrypt(factor: bytes) -> bytes:
    return b"scrypt " + _unpadded(os.urandom(16)) + b" " + factor


def _armored(data: bytes, end: bytes = b"\n") -> bytes:
    body = base64.b64encode(data)
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    framed = [b"-----BEGIN AGE ENCRYPTED FILE-----", *lines, b"-----END AGE ENCRYPTED FILE-----"]
    return end.join(framed) + end


def _openssh(rounds: int, kdf: bytes = b"bcrypt") -> bytes:
    """An encrypted OPENSSH PRIVATE KEY."""

    def string(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    options = string(os.urandom(16)) + rounds.to_bytes(4, "big")
    public = string(b"ssh-ed25519") + string(os.urandom(32))
    data = b"openssh-key-v1\0" + string(b"aes256-ctr") + string(kdf) + string(options)
    data += (1).to_bytes(4, "big") + string(public) + string(os.urandom(160))
    framed = base64.encodebytes(data)
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + framed + b"-----END OPENSSH PRIVATE KEY-----\n"


_BOMBS = {
    "age 2^22": _age(_scrypt(b"22")),
    "age 2^21": _age(_scrypt(b"21")),
    "age 2^64": _age(_scrypt(b"64")),
    "age of many figures": _age(_scrypt(b"1" + b"0" * 5000)),
    "age in armor": _armored(_age(_scrypt(b"22"))),
    "age in armor with CRLF": b"\n\n" + _armored(_age(_scrypt(b"22")), b"\r\n"),
    "age, the second stanza": _age(_scrypt(b"10"), _scrypt(b"22")),
    "age, beside a recipient's key": _age(b"X25519 " + _unpadded(os.urandom(32)), _scrypt(b"22")),
    "OpenSSH 2^32": _openssh(2**32 - 1),
    "OpenSSH 1001": _openssh(1001),
}


@pytest.mark.parametrize("name", _BOMBS)
def test_a_file_that_asks_for_too_much_is_refused_before_anybody_is_asked(name: str) -> None:
    with pytest.raises(TooMuchWork) as refused:
        read_private_key(_BOMBS[name], passphrase=never)
    assert refused.value.code == "too-much-work"
    assert refused.value.exit_code == 6


@pytest.mark.parametrize("name", [name for name in _BOMBS if name.startswith("age")])
def test_no_other_way_to_an_age_file_does_the_work(name: str) -> None:
    with pytest.raises(TooMuchWork):
        age_file.decrypt(_BOMBS[name], b"words")


@pytest.mark.parametrize(
    "factor", [b"", b"0", b"-5", b"+9", b"09", b"1_0", b"1e1", b"\xd9\xa1\xd9\xa0", b"5 22"]
)
def test_a_factor_that_readers_may_take_for_different_numbers_is_refused(factor: bytes) -> None:
    with pytest.raises(MalformedInput, match="damaged"):
        read_private_key(_age(_scrypt(factor)), passphrase=never)


@pytest.mark.slow
def test_a_bomb_within_an_age_file_is_refused_too() -> None:
    import pyrage

    inner = _age(_scrypt(b"22"))
    outer = pyrage.passphrase.encrypt(inner, "words")
    with pytest.raises(MalformedInput, match="another age file"):
        read_private_key(outer, passphrase=lambda: b"words")


def test_files_as_other_programs_write_them_are_opened() -> None:
    with pytest.raises(WrongPassphrase):
        read_private_key(_age(_scrypt(b"10")), passphrase=lambda: b"wrong")
    with pytest.raises(WrongPassphrase):
        read_private_key(_armored(_age(_scrypt(b"10")), b"\r\n"), passphrase=lambda: b"wrong")
    with pytest.raises((WrongPassphrase, MissingFeature)):  # which takes the package bcrypt
        read_private_key(_openssh(24), passphrase=lambda: b"wrong")


def test_an_import_of_one_ends_with_the_reason_and_what_works(ipse: Ipse, tmp_path: Path) -> None:
    bomb = tmp_path / "key.age"
    bomb.write_bytes(_BOMBS["age 2^22"])
    refused = ipse("did", "import", bomb, "--name", "theirs", "--json", code=6)
    assert refused.error["code"] == "too-much-work"
    assert "age -d" in refused.error["hint"]
    assert "theirs" not in {row["name"] for row in ipse("did", "list", "--json").json["dids"]}


@pytest.mark.parametrize(
    ("passes", "memory"),
    [(16, 1024**3), (5, 1024**3), (9, 512 * 1024**2), (17, 8 * 1024**2), (1, 1024**3 + 1), (2**40, 2**40)],
)
def test_a_keystore_file_that_asks_for_too_much_is_refused_before_anybody_is_asked(
    passes: int, memory: int, tmp_path: Path
) -> None:
    store = EncryptedFile(tmp_path / "keystore.json", lambda: b"words")
    store.create()
    document = json.loads(store.path.read_text())
    document["kdf"] |= {"passes": passes, "memory": memory}
    store.path.write_text(json.dumps(document))
    with pytest.raises(CorruptData) as refused:
        EncryptedFile(store.path, never).get("root")
    assert refused.value.code == "too-much-work"


@pytest.mark.parametrize("data", [b"", b"\0" * 20, b"openssh-key-v1\0", b"openssh-key-v1\0" + b"\xff" * 8])
def test_a_damaged_header_is_refused(data: bytes) -> None:
    framed = base64.encodebytes(data)
    pem = b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + framed + b"-----END OPENSSH PRIVATE KEY-----\n"
    with pytest.raises(IpseError) as refused:
        read_private_key(pem, passphrase=never)
    assert refused.value.exit_code == 6
