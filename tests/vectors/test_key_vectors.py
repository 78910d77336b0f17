"""The key pairs of the did:key method's vectors: identifier, public key and private key belong together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ipse.encoding import multibase
from ipse.errors import Undetermined
from ipse.keys import ecdsa, ed25519, key_types
from tests.unit.keys.material import secret_multikey

Cases = dict[str, dict[str, Any]]


def cases(shared: Path, name: str) -> Cases:
    folder = shared / "vectors" / "did-method-key" / "test-vectors"
    return dict(json.loads((folder / f"{name}.json").read_bytes()))


def identifier(did: str) -> str:
    return did.removeprefix("did:key:")


def base58(text: str) -> bytes:
    return multibase.decode_base58btc("z" + text)


def published(pair: dict[str, Any], key_type: str) -> key_types.AnyPublicKey:
    if "publicKeyJwk" in pair:
        return key_types.public_from_jwk(pair["publicKeyJwk"])
    return key_types.public_key(key_type, base58(pair["publicKeyBase58"]))


def secret(pair: dict[str, Any], key_type: str) -> key_types.PrivateKey:
    if "privateKeyJwk" in pair:
        return key_types.signing(key_types.private_from_jwk(pair["privateKeyJwk"]))
    return key_types.private_key(key_type, base58(pair["privateKeyBase58"]))


def held(pair: dict[str, Any], key: key_types.AnyPublicKey) -> None:
    """The pair's public key is `key`, and its private key is that of `key`."""
    assert published(pair, key.key_type) == key
    own = secret(pair, key.key_type)
    assert own.public() == key
    assert key_types.verifying(key).verify(b"message", own.sign(b"message"))
    assert key_types.secret_from_multikey(secret_multikey(own)) == own


def test_the_nist_curves(shared: Path) -> None:
    seen = []
    for did, case in cases(shared, "nist-curves").items():
        pair = case["verificationMethod"]
        curve = pair.get("publicKeyJwk", {}).get("crv", "P-256")
        seen.append(curve)
        if curve == "P-521":
            with pytest.raises(Undetermined, match="P-521"):
                key_types.from_multikey(identifier(did))
            with pytest.raises(Undetermined, match="P-521"):
                key_types.public_from_jwk(pair["publicKeyJwk"])
            continue
        key = key_types.from_multikey(identifier(did))
        assert key.key_type == curve
        assert key_types.to_multikey(key) == identifier(did)
        if curve == "P-384":
            assert published(pair, curve) == key
            assert key_types.public_to_jwk(key) == pair["publicKeyJwk"]
            with pytest.raises(Undetermined, match="private keys of type P-384"):
                key_types.private_from_jwk(pair["privateKeyJwk"])
        else:
            held(pair, key)
    assert {curve: seen.count(curve) for curve in seen} == {"P-256": 3, "P-384": 2, "P-521": 2}


def test_secp256k1(shared: Path) -> None:
    vectors = cases(shared, "secp256k1")
    for did, case in vectors.items():
        key = key_types.from_multikey(identifier(did))
        assert isinstance(key, ecdsa.PublicKey)
        assert key.key_type == "secp256k1"
        assert key_types.to_multikey(key) == identifier(did)
        held(case["verificationKeyPair"], key)
        if "seed" in case:
            assert ecdsa.PrivateKey("secp256k1", bytes.fromhex(case["seed"])).public() == key
    assert len(vectors) == 6


def test_ed25519_and_the_x25519_keys_derived_from_it(shared: Path) -> None:
    vectors = cases(shared, "ed25519-x25519")
    for did, case in vectors.items():
        key = key_types.from_multikey(identifier(did))
        assert isinstance(key, ed25519.PublicKey)
        assert key_types.to_multikey(key) == identifier(did)
        own = ed25519.PrivateKey(bytes.fromhex(case["seed"]))
        assert own.public() == key == published(case["verificationKeyPair"], "Ed25519")
        if "privateKeyJwk" in case["verificationKeyPair"]:
            assert key_types.private_from_jwk(case["verificationKeyPair"]["privateKeyJwk"]) == own

        agreement = case["keyAgreementKeyPair"]
        derived = ed25519.key_agreement_key(key)
        assert derived == published(agreement, "X25519")
        if "privateKeyBase58" in agreement:
            assert ed25519.X25519PrivateKey(base58(agreement["privateKeyBase58"])).public() == derived
        else:
            assert key_types.private_from_jwk(agreement["privateKeyJwk"]).public() == derived
        written = case["didDocument"]["keyAgreement"][0]
        fragment = (written if isinstance(written, str) else written["id"]).partition("#")[2]
        assert key_types.to_multikey(derived) == fragment
        assert key_types.from_multikey(fragment) == derived
    assert len(vectors) == 5
