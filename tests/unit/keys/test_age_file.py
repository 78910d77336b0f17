"""Private keys in age files open with other programs, and here again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ipse.encoding import strict_json
from ipse.errors import IpseError, MalformedInput, PassphraseNeeded, UsageError, WrongPassphrase
from ipse.keys import age_file, key_types
from ipse.keys.import_formats import read_private_key
from ipse.keys.key_types import SIGNING_TYPES, PrivateKey
from tests.waiting import PATIENCE

PASSPHRASE = "correct horse bättery staple".encode()
KEY = key_types.private_key("P-256", bytes(range(1, 33)))
AGE = shutil.which("age") or shutil.which("rage")


def in_clear(key: PrivateKey) -> str:
    """The JWK that is in an export."""
    return strict_json.pretty(key_types.private_to_jwk(key)) + "\n"


@pytest.fixture(scope="module")
def exported(takes_long: None) -> bytes:
    """One age file; each takes a second to write, and to read. `tests/cli` has a quick look at them."""
    return age_file.encrypt(in_clear(KEY).encode(), PASSPHRASE).encode()


@pytest.mark.parametrize("key_type", SIGNING_TYPES)
def test_a_jwk_in_clear_is_read_again(key_type: str) -> None:
    key = key_types.generate(key_type)
    written = in_clear(key)
    assert json.loads(written) == key_types.private_to_jwk(key)
    assert written.endswith("}\n")
    assert read_private_key(written.encode(), passphrase=None) == key


def test_an_age_file_is_read_again_by_its_passphrase_alone(exported: bytes) -> None:
    assert read_private_key(exported, passphrase=lambda: PASSPHRASE) == KEY
    pasted = b"\n\n" + exported.replace(b"\n", b"\r\n") + b"\n"
    assert read_private_key(pasted, passphrase=lambda: PASSPHRASE) == KEY
    with pytest.raises(PassphraseNeeded):
        read_private_key(exported, passphrase=None)
    with pytest.raises(WrongPassphrase):
        read_private_key(exported, passphrase=lambda: b"wrong")


@pytest.mark.parametrize("wrong", [b"", b"\xff"])
def test_what_can_be_no_passphrase_of_an_age_file_is_wrong(exported: bytes, wrong: bytes) -> None:
    with pytest.raises(WrongPassphrase):
        read_private_key(exported, passphrase=lambda: wrong)


def test_nothing_of_the_key_is_in_clear_in_an_age_file(exported: bytes) -> None:
    assert exported.startswith(b"-----BEGIN AGE ENCRYPTED FILE-----\n")
    assert exported.endswith(b"-----END AGE ENCRYPTED FILE-----\n")
    as_jwk = key_types.private_to_jwk(KEY)
    for member in as_jwk.keys() & {"d", "x", "y"}:  # the names of type and curve occur by chance
        assert as_jwk[member].encode() not in exported


def test_the_work_factor_is_at_least_that_of_age_itself(exported: bytes) -> None:
    import base64

    header = base64.b64decode(b"".join(exported.splitlines()[1:-1]))
    assert header.startswith(b"age-encryption.org/v1\n-> scrypt ")
    assert int(header.split(b"\n")[1].split()[3]) >= 14  # 18 to 20 on an idle machine of today


@pytest.mark.parametrize("passphrase", [b"", b"\xff\xfe"])
def test_nothing_is_written_under_what_is_no_passphrase(passphrase: bytes) -> None:
    with pytest.raises(UsageError, match="empty or no UTF-8"):
        age_file.encrypt(b"key", passphrase)


@pytest.mark.skipif(AGE is None, reason="neither age nor rage is installed")
def test_plain_age_opens_it(exported: bytes, tmp_path: Path) -> None:
    pexpect = pytest.importorskip("pexpect")
    (tmp_path / "key.age").write_bytes(exported)
    child = pexpect.spawn(
        str(AGE), ["-d", "-o", str(tmp_path / "key.json"), str(tmp_path / "key.age")], timeout=PATIENCE
    )
    child.expect("passphrase")
    child.sendline(PASSPHRASE.decode())
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert (tmp_path / "key.json").read_text() == in_clear(KEY)


def test_an_altered_age_file_gives_nothing(exported: bytes) -> None:
    import base64

    binary = base64.b64decode(b"".join(exported.splitlines()[1:-1]))
    flipped = binary[:-1] + bytes([binary[-1] ^ 1])
    cut = binary[:-1]
    for altered in (flipped, cut):
        with pytest.raises(WrongPassphrase, match="or the file was altered"):
            read_private_key(altered, passphrase=lambda: PASSPHRASE)


@pytest.mark.parametrize(
    "data",
    [
        b"-----BEGIN AGE ENCRYPTED FILE-----\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n-----END AGE ENCRYPTED FILE-----\n",
        b"-----BEGIN AGE ENCRYPTED FILE-----\n****\n-----END AGE ENCRYPTED FILE-----\n",
        b"age-encryption.org/v1\n",
        b"age-encryption.org/v1\n-> scrypt\n",
        b"age-encryption.org/v1\n" + b"\xff" * 100,
    ],
)
def test_a_damaged_age_file_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput, match="not an age file"):
        read_private_key(data, passphrase=lambda: PASSPHRASE)


@pytest.mark.parametrize("factor", [b"30", b"64", b"255", b"999"])
def test_an_age_file_that_asks_for_endless_work_is_refused_at_once(factor: bytes) -> None:
    data = (
        b"age-encryption.org/v1\n-> scrypt PfK2d+B6SLODWTTRVjtMeA " + factor + b"\n"
        b"mZ46hL2nmoF+5kTu2wACiPOvpQO+Y0n7hyDh2EkX8EY\n"
        b"--- ba7fX+evSqycjgNbANqoDDFXYbXmJejGwFIvfNn0ZLU\n" + bytes(32)
    )
    with pytest.raises(IpseError):
        read_private_key(data, passphrase=lambda: PASSPHRASE)


def test_an_age_file_for_a_recipients_key_is_named_as_such() -> None:
    import pyrage

    data = pyrage.encrypt(b"x", [pyrage.x25519.Identity.generate().to_public()])
    with pytest.raises(MalformedInput, match="to a recipient's key"):
        read_private_key(data, passphrase=lambda: PASSPHRASE)


@pytest.mark.slow
def test_what_an_age_file_holds_must_be_a_private_key_in_clear() -> None:
    within = age_file.encrypt(b"hello", PASSPHRASE).encode()
    with pytest.raises(MalformedInput, match="not a private key"):
        read_private_key(within, passphrase=lambda: PASSPHRASE)
