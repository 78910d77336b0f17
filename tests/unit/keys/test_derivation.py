"""Keys derived from the root: the same for ever, each under a label of its own."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from ipse.keys import derivation
from ipse.keys.derivation import ROOT_LENGTH

ROOT = bytes(range(32))
HOLDER_0 = "022d2e40a2f2d37fa57117193a8508d45673ec95c612a81406dd73f3c86f3c2e81"


def expanded(root: bytes, label: str) -> bytes:
    """HKDF-Expand to one block, by hand (RFC 5869 section 2.3)."""
    return hmac.digest(root, f"ipse/1/{label}".encode() + b"\x01", hashlib.sha256)


def test_the_derived_keys_never_change() -> None:
    """A change here would lock every existing vault and rename every pairwise DID."""
    assert (
        derivation.vault_key(ROOT).hex() == "d352d70956dbe4be7edd0e7ef5806e1465bc3a5956a8df007fac2d661f84d6ef"
    )
    assert (
        derivation.pairwise_key(ROOT, "https://app.example").seed.hex()
        == "0b3dc25c25b80cb49def035af1f3e2af5b95b5b44dbd76483f5f273b95951831"
    )


@pytest.mark.parametrize("root", [ROOT, bytes(32), b"\xff" * 32])
def test_the_derivation_is_hkdf_expand_under_the_label(root: bytes) -> None:
    assert derivation.vault_key(root) == expanded(root, "vault")
    origin = "https://bücher.example:8443"
    assert derivation.pairwise_key(root, origin).seed == expanded(root, f"pairwise/{origin}")


def test_each_label_and_each_root_has_a_key_of_its_own() -> None:
    origins = [
        "https://a.example",
        "https://b.example",
        "https://a.example:444",
        "http://a.example",
        "vault",
        "",
    ]
    keys = [derivation.pairwise_key(ROOT, origin).seed for origin in origins]
    keys += [derivation.vault_key(ROOT), derivation.vault_key(ROOT[::-1]), ROOT]
    keys += [derivation.pairwise_key(ROOT[::-1], origins[0]).seed]
    assert len(set(keys)) == len(keys)
    assert all(len(key) == 32 for key in keys)


@pytest.mark.parametrize("length", [0, 16, ROOT_LENGTH - 1, ROOT_LENGTH + 1, 64])
def test_a_root_of_another_length_is_not_stretched(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derivation.vault_key(bytes(length))
    with pytest.raises(ValueError, match="32 bytes"):
        derivation.pairwise_key(bytes(length), "https://a.example")


@pytest.mark.parametrize("number", [0, 1, 4711])
def test_a_holder_key_is_384_bits_reduced_to_the_order_of_p256(number: int) -> None:
    label = f"ipse/1/holder/{number}".encode()
    first = hmac.digest(ROOT, label + b"\x01", hashlib.sha256)
    second = hmac.digest(ROOT, first + label + b"\x02", hashlib.sha256)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    wide = int.from_bytes((first + second)[:48], "big")
    key = derivation.holder_key(ROOT, number)
    assert key.key_type == "P-256"
    assert int.from_bytes(key.secret, "big") == wide % (order - 1) + 1


def test_the_holder_keys_never_change() -> None:
    """A change here would part every credential from its key."""
    assert derivation.holder_key(ROOT, 0).public().raw.hex() == HOLDER_0
    assert len({derivation.holder_key(ROOT, number).secret for number in range(50)}) == 50


def test_a_holder_key_has_no_negative_number() -> None:
    with pytest.raises(ValueError, match="-1 is negative"):
        derivation.holder_key(ROOT, -1)
